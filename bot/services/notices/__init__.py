"""Notices: written, approved, sent to many, counted."""
