"""Where a service is counted, and what it owes."""

from __future__ import annotations

from outreach.rollup.cells import cells
from outreach.rollup.measures import measure
from outreach.rollup.totals import Figure, total, totals
from tests.rollup.small import FIRST, LAST, Small


def _nested(**small: int) -> Small:
    """Operation 2 within 1; service 10 takes part in both."""
    return Small(**small).add("operations", operation=2, parent=1, code="WITHIN").add(
        "participations", service=10, operation=2)


def _told(figure: Figure) -> tuple[object, ...]:
    return figure.value, figure.bound.value, figure.coverage.reported, figure.coverage.expected


def test_without_a_choice_the_deepest_operation_counts() -> None:
    small = _nested().contact(100, {}, operation=2).contact(100, {"person": 2}, {"person": 3}, operation=1)
    assert total(small.facts(), measure("persons_met")).value == 1
    assert total(small.facts(root=2), measure("persons_met")).value == 1


def test_the_place_chosen_counts_and_the_other_reads_elsewhere() -> None:
    small = _nested().contact(100, {}, operation=2).contact(100, {"person": 2}, {"person": 3}, operation=1)
    small.add("places", service=10, measure="persons_met", operation=1)
    assert total(small.facts(), measure("persons_met")).value == 2
    assert total(small.facts(), measure("contacts")).value == 1
    within = small.facts(root=2)
    assert _told(total(within, measure("persons_met"))) == (None, "unknown", 0, 0)
    assert {(cell.state.value, cell.operation) for cell in cells(within, measure("persons_met"))} == {("elsewhere", 1)}


def test_a_place_for_persons_under_18_holds_for_every_threshold() -> None:
    small = _nested().contact(100, {"age": "12_13"}, operation=1)
    small.add("places", service=10, measure="persons_under_18", operation=1)
    assert total(small.facts(), measure("persons_under_16")).value == 1


def test_a_person_met_in_two_operations_counts_once_above() -> None:
    small = Small().add("operations", operation=2, parent=1).add("participations", service=11, operation=2)
    small.contact(100, {"person": 7}).contact(101, {"person": 7}, service=11, operation=2)
    facts = small.facts()
    assert total(facts, measure("persons_met")).value == 1
    assert [figure.value for figure in totals(facts, ("service",), [measure("persons_met")])] == [1, 1]
    assert [figure.value for figure in totals(facts, ("day",), [measure("persons_met")])] == [1, 0, None, 0, 0]


def test_a_joint_teams_contact_counts_once_for_its_lead() -> None:
    small = Small().add("participations", service=11).add("joint", service=11, lead=10)
    for day in range(FIRST, LAST + 1):
        small.contact(day, {"person": day}, team=5)
    facts = small.facts()
    assert _told(total(facts, measure("persons_met"))) == (3, "exact", 1, 1)
    partner = [cell for cell in cells(facts, measure("persons_met")) if cell.service == 11]
    assert {(cell.state.value, cell.lead) for cell in partner} == {("elsewhere", 10)}
    assert len(partner) == 3


def test_a_partner_with_contacts_of_its_own_owes_them() -> None:
    small = Small().add("participations", service=11).add("joint", service=11, lead=10)
    small.contact(100, {}).contact(100, {"person": 2}, service=11)
    assert total(small.facts(), measure("persons_met")).coverage.expected == 2


def test_support_agencies_owe_no_arrests() -> None:
    small = Small().add("participations", service=11, kind="advocacy")
    assert total(small.facts(), measure("charges")).coverage.expected == 1
    assert total(small.facts(), measure("contacts")).coverage.expected == 2


def test_what_became_of_referrals_is_owed_by_those_who_made_some() -> None:
    small = Small().add("participations", service=11).add("participations", service=12)
    small.contact(100, {}).contact(100, {"person": 2}, service=11).add("referrals", received=True)
    facts = small.facts()
    assert total(facts, measure("referrals_made")).coverage.expected == 3
    assert _told(total(facts, measure("referrals_received"))) == (1, "partial", 1, 2)


def test_nobody_made_a_referral_so_none_was_received() -> None:
    small = Small(last_day=100).contact(100, {})
    assert _told(total(small.facts(), measure("referrals_received"))) == (0, "exact", 0, 0)


def test_a_child_that_does_not_know_its_services_leaves_the_whole_partial() -> None:
    small = Small(last_day=100).contact(100, {}).add("operations", operation=2, parent=1, services_known=False)
    assert _told(total(small.facts(), measure("persons_met"))) == (1, "partial", 1, 1)
    assert total(small.facts(), measure("services")).bound == "partial"


def test_services_and_agencies_are_distinct_over_the_tree_and_cover_the_invited() -> None:
    small = _nested().add("participations", service=11, kind="joint_unit", status="invited")
    small.add("participations", service=12, kind="housing", entry_mode="none")
    small.add("participations", service=13, kind="police_federal", status="declined")
    assert _told(total(small.facts(), measure("services"))) == (1, "exact", 1, 2)
    assert _told(total(small.facts(), measure("support_agencies"))) == (1, "exact", 1, 1)


def test_whole_window_numbers_come_from_records_or_from_tallies_never_both() -> None:
    told = Small().add("tallies", measure="charges", value=4)
    assert _told(total(told.facts(), measure("charges")))[:2] == (4, "exact")
    told.add("accused").add("charges", accused=1, count=3)
    assert _told(total(told.facts(), measure("charges")))[:2] == (3, "exact")


def test_codes_of_two_services_give_an_upper_bound_unless_overlap_is_ruled_out() -> None:
    for nil, bound in ((False, "at_most"), (True, "exact")):
        small = Small(overlap_nil=nil).add("participations", service=11)
        small.add("accused").add("accused", accused=2, service=11)
        assert _told(total(small.facts(), measure("persons_arrested"))) == (2, bound, 2, 2)


def test_an_empty_figure_is_none_and_a_reported_zero_is_zero() -> None:
    assert _told(total(Small().facts(), measure("contacts"))) == (None, "unknown", 0, 1)
    zero = Small().add("tallies", measure="contacts", state="zero")
    assert _told(total(zero.facts(), measure("contacts"))) == (0, "exact", 1, 1)
    assert _told(total(zero.facts(), measure("persons_met"))) == (0, "exact", 1, 1)


def test_a_service_that_declines_is_not_in() -> None:
    small = Small().add("tallies", measure="contacts", state="declined", value=-1)
    assert _told(total(small.facts(), measure("contacts"))) == (None, "unknown", 0, 1)
