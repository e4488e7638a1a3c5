"""A compound with a property management, for tests of its gates."""

import pytest
from sqlalchemy import select

from bot.store.models import Agency, Compound
from tests.support.passes import compound_entered


@pytest.fixture
async def compound(app) -> Compound:
    """With an east and a north gate, of the property management where a Desk of this role works."""
    async with app.db.begin() as session:
        unit = await session.scalar(select(Agency.id).where(Agency.code == "labour"))
        return await compound_entered(session, "兴工花园", "东门", "北门", agency_id=unit, rules="走货梯。")
