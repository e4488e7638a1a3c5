"""What the system does, one noun a file.  A service gets a transaction, writes rows, sends nothing, commits nothing."""
