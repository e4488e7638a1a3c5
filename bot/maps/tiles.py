"""Where the streets under the map come from: the operator's own source of tiles, or none.

Templates are addresses with {x}, {y} and {z} of the web Mercator grid, such as 天地图's WMTS; {s} stands for the
numbers 0 to 7.  Tiles drawn in GCJ-02 lie some hundred metres beside WGS-84: the page shifts what it draws over them.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

HOSTS = "01234567"  # what {s} stands for


@dataclass(frozen=True, slots=True)
class Tiles:
    """Layers of tiles, the lowest first."""

    templates: tuple[str, ...] = ()
    attribution: str = ""
    datum: str = "wgs84"  # or gcj02; CGCS2000 is WGS-84 here

    @property
    def sources(self) -> str:
        """The hosts as a Content-Security-Policy names them, a blank before each."""
        hosts = {urlsplit(each.replace("{s}", host)).netloc for each in self.templates for host in HOSTS}
        return "".join(f" https://{host}" for host in sorted(hosts))

    @property
    def shown(self) -> dict[str, Any]:
        """What the page's map is told."""
        if not self.templates:
            return {}
        return {"tiles": self.templates, "hosts": HOSTS, "attribution": self.attribution, "datum": self.datum}
