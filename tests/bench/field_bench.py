"""Logging a contact through the whole stack against the least that can keep a row, in one run on one machine."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from outreach.app import create_app
from outreach.config import Settings
from outreach.field.rules import make_code
from outreach.storage import db
from outreach.storage.schema import bring_up_to_date
from outreach.vocab import Role
from tests import factories as site
from tests.bench import load

CONTACTS = 1500
ROUNDS = 5
GOAL = 0.35  # of the floor's requests a second
IMPORTS = "import time; t = time.perf_counter(); import outreach.app; print(time.perf_counter() - t)"


def rows() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        officer, team = _a_site(instance)
        with load.floor_server(instance) as floor, load.site_server(instance) as port:
            browser = load.SignedIn(port, officer, site.PASSWORD)
            pairs = [_one_round(floor, port, browser, team) for _ in range(ROUNDS + 1)][1:]
    ratios = [site_rate / floor_rate for floor_rate, site_rate, _ in pairs]
    ratio = statistics.median(ratios)
    return [
        _row("field.floor_per_second", statistics.median(p[0] for p in pairs), "1/s"),
        _row("field.contact_per_second", statistics.median(p[1] for p in pairs), "1/s"),
        _row("field.contact_p50", statistics.median(p[2] for p in pairs), "ms"),
        _row("field.contact_vs_floor", ratio, "×", GOAL, ratio >= GOAL),
        _row("app.import_time", _import_time(), "s"),
    ]


def _a_site(instance: Path) -> tuple[str, str]:
    """A site with the hashing of a real one, an officer and her team; gives her address and the team's UUID."""
    url = f"sqlite:///{instance / 'outreach.sqlite3'}"
    app = create_app(Settings(instance_dir=instance, database_url=url, public_url="", development=False))
    with app.app_context():
        bring_up_to_date()
        operation = site.an_operation()
        service = site.a_service()
        officer = site.a_user(Role.FIELD_OFFICER, service, operation)
        team = site.a_team(site.a_participation(operation, service), officer)
        found = officer.email, team.uid
        db.session.remove()
        db.engine.dispose()
    return found


def _one_round(floor: int, port: int, browser: load.SignedIn, team: str) -> tuple[float, float, float]:
    bare = [
        load.raw_request(
            "POST", "/contacts", floor, f"uid={uuid.uuid4()}&met_at=2017-10-11+21%3A38&result=met".encode()
        )
        for _ in range(CONTACTS)
    ]
    whole = [browser.request("POST", "/field/contacts", _contact(team)) for _ in range(CONTACTS)]
    floor_rate, _ = load.send_all(floor, bare)
    site_rate, p50 = load.send_all(port, whole)
    return floor_rate, site_rate, p50


def _contact(team: str) -> list[tuple[str, str]]:
    """What the check card sends for one person who declined: sealed code, meeting, audit, no referral."""
    return [
        ("uid", str(uuid.uuid4())),
        ("team", team),
        ("met_at", "2017-10-11 21:38"),
        ("result", "met"),
        ("persons", "1"),
        ("place_kind", "hotel"),
        ("approach", "online_advertisement"),
        ("municipality", "Windsor"),
        ("kits", "1"),
        ("note", "Room at the back, asked for the card twice."),
        ("code-1", make_code()),
        ("age-1", "25_34"),
        ("gender-1", "woman_girl"),
        ("answer-1", "declined"),
        ("agreed-1", "talk"),
        ("agreed-1", "record"),
    ]


def _import_time() -> float:
    times = []
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True)
        times.append(float(done.stdout))
        time.sleep(0.05)
    return statistics.median(times)


def _row(name: str, value: float, unit: str, goal: float | None = None, met: bool | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "met": met}
