"""Hazards: places and things that are wrong, from the report to the fix that somebody else has seen."""
