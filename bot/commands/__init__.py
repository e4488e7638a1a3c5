"""The command line, one noun a file: each module has `add` (its arguments) and what they run."""
