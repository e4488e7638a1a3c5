// The map of the page: stations and a place to choose, on the ground that all maps share.  Coordinates are WGS-84.
(function () {
  "use strict";
  var CITIES = NX.say("map_cities").split(" ").map(function (city) { return city.split(":"); });
  var CITY = 11, NEAR = 14, STREET = 16; // levels of zoom
  var ROUNDED = 2; // digits of the place whose stations are asked for: about a kilometre

  Ground.is(function (name) { return NX.statics + "/" + name; }, JSON.parse(document.body.getAttribute("data-map") || "{}"), NX.say("map_source"));

  function inside(at, ring) {
    var within = false;
    for (var i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      var a = ring[i], b = ring[j];
      if ((a[0] > at.lat) !== (b[0] > at.lat) && at.lng < ((b[1] - a[1]) * (at.lat - a[0])) / (b[0] - a[0]) + a[1]) within = !within;
    }
    return within;
  }

  // A map to look at, that does not move; resolves once it is there.
  NX.stillMap = function (ground) {
    return Ground.library().then(function () {
      var map = Ground.still(ground);
      var land = L.layerGroup().addTo(map), names = L.layerGroup().addTo(map);
      Ground.city(NX.kept("city") || CITIES[0][0]).then(function (city) { Ground.districts(city, land, names); }, function () { /* Pins and scale have to do. */ });
      return map;
    });
  };

  NX.ownDot = function (at) {
    return L.circleMarker(at, { radius: 8, color: "#fff", weight: 3, fillColor: "#1a73e8", fillOpacity: 1, interactive: false });
  };

  // The stations around a place, which is rounded before it leaves the phone.
  NX.stationsAround = function (place) {
    return NX.ask("GET", "/chat/stations", { query: { lat: place.lat.toFixed(ROUNDED), lon: place.lon.toFixed(ROUNDED) } }).then(function (found) { return found.stations; });
  };

  // A map in an element, at `at` if that is given.  `moved` hears where its middle is, and the name of the place; `met` which stations are there.
  NX.Atlas = function (ground, given) {
    var self = this;
    this.given = given;
    this.stations = {};
    this.map = Ground.map(ground);
    this.land = L.layerGroup().addTo(this.map);
    this.names = L.layerGroup().addTo(this.map);
    this.pins = L.layerGroup().addTo(this.map);
    this.map.on("moveend", function () { self.look(); });
    this.open(NX.kept("city") || CITIES[0][0]);
  };

  NX.Atlas.prototype.open = function (code) {
    var self = this;
    Ground.city(code).then(function (city) {
      NX.keep("city", code);
      self.city = city;
      if (self.given.opened) self.given.opened(code);
      self.draw();
      self.map.setView(self.given.at || [city.middle[1], city.middle[0]], self.given.at ? NEAR : CITY, { animate: false });
      self.given.at = null; // Another city is looked at from its own middle.
      self.look();
    }, function () { NX.toast(NX.say("map_failed")); });
  };

  NX.Atlas.prototype.draw = function () {
    this.land.clearLayers();
    this.names.clearLayers();
    Ground.districts(this.city, this.land, this.names);
  };

  // All of the city.
  NX.Atlas.prototype.whole = function () {
    var bounds = L.latLngBounds([]);
    this.city.districts.forEach(function (district) { bounds.extend(district.rings[0]); });
    this.map.fitBounds(bounds);
  };

  NX.Atlas.prototype.district = function (at) {
    var here = this.city.districts.filter(function (district) { return district.rings.some(function (ring) { return inside(at, ring); }); })[0];
    return here ? here.name : NX.say("map_outside");
  };

  // What is in the middle, and which stations are around it.
  NX.Atlas.prototype.look = function () {
    var self = this, at = this.map.getCenter(), place = at.lat.toFixed(ROUNDED) + "," + at.lng.toFixed(ROUNDED);
    if (!this.city) return;
    this.middle = at;
    if (this.given.moved) this.given.moved(at, NX.say("map_chosen", { place: this.city.name + " · " + this.district(at) }));
    if (place === this.asked) return;
    this.asked = place;
    NX.stationsAround({ lat: at.lat, lon: at.lng }).then(function (stations) { self.show(stations); }, function () { self.asked = ""; });
  };

  NX.Atlas.prototype.show = function (stations) {
    var self = this;
    this.pins.clearLayers();
    stations.forEach(function (station) {
      var pin = L.circleMarker([station.lat, station.lon], { radius: 9, color: Ground.colour("card"), weight: 2, fillColor: Ground.colour(station.open ? "good" : "soft"), fillOpacity: 1 });
      pin.bindPopup(function () { return self.card(station); }, { closeButton: false, minWidth: 200 });
      pin.addTo(self.pins);
    });
    if (this.given.met) this.given.met(stations);
  };

  // A station as people read it: name, until when, what is there, and the way.
  NX.Atlas.prototype.card = function (station, distance) {
    return NX.el("div", { class: "spot" }, [
      NX.el("b", { text: station.name }),
      NX.el("p", { class: station.open ? "good" : "", text: [distance, station.hours].filter(Boolean).join(" · ") }),
      station.services.length ? NX.el("p", {}, station.services.map(function (each) { return NX.el("span", { class: "tag", text: each }); })) : null,
      station.address ? NX.el("p", { class: "small", text: station.address }) : null,
      station.note ? NX.el("p", { class: "small", text: station.note }) : null,
      NX.el("a", { class: "choice", href: station.way, target: "_blank", rel: "noopener noreferrer", text: NX.say("open_amap") })
    ]);
  };

  // Where somebody stands, when their phone says so.
  NX.Atlas.prototype.locate = function () {
    var self = this;
    if (!navigator.geolocation || !window.isSecureContext) { NX.toast(NX.say("locate_refused")); return; }
    navigator.geolocation.getCurrentPosition(function (found) {
      var at = [found.coords.latitude, found.coords.longitude];
      if (self.here) self.here.remove();
      self.here = NX.ownDot(at).addTo(self.map);
      self.map.setView(at, STREET);
    }, function () { NX.toast(NX.say("locate_refused")); }, { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 });
  };

  // ---- what stands around a map

  function tools(atlas) {
    function button(icon, key, act) {
      return NX.el("button", { type: "button", class: "icon", "aria-label": NX.say(key), title: NX.say(key), on: { click: act } }, [NX.icon(icon)]);
    }
    return NX.el("div", { class: "zoom" }, [
      button("target", "map_here", function () { atlas().locate(); }),
      button("plus", "map_zoom_in", function () { atlas().map.zoomIn(); }),
      button("minus", "map_zoom_out", function () { atlas().map.zoomOut(); }),
      button("whole", "map_reset", function () { atlas().whole(); })
    ]);
  }

  function towns(atlas) {
    return NX.el("div", { class: "chips", role: "group", "aria-label": NX.say("map_city") }, CITIES.map(function (city) {
      return NX.el("button", { type: "button", class: "chip", "data-city": city[0], "aria-pressed": "false", text: city[1], on: { click: function () { atlas().open(city[0]); } } });
    }));
  }

  // A map with its buttons in an element; resolves once it is there.
  NX.atlas = function (holder, given) {
    var atlas = null, ground = NX.el("div", { class: "sheetmap", "aria-label": NX.say("map_title") + ": " + NX.say("map_keys") });
    function get() { return atlas; }
    var chips = towns(get);
    given.opened = function (code) {
      Array.prototype.forEach.call(chips.children, function (chip) { chip.setAttribute("aria-pressed", String(chip.getAttribute("data-city") === code)); });
    };
    holder.appendChild(chips);
    holder.appendChild(NX.el("div", { class: "ground" }, [ground, given.cross ? NX.el("i", { class: "cross" }) : null, tools(get)]));
    return Ground.library().then(function () {
      atlas = new NX.Atlas(ground, given);
      return atlas;
    });
  };

  // Choose a place: the middle of the map is what is sent.
  NX.map = function () {
    var at = null;
    NX.sheet(NX.say("map_title"), function (sheet, shut) {
      var words = NX.el("p", { role: "status", text: NX.say("map_loading") });
      var button = NX.el("button", { type: "button", class: "main", text: NX.say("map_send"), disabled: true, on: { click: send } });
      function send() {
        shut();
        NX.send({ location: { latitude: Number(at.lat.toFixed(5)), longitude: Number(at.lng.toFixed(5)) } });
      }
      NX.atlas(sheet, { cross: true, moved: function (middle, place) {
        at = middle;
        words.textContent = place;
        button.disabled = false;
      } }).then(function (atlas) {
        atlas.map.getContainer().addEventListener("keydown", function (event) {
          if (event.key !== "Enter" || !at) return;
          event.preventDefault(); // Or the key goes on to press the button that gets the focus back.
          send();
        });
      }, function () { words.textContent = NX.say("map_failed"); });
      sheet.appendChild(NX.el("div", { class: "decide" }, [words, button]));
    }, { full: true });
  };
})();
