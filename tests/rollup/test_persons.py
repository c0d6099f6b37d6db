"""One value per person, met once or many times."""

from __future__ import annotations

from typing import Any

import pytest

from outreach.rollup.measures import measure
from outreach.rollup.members import members
from outreach.rollup.totals import total
from tests.rollup.small import Small


def _person(*meetings: dict[str, Any]) -> dict[str, Any]:
    """What counts of one person after these meetings, one a day."""
    small = Small()
    for day, meeting in enumerate(meetings):
        small.contact(100 + day, meeting)
    row = members(small.facts(), measure("persons_met")).iloc[0]
    return {name: row[name] for name in ("age", "support", "made_safe", "conflict", "meetings", "counted_day")}


def _age(*statements: tuple[str, int]) -> tuple[str, bool]:
    found = _person(*({"age": age, "age_rank": rank} for age, rank in statements))
    return found["age"], bool(found["conflict"])


def test_an_agency_is_believed_before_the_person_and_the_person_before_the_officer() -> None:
    assert _age(("19_24", 1), ("25_34", 2), ("35_44", 1)) == ("25_34", False)
    assert _age(("19_24", 3), ("25_34", 2), ("35_44", 1)) == ("19_24", False)


def test_among_equals_the_latest_known_age_counts() -> None:
    assert _age(("19_24", 2), ("25_34", 2), ("not_known", 2)) == ("25_34", False)


def test_ages_on_both_sides_of_18_count_as_under_and_are_flagged() -> None:
    assert _age(("16_17", 1), ("19_24", 3)) == ("16_17", True)
    assert _age(("18", 3), ("14_15", 1), ("12_13", 1)) == ("12_13", True)
    assert _age(("18", 3), ("19_24", 1)) == ("18", False)


def _support(*answers: str) -> str:
    return str(_person(*({"answer": answer} for answer in answers))["support"])


@pytest.mark.parametrize(("answers", "support"), [
    (("accepted", "declined"), "accepted"),
    (("declined", "undecided"), "undecided"),
    (("undecided", "declined", "not_known"), "declined"),
    (("accepted", "acceptance_withdrawn"), "declined"),
    (("accepted", "acceptance_withdrawn", "undecided"), "undecided"),
    (("undecided", "accepted", "acceptance_withdrawn"), "declined"),
    (("accepted", "acceptance_withdrawn", "accepted"), "accepted"),
    (("not_offered", "not_known"), "not_offered"),
    (("not_offered", "accepted"), "accepted"),
    (("not_known",), "not_known"),
])
def test_support_is_what_was_ever_accepted_else_the_last_answer(answers: tuple[str, ...], support: str) -> None:
    assert _support(*answers) == support


def test_made_safe_at_any_meeting_counts_on_the_day_of_the_first() -> None:
    found = _person({}, {"made_safe": True}, {})
    assert (found["made_safe"], found["meetings"], found["counted_day"]) == (True, 3, 100)


def test_the_order_of_the_rows_does_not_matter_but_the_time_does() -> None:
    small = Small().contact(101, {"answer": "undecided"}).contact(100, {"answer": "declined"})
    row = members(small.facts(), measure("persons_met")).iloc[0]
    assert (row["support"], row["counted_day"]) == ("undecided", 100)


def test_two_contacts_in_the_same_second_are_taken_in_order_of_their_ids() -> None:
    small = Small().contact(100, {"answer": "undecided"}, second=5).contact(100, {"answer": "declined"}, second=5)
    small.rows["meetings"].reverse()
    assert members(small.facts(), measure("persons_met")).iloc[0]["support"] == "declined"


def test_a_threshold_other_than_18_uses_the_same_one_age() -> None:
    facts = Small().contact(100, {"age": "14_15", "age_rank": 1}).contact(
        101, {"age": "16_17", "age_rank": 2}).facts()
    assert [total(facts, measure(f"persons_under_{age}")).value for age in (14, 16, 18, 19)] == [0, 0, 1, 1]


def test_a_person_of_unknown_age_makes_a_threshold_figure_a_lower_bound() -> None:
    facts = Small(last_day=100).contact(100, {"age": "16_17"}, {"person": 2}).facts()
    assert (total(facts, measure("persons_under_18")).value, total(facts, measure("persons_under_18")).bound) == (
        1, "at_least")
    assert total(facts, measure("persons_met")).bound == "exact"
