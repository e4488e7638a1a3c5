// Sheets, questions, toasts.  One at a time; the focus stays in it and goes back where it came from.
// An open one has an entry in the history, so that Back closes it and does not leave the page.
(function () {
  "use strict";
  var open = null; // the function that closes what is open
  var entered = false, leaving = false; // whether our entry is in the history; whether we are stepping back over it

  // Lay something over the conversation.  Returns a function that takes it away.
  function lay(shade, given) {
    if (open) open();
    var back = document.activeElement;

    function shut() {
      if (open !== shut) return;
      open = null;
      NX.id("layer").removeChild(shade);
      document.removeEventListener("keydown", keys, true);
      document.querySelector(".phone").removeAttribute("aria-hidden");
      if (given.closed) given.closed();
      if (back && back.focus && document.contains(back)) back.focus({ preventScroll: true });
      setTimeout(depart, 0); // Unless the next sheet takes the entry over.
    }

    function keys(event) {
      if (event.key === "Escape" && !given.firm) { event.preventDefault(); shut(); }
      if (event.key !== "Tab") return;
      var stops = shade.querySelectorAll("button:not([disabled]), a[href], input, textarea, [tabindex='0']");
      if (!stops.length) return;
      var first = stops[0], last = stops[stops.length - 1], outside = !shade.contains(document.activeElement);
      if (event.shiftKey && (document.activeElement === first || document.activeElement.getAttribute("tabindex") === "-1")) { event.preventDefault(); last.focus(); }
      else if (!event.shiftKey && (document.activeElement === last || outside)) { event.preventDefault(); first.focus(); }
    }

    open = shut;
    enter();
    document.addEventListener("keydown", keys, true);
    NX.id("layer").appendChild(shade);
    document.querySelector(".phone").setAttribute("aria-hidden", "true");
    return shut;
  }

  function enter() {
    if (entered || leaving) return;
    entered = true;
    history.pushState({ sheet: true }, "");
  }

  function depart() {
    if (open || !entered) return;
    entered = false;
    leaving = true;
    history.back();
  }

  window.addEventListener("popstate", function () {
    if (leaving) {
      leaving = false;
      if (open) enter();
      return;
    }
    entered = false;
    if (open) open();
  });

  // Open a sheet with a title; `build` gets its body.  Returns a function that closes it.
  NX.sheet = function (title, build, options) {
    var given = options || {}, shut = null;
    function close() { shut(); }
    var cross = NX.el("button", { type: "button", class: "icon", "aria-label": NX.say("close"), on: { click: close } }, [NX.icon("close")]);
    var bar = NX.el("div", { class: "bar" }, [NX.el("h2", { id: "sheet-title", text: title }), given.firm ? null : cross]);
    var sheet = NX.el("div", { class: "sheet" + (given.full ? " full" : ""), role: given.alert ? "alertdialog" : "dialog", "aria-modal": "true", "aria-labelledby": "sheet-title", tabindex: "-1" }, [bar]);
    var shade = NX.el("div", { class: "shade" }, [sheet]);
    shade.addEventListener("click", function (event) { if (event.target === shade && !given.firm) close(); });
    shut = lay(shade, given);
    build(sheet, close);
    (sheet.querySelector("[data-focus]") || sheet).focus({ preventScroll: true });
    return close;
  };

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
    var close = NX.el("button", { type: "button", class: "icon", "aria-label": NX.say("close") }, [NX.icon("close")]);
    var shade = NX.el("div", { class: "shade viewer", role: "dialog", "aria-modal": "true", "aria-label": words }, [NX.el("img", { src: source, alt: words }), close]);
    shade.addEventListener("click", lay(shade, {}));
    close.focus();
  };
})();
