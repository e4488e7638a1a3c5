"""Open311 GeoReport v2: hazards for other systems to read and to report.  Appeals never pass here."""
