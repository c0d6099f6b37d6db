"""Printed sheets: 100 assignment lists as one PDF, from the plan in the database to the bytes that are sent."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from outreach.app import create_app
from outreach.ready import sheet_contents, sheets
from outreach.storage import db
from outreach.storage.schema import bring_up_to_date
from outreach.storage.types import utc_now
from tests.conftest import settings
from tests.ready.sheet_factories import a_plan

SHEETS = 100


def rows() -> list[dict[str, Any]]:
    with _site() as operation:
        first, again = _seconds(operation), min(_seconds(operation) for _ in range(3))
    unit = f"s, {SHEETS} sheets of 12 people"
    return [
        {"name": "ready.sheets_100_seconds", "value": first, "unit": unit, "goal": None, "met": None},
        {"name": "ready.sheets_100_again_seconds", "value": again, "unit": unit, "goal": None, "met": None},
    ]


@contextmanager
def _site() -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder)))
        with app.app_context(), app.test_request_context("/"):
            bring_up_to_date()
            yield a_plan(services=10, teams=10, people=12)
            db.session.remove()
            db.engine.dispose()


def _seconds(operation: Any) -> float:
    """What a coordinator waits for: reading the plan, making the contents, setting the pages."""
    begun = time.perf_counter()
    services = {row.service_id for row in sheet_contents.shifts.shifts_of(operation.id)}
    plan = sheet_contents.plan_of(operation, services, utc_now())
    made = list(sheet_contents.sheets_of("assignment", plan, plan.shifts, "en"))
    assert len(made) == SHEETS
    sheets.pdf("assignment", made, sheet_contents.words(), title="Assignment lists", language="en")
    return time.perf_counter() - begun
