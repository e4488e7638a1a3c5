// Text with entities, dates: everything becomes elements and text nodes, never markup.
(function () {
  "use strict";
  var SAFE = /^(https?:|mailto:|tel:|sms:)/i;
  var TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote" };

  // Text and entities (UTF-16 offsets, as JavaScript counts them) to a fragment.  Entities nest, they do not cross.
  NX.formatted = function (text, entities) {
    var holder = document.createDocumentFragment();
    fill(holder, text, 0, text.length, (entities || []).slice());
    return holder;
  };

  function fill(parent, text, from, to, entities) {
    var at = from;
    while (entities.length && entities[0].offset < to) {
      var first = entities.shift();
      var end = Math.min(first.offset + first.length, to);
      if (first.offset < at || end <= first.offset) continue;
      plain(parent, text.slice(at, first.offset));
      var inner = [];
      while (entities.length && entities[0].offset < end) inner.push(entities.shift());
      var node = element(first, text.slice(first.offset, end));
      fill(node, text, first.offset, end, inner);
      parent.appendChild(node);
      // A block ends its line by itself; the newline after it would leave an empty one.
      at = /^(PRE|BLOCKQUOTE)$/.test(node.tagName) && text.charAt(end) === "\n" ? end + 1 : end;
    }
    plain(parent, text.slice(at, to));
  }

  function element(entity, words) {
    if (entity.type === "spoiler") return veil();
    var href = address(entity, words);
    if (href) {
      return NX.el("a", { href: href, class: entity.type === "phone_number" ? "tel" : null, target: /^http/i.test(href) ? "_blank" : null, rel: "noopener noreferrer" });
    }
    if (entity.type === "bot_command") {
      return NX.el("a", { href: "#", role: "button", "data-command": words });
    }
    return document.createElement(TAGS[entity.type] || "span");
  }

  function address(entity, words) {
    var href = { text_link: entity.url, url: words, email: "mailto:" + words, phone_number: entity.href }[entity.type];
    return href && SAFE.test(href) ? href : null;
  }

  function veil() {
    var node = NX.el("button", { type: "button", class: "veil" });
    node.addEventListener("click", function () { node.classList.add("open"); });
    return node;
  }

  function plain(parent, text) {
    if (text) parent.appendChild(document.createTextNode(text));
  }

  // A piece of a text, with its own entities.
  NX.cut = function (text, entities, from, to) {
    var inner = (entities || []).filter(function (each) { return each.offset < to && each.offset + each.length > from; }).map(function (each) {
      var start = Math.max(each.offset, from);
      return Object.assign({}, each, { offset: start - from, length: Math.min(each.offset + each.length, to) - start });
    });
    return { text: text.slice(from, to), entities: inner };
  };

  // The pieces of a text that something stands between.
  NX.parts = function (text, entities, between) {
    var at = 0;
    return text.split(between).map(function (part) {
      var from = at;
      at += part.length + between.length;
      return NX.cut(text, entities, from, from + part.length);
    });
  };

  // The paragraphs of a text.
  NX.paragraphs = function (text, entities) {
    return NX.parts(text, entities, "\n\n").map(function (part) { return NX.el("p", {}, [NX.formatted(part.text, part.entities)]); });
  };

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
