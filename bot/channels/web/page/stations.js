// The public map: stations around its middle, in a list below it; what they offer filters.
(function () {
  "use strict";
  var SHOWN = 40; // stations listed
  var list = NX.id("list"), filters = NX.id("filters"), wanted = {}, all = [], atlas = null, redraw = null;

  NX.atlas(NX.id("atlas"), { met: function (stations) {
    all = stations;
    offer();
    draw();
  }, moved: function () {
    clearTimeout(redraw);
    redraw = setTimeout(draw, 200);
  } }).then(function (made) {
    atlas = made;
    draw();
  }, function () { NX.toast(NX.say("map_failed")); });

  // One chip for each service that any station here has.
  function offer() {
    var services = {};
    all.forEach(function (station) { station.services.forEach(function (each) { services[each] = true; }); });
    NX.empty(filters);
    Object.keys(services).forEach(function (service) {
      filters.appendChild(NX.el("button", { type: "button", class: "quickly", "aria-pressed": String(Boolean(wanted[service])), text: service, on: { click: function () {
        wanted[service] = !wanted[service];
        this.setAttribute("aria-pressed", String(wanted[service]));
        atlas.show(fitting());
        draw();
      } } }));
    });
  }

  function fitting() {
    return all.filter(function (station) {
      return Object.keys(wanted).every(function (service) { return !wanted[service] || station.services.indexOf(service) >= 0; });
    });
  }

  function draw() {
    if (!atlas || !atlas.middle) return;
    var middle = atlas.middle;
    var near = fitting().map(function (station) { return { station: station, metres: atlas.map.distance(middle, [station.lat, station.lon]) }; });
    near.sort(function (a, b) { return a.metres - b.metres; });
    NX.empty(list);
    near.slice(0, SHOWN).forEach(function (each) { list.appendChild(NX.el("li", {}, [atlas.card(each.station, far(each.metres))])); });
    NX.id("none").hidden = near.length > 0;
  }

  function far(metres) {
    return metres < 1000 ? NX.say("metres", { count: Math.max(10, Math.round(metres / 10) * 10) }) : NX.say("kilometres", { count: (metres / 1000).toFixed(1) });
  }
})();
