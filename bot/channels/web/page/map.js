// A map that needs nobody: outlines of a city's districts, drawn as SVG; a tap is a place.
// Coordinates are WGS-84, as the outlines are and as the server expects.
(function () {
  "use strict";
  var CITIES = NX.say("map_cities").split(" ").map(function (city) { return city.split(":"); });
  var GRID = 10000; // units of the outlines in one degree
  var CLOSEST = 0.02, FARTHEST = 4; // degrees of longitude across the screen
  var kept = {}; // outlines by city

  NX.map = function () {
    NX.sheet(NX.say("map_title"), function (sheet, shut) { new Chart(sheet, shut); }, { full: true });
  };

  function outlines(code) {
    if (!kept[code]) {
      kept[code] = NX.ask("GET", NX.statics + "/map-" + code + ".json").then(unpack);
      kept[code].catch(function () { delete kept[code]; });
    }
    return kept[code];
  }

  // Rings come as differences from point to point.
  function unpack(city) {
    city.districts.forEach(function (district) {
      district.rings = district.rings.map(function (ring) {
        var x = 0, y = 0, points = [];
        for (var i = 0; i < ring.length; i += 2) {
          x += ring[i];
          y += ring[i + 1];
          points.push([x / GRID, y / GRID]);
        }
        return points;
      });
    });
    return city;
  }

  function inside(point, ring) {
    var within = false;
    for (var i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      var a = ring[i], b = ring[j];
      if ((a[1] > point[1]) !== (b[1] > point[1]) && point[0] < ((b[0] - a[0]) * (point[1] - a[1])) / (b[1] - a[1]) + a[0]) within = !within;
    }
    return within;
  }

  function Chart(sheet, shut) {
    var self = this;
    this.shut = shut;
    this.city = null;
    this.point = null; // [longitude, latitude]
    this.chips = NX.el("div", { class: "chips", role: "group", "aria-label": NX.say("map_city") }, CITIES.map(function (city) {
      return NX.el("button", { type: "button", class: "chip", "data-city": city[0], "aria-pressed": "false", text: city[1], on: { click: function () { self.open(city[0]); } } });
    }));
    this.land = NX.svg("g", {});
    this.names = NX.svg("g", {});
    this.needle = NX.svg("g", {}, [
      NX.svg("path", { class: "needle", d: "M0 0C-7-9-13-15-13-23a13 13 0 0 1 26 0C13-15 7-9 0 0z" }),
      NX.svg("circle", { class: "needle-eye", cx: 0, cy: -23, r: 4.5 })
    ]);
    this.svg = NX.svg("svg", { tabindex: "0", role: "application", "aria-label": NX.say("map_title") + ": " + NX.say("map_keys") }, [this.land, this.names, this.needle]);
    this.ground = NX.el("div", { class: "ground" }, [this.svg, this.zoomButtons()]);
    this.words = NX.el("p", { role: "status", text: NX.say("map_none") });
    this.button = NX.el("button", { type: "button", class: "main", text: NX.say("map_send"), disabled: true, on: { click: function () { self.send(); } } });
    [this.chips, this.ground, NX.el("div", { class: "decide" }, [this.words, this.button, NX.el("p", { class: "small", text: NX.say("map_source") })])].forEach(function (part) { sheet.appendChild(part); });
    this.fingers();
    this.open(NX.kept("city") || CITIES[0][0]);
  }

  Chart.prototype.zoomButtons = function () {
    var self = this;
    function button(icon, key, act) {
      return NX.el("button", { type: "button", class: "icon", "aria-label": NX.say(key), title: NX.say(key), on: { click: act } }, [NX.icon(icon)]);
    }
    return NX.el("div", { class: "zoom" }, [
      button("plus", "map_zoom_in", function () { self.zoom(0.6); }),
      button("minus", "map_zoom_out", function () { self.zoom(1 / 0.6); }),
      button("whole", "map_reset", function () { self.reset(true); })
    ]);
  };

  Chart.prototype.open = function (code) {
    var self = this;
    Array.prototype.forEach.call(this.chips.children, function (chip) { chip.setAttribute("aria-pressed", String(chip.getAttribute("data-city") === code)); });
    outlines(code).then(function (city) {
      NX.keep("city", code);
      self.city = city;
      self.point = null;
      self.draw();
      self.reset(false);
      self.choose(null);
    }, function () { self.words.textContent = NX.say("map_failed"); });
  };

  // The middle of the city, or all of it.
  Chart.prototype.reset = function (whole) {
    var size = this.ground.getBoundingClientRect();
    this.middle = this.city.middle.slice();
    this.span = this.city.span * Math.max(1, size.width / size.height);
    if (whole) {
      var xs = [], ys = [];
      this.city.districts.forEach(function (district) { district.rings[0].forEach(function (point) { xs.push(point[0]); ys.push(point[1]); }); });
      var west = Math.min.apply(null, xs), east = Math.max.apply(null, xs), south = Math.min.apply(null, ys), north = Math.max.apply(null, ys);
      this.middle = [(west + east) / 2, (south + north) / 2];
      this.span = Math.max(east - west, ((north - south) / this.flat()) * (size.width / size.height)) * 1.06;
    }
    this.place();
  };

  // How much narrower a degree of longitude is than one of latitude here.
  Chart.prototype.flat = function () { return Math.cos((this.city.middle[1] * Math.PI) / 180); };

  // Pixels per degree of longitude.
  Chart.prototype.scale = function () { return this.ground.getBoundingClientRect().width / this.span; };

  Chart.prototype.toScreen = function (point) {
    var size = this.ground.getBoundingClientRect(), scale = this.scale();
    return [size.width / 2 + (point[0] - this.middle[0]) * scale, size.height / 2 - ((point[1] - this.middle[1]) * scale) / this.flat()];
  };

  Chart.prototype.toGround = function (x, y) {
    var size = this.ground.getBoundingClientRect(), scale = this.scale();
    return [this.middle[0] + (x - size.width / 2) / scale, this.middle[1] - ((y - size.height / 2) / scale) * this.flat()];
  };

  // Shapes are drawn once, in degrees; moving only changes how the group lies.
  Chart.prototype.draw = function () {
    var self = this;
    NX.empty(this.land);
    NX.empty(this.names);
    this.city.districts.forEach(function (district) {
      var path = district.rings.map(function (ring) {
        return "M" + ring.map(function (point) { return (point[0] - self.city.middle[0]).toFixed(4) + " " + (-(point[1] - self.city.middle[1]) / self.flat()).toFixed(4); }).join("L") + "Z";
      }).join("");
      district.shape = NX.svg("path", { class: "district", d: path });
      district.label = NX.svg("text", {});
      district.label.textContent = district.name.replace(/(满族|蒙古族)自治县$/, "县");
      self.land.appendChild(district.shape);
      self.names.appendChild(district.label);
    });
  };

  Chart.prototype.place = function () {
    var self = this, scale = this.scale(), origin = this.toScreen(this.city.middle);
    this.land.setAttribute("transform", "translate(" + origin[0] + " " + origin[1] + ") scale(" + scale + ")");
    var taken = [];
    this.city.districts.forEach(function (district) {
      var at = self.toScreen(district.at), wide = district.label.textContent.length * 8 + 4;
      district.label.setAttribute("x", at[0]);
      district.label.setAttribute("y", at[1]);
      district.label.setAttribute("font-size", "15");
      // Names that would lie upon each other wait until one looks closer.
      var cut = at[0] < wide || at[0] > self.ground.clientWidth - wide;
      var crossed = cut || taken.some(function (other) { return Math.abs(other[0] - at[0]) < other[2] + wide && Math.abs(other[1] - at[1]) < 18; });
      district.label.setAttribute("visibility", crossed ? "hidden" : "visible");
      if (!crossed) taken.push([at[0], at[1], wide]);
    });
    this.needle.setAttribute("visibility", this.point ? "visible" : "hidden");
    if (this.point) this.needle.setAttribute("transform", "translate(" + this.toScreen(this.point).join(" ") + ")");
  };

  Chart.prototype.zoom = function (factor, x, y) {
    var size = this.ground.getBoundingClientRect();
    var fixed = x === undefined ? (this.point ? this.toScreen(this.point) : [size.width / 2, size.height / 2]) : [x, y];
    var before = this.toGround(fixed[0], fixed[1]);
    this.span = Math.min(FARTHEST, Math.max(CLOSEST, this.span * factor));
    var after = this.toGround(fixed[0], fixed[1]);
    this.middle = [this.middle[0] + before[0] - after[0], this.middle[1] + before[1] - after[1]];
    this.place();
  };

  Chart.prototype.choose = function (point) {
    var name = NX.say("map_outside");
    this.point = point;
    this.city.districts.forEach(function (district) {
      var here = Boolean(point) && district.rings.some(function (ring) { return inside(point, ring); });
      district.shape.setAttribute("class", "district" + (here ? " here" : ""));
      if (here) name = district.name;
    });
    this.words.textContent = point ? NX.say("map_chosen", { place: this.city.name + " · " + name }) : NX.say("map_none");
    this.button.disabled = !point;
    this.place();
  };

  Chart.prototype.send = function () {
    var point = this.point;
    this.shut();
    NX.send({ location: { latitude: Number(point[1].toFixed(5)), longitude: Number(point[0].toFixed(5)) } });
  };

  // Mouse, pen and fingers: a tap chooses, one moves, two zoom.  Keys do the same.
  Chart.prototype.fingers = function () {
    var self = this, down = {}, moved = false, apart = 0;
    function spot(event) {
      var size = self.ground.getBoundingClientRect();
      return [event.clientX - size.left, event.clientY - size.top];
    }
    function begin(id, at) { down[id] = at; moved = Object.keys(down).length > 1; apart = 0; }
    function move(id, at) {
      if (!down[id] || !self.city) return;
      var ids = Object.keys(down), before = down[id];
      if (Math.abs(at[0] - before[0]) + Math.abs(at[1] - before[1]) < 6 && !moved) return;
      moved = true;
      down[id] = at;
      if (ids.length === 1) {
        var from = self.toGround(before[0], before[1]), to = self.toGround(at[0], at[1]);
        self.middle = [self.middle[0] + from[0] - to[0], self.middle[1] + from[1] - to[1]];
        self.place();
      } else {
        var a = down[ids[0]], b = down[ids[1]];
        var now = Math.max(10, Math.sqrt(Math.pow(a[0] - b[0], 2) + Math.pow(a[1] - b[1], 2)));
        if (apart) self.zoom(apart / now, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
        apart = now;
      }
    }
    function end(id, at) {
      if (down[id] && !moved && at && self.city) self.choose(self.toGround(at[0], at[1]));
      delete down[id];
      apart = 0;
    }
    if (window.PointerEvent) {
      this.svg.addEventListener("pointerdown", function (event) {
        if (self.svg.setPointerCapture) self.svg.setPointerCapture(event.pointerId);
        begin(event.pointerId, spot(event));
      });
      this.svg.addEventListener("pointermove", function (event) { move(event.pointerId, spot(event)); });
      this.svg.addEventListener("pointerup", function (event) { end(event.pointerId, spot(event)); });
      this.svg.addEventListener("pointercancel", function (event) { end(event.pointerId, null); });
    } else {
      ["touchstart", "touchmove", "touchend", "touchcancel"].forEach(function (kind) {
        self.svg.addEventListener(kind, function (event) {
          event.preventDefault();
          Array.prototype.forEach.call(event.changedTouches, function (touch) {
            if (kind === "touchstart") begin(touch.identifier, spot(touch));
            else if (kind === "touchmove") move(touch.identifier, spot(touch));
            else end(touch.identifier, kind === "touchend" ? spot(touch) : null);
          });
        }, { passive: false });
      });
    }
    this.svg.addEventListener("wheel", function (event) {
      event.preventDefault();
      if (self.city) self.zoom(event.deltaY > 0 ? 1.25 : 0.8, spot(event)[0], spot(event)[1]);
    }, { passive: false });
    this.svg.addEventListener("keydown", function (event) {
      var steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      if (!self.city) return;
      if (steps[event.key]) {
        event.preventDefault();
        var at = self.point || self.middle, step = self.span / 24;
        self.choose([at[0] + steps[event.key][0] * step, at[1] + steps[event.key][1] * step * self.flat()]);
      } else if (event.key === "+" || event.key === "=") self.zoom(0.6);
      else if (event.key === "-") self.zoom(1 / 0.6);
      else if (event.key === "Enter" && self.point) {
        event.preventDefault(); // Or the key goes on to press the button that gets the focus back.
        self.send();
      }
    });
    this.resized = function () { if (self.city && document.contains(self.svg)) self.place(); };
    window.addEventListener("resize", this.resized);
  };
})();
