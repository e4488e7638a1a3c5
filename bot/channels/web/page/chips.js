// One row above the composer: what fits the moment first, then what people do most.  All of the menu is one tap away.
(function () {
  "use strict";
  var SHORT = 8; // letters of a button that fits the row
  var MOST = 6; // buttons of one message in the row
  var line = NX.id("chips"), shown = "";

  NX.chips = function () {
    var keyboard = NX.keyboard(), keys = keyboard && keyboard.keyboard && NX.id("keys").hidden ? flat(keyboard.keyboard) : [];
    var newest = last(), own = newest ? outOfSight(newest) : [];
    var again = newest && NX.isAnswer(newest.message);
    var rings = newest && NX.isCase(newest.message) && NX.canRing() && !NX.rings();
    var now = JSON.stringify([newest && newest.message.id, own, again, rings, keys]);
    NX.id("quick").hidden = !own.length && !rings && !keyboard;
    if (now === shown) return;
    shown = now;
    NX.empty(line);
    own.forEach(function (button) { line.appendChild(chip(button.text, "now", function (made) { NX.press(newest.message.id, button.callback_data, made); })); });
    if (rings) line.appendChild(chip(NX.say("push_ask"), "now", NX.ring));
    if (again) line.appendChild(chip(NX.say("rephrase"), "now", NX.rephrase));
    keys.forEach(function (button) { line.appendChild(chip(button.text, "", function () { NX.tapKey(button); })); });
    line.scrollLeft = 0;
  };

  function chip(text, look, act) {
    var made = NX.el("button", { type: "button", class: "quickly " + look, text: text });
    made.addEventListener("click", function () { act(made); });
    return made;
  }

  function flat(rows) { return Array.prototype.concat.apply([], rows); }

  // The newest message, when it is the bot's.
  function last() {
    var rows = NX.id("log").querySelectorAll(".row"), row = rows[rows.length - 1];
    return row && row.message && !row.message.mine ? row : null;
  }

  // What can be pressed under a message whose buttons have to be scrolled to; under an answer, what it was worth.
  function outOfSight(row) {
    var buttons = row.querySelector(".buttons");
    if (!buttons || NX.isStations(row.message) || buttons.getBoundingClientRect().bottom <= NX.id("stage").getBoundingClientRect().bottom) return [];
    var answer = NX.isAnswer(row.message);
    return flat(row.message.buttons).filter(function (button) {
      return button.callback_data && button.text.length <= SHORT && (!answer || /^v:/.test(button.callback_data));
    }).slice(0, MOST);
  }
})();
