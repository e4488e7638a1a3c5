"""Time limits, and the days that are worked."""
