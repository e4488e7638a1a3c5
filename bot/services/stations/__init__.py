"""Stations as rows: imported, corrected, doubted."""
