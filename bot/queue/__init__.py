"""What leaves: rows written with the change that caused them, who sends them, and how fast."""
