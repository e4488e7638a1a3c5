// The conversation: listening to the server, writing, the reply keyboard.
(function () {
  "use strict";
  var LONGEST = 4096; // UTF-16 units of a message, as the server counts
  var NEAR_END = 4000; // from here on the page says how many are left
  var ANSWERED = 8000; // ms after a press in which a message is taken for its answer
  var stage = NX.id("stage"), input = NX.id("input"), keys = NX.id("keys");
  var name = document.title;
  var draft = "draft:" + (NX.worker || "me");
  var event = null, listening = false, request = null, tries = 0;
  var answer = null, answeredAt = 0; // the first message since somebody said or pressed something, and when it came
  var stopped = false, keyboard = null, folded = true, typing = null, resting = null, atEnd = true, replyTo = 0, expecting = 0, asked = "";

  NX.stopped = function () { return stopped; };

  // ---- listening

  // There is something to hear: start, or look at once.
  NX.alive = function () {
    if (!listening) listen();
  };

  function listen() {
    var asked = Date.now(), before = event;
    listening = true;
    NX.ask("GET", "/chat/events", { query: since(), timeout: 45000, started: function (made) { request = made; } }).then(function (news) {
      tries = 0;
      NX.id("banner").hidden = true;
      NX.cutOff(false);
      if (news.new) { listening = false; NX.welcome(NX.bare()); return; }
      hear(news);
      // A server that is about to stop answers at once and says nothing: do not ask it in a circle.
      if (event === before && Date.now() - asked < 1000) NX.later(1000).then(listen);
      else listen();
    }, function (problem) {
      if (problem.status === 401) { listening = false; NX.welcome(NX.bare()); banner(problem.error); return; }
      tries += 1;
      if (problem.status) banner(problem.error);
      else if (event === null) NX.cutOff(true);
      else if (tries > 1) banner(NX.say("offline"));
      NX.later(problem.after || Math.min(1000 * Math.pow(2, tries - 1), 10000)).then(function () {
        listen();
        NX.retryAll();
      });
    });
  }

  // What is asked; a page that nobody looks at says so, for then it may ring.
  function since() {
    if (event === null) return {};
    return document.visibilityState === "visible" ? { after: event } : { after: event, hidden: 1 };
  }

  function banner(text) {
    NX.id("banner").textContent = text;
    NX.id("banner").hidden = false;
    NX.settle();
  }

  function hear(news) {
    var first = event === null, fresh = false, known = Number(NX.kept("seen") || 0), came = 0;
    var stay = atEnd || Date.now() - expecting < ANSWERED;
    if (first) NX.id("log").setAttribute("aria-busy", "true");
    setKeyboard(news.keyboard); // Before the messages: what it takes of the screen they do not have.
    news.messages.forEach(function (message) {
      var row = NX.show(message);
      if (message.mine) answer = null;
      if (row && !message.mine) {
        if (!answer) { answer = row; answeredAt = Date.now(); }
        fresh = true;
      }
      if (message.mine && message.text) asked = message.text;
      if (!row || message.mine || !known || message.event <= known) return;
      if (first && !came) row.setAttribute("data-new", NX.say("unread"));
      came += 1;
    });
    badge(came, news.event);
    if ("more" in news) NX.id("older").hidden = !news.more;
    NX.id("log").removeAttribute("aria-busy");
    if (!first) news.answers.forEach(NX.answer);
    event = news.event;
    NX.welcome(NX.bare());
    setTyping(news.action);
    setStopped(news.stopped);
    if (stay || first) NX.toEnd();
    if (answer && (!document.contains(answer) || Date.now() - answeredAt > ANSWERED)) answer = null;
    // Of several messages in answer to one, the first stays in sight: whom to call stands above all else.
    if (fresh && stay && !first && answer) toTop(answer);
    if (fresh) expecting = 0;
    if (fresh && !near()) NX.id("newest").hidden = false;
    NX.chips();
  }

  // How many came since somebody looked, in the title; whoever looks has seen them all.
  function badge(came, newest) {
    if (document.visibilityState === "visible") {
      NX.keep("seen", String(newest));
      document.title = name;
    } else if (came) {
      document.title = "(" + came + ") " + name;
    }
  }

  // Phones put pages to sleep: on coming back, ask anew instead of waiting for a dead connection to time out.
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "visible" && tries > 0 && request) request.abort();
    if (event !== null) badge(0, event);
  });

  // ---- the place one looks at

  function near() { return stage.scrollHeight - stage.scrollTop - stage.clientHeight < 80; }
  NX.toEnd = function () {
    stage.scrollTop = stage.scrollHeight;
    atEnd = true;
    NX.id("newest").hidden = true;
  };
  // A long answer is read from its beginning, not from its end.
  function toTop(row) {
    var top = row.offsetTop - 8;
    if (top < stage.scrollTop) {
      stage.scrollTop = top;
      atEnd = near();
    }
  }
  // Somebody has pressed a button: what comes of it is shown, wherever in the conversation the button stands.
  NX.expect = function () {
    expecting = Date.now();
    answer = null;
  };
  // Something above has changed its height, a picture mostly.
  NX.settle = function () { if (atEnd) NX.toEnd(); };
  stage.addEventListener("scroll", function () {
    atEnd = near();
    if (atEnd) NX.id("newest").hidden = true;
    // What fits the moment is found when the thumb rests: a frame has no time for it.
    clearTimeout(resting);
    resting = setTimeout(NX.chips, 100);
  }, { passive: true });
  NX.id("newest").addEventListener("click", NX.toEnd);
  window.addEventListener("resize", function () {
    NX.settle();
    NX.chips();
  });

  NX.id("older").addEventListener("click", function () {
    var button = this, log = NX.id("log"), height = stage.scrollHeight;
    NX.ask("GET", "/chat/history", { query: { before: NX.oldest() } }).then(function (page) {
      log.setAttribute("aria-live", "off");
      page.messages.forEach(NX.show);
      button.hidden = !page.more;
      stage.scrollTop += stage.scrollHeight - height;
      setTimeout(function () { log.setAttribute("aria-live", "polite"); }, 500);
    }, function (problem) { NX.toast(problem.error); });
  });

  // The on-screen keyboard covers the page in some browsers instead of shrinking it.
  if (window.visualViewport) {
    window.visualViewport.addEventListener("resize", function () {
      var covered = window.innerHeight - window.visualViewport.height;
      document.querySelector(".phone").style.bottom = covered > 80 ? covered + "px" : "";
      NX.settle();
    });
  }

  // ---- how things stand

  NX.keyboard = function () { return keyboard; };

  NX.welcome = function (shown) {
    NX.id("welcome").hidden = !shown;
    NX.id("log").hidden = shown;
  };

  function setStopped(now) {
    stopped = now;
    NX.id("stopped").hidden = !now;
    drawKeys();
  }

  function setTyping(action) {
    clearTimeout(typing);
    NX.id("typing").hidden = !action;
    if (action) typing = setTimeout(function () { NX.id("typing").hidden = true; }, action.seconds * 1000);
  }

  function setKeyboard(now) {
    if (JSON.stringify(now) === JSON.stringify(keyboard)) return;
    var changed = !keyboard || !now || keyboard.message_id !== now.message_id;
    keyboard = now;
    if (changed) folded = true;
    replyTo = now && now.force_reply ? now.message_id : 0;
    input.placeholder = now && now.input_field_placeholder ? now.input_field_placeholder : NX.say("input");
    if (replyTo && changed) input.focus();
    NX.empty(keys);
    if (now && now.keyboard) now.keyboard.forEach(function (line) { keys.appendChild(keyLine(line)); });
    drawKeys();
  }

  function keyLine(line) {
    var row = NX.el("div", { class: "line" }, line.map(key));
    var longest = Math.max.apply(null, line.map(function (button) { return button.text.length; }));
    var columns = longest > 9 ? Math.min(line.length, 2) : Math.min(line.length, 3);
    row.style.gridTemplateColumns = "repeat(" + columns + ", minmax(0, 1fr))";
    return row;
  }

  function key(button) {
    return NX.el("button", { type: "button", class: "key", on: { click: function () {
      folded = true;
      drawKeys();
      NX.tapKey(button);
    } } }, [button.text]);
  }

  // A key of the reply keyboard says its words, or asks for what it is there for.
  NX.tapKey = function (button) {
    if (button.request_location) NX.askPlace();
    else if (button.request_contact) NX.askContact();
    else NX.send({ text: button.text });
  };

  function drawKeys() {
    var there = keyboard && keyboard.keyboard;
    NX.id("toggle").hidden = !there;
    NX.id("toggle").setAttribute("aria-expanded", String(Boolean(there && !folded)));
    keys.hidden = !there || folded;
    NX.chips();
    NX.settle();
  }

  NX.id("toggle").addEventListener("click", function () {
    folded = !folded;
    drawKeys();
  });

  // ---- writing

  function measure() {
    input.style.height = "46px";
    if (input.value) input.style.height = Math.min(input.scrollHeight, 132) + "px";
    var count = input.value.trim().length, over = count > LONGEST;
    NX.id("send").disabled = !count || over;
    NX.id("count").hidden = count < NEAR_END;
    NX.id("count").className = "count" + (over ? " over" : "");
    NX.id("count").textContent = count < NEAR_END ? "" : over ? NX.say("too_long", { count: count }) : NX.say("left", { count: LONGEST - count });
    NX.settle();
  }

  function submit() {
    var text = input.value.trim();
    if (!text || text.length > LONGEST) { measure(); return; }
    var body = NX.asReply({ text: text }, replyTo);
    input.value = "";
    NX.keep(draft, null);
    input.placeholder = NX.say("input");
    measure();
    asked = body.text;
    NX.send(body);
  }

  NX.forgetDraft = function () { NX.keep(draft, null); };

  // The last question, back in the field to be put in other words.
  NX.rephrase = function () {
    input.value = asked;
    measure();
    input.focus();
    input.select();
  };

  input.addEventListener("input", function () {
    measure();
    NX.keep(draft, input.value || null);
  });
  input.addEventListener("keydown", function (event_) {
    // Enter also chooses a word in a Chinese keyboard: then it must not send.
    if (event_.key !== "Enter" || event_.shiftKey || event_.isComposing || event_.keyCode === 229) return;
    event_.preventDefault();
    submit();
  });
  NX.id("composer").addEventListener("submit", function (event_) {
    event_.preventDefault();
    submit();
    input.focus();
  });
  NX.id("attach").addEventListener("click", NX.offer);
  NX.id("begin").addEventListener("click", function () { NX.send({ text: "/start" }); });

  // ---- beginning

  var said = NX.kept("said");
  if (said) { NX.keep("said", null); NX.toast(said); }
  input.value = NX.kept(draft) || "";
  // A code scanned from a colleague's screen stands in the field, and is sent only when they press.
  var scanned = /^#staff=([0-9A-Z]{8})$/.exec(location.hash);
  if (scanned) {
    history.replaceState(null, "", location.pathname);
    input.value = "/staff " + scanned[1];
  }
  // So does the code of a room where something takes place.
  var here = /^#here=([a-z0-9-]{5,40})$/.exec(location.hash);
  if (here) {
    history.replaceState(null, "", location.pathname);
    input.value = "/here " + here[1];
  }
  measure();
  NX.about();
  NX.resume();
  listen();
})();
