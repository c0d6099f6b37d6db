"""Everything that does not fit is listed, and nothing is mended."""

from __future__ import annotations

from outreach.rollup.checks import Severity, checks
from outreach.rollup.measures import measure
from outreach.rollup.totals import total
from tests.rollup.small import FIRST, Small


def _codes(small: Small) -> dict[str, dict[str, object]]:
    return {check.code: dict(check.params) | dict(check.where) for check in checks(small.facts())
            if check.message % check.params}


def _totals_service(**tallies: int) -> Small:
    small = Small()
    small.rows["participations"][0] |= {"entry_mode": "daily_totals"}
    for code, value in tallies.items():
        small.add("tallies", measure=code, value=value)
    return small


def test_more_accepted_than_offered_and_more_offered_than_met() -> None:
    found = _codes(_totals_service(persons_met=3, support_offered=4, support_accepted=5))
    assert found["support_accepted_above_support_offered"] == {
        "low": 5, "high": 4, "measure": "support_accepted"}
    assert "support_offered_above_persons_met" in found


def test_more_under_age_than_met() -> None:
    assert "persons_under_18_above_persons_met" in _codes(_totals_service(persons_met=1, persons_under_18=2))


def test_answers_that_do_not_make_up_what_was_offered() -> None:
    told = {"support_offered": 5, "support_accepted": 2, "support_declined": 1, "support_undecided": 1}
    assert "answers_do_not_add_up" in _codes(_totals_service(**told))
    assert "answers_do_not_add_up" not in _codes(_totals_service(**told | {"support_undecided": 2}))


def test_charges_without_anybody_charged() -> None:
    assert "charges_without_person" in _codes(_totals_service(charges=2, persons_charged=0))
    assert "charges_without_person" not in _codes(_totals_service(charges=2, persons_charged=1))


def test_a_charge_whose_person_is_not_among_the_standing_ones() -> None:
    assert "charge_without_accused" in _codes(Small().add("charges", accused=77))


def test_services_that_add_up_to_more_than_the_persons_met() -> None:
    small = Small().add("participations", service=11).contact(100, {}).contact(100, {}, service=11)
    assert _codes(small)["sum_of_services"] == {"sum": 2, "total": 1, "measure": "persons_met"}


def test_an_operation_within_that_counts_more_than_the_whole() -> None:
    small = Small().add("operations", operation=2, parent=1).add("operations", operation=3, parent=1)
    for operation in (2, 3):
        small.add("participations", service=12, operation=operation)
    small.contact(100, {}, {"person": 2}, service=12, operation=3).contact(100, {}, service=12, operation=2)
    found = _codes(small)
    assert found["child_above_parent"]["operation"] == 3
    assert found["place_not_chosen"]["service"] == 12
    assert found["outside_reporting_place"]["counted_in"] == 2


def test_records_of_a_service_that_sends_totals() -> None:
    small = _totals_service(contacts=4).contact(100, {})
    found = [dict(check.where) | dict(check.params) for check in checks(small.facts())]
    assert found == [{"service": 10, "frame": frame, "records": 1} for frame in ("contacts", "meetings")]
    assert total(small.facts(), measure("contacts")).value == 4


def test_totals_of_a_service_that_logs_contacts_are_listed_only_when_they_differ() -> None:
    small = Small().contact(100, {}, {"person": 2}).add("tallies", measure="persons_met", day=100, value=2)
    assert "totals_beside_records" not in _codes(small)
    small.add("tallies", measure="persons_met", day=101, value=1)
    assert _codes(small)["totals_beside_records"]["tallies"] == 3
    assert total(small.facts(), measure("persons_met")).value == 2


def test_a_day_confirmed_as_zero_that_has_contacts() -> None:
    small = Small().contact(100, {}).add("tallies", measure="contacts", day=100, state="zero")
    assert _codes(small)["totals_beside_records"]["measure"] == "contacts"


def test_a_person_with_ages_on_both_sides_of_18_is_a_question() -> None:
    small = Small().contact(100, {"age": "16_17"}).contact(101, {"age": "18"})
    assert _codes(small)["ages_across_18"] == {"persons": 1, "service": 10}


def test_one_code_for_two_persons_of_one_contact_is_a_question() -> None:
    assert _codes(Small().contact(100, {}, {}))["code_twice_in_contact"]["persons"] == 1


def test_entries_of_a_service_that_has_not_confirmed() -> None:
    small = Small().contact(100, {})
    small.rows["participations"][0] |= {"status": "withdrawn"}
    assert "not_confirmed" in _codes(small)


def test_staff_categories_that_do_not_make_up_the_number_told() -> None:
    small = Small().add("tallies", measure="personnel", value=5).add(
        "tallies", measure="personnel", part="police", value=3)
    assert _codes(small)["staff_parts"]["whole"] == 5
    assert total(small.facts(), measure("personnel")).value == 5


def test_problems_come_first() -> None:
    small = _totals_service(persons_met=1, persons_under_18=2).contact(100, {})
    severities = [check.severity for check in checks(small.facts())]
    assert severities == sorted(severities, key=list(Severity).index)


def test_an_adjustment_that_later_takes_more_than_there_is_or_meets_silence_is_listed() -> None:
    world = Small().contact(FIRST, {"person": 1}).add("adjustments", measure="persons_met", day=FIRST, amount=-2)
    world.add("adjustments", measure="persons_met", day=FIRST + 1, amount=1)
    found = {check.code: check for check in checks(world.facts())}
    assert found["figure_below_zero"].params == {"value": -1}
    assert found["adjustment_unheard"].where["day"] == FIRST + 1


def test_a_declared_overlap_larger_than_one_of_the_two_is_listed() -> None:
    world = Small().contact(FIRST, {"person": 1}).add("participations", service=11, entry_mode="daily_totals")
    world.add("tallies", service=11, measure="persons_met", day=FIRST, value=5)
    world.add("overlaps", service=10, other=11, persons=3)
    found = {check.code: check for check in checks(world.facts())}
    assert found["overlap_too_large"].params == {"persons": 3, "smaller": 1}
