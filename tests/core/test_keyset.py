"""Pages of a list by a text, which the database sorts in its own way."""

import pytest
from sqlalchemy import collate, select, true

from bot.services.core import keyset
from bot.services.core.keyset import Key, Part, Place
from bot.store.models import Agency
from tests.support import databases
from tests.support.units import unit_entered

NAMES = ["a-1", "B-1", "a1", "b2", "A2", "C-3", "c1", "d"]


@pytest.mark.parametrize("falling", [False, True])
async def test_every_row_comes_once_forwards_and_backwards_however_the_database_sorts_texts(app, falling):
    async with app.db.begin() as session:
        for name in NAMES:
            await unit_entered(session, name, region="999999")
    column = collate(Agency.name, "en-x-icu" if databases.is_meant() else "NOCASE")
    parts = [Part(true(), [Key(column, falling), Key(Agency.id)])]
    query = select(Agency.name).where(Agency.region == "999999")
    async with app.db.read() as session:
        order = column.desc() if falling else column.asc()
        wanted = list(await session.scalars(query.order_by(order, Agency.id)))
        seen, place = [], Place()
        while True:
            page = await keyset.page(session, query, Agency.id, parts, place, 3)
            seen += [name for (name,) in page.rows]
            if not page.after:
                break
            place = Place(after=page.after)
        assert seen == wanted
        back = [name for (name,) in page.rows]
        while page.before:
            page = await keyset.page(session, query, Agency.id, parts, Place(before=page.before), 3)
            back = [name for (name,) in page.rows] + back
        assert back == wanted
