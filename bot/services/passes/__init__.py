"""Getting in at gates: compounds that anybody can look up, and passes of who was checked once."""
