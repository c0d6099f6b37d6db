"""A plan to print: services, teams with members, shifts, a briefing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from outreach.storage import db, writing
from outreach.storage.tables import Operation, Service, Staff, Team, TeamMember
from outreach.storage.types import utc_now
from tests.factories import a_participation, a_service, a_shift, a_team, an_operation
from tests.ready.briefing_factories import a_briefing

EVENING = dt.datetime(2017, 10, 12, 22, 0, tzinfo=dt.UTC)  # 18:00 in Toronto
CATEGORIES = ("police", "support", "victim_services", "ngo", "interpreter")


def members(team: Team, count: int, *, named: str = "Member {n} Tremblay", service: Service | None = None) -> None:
    """People join the team; the first leads it."""
    now = utc_now()
    with writing():
        for n in range(1, count + 1):
            name = named.format(n=n)
            staff = Staff(
                service_id=service.id if service else team.service_id,
                name=name,
                name_key=f"{name.casefold()} {team.id}"[:120],
                category=CATEGORIES[n % 5],
            )
            db.session.add(staff)
            db.session.flush()
            db.session.add(
                TeamMember(
                    team_id=team.id, staff_id=staff.id, category=CATEGORIES[n % 5], is_lead=n == 1, recorded_at=now
                )
            )


def a_plan(
    code: str = "OP-1", *, services: int = 1, teams: int = 1, people: int = 5, days: int = 1, **shift: Any
) -> Operation:
    """An operation whose every team has an evening shift a day, published, and a briefing."""
    operation = an_operation(code)
    a_briefing(operation)
    for number in range(1, services + 1):
        taking_part = a_participation(operation, a_service(f"Service {code} {number}", contact_desk="519-555-0100"))
        for n in range(1, teams + 1):
            team = a_team(taking_part, name=f"Team {n}")
            members(team, people)
            for day in range(days):
                at = EVENING + dt.timedelta(days=day)
                a_shift(team, at, **{"place": "Station 2, back lot", "channel": "4", "published": True, **shift})
    return operation
