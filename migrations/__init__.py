"""The revisions of the database, found here by `python -m bot migrate`, also in an installed wheel."""
