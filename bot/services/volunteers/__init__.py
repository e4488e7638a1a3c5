"""Volunteers: applications, training, shifts, membership."""
