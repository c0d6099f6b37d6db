"""From the database to figures and to the operation page, at several sizes.

The whole path at 10,000, 100,000 and 1,000,000 meetings; the page at 200, 10,000 and 100,000, when nothing changed
since the last view and after a change.

The rows are made by SQL inside the database, so that making them is not what is measured.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import text

from outreach.app import create_app
from outreach.rollup.measures import STANDARD, measure
from outreach.rollup.totals import totals
from outreach.storage import db, writing
from outreach.storage.frames import facts_of
from outreach.storage.queries.operations import note_change
from outreach.storage.schema import bring_up_to_date
from outreach.storage.tables import Operation
from outreach.vocab import Role
from tests import factories as site
from tests.conftest import settings, token_of
from tests.factories import PASSWORD

SIZES = (10_000, 100_000, 1_000_000)
PAGE_SIZES = (200, 10_000, 100_000)
SERVICES = 46
MEASURES = [measure(code) for code in STANDARD]

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT :low UNION ALL SELECT i + 1 FROM n WHERE i < :high) "
_AT = "1507629600000000 + (i % 7) * 86400000000 + (i % 17) * 1800000000"
_AGES = "CASE i % 9 WHEN 0 THEN '16_17' WHEN 1 THEN '18' WHEN 2 THEN '25_34' WHEN 3 THEN '35_44' ELSE 'not_known' END"
_ANSWERS = "CASE i % 5 WHEN 0 THEN 'accepted' WHEN 1 THEN 'declined' WHEN 2 THEN 'undecided' ELSE 'not_offered' END"
_STATEMENTS = (
    "INSERT INTO person (id, uid, root_id, join_key, claimed, code_conflict)"
    + _NUMBERS
    + "SELECT i, 'p' || i, :operation, i, 0, 0 FROM n",
    "INSERT INTO contact (id, uid, operation_id, participation_id, service_id, created_at, content_hash)"
    + _NUMBERS
    + "SELECT i, 'c' || i, :operation, 1 + i % 46, 1 + i % 46, 1507629600000000, '-' FROM n",
    "INSERT INTO contact_version (id, contact_id, operation_id, service_id, withdrawn, met_at, day, timing, result,"
    " approach, place_kind, municipality, kits, version, recorded_at, reason)"
    + _NUMBERS
    + f"SELECT i, i, :operation, 1 + i % 46, 0, {_AT}, 17449 + i % 7, 'inside', 'met', '', 'hotel', '', 1, 1,"
    " 1507629600000000, NULL FROM n",
    "INSERT INTO meeting (id, contact_version_id, contact_id, operation_id, service_id, position, person_id,"
    " person_key, standing, met_at, day, recorded_at, age_believed, age_said, age_confirmed, gender_believed,"
    " gender_said, language, answer, no_referral_reason, made_safe, indicators, place_kind)"
    + _NUMBERS
    + "SELECT i, i, i, :operation, 1 + i % 46, 1, i - (i % 10 = 0), i - (i % 10 = 0), 1,"
    f" {_AT}, 17449 + i % 7, 1507629600000000, {_AGES}, 'not_known', 'not_known', 'woman_girl', 'not_known', '',"
    f" {_ANSWERS}, '', i % 50 = 0, '[]', 'hotel' FROM n",
)


def grow(operation_id: int, low: int, high: int) -> None:
    """Standing contacts number ``low`` to ``high`` with one person each; every tenth person was met before."""
    with writing():
        for statement in _STATEMENTS:
            db.session.execute(text(statement), {"low": low, "high": high, "operation": operation_id})
        note_change(operation_id)


def best_of(repeats: int, work: Callable[[], Any]) -> float:
    """Seconds of the fastest of some runs."""
    times = []
    for _ in range(repeats):
        gc.collect()
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def rows() -> list[dict[str, Any]]:
    """The path from the database to all figures by service and day, and the operation page."""
    return [*_with_operation(_paths), *_with_operation(_pages)]


def _with_operation(measured: Callable[[Flask, Operation], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder)))
        with app.app_context():
            bring_up_to_date()
            operation = site.an_operation("BENCH")
            for _ in range(SERVICES):
                site.a_participation(operation)
            found = measured(app, operation)
            db.session.remove()
            db.engine.dispose()
    return found


def _paths(_app: Flask, operation: Operation) -> list[dict[str, Any]]:
    """Seconds to read the facts, and to have every figure by service and day, at each size."""
    found: list[dict[str, Any]] = []
    whole: list[float] = []
    done = 0
    for size in SIZES:
        grow(operation.id, done + 1, size)
        done = size
        repeats = 3 if size < SIZES[-1] else 1
        reading = best_of(repeats, lambda: facts_of(operation.id))
        path = best_of(repeats, lambda: totals(facts_of(operation.id), ("service", "day"), MEASURES))
        whole.append(path)
        found.append(_row(f"report.read_{size}", reading, "s"))
        found.append(_row(f"report.path_{size}", path, "s"))
    found.append(_row("report.path_growth_10k_to_1m", whole[-1] / whole[0], "×"))
    return found


def _pages(app: Flask, operation: Operation) -> list[dict[str, Any]]:
    """Milliseconds of the operation page: p50 of views when nothing changed, and of the first view after a change."""
    client = _signed_in(app)
    found: list[dict[str, Any]] = []
    unchanged: list[float] = []
    done = 0
    for size in PAGE_SIZES:
        grow(operation.id, done + 1, size)
        done = size
        changed = []
        for _ in range(3):
            with writing():
                note_change(operation.id)
            changed.append(_view(client))
        unchanged.append(median(_view(client) for _ in range(25)))
        found.append(_row(f"report.page_unchanged_{size}", unchanged[-1], "ms"))
        found.append(_row(f"report.page_changed_{size}", median(changed), "ms"))
    ratio = unchanged[-1] / unchanged[0]
    return [*found, _row("report.page_100k_vs_200", ratio, "×", goal=2.0, met=ratio <= 2.0)]


def _signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    user = site.a_user(Role.OPERATION_COORDINATOR)
    answer = client.post(
        "/sign-in", data={"email": user.email, "password": PASSWORD, "csrf_token": token_of(client.get("/sign-in"))}
    )
    assert answer.status_code in (302, 303)
    return client


def _view(client: FlaskClient) -> float:
    for name in list(g):
        g.pop(name)
    db.session.rollback()
    begun = time.perf_counter()
    answer = client.get("/operations/BENCH")
    taken = time.perf_counter() - begun
    assert answer.status_code == 200
    return taken * 1000


def _row(name: str, value: float, unit: str, goal: float | None = None, met: bool | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "met": met}
