"""What is wrong with a plan of shifts: the time of the pure rule, and how it grows with the people of the plan.

The two sizes take turns, so that a busy machine slows both alike; the growth is the middle one of the rounds.
"""

from __future__ import annotations

import datetime as dt
import gc
import statistics
import time
from typing import Any

PEOPLE = 2_000
SHIFTS = 14
IN_TEAM = 10
TEAMS_OF_SERVICE = 4
ROUNDS = 9
BEGINS = dt.datetime(2017, 10, 10, 10, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def rows() -> list[dict[str, Any]]:
    """Rows of the bench table: the seconds for 2,000 people with 14 shifts each, and four times as many against it."""
    from outreach.plan.shift_rules import problems

    small, large = _plan(PEOPLE), _plan(4 * PEOPLE)
    found = [len(problems(plan)) for plan in (small, large)]
    assert found[1] == 4 * found[0] > 0, found  # otherwise two different things would be compared
    rounds = [(_seconds(problems, small), _seconds(problems, large)) for _ in range(ROUNDS)]
    growth = statistics.median(after / before for before, after in rounds)
    seconds = statistics.median(before for before, _ in rounds)
    return [
        _row("plan.clash_growth", growth, "ratio", 5),
        _row("plan.clash_2000x14", seconds, "s"),
        _row("plan.clash_found", found[0], "problems"),
    ]


def _row(name: str, value: float, unit: str, goal: float | None = None) -> dict[str, Any]:
    met = None if goal is None else value <= goal
    return {"name": name, "value": round(value, 4), "unit": unit, "goal": goal, "met": met}


def _seconds(run: Any, plan: Any) -> float:
    gc.collect()
    begun = time.perf_counter()
    run(plan)
    return time.perf_counter() - begun


def _plan(people: int) -> Any:
    """Teams of ten with 14 evenings each; in every tenth team one person is also in the next team's crew, each night.

    Problems are in proportion to people: 14 clashes for each such person, and one team in ten without a lead.
    """
    from outreach.plan.shift_rules import Facts, Member, PlannedShift, PlannedTeam, TakingPart

    days = tuple(BEGINS.date() + n * DAY for n in range(SHIFTS))
    ends = BEGINS + SHIFTS * DAY
    teams, shifts, services = {}, [], {}
    for number in range(people // IN_TEAM):
        service = number // TEAMS_OF_SERVICE
        crew = [
            Member(
                number * IN_TEAM + place,
                ("account", number * IN_TEAM + place),
                f"Person {number}-{place}",
                "victim_services" if place == 1 else "police",
                is_lead=place == 0 and number % 10 != 5,
            )
            for place in range(IN_TEAM)
        ]
        if number % 10 == 1:
            crew.append(Member(people + number, ("account", number * IN_TEAM - 1), f"Person {number - 1}-9"))
        teams[number] = PlannedTeam(number, service, f"Team {number}", members=tuple(crew))
        services[service] = TakingPart(
            service, f"Service {service}", municipality=f"Town {service}", starts_at=BEGINS, ends_at=ends, days=days
        )
        shifts += [
            PlannedShift(f"{number}-{n}", number, BEGINS + n * DAY + dt.timedelta(hours=12),
                         BEGINS + n * DAY + dt.timedelta(hours=20), day)
            for n, day in enumerate(days)
        ]  # fmt: skip
    return Facts(starts_at=BEGINS, ends_at=ends, days=days, services=services, teams=teams, shifts=shifts)
