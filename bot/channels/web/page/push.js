// Being rung while the page is closed: only in browsers that can, only after a tap, and off again by one.
(function () {
  "use strict";
  var key = document.body.getAttribute("data-push");
  var able = Boolean(key && navigator.serviceWorker && window.PushManager && window.Notification && window.isSecureContext);
  var marked = "rings:" + (NX.worker || "me"); // whoever writes here has tapped that they want to be rung
  var subscription = null;

  var PATIENCE = 15000; // ms for the service of the browser's maker, which many networks here do not reach

  NX.canRing = function () { return able; };
  NX.rings = function () { return Boolean(subscription && NX.kept(marked)); };

  // Asks for leave; called by a tap only.
  NX.ring = function () {
    return Notification.requestPermission().then(function (answer) {
      if (answer !== "granted") { NX.toast(NX.say("push_refused")); return null; }
      return navigator.serviceWorker.register("/chat/worker.js", { scope: "/chat" }).then(function () {
        return navigator.serviceWorker.ready;
      }).then(function (worker) {
        return patiently(worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) }));
      }).then(told).then(function () { NX.toast(NX.say("push_on")); });
    }).catch(function (problem) { NX.toast(problem.error || NX.say("push_failed")); }).then(NX.chips);
  };

  NX.silence = function () {
    var gone = subscription;
    NX.keep(marked, null);
    subscription = null;
    return NX.ask("POST", "/chat/push/stop", { json: { endpoint: gone.endpoint } }).then(function () {
      NX.toast(NX.say("push_off"));
      return gone.unsubscribe();
    }, function (problem) {
      subscription = gone;
      NX.keep(marked, "1");
      NX.toast(problem.error);
    });
  };

  // This browser is rung no more, whoever writes here next; the server knows it already.
  NX.unring = function () {
    var gone = subscription;
    NX.keep(marked, null);
    subscription = null;
    return gone ? gone.unsubscribe().catch(function () { /* Without a row at the server it is silent anyway. */ }) : Promise.resolve();
  };

  function patiently(promise) {
    return Promise.race([promise, new Promise(function (_, tired) { setTimeout(function () { tired({}); }, PATIENCE); })]);
  }

  // The server knows this browser.
  function told(made) {
    return NX.ask("POST", "/chat/push", { json: made.toJSON() }).then(function () {
      subscription = made;
      NX.keep(marked, "1");
    });
  }

  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) { return letter.charCodeAt(0); });
  }

  // Tell the server that this browser is still there.  It may have been turned off elsewhere: then it stays off.
  function renew() {
    var there = Object.assign({ renew: true }, subscription.toJSON());
    return NX.ask("POST", "/chat/push", { json: there }).then(function (answer) {
      if (!answer.rings) return NX.unring().then(NX.chips);
      return null;
    }, function () { /* The next visit asks again. */ });
  }

  // On opening the page: whether this browser is rung.
  if (able) navigator.serviceWorker.getRegistration("/chat").then(function (worker) {
    return worker ? worker.pushManager.getSubscription() : null;
  }).then(function (found) {
    subscription = found;
    return NX.rings() ? renew() : null;
  }).catch(function () { able = false; });
})();
