// Opens a rider's code on a guard's phone when nobody answers: the kept page checks it alone.
// `SHELL` stands before this file, put there by the server: a version, the page, its files, what addresses of codes begin with.
"use strict";
var KEPT = "gate-" + self.SHELL.version;
var PATIENCE = 2000; // ms: somebody stands at the gate

self.addEventListener("install", function (event) {
  event.waitUntil(caches.open(KEPT).then(function (kept) {
    return kept.addAll([self.SHELL.page].concat(self.SHELL.files));
  }).then(function () { return self.skipWaiting(); }));
});

self.addEventListener("activate", function (event) {
  event.waitUntil(caches.keys().then(function (names) {
    return Promise.all(names.filter(function (name) { return name.indexOf("gate-") === 0 && name !== KEPT; }).map(function (name) { return caches.delete(name); }));
  }).then(function () { return self.clients.claim(); }));
});

self.addEventListener("fetch", function (event) {
  var request = event.request, url = new URL(request.url), at = url.pathname + url.search;
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (self.SHELL.files.indexOf(at) >= 0) event.respondWith(caches.match(at).then(function (kept) { return kept || fetch(request); }));
  else if (request.mode === "navigate" && (at === self.SHELL.page || at.indexOf(self.SHELL.codes) === 0)) event.respondWith(opened(request));
});

function opened(request) {
  var asked = fetch(request).then(function (answer) { return answer.status < 502 ? answer : shell(answer); }, function () { return shell(Response.error()); });
  var tired = new Promise(function (resolve) { setTimeout(resolve, PATIENCE); }).then(function () { return shell(asked); });
  return Promise.race([asked, tired]);
}

function shell(otherwise) {
  return caches.match(self.SHELL.page).then(function (kept) { return kept || otherwise; });
}
