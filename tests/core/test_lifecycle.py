"""A lifecycle is a table: what stands in it may be done, by whom it says, and a refusal names what may be done instead."""

import pytest

from bot.services.core.lifecycle import IllegalStep, Lifecycle, Role, Step, stays, steps

DOOR = Lifecycle(
    "door",
    ["open", "shut", "locked"],
    [
        *steps("close", "open", "shut", Role.WORKER, Role.ADMIN),
        *steps("lock", "open shut", "locked", Role.ADMIN),
        *stays("paint", "open shut", Role.WORKER),
        *stays("oil", "open", Role.ADMIN),
    ],
)


def test_a_step_of_several_states_leads_from_each_of_them():
    assert {step.source for step in DOOR.steps.values() if step.name == "lock"} == {"open", "shut"}
    assert DOOR.step("shut", "locked", Role.ADMIN).name == "lock"


@pytest.mark.parametrize(
    ("source", "target", "role", "name"),
    [
        ("locked", "open", Role.ADMIN, ""),  # no such way
        ("open", "locked", Role.WORKER, ""),  # not by this role
        ("open", "locked", Role.ADMIN, "close"),  # another verb
        ("open", "open", Role.WORKER, ""),  # one that stays goes by its name
        ("open", "open", Role.WORKER, "oil"),
        ("locked", "locked", Role.WORKER, "paint"),
    ],
)
def test_what_is_not_in_the_table_is_refused_with_what_would_be_legal(source, target, role, name):
    with pytest.raises(IllegalStep) as refused:
        DOOR.step(source, target, role, name)
    assert refused.value.legal == tuple(sorted(DOOR.legal(source, role)))
    assert not name or not DOOR.allows(name, source, target, role)


def test_a_step_that_stays_is_told_by_its_name_and_leads_nowhere():
    assert DOOR.step("open", "open", Role.WORKER, "paint").who == {Role.WORKER}
    assert DOOR.allows("oil", "open", "open", Role.ADMIN)
    assert ("open", "open") not in DOOR.steps
    assert DOOR.legal("open", Role.WORKER) == ["shut"]


def test_a_verb_is_allowed_by_its_own_name_only():
    assert DOOR.allows("close", "open", "shut", Role.WORKER)
    assert not DOOR.allows("lock", "open", "shut", Role.ADMIN)
    assert not DOOR.allows("", "open", "shut", Role.WORKER)


def test_legal_states_are_those_of_the_role_and_without_one_those_of_anybody():
    assert DOOR.legal("open") == ["shut", "locked"]
    assert DOOR.legal("shut", Role.WORKER) == []
    assert DOOR.legal("locked") == []


def test_a_refusal_names_both_states_and_none_where_nothing_is_legal():
    with pytest.raises(IllegalStep, match="locked -> open is not allowed; from locked: none"):
        DOOR.step("locked", "open", Role.ADMIN)
    with pytest.raises(IllegalStep, match="open -> locked is not allowed; from open: shut"):
        DOOR.step("open", "locked", Role.WORKER)


def test_a_table_with_a_state_nobody_named_or_with_one_way_twice_is_no_lifecycle():
    with pytest.raises(ValueError, match="unknown states: \\['ajar'\\]"):
        Lifecycle("door", ["open"], steps("leave", "open", "ajar", Role.WORKER))
    twice = [*steps("close", "open", "shut", Role.WORKER), *steps("slam", "open", "shut", Role.ADMIN)]
    with pytest.raises(ValueError, match="two steps of the same way"):
        Lifecycle("door", ["open", "shut"], twice)
    with pytest.raises(ValueError, match="two steps of the same way"):
        Lifecycle(
            "door", ["open"], [Step("paint", "open", "open", frozenset()), Step("paint", "open", "open", frozenset())]
        )
