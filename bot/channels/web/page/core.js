// What all parts of the page use: words, elements, storage, questions to the server.
// Written for browsers from 2018 on (Chromium 66, iOS 11): no modules, no ?. or ??, no fetch needed.
var NX = {};

(function () {
  "use strict";
  var LONGEST_WAIT = 120000; // ms; whoever is told to come back later than that is told so
  var words = JSON.parse(document.body.getAttribute("data-words"));
  NX.worker = document.body.getAttribute("data-worker");
  NX.statics = document.body.getAttribute("data-static");

  // A sentence by its key, with {values} filled in.
  NX.say = function (key, values) {
    if (!(key in words)) throw new Error("no sentence " + key);
    return words[key].replace(/\{(\w+)\}/g, function (whole, name) {
      return values && name in values ? String(values[name]) : whole;
    });
  };

  NX.id = function (name) {
    return document.getElementById(name);
  };

  // An element: attributes, then children, which may be text.  Never markup from elsewhere.
  NX.el = function (tag, attributes, children) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) {
      var value = attributes[name];
      if (value === null || value === undefined || value === false) return;
      if (name === "text") element.textContent = value;
      else if (name === "on") Object.keys(value).forEach(function (event) { element.addEventListener(event, value[event]); });
      else element.setAttribute(name, value === true ? "" : value);
    });
    (children || []).forEach(function (child) {
      if (child) element.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
    });
    return element;
  };

  NX.svg = function (tag, attributes, children) {
    var element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    (children || []).forEach(function (child) { element.appendChild(child); });
    return element;
  };

  // A picture out of the page's own set; what it means is said beside it.
  NX.icon = function (name) {
    var use = NX.svg("use", { href: "#i-" + name });
    use.setAttributeNS("http://www.w3.org/1999/xlink", "xlink:href", "#i-" + name);
    return NX.svg("svg", { "aria-hidden": "true", focusable: "false" }, [use]);
  };

  NX.empty = function (element) {
    while (element.firstChild) element.removeChild(element.firstChild);
    return element;
  };

  // Storage that private windows may refuse; then it lasts as long as the page.
  var memory = {};
  NX.keep = function (name, value) {
    memory[name] = value;
    try {
      if (value === null) localStorage.removeItem("nuanxin:" + name);
      else localStorage.setItem("nuanxin:" + name, value);
    } catch (error) { /* The copy in memory has to do. */ }
  };
  NX.kept = function (name) {
    try {
      var value = localStorage.getItem("nuanxin:" + name);
      if (value !== null) return value;
    } catch (error) { /* The copy in memory has to do. */ }
    return name in memory ? memory[name] : null;
  };

  NX.key = function () {
    var bytes = new Uint8Array(16);
    (window.crypto || window.msCrypto).getRandomValues(bytes);
    return Array.prototype.map.call(bytes, function (byte) { return ("0" + byte.toString(16)).slice(-2); }).join("");
  };

  // Ask the server.  Resolves to the answer; rejects with {status, error, why, after}, status 0 without a connection.
  // after: ms until the server wants to be asked again, 0 where it did not say.
  NX.ask = function (method, path, options) {
    var given = options || {};
    return new Promise(function (resolve, reject) {
      var request = new XMLHttpRequest();
      request.open(method, address(path, given.query));
      var clock = null; // of an upload: time is up when no byte has gone for so long
      function alive() {
        clearTimeout(clock);
        clock = setTimeout(function () { request.abort(); }, given.stalled);
      }
      if (given.stalled) alive();
      else request.timeout = given.timeout || 30000; // milliseconds
      request.setRequestHeader("X-Nuanxin-Chat", "1");
      if (given.json) request.setRequestHeader("Content-Type", "application/json");
      if (given.file) request.setRequestHeader("Content-Type", given.file.type || "application/octet-stream");
      if (given.progress) request.upload.onprogress = function (event) {
        alive();
        given.progress(event.loaded / event.total);
      };
      request.onloadend = function () { clearTimeout(clock); };
      request.onload = function () {
        var answer;
        try { answer = JSON.parse(request.responseText); } catch (error) { answer = {}; }
        if (request.status >= 200 && request.status < 300) resolve(answer);
        else reject({
          status: request.status, why: answer.why || "", after: 1000 * Number(request.getResponseHeader("Retry-After") || 0) || 0,
          error: answer.error || NX.say(request.status >= 500 ? "busy" : "trouble")
        });
      };
      request.onerror = request.ontimeout = request.onabort = function () {
        reject({ status: 0, error: NX.say("trouble"), why: "offline", after: 0 });
      };
      if (given.started) given.started(request);
      request.send(given.json ? JSON.stringify(given.json) : given.file || null);
    });
  };

  // Whether the server is there and has no room just now: it answers soon.
  NX.isBusy = function (problem) {
    return (problem.status === 429 && problem.after > 0 || problem.status >= 500) && problem.after <= LONGEST_WAIT;
  };

  function address(path, query) {
    var values = Object.assign({}, query);
    if (NX.worker) values.as = NX.worker;
    var pairs = Object.keys(values).map(function (name) { return name + "=" + encodeURIComponent(values[name]); });
    return path + (pairs.length ? (path.indexOf("?") < 0 ? "?" : "&") + pairs.join("&") : "");
  }

  // The address of a file of this conversation.
  NX.file = function (path) {
    return address(path);
  };

  NX.later = function (milliseconds) {
    return new Promise(function (resolve) { setTimeout(resolve, milliseconds); });
  };
})();
