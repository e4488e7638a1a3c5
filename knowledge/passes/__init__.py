"""Getting in at gates: the lists of compounds that people hand in, and what the demo shows."""
