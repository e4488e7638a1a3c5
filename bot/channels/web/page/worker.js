// Works beside the page: opens it without a network, and rings while it is closed.
// `SHELL` stands before this file, put there by the server: a version, the page as everybody sees it, and its files.
// Nothing of a conversation is kept here; what rings says only that there is something new, and a tap opens the page.
"use strict";
var KEPT = "shell-" + self.SHELL.version;
var PATIENCE = 8000; // ms without an answer, after which the page opens without one

self.addEventListener("install", function (event) {
  event.waitUntil(caches.open(KEPT).then(function (kept) {
    return kept.addAll([self.SHELL.page].concat(self.SHELL.files));
  }).then(function () { return self.skipWaiting(); }));
});

self.addEventListener("activate", function (event) {
  event.waitUntil(caches.keys().then(function (names) {
    return Promise.all(names.filter(function (name) { return name.indexOf("shell-") === 0 && name !== KEPT; }).map(function (name) { return caches.delete(name); }));
  }).then(function () { return self.clients.claim(); }));
});

self.addEventListener("fetch", function (event) {
  var request = event.request, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (self.SHELL.files.indexOf(url.pathname) >= 0) event.respondWith(caches.match(url.pathname).then(function (kept) { return kept || fetch(request); }));
  // The people of the demo share one address; each has a page of their own.
  else if (request.mode === "navigate" && url.pathname === "/chat" && !url.searchParams.has("as")) event.respondWith(opened(request));
});

// The page from the server, or the kept one: without a network, behind a gateway that reaches nobody, after waiting in vain.
function opened(request) {
  var asked = fetch(request).then(function (answer) { return answer.status < 502 ? answer : shell(answer); }, function () { return shell(Response.error()); });
  var tired = new Promise(function (resolve) { setTimeout(resolve, PATIENCE); }).then(function () { return shell(asked); });
  return Promise.race([asked, tired]);
}

function shell(otherwise) {
  return caches.match(self.SHELL.page).then(function (kept) { return kept || otherwise; });
}

function pages() {
  return self.clients.matchAll({ type: "window", includeUncontrolled: true }).then(function (all) {
    return all.filter(function (each) { return new URL(each.url).pathname === "/chat"; });
  });
}

self.addEventListener("push", function (event) {
  var told = event.data.json();
  event.waitUntil(pages().then(function (open) {
    // Whoever looks at the page has just read it there.
    if (open.some(function (each) { return each.visibilityState === "visible"; })) return null;
    return self.registration.showNotification(told.title, { body: told.body, tag: "news", renotify: true, data: told.open });
  }));
});

self.addEventListener("notificationclick", function (event) {
  event.notification.close();
  event.waitUntil(pages().then(function (open) {
    return open.length ? open[0].focus() : self.clients.openWindow(event.notification.data);
  }));
});
