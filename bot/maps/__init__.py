"""What every map stands on: Leaflet, outlines of districts, streets of the operator's own source."""
