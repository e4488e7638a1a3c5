// Answers as cards: title, answer, next step, numbers to call and source on one screen; the rest one tap away.
(function () {
  "use strict";
  var ANSWER = /^v:1:/; // the verdict under an answer to a question
  var FILTER = /^sf:/; // what narrows the stations found
  var NUMBERED = /^\d+\. /; // a station's paragraph, and the number its buttons carry
  var FEW = 4; // emergency numbers that get a large button; more of them are a list, where each stands in its line

  function has(message, verb) {
    return !message.mine && Boolean(message.buttons) && message.buttons.some(function (line) {
      return line.some(function (button) { return verb.test(button.callback_data || ""); });
    });
  }
  NX.isAnswer = function (message) { return has(message, ANSWER); };
  NX.isStations = function (message) { return has(message, FILTER); };

  // The words of a message.
  NX.said = function (message, text) {
    var entities = message.entities || message.caption_entities;
    if (NX.isStations(message)) return NX.el("div", { class: "said card" }, parted(message, false));
    if (!NX.isAnswer(message)) return NX.el("div", { class: "said" }, [NX.formatted(text, entities)]);
    var parts = NX.paragraphs(text, entities);
    parts[parts.length - 1].className = "source";
    return NX.el("div", { class: "said card" }, parts);
  };

  // The paragraphs of a message about stations: of the stations, or all others.
  function parted(message, stations) {
    return NX.paragraphs(message.text, message.entities).filter(function (part) { return NUMBERED.test(part.textContent) === stations; });
  }

  // Stations, each with its own ways; then what narrows them, in one row.  `choice` makes a button of the message.
  NX.stations = function (message, choice) {
    var lines = message.buttons.filter(function (line) { return !FILTER.test(line[0].callback_data || ""); });
    var cards = parted(message, true).map(function (part, at) {
      return NX.el("div", { class: "station" }, [part, NX.el("div", { class: "line" }, (lines[at] || []).map(function (button) {
        return choice(message, Object.assign({}, button, { text: button.text.replace(/ \d+ /, " ") }));
      }))]);
    });
    var filters = Array.prototype.concat.apply([], message.buttons.filter(function (line) { return lines.indexOf(line) < 0; }));
    cards.push(NX.el("div", { class: "chipline", role: "group", "aria-label": NX.say("stations_filters") }, filters.map(function (button) { return choice(message, button); })));
    return NX.el("div", { class: "buttons", role: "group" }, cards);
  };

  // Shorten a card that is higher than the screen, as little as will do; a button shows all of it.
  NX.fold = function (row) {
    var card = row.querySelector(".card"), stage = NX.id("stage");
    if (!card || !NX.isAnswer(row.message) || !stage.clientHeight) return;
    ["folded", "folded tight"].forEach(function (look) {
      if (row.querySelector(".bubble").offsetHeight > stage.clientHeight - 24) card.className = "said card " + look;
    });
    if (card.className === "said card") return;
    var more = NX.el("button", { type: "button", class: "unfold", text: NX.say("unfold"), on: { click: function () {
      card.className = "said card";
      card.parentNode.removeChild(more);
      NX.chips();
    } } });
    card.parentNode.insertBefore(more, card.nextSibling);
  };

  // Large buttons for the emergency numbers a message names.
  NX.calls = function (message) {
    var seen = {};
    var urgent = (message.entities || message.caption_entities || []).filter(function (each) {
      return each.urgent && !seen[each.href] && (seen[each.href] = true);
    });
    if (!urgent.length || urgent.length > FEW) return null;
    return NX.el("div", { class: "calls" }, urgent.map(function (each) {
      var number = each.href.split(":")[1];
      return NX.el("a", { class: "call", href: each.href }, [NX.icon("phone"), NX.el("b", { text: number }), NX.el("span", { text: each.name })]);
    }));
  };
})();
