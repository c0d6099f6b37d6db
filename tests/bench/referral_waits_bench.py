"""The liaison's list with 5,000 open referrals against the same with 50: the page asks and shows no more."""

from __future__ import annotations

import datetime as dt
import statistics
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from sqlalchemy import event

from outreach.app import create_app
from outreach.config import Settings
from outreach.field.rules import make_code
from outreach.referrals.alert_commands import Site, letters_due
from outreach.storage import db, writing
from outreach.storage.keys import site_keys
from outreach.storage.queries.field import code_place
from outreach.storage.schema import bring_up_to_date
from outreach.storage.tables import Person, Referral, ReferralVersion
from outreach.storage.types import new_uid, utc_now
from tests import factories as site
from tests.bench import load
from tests.referrals.factories import World, a_world

FEW, MANY = 50, 5_000
REQUESTS = 120
GOAL = 2.0


def rows() -> list[dict[str, Any]]:
    found = {number: _measured(number) for number in (FEW, MANY)}
    (few, asked, few_bytes), (many, asked_many, many_bytes) = found[FEW][:3], found[MANY][:3]
    ratio = many / few
    return [
        _row("referrals.waiting_50_p95", few, "ms"),
        _row("referrals.waiting_5000_p95", many, "ms"),
        _row("referrals.waiting_5000_vs_50", ratio, "×", GOAL, ratio <= GOAL),
        _row("referrals.waiting_50_queries", asked, "queries"),
        _row("referrals.waiting_5000_queries", asked_many, "queries", asked, asked_many <= asked),
        _row("referrals.waiting_5000_vs_50_bytes", many_bytes / few_bytes, "×"),
        _row("referrals.alert_round_5000", found[MANY][3], "ms"),
    ]


def _measured(number: int) -> tuple[float, int, int, float]:
    """Milliseconds of the slowest twentieth of requests, queries and bytes of one page, and of a round of alerts."""
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        url = f"sqlite:///{instance / 'outreach.sqlite3'}"
        app = create_app(Settings(instance_dir=instance, database_url=url, public_url="", development=False))
        with app.app_context():
            bring_up_to_date()
            world = a_world()
            email = world.liaison.email
            fill(world, number)
            asked = _queries(app, email)
            begun = time.perf_counter()
            letters_due(Site(utc_now()))
            alerts = (time.perf_counter() - begun) * 1000
            db.session.remove()
            db.engine.dispose()
        with load.site_server(instance) as port:
            browser = load.SignedIn(port, email, site.PASSWORD)
            size = len(browser.get("/referrals"))
            times = _times(port, browser)
    return statistics.quantiles(times, n=20)[-1], asked, size, alerts


def fill(world: World, number: int) -> None:
    """That many open referrals of the agency, each with a code: four of five wait, the liaison has the rest in hand."""
    now, keys = utc_now(), site_keys()
    root = world.operation.id
    with writing():
        for count in range(number):
            uid, code = new_uid(), make_code()
            person = Person(
                uid=uid,
                root_id=root,
                code_mark=keys.mark(code, f"tree/{root}"),
                code_sealed=keys.seal(code, code_place(uid, root)),
            )
            db.session.add(person)
            db.session.flush()
            made = now - dt.timedelta(minutes=17 * count)
            referral = Referral(
                operation_id=root, service_id=world.police.id, person_id=person.id, day=made.date(), made_at=made
            )
            db.session.add(referral)
            db.session.flush()
            taken = count % 5 == 0
            db.session.add(
                ReferralVersion(
                    referral_id=referral.id,
                    state="received" if taken else "made",
                    agency_id=world.agency.id,
                    liaison_id=world.liaison.id if taken else None,
                    urgent=count % 7 == 0,
                    reach_by="they_call",
                    owed_at=made,
                    recorded_at=made,
                )
            )


def _queries(app: Any, email: str) -> int:
    """How many statements one page runs."""
    client = app.test_client()
    page = client.get("/sign-in").text
    client.post("/sign-in", data={"email": email, "password": site.PASSWORD, "csrf_token": load._token(page)})
    client.get("/referrals")
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    assert client.get("/referrals").status_code == 200
    event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def _times(port: int, browser: load.SignedIn) -> list[float]:
    connection = HTTPConnection("127.0.0.1", port)
    times = []
    for number in range(REQUESTS + 20):
        begun = time.perf_counter()
        connection.request("GET", "/referrals", headers={"Cookie": browser.cookie})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the list answered {answer.status}")
        if number >= 20:
            times.append((time.perf_counter() - begun) * 1000)
    connection.close()
    return times


def _row(name: str, value: float, unit: str, goal: float | None = None, met: bool | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "met": met}
