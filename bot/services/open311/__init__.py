"""What GeoReport v2 needs besides hazards."""
