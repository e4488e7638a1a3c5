"""Opening hours: a value that knows when a place is open, read from what operators write.

Written here because no library on PyPI does what couriers need (looked at on 2026-11-22).  opening-hours-py 2.1.4 reads
OpenStreetMap's syntax, past midnight included, in 2 µs, but its Chinese holidays are one day each (it has 2025-10-07 open
under "PH off", in the middle of the National Day break), it knows no 调休 (2026-02-14, a Saturday on which the country
works, is closed under "Mo-Fr"), and it reads no Chinese.  The others on PyPI know no holidays of China at all.
"""

from knowledge.hours.calendar import SHANGHAI
from knowledge.hours.reading import UnreadableHours, read
from knowledge.hours.value import Hours, OpeningRule

__all__ = ["SHANGHAI", "Hours", "OpeningRule", "UnreadableHours", "read"]
