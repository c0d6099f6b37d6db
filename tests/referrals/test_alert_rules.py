"""Who is told that nobody owns a referral: the steps of time, and what skips them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.errors import Invalid
from outreach.referrals import alert_rules as rules
from outreach.referrals.alert_rules import STEPS, Level, Limits, Standing

NOON = dt.datetime(2017, 10, 11, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
LIMITS = Limits()


def at(hours, **more):
    return rules.level(Standing("made", NOON - hours * HOUR, **more), LIMITS, NOON)


@pytest.mark.parametrize(
    ("hours", "urgent", "told"),
    [
        (3.99, True, Level.NOBODY),
        (4, True, Level.LIAISONS),
        (6, True, Level.LEAD),
        (8, True, Level.COORDINATORS),
        (8, False, Level.NOBODY),
        (24, False, Level.LIAISONS),
        (36, False, Level.LEAD),
        (48, False, Level.COORDINATORS),
    ],
)
def test_liaisons_then_lead_then_coordinators_are_told_sooner_when_urgent(hours, urgent, told):
    assert at(hours, urgent=urgent) == told


def test_without_an_agency_or_a_liaison_coordinators_are_told_at_once_and_for_a_missing_lead_too():
    assert at(0, agency=False) == at(0, liaisons=False) == Level.COORDINATORS
    assert at(30, lead=False) == Level.LIAISONS
    assert at(37, lead=False) == Level.COORDINATORS


@pytest.mark.parametrize("state", ["received", "reached", "engaged"])
def test_what_a_liaison_left_is_the_leads_at_once_and_what_somebody_owns_is_nobodys(state):
    left = Standing(state, NOON, owner=False)
    assert rules.level(left, LIMITS, NOON) == Level.LEAD
    assert rules.level(left, LIMITS, NOON + 48 * HOUR) == Level.COORDINATORS
    assert rules.level(Standing(state, NOON - 900 * HOUR), LIMITS, NOON) == Level.NOBODY
    assert rules.next_at(Standing(state, NOON), LIMITS, NOON) is None


@pytest.mark.parametrize("state", ["closed", "declined", "not_reached", "withdrawn"])
def test_what_is_over_alerts_nobody_whoever_left(state):
    standing = Standing(state, NOON - 900 * HOUR, owner=False, liaisons=False)
    assert rules.level(standing, LIMITS, NOON) == Level.NOBODY


standings = st.builds(
    Standing,
    state=st.sampled_from(["made", "received", "reached", "engaged", "closed"]),
    since=st.integers(0, 90).map(lambda hours: NOON - hours * HOUR),
    urgent=st.booleans(),
    agency=st.booleans(),
    liaisons=st.booleans(),
    lead=st.booleans(),
    owner=st.booleans(),
)
limits = st.tuples(st.integers(1, 30), st.integers(1, 30)).map(lambda n: Limits(min(n) * HOUR, max(n) * HOUR))


@given(standings, limits, st.integers(0, 200))
def test_a_level_never_falls_while_nothing_happens_and_the_next_one_comes_when_it_is_said(standing, limit, hours):
    now, then = NOON, NOON + hours * HOUR
    here = rules.level(standing, limit, now)
    assert rules.level(standing, limit, then) >= here
    beyond = now - standing.since >= limit.of(standing.urgent)
    assert here > Level.NOBODY or not rules.unowned(standing) or not beyond
    coming = rules.next_at(standing, limit, now)
    if coming is None:
        assert rules.level(standing, limit, NOON + 900 * HOUR) == here
    else:
        when, who = coming
        assert rules.level(standing, limit, when) == who > here
        assert rules.level(standing, limit, when - dt.timedelta(microseconds=1)) == here


@given(standings, limits, st.lists(st.integers(0, 90), max_size=6))
def test_many_that_stand_alike_are_counted_as_one_by_one(standing, limit, waits):
    times = [NOON - hours * HOUR for hours in waits]
    passed = tuple(sum(t <= rules.cutoff(limit, standing.urgent, step, NOON) for t in times) for step in STEPS)
    from dataclasses import replace

    each = [rules.level(replace(standing, since=t), limit, NOON) for t in times]
    found = rules.numbers(standing, len(times), passed)
    assert found == {step: sum(one >= step for one in each) for step in STEPS}


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        (("4", "24", ""), ["why"]),
        (("0", "24", "rule"), ["urgent_hours"]),
        (("4", "4.5", "rule"), ["hours"]),
        (("", "²", "?"), ["urgent_hours", "hours", "why"]),
        (("25", "24", "rule"), ["urgent_hours"]),
        (("169", "9999999999", "rule"), ["urgent_hours", "hours"]),
    ],
)
def test_limits_are_whole_hours_and_have_a_reason(typed, where):
    with pytest.raises(Invalid) as refused:
        rules.read_limits(*typed)
    assert [f.where for f in refused.value.findings] == where
    assert rules.read_limits(" 2 ", "12", "rule") == (Limits(2 * HOUR, 12 * HOUR), "rule")
