// Sheets, questions, toasts.  One sheet at a time; the focus stays in it and goes back where it came from.
(function () {
  "use strict";
  var open = null;

  // Open a sheet with a title; `build` gets its body.  Returns a function that closes it.
  NX.sheet = function (title, build, options) {
    var given = options || {};
    if (open) open.close();
    var back = document.activeElement;
    var name = "sheet-title";
    var close = NX.el("button", { type: "button", class: "icon", "aria-label": NX.say("close") }, [NX.icon("close")]);
    var bar = NX.el("div", { class: "bar" }, [NX.el("h2", { id: name, text: title }), given.firm ? null : close]);
    var sheet = NX.el("div", { class: "sheet" + (given.full ? " full" : ""), role: given.alert ? "alertdialog" : "dialog", "aria-modal": "true", "aria-labelledby": name, tabindex: "-1" }, [bar]);
    var shade = NX.el("div", { class: "shade" }, [sheet]);

    function shut() {
      if (!open || open.shade !== shade) return;
      open = null;
      shade.parentNode.removeChild(shade);
      document.removeEventListener("keydown", keys, true);
      document.querySelector(".phone").removeAttribute("aria-hidden");
      if (given.closed) given.closed();
      if (back && back.focus && document.contains(back)) back.focus({ preventScroll: true });
    }

    function keys(event) {
      if (event.key === "Escape" && !given.firm) { event.preventDefault(); shut(); }
      if (event.key !== "Tab") return;
      var stops = sheet.querySelectorAll("button:not([disabled]), a[href], input, textarea, svg[tabindex]");
      if (!stops.length) return;
      var first = stops[0], last = stops[stops.length - 1];
      if (event.shiftKey && (document.activeElement === first || document.activeElement === sheet)) { event.preventDefault(); last.focus(); }
      else if (!event.shiftKey && document.activeElement === last) { event.preventDefault(); first.focus(); }
    }

    close.addEventListener("click", shut);
    shade.addEventListener("click", function (event) { if (event.target === shade && !given.firm) shut(); });
    document.addEventListener("keydown", keys, true);
    open = { close: shut, shade: shade };
    NX.id("layer").appendChild(shade);
    document.querySelector(".phone").setAttribute("aria-hidden", "true");
    build(sheet, shut);
    (sheet.querySelector("[data-focus]") || sheet).focus({ preventScroll: true });
    return shut;
  };

  NX.closeSheet = function () { if (open) open.close(); };

  // A row to tap: picture, words, what it means.
  NX.option = function (icon, title, hint, act, bad) {
    return NX.el("button", { type: "button", class: "option" + (bad ? " bad" : ""), on: { click: act } }, [
      NX.icon(icon),
      NX.el("span", {}, [NX.el("b", { text: title }), hint ? NX.el("small", { text: hint }) : null])
    ]);
  };

  // Ask before something that cannot be undone.
  NX.confirm = function (title, question, yes, act, options) {
    var given = options || {};
    NX.sheet(title, function (sheet, shut) {
      sheet.appendChild(NX.el("p", { class: "ask", text: question }));
      sheet.appendChild(NX.el("div", { class: "answers" }, [
        NX.el("button", { type: "button", class: "plainly", text: NX.say("cancel"), "data-focus": true, on: { click: shut } }),
        NX.el("button", { type: "button", class: "main" + (given.bad ? " bad" : ""), text: yes, on: { click: function () { shut(); act(); } } })
      ]));
    }, { alert: true });
  };

  NX.alert = function (text) {
    NX.sheet(NX.say("name"), function (sheet, shut) {
      sheet.appendChild(NX.el("p", { class: "ask", text: text }));
      sheet.appendChild(NX.el("div", { class: "answers one" }, [
        NX.el("button", { type: "button", class: "main", text: NX.say("ok"), "data-focus": true, on: { click: shut } })
      ]));
    }, { alert: true, firm: true });
  };

  NX.toast = function (text) {
    var toast = NX.el("div", { class: "toast", text: text });
    NX.id("toasts").appendChild(toast);
    // Reading takes longer than looking: a fifth of a second per letter, within bounds.
    setTimeout(function () { NX.id("toasts").removeChild(toast); }, Math.min(8000, 2500 + text.length * 120));
  };

  // A picture as large as the screen.
  NX.viewer = function (source, words) {
    var back = document.activeElement;
    var close = NX.el("button", { type: "button", class: "icon", "aria-label": NX.say("close") }, [NX.icon("close")]);
    var shade = NX.el("div", { class: "shade viewer", role: "dialog", "aria-modal": "true", "aria-label": words }, [NX.el("img", { src: source, alt: words }), close]);
    function shut() {
      document.removeEventListener("keydown", keys, true);
      NX.id("layer").removeChild(shade);
      if (back && back.focus) back.focus({ preventScroll: true });
    }
    function keys(event) {
      if (event.key === "Escape") shut();
      if (event.key === "Tab") { event.preventDefault(); close.focus(); }
    }
    shade.addEventListener("click", shut);
    document.addEventListener("keydown", keys, true);
    NX.id("layer").appendChild(shade);
    close.focus();
  };
})();
