"""Finding a place to rest."""
