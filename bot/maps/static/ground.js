// The ground of every map: Leaflet, the outlines of districts, and the operator's streets where there are any.  A page says
// first where the files are and what the streets come from: `Ground.is(address, source, words)`.  Coordinates are WGS-84.
(function () {
  "use strict";
  var Ground = (window.Ground = window.Ground || {});
  var GRID = 10000; // units of the outlines in one degree
  var FARTHEST = 6, CLOSEST = 18; // levels of zoom
  var MESH = 256; // pixels between two lines of the mesh
  var address, source, origin, loading = null, kept = {};

  // address: of a file of the ground, by its name; source: what the operator set for streets; said: whose outlines they are.
  Ground.is = function (where, streets, said) {
    address = where;
    source = streets;
    origin = said;
  };

  Ground.hasStreets = function () { return Boolean(source.tiles); };

  Ground.colour = function (name) { return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim(); };

  function element(tag, values) {
    var made = document.createElement(tag);
    Object.keys(values).forEach(function (name) { made[name] = values[name]; });
    return made;
  }

  // Leaflet, once.
  Ground.library = function () {
    if (!loading) {
      loading = new Promise(function (resolve, reject) {
        ["leaflet.css", "ground.css"].forEach(function (name) { document.head.appendChild(element("link", { rel: "stylesheet", href: address(name) })); });
        document.head.appendChild(element("script", { src: address("leaflet.js"), onload: resolve, onerror: function () {
          loading = null;
          reject(new Error("no map"));
        } }));
      });
    }
    return loading;
  };

  // A city with the outlines of its districts, by its code.
  Ground.city = function (code) {
    if (!kept[code]) {
      kept[code] = fetch(address("map-" + code + ".json")).then(function (response) {
        if (!response.ok) throw new Error("no outlines");
        return response.json();
      }).then(unpack);
      kept[code].catch(function () { delete kept[code]; });
    }
    return kept[code];
  };

  // Rings come as differences from point to point, longitude first.
  function unpack(city) {
    city.districts.forEach(function (district) {
      district.rings = district.rings.map(function (ring) {
        var x = 0, y = 0, points = [];
        for (var i = 0; i < ring.length; i += 2) {
          x += ring[i];
          y += ring[i + 1];
          points.push([y / GRID, x / GRID]);
        }
        return points;
      });
    });
    return city;
  }

  // A map of Leaflet in an element, with its ground, its scale and its source.
  Ground.map = function (holder, options) {
    var map = L.map(holder, Object.assign({ crs: Ground.crs(source.datum), preferCanvas: true, zoomControl: false, minZoom: FARTHEST, maxZoom: CLOSEST, zoomSnap: 0.5, attributionControl: false }, options));
    L.control.attribution({ prefix: false }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    if (source.tiles) streets(map);
    else mesh(map);
    return map;
  };

  // One that does not move.
  Ground.still = function (holder, options) {
    return Ground.map(holder, Object.assign({ dragging: false, touchZoom: false, doubleClickZoom: false, scrollWheelZoom: false, boxZoom: false, keyboard: false }, options));
  };

  // Streets of the operator's source, one layer over the other: a map, and its names.
  function streets(map) {
    source.tiles.forEach(function (url) {
      L.tileLayer(url, { subdomains: source.hosts || "abc", maxZoom: CLOSEST, attribution: source.attribution }).addTo(map);
    });
  }

  // Lines that move with the ground: there is always something to see, and to hold on to, however near one looks.
  function mesh(map) {
    var lines = L.gridLayer({ tileSize: MESH, attribution: origin });
    lines.createTile = function () { return element("div", { className: "mesh" }); };
    lines.addTo(map);
  }

  // The outlines of a city's districts, and their names.
  Ground.districts = function (city, land, names) {
    var look = { color: Ground.colour("land-line"), weight: 1.5, fillColor: Ground.colour("land"), fillOpacity: source.tiles ? 0 : 0.6, interactive: false };
    city.districts.forEach(function (district) {
      L.polygon(district.rings, look).addTo(land).bringToBack(); // They may come after the pins.
      var name = element("span", { textContent: district.name.replace(/(满族|蒙古族)自治县$/, "县") });
      L.marker([district.at[1], district.at[0]], { icon: L.divIcon({ className: "town", html: name, iconSize: [0, 0] }), interactive: false, keyboard: false }).addTo(names);
    });
  };
})();
