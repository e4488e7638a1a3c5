// The page of dispatch rules: districts are chosen by clicking them, or an area is drawn.  It works without, by the select.
(function () {
  "use strict";
  var ZOOM = 10, MOST = 60; // corners of an area
  var each = function (list, work) { Array.prototype.forEach.call(list, work); };

  // map.js calls this for the holder of the map, once Leaflet is there.
  window.drawRules = function (holder) {
    var box = holder.closest("[data-draw]"), form = holder.closest("form"), select = form.elements.area;
    var field = form.elements.outline, said = box.querySelector("[data-said]"), back = box.querySelector("[data-back]"), clear = box.querySelector("[data-clear]");
    var known = {}, asked = {}, corners = [], mode = "districts";
    box.hidden = false;
    var map = Ground.map(holder, { boxZoom: false, doubleClickZoom: false });
    map.setView([Number(holder.dataset.lat), Number(holder.dataset.lon)], ZOOM);
    L.control.zoom({ zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
    var land = L.featureGroup().addTo(map), area = L.polygon([], { color: Ground.colour("bad"), weight: 3, interactive: false }), dots = L.layerGroup().addTo(map);
    JSON.parse(holder.dataset.rules).forEach(function (rule) {
      L.polygon(rule.corners, { color: Ground.colour("note-ink"), weight: 2, dashArray: "4", fillOpacity: 0.1, interactive: false }).addTo(map).bindTooltip(rule.name, { permanent: true, direction: "center", interactive: false });
    });
    map.on("moveend", look);
    map.on("click", function (event) { if (mode === "outline") corner(event.latlng); });
    select.addEventListener("change", paint);
    each(box.querySelectorAll("[data-mode]"), function (button) { button.addEventListener("click", function () { turn(button.dataset.mode); }); });
    back.addEventListener("click", function () { corners.pop(); tell(); });
    clear.addEventListener("click", function () { corners = []; tell(); });
    look();

    function look() {
      var middle = map.getCenter(), here = middle.lat.toFixed(1) + "," + middle.lng.toFixed(1);
      if (asked[here]) return;
      asked[here] = true;
      fetch(form.getAttribute("action") + "/districts?lat=" + middle.lat.toFixed(5) + "&lon=" + middle.lng.toFixed(5)).then(function (response) { return response.json(); }).then(function (found) {
        found.forEach(show);
        paint();
      }, function () { delete asked[here]; /* The select stays. */ });
    }

    function show(district) {
      if (known[district.code]) return;
      var shape = known[district.code] = L.polygon(district.rings, { renderer: L.svg({ padding: 1 }), className: "district" });
      shape.addTo(land).bindTooltip(district.name).on("click", function (event) {
        if (mode !== "districts") return;
        L.DomEvent.stop(event);
        choose(district);
      });
      shape.getElement().setAttribute("data-code", district.code);
      var name = document.createElement("span");
      name.textContent = district.name.replace(/^.*[市州盟](?=..)/, "");
      L.marker(shape.getBounds().getCenter(), { icon: L.divIcon({ className: "town", html: name, iconSize: [0, 0] }), interactive: false, keyboard: false }).addTo(land);
    }

    function option(code) { return Array.prototype.find.call(select.options, function (one) { return one.value === code; }); }

    function choose(district) {
      var one = option(district.code);
      if (!one) select.add(one = new Option(district.name, district.code));
      one.selected = !one.selected;
      paint();
    }

    function paint() {
      Object.keys(known).forEach(function (code) {
        var chosen = Boolean((option(code) || {}).selected);
        known[code].setStyle({ color: Ground.colour(chosen ? "link" : "land-line"), fillColor: Ground.colour(chosen ? "link" : "land"), weight: chosen ? 3 : 1.5, fillOpacity: chosen ? 0.35 : 0.25 });
      });
    }

    function turn(wanted) {
      mode = wanted;
      each(box.querySelectorAll("[data-mode]"), function (button) { button.setAttribute("aria-pressed", String(button.dataset.mode === mode)); });
      each(form.querySelectorAll("[data-by]"), function (part) { part.hidden = part.dataset.by !== mode; });
      select.disabled = mode === "outline";
      tell();
    }

    function corner(at) {
      if (corners.length < MOST) corners.push([at.lat, at.lng]);
      tell();
    }

    function tell() {
      var drawing = mode === "outline";
      dots.clearLayers();
      area.setLatLngs(drawing ? corners : []).addTo(map);
      if (drawing) corners.forEach(function (at) { L.circleMarker(at, { radius: 5, color: Ground.colour("bad"), interactive: false }).addTo(dots); });
      field.value = drawing ? corners.map(function (at) { return at[0].toFixed(5) + "," + at[1].toFixed(5); }).join(" ") : "";
      back.hidden = clear.hidden = !(drawing && corners.length);
      said.textContent = drawing && corners.length ? "点了 " + corners.length + " 个角" + (corners.length < 3 ? "，还要 " + (3 - corners.length) + " 个。" : "，可以存了。") : said.dataset[mode];
    }
  };
})();
