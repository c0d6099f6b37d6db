"""What police and everybody who is no liaison can tell of one referral: waiting, picked up or closed, and nothing else.

One referral goes through every state; every page and file that names it, counts it or lists its doings is the same,
byte for byte, in all states that look alike.
"""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine

from outreach.storage import db, writing
from outreach.storage.queries import operations, referrals
from outreach.storage.tables import Referral, ReferralOutcome, ReferralVersion
from tests.auth.test_walk import NOW
from tests.auth.world import OWN, a_world
from tests.conftest import same_page
from tests.test_canary import text_of

IN_HAND = ("received", "reached", "engaged")
OVER = ("closed", "declined", "not_reached", "withdrawn")
OUTSIDE = ("field officer", "service coordinator", "commander")
INSIDE = ("operation coordinator", "analyst")
"""Those who see small totals of what became of referrals; of a single one they learn no more than the others."""


@pytest.fixture
def told(app, signed_in):
    """``told(state)``: everything that each of them reads of the referral in that state."""
    with time_machine.travel(NOW, tick=False) as clock:
        world = a_world()
        own = world.corners[OWN]
        clock.shift(dt.timedelta(days=2))  # readers outside the agencies see the days before
        clients = {name: signed_in(world.actors[name]) for name in (*OUTSIDE, *INSIDE, "administrator")}
        here, one = f"/operations/{own.code}", f"/referrals/{own.referral}"
        shown = ["/referrals", f"/field/contacts/{own.contact}", f"{one}/consents", one]
        figures = [here, f"{here}/figures", f"{here}/figures?by=service", f"{here}/support", f"{here}/months.csv"]
        figures += [f"{here}/figures/{code}?service={own.service}" for code in ("referrals_made", "referrals_received")]
        figures += [f"{here}/figures/referrals_engaged", f"{here}/figures/outcomes", f"{here}/board"]
        pages = {name: [*shown, *figures] for name in OUTSIDE}
        pages["commander"].append(f"{here}/workbook")
        pages |= {name: [*shown, *figures[-5:-3]] for name in INSIDE} | {"administrator": ["/people", here]}
        yield lambda state: _told(own, clients, pages, state)


def _told(own, clients, pages, state):
    _put(own, state)
    return {(name, page): _read(clients[name], page) for name, several in pages.items() for page in several}


def _put(own, state):
    """The state alone, as of a moment that does not move, with an outcome where the person works with the agency."""
    with writing():
        referral = db.session.query(Referral).filter_by(uid=own.referral).one()
        version = referrals.current(referral.id)
        for number, following in ((2, "received"), (3, state)):
            if state != "made" and state != version.state and version.version < number:
                version = _next(version, number, following)
        version.state = state
        db.session.query(ReferralOutcome).filter_by(referral_id=referral.id).delete()
        if state in ("engaged", "closed"):
            reached = {"agency_id": version.agency_id, "outcome": "school", "day": NOW.date(), "recorded_at": NOW}
            db.session.add(ReferralOutcome(referral_id=referral.id, **reached))
        operations.note_change(referral.operation_id)


def _next(version, number, state):
    names = ("referral_id", "agency_id", "needs", "urgent", "reach_by", "owed_at")
    kept = {name: getattr(version, name) for name in names}
    referrals.supersede(version, NOW)
    db.session.expire_all()
    after = ReferralVersion(version=number, state=state, recorded_at=NOW, **kept)
    referrals.add_version(after)
    return after


def _read(client, page):
    answer = client.get(page)
    found = text_of(answer) if page.endswith("workbook") else same_page(answer).decode()
    answer.close()
    return answer.status_code, found


def test_states_that_look_alike_to_police_are_the_same_bytes_on_every_page_and_file(told):
    seen = {state: told(state) for state in ("made", *IN_HAND, *OVER)}
    assert sum(status == 200 for status, _ in seen["received"].values()) > 35
    for alike in (IN_HAND, OVER):
        first = seen[alike[0]]
        for state in alike[1:]:
            other = seen[state]
            wrong = [where for where in first if first[where] != other[where]]
            assert not wrong, f"{state} can be told from {alike[0]}: {wrong} {_difference(first, other, wrong[0])}"
    for state, word in (("made", "Waiting"), ("engaged", "Picked up"), ("declined", "Closed")):
        assert f">{word}<" in seen[state]["service coordinator", "/referrals"][1], word


def _difference(first, other, where):
    a, b = (re.split(r"(?<=>)", one[where][1]) for one in (first, other))
    return [(x, y) for x, y in zip(a, b, strict=False) if x != y][:4]
