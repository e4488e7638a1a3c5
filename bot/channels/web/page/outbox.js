// What is being sent.  Kept on the phone until the server has it; one after another, so that order stays.
// Every message has a key of its own: sent again, it is the same message.
(function () {
  "use strict";
  var store = "outbox:" + (NX.worker || "me");
  var items = [];
  var busy = false;

  // Send something: {text}, {location} or {contact}; or a file with its kind.
  NX.send = function (body, extra) {
    var item = { body: body, message: Object.assign({ key: NX.key(), mine: true, date: Math.floor(Date.now() / 1000) }, shown(body, extra)) };
    if (extra) { item.file = extra.file; item.kind = extra.kind; item.seconds = extra.seconds; }
    items.push(item);
    save();
    NX.welcome(false);
    NX.showPending(item);
    NX.toEnd();
    run();
  };

  // What was not accepted before the page was closed.
  NX.resume = function () {
    try { items = JSON.parse(NX.kept(store) || "[]"); } catch (error) { items = []; }
    items.forEach(function (item) { NX.showPending(item); });
    run();
  };

  NX.retryAll = function () {
    items.forEach(function (item) { if (item.failed === "offline") item.failed = ""; });
    run();
  };

  NX.forgetOutbox = function () { items = []; NX.keep(store, null); };

  function shown(body, extra) {
    if (extra && extra.kind === "photos") return { photo: { local: extra.local } };
    if (extra && extra.kind === "voices") return { voice: { local: extra.local, seconds: extra.seconds } };
    if (body.contact) return { contact: { phone_number: body.contact.phone, first_name: body.contact.name || "" } };
    if (body.location) return { location: body.location };
    return { text: body.text };
  }

  // Files are not kept: a phone's storage is too small for them, and the picture is still in the album.
  function save() {
    var kept = items.filter(function (item) { return !item.file; });
    NX.keep(store, kept.length ? JSON.stringify(kept) : null);
  }

  function run() {
    if (busy) return;
    var item = items.filter(function (each) { return !each.failed; })[0];
    if (!item) return;
    busy = true;
    NX.state(item.message.key, NX.say("sending"));
    deliver(item).then(function (answer) {
      drop(item);
      NX.show(answer.message);
      NX.alive();
    }, function (problem) {
      if (problem.why === "deleted") { location.reload(); return; }
      item.failed = problem.status === 0 || problem.status >= 500 ? "offline" : "refused";
      if (item.failed === "refused") NX.toast(problem.error);
      NX.state(item.message.key, "", function () { item.failed = ""; run(); }, function () { drop(item); NX.unsend(item.message.key); });
    }).then(function () {
      busy = false;
      run();
    });
  }

  function deliver(item) {
    if (!item.file) return NX.ask("POST", "/chat/messages", { json: Object.assign({ key: item.message.key }, item.body) });
    var query = { key: item.message.key };
    if (item.seconds) query.seconds = item.seconds;
    return NX.ask("POST", "/chat/" + item.kind, { query: query, file: item.file, timeout: 180000, progress: function (part) {
      NX.state(item.message.key, NX.say("sending") + " " + Math.round(part * 100) + "%");
    } });
  }

  function drop(item) {
    items = items.filter(function (each) { return each !== item; });
    save();
  }

  window.addEventListener("online", NX.retryAll);
})();
