"""The one table of who may do what, and where: asked by itself, as every page and every step asks it."""

import pytest

from bot.services.core.lifecycle import Role
from bot.services.staff.permissions import (
    EVERYBODY,
    SECOND,
    Denied,
    Grant,
    Right,
    SamePerson,
    Staffer,
    may_give,
    outranks,
)

READ, MANAGE = Right.APPEALS_READ, Right.PEOPLE_MANAGE


def staffer(*grants: Grant, unit: int | None = None, number: int = 1) -> Staffer:
    return Staffer(number, "李娜", "li.na", agency_id=unit, grants=grants)


@pytest.mark.parametrize(
    ("there", "may"), [("2101", True), ("210106", True), ("2102", False), ("21", False), ("", False), (None, True)]
)
def test_a_role_holds_in_its_district_and_in_what_lies_inside(there, may):
    assert staffer(Grant(Role.ADMIN, "2101")).may(READ, district=there) is may


def test_a_role_for_the_whole_country_holds_everywhere():
    assert all(staffer(Grant(Role.ADMIN)).may(READ, district=each) for each in ("", "21", "210106"))


@pytest.mark.parametrize(("kind", "may"), [("party", True), ("wages", False), ("", False), (None, True)])
def test_a_role_for_one_kind_holds_for_this_kind(kind, may):
    assert staffer(Grant(Role.ADMIN, "2101", "party")).may(READ, district="2101", category=kind) is may


def test_a_role_for_one_kind_opens_nothing_that_has_no_kind():
    assert not staffer(Grant(Role.ADMIN, "2101", "party")).may(Right.HAZARDS_READ, district="2101")
    assert staffer(Grant(Role.ADMIN, "2101", "party")).may(Right.STATISTICS_READ, district="2101")


@pytest.mark.parametrize(("unit", "may"), [(7, True), (8, False), (0, False), (None, True)])
def test_a_handler_sees_what_their_unit_has(unit, may):
    assert staffer(Grant(Role.HANDLER, "2101"), unit=7).may(READ, district="2101", agency=unit) is may


@pytest.mark.parametrize(("unit", "may"), [(7, True), (8, False), (0, False)])
def test_whoever_works_for_a_unit_sees_what_it_has_whatever_their_role(unit, may):
    assert staffer(Grant(Role.ADMIN, "2101"), unit=7).may(READ, district="2101", agency=unit) is may


def test_a_handler_without_a_unit_sees_nothing_and_an_administrator_without_one_sees_all():
    assert not staffer(Grant(Role.HANDLER, "2101")).may(READ, district="2101", agency=8)
    assert staffer(Grant(Role.ADMIN, "2101")).may(READ, district="2101", agency=8)


def test_whoever_is_signed_in_has_their_own_pages_and_nothing_else():
    nobody = staffer()
    assert {right for right in Right if nobody.may(right)} == EVERYBODY


def test_a_denial_says_what_of_and_whether_it_is_hidden_and_a_step_is_taken_by_the_first_role_that_may():
    both = staffer(Grant(Role.REVIEWER, "2102"), Grant(Role.ADMIN, "2101"), number=5)
    actor = both.require(READ, district="2101")
    assert (actor.role, actor.id, actor.agency_id) == (Role.ADMIN, 5, None)
    assert both.require(READ).role == Role.REVIEWER
    with pytest.raises(Denied) as denied:
        both.require(READ, district="2103", subject="appeal:1", hidden=True)
    assert (denied.value.action, denied.value.subject, denied.value.hidden) == (READ, "appeal:1", True)
    with pytest.raises(Denied) as denied:
        both.require(READ, district="2103")
    assert not denied.value.hidden
    assert not Denied(READ).hidden


def test_nobody_approves_their_own_work():
    with pytest.raises(SamePerson):
        staffer(number=5).require_other(5, READ)
    staffer(number=5).require_other(6, READ)
    staffer(number=5).require_other(None, READ)


def test_districts_are_named_once_without_those_that_lie_in_another_one():
    held = (
        Grant(Role.ADMIN, "2102"),
        Grant(Role.REVIEWER, "210203"),
        Grant(Role.ADMIN, "2101"),
        Grant(Role.COUNTER, "11"),
    )
    assert staffer(*held).districts(READ) == ("2101", "2102")
    assert staffer(*held, Grant(Role.REVIEWER)).districts(READ) == ("",)


@pytest.mark.parametrize(
    ("region", "near"), [("21", True), ("210106", True), ("2101", True), ("2102", False), ("", True)]
)
def test_a_region_is_near_inside_a_district_and_around_it(region, near):
    assert staffer(Grant(Role.ADMIN, "2101")).near(READ, region) is near


def test_a_second_factor_is_needed_by_whoever_has_one_such_role():
    assert staffer(Grant(Role.COUNTER), Grant(Role.ADMIN)).needs_second
    assert not staffer(Grant(Role.COUNTER)).needs_second
    assert Role.HANDLER in SECOND  # They may open a name.


@pytest.mark.parametrize(
    ("mine", "other", "may"),
    [
        (Grant(Role.ADMIN, "2101"), Grant(Role.HANDLER, "2101"), True),
        (Grant(Role.ADMIN, "2101"), Grant(Role.HANDLER, "210106"), True),
        (Grant(Role.ADMIN, "2101"), Grant(Role.HANDLER, "2102"), False),
        (Grant(Role.ADMIN, "2101"), Grant(Role.HANDLER, ""), False),
        (Grant(Role.ADMIN, "2101"), Grant(Role.ADMIN, "210106"), False),
        (Grant(Role.REVIEWER, "2101"), Grant(Role.HANDLER, "2101"), False),
        (Grant(Role.ADMIN, "2101", "party"), Grant(Role.HANDLER, "2101", "party"), True),
        (Grant(Role.ADMIN, "2101", "party"), Grant(Role.HANDLER, "2101"), False),
        (Grant(Role.SYSTEM_ADMIN), Grant(Role.ADMIN, "2101"), True),
    ],
)
def test_who_may_give_a_role_gives_it_below_their_own_and_inside_their_district(mine, other, may):
    assert may_give(mine, other) is may
    giver = staffer(mine, number=1)
    assert outranks(giver, 2, other.district, [other]) is may


def test_nobody_changes_themselves_or_somebody_with_one_role_that_is_not_below():
    giver = staffer(Grant(Role.ADMIN, "2101"), number=1)
    below, beside = Grant(Role.HANDLER, "2101"), Grant(Role.AUDITOR, "2101")
    assert outranks(giver, 2, "2101", [below])
    assert not outranks(giver, 1, "2101", [below])
    assert not outranks(giver, 2, "2101", [below, beside])
    assert not outranks(giver, 2, "2102", [])
