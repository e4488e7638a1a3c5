"""Numbers: live, and frozen as ledgers."""
