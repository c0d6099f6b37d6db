"""What opening sealed words costs on a liaison's page of a case: twelve notes, nine goals with their steps, the way.

The time within the key store is taken from the very requests whose time is measured, so that other load counts alike.
*Cold*: the first view by a process that has not read the keys of the case yet.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from flask import g

from outreach.app import create_app
from outreach.referrals import case_commands, commands
from outreach.referrals.case_rules import Entry, Goal
from outreach.storage import db, writing
from outreach.storage.case_keys import CaseKeys, case_keys
from outreach.storage.queries import access
from outreach.storage.schema import bring_up_to_date
from tests.conftest import settings, token_of
from tests.factories import PASSWORD
from tests.referrals.factories import World, a_referral, a_world

NOTES, GOALS, VIEWS = 12, 9, 60
WORDS = "Invented words of a note, about as long as one that somebody writes after a call. " * 4


def rows() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder)))
        with app.app_context():
            bring_up_to_date()
            world = a_world()
            uid = a_case(world)
            found = _measured(app, world, uid)
            db.session.remove()
            db.engine.dispose()
    return found


def a_case(world: World) -> str:
    """A referral in hand with its notes and goals."""
    referral = a_referral(world)
    with writing():
        liaison = access.actor_of(world.liaison)
        commands.pick_up(liaison, referral)
        for _ in range(NOTES):
            case_commands.record_entry(liaison, referral, str(uuid.uuid4()), Entry("call", "no_answer", "", WORDS))
        for number in range(GOALS):
            goal = Goal("work", f"Goal {number}", f"Step {number}")
            case_commands.change_item(liaison, referral, str(uuid.uuid4()), 0, goal)
    return str(referral.uid)


def _measured(app: Any, world: World, uid: str) -> list[dict[str, Any]]:
    client, opened = app.test_client(), Clock()
    data = {"email": world.liaison.email, "password": PASSWORD, "csrf_token": token_of(client.get("/sign-in"))}
    client.post("/sign-in", data=data)
    real = CaseKeys.open
    CaseKeys.open = opened.around(real)  # measured from within, as the page calls it
    try:
        _view(client, uid, opened)
        pages = [_view(client, uid, opened) for _ in range(VIEWS)]
        case_keys()._read.cache_clear()
        cold = _view(client, uid, opened)
    finally:
        CaseKeys.open = real
    whole, inside = ([page[place] for page in pages] for place in (0, 1))
    shares = [part / all_ * 100 for all_, part, _ in pages]
    return [
        _row("referrals.case_page_p95", quantiles(whole, n=20)[-1], "ms"),
        _row("referrals.case_page_opened", pages[0][2], "texts"),
        _row("referrals.case_page_unsealing", median(inside), "ms"),
        _row("referrals.case_page_unsealing_share", median(shares), "%"),
        _row("referrals.case_page_unsealing_cold", cold[1], "ms"),
    ]


class Clock:
    """Milliseconds and calls within one function."""

    def __init__(self) -> None:
        self.spent, self.calls = 0.0, 0

    def around(self, real: Any) -> Any:
        def timed(keys: Any, *args: Any) -> Any:
            begun = time.perf_counter()
            try:
                return real(keys, *args)
            finally:
                self.spent += (time.perf_counter() - begun) * 1000
                self.calls += 1

        return timed


def _view(client: Any, uid: str, opened: Clock) -> tuple[float, float, int]:
    """Milliseconds of the page, of them within the key store, and how many texts that opened."""
    for name in list(g):
        g.pop(name)
    db.session.rollback()
    opened.spent, opened.calls = 0.0, 0
    begun = time.perf_counter()
    answer = client.get(f"/referrals/{uid}")
    answer.get_data()
    if answer.status_code != 200:
        raise RuntimeError(f"the case answered {answer.status_code}")
    return (time.perf_counter() - begun) * 1000, opened.spent, opened.calls


def _row(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": None, "met": None}
