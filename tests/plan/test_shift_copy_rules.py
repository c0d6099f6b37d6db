"""Shifts on other days at the same times by the clocks, as plain values."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.plan import shift_copy_rules as rules
from outreach.plan.shift_rules import PlannedShift, PlannedTeam, ShiftDraft, TakingPart
from outreach.storage.days import operational_day

TORONTO = "America/Toronto"
SPRING, AUTUMN = dt.date(2017, 3, 12), dt.date(2017, 11, 5)  # the clocks change at 02:00 in the morning
TEAM = PlannedTeam(1, 1, "Team 1")
ONE_DAY = dt.timedelta(days=1)


def _at(day: dt.date, hour: int, minute: int = 0, zone: str = TORONTO, fold: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute, fold=fold), ZoneInfo(zone)).astimezone(dt.UTC)


def _shift(begins: dt.datetime, ends: dt.datetime) -> PlannedShift:
    return PlannedShift("s", 1, begins, ends, operational_day(begins, TORONTO, 360), 3, (7,), "Hall")


def _copied(shift: PlannedShift, *days: dt.date, standing=(), own=()) -> tuple:
    wanted = [rules.wanted_on(shift, "TAC", day, zone=TORONTO) for day in days]
    return rules.sift(
        wanted,
        zone=TORONTO,
        teams={1: TEAM},
        services={1: TakingPart(1, "Alder", days=own)},
        standing={1: list(standing)},
    )


def _codes(notes: list) -> list[str]:
    return [note.code for note in notes if note.message % note.params]


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_an_evening_keeps_its_hours_by_the_clocks_over_a_change(change: dt.date) -> None:
    before = change - 2 * ONE_DAY
    shift = _shift(_at(before, 20), _at(change - ONE_DAY, 4))
    (one, two), there, notes = _copied(shift, change - ONE_DAY, change)
    assert (one.draft.starts_at, one.draft.ends_at) == (_at(change - ONE_DAY, 20), _at(change, 4))
    assert (two.draft.starts_at, two.draft.ends_at) == (_at(change, 20), _at(change + ONE_DAY, 4))
    assert (there, notes) == (0, [])
    worked = (one.draft.ends_at - one.draft.starts_at).total_seconds() / 3600
    assert worked == (7 if change == SPRING else 9)
    assert (one.draft.place, one.draft.channel, one.draft.places, one.draft.crew) == ("Hall", "TAC", 3, (7,))


def test_a_start_that_the_clocks_skip_moves_forward_and_is_told() -> None:
    shift = _shift(_at(SPRING - ONE_DAY, 2, 30), _at(SPRING - ONE_DAY, 6))
    (one,), _, notes = _copied(shift, shift.day + ONE_DAY)
    assert (one.draft.starts_at, one.draft.ends_at) == (_at(SPRING, 3, 30), _at(SPRING, 6))
    assert _codes(notes) == ["moved"] and notes[0].params["begins"] == "03:30"


def test_a_shift_of_which_the_change_leaves_nothing_is_left_out_and_told() -> None:
    tiny = _shift(_at(SPRING - ONE_DAY, 2), _at(SPRING - ONE_DAY, 3))
    assert _codes(_copied(tiny, tiny.day + ONE_DAY)[2]) == ["no_time"]
    long = _shift(_at(AUTUMN - 2 * ONE_DAY, 16), _at(AUTUMN - ONE_DAY, 8))  # 16 hours, then 17
    good, _, notes = _copied(long, AUTUMN - ONE_DAY)
    assert good == [] and _codes(notes) == ["no_time"]


def test_of_an_hour_shown_twice_the_earlier_is_taken() -> None:
    shift = _shift(_at(AUTUMN - ONE_DAY, 1, 30), _at(AUTUMN - ONE_DAY, 5))
    (one,), _, _ = _copied(shift, shift.day + ONE_DAY)
    assert one.draft.starts_at == dt.datetime(2017, 11, 5, 5, 30, tzinfo=dt.UTC)
    back = _shift(_at(AUTUMN, 1, 30, fold=1), _at(AUTUMN, 5))
    (one,), _, notes = _copied(back, back.day + ONE_DAY)
    assert one.draft.starts_at == _at(AUTUMN + ONE_DAY, 1, 30) and notes == []


def test_nothing_is_doubled_and_what_overlaps_or_lies_outside_is_left_out() -> None:
    day = dt.date(2017, 10, 10)
    shift = _shift(_at(day, 18), _at(day + ONE_DAY, 2))
    days = [day + n * ONE_DAY for n in (1, 2, 3, 9)]
    same = (_at(days[0], 18), _at(days[1], 2))
    across = (_at(days[1], 23), _at(days[2], 3))
    touching = (_at(days[2], 10), _at(days[2], 18))
    own = tuple(day + n * ONE_DAY for n in range(7))
    good, there, notes = _copied(shift, *days, standing=(same, across, touching), own=own)
    assert [one.day for one in good] == [days[2]] and there == 1
    assert _codes(notes) == ["overlap", "outside"]
    assert len(_copied(shift, *days)[0]) == 4  # a service without a known window


def test_a_shift_copied_twice_onto_one_day_is_made_once() -> None:
    day = dt.date(2017, 10, 10)
    shift = _shift(_at(day, 18), _at(day + ONE_DAY, 2))
    good, there, _ = _copied(shift, day + ONE_DAY, day + ONE_DAY)
    assert (len(good), there) == (1, 1)


def test_the_clocks_of_the_other_operation_show_the_same() -> None:
    day = dt.date(2017, 10, 10)
    shift = _shift(_at(day, 18), _at(day + ONE_DAY, 2))
    one = rules.wanted_on(shift, "", dt.date(2018, 1, 5), zone=TORONTO, to_zone="Asia/Bangkok", team_id=9)
    assert one.team_id == 9 and one.draft.starts_at == _at(dt.date(2018, 1, 5), 18, zone="Asia/Bangkok")
    assert one.draft.ends_at == _at(dt.date(2018, 1, 6), 2, zone="Asia/Bangkok")


def test_an_evening_is_cut_to_the_window_of_its_service() -> None:
    day = dt.date(2017, 10, 10)
    whole = (_at(day, 18), _at(day + ONE_DAY, 2))
    assert rules.evening(day, 1080, 120, TORONTO, TakingPart(1, "A")) == whole
    own = TakingPart(1, "A", starts_at=_at(day, 20), ends_at=_at(day + ONE_DAY, 0))
    assert rules.evening(day, 1080, 120, TORONTO, own) == (_at(day, 20), _at(day + ONE_DAY, 0))
    assert rules.evening(day + 5 * ONE_DAY, 1080, 120, TORONTO, own) is None
    assert rules.evening(day, 1080, 1440, TORONTO, TakingPart(1, "A")) == (_at(day, 18), _at(day + ONE_DAY, 0))
    assert rules.evening(day, 1080, 0, TORONTO, TakingPart(1, "A")) == (_at(day, 18), _at(day + ONE_DAY, 0))
    assert rules.evening(SPRING, 120, 360, TORONTO, TakingPart(1, "A")) == (_at(SPRING, 3), _at(SPRING, 6))
    assert rules.evening(day, 600, 900, TORONTO, TakingPart(1, "A")) == (_at(day, 10), _at(day, 15))


@given(
    st.datetimes(dt.datetime(2017, 1, 1), dt.datetime(2018, 12, 31), timezones=st.just(dt.UTC)),
    st.integers(-200, 200),
    st.sampled_from([TORONTO, "America/Regina", "America/St_Johns", "Europe/London", "UTC"]),
)
def test_the_clocks_show_the_same_on_another_day_unless_they_skip_it(at: dt.datetime, days: int, zone: str) -> None:
    tz = ZoneInfo(zone)
    moment, moved = rules.by_the_clock(at, days, zone)
    before, after = at.astimezone(tz).replace(tzinfo=None), moment.astimezone(tz).replace(tzinfo=None)
    expected = (before + days * ONE_DAY).replace(fold=0)
    assert (after.replace(fold=0) == expected) is not moved
    if moved:
        assert dt.timedelta(0) < after - expected <= dt.timedelta(hours=1)


def test_a_draft_keeps_utc() -> None:
    tz = ZoneInfo(TORONTO)
    draft = ShiftDraft(dt.datetime(2017, 10, 10, 18, tzinfo=tz), None, " Hall ", crew=(3, 1, 3)).in_utc()
    assert draft.starts_at == _at(dt.date(2017, 10, 10), 18) and draft.starts_at.tzinfo is dt.UTC
    assert (draft.place, draft.crew) == ("Hall", (1, 3))
