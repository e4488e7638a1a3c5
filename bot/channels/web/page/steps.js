// A case as steps read downwards: what is done and when, what it waits for, what comes after; and a notice with its subject.
(function () {
  "use strict";
  var DONE = /^✅ (\d\d-\d\d \d\d:\d\d)　/, NOW = /^⏳ /, THEN = /^▫️ /;
  var SAID = { done: "step_done", now: "step_now", then: "step_then" };
  var HEAD = /^(🚨|📢|🎈) /, FOOT = /^—— /; // how a notice begins and ends
  var KINDS = { "🚨": "notice_emergency", "📢": "notice_service", "🎈": "notice_activity" };
  var NO_MORE = /^notices:/; // the button that ends a kind of notice

  // The steps a paragraph holds, as a list; null for any other paragraph.
  NX.steps = function (part) {
    if (!DONE.test(part.text)) return null;
    var list = NX.el("ol", { class: "steps" }), item = null;
    NX.parts(part.text, part.entities, "\n").forEach(function (line) {
      var look = DONE.test(line.text) ? "done" : NOW.test(line.text) ? "now" : THEN.test(line.text) ? "then" : "";
      if (!look) { item.appendChild(NX.el("br")); item.appendChild(NX.formatted(line.text, line.entities)); return; }
      var date = DONE.exec(line.text), mark = date ? date[0] : /^\S+ /.exec(line.text)[0];
      var words = NX.cut(line.text, line.entities, mark.length, line.text.length);
      item = NX.el("li", { class: look }, [
        NX.el("span", { class: "away", text: NX.say(SAID[look]) }),
        NX.formatted(words.text, words.entities)
      ]);
      if (date) item.insertBefore(NX.el("time", { text: date[1] }), item.lastChild);
      list.appendChild(item);
    });
    return list;
  };

  NX.isNotice = function (message) {
    var parts = message.mine ? [] : (message.text || message.caption || "").split("\n\n");
    return parts.length > 1 && FOOT.test(parts[parts.length - 1]) && parts[0].split("\n").some(function (line) { return HEAD.test(line); });
  };

  // A notice: of which kind and when, its subject, what it says, from whom.
  NX.notice = function (message, text) {
    var parts = NX.parts(text, message.entities || message.caption_entities, "\n\n"), card = NX.el("div", { class: "said card notice" });
    NX.parts(parts[0].text, parts[0].entities, "\n").forEach(function (line) {
      var head = HEAD.exec(line.text);
      if (!head) { card.appendChild(NX.el("p", {}, [NX.formatted(line.text, line.entities)])); return; }
      card.appendChild(NX.el("p", { class: "kind" }, [
        NX.el("span", { text: head[0] + NX.say(KINDS[head[1]]) }),
        NX.el("time", { text: NX.day(message.date) + " " + NX.clock(message.date) })
      ]));
      card.appendChild(NX.el("h2", { class: "subject", text: line.text.slice(head[0].length) }));
    });
    parts.slice(1).forEach(function (part) { card.appendChild(NX.el("p", {}, [NX.formatted(part.text, part.entities)])); });
    card.lastChild.className = "source";
    return card;
  };

  // How a button under a notice looks: what it leads to first, and quietly the way to be left alone.
  NX.noticeLook = function (button) { return NO_MORE.test(button.callback_data || "") ? " quiet" : " primary"; };
})();
