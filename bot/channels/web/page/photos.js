// Photos on their way: made smaller on the phone, and kept on it until the server has them.
(function () {
  "use strict";
  var SIDE = 1920, QUALITY = 0.85; // longest side in pixels, as the server keeps photos; of JPEG
  var SMALL = 400 * 1024; // bytes; not worth the work
  // Where the browser does not turn photos upright by itself, the server has to see how they were held.
  var upright = Boolean(window.CSS && CSS.supports && CSS.supports("image-orientation", "from-image"));

  // The photo, smaller if that can be done here; else as it is.
  NX.shrink = function (file) {
    if (!upright || file.size < SMALL || !HTMLCanvasElement.prototype.toBlob) return Promise.resolve(file);
    return new Promise(function (resolve) {
      var image = new Image(), local = URL.createObjectURL(file);
      function done(made) {
        URL.revokeObjectURL(local);
        resolve(made && made.size < file.size ? made : file);
      }
      image.onerror = function () { done(null); };
      image.onload = function () {
        var scale = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight));
        var canvas = NX.el("canvas", { width: Math.round(image.naturalWidth * scale), height: Math.round(image.naturalHeight * scale) });
        try {
          canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
          canvas.toBlob(done, "image/jpeg", QUALITY);
        } catch (error) { done(null); }
      };
      image.src = local;
    });
  };

  // ---- a shelf for files, beside what NX.keep holds; private windows may have none

  function shelf(mode, work) {
    return new Promise(function (resolve, reject) {
      if (!window.indexedDB) { reject(new Error("no storage")); return; }
      var opening = indexedDB.open("nuanxin", 1);
      opening.onupgradeneeded = function () { opening.result.createObjectStore("files"); };
      opening.onerror = function () { reject(opening.error); };
      opening.onsuccess = function () {
        var base = opening.result, change = base.transaction("files", mode), asked = work(change.objectStore("files"));
        change.oncomplete = function () { base.close(); resolve(asked.result); };
        change.onerror = change.onabort = function () { base.close(); reject(change.error); };
      };
    });
  }
  function nothing() { /* The copy in memory has to do. */ }

  NX.keepFile = function (key, file) { return shelf("readwrite", function (files) { return files.put(file, key); }).catch(nothing); };
  NX.keptFile = function (key) { return shelf("readonly", function (files) { return files.get(key); }).catch(nothing); };
  NX.dropFile = function (key) { return shelf("readwrite", function (files) { return files.delete(key); }).catch(nothing); };
  NX.dropFiles = function () { return shelf("readwrite", function (files) { return files.clear(); }).catch(nothing); };
})();
