"""Stations: places to rest, drink, charge and wash.  The format of the files is in README.md beside this one."""

from knowledge.stations.index import Near, Stations
from knowledge.stations.station import Station, station_id
from knowledge.stations.vocabulary import Kind, Service, Vocabulary

__all__ = ["Kind", "Near", "Service", "Station", "Stations", "Vocabulary", "station_id"]
