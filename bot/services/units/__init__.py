"""Offices, streets and agencies that cases go to."""
