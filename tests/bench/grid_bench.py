"""The page of shifts with 100 teams of 14 shifts each, against the operation page of the same operation.

The ratio is of the 95th percentiles; the kilobytes are what a browser receives for the first useful page: the page,
style sheet, font and scripts, as the server sends them.
"""

from __future__ import annotations

import datetime as dt
import gc
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import Any

from flask import Flask, g
from flask.testing import FlaskClient

from outreach.storage import db, writing
from outreach.storage.queries import shifts
from outreach.storage.tables import Operation, Staff, TeamMember
from outreach.storage.types import utc_now
from tests import factories as site
from tests.bench import report_bench as report

SERVICES, TEAMS, MEMBERS, DAYS = 50, 2, 4, 14
VIEWS = 30
MEETINGS = 1000
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}


def rows() -> list[dict[str, Any]]:
    return report._with_operation(_measured)


def _measured(app: Flask, operation: Operation) -> list[dict[str, Any]]:
    grid = site.an_operation("GRID", days=DAYS)
    for _ in range(SERVICES):
        _planned(grid, site.a_participation(grid))
    report.grow(operation.id, 1, MEETINGS)
    client = report._signed_in(app)
    pages: dict[str, list[float]] = {"/operations/GRID/plan/shifts": [], "/operations/BENCH": []}
    for address in pages:
        _view(client, address)
    with _as_in_a_worker():
        for _ in range(VIEWS):
            for address, times in pages.items():
                times.append(_view(client, address))
    page, other = (quantiles(times, n=20)[-1] for times in pages.values())
    ratio, weight = page / other, _kilobytes(client, "/operations/GRID/plan/shifts")
    return [
        report._row("plan.grid_p95", page, "ms"),
        report._row("plan.grid_operation_page_p95", other, "ms"),
        report._row("plan.grid_vs_operation_page", ratio, "×", goal=3.0, met=ratio <= 3.0),
        report._row("plan.grid_kb", weight, "kB", goal=60.0, met=weight <= 60.0),
    ]


@contextmanager
def _as_in_a_worker() -> Iterator[None]:
    """Garbage is looked for as often as in a server process, see ``outreach.server``."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    yield
    gc.set_threshold(*usual)
    gc.unfreeze()


def _view(client: FlaskClient, address: str) -> float:
    """Milliseconds until the page is there."""
    for name in list(g):
        g.pop(name)
    db.session.rollback()
    begun = time.perf_counter()
    answer = client.get(address)
    taken = time.perf_counter() - begun
    assert answer.status_code == 200
    return taken * 1000


def _planned(operation: Operation, participation: Any) -> None:
    """Teams of the service with their members and a shift on every evening."""
    now, values = utc_now(), []
    for number in range(TEAMS):
        team = site.a_team(participation, name=f"Evening team {number + 1}")
        with writing():
            for one in range(MEMBERS):
                name = f"Person {team.id}-{one}"
                staff = Staff(service_id=team.service_id, name=name, name_key=name.casefold(), category="police")
                db.session.add(staff)
                db.session.flush()
                db.session.add(
                    TeamMember(
                        team_id=team.id, staff_id=staff.id, category=staff.category, is_lead=not one, recorded_at=now
                    )
                )
        for day in range(DAYS):
            starts_at = operation.starts_at + dt.timedelta(days=day, hours=12, minutes=30 * (team.id % 3))
            content = {
                "place": f"Car park {team.id % 9}",
                "channel": "Channel 4",
                "places": 4 + team.id % 2,
                "crew": None,
            }
            span = {"starts_at": starts_at, "ends_at": starts_at + dt.timedelta(hours=8)}
            values.append({"team_id": team.id, **span, **content, "cancelled": False})
    with writing():
        shifts.add_shifts(operation.id, values, by=None, now=now)


def _kilobytes(client: FlaskClient, address: str) -> float:
    """What is sent for the page and for what it names in its head, compressed as the server compresses."""
    answer = client.get(address, headers=BROWSER)
    page = client.get(address).text
    named = re.findall(r'<(?:link|script)[^>]*(?:href|src)="(/static/[^"]+)"', page)
    parts = [client.get(part, headers=BROWSER) for part in named]
    return sum(len(part.data) for part in (answer, *parts)) / 1000
