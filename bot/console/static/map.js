// Maps on the ground that all of them share.  What a list holds comes from the server as clusters of the piece one looks at;
// a single place lies still.  Without a script or without Leaflet the page has a drawing, or the words.
(function () {
  "use strict";
  var EDGE = 0.004, WORLD = 60; // degrees that the server draws at least and at most
  var STREET = 16, DISTRICT = 12, CLOSER = 2; // levels of zoom
  var each = function (list, work) { Array.prototype.forEach.call(list, work); };
  var number = function (holder, name) { return Number(holder.dataset[name]); };

  each(document.querySelectorAll(".ground"), function (holder) {
    var files = JSON.parse(holder.dataset.ground);
    Ground.is(function (name) { return files[name]; }, JSON.parse(holder.dataset.streets), holder.dataset.origin);
    Ground.library().then(function () {
      holder.hidden = false;
      if (holder.dataset.clusters) list(holder);
      else if (holder.dataset.rules) drawRules(holder);
      else single(holder);
    }, function () { /* The drawing stays. */ });
  });

  function outlines(holder, map) {
    var land = L.layerGroup().addTo(map), names = L.layerGroup().addTo(map);
    if (!holder.dataset.city) return;
    Ground.city(holder.dataset.city).then(function (city) { Ground.districts(city, land, names); }, function () { /* Pins and scale have to do. */ });
  }

  function single(holder) {
    var at = [number(holder, "lat"), number(holder, "lon")], map = Ground.still(holder);
    map.setView(at, Ground.hasStreets() ? STREET : DISTRICT);
    outlines(holder, map);
    L.marker(at, { icon: icon("dot late", 18, ""), interactive: false, keyboard: false }).addTo(map);
    var near = JSON.parse(holder.dataset.near || "[]");
    near.forEach(function (other) { neighbour(map, other); });
    if (near.length) map.fitBounds(L.latLngBounds(near.map(function (other) { return other.at; }).concat([at])).pad(0.3), { maxZoom: STREET });
  }

  // Something beside it, which opens its part of the page.
  function neighbour(map, other) {
    var mark = L.marker(other.at, { icon: icon("dot", 22, ""), title: other.name }).addTo(map);
    mark.getElement().setAttribute("aria-label", other.name);
    mark.on("click", open);
    mark.getElement().addEventListener("keydown", function (event) { if (event.key === "Enter") open(); });

    function open() {
      var part = document.getElementById(other.opens);
      part.open = true;
      part.scrollIntoView({ block: "center" });
      part.querySelector("summary").focus({ preventScroll: true });
    }
  }

  function list(holder) {
    each(document.querySelectorAll("[data-drawn]"), function (drawn) { drawn.hidden = true; });
    var map = Ground.map(holder, {}), marks = L.layerGroup().addTo(map), asked = 0;
    var lat = number(holder, "lat"), lon = number(holder, "lon"), half = number(holder, "span") / 2;
    var wide = half / Math.max(Math.cos(lat * Math.PI / 180), 0.2);
    map.fitBounds([[lat - half, lon - wide], [lat + half, lon + wide]]);
    L.control.zoom({ zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
    outlines(holder, map);
    map.on("moveend", look);
    look();

    function look() {
      var bounds = map.getBounds(), middle = bounds.getCenter(), mine = ++asked;
      var across = (bounds.getEast() - bounds.getWest()) * Math.cos(middle.lat * Math.PI / 180);
      var span = Math.min(Math.max(bounds.getNorth() - bounds.getSouth(), across, EDGE), WORLD);
      var here = "&lat=" + middle.lat.toFixed(5) + "&lon=" + middle.lng.toFixed(5) + "&span=" + span.toFixed(5);
      fetch(holder.dataset.clusters + here).then(function (response) {
        if (!response.ok) throw new Error(response.status);
        return response.json();
      }).then(function (found) { if (mine === asked) show(found); }, function () { /* What was there stays; the next move asks again. */ });
    }

    function show(found) {
      marks.clearLayers();
      found.forEach(function (cluster) {
        var said = cluster.to ? cluster.name : cluster.count + " 处，" + holder.dataset.bad + " " + cluster.bad + " 处，点开放大";
        var size = Math.min(26 + 8 * String(cluster.count).length, 58), sign = cluster.count > 1 ? String(cluster.count) : "";
        var mark = L.marker(cluster.at, { icon: icon(cluster.bad ? "dot late" : "dot", sign ? size : 22, sign), title: said });
        mark.addTo(marks);
        mark.getElement().setAttribute("aria-label", said);
        mark.on("click", open);
        mark.getElement().addEventListener("keydown", function (event) { if (event.key === "Enter") open(); });

        function open() {
          if (cluster.to) location.href = cluster.to;
          else map.setView(cluster.at, map.getZoom() + CLOSER);
        }
      });
    }
  }

  function icon(name, size, sign) {
    var words = document.createElement("span");
    words.textContent = sign;
    return L.divIcon({ className: name, html: words, iconSize: [size, size] });
  }
})();
