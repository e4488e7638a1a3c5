// A look at the map above a list of stations: where each is, seen from where somebody asked.  A tap opens the whole map.
(function () {
  "use strict";
  var NEAR = 16, WITHOUT_STREETS = 12.5; // the closest zoom: without streets, one at which outlines of districts are in sight

  // A map of some stations, by name, around a point {lat, lon, own}; it is drawn once somebody can see it.
  NX.glance = function (around, names) {
    if (!around) return null;
    var ground = NX.el("div", { class: "sheetmap", "aria-hidden": "true" });
    var holder = NX.el("div", { class: "glance" }, [ground, NX.el("button", { type: "button", class: "cover", "aria-label": NX.say("glance"), title: NX.say("glance"), on: { click: open } })]);
    function open() {
      NX.sheet(NX.say("stations_name"), function (sheet) { NX.atlas(sheet, { at: [around.lat, around.lon] }); }, { full: true });
    }
    seen(holder, function () {
      NX.stationsAround(around).then(function (stations) {
        var found = names.map(function (name) { return stations.filter(function (each) { return each.name === name; })[0]; });
        if (found.some(Boolean) && document.contains(ground)) draw(ground, around, found);
      }, function () { /* The list says where they are; the next visit draws it. */ });
    });
    return holder;
  };

  // Do something once an element comes into view; where the browser cannot tell, the tap has to do.
  function seen(element, act) {
    if (!window.IntersectionObserver) return;
    var watch = new IntersectionObserver(function (entries) {
      if (!entries.some(function (entry) { return entry.isIntersecting; })) return;
      watch.disconnect();
      act();
    });
    watch.observe(element);
  }

  function draw(ground, around, stations) {
    NX.stillMap(ground).then(function (map) {
      var bounds = L.latLngBounds(around.own ? [[around.lat, around.lon]] : []);
      stations.forEach(function (station, at) {
        if (!station) return;
        bounds.extend([station.lat, station.lon]);
        L.marker([station.lat, station.lon], { icon: L.divIcon({ className: "pinned", html: String(at + 1), iconSize: [26, 26] }), interactive: false, keyboard: false }).addTo(map);
      });
      if (around.own) NX.ownDot([around.lat, around.lon]).addTo(map);
      map.fitBounds(bounds, { padding: [24, 24], maxZoom: Ground.hasStreets() ? NEAR : WITHOUT_STREETS, animate: false });
    }, function () { /* As above. */ });
  }
})();
