"""Backups: one file with the database, the sealed files and the deletion log, encrypted, whole or not there at all."""
