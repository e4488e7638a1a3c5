// What is being sent.  Kept on the phone until the server has it.  Words go one after another, so that order stays;
// files go beside them, one at a time: nobody waits for a photo to say something.
// Every message has a key of its own: sent again, it is the same message.
(function () {
  "use strict";
  var STALLED = 60000; // ms without a byte, after which a connection is dead
  var PATIENCE = 6; // times a busy server is asked before somebody has to tap
  var PAUSE = 5000; // ms, where a busy server does not say how long
  var store = "outbox:" + (NX.worker || "me");
  var items = [];
  var busy = {}; // by lane

  // Send something: {text}, {location} or {contact}; or a file with its kind, and a caption.
  NX.send = function (body, extra) {
    var item = { body: body, message: Object.assign({ key: NX.key(), mine: true, date: Math.floor(Date.now() / 1000) }, shown(body, extra)) };
    if (extra) {
      item.file = { kind: extra.kind, seconds: extra.seconds };
      item.blob = extra.file;
      NX.keepFile(item.message.key, extra.file);
    }
    if (body.reply_to) item.message.reply = { text: extra && extra.quoted || NX.quoted(body.reply_to) };
    items.push(item);
    save();
    NX.welcome(false);
    show(item);
    NX.toEnd();
    run();
  };

  // What was not accepted before the page was closed.
  NX.resume = function () {
    try { items = JSON.parse(NX.kept(store) || "[]"); } catch (error) { items = []; }
    Promise.all(items.map(awake)).then(function () {
      items.forEach(show);
      run();
    });
  };

  // A file can be taken back from the moment it is chosen, also while it waits for the one before it.
  function show(item) {
    NX.showPending(item);
    if (item.file) NX.state(item.message.key, NX.say("sending"), null, function () { cancel(item); });
  }

  function awake(item) {
    if (!item.file) return Promise.resolve();
    return NX.keptFile(item.message.key).then(function (file) {
      if (!file) { drop(item); return; }
      item.blob = file;
      Object.assign(item.message, shown(item.body, { kind: item.file.kind, seconds: item.file.seconds, local: URL.createObjectURL(file) }));
    });
  }

  NX.retryAll = function () {
    items.forEach(function (item) { if (item.failed === "offline") item.failed = ""; });
    run();
  };

  NX.forgetOutbox = function () {
    items = [];
    NX.keep(store, null);
    NX.dropFiles();
  };

  function shown(body, extra) {
    if (extra && extra.kind === "photos") return { photo: { local: extra.local }, caption: body.caption };
    if (extra && extra.kind === "voices") return { voice: { local: extra.local, seconds: extra.seconds } };
    if (body.contact) return { contact: { phone_number: body.contact.phone, first_name: body.contact.name || "" } };
    if (body.location) return { location: body.location };
    return { text: body.text };
  }

  function save() {
    var kept = items.map(function (item) { return { body: item.body, file: item.file, message: item.message }; });
    NX.keep(store, kept.length ? JSON.stringify(kept) : null);
  }

  function lane(item) { return item.file ? "files" : "words"; }

  function run() {
    ["words", "files"].forEach(function (name) {
      var item = items.filter(function (each) { return lane(each) === name && !each.failed; })[0];
      if (item && !busy[name]) start(name, item);
    });
  }

  function start(name, item) {
    busy[name] = true;
    NX.state(item.message.key, NX.say("sending"), null, item.file ? function () { cancel(item); } : null);
    (NX.stopped() ? NX.stop(false) : Promise.resolve()).then(function () { return deliver(item); }).then(function (answer) {
      drop(item);
      NX.show(answer.message);
      NX.alive();
    }, function (problem) {
      if (problem.why === "deleted") { location.reload(); return; }
      if (items.indexOf(item) < 0) return;
      if (NX.isBusy(problem) && (item.waits = (item.waits || 0) + 1) <= PATIENCE) return wait(item, problem);
      item.failed = problem.status === 0 || problem.status >= 500 ? "offline" : "refused";
      if (item.failed === "refused") NX.toast(problem.error);
      NX.state(item.message.key, "", function () { item.failed = ""; item.waits = 0; run(); }, function () { cancel(item); });
    }).then(function () {
      busy[name] = false;
      run();
    });
  }

  // The server has no room: the same message goes again, and those behind it wait.
  function wait(item, problem) {
    NX.toast(problem.error);
    NX.state(item.message.key, NX.say("waiting"), null, function () { cancel(item); });
    return NX.later(problem.after || PAUSE);
  }

  function deliver(item) {
    var key = item.message.key;
    if (!item.file) return NX.ask("POST", "/chat/messages", { json: Object.assign({ key: key }, item.body) });
    var query = { key: key };
    if (item.file.seconds) query.seconds = item.file.seconds;
    if (item.body.caption) query.caption = item.body.caption;
    if (item.body.album) query.album = item.body.album;
    if (item.body.reply_to) query.reply_to = item.body.reply_to;
    return NX.ask("POST", "/chat/" + item.file.kind, { query: query, file: item.blob, stalled: STALLED, started: function (request) { item.request = request; }, progress: function (part) {
      NX.state(key, NX.say("sending") + " " + Math.round(part * 100) + "%", null, function () { cancel(item); });
    } });
  }

  // Take back what has not arrived yet.
  function cancel(item) {
    drop(item);
    NX.unsend(item.message.key);
    if (item.request) item.request.abort();
  }

  function drop(item) {
    items = items.filter(function (each) { return each !== item; });
    if (item.file) NX.dropFile(item.message.key);
    save();
  }

  window.addEventListener("online", NX.retryAll);
})();
