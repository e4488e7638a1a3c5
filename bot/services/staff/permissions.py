"""Who may do what, and where: one table, read for every request; whatever is not in it is denied.

A right is action x district x agency x category x field.  An action is "noun.verb"; a field that not everybody
who sees the rest may see is an action of its own, such as "appeals.unmask".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.services.core.lifecycle import Actor, Role

EVERYBODY = frozenset({"home.read", "own.sessions", "own.second", "own.chat"})

RIGHTS: Mapping[Role, frozenset[str]] = {
    Role.ORGANISER: frozenset(
        """policies.read policies.edit gaps.read gaps.settle stations.read stations.edit notices.read notices.write
        notices.stop notices.export
        volunteers.read volunteers.approve volunteers.unmask rewards.redeem rewards.stock hazards.read statistics.read
        units.read""".split()
    ),
    Role.APPROVER: frozenset(
        "policies.read policies.publish notices.read notices.approve notices.stop statistics.read".split()
    ),
    Role.HANDLER: frozenset(
        """appeals.read appeals.log appeals.handle appeals.extend appeals.attachments appeals.unmask
        hazards.read hazards.handle hazards.photos""".split()
    ),
    Role.REVIEWER: frozenset(
        """appeals.read appeals.log appeals.review appeals.attachments appeals.unmask hazards.read hazards.review
        hazards.photos statistics.read""".split()
    ),
    Role.ADMIN: frozenset(
        """appeals.read appeals.log appeals.assign appeals.review appeals.extend appeals.attachments
        appeals.unmask appeals.export
        hazards.read hazards.review hazards.photos hazards.rules
        volunteers.read volunteers.dismiss volunteers.unmask policies.read gaps.read stations.read notices.read
        statistics.read statistics.export people.read people.add people.manage people.grant
        units.read units.edit settings.read settings.edit""".split()
    ),
    # People and settings, no cases; logs, no identities.  Neither goes together with any other role.
    Role.SYSTEM_ADMIN: frozenset(
        """people.read people.add people.manage people.grant units.read units.edit settings.read settings.edit calendar.edit
        backend.read backend.again""".split()
    ),
    Role.AUDITOR: frozenset("audit.read views.read statistics.read".split()),
    Role.COUNTER: frozenset({"rewards.redeem"}),
}
ALONE = frozenset({Role.SYSTEM_ADMIN, Role.AUDITOR})
GRANTABLE: Mapping[Role, frozenset[Role]] = {  # who may give which role, within their own district
    Role.ADMIN: frozenset({Role.ORGANISER, Role.APPROVER, Role.HANDLER, Role.REVIEWER, Role.COUNTER}),
    Role.SYSTEM_ADMIN: frozenset(RIGHTS),
}
SECOND = frozenset({Role.ADMIN, Role.APPROVER, Role.AUDITOR, Role.SYSTEM_ADMIN})  # never without a second factor
AGENCY = frozenset({Role.HANDLER})  # see what their own agency has, and nothing else
KINDS = ("appeals.", "statistics.", "rewards.")  # actions about things that have a kind
ACTIONS = frozenset(EVERYBODY).union(*RIGHTS.values())


class Denied(Exception):
    """Not allowed; whoever catches this writes it into the audit.

    hidden: whether there is such a thing must not be learnt either, so the answer is "not found".
    """

    why = "denied"  # the key of the sentence that says so

    def __init__(self, action: str, subject: str = "", *, hidden: bool = False) -> None:
        super().__init__(f"{action} {subject}".strip())
        self.action, self.subject, self.hidden = action, subject, hidden


class SamePerson(Denied):
    """Somebody would check their own work."""

    why = "same_person"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, and where it holds: a district by GB/T 2260 prefix, a kind of appeals or a reward; "" is all of them."""

    role: Role
    district: str = ""
    category: str = ""

    def allows(self, action: str) -> bool:
        """Whether the role holds for this action somewhere; one for a kind only, for nothing that has no kind."""
        return action in RIGHTS[self.role] and (not self.category or action.startswith(KINDS))

    def covers(self, district: str | None, category: str | None) -> bool:
        """None asks whether it holds anywhere at all; "" is the whole country, or a case of no kind."""
        near = district is None or district.startswith(self.district)
        return near and (not self.category or category is None or category == self.category)


@dataclass(frozen=True, slots=True)
class Staffer:
    """Somebody signed in, with what they may do at this moment."""

    id: int
    name: str
    username: str
    district: str = ""
    agency_id: int | None = None
    grants: tuple[Grant, ...] = field(default=())

    def may(
        self, action: str, *, district: str | None = None, agency: int | None = None, category: str | None = None
    ) -> bool:
        """Whether they may do this there.

        district: where the thing is; None asks "anywhere at all?", as a page does before it lists anything.
        agency: who has the thing; None for no particular one, 0 for a thing nobody has.
        """
        return action in EVERYBODY or self.role_for(action, district, agency, category) is not None

    def require(
        self,
        action: str,
        *,
        district: str | None = None,
        agency: int | None = None,
        category: str | None = None,
        subject: str = "",
        hidden: bool = False,
    ) -> Actor:
        """Who they act as when they do this, which must be one of RIGHTS.  Raises Denied."""
        role = self.role_for(action, district, agency, category)
        if role is None:
            raise Denied(action, subject, hidden=hidden)
        return Actor(role, self.id, self.agency_id)

    def require_other(self, author_id: int | None, action: str, subject: str = "") -> None:
        """Author and approver, handler and reviewer are two people.  Raises SamePerson."""
        if author_id == self.id:
            raise SamePerson(action, subject)

    def districts(self, action: str) -> tuple[str, ...]:
        """Prefixes of where they may do this, without those that lie in another one; "" is everywhere."""
        held = {grant.district for grant in self.grants if grant.allows(action)}
        found = sorted(held, key=lambda each: (len(each), each))  # the same ones in the same order, always
        return tuple(each for at, each in enumerate(found) if not each.startswith(tuple(found[:at])))

    def near(self, action: str, region: str) -> bool:
        """Whether a region lies in one of the districts where they may do this, or around one."""
        return any(region.startswith(each) or each.startswith(region) for each in self.districts(action))

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(dict.fromkeys(grant.role for grant in self.grants))

    @property
    def needs_second(self) -> bool:
        return not SECOND.isdisjoint(self.roles)

    def role_for(
        self, action: str, district: str | None = None, agency: int | None = None, category: str | None = None
    ) -> Role | None:
        """The first of their roles that allows this there."""
        for grant in self.grants:
            if grant.allows(action) and grant.covers(district, category) and self._of(grant.role, agency):
                return grant.role
        return None

    def _of(self, role: Role, agency: int | None) -> bool:
        bound = role in AGENCY or self.agency_id is not None
        return agency is None or not bound or agency == self.agency_id


def outranks(giver: Staffer, person_id: int, district: str, grants: Iterable[Grant]) -> bool:
    """Whether somebody may change this person at all: nobody themselves, nobody of their own kind or above.

    Otherwise a fresh link for a colleague with more rights would be a way to become them.
    """
    held = tuple(grants)
    return giver.id != person_id and any(
        district.startswith(mine.district) and all(may_give(mine, each) for each in held)
        for mine in giver.grants
        if mine.role in GRANTABLE
    )


def may_give(mine: Grant, wanted: Grant) -> bool:
    """Whether a role lets its holder give this one: of a kind below it, and no further than it reaches."""
    below = wanted.role in GRANTABLE.get(mine.role, ())
    return below and wanted.district.startswith(mine.district) and mine.category in ("", wanted.category)
