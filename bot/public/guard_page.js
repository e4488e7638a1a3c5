// A guard's phone: goes on without a network, keeps what the guard did meanwhile, and hands it in when there is one.
// What stays on the phone: our public keys, the list of stopped passes, and codes of entries until they are handed in.
(function () {
  "use strict";
  var SHEET = "gate.sheet", KEPT = "gate.kept", AGED = 300000, AGAIN = 60000, MOST = 50; // ms, ms, entries at once
  var root = document.getElementById("guard"), title = document.querySelector("h1"), told = document.getElementById("told");
  var says = JSON.parse(root.getAttribute("data-says")), base = root.getAttribute("data-base");
  var token = location.pathname.split("/").pop(), alone = root.hasAttribute("data-alone");
  var able = Boolean(navigator.serviceWorker && window.crypto && crypto.subtle);

  function get(name, otherwise) {
    try { return JSON.parse(localStorage.getItem(name)) || otherwise; } catch (error) { return otherwise; }
  }

  function put(name, value) {
    try { localStorage.setItem(name, JSON.stringify(value)); return true; } catch (error) { return false; }
  }

  // The moment as our server has it: the clock of a phone may be wrong.
  function now() { return Date.now() + get(SHEET, { skew: 0 }).skew; }

  function age(span) {
    var minutes = Math.floor(span / 60000);
    if (minutes < 1) return says.just_now;
    return minutes < 60 ? says.minutes.replace("{n}", minutes) : says.hours.replace("{n}", Math.floor(minutes / 60));
  }

  function line(text) {
    var made = document.createElement("p");
    made.textContent = text;
    told.appendChild(made);
  }

  function show() {
    var sheet = get(SHEET, null), waits = get(KEPT, []).length;
    var ready = able ? sheet && says.ready.replace("{age}", age(now() - sheet.at)) : says.unable;
    if (alone && sheet && location.pathname === base) title.textContent = sheet.where;
    root.textContent = [ready, waits ? says.waits.replace("{n}", waits) : ""].filter(Boolean).join(" ");
  }

  function ask(path, options) {
    return fetch(base + path, Object.assign({ credentials: "same-origin", cache: "no-store" }, options)).then(function (answer) {
      if (answer.status === 410) forget();
      return answer.ok ? answer.json() : null;
    }, function () { return null; });
  }

  function refresh() {
    var had = get(SHEET, null), old = had ? now() - had.at : -1;
    if (old >= 0 && old < AGED) return Promise.resolve();
    return ask("/list").then(function (sheet) {
      if (sheet) put(SHEET, Object.assign(sheet, { skew: sheet.at - Date.now() }));
    });
  }

  function send() {
    var some = get(KEPT, []).slice(0, MOST), sent = some.map(function (each) { return JSON.stringify(each); });
    if (!some.length) return Promise.resolve();
    return ask("/entries", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(some) }).then(function (taken) {
      if (!taken) return null;
      put(KEPT, get(KEPT, []).filter(function (each) { return sent.indexOf(JSON.stringify(each)) < 0; }));
      return send();
    });
  }

  function meet() { return send().then(refresh).then(show); }

  // This phone is no gate's any more: nothing stays on it, and then it says so.
  function forget() {
    [SHEET, KEPT].forEach(function (name) { localStorage.removeItem(name); });
    var worker = able ? navigator.serviceWorker.getRegistration(base) : Promise.resolve();
    var files = window.caches ? caches.keys() : Promise.resolve([]);
    return Promise.all([
      worker.then(function (found) { return found && found.unregister(); }),
      files.then(function (names) { return Promise.all(names.filter(function (name) { return name.indexOf("gate-") === 0; }).map(function (name) { return caches.delete(name); })); })
    ]).catch(function () { /* Its list is nothing a day later. */ }).then(function () { say(says.over); });
  }

  // One sentence in place of all else.
  function say(sentence) {
    title.textContent = document.title = sentence;
    title.className = "";
    document.querySelectorAll("form, #told").forEach(function (each) { each.hidden = true; });
    show();
  }

  function judged(seen) {
    var sheet = get(SHEET, null);
    title.textContent = document.title = says[seen.verdict];
    title.className = seen.verdict === "ok" ? "ok" : says[seen.verdict + "_about"] ? "so" : "no";
    told.textContent = "";
    if (sheet) line(says.offline.replace("{age}", age(now() - sheet.at)));
    if (says[seen.verdict + "_about"]) line(says[seen.verdict + "_about"]);
    if (seen.until) line(says.until.replace("{day}", new Date(seen.until + 8 * 3600000 - 1).toISOString().slice(0, 10)));
    if (seen.shown >= 120000) line(says.shown.replace("{age}", age(seen.shown)));
    if (sheet) line(sheet.where + " " + new Date().toTimeString().slice(0, 8));
    document.querySelectorAll("form").forEach(function (each) { each.hidden = false; });
  }

  // The tap is kept first: what is lost on the way is handed in again, and counts once.
  function decided(event) {
    var decision = event.submitter && event.submitter.value, why = decision === "turned_away" ? document.getElementById("why").value : "";
    if (!decision || !put(KEPT, get(KEPT, []).concat([{ token: token, decision: decision, why: why, at: now() }]))) return;
    event.preventDefault();
    say(says["noted_" + decision]);
    meet();
  }

  if (able) {
    navigator.serviceWorker.register(base + "/worker.js", { scope: root.getAttribute("data-scope") }).catch(function () { able = false; show(); });
    document.querySelectorAll("form").forEach(function (each) { each.addEventListener("submit", decided); });
    if (alone && location.pathname !== base) GUARD.judge(token, get(SHEET, null), now()).then(judged);
  }
  show();
  meet();
  setInterval(meet, AGAIN);
  window.addEventListener("online", meet);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) meet(); });
})();
