// Without a network the page opens all the same, where the browser can keep it, and says what can be done meanwhile.
(function () {
  "use strict";
  // Whether nobody has been reached since the page was opened: whom to call stands in place of what was said before.
  NX.cutOff = function (now) {
    NX.id("offline").hidden = !now;
    if (now) NX.welcome(false);
  };

  // Once all of the page is there: what is kept must not stand in its way.
  if (navigator.serviceWorker && !NX.worker) window.addEventListener("load", function () {
    navigator.serviceWorker.register("/chat/worker.js", { scope: "/chat" }).catch(function () { /* It opens with a network only. */ });
  });
})();
