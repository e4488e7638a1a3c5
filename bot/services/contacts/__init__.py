"""Outlets, who looks after them and after districts, and the visits there."""
