"""What became of referrals: follow-ups with both parts, the median wait, persons, outcomes, and what contradicts."""

from __future__ import annotations

from outreach.rollup.checks import checks
from outreach.rollup.measures import ENGAGED_AT, HOURS_TO_RECEIPT, measure
from outreach.rollup.members import members
from outreach.rollup.totals import total, totals
from tests.rollup.small import Small


def _waits(*minutes: int) -> Small:
    small = Small()
    for day in (100, 101, 102):  # no day is missing
        small.contact(day)
    for wait in minutes:
        small.add("referrals", received=wait >= 0, waited=wait)
    return small


def test_engaged_at_seven_days_shows_both_parts() -> None:
    small = Small()
    for due, engaged in ((True, True), (True, True), (True, False), (False, False)):
        small.add("referrals", received=True, due_7=due, engaged_7=engaged)
    found = total(small.facts(), ENGAGED_AT[0])
    assert (found.numerator, found.denominator, found.value) == (2, 3, 2 / 3)
    later = total(small.facts(), ENGAGED_AT[1])
    assert (later.numerator, later.denominator, later.value, later.bound) == (0, 0, None, "unknown")


def test_the_median_says_how_many_it_is_of_and_how_many_still_wait() -> None:
    found = total(_waits(60, 120, 600, -1).facts(), HOURS_TO_RECEIPT)
    assert (found.value, found.numerator, found.denominator, found.bound) == (2.0, 3, 4, "exact")
    assert (found.coverage.reported, found.coverage.expected) == (1, 1)
    assert total(_waits(60, 90).facts(), HOURS_TO_RECEIPT).value == 1.2, "75 minutes"
    nobody = total(_waits(-1).facts(), HOURS_TO_RECEIPT)
    assert (nobody.value, nobody.bound, nobody.numerator, nobody.denominator) == (None, "unknown", 0, 1)


def test_medians_do_not_add_up_and_have_no_rows() -> None:
    small = _waits(60, 600).add("participations", service=11).add("referrals", service=11, received=True, waited=6000)
    by_service = totals(small.facts(), ("service",), [HOURS_TO_RECEIPT])
    assert [(figure.key["service"], figure.value) for figure in by_service] == [(10, 5.5), (11, 100.0)]
    assert total(small.facts(), HOURS_TO_RECEIPT).value == 10.0
    assert not HOURS_TO_RECEIPT.additive and members(small.facts(), HOURS_TO_RECEIPT).empty
    days = totals(small.facts(), ("day",), [HOURS_TO_RECEIPT])
    assert days[0].value == 10.0 and all(figure.value is None for figure in days[1:])


def test_a_service_that_tells_numbers_leaves_the_median_partial() -> None:
    small = _waits(60).add("participations", service=11, entry_mode="daily_totals")
    small.add("tallies", service=11, measure="referrals_made", value=4)
    small.add("tallies", service=11, measure="referrals_received", value=4)
    found = total(small.facts(), HOURS_TO_RECEIPT)
    assert (found.value, found.bound) == (1.0, "partial")


def test_a_person_referred_twice_is_one_person_and_two_referrals_and_strangers_are_two() -> None:
    small = Small().add("referrals", person=5, reached=True).add("referrals", person=5, day=101, reached=True)
    small.add("referrals", person=-3).add("referrals", person=-4)
    facts = small.facts()
    assert [total(facts, measure(code)).value for code in ("referrals_made", "persons_referred", "persons_reached")] \
        == [4, 3, 1]
    assert members(facts, measure("persons_reached"))["counted_day"].tolist() == [100]


def test_direct_referrals_are_owed_by_nobody_and_counted_apart() -> None:
    facts = Small().add("referrals").add("direct", service=77).add("direct", service=77).facts()
    direct = total(facts, measure("referrals_direct"))
    assert (direct.value, direct.bound, direct.coverage.expected) == (2, "exact", 0)
    assert total(facts, measure("referrals_made")).value == 1
    assert total(Small().add("referrals").facts(), measure("referrals_direct")).value is None
    assert not [check for check in checks(facts) if check.where.get("service") == 77]


def test_the_sum_of_outcomes_is_their_number() -> None:
    small = Small().add("referrals").add("outcomes", referral=1).add("outcomes", referral=1, outcome="work")
    assert total(small.facts(), measure("outcomes")).value == len(members(small.facts(), measure("outcomes"))) == 2


def test_steps_that_cannot_both_be_true_are_listed() -> None:
    small = Small().add("referrals", reached=True).add("referrals", due_7=False, engaged_7=True)
    found = {check.code: check for check in checks(small.facts())}
    assert "referrals_reached_above_referrals_received" in found
    wrong = found["referrals_engaged_7_above_referrals_due_7"]
    assert wrong.message % wrong.params == "Engaged at 7 days is 1, but follow-ups due is 0."
