"""The dashboard at 200, 10,000, 100,000 and 1,000,000 contacts: beside the operation (the archive), and in it.

Of each size the median of views when nothing changed, of the first view after a change, and of the first view of a
process that has just begun. Then the requests a second of a view that is cached, against a bare route behind the same
server in the same run.

The rows are made by SQL inside the database, so that making them is not what is measured.
"""

from __future__ import annotations

import tempfile
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from outreach.app import create_app
from outreach.returns import remembering
from outreach.storage import db, writing
from outreach.storage.queries.operations import note_change
from outreach.storage.schema import bring_up_to_date
from outreach.storage.tables import Operation
from outreach.vocab import Role
from tests import factories as site
from tests.bench import load
from tests.bench import report_bench as report
from tests.bench.grid_bench import _as_in_a_worker, _view
from tests.conftest import settings
from tests.factories import PASSWORD

SIZES = (200, 10_000, 100_000, 1_000_000)
VIEWS = 40
OWN = 200
REQUESTS, TURNS = 3_000, 3
PAGE = "/operations/BENCH/dashboard"


def rows() -> list[dict[str, Any]]:
    return [*report._with_operation(_archive), *report._with_operation(_own), *_cached()]


def _archive(app: Flask, operation: Operation) -> list[dict[str, Any]]:
    """The operation keeps 200 contacts; those of another, that is over, grow beside it."""
    other = site.an_operation("ARCHIVE")
    for _ in range(report.SERVICES):
        site.a_participation(other)
    report.grow(operation.id, 1, OWN)
    return _sizes(app, operation, other, OWN, "archive")


def _own(app: Flask, operation: Operation) -> list[dict[str, Any]]:
    return _sizes(app, operation, operation, 0, "operation")


def _sizes(app: Flask, shown: Operation, grown: Operation, done: int, name: str) -> list[dict[str, Any]]:
    client, found, seen = report._signed_in(app), [], {}
    _view(client, PAGE)
    first = done
    with _as_in_a_worker():
        for size in SIZES:
            report.grow(grown.id, done + 1, first + size)
            done = first + size
            times = _times(client, shown.id, 3 if size < SIZES[-1] else 1)
            for kind, value in times.items():
                seen[kind, size] = value
                found.append(report._row(f"dashboard.{name}_{kind}_{size}", value, "ms"))
    for kind in ("unchanged", "changed"):
        ratio = seen[kind, SIZES[-1]] / seen[kind, SIZES[0]]
        goal = 2.0 if name == "archive" else None
        met = None if goal is None else ratio <= goal
        found.append(report._row(f"dashboard.{name}_{kind}_growth", ratio, "×", goal=goal, met=met))
    return found


def _times(client: FlaskClient, operation_id: int, repeats: int) -> dict[str, float]:
    """Milliseconds: nothing changed, after a change, and with nothing remembered."""
    changed, fresh = [], []
    for _ in range(repeats):
        with writing():
            note_change(operation_id)
        changed.append(_view(client, PAGE))
        remembering._stores.clear()
        fresh.append(_view(client, PAGE))
    return {
        "unchanged": median(_view(client, PAGE) for _ in range(VIEWS)),
        "changed": median(changed),
        "fresh_process": median(fresh),
    }


# Requests a second ----------------------------------------------------------------------------------------------------


def _cached() -> list[dict[str, Any]]:
    """A bare route; the page of the dashboard and what its script asks for, when nothing changes; and the page of many
    browsers, none of which asked before (its parts are remembered, the page is not)."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        email = _planted(place / "site")
        with load.floor_server(place) as floor, load.site_server(place / "site") as port:
            browser = load.SignedIn(port, email, PASSWORD)
            mark = f"If-None-Match: {_mark(port, browser.cookie)}\r\n"
            asked: dict[str, tuple[int, list[bytes], bytes]] = {
                "bare": (floor, [load.raw_request("GET", "/", floor)] * REQUESTS, b"200"),
                "cached": (port, [_asked(port, PAGE, browser)] * REQUESTS, b"200"),
                "figures": (port, [_asked(port, PAGE + "/figures", browser, mark)] * REQUESTS, b"304"),
            }
            best: dict[str, float] = {}
            for turn in range(TURNS):  # turn about, so that whatever else the machine does meets all of them
                new = [_asked(port, PAGE, browser, f"X-New: {turn}-{n}\r\n") for n in range(REQUESTS // 5)]
                for name, (to, requests, expect) in {**asked, "made": (port, new, b"200")}.items():
                    rate, _ms = load.send_all(to, requests, expect=expect)
                    best[name] = max(best.get(name, 0.0), rate)
    share = {name: rate / best["bare"] for name, rate in best.items()}
    return [
        *(report._row(f"dashboard.rps_{name}", rate, "/s") for name, rate in best.items()),
        report._row("dashboard.made_vs_bare", share["made"], "×"),
        report._row("dashboard.figures_vs_bare", share["figures"], "×"),
        report._row("dashboard.cached_vs_bare", share["cached"], "×", goal=0.5, met=share["cached"] >= 0.5),
    ]


def _planted(instance: Path) -> str:
    """A site with one operation of 46 services and 1,000 contacts; the e-mail of its coordinator."""
    instance.mkdir()
    app = create_app(settings(instance))
    with app.app_context():
        bring_up_to_date()
        operation = site.an_operation("BENCH")
        for _ in range(report.SERVICES):
            site.a_participation(operation)
        report.grow(operation.id, 1, 1_000)
        email = site.a_user(Role.OPERATION_COORDINATOR).email
        db.session.remove()
        db.engine.dispose()
    return email


def _mark(port: int, cookie: str) -> str:
    """The mark of the figures, as the script of the page keeps it."""
    link = HTTPConnection("127.0.0.1", port)
    link.request("GET", PAGE + "/figures", headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
    answer = link.getresponse()
    answer.read()
    link.close()
    return answer.getheader("ETag") or ""


def _asked(port: int, path: str, browser: load.SignedIn, more: str = "") -> bytes:
    head = f"Cookie: {browser.cookie}\r\nAccept-Encoding: gzip\r\n"
    return load.raw_request("GET", path, port, more=head + more)
