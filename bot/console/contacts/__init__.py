"""Outlets and contacts: lists, imports, each by itself, visits."""
