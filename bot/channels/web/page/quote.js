// Quoting and copying a message: a long press on it, or the context menu.  What is written next answers it.
(function () {
  "use strict";
  var LONG = 500, STILL = 10; // milliseconds a finger rests; pixels it may move
  var log = NX.id("log"), quoted = 0, timer = null, from = null;

  // The body of a message, as the answer to what is quoted, or to `otherwise`.
  NX.asReply = function (body, otherwise) {
    var to = quoted || otherwise;
    quote(0);
    return to ? Object.assign(body, { reply_to: to }) : body;
  };

  function quote(id) {
    quoted = id;
    NX.id("quoting").hidden = !id;
    NX.id("quoted").textContent = id ? NX.say("quoting", { text: NX.quoted(id) || NX.say("quoted_file") }) : "";
    NX.settle();
  }

  function offer(row) {
    var message = row.message, text = message.text || message.caption;
    if (!message.id) return;
    NX.sheet(NX.say("message"), function (sheet, shut) {
      sheet.appendChild(NX.option("quote", NX.say("quote"), NX.say("quote_hint"), function () {
        shut();
        quote(message.id);
        NX.id("input").focus();
      }));
      if (!text) return;
      sheet.appendChild(NX.option("copy", NX.say("copy"), "", function () {
        shut();
        NX.copy(text).then(function () { NX.toast(NX.say("copied")); }, function () { NX.toast(NX.say("copy_failed")); });
      }));
    });
  }

  function rowOf(event) {
    var bubble = event.target.closest(".bubble");
    return bubble && !event.target.closest("a, button, audio") ? bubble.parentNode : null;
  }

  function stay() { clearTimeout(timer); }

  log.addEventListener("contextmenu", function (event) {
    var row = rowOf(event);
    if (!row || String(window.getSelection())) return;
    event.preventDefault();
    stay();
    offer(row);
  });
  // iOS has no context menu for a long press.
  log.addEventListener("touchstart", function (event) {
    var row = rowOf(event), touch = event.touches[0];
    stay();
    from = [touch.clientX, touch.clientY];
    if (row && event.touches.length === 1) timer = setTimeout(function () { offer(row); }, LONG);
  }, { passive: true });
  log.addEventListener("touchmove", function (event) {
    var touch = event.touches[0];
    if (Math.abs(touch.clientX - from[0]) + Math.abs(touch.clientY - from[1]) > STILL) stay();
  }, { passive: true });
  log.addEventListener("touchend", stay);
  log.addEventListener("touchcancel", stay);
  NX.id("unquote").addEventListener("click", function () { quote(0); });
})();
