"""Whom a draft of an entry calls: who may publish it and wrote nothing of it; its author, once it was sent back."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.core.context import ServiceContext
from bot.services.policies import policies
from bot.services.staff import calls
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import PolicyRevision
from knowledge.texts import DEFAULT

NOUN = policies.NOUN


class Drafts:
    """Drafts by the entry they are of: who may open one is a matter of the region that stands in it."""

    async def find(
        self, session: AsyncSession, staffer: Staffer, number: str | int | None, right: Right
    ) -> PolicyRevision | None:
        draft = policies.draft_of(await policies.history(session, str(number)))
        if draft is None:
            return None
        return draft if policies.allowed(staffer, right, policies.parse(draft.topic, draft.text)) else None


async def look(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    rows = await policies.history(session, number)
    draft = policies.draft_of(rows)
    if draft is None or (draft.sent_back_at is None) != (what == "publish"):
        return None
    entry = policies.parse(number, draft.text)
    line = context.knowledge.texts.say(DEFAULT, f"call.policy_{what}", title=entry.title)
    region = "" if entry.region == "cn" else entry.region
    if what == "publish":
        return Matter(line, Right.POLICIES_PUBLISH, region=region, but=calls.people(*policies.authors(rows)))
    return Matter(line, Right.POLICIES_EDIT, region=region, only=calls.people(draft.author_id))


SOURCE = CallSource(Drafts(), urls.POLICIES, look)
