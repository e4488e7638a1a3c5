"""Buttons under a notice: to an https address, to a policy, or to a station, as an organiser types where they lead."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from bot.errors import Rejected
from bot.messaging.callbacks import Callback, ShowPolicy, ShowStation, button
from bot.messaging.reply import Button, Link
from knowledge import Knowledge

MOST = 4
LONGEST = 30  # characters of a label
POLICY, STATION = "policy:", "station:"  # before the title, name or number of a place of ours
PRESSES = tuple(f"{each.verb}:" for each in (ShowPolicy, ShowStation))  # what a press of such a button begins with


def read(knowledge: Knowledge, typed: Sequence[tuple[str, str]]) -> list[Button]:
    """Labels and where they lead, as the notice keeps them.  Raises Rejected."""
    if len(typed) > MOST:
        raise Rejected("notice.buttons", most=MOST)
    return [_button(knowledge, label.strip(), target.strip()) for label, target in typed]


def _button(knowledge: Knowledge, label: str, target: str) -> Button:
    if target.startswith(POLICY):
        name, place = _policy(knowledge, target.removeprefix(POLICY).strip())
    elif target.startswith(STATION):
        name, place = _station(knowledge, target.removeprefix(STATION).strip())
    else:
        return _checked(label, Link(label=label, url=_address(target)))
    label = label or name[:LONGEST]
    return _checked(label, button(label, place))


def _checked(label: str, button: Button) -> Button:
    if not 0 < len(label) <= LONGEST:
        raise Rejected("notice.button", most=LONGEST)
    return button


def _address(target: str) -> str:
    try:
        address = urlsplit(target)
    except ValueError:
        address = urlsplit("")
    if address.scheme != "https" or not address.hostname:
        raise Rejected("notice.button", most=LONGEST)
    return target


def _policy(knowledge: Knowledge, wanted: str) -> tuple[str, Callback]:
    names = ((each.id, {each.id, each.label, each.title}) for each in knowledge.policies.values())
    found = _only([id_ for id_, known in names if wanted in known], wanted)
    return knowledge.policies[found].label, ShowPolicy(found)


def _station(knowledge: Knowledge, wanted: str) -> tuple[str, Callback]:
    found = _only([each.id for each in knowledge.stations if wanted in {each.id, each.name}], wanted)
    station = knowledge.stations.get(found)
    return (station.name if station else wanted), ShowStation(found)


def _only(found: Sequence[str], wanted: str) -> str:
    if len(found) != 1:
        raise Rejected("notice.button_many" if found else "notice.button_none", wanted=wanted[:40])
    return found[0]


def check(knowledge: Knowledge, buttons: Iterable[Button]) -> None:
    """Raises Rejected, naming the button, when the policy or the station it leads to is not there any more."""
    for each in buttons:
        verb, _, place = each["press"].partition(":") if "press" in each else ("", "", "")
        gone = place not in knowledge.policies if verb == ShowPolicy.verb else knowledge.stations.get(place) is None
        if f"{verb}:" in PRESSES and gone:
            raise Rejected("notice.button_gone", label=each["label"])


def typed(knowledge: Knowledge, button: Mapping[str, str]) -> str:
    """Where a button leads, as `read` takes it; "" for one that leads into the chat itself."""
    if "url" in button:
        return button["url"]
    verb, _, number = button["press"].partition(":")
    if verb == ShowPolicy.verb:
        return POLICY + (knowledge.policies[number].label if number in knowledge.policies else number)
    station = knowledge.stations.get(number) if verb == ShowStation.verb else None
    if station is not None and sum(each.name == station.name for each in knowledge.stations) == 1:
        return STATION + station.name
    return STATION + number if verb == ShowStation.verb else ""


def offered(knowledge: Knowledge, districts: Iterable[str], most: int = 300) -> list[str]:
    """What is suggested while somebody types: all policies, and some stations of their districts."""
    mine = tuple(districts)
    stations = [STATION + each.name for each in knowledge.stations if each.region.startswith(mine)]
    return [POLICY + each.label for each in knowledge.policies.values()] + stations[:most]
