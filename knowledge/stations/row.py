"""One row of a station file: its cells to the fields of a station, or what is wrong with them."""

from dataclasses import dataclass

from knowledge.geo import Datum, Point
from knowledge.places import Place, Places
from knowledge.stations.station import Station, station_id
from knowledge.stations.vocabulary import Vocabulary
from knowledge.tables import Record, RowFault, fields

LONGEST = {"name": 60, "address": 200, "offer": 300, "phone": 60, "photo": 300}  # characters


@dataclass(frozen=True, slots=True)
class RowReader:
    """What rows are read with."""

    datum: Datum
    places: Places
    vocabulary: Vocabulary

    def station(self, record: Record) -> Station:
        """The station of a row; not to be used when the record has faults, all of which are found at once."""
        nowhere: tuple[Point, Place | None] = (Point(0, 0), None)
        point, district = record.tried(lambda: fields.position(record, self.datum, self.places), nowhere)
        name = record.line("name", LONGEST["name"], missing="no_name")
        checked, offer_from, offer_until = (record.span(name) for name in ("checked", "offer_from", "offer_until"))
        return Station(
            id=station_id(record["id"], name, point),
            name=name,
            kind=record.tried(lambda: self._kind(record), ""),
            point=point,
            datum=self.datum,
            address=record.line("address", LONGEST["address"]),
            region=district.code if district else "",
            services=record.tried(lambda: self._services(record), frozenset()),
            hours=record.tried(lambda: fields.hours(record), None),
            phone=record.line("phone", LONGEST["phone"]),
            checked=checked.first if checked else None,
            checked_month=checked is not None and checked.is_month,
            closed=record.answer("closed"),
            sample=record.answer("sample"),
            photo=record.line("photo", LONGEST["photo"]),
            offer=record.line("offer", LONGEST["offer"]),
            offer_from=offer_from.first if offer_from else None,
            offer_until=offer_until.last if offer_until else None,
        )

    def _kind(self, record: Record) -> str:
        """As the file says, else as the name says (沈河货车司机之家), else `other`."""
        if not record["kind"]:
            return self.vocabulary.kind(record["name"]) or "other"
        if code := self.vocabulary.kind(record["kind"]):
            return code
        known = "、".join(kind.name for kind in self.vocabulary.kinds.values())
        raise RowFault("bad_kind", text=record["kind"], known=known)

    def _services(self, record: Record) -> frozenset[str]:
        codes, unknown = self.vocabulary.listed(record["services"])
        if unknown:
            known = "、".join(service.label for service in self.vocabulary.services.values())
            raise RowFault("bad_services", text="、".join(unknown), known=known)
        return codes
