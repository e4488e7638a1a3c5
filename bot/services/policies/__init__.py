"""Edits of policy entries, published by a second person."""
