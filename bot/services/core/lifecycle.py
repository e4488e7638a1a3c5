"""A lifecycle: one table of who may move a case from which state to which, for every kind of case.

The same table stands in the database (`allowed_steps`), where a trigger refuses whatever is not in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who moves a case.  The first three are no staff."""

    WORKER = "worker"
    SYSTEM = "system"  # rules and timers
    BACKEND = "backend"  # the outside system behind the queue
    ORGANISER = "organiser"
    APPROVER = "approver"
    HANDLER = "handler"
    REVIEWER = "reviewer"
    ADMIN = "district_admin"
    SYSTEM_ADMIN = "system_admin"
    AUDITOR = "auditor"
    PROVIDER = "provider"  # who holds consultations: a lawyer, a counsellor
    PROPERTY = "property"  # who looks after the gates of their own compounds
    COUNTER = "counter"  # where rewards are handed over: a station's or a merchant's own person


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who does something, as steps and logs name them."""

    role: Role
    id: int | None = None  # the staff member, where there is one
    agency_id: int | None = None


WORKER, SYSTEM, BACKEND = Actor(Role.WORKER), Actor(Role.SYSTEM), Actor(Role.BACKEND)


@dataclass(frozen=True, slots=True)
class Step:
    """An allowed step.  `name` is the verb people use for it.  One that stays in its state is told by its name alone."""

    name: str
    source: str
    target: str
    who: frozenset[Role]


class IllegalStep(Exception):
    """The lifecycle does not know this step, or not for this role.  Names what would be legal."""

    def __init__(self, kind: str, source: str, target: str, legal: Iterable[str]) -> None:
        self.kind, self.source, self.target, self.legal = kind, source, target, tuple(sorted(legal))
        known = ", ".join(self.legal) or "none"
        super().__init__(f"{source} -> {target} is not allowed; from {source}: {known}")


class Lifecycle:
    """All steps of one kind of case."""

    def __init__(self, kind: str, states: Iterable[str], steps: Iterable[Step]) -> None:
        self.kind = kind
        self.states = tuple(states)
        given = tuple(steps)
        ways = [step for step in given if step.source != step.target]
        self.steps: Mapping[tuple[str, str], Step] = {(step.source, step.target): step for step in ways}
        self._staying = {(step.source, step.name): step for step in given if step.source == step.target}
        if len(self.steps) + len(self._staying) < len(given):
            raise ValueError(f"{kind}: two steps of the same way; the first one would never be taken")
        if unknown := {state for step in given for state in (step.source, step.target)} - set(self.states):
            raise ValueError(f"steps name unknown states: {sorted(unknown)}")

    def step(self, source: str, target: str, role: Role, name: str = "") -> Step:
        """The step that leads there; the one of this name, if a name is given, as it must be for one that stays.

        Raises IllegalStep.
        """
        step = self._staying.get((source, name)) if source == target else self.steps.get((source, target))
        if step is None or role not in step.who or name not in ("", step.name):
            raise IllegalStep(self.kind, source, target, self.legal(source, role))
        return step

    def allows(self, name: str, source: str, target: str, role: Role) -> bool:
        """Whether this role may take the step of this name from one state to the other."""
        try:
            return self.step(source, target, role, name).name == name
        except IllegalStep:
            return False

    def legal(self, source: str, role: Role | None = None) -> list[str]:
        """Where a case may go from a state, by this role or by anybody."""
        return [
            step.target for step in self.steps.values() if step.source == source and (role is None or role in step.who)
        ]


def steps(name: str, sources: str, target: str, *who: Role) -> list[Step]:
    """The steps of one verb from several states, given as words."""
    return [Step(name, source, target, frozenset(who)) for source in sources.split()]


def stays(name: str, sources: str, *who: Role) -> list[Step]:
    """The steps of one verb that change something about a case, but not its state."""
    return [Step(name, source, source, frozenset(who)) for source in sources.split()]
