"""The close-out page beside the operation page of the same operation, by turns: views when nothing changed, the first
view after a change, its size; and what it costs to lock a version. 46 services with 200 and 10,000 contacts, and 400
services.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from flask import g
from flask.testing import FlaskClient

from outreach.app import create_app
from outreach.auth.actors import SYSTEM
from outreach.returns import set_commands
from outreach.storage import db, writing
from outreach.storage.queries import operations
from outreach.storage.queries.operations import note_change
from outreach.storage.schema import bring_up_to_date
from outreach.vocab import EntryMode
from tests import factories as site
from tests.bench.report_bench import _signed_in, grow
from tests.conftest import settings

CLOSE, PAGE = "/operations/BENCH/close-out", "/operations/BENCH"
VIEWS = 15


def rows() -> list[dict[str, Any]]:
    return [
        *_measured(46, (200, 10_000), "46"),
        *_measured(400, (200,), "400"),
    ]


def _measured(services: int, sizes: tuple[int, ...], name: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder)))
        with app.app_context():
            bring_up_to_date()
            operation = site.an_operation("BENCH")
            for number in range(services):
                mode = EntryMode.CONTACTS if number < 46 else EntryMode.DAILY_TOTALS
                site.a_participation(operation, entry_mode=mode)
            client = _signed_in(app)
            found = [row for size in _grown(operation.id, sizes) for row in _page(client, size, name)]
            db.session.remove()
            db.engine.dispose()
    return found


def _grown(operation_id: int, sizes: tuple[int, ...]) -> Any:
    done = 0
    for size in sizes:
        grow(operation_id, done + 1, size)
        done = size
        yield size


def _page(client: FlaskClient, contacts: int, name: str) -> list[dict[str, Any]]:
    operation_id = operations.by_code("BENCH").id  # type: ignore[union-attr]  # it was made just before
    first: dict[str, list[float]] = {CLOSE: [], PAGE: []}
    again: dict[str, list[float]] = {CLOSE: [], PAGE: []}
    for _ in range(3):
        for url in (PAGE, CLOSE):
            with writing():
                note_change(operation_id)
            first[url].append(_view(client, url))
    for _ in range(VIEWS):
        for url in (PAGE, CLOSE):
            again[url].append(_view(client, url))
    sent = len(gzip.compress(client.get(CLOSE).data, 6)) / 1024
    begun = time.perf_counter()
    why = f"Measured with {contacts} contacts"
    set_commands.lock(SYSTEM, operations.by_code("BENCH"), provisional=True, reason=why)
    locking = (time.perf_counter() - begun) * 1000
    end = f"{name}_services_{contacts}"
    return [
        _row(f"returns.close_{end}", median(again[CLOSE]), "ms", 300 if name == "46" else None),
        _row(f"returns.close_vs_operation_page_{end}", median(again[CLOSE]) / median(again[PAGE]), "×"),
        _row(f"returns.close_changed_{end}", median(first[CLOSE]), "ms"),
        _row(f"returns.close_changed_vs_operation_page_{end}", median(first[CLOSE]) / median(first[PAGE]), "×"),
        _row(f"returns.close_transferred_{end}", sent, "KiB", 60),
        _row(f"returns.lock_{end}", locking, "ms"),
    ]


def _view(client: FlaskClient, url: str) -> float:
    for kept in list(g):
        g.pop(kept)
    db.session.rollback()
    begun = time.perf_counter()
    answer = client.get(url)
    assert answer.status_code == 200, answer.text[:500]
    return (time.perf_counter() - begun) * 1000


def _row(name: str, value: float, unit: str, goal: float | None = None) -> dict[str, Any]:
    met = None if goal is None else value <= goal
    return {"name": name, "value": round(value, 2), "unit": unit, "goal": goal, "met": met}
