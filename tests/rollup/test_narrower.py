"""What to leave out of a release that the attack blocks: the least that helps, and nothing where nothing does."""

from __future__ import annotations

from outreach.rollup.attack import attack
from outreach.rollup.narrower import Part, Wanted, leave_out
from outreach.rollup.protection import Key, Policy, Told, Verdict
from outreach.rollup.suppression import protect

from .test_attack import headline

SERVICES = (20, 25, 3)


def told_before() -> Told:
    """The total and two of three services, printed before the third was thought of."""
    true: dict[Key, int] = {headline("charges"): sum(SERVICES), headline("persons_met"): 90}
    true |= {("charges", number, None): value for number, value in enumerate(SERVICES[:2], 1)}
    return Told(1, true)


def wanted(earlier: tuple[Told, ...]) -> tuple[Wanted, Verdict]:
    """Everything of before, charges by service, and contacts by day, which are safe."""
    true: dict[Key, int] = {headline("charges"): sum(SERVICES), headline("persons_met"): 90, headline("contacts"): 120}
    true |= {("charges", number, None): value for number, value in enumerate(SERVICES, 1)}
    true |= {("contacts", None, "2026-10-13"): 70, ("contacts", None, "2026-10-14"): 50}
    parts: dict[Part, frozenset[Key]] = {
        ("by_day", "contacts"): frozenset(key for key in true if key[2]),
        ("by_service", "charges"): frozenset(key for key in true if key[1])}
    parts |= {("measures", code): frozenset(key for key in true if key[0] == code)
              for code in ("contacts", "persons_met", "charges")}
    told = protect(true, Policy(), earlier, version=1)
    return Wanted(true, parts, Policy(), earlier, version=1), attack([*earlier, told])


def test_the_split_that_gives_a_number_away_is_found_and_no_more() -> None:
    assert wanted(())[1].safe
    asked, found = wanted((told_before(),))
    assert not found.safe and found.finished
    assert leave_out(asked, found) == (("by_service", "charges"),)


def test_where_one_part_is_not_enough_several_are_found_and_none_of_them_in_vain() -> None:
    """Charges of the same three services are told twice: by service, and by a name of their own."""
    asked, found = wanted((told_before(),))
    keys = asked.parts["by_service", "charges"]
    parts: dict[Part, frozenset[Key]] = {
        ("by_day", "contacts"): asked.parts["by_day", "contacts"],
        ("first", "charges"): keys - {("charges", 3, None)}, ("last", "charges"): frozenset({("charges", 3, None)})}
    assert leave_out(Wanted(asked.true, parts, asked.policy, asked.earlier, version=1), found) == (("last", "charges"),)
    two = {**asked.true, ("charges", 4, None): 0, ("persons_charged", 3, None): 2}
    before = Told(1, {**told_before().true, ("persons_charged", 1, None): 20, headline("persons_charged"): 22})
    parts = {("one", "charges"): frozenset({("charges", 3, None)}), ("none", "contacts"): parts["by_day", "contacts"],
             ("other", "persons"): frozenset({("persons_charged", 3, None)})}
    told = protect(two, Policy(), (before,), version=1)
    blocked = attack([before, told])
    assert not blocked.safe
    assert leave_out(Wanted(two, parts, Policy(), (before,), version=1), blocked) == (
        ("one", "charges"), ("other", "persons"))


def test_where_nothing_helps_nothing_is_advised() -> None:
    asked, found = wanted((told_before(),))
    only = Wanted(asked.true, {("measures", "all"): frozenset(asked.true)}, asked.policy, asked.earlier, version=1)
    assert leave_out(only, found) == ()
    assert leave_out(Wanted(asked.true, {}, asked.policy, asked.earlier, version=1), found) == ()
