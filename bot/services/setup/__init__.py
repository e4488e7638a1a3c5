"""Setting a district up: what its units have, who takes over from one that is switched off, and what is still missing."""
