"""The liaison's list with 5,000 open referrals against the same with 50: the page asks and shows no more."""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
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
    with tempfile.TemporaryDirectory() as few_folder, tempfile.TemporaryDirectory() as many_folder:
        few, many = (_made(Path(folder), number) for folder, number in ((few_folder, FEW), (many_folder, MANY)))
        # Both sites are asked in turn, so that whatever else the machine does weighs on both alike.
        with load.site_server(Path(few_folder)) as here, load.site_server(Path(many_folder)) as there:
            asked = [
                (port, load.SignedIn(port, made.email, site.PASSWORD)) for port, made in ((here, few), (there, many))
            ]
            few_bytes, many_bytes = (len(browser.get("/referrals")) for _, browser in asked)
            few_p95, many_p95 = (quantiles(times, n=20)[-1] for times in _times(asked))
    ratio = many_p95 / few_p95
    return [
        _row("referrals.waiting_50_p95", few_p95, "ms"),
        _row("referrals.waiting_5000_p95", many_p95, "ms"),
        _row("referrals.waiting_5000_vs_50", ratio, "×", GOAL, ratio <= GOAL),
        _row("referrals.waiting_50_queries", few.queries, "queries"),
        _row("referrals.waiting_5000_queries", many.queries, "queries", few.queries, many.queries <= few.queries),
        _row("referrals.waiting_5000_vs_50_bytes", many_bytes / few_bytes, "×"),
        _row("referrals.alert_round_5000", many.alerts, "ms"),
    ]


@dataclass(frozen=True)
class Made:
    """A site: its liaison's address, how many queries the page runs, milliseconds of a round of alerts."""

    email: str
    queries: int
    alerts: float


def _made(instance: Path, number: int) -> Made:
    url = f"sqlite:///{instance / 'outreach.sqlite3'}"
    app = create_app(Settings(instance_dir=instance, database_url=url, public_url="", development=False))
    with app.app_context():
        bring_up_to_date()
        world = a_world()
        email = world.liaison.email
        fill(world, number)
        queries = _queries(app, email)
        begun = time.perf_counter()
        letters_due(Site(utc_now()))
        alerts = (time.perf_counter() - begun) * 1000
        db.session.remove()
        db.engine.dispose()
    return Made(email, queries, alerts)


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


def _times(asked: list[tuple[int, load.SignedIn]]) -> list[list[float]]:
    """Milliseconds of every request to each site, one after the other in turn."""
    found: list[list[float]] = [[] for _ in asked]
    connections = [HTTPConnection("127.0.0.1", port) for port, _ in asked]
    for number in range(REQUESTS + 20):
        for times, connection, (_, browser) in zip(found, connections, asked, strict=True):
            begun = time.perf_counter()
            connection.request("GET", "/referrals", headers={"Cookie": browser.cookie})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"the list answered {answer.status}")
            if number >= 20:
                times.append((time.perf_counter() - begun) * 1000)
    for connection in connections:
        connection.close()
    return found


def _row(name: str, value: float, unit: str, goal: float | None = None, met: bool | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "met": met}
