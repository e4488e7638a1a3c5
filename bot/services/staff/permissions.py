"""Who may do what, and where: one table, read for every request; whatever is not in it is denied.

What somebody may do is right x district x agency x category x field.  A right is "noun.verb"; a field that not everybody
who sees the rest may see has a right of its own, such as "appeals.unmask".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from bot.services.core.lifecycle import Actor, Role


class Right(StrEnum):
    """A verb and its noun, as the audit and the console's words name them, and the roles that may do it."""

    roles: frozenset[Role]

    def __new__(cls, name: str, *roles: Role) -> "Right":
        made = str.__new__(cls, name)
        made._value_, made.roles = name, frozenset(roles)
        return made

    HOME_READ = "home.read"
    OWN_SESSIONS = "own.sessions"
    OWN_SECOND = "own.second"
    OWN_CHAT = "own.chat"
    APPEALS_READ = "appeals.read", Role.HANDLER, Role.REVIEWER, Role.ADMIN
    APPEALS_LOG = "appeals.log", Role.HANDLER, Role.REVIEWER, Role.ADMIN
    APPEALS_HANDLE = "appeals.handle", Role.HANDLER
    APPEALS_HELP = "appeals.help", Role.HANDLER
    APPEALS_EXTEND = "appeals.extend", Role.HANDLER, Role.ADMIN
    APPEALS_ATTACHMENTS = "appeals.attachments", Role.HANDLER, Role.REVIEWER, Role.ADMIN
    APPEALS_UNMASK = "appeals.unmask", Role.HANDLER, Role.REVIEWER, Role.ADMIN
    APPEALS_REVIEW = "appeals.review", Role.REVIEWER, Role.ADMIN
    APPEALS_ASSIGN = "appeals.assign", Role.ADMIN
    CONSULTATIONS_PUBLISH = "consultations.publish", Role.REVIEWER, Role.ADMIN
    APPEALS_EXPORT = "appeals.export", Role.ADMIN
    HAZARDS_READ = "hazards.read", Role.ORGANISER, Role.HANDLER, Role.REVIEWER, Role.ADMIN
    HAZARDS_HANDLE = "hazards.handle", Role.HANDLER
    HAZARDS_PHOTOS = "hazards.photos", Role.HANDLER, Role.REVIEWER, Role.ADMIN
    HAZARDS_REVIEW = "hazards.review", Role.REVIEWER, Role.ADMIN
    HAZARDS_EXPORT = "hazards.export", Role.ADMIN
    HAZARDS_LOG = "hazards.log", Role.HANDLER, Role.REVIEWER, Role.ADMIN
    HAZARDS_EXTEND = "hazards.extend", Role.REVIEWER, Role.ADMIN
    HAZARDS_RULES = "hazards.rules", Role.ADMIN
    VOLUNTEERS_READ = "volunteers.read", Role.ORGANISER, Role.ADMIN
    VOLUNTEERS_APPROVE = "volunteers.approve", Role.ORGANISER
    VOLUNTEERS_EXPORT = "volunteers.export", Role.ORGANISER, Role.ADMIN
    VOLUNTEERS_UNMASK = "volunteers.unmask", Role.ORGANISER, Role.ADMIN
    VOLUNTEERS_DISMISS = "volunteers.dismiss", Role.ADMIN
    REWARDS_REDEEM = "rewards.redeem", Role.ORGANISER, Role.COUNTER
    REWARDS_READ = "rewards.read", Role.ORGANISER, Role.APPROVER, Role.ADMIN
    REWARDS_WRITE = "rewards.write", Role.ORGANISER
    REWARDS_APPROVE = "rewards.approve", Role.APPROVER
    REWARDS_STOCK = "rewards.stock", Role.ORGANISER
    NOTICES_READ = "notices.read", Role.ORGANISER, Role.APPROVER, Role.ADMIN
    NOTICES_WRITE = "notices.write", Role.ORGANISER
    NOTICES_STOP = "notices.stop", Role.ORGANISER, Role.APPROVER
    NOTICES_EXPORT = "notices.export", Role.ORGANISER
    NOTICES_APPROVE = "notices.approve", Role.APPROVER
    POLICIES_READ = "policies.read", Role.ORGANISER, Role.APPROVER, Role.ADMIN
    POLICIES_EDIT = "policies.edit", Role.ORGANISER
    POLICIES_PUBLISH = "policies.publish", Role.APPROVER
    GAPS_READ = "gaps.read", Role.ORGANISER, Role.ADMIN
    GAPS_EXPORT = "gaps.export", Role.ORGANISER, Role.ADMIN
    GAPS_SETTLE = "gaps.settle", Role.ORGANISER
    STATIONS_READ = "stations.read", Role.ORGANISER, Role.ADMIN
    STATIONS_EXPORT = "stations.export", Role.ORGANISER, Role.ADMIN
    STATIONS_EDIT = "stations.edit", Role.ORGANISER
    UNITS_READ = "units.read", Role.ORGANISER, Role.ADMIN, Role.SYSTEM_ADMIN
    UNITS_EDIT = "units.edit", Role.ADMIN, Role.SYSTEM_ADMIN
    OUTLETS_READ = "outlets.read", Role.ORGANISER, Role.HANDLER, Role.ADMIN
    OUTLETS_EDIT = "outlets.edit", Role.ORGANISER
    VISITS_WRITE = "visits.write", Role.ORGANISER, Role.HANDLER
    CONTACTS_READ = "contacts.read", Role.ORGANISER, Role.ADMIN
    CONTACTS_EDIT = "contacts.edit", Role.ORGANISER
    COMPOUNDS_READ = "compounds.read", Role.ORGANISER, Role.ADMIN, Role.PROPERTY
    COMPOUNDS_EDIT = "compounds.edit", Role.ORGANISER
    GATES_RUN = "gates.run", Role.ORGANISER, Role.PROPERTY
    ENTRIES_TRACE = "entries.trace", Role.ADMIN
    PASSES_READ = "passes.read", Role.ORGANISER, Role.ADMIN
    PASSES_CHECK = "passes.check", Role.ORGANISER, Role.HANDLER, Role.COUNTER
    PASSES_SUSPEND = "passes.suspend", Role.ORGANISER, Role.ADMIN
    PASSES_REVOKE = "passes.revoke", Role.ADMIN
    PASSES_UNMASK = "passes.unmask", Role.ORGANISER, Role.ADMIN
    ROSTERS_UPLOAD = "rosters.upload", Role.ORGANISER
    OFFERINGS_READ = "offerings.read", Role.ORGANISER, Role.APPROVER, Role.ADMIN
    OFFERINGS_WRITE = "offerings.write", Role.ORGANISER
    OFFERINGS_APPROVE = "offerings.approve", Role.APPROVER
    SITTINGS_READ = "sittings.read", Role.ORGANISER, Role.ADMIN, Role.PROVIDER
    SITTINGS_RUN = "sittings.run", Role.ORGANISER
    SITTINGS_TICK = "sittings.tick", Role.ORGANISER, Role.PROVIDER
    SITTINGS_DECLINE = "sittings.decline", Role.PROVIDER
    STATISTICS_READ = "statistics.read", Role.ORGANISER, Role.APPROVER, Role.REVIEWER, Role.ADMIN, Role.AUDITOR
    STATISTICS_EXPORT = "statistics.export", Role.ADMIN
    PEOPLE_READ = "people.read", Role.ADMIN, Role.SYSTEM_ADMIN
    PEOPLE_EXPORT = "people.export", Role.ADMIN, Role.SYSTEM_ADMIN
    PEOPLE_ADD = "people.add", Role.ADMIN, Role.SYSTEM_ADMIN
    PEOPLE_MANAGE = "people.manage", Role.ADMIN, Role.SYSTEM_ADMIN
    PEOPLE_GRANT = "people.grant", Role.ADMIN, Role.SYSTEM_ADMIN
    SETTINGS_READ = "settings.read", Role.ADMIN, Role.SYSTEM_ADMIN
    SETTINGS_EDIT = "settings.edit", Role.ADMIN, Role.SYSTEM_ADMIN
    CALENDAR_EDIT = "calendar.edit", Role.SYSTEM_ADMIN
    BACKEND_READ = "backend.read", Role.SYSTEM_ADMIN
    BACKEND_AGAIN = "backend.again", Role.SYSTEM_ADMIN
    AUDIT_READ = "audit.read", Role.AUDITOR
    AUDIT_EXPORT = "audit.export", Role.AUDITOR
    VIEWS_READ = "views.read", Role.AUDITOR


EVERYBODY = frozenset({Right.HOME_READ, Right.OWN_SESSIONS, Right.OWN_SECOND, Right.OWN_CHAT})  # who is signed in
RIGHTS: Mapping[Role, frozenset[Right]] = {
    role: held for role in Role if (held := frozenset(right for right in Right if role in right.roles))
}
# People and settings, no cases; logs, no identities.  Neither goes together with any other role.
ALONE = frozenset({Role.SYSTEM_ADMIN, Role.AUDITOR})
GRANTABLE: Mapping[Role, frozenset[Role]] = {  # who may give which role, within their own district
    Role.ADMIN: frozenset(
        {Role.ORGANISER, Role.APPROVER, Role.HANDLER, Role.REVIEWER, Role.COUNTER, Role.PROVIDER, Role.PROPERTY}
    ),
    Role.SYSTEM_ADMIN: frozenset(RIGHTS),
}
# Never without a second factor: who may open a name, hears what is confided, lets something out, reads the logs or gives rights.
SECOND = frozenset({Role.APPROVER, Role.AUDITOR, Role.SYSTEM_ADMIN, Role.PROVIDER}).union(
    *(right.roles for right in Right if right.endswith(".unmask"))
)
AGENCY = frozenset({Role.HANDLER, Role.PROPERTY})  # see what their own agency has, and nothing else
KINDS = ("appeals.", "statistics.", "rewards.")  # rights about things that have a kind


class Denied(Exception):
    """Not allowed; whoever catches this writes it into the audit.

    hidden: whether there is such a thing must not be learnt either, so the answer is "not found".
    """

    why = "denied"  # the key of the sentence that says so

    def __init__(self, action: Right | Literal["origin"], subject: str = "", *, hidden: bool = False) -> None:
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

    def allows(self, right: Right) -> bool:
        """Whether the role holds for this right somewhere; one for a kind only, for nothing that has no kind."""
        return right in RIGHTS[self.role] and (not self.category or right.startswith(KINDS))

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
        self, right: Right, *, district: str | None = None, agency: int | None = None, category: str | None = None
    ) -> bool:
        """Whether they may do this there.

        district: where the thing is; None asks "anywhere at all?", as a page does before it lists anything.
        agency: who has the thing; None for no particular one, 0 for a thing nobody has.
        """
        return right in EVERYBODY or self.role_for(right, district, agency, category) is not None

    def require(
        self,
        right: Right,
        *,
        district: str | None = None,
        agency: int | None = None,
        category: str | None = None,
        subject: str = "",
        hidden: bool = False,
    ) -> Actor:
        """Who they act as when they do this, which must be one of RIGHTS.  Raises Denied."""
        role = self.role_for(right, district, agency, category)
        if role is None:
            raise Denied(right, subject, hidden=hidden)
        return Actor(role, self.id, self.agency_id)

    def require_other(self, author_id: int | None, right: Right, subject: str = "") -> None:
        """Author and approver, handler and reviewer are two people.  Raises SamePerson."""
        if author_id == self.id:
            raise SamePerson(right, subject)

    def districts(self, right: Right) -> tuple[str, ...]:
        """Prefixes of where they may do this, without those that lie in another one; "" is everywhere."""
        held = {grant.district for grant in self.grants if grant.allows(right)}
        found = sorted(held, key=lambda each: (len(each), each))  # the same ones in the same order, always
        return tuple(each for at, each in enumerate(found) if not each.startswith(tuple(found[:at])))

    def near(self, right: Right, region: str) -> bool:
        """Whether a region lies in one of the districts where they may do this, or around one."""
        return any(region.startswith(each) or each.startswith(region) for each in self.districts(right))

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(dict.fromkeys(grant.role for grant in self.grants))

    @property
    def needs_second(self) -> bool:
        return not SECOND.isdisjoint(self.roles)

    def role_for(
        self, right: Right, district: str | None = None, agency: int | None = None, category: str | None = None
    ) -> Role | None:
        """The first of their roles that allows this there."""
        for grant in self.grants:
            if grant.allows(right) and grant.covers(district, category) and self._of(grant.role, agency):
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
