"""Stations: places to rest, drink, charge and wash.  The format of the files is in README.md beside this one."""

from knowledge.stations.index import NearStation, Stations
from knowledge.stations.station import Station, station_id
from knowledge.stations.vocabulary import StationKind, StationService, Vocabulary

__all__ = ["NearStation", "Station", "StationKind", "StationService", "Stations", "Vocabulary", "station_id"]
