"""What one shift may say, and what is wrong with a plan of shifts, as plain values."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.plan import clash_rules
from outreach.plan import shift_rules as rules
from outreach.plan.shift_rules import (
    KINDS,
    Busy,
    Facts,
    Member,
    PlannedShift,
    PlannedTeam,
    ShiftDraft,
    ShiftProblem,
    TakingPart,
)
from outreach.storage.days import operational_day

TORONTO = ZoneInfo("America/Toronto")
HOUR = dt.timedelta(hours=1)
MONDAY = dt.date(2017, 10, 9)
WINDOW = (dt.datetime(2017, 10, 9, 10, tzinfo=dt.UTC), dt.datetime(2017, 10, 12, 10, tzinfo=dt.UTC))  # three days
DAYS = tuple(MONDAY + dt.timedelta(days=n) for n in range(3))


def at(day: dt.date, hour: float, zone: ZoneInfo = TORONTO) -> dt.datetime:
    """A time of the clocks as a moment; hours from 24 on are the night after."""
    days, hours = divmod(hour, 24)
    shown = dt.time(int(hours), round(hours % 1 * 60))
    return dt.datetime.combine(day + dt.timedelta(days=int(days)), shown, zone).astimezone(dt.UTC)


# --- one shift --------------------------------------------------------------------------------------------------------

EVENING = ShiftDraft(at(MONDAY, 18), at(MONDAY, 26), "Hall", "TAC 4", 4, (1, 2))


def _wrong(draft: ShiftDraft, **more: Any) -> list[str]:
    told: dict[str, Any] = {"zone": "America/Toronto", "members": (1, 2, 3), "window": WINDOW, **more}
    return [finding.where for finding in rules.check_shift(draft, **told)]


def test_an_evening_past_midnight_is_a_shift() -> None:
    assert _wrong(EVENING) == []
    assert _wrong(replace(EVENING, places=None, crew=None, place="", channel="")) == []
    assert _wrong(replace(EVENING, crew=())) == []


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"starts_at": None}, ["starts_at"]),
        ({"ends_at": None}, ["ends_at"]),
        ({"starts_at": None, "ends_at": None}, ["starts_at", "ends_at"]),
        ({"ends_at": at(MONDAY, 18)}, ["ends_at"]),
        ({"ends_at": at(MONDAY, 17)}, ["ends_at"]),
        ({"ends_at": at(MONDAY, 34)}, []),
        ({"ends_at": at(MONDAY, 34) + dt.timedelta(microseconds=1)}, ["ends_at"]),
        ({"starts_at": at(MONDAY, 18) + dt.timedelta(days=365), "ends_at": at(MONDAY, 26) + dt.timedelta(days=365)},
         ["starts_on"]),
        ({"starts_at": at(MONDAY, 18) - dt.timedelta(days=365), "ends_at": at(MONDAY, 26) - dt.timedelta(days=365)},
         ["starts_on"]),
        ({"starts_at": at(MONDAY, 18) + dt.timedelta(days=80), "ends_at": at(MONDAY, 26) + dt.timedelta(days=80)}, []),
        ({"place": "p" * 121}, ["place"]),
        ({"channel": "c" * 121}, ["channel"]),
        ({"place": " " * 200}, []),
        ({"places": 0}, ["places"]),
        ({"places": -1}, ["places"]),
        ({"places": 99}, []),
        ({"places": 100}, ["places"]),
        ({"crew": (1, 9)}, ["crew"]),
    ],
)  # fmt: skip
def test_what_a_shift_may_not_say(more: dict[str, Any], where: list[str]) -> None:
    assert _wrong(replace(EVENING, **more)) == where


def test_a_cancelled_team_takes_no_shift() -> None:
    assert _wrong(EVENING, team_cancelled=True) == ["team"]


def test_a_team_is_not_out_twice_at_a_time_but_one_shift_may_follow_the_other() -> None:
    touching = [(at(MONDAY, 10), at(MONDAY, 18)), (at(MONDAY, 26), at(MONDAY, 30))]
    assert _wrong(EVENING, others=touching) == []
    (finding,) = rules.check_shift(
        EVENING, zone="America/Toronto", members=(1, 2), others=[(at(MONDAY, 25), at(MONDAY, 28))]
    )
    assert (finding.where, finding.params) == ("starts_at", {"begins": "01:00", "ends": "04:00"})


def test_without_a_known_window_no_year_is_wrong() -> None:
    assert _wrong(EVENING, window=(None, None)) == []


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Toronto", dt.date(2017, 3, 11), 7),  # the clocks skip an hour in the night
        ("America/Toronto", dt.date(2017, 11, 4), 9),  # and show one twice
        ("America/Regina", dt.date(2017, 3, 11), 8),
        ("America/Regina", dt.date(2017, 11, 4), 8),
        ("Asia/Bangkok", dt.date(2017, 11, 4), 8),
    ],
)
def test_hours_worked_are_real_hours(zone: str, day: dt.date, hours: int) -> None:
    """18 to 9 o'clock is 15 hours by the clocks; 16 are allowed in truth."""
    tz = ZoneInfo(zone)
    night = ShiftDraft(at(day, 20, tz), at(day, 28, tz))
    assert night.ends_at and night.starts_at and night.ends_at - night.starts_at == hours * HOUR
    # The same said in the clocks' own zone, where Python would subtract what the clocks show.
    shown = ShiftDraft(dt.datetime.combine(day, dt.time(18), tz), dt.datetime.combine(day + HOUR * 24, dt.time(10), tz))
    assert _wrong(replace(shown, crew=None), zone=zone, window=(None, None)) == (["ends_at"] if hours == 9 else [])
    spring = ShiftDraft(
        dt.datetime.combine(day, dt.time(18), tz), dt.datetime.combine(day + HOUR * 24, dt.time(11), tz)
    )
    assert _wrong(spring, zone=zone, window=(None, None)) == ([] if hours == 7 else ["ends_at"])


def test_in_the_hour_shown_twice_the_end_may_show_less_than_the_start() -> None:
    night = dt.date(2017, 11, 5)
    draft = ShiftDraft(
        dt.datetime.combine(night, dt.time(1, 30), TORONTO),
        dt.datetime.combine(night, dt.time(1, 15, fold=1), TORONTO),
    )
    assert _wrong(draft, window=(None, None)) == []
    assert draft.in_utc().ends_at - draft.in_utc().starts_at == dt.timedelta(minutes=45)  # type: ignore[operator]


# --- a plan -----------------------------------------------------------------------------------------------------------

WORKER = Member(11, ("account", 11), "Wen", "victim_services")
LEAD = Member(12, ("account", 12), "Lee", is_lead=True)
GOOD = (WORKER, LEAD)


def team(team_id: int, *members: Member, service: int = 1, **more: Any) -> PlannedTeam:
    return PlannedTeam(team_id, service, f"Team {team_id}", members=members, **more)


def shift(team_id: int, begins: dt.datetime, hours: float = 8, uid: str = "", **more: Any) -> PlannedShift:
    ends = begins + dt.timedelta(hours=hours)
    day = operational_day(begins, "America/Toronto", 360)
    return PlannedShift(uid or f"{team_id}@{begins:%d%H%M}", team_id, begins, ends, day, **more)


def facts(*parts: Any, services: tuple[TakingPart, ...] = (), **more: Any) -> Facts:
    """A plan of three days: teams and shifts as given, services 1 and 2 unless given, nothing else wrong."""
    own = services or tuple(
        TakingPart(n, name, starts_at=WINDOW[0], ends_at=WINDOW[1], days=DAYS, planned_here=n == 1)
        for n, name in ((1, "Alder"), (2, "Birch"))
    )
    return Facts(
        starts_at=WINDOW[0],
        ends_at=WINDOW[1],
        services={one.service_id: one for one in own},
        teams={one.team_id: one for one in parts if isinstance(one, PlannedTeam)},
        shifts=[one for one in parts if isinstance(one, PlannedShift)],
        busy=[one for one in parts if isinstance(one, Busy)],
        **more,
    )


def codes(found: Facts) -> list[str]:
    return [problem.code for problem in rules.problems(found)]


def one(found: Facts, code: str) -> ShiftProblem:
    (problem,) = [problem for problem in rules.problems(found) if problem.code == code]
    assert problem.message % problem.params
    return problem


def test_a_plan_without_anything_wrong_has_no_problem() -> None:
    assert codes(facts(team(1, *GOOD), shift(1, at(MONDAY, 18)), shift(1, at(MONDAY, 42)))) == []


def test_an_empty_plan_says_which_service_has_no_shift() -> None:
    found = facts()
    assert codes(found) == ["no_shift"]
    assert one(found, "no_shift").service_id == 1


def test_the_table_says_of_every_problem_whether_it_blocks_and_why() -> None:
    assert all(kind.why and kind.title for kind in KINDS.values())
    blocking = [kind.blocks for kind in KINDS.values()]
    assert blocking == sorted(blocking, reverse=True)
    assert {code for code, kind in KINDS.items() if kind.blocks} == {
        "time", "clash", "elsewhere", "gone", "team_cancelled", "service_out"
    }  # fmt: skip


def test_a_person_in_two_teams_at_once_is_told_once_and_blocks_both_services() -> None:
    ana = Member(1, ("account", 7), "Ana")
    same = Member(2, ("account", 7), "Ana")  # staff of another service, one account
    found = facts(
        team(1, ana, *GOOD),
        team(2, same, WORKER, replace(LEAD, staff_id=3, person=("staff", 3)), service=2),
        shift(1, at(MONDAY, 18), crew=(1,)),
        shift(2, at(MONDAY, 20), crew=(2,)),
    )
    problem = one(found, "clash")
    assert problem.blocks and problem.services == {1, 2} and problem.concerns([2]) and not problem.concerns([3])
    assert problem.shift_uids == ("2@100000", "1@092200") and problem.day == MONDAY
    assert problem.message % problem.params == (
        "Ana is in two places at once on 2017-10-09: Team 2 (Birch) 20:00–04:00 and Team 1 (Alder) 18:00–02:00."
    )


def test_of_a_roster_that_is_not_hers_a_coordinator_learns_the_hours_and_nothing_more() -> None:
    ana = Member(1, ("account", 7), "Ana", is_lead=True)
    plan = facts(
        team(1, ana, WORKER),
        PlannedTeam(2, 2, "Secret team", "Secret area", members=(replace(ana, staff_id=2),)),
        shift(1, at(MONDAY, 18)),
        shift(2, at(MONDAY, 20), 4, uid="secret", place="Secret place", places=9),
    )
    own = replace(plan, visible=frozenset({1}))
    assert codes(own) == ["elsewhere"]
    problem = one(own, "elsewhere")
    assert problem.blocks and problem.services == {1} and problem.shift_uids == ("1@092200",)
    assert problem.message % problem.params == (
        "Ana, Team 1 (Alder) on 2017-10-09, 18:00–02:00: already rostered elsewhere 20:00–00:00."
    )
    said = str(rules.problems(own))
    assert "ecret" not in said and "Birch" not in said
    assert "elsewhere" in codes(replace(plan, visible=frozenset({2})))
    assert codes(replace(plan, visible=frozenset({3}))) == []


def test_a_person_who_is_busy_in_another_operation_is_rostered_elsewhere() -> None:
    ana = Member(1, ("staff", 1), "Ana", is_lead=True)
    plan = (team(1, ana, WORKER), shift(1, at(MONDAY, 18)))
    assert codes(facts(*plan, Busy(("staff", 1), at(MONDAY, 25), at(MONDAY, 27)))) == ["elsewhere"]
    assert codes(facts(*plan, Busy(("account", 1), at(MONDAY, 25), at(MONDAY, 27)))) == []
    assert codes(facts(*plan, Busy(("staff", 1), at(MONDAY, 26), at(MONDAY, 27)))) == ["rest"]
    assert codes(facts(*plan, Busy(("staff", 1), at(MONDAY, 34), at(MONDAY, 36)))) == []


def test_only_those_in_the_crew_of_a_shift_are_there() -> None:
    ana, ben = Member(1, ("staff", 1), "Ana", is_lead=True), Member(2, ("staff", 2), "Ben", is_lead=True)
    plan = facts(
        team(1, ana, ben, WORKER),
        team(2, ana, replace(WORKER, staff_id=3, person=("staff", 3))),
        shift(1, at(MONDAY, 18), crew=(2, 11)),
        shift(2, at(MONDAY, 18)),
    )
    assert codes(plan) == []


def test_somebody_who_is_in_one_team_for_two_of_its_services_is_in_one_place() -> None:
    ana = Member(1, ("account", 7), "Ana", is_lead=True)
    assert codes(facts(team(1, ana, WORKER, replace(ana, staff_id=2, is_lead=False)), shift(1, at(MONDAY, 18)))) == []


def test_eight_hours_of_rest_are_enough() -> None:
    def rested(hours: float) -> list[str]:
        return codes(facts(team(1, LEAD, WORKER), shift(1, at(MONDAY, 18), 4), shift(1, at(MONDAY, 22 + hours), 4)))

    assert rested(8) == [] and rested(7.75) == ["rest", "rest"] and rested(0) == ["rest", "rest"]
    found = facts(team(1, LEAD, WORKER), shift(1, at(MONDAY, 18), 4), shift(1, at(MONDAY, 28.5), 4))
    assert {problem.params["rest"] for problem in rules.problems(found)} == {"6 h 30"}


def test_rest_over_the_night_in_which_clocks_change_is_real_rest() -> None:
    night = dt.date(2017, 3, 11)
    found = facts(team(1, LEAD), shift(1, at(night, 14), 8), shift(1, at(night, 30.5), 4))
    assert "rest" in codes(replace(found, starts_at=None, ends_at=None))  # 22:00 to 06:30 is 7 h 30


def test_times_that_cannot_be_block() -> None:
    backwards = replace(shift(1, at(MONDAY, 18)), ends_at=at(MONDAY, 17))
    found = facts(team(1, *GOOD), shift(1, at(MONDAY, 42)), backwards, shift(1, at(MONDAY, 70), 0),
                  shift(1, at(MONDAY, 80), 17))  # fmt: skip
    assert codes(found)[:3] == ["time", "time", "time"] and "clash" not in codes(found)


def test_who_left_the_team_or_was_deleted_or_disabled_blocks_while_she_is_in_a_crew() -> None:
    off = Member(5, ("account", 5), "Off", active=False)
    guest = Member(6, ("account", 6), "Guest", service_id=2)
    left = TakingPart(2, "Birch", status="withdrawn", planned_here=False)
    alder = TakingPart(1, "Alder")
    plan = facts(
        team(1, off, guest, *GOOD, partners=frozenset({2})),
        shift(1, at(MONDAY, 18), crew=(5, 6, 8, 9, 11, 12)),
        shift(1, at(MONDAY, 42), crew=(8, 11, 12)),
        services=(alder, left),
        former={8: "Gone"},
    )
    found = [problem for problem in rules.problems(plan) if problem.blocks]
    assert [problem.code for problem in found] == ["gone"] * 4
    said = sorted(problem.message % problem.params for problem in found)
    assert said == [
        "Gone is not in Team 1 (Alder) any more and still in its crew; shifts: 2, from 2017-10-09.",
        "Somebody deleted is still in the crew of Team 1 (Alder); shifts: 1, from 2017-10-09.",
        "The account of Off is disabled; shifts with Team 1 (Alder): 1, from 2017-10-09.",
        "The service of Guest left; shifts with Team 1 (Alder): 1, from 2017-10-09.",
    ]


def test_shifts_of_a_cancelled_team_and_of_a_service_that_left_block_and_are_not_judged_further() -> None:
    plan = facts(
        team(1, LEAD, cancelled=True),
        team(2, LEAD, service=2),
        shift(1, at(MONDAY, 18)),
        shift(1, at(MONDAY, 42)),
        shift(2, at(MONDAY, 18)),
        services=(
            TakingPart(1, "Alder", planned_here=False),
            TakingPart(2, "Birch", status="declined", planned_here=False),
        ),
    )
    assert codes(plan) == ["team_cancelled", "service_out"]
    assert one(plan, "team_cancelled").params["count"] == 2 and one(plan, "service_out").services == {2}


def test_a_team_needs_a_victim_services_worker_or_a_partner_that_sends_one() -> None:
    alone = facts(team(1, LEAD), shift(1, at(MONDAY, 18)), shift(1, at(MONDAY, 42)))
    problem = one(alone, "no_victim_worker")
    assert not problem.blocks and (problem.params["count"], problem.params["of"]) == (2, 2)
    support = TakingPart(2, "Birch", kind="advocacy", planned_here=False)
    joint = (team(1, LEAD, partners=frozenset({2})), shift(1, at(MONDAY, 18)))
    assert codes(facts(*joint, services=(TakingPart(1, "Alder"), support))) == []
    left = replace(support, status="withdrawn")
    assert codes(facts(*joint, services=(TakingPart(1, "Alder"), left))) == ["no_victim_worker"]
    partly = facts(team(1, *GOOD), shift(1, at(MONDAY, 18)), shift(1, at(MONDAY, 42), crew=(12,)))
    assert one(partly, "no_victim_worker").shift_uids == ("1@102200",)


def test_a_team_needs_a_lead_in_the_crew() -> None:
    assert codes(facts(team(1, WORKER), shift(1, at(MONDAY, 18)))) == ["no_lead"]
    assert codes(facts(team(1, *GOOD), shift(1, at(MONDAY, 18), crew=(11,)))) == ["no_lead"]


def test_a_shift_outside_the_window_of_its_service_warns() -> None:
    own = TakingPart(1, "Alder", starts_at=at(MONDAY, 18), ends_at=at(MONDAY, 26), days=DAYS[:1])
    inside = facts(team(1, *GOOD), shift(1, at(MONDAY, 18)), services=(own,))
    assert codes(inside) == []
    for begins, hours in ((17.5, 2), (25, 2), (42, 8)):
        assert codes(facts(team(1, *GOOD), shift(1, at(MONDAY, begins), hours), services=(own,))) == ["outside"]
    unknown = replace(own, starts_at=None, ends_at=None)
    assert codes(facts(team(1, *GOOD), shift(1, at(MONDAY, 70)), services=(unknown,))) == []


def test_places_unfilled_are_counted_against_those_who_are_in_the_team_now() -> None:
    plan = facts(team(1, *GOOD), shift(1, at(MONDAY, 18), places=5), shift(1, at(MONDAY, 42), places=2))
    assert one(plan, "unfilled").params["count"] == 3


# --- hours with nobody on ---------------------------------------------------------------------------------------------


def _gaps(*shifts: PlannedShift, **more: Any) -> list[tuple[str, str]]:
    found = facts(team(1, *GOOD), team(2, *GOOD), *shifts, days=DAYS, **more)
    return [(p.params["begins"], p.params["ends"]) for p in rules.problems(found) if p.code == "gap"]


def test_a_night_with_nobody_on_is_one_gap() -> None:
    assert _gaps(shift(1, at(MONDAY, 18)), shift(1, at(MONDAY, 66))) == [("2017-10-10 18:00", "2017-10-11 02:00")]


def test_an_hour_in_which_the_operation_is_not_usually_out_is_no_gap() -> None:
    evenings = [shift(1, at(MONDAY, 18 + 24 * n)) for n in range(3)]
    assert _gaps(*evenings) == []
    assert _gaps(*evenings, shift(2, at(MONDAY, 9), 4)) == []


def test_a_late_start_on_one_evening_is_a_gap_of_its_length_when_it_is_an_hour() -> None:
    usual = [shift(1, at(MONDAY, 18)), shift(1, at(MONDAY, 42))]
    assert _gaps(*usual, shift(1, at(MONDAY, 67.5), 6.5)) == [("2017-10-11 18:00", "2017-10-11 19:30")]
    assert _gaps(*usual, shift(1, at(MONDAY, 66.5), 7.5)) == []


def test_round_the_clock_a_gap_over_the_start_of_the_day_is_one() -> None:
    shifts = [shift(1 + n % 2, at(MONDAY, 6 + 12 * n), 12) for n in range(6)]
    assert _gaps(*shifts) == []
    gap = [one for one in shifts if one.uid not in (shifts[1].uid, shifts[2].uid)]
    assert _gaps(*gap) == [("2017-10-09 18:00", "2017-10-10 18:00")]


def test_gaps_stay_within_the_window_and_need_one() -> None:
    two = [shift(1, at(MONDAY, 18)), shift(1, at(MONDAY, 42))]
    cut = facts(team(1, *GOOD), *two, days=DAYS)
    short = replace(cut, ends_at=at(MONDAY, 68))
    (gap,) = [p for p in rules.problems(short) if p.code == "gap"]
    assert gap.params == {"begins": "2017-10-11 18:00", "ends": "2017-10-11 20:00"} and gap.day == DAYS[2]
    assert "gap" not in codes(replace(cut, starts_at=None, ends_at=None, days=()))
    assert "gap" not in codes(replace(cut, visible=frozenset({1})))


@pytest.mark.parametrize(("night", "hours"), [(dt.date(2017, 3, 11), 7), (dt.date(2017, 11, 4), 9)])
def test_nobody_is_missed_in_an_hour_that_the_clocks_skip_and_everybody_in_one_shown_twice(
    night: dt.date, hours: int
) -> None:
    days = (night, night + dt.timedelta(days=1))
    window = {"starts_at": at(night, 6), "ends_at": at(days[1], 30)}
    plan = replace(facts(team(1, *GOOD), shift(1, at(days[1], 20)), days=days), **window)
    (gap,) = [problem for problem in rules.problems(plan) if problem.code == "gap"]
    assert gap.params["begins"].endswith("20:00") and gap.params["ends"].endswith("04:00")
    full = replace(plan, shifts=[*plan.shifts, shift(1, at(night, 20), hours)])
    assert "gap" not in codes(full)
    early = replace(plan, shifts=[*plan.shifts, shift(1, at(night, 20), hours - 1)])
    assert "gap" in codes(early)


# --- municipalities ---------------------------------------------------------------------------------------------------


def _towns(*parts: Any, **more: Any) -> list[str]:
    services = (
        TakingPart(1, "Alder", municipality="Saint-Jean", days=DAYS),
        TakingPart(2, "Birch", municipality="Windsor", days=DAYS),
        TakingPart(3, "Cedar", municipality="Elsewhere", planned_here=False),
    )
    found = facts(*parts, services=services, **more)
    return [p.message % p.params for p in rules.problems(found) if p.code == "uncovered"]


def test_a_municipality_without_a_shift_on_some_days_or_at_all_is_told() -> None:
    assert _towns(team(1, *GOOD), shift(1, at(MONDAY, 18))) == [
        "Saint-Jean is not covered on 2 of 3 days, the first 2017-10-10.",
        "Windsor is not covered by any shift.",
    ]


def test_a_partner_an_area_and_a_meeting_place_cover_a_municipality() -> None:
    nights = [at(MONDAY, 18 + 24 * n) for n in range(3)]
    joint = team(1, *GOOD, partners=frozenset({2}))
    assert _towns(joint, *(shift(1, night) for night in nights)) == []
    area = team(1, *GOOD, area="downtown WINDSOR and around")
    assert _towns(area, *(shift(1, night) for night in nights)) == []
    places = [shift(1, night, place="Hall of Windsor") for night in nights]
    assert _towns(team(1, *GOOD), *places) == []
    assert _towns(team(1, *GOOD, area="Windsorville"), *(shift(1, night) for night in nights)) != []
    assert _towns(team(1, *GOOD), visible=frozenset({1})) == []


# --- order, and many people -------------------------------------------------------------------------------------------


def test_what_blocks_comes_first_and_then_the_worse() -> None:
    ana = Member(1, ("staff", 1), "Ana")
    plan = facts(
        team(1, ana),
        team(2, ana),
        shift(1, at(MONDAY, 18), places=4),
        shift(2, at(MONDAY, 60)),
        shift(2, at(MONDAY, 18)),
        days=DAYS,
    )
    found = rules.problems(plan)
    order = list(KINDS)
    assert [order.index(p.code) for p in found] == sorted(order.index(p.code) for p in found)
    assert found[0].code == "clash" and len({p.code for p in found}) > 4


MOMENTS = st.integers(0, 60).map(lambda n: WINDOW[0] + n * HOUR)
STRETCHES = st.tuples(MOMENTS, st.integers(1, 16))


@given(st.lists(st.tuples(st.integers(1, 5), STRETCHES), max_size=24))
def test_clashes_are_those_that_a_look_at_every_pair_finds(planned: list[tuple[int, tuple[dt.datetime, int]]]) -> None:
    """Three people in five teams: every shift in a clash is told, in a pair that is one, at most once as the later."""
    teams = [PlannedTeam(n, 1, f"Team {n}", members=(Member(n, ("staff", n % 3), f"P{n % 3}"),)) for n in range(1, 6)]
    shifts = [shift(n, begins, hours, uid=f"s{place}") for place, (n, (begins, hours)) in enumerate(planned)]
    found = [p for p in rules.problems(facts(*teams, *shifts)) if p.code == "clash"]
    naive = {
        frozenset((a.uid, b.uid))
        for place, a in enumerate(shifts)
        for b in shifts[place + 1 :]
        if a.team_id % 3 == b.team_id % 3 and a.starts_at < b.ends_at and b.starts_at < a.ends_at
    }
    told = [frozenset(p.shift_uids) for p in found]
    assert set(told) <= naive and len(set(told)) == len(told) < max(len(shifts), 1)
    assert set().union(*told) == set().union(*naive)


@given(st.lists(STRETCHES, max_size=12))
def test_a_person_who_is_never_in_two_places_gets_no_clash(stretches: list[tuple[dt.datetime, int]]) -> None:
    turns = sorted(clash_rules.Turn(b, b + h * HOUR, None) for b, h in stretches)
    apart = all(a.ends_at <= b.starts_at for a, b in pairwise(turns))
    assert (not turns or list(clash_rules.clashes(turns)) == []) == apart
