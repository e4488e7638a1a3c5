"""Tables that people hand in, of whatever kind: CSV, XLSX and GeoJSON become records of clean texts, by our names.

One reader for stations, rosters, calendars and contacts, so that what one of them learnt holds for all.  Everything that
is wrong is found at once, each with its row; nothing is guessed, and nothing disappears without a word.
"""

from knowledge.tables.columns import Columns
from knowledge.tables.file import Sheet, read
from knowledge.tables.problems import Problem, Problems
from knowledge.tables.record import DaySpan, Record
from knowledge.tables.rows import FileRefused, RowFault

__all__ = ["Columns", "DaySpan", "FileRefused", "Problem", "Problems", "Record", "RowFault", "Sheet", "read"]
