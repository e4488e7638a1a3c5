"""Until when a hazard is to be dealt with."""

from sqlalchemy import select

from bot.services.calendar.deadlines import Deadlines
from bot.services.hazards.states import OPEN
from bot.store.models import Hazard, HazardStep

DEADLINES = Deadlines(
    of="hazard",
    model=Hazard,
    states=OPEN,
    lines=select(HazardStep.hazard_id, HazardStep.name, HazardStep.key, HazardStep.at),
    kinds=lambda knowledge: knowledge.hazards.kinds,
)
