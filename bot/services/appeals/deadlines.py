"""Until when an appeal is to be answered."""

from sqlalchemy import select

from bot.services.appeals.states import OPEN, AppealState
from bot.services.calendar.deadlines import Deadlines
from bot.store.models import Appeal, AppealStep

DEADLINES = Deadlines(
    of="appeal",
    model=Appeal,
    states=OPEN - {AppealState.ANSWERED},
    lines=select(AppealStep.appeal_id, AppealStep.name, AppealStep.key, AppealStep.at),
    kinds=lambda knowledge: knowledge.appeals.kinds,
    hidden="confidential",
)
