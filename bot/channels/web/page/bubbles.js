// Messages as bubbles: made, changed in place, taken away; their buttons; days between them.
(function () {
  "use strict";
  var log = NX.id("log");
  var rows = {}; // by message id
  var waiting = {}; // rows of messages that are on their way, by their key
  var presses = {}; // buttons that wait for an answer, by the callback query's id
  var answered = {}; // answers that came before their press was known
  var PATIENCE = 15000; // milliseconds
  var EXCERPT = 80; // letters of a message that is quoted

  // Show a message from the server, new or changed.  Returns its row if it is new.
  NX.show = function (message) {
    var old = rows[message.id];
    if (message.deleted) {
      if (old) { log.removeChild(old); delete rows[message.id]; days(); }
      return null;
    }
    if (!old && message.key && waiting[message.key]) {
      old = waiting[message.key];
      delete waiting[message.key];
    }
    var row = build(message);
    row.message = message;
    rows[message.id] = row;
    if (old) {
      log.replaceChild(row, old);
      NX.fold(row);
      if (old.message && old.message.event === undefined) place(row);
      days();
      return null;
    }
    place(row);
    NX.fold(row);
    if (!continues(row)) days();
    return row;
  };

  // Show what is being sent; `retry` and `discard` are offered when it fails.
  NX.showPending = function (item) {
    var row = build(item.message);
    row.message = item.message;
    waiting[item.message.key] = row;
    log.appendChild(row);
    days();
    return row;
  };

  // How far a message is.  Offers to try again, and to give up; a message under way can be given up, too.
  NX.state = function (key, text, retry, discard) {
    var row = waiting[key];
    if (!row) return;
    var line = row.querySelector(".state");
    if (line) line.textContent = text;
    var ways = (retry ? "r" : "") + (discard ? "d" : "");
    if (row.ways === ways) return;
    row.ways = ways;
    var trouble = row.querySelector(".trouble");
    if (trouble) row.removeChild(trouble);
    if (ways) row.appendChild(NX.el("div", { class: "trouble" }, [
      discard ? NX.el("button", { type: "button", text: NX.say(retry ? "discard" : "cancel"), on: { click: discard } }) : null,
      retry ? NX.el("button", { type: "button", text: NX.say("failed"), on: { click: retry } }) : null
    ]));
    NX.settle(); // The line below the last message is seen, too.
  };

  NX.unsend = function (key) {
    if (waiting[key]) log.removeChild(waiting[key]);
    delete waiting[key];
    days();
  };

  // The first words of a message.
  NX.quoted = function (id) {
    var message = rows[id] ? rows[id].message : {};
    return (message.text || message.caption || "").slice(0, EXCERPT);
  };

  NX.bare = function () { return !log.querySelector(".row"); };

  NX.oldest = function () {
    var ids = Object.keys(rows).map(Number);
    return ids.length ? Math.min.apply(null, ids) : 0;
  };

  // Messages stand in the order of their numbers, what is on its way below them.
  function place(row) {
    var id = row.message.id, before = null;
    for (var node = log.lastElementChild; node; node = node.previousElementSibling) {
      if (!node.message) continue;
      if (node.message.id && node.message.id < id) break;
      if (node !== row) before = node;
    }
    log.insertBefore(row, before);
  }

  // Whether a row goes on, at the end, with the day of the one before it.
  function continues(row) {
    var before = row.previousElementSibling;
    return !row.nextElementSibling && Boolean(before && before.message) && NX.day(before.message.date) === NX.day(row.message.date);
  }

  function days() {
    Array.prototype.slice.call(log.querySelectorAll(".day")).forEach(function (day) { log.removeChild(day); });
    var last = "";
    Array.prototype.slice.call(log.querySelectorAll(".row")).forEach(function (row) {
      var name = NX.day(row.message.date);
      if (name !== last) log.insertBefore(NX.el("div", { class: "day" }, [NX.el("span", { text: name })]), row);
      last = name;
    });
  }

  function build(message) {
    var bubble = NX.el("div", { class: "bubble" });
    if (message.reply) bubble.appendChild(NX.el("p", { class: "quote", text: message.reply.text || NX.say("quoted_file") }));
    content(message).forEach(function (part) { bubble.appendChild(part); });
    bubble.appendChild(footLine(message));
    if (message.reaction) bubble.appendChild(NX.el("span", { class: "reaction", text: message.reaction }));
    var row = NX.el("div", { class: "row" + (message.mine ? " mine" : ""), "data-id": message.id || null }, [
      NX.el("span", { class: "away", text: message.mine ? NX.say("me") : NX.say("name") }), bubble
    ]);
    var calls = NX.calls(message);
    if (calls) row.appendChild(calls);
    if (message.buttons) row.appendChild(NX.isStations(message) ? NX.stations(message, choice) : buttons(message));
    return row;
  }

  function footLine(message) {
    var parts = [];
    if (message.edited) parts.push(NX.el("span", { text: NX.say("edited") }));
    parts.push(NX.el("span", { text: NX.clock(message.date) }));
    if (message.mine) parts.push(NX.el("span", { class: "state", text: message.id ? NX.say("sent") : NX.say("sending") }));
    if (message.mine && message.id) parts.push(NX.icon("check"));
    return NX.el("div", { class: "foot-line" }, parts);
  }

  function content(message) {
    var parts = [];
    if (message.photo) parts.push(picture(message.photo));
    if (message.document) parts.push(thing(message.document));
    if (message.voice) parts.push(voice(message.voice));
    if (message.venue) parts.push(place_(message.venue.title, message.venue.address, message.venue.location, !named(message)));
    else if (message.location) {
      var point = message.location;
      var where = point.latitude.toFixed(5) + ", " + point.longitude.toFixed(5);
      parts.push(place_(NX.say(message.mine ? "my_place" : "place"), where, point, !message.mine));
    }
    if (message.contact) parts.push(contact(message.contact));
    var text = message.text || message.caption;
    if (text) {
      parts.push(NX.said(message, text));
    }
    return parts;
  }

  // Whether the bot offers ways of its own.
  function named(message) {
    return Boolean(message.buttons) && message.buttons.some(function (line) { return line.some(function (button) { return button.url; }); });
  }

  function picture(photo) {
    var image = NX.el("img", { src: photo.local || NX.file(photo.full || photo.src), alt: NX.say("photo_alt"), loading: "lazy", width: photo.width, height: photo.height });
    image.addEventListener("load", function () { NX.settle(); });
    return NX.el("button", { type: "button", class: "picture", "aria-label": NX.say("photo_open"), on: { click: function () { NX.viewer(image.src, NX.say("photo_alt")); } } }, [image]);
  }

  function thing(file) {
    return NX.el("div", { class: "thing" }, [
      NX.icon("file"),
      NX.el("div", {}, [
        NX.el("a", { href: NX.file(file.src), download: file.name || true }, [NX.el("b", { text: file.name || NX.say("document") })]),
        NX.el("small", { text: NX.size(file.size) })
      ])
    ]);
  }

  function voice(note) {
    return NX.el("div", {}, [
      NX.el("audio", { controls: true, preload: "none", src: note.local || NX.file(note.src), "aria-label": NX.say("voice_note") }),
      NX.el("small", { class: "small", text: NX.say("voice_note") + " " + NX.say("seconds", { seconds: note.seconds }) })
    ]);
  }

  function place_(title, words, point, ways) {
    var card = NX.el("div", {}, [
      NX.el("div", { class: "place" }, [NX.icon("pin"), NX.el("div", {}, [NX.el("b", { text: title }), NX.el("small", { text: words })])])
    ]);
    if (!ways) return card;
    // Both take WGS-84 and convert it themselves; longitude comes first for Amap only.
    var name = encodeURIComponent(title), about = encodeURIComponent(words);
    var amap = "https://uri.amap.com/marker?position=" + point.longitude + "," + point.latitude + "&name=" + name + "&coordinate=wgs84&callnative=1&src=nuanxin";
    var baidu = "https://api.map.baidu.com/marker?location=" + point.latitude + "," + point.longitude + "&title=" + name + "&content=" + about + "&coord_type=wgs84&output=html&src=nuanxin";
    card.appendChild(NX.el("div", { class: "ways" }, [away(amap, NX.say("open_amap")), away(baidu, NX.say("open_baidu"))]));
    return card;
  }

  function away(href, text) {
    return NX.el("a", { href: href, target: "_blank", rel: "noopener noreferrer", text: text });
  }

  function contact(card) {
    return NX.el("div", { class: "thing" }, [
      NX.icon("phone"),
      NX.el("div", {}, [NX.el("a", { href: "tel:" + card.phone_number }, [NX.el("b", { text: card.phone_number })]), NX.el("small", { text: [card.first_name, card.last_name].join(" ") })])
    ]);
  }

  // ---- inline buttons

  function buttons(message) {
    return NX.el("div", { class: "buttons", role: "group" }, message.buttons.map(function (line) {
      var row = NX.el("div", { class: "line" }, line.map(function (button) { return choice(message, button); }));
      // More than two short ones beside each other are too small for a thumb in a glove.
      var longest = Math.max.apply(null, line.map(function (button) { return button.text.length; }));
      row.style.gridTemplateColumns = "repeat(" + columns(line.length, longest) + ", minmax(0, 1fr))";
      return row;
    }));
  }

  function columns(count, longest) {
    if (count <= 2) return longest > 12 ? 1 : count;
    if (longest <= 2) return Math.min(count, 5);
    return longest > 5 || count === 4 ? 2 : 3;
  }

  function choice(message, button) {
    var look = "choice" + (button.style ? " " + button.style : NX.isNotice(message) ? NX.noticeLook(button) : "");
    if (button.url && /^https?:/i.test(button.url)) {
      return NX.el("a", { class: look, href: button.url, target: "_blank", rel: "noopener noreferrer" }, [button.text, NX.icon("out")]);
    }
    var made = NX.el("button", { type: "button", class: look }, [button.text, button.copy_text ? NX.icon("copy") : null]);
    made.addEventListener("click", function () {
      if (button.copy_text) {
        NX.copy(button.copy_text.text).then(function () { NX.toast(NX.say("copied")); }, function () { NX.toast(NX.say("copy_failed")); });
      } else if ("callback_data" in button) NX.press(message.id, button.callback_data, made);
    });
    return made;
  }

  NX.press = function (id, data, button) {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    NX.expect();
    NX.ask("POST", "/chat/presses", { json: { message: id, data: data } }).then(function (answer) {
      if (answered[answer.press]) { rest(button); return; }
      presses[answer.press] = { button: button, timer: setTimeout(function () {
        delete presses[answer.press];
        if (rest(button)) NX.toast(NX.say("timeout"));
      }, PATIENCE) };
    }, function (problem) {
      rest(button);
      NX.toast(problem.error);
    });
  };

  // Whether the button was still there and waiting.
  function rest(button) {
    var was = document.contains(button);
    button.removeAttribute("aria-busy");
    return was;
  }

  // The bot has answered a press.
  NX.answer = function (answer) {
    answered[answer.id] = true;
    var pressed = presses[answer.id];
    if (pressed) { clearTimeout(pressed.timer); rest(pressed.button); delete presses[answer.id]; }
    if (!answer.text) return;
    if (answer.alert) NX.alert(answer.text);
    else NX.toast(answer.text);
  };

  log.addEventListener("click", function (event) {
    var command = event.target.closest("[data-command]");
    if (!command) return;
    event.preventDefault();
    NX.send({ text: command.getAttribute("data-command") });
  });
})();
