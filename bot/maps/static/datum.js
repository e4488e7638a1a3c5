// Streets drawn in GCJ-02 lie some hundred metres beside WGS-84, in which all places here are.  The shift belongs to the
// projection, so whatever is drawn falls on the right street, and a pin comes back as WGS-84.  Formula: knowledge/geo.py.
(function () {
  "use strict";
  var Ground = (window.Ground = window.Ground || {});
  var AXIS = 6378245, ECCENTRICITY = 0.00669342162296594323; // metres; squared
  var STEPS = 6; // of the inverse; three are enough inside China
  var sin = Math.sin, PI = Math.PI;

  function shifted(lat, lon) {
    if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lat, lon];
    var x = lon - 105, y = lat - 35, waves = ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3;
    var north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + waves;
    north += ((20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3 + ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
    var east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + waves;
    east += ((20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3 + ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
    var angle = (lat * PI) / 180, curve = 1 - ECCENTRICITY * sin(angle) * sin(angle);
    var meridian = (AXIS * (1 - ECCENTRICITY)) / (curve * Math.sqrt(curve));
    return [lat + ((north / meridian) * 180) / PI, lon + ((east / ((AXIS / Math.sqrt(curve)) * Math.cos(angle))) * 180) / PI];
  }

  function unshifted(lat, lon) {
    var y = lat, x = lon;
    for (var i = 0; i < STEPS; i++) {
      var there = shifted(y, x);
      y -= there[0] - lat;
      x -= there[1] - lon;
    }
    return [y, x];
  }

  // The projection of tiles in a datum; Leaflet has to be there.
  Ground.crs = function (datum) {
    if (datum !== "gcj02") return L.CRS.EPSG3857;
    var sphere = L.Projection.SphericalMercator;
    return L.extend({}, L.CRS.EPSG3857, { code: "GCJ-02", projection: L.extend({}, sphere, {
      project: function (at) { return sphere.project(L.latLng(shifted(at.lat, at.lng))); },
      unproject: function (point) {
        var at = sphere.unproject(point);
        return L.latLng(unshifted(at.lat, at.lng));
      }
    }) });
  };
})();
