// The page of a hazard: where the handler stands, and rectangles over faces and plates.  It works without, by typing.
(function () {
  "use strict";
  var each = function (list, work) { Array.prototype.forEach.call(list, work); };

  each(document.querySelectorAll("form[data-place]"), function (form) {
    var button = form.querySelector("[data-locate]");
    if (!navigator.geolocation) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.geolocation.getCurrentPosition(function (found) {
        form.elements.lat.value = found.coords.latitude;
        form.elements.lon.value = found.coords.longitude;
        button.textContent = button.dataset.found;
      }, function () { form.elements.off_site.focus(); }, { enableHighAccuracy: true, timeout: 15000 });
    });
  });

  var SVG = "http://www.w3.org/2000/svg";
  each(document.querySelectorAll("form[data-mark]"), function (form) {
    var image = form.querySelector("img"), field = form.querySelector("[data-boxes]"), clear = form.querySelector("[data-clear]");
    var sheet = document.createElementNS(SVG, "svg"), boxes = [], drawn = null;
    sheet.setAttribute("preserveAspectRatio", "none");
    image.parentNode.appendChild(sheet);
    clear.hidden = false;
    var fit = function () { sheet.setAttribute("viewBox", "0 0 " + image.naturalWidth + " " + image.naturalHeight); };
    image.addEventListener("load", fit);
    if (image.complete && image.naturalWidth) fit();
    var at = function (event) {
      var box = sheet.getBoundingClientRect();
      return [Math.round((event.clientX - box.left) / box.width * image.naturalWidth), Math.round((event.clientY - box.top) / box.height * image.naturalHeight)];
    };
    var show = function (rect, box) {
      rect.setAttribute("x", Math.min(box[0], box[2])); rect.setAttribute("y", Math.min(box[1], box[3]));
      rect.setAttribute("width", Math.abs(box[2] - box[0])); rect.setAttribute("height", Math.abs(box[3] - box[1]));
    };
    var tell = function () { field.value = boxes.map(function (box) { return box.map(function (value) { return Math.max(value, 0); }).join(","); }).join(" "); };
    sheet.addEventListener("pointerdown", function (event) {
      event.preventDefault();
      sheet.setPointerCapture(event.pointerId);
      drawn = { box: at(event).concat(at(event)), rect: document.createElementNS(SVG, "rect") };
      sheet.appendChild(drawn.rect);
    });
    sheet.addEventListener("pointermove", function (event) {
      if (!drawn) return;
      drawn.box = drawn.box.slice(0, 2).concat(at(event));
      show(drawn.rect, drawn.box);
    });
    sheet.addEventListener("pointerup", function () {
      if (!drawn) return;
      if (Math.abs(drawn.box[2] - drawn.box[0]) > 4 && Math.abs(drawn.box[3] - drawn.box[1]) > 4) boxes.push(drawn.box);
      else sheet.removeChild(drawn.rect);
      drawn = null;
      tell();
    });
    clear.addEventListener("click", function () { boxes = []; while (sheet.firstChild) sheet.removeChild(sheet.firstChild); tell(); });
  });
})();
