"""Every kind of outbox row is known by name, and somebody carries it out."""

import re
from typing import get_args, get_type_hints

from bot.queue.jobs import JOBS, Timer
from bot.services.timer_handlers import RINGS
from bot.store.models import Channel, Outbox
from tests.support.project import ROOT


def test_every_kind_of_row_has_somebody_who_carries_it_out(app):
    kinds = [each.kind for each in JOBS if not each.batched]
    silent = set(Channel) - set(app.channels)
    assert set(app.relay.handlers) == set(kinds) - silent
    assert len(kinds) == len(set(kinds))
    assert max(map(len, kinds)) <= Outbox.kind.type.length


def test_rows_are_written_through_the_list_of_kinds_only():
    for folder in ("bot", "handlers"):
        for path in (ROOT / folder).rglob("*.py"):
            if path != ROOT / "bot" / "queue" / "jobs.py":
                assert not re.search(r"\bOutbox\(\w+=", path.read_text(encoding="utf-8").replace("\n", "")), path


def test_every_timer_rings_somewhere():
    of = {name for kind in get_args(Timer) for name in get_args(get_type_hints(kind)["of"])}
    assert of == set(RINGS)
