"""Points and what they buy."""
