// The menus: what the bot can do, how the page looks, stopping, deleting.
(function () {
  "use strict";
  var commands = [];

  NX.about = function () {
    return NX.ask("GET", "/chat/about").then(function (about) {
      commands = about.commands.filter(function (each) { return each.command !== "start"; });
      NX.id("commands").hidden = !commands.length;
      if (about.description) NX.id("intro").textContent = about.description;
    }, function () { /* The page works without; the next visit asks again. */ });
  };

  NX.id("commands").addEventListener("click", function () {
    NX.sheet(NX.say("commands"), function (sheet, shut) {
      commands.forEach(function (each) {
        sheet.appendChild(NX.el("button", { type: "button", class: "option", on: { click: function () {
          shut();
          NX.send({ text: "/" + each.command });
        } } }, [NX.el("span", {}, [NX.el("b", { text: each.description }), NX.el("small", { text: "/" + each.command })])]));
      });
    });
  });

  NX.id("menu").addEventListener("click", function () {
    NX.sheet(NX.say("menu"), function (sheet, shut) {
      sheet.appendChild(part("theme", "auto", [["auto", "theme_auto"], ["light", "theme_light"], ["dark", "theme_dark"]]));
      sheet.appendChild(part("size", "normal", [["normal", "size_normal"], ["large", "size_large"]]));
      if (!NX.bare()) {
        if (NX.canRing() && !NX.stopped()) sheet.appendChild(ringing(shut));
        if (!NX.stopped()) {
          sheet.appendChild(NX.option("stop", NX.say("stop"), NX.say("stop_hint"), function () {
            shut(); // Not asked again: the way back stands above the composer.
            stop(true);
          }));
        }
        sheet.appendChild(NX.option("bin", NX.say("delete"), NX.say("delete_hint"), function () {
          NX.confirm(NX.say("delete"), NX.say("delete_ask"), NX.say("delete_yes"), erase, { bad: true });
        }, true));
      }
      sheet.appendChild(NX.el("p", { class: "small part", text: NX.say("privacy") }));
    });
  });

  // The switch: one tap either way.
  function ringing(shut) {
    var on = NX.rings();
    return NX.option("bell", NX.say(on ? "push_stop" : "push_ask"), NX.say(on ? "push_stop_hint" : "push_ask_hint"), function () {
      shut();
      if (on) NX.silence();
      else NX.ring();
    });
  }

  // A choice of how the page looks, kept on this phone.
  function part(name, usual, choices) {
    var now = NX.kept(name) || usual;
    var chips = NX.el("div", { class: "chips", role: "radiogroup", "aria-label": NX.say(name) }, choices.map(function (choice) {
      var chip = NX.el("button", { type: "button", class: "chip", role: "radio", "aria-checked": String(choice[0] === now), text: NX.say(choice[1]) });
      chip.addEventListener("click", function () {
        NX.keep(name, choice[0] === usual ? null : choice[0]);
        if (choice[0] === usual) document.documentElement.removeAttribute("data-" + name);
        else document.documentElement.setAttribute("data-" + name, choice[0]);
        Array.prototype.forEach.call(chips.children, function (each) { each.setAttribute("aria-checked", String(each === chip)); });
      });
      return chip;
    }));
    return NX.el("div", { class: "part" }, [NX.el("h3", { text: NX.say(name) }), chips]);
  }

  function stop(stopped) {
    NX.stop(stopped).catch(function (problem) { NX.toast(problem.error); });
  }

  NX.stop = function (stopped) {
    return NX.ask("POST", "/chat/stop", { json: { stopped: stopped } }).then(NX.alive);
  };

  function erase() {
    NX.ask("POST", "/chat/delete", { json: { sure: true } }).then(function () {
      NX.forgetOutbox();
      NX.forgetDraft();
      NX.keep("said", NX.say("deleted"));
      NX.unring().then(function () { location.reload(); });
    }, function (problem) { NX.toast(problem.error); });
  }

  NX.id("restart").addEventListener("click", function () { stop(false); });
})();
