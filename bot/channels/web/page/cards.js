// Answers as cards: title, answer, next step, numbers to call and source on one screen; the rest one tap away.
(function () {
  "use strict";
  var ANSWER = /^v:1:/; // the verdict under an answer to a question
  var FILTER = /^sf:/; // what narrows the stations found
  var CASE = /^[ah]o:/; // what opens an appeal or a hazard, as under its receipt
  var NUMBERED = /^\d+\. /; // a station's paragraph, and the number its buttons carry
  var OPENS = /开门$/; // of a station that is closed now
  var PICTURED = /^[^\w\s\u3000-\u9fff\uff00-\uffef][^\s，。：]* [^\s，。：]+$/; // a service: its picture, then its name
  var SHORT = 6; // letters of a hotline's name that stand beside its number in half a row
  var FEW = 4; // emergency numbers that get a large button; more of them are a list, where each stands in its line

  function has(message, verb) {
    return !message.mine && Boolean(message.buttons) && message.buttons.some(function (line) {
      return line.some(function (button) { return verb.test(button.callback_data || ""); });
    });
  }
  NX.isAnswer = function (message) { return has(message, ANSWER); };
  NX.isCase = function (message) { return has(message, CASE); };
  NX.isStations = function (message) { return has(message, FILTER); };

  // The words of a message.
  NX.said = function (message, text) {
    var entities = message.entities || message.caption_entities;
    if (NX.isStations(message)) return NX.el("div", { class: "said card" }, parted(message, false).map(paragraph));
    if (NX.isNotice(message)) return NX.notice(message, text);
    if (NX.isAnswer(message)) {
      var parts = NX.paragraphs(text, entities);
      parts[parts.length - 1].className = "source";
      return NX.el("div", { class: "said card" }, parts);
    }
    var drawn = message.mine ? [] : NX.parts(text, entities, "\n\n").map(function (part) { return NX.steps(part) || paragraph(part); });
    if (drawn.some(function (part) { return part.tagName === "OL"; })) return NX.el("div", { class: "said card" }, drawn);
    return NX.el("div", { class: "said" }, [NX.formatted(text, entities)]);
  };

  function paragraph(part) { return NX.el("p", {}, [NX.formatted(part.text, part.entities)]); }

  // The paragraphs of a message about stations: of the stations, or all others.
  function parted(message, stations) {
    return NX.parts(message.text, message.entities, "\n\n").filter(function (part) { return NUMBERED.test(part.text) === stations; });
  }

  // Stations on a map, then each with its own ways, then what narrows them in one row.  `choice` makes a button of the message.
  NX.stations = function (message, choice) {
    var lines = message.buttons.filter(function (line) { return !FILTER.test(line[0].callback_data || ""); });
    var found = parted(message, true);
    var filters = Array.prototype.concat.apply([], message.buttons.filter(function (line) { return lines.indexOf(line) < 0; }));
    var cards = found.map(function (part, at) {
      return NX.el("div", { class: "station" }, station(part).concat(NX.el("div", { class: "line" }, (lines[at] || []).map(function (button) {
        return choice(message, Object.assign({}, button, { text: button.text.replace(/ \d+ /, " "), style: button.url ? "primary" : "" }));
      }))));
    });
    if (cards.length) cards.unshift(NX.glance(around(filters), found.map(function (part) { return part.text.split("\n")[0].replace(NUMBERED, ""); })));
    cards.push(NX.el("div", { class: "chipline", role: "group", "aria-label": NX.say("stations_filters") }, filters.map(function (button) { return choice(message, button); })));
    return NX.el("div", { class: "buttons", role: "group" }, cards);
  };

  // A station: its name; how far and until when; what is there, each with its picture; the rest small.
  function station(part) {
    return NX.parts(part.text, part.entities, "\n").map(function (line, at) {
      if (at === 0) return NX.el("h2", { text: line.text });
      if (at === 1) return NX.el("p", { class: OPENS.test(line.text) ? "far later" : "far", text: line.text });
      var services = line.text.split("　");
      if (services.every(function (each) { return PICTURED.test(each); })) {
        return NX.el("p", { class: "tags" }, services.map(function (each) { return NX.el("span", { class: "tag", text: each }); }));
      }
      return NX.el("p", { class: "fine" }, [NX.formatted(line.text, line.entities)]);
    });
  }

  // Around which point, and whether somebody stands there, as the filters' own data says it.
  function around(filters) {
    var wish = filters.length ? filters[0].callback_data.split(":") : [], point = (wish[2] || "").split(",").map(Number);
    return point.length === 2 ? { lat: point[0], lon: point[1], own: !wish[3] } : null;
  }

  // Shorten a card that is higher than the screen, as little as will do: its sources first; a button shows all of it.
  NX.fold = function (row) {
    var card = row.querySelector(".card"), stage = NX.id("stage");
    if (!card || !NX.isAnswer(row.message) || !stage.clientHeight) return;
    ["brief", "folded", "folded tight"].forEach(function (look) {
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
      return NX.el("a", { class: each.name.length > SHORT ? "call wide" : "call", href: each.href }, [NX.icon("phone"), NX.el("b", { text: number }), NX.el("span", { text: each.name })]);
    }));
  };
})();
