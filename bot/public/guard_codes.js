// Whether a rider's code is good, worked out on the guard's phone: by its signature, its date, and the list that the phone keeps.
// The same words and the same form as `bot/services/passes/signed.py` and `gate.py`.
var GUARD = {};
(function () {
  "use strict";
  var TOKEN = /^(p([0-9]{1,10})\.([0-9]{1,3})\.([0-9]{10})\.([0-9]{4})\.([0-9]{1,9}))\.([A-Za-z0-9_-]{86})$/;
  var KIND = { name: "ECDSA", namedCurve: "P-256" }, HASH = { name: "ECDSA", hash: "SHA-256" };

  function bytes(text) {
    return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), function (letter) { return letter.charCodeAt(0); });
  }

  function written(data) {
    return btoa(String.fromCharCode.apply(null, data)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  // The parts of a code that we signed; null for any other.
  GUARD.read = function (token, keys) {
    var found = TOKEN.exec(token), point = found && keys[Number(found[3])], signature = found && bytes(found[7]);
    // The last letter has bits to spare: one signature is written in one way.
    if (!point || written(signature) !== found[7]) return Promise.resolve(null);
    return crypto.subtle.importKey("raw", bytes(point), KIND, false, ["verify"]).then(function (key) {
      return crypto.subtle.verify(HASH, key, signature, new TextEncoder().encode(found[1]));
    }).then(function (good) {
      return good ? { id: found[2], until: Number(found[4]) * 1000, city: found[5], turn: Number(found[6]) } : null;
    });
  };

  // What a guard reads of a code at a moment.  sheet: what the phone keeps, or null.
  GUARD.judge = function (token, sheet, at) {
    if (!sheet) return Promise.resolve({ verdict: "no_list" });
    return GUARD.read(token, sheet.keys).then(function (code) {
      if (!code || code.city !== sheet.city) return { verdict: "unknown" };
      var shown = at - code.turn * sheet.turn, listed = at - sheet.at, seen = { until: code.until, shown: shown };
      if (shown > sheet.code_good || shown < -2 * sheet.turn) seen.verdict = "stale";
      else if (sheet.stopped[code.id]) seen.verdict = sheet.stopped[code.id];
      else if (code.until <= at) seen.verdict = "expired";
      else seen.verdict = listed > sheet.list_good || listed < 0 ? "list_old" : "ok";
      return seen.verdict === "unknown" ? { verdict: "unknown" } : seen;
    });
  };
})();
