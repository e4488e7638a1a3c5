// Text with entities, dates, telephone numbers: everything becomes elements and text nodes, never markup.
(function () {
  "use strict";
  var SAFE = /^(https?:|mailto:|tel:)/i;
  // Hotlines of five digits, mobile numbers, 400 numbers, landlines with area code.
  var PHONE = /(^|[^\d.])(1[3-9]\d{9}|12\d{3}|96\d{3,4}|400[- ]?\d{3}[- ]?\d{4}|0\d{2,3}-\d{7,8})(?![\d.]|\s*[元米个名岁年天号])/g;
  var TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote" };

  // Text and entities (UTF-16 offsets, as JavaScript counts them) to a fragment.  Entities nest, they do not cross.
  NX.formatted = function (text, entities) {
    var holder = document.createDocumentFragment();
    fill(holder, text, 0, text.length, (entities || []).slice(), false);
    return holder;
  };

  function fill(parent, text, from, to, entities, linked) {
    var at = from;
    while (entities.length && entities[0].offset < to) {
      var first = entities.shift();
      var end = Math.min(first.offset + first.length, to);
      if (first.offset < at || end <= first.offset) continue;
      plain(parent, text.slice(at, first.offset), linked);
      var inner = [];
      while (entities.length && entities[0].offset < end) inner.push(entities.shift());
      var node = element(first, text.slice(first.offset, end));
      fill(node, text, first.offset, end, inner, linked || node.tagName === "A" || node.tagName === "CODE");
      parent.appendChild(node);
      // A block ends its line by itself; the newline after it would leave an empty one.
      at = /^(PRE|BLOCKQUOTE)$/.test(node.tagName) && text.charAt(end) === "\n" ? end + 1 : end;
    }
    plain(parent, text.slice(at, to), linked);
  }

  function element(entity, words) {
    if (entity.type === "spoiler") return veil();
    var href = address(entity, words);
    if (href) {
      return NX.el("a", { href: href, target: /^http/i.test(href) ? "_blank" : null, rel: "noopener noreferrer" });
    }
    if (entity.type === "bot_command") {
      return NX.el("a", { href: "#", role: "button", "data-command": words });
    }
    return document.createElement(TAGS[entity.type] || "span");
  }

  function address(entity, words) {
    var href = { text_link: entity.url, url: words, email: "mailto:" + words }[entity.type];
    return href && SAFE.test(href) ? href : null;
  }

  function veil() {
    var node = NX.el("button", { type: "button", class: "veil" });
    node.addEventListener("click", function () { node.classList.add("open"); });
    return node;
  }

  function plain(parent, text, linked) {
    if (!text) return;
    var at = 0;
    if (!linked) {
      text.replace(PHONE, function (whole, before, number, place) {
        var start = place + before.length;
        parent.appendChild(document.createTextNode(text.slice(at, start)));
        parent.appendChild(NX.el("a", { href: "tel:" + number.replace(/[- ]/g, ""), text: number }));
        at = start + number.length;
        return whole;
      });
    }
    parent.appendChild(document.createTextNode(text.slice(at)));
  }

  function two(number) { return (number < 10 ? "0" : "") + number; }

  NX.clock = function (seconds) {
    var date = new Date(seconds * 1000);
    return two(date.getHours()) + ":" + two(date.getMinutes());
  };

  // A day as people call it.
  NX.day = function (seconds) {
    var date = new Date(seconds * 1000), today = new Date();
    var midnight = new Date(today.getFullYear(), today.getMonth(), today.getDate()).getTime();
    var then = new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
    var days = Math.round((midnight - then) / 86400000);
    if (days === 0) return NX.say("today");
    if (days === 1) return NX.say("yesterday");
    return date.toLocaleDateString("zh-CN", { year: today.getFullYear() === date.getFullYear() ? undefined : "numeric", month: "long", day: "numeric" });
  };

  NX.size = function (bytes) {
    return bytes < 1048576 ? Math.max(1, Math.round(bytes / 1024)) + " KB" : (bytes / 1048576).toFixed(1) + " MB";
  };

  NX.copy = function (text) {
    if (navigator.clipboard && window.isSecureContext) {
      return navigator.clipboard.writeText(text).catch(function () { return byHand(text); });
    }
    return byHand(text);
  };

  function byHand(text) {
    var field = NX.el("textarea", { class: "away", readonly: true });
    field.value = text;
    document.body.appendChild(field);
    field.select();
    field.setSelectionRange(0, text.length);
    var copied = false;
    try { copied = document.execCommand("copy"); } catch (error) { copied = false; }
    document.body.removeChild(field);
    return copied ? Promise.resolve() : Promise.reject(new Error("not copied"));
  }
})();
