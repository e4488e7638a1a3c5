"""Pages about what a city sets: which days are worked, and how long things may take."""
