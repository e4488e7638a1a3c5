"""Getting in at gates: compounds that anybody can look up."""
