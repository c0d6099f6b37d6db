"""Looking at pages changes nothing but the journal; pages about persons enter the reading there or are not shown."""

import re

import pytest
import time_machine
from sqlalchemy import select

from outreach import audit
from outreach.errors import Unavailable
from outreach.storage import db
from outreach.storage.engine import Base
from outreach.storage.tables import AuditEntry
from tests.auth.test_walk import NOW
from tests.auth.world import OWN, a_world
from tests.test_fuzz import pages_of

READERS = (
    "service coordinator",
    "field officer",
    "liaison",
    "administrator",
    "analyst",
    "operation coordinator of every operation",
)
# Whose answers no browser stores, whatever they are about: her phone may be lost. See outreach/web/headers.py.
ON_A_PHONE = "field officer"
# Reading one's own unsaved answers, what one has just sent oneself, and one's own shifts.
OWN_WORDS = {"field.my_shift", "field.question", "field.roster"}
# The journal, when somebody was last seen, that an invitation, the link of a return or of a wall was opened, that a
# secret link was guessed at, and which issue of a workbook was handed out.
LINKS = {"participation_link", "return_link", "wall_link", "sign_in_failure"}
STAMPS = {"audit_entry", "session_record", "user", "return_issue"} | LINKS


@pytest.fixture
def site(app, signed_in):
    with time_machine.travel(NOW, tick=False):
        world = a_world()
        yield app, world, {name: signed_in(world.actors[name]) for name in READERS}


def contents():
    db.session.rollback()
    tables = [table for table in Base.metadata.sorted_tables if table.name not in STAMPS]
    return {table.name: db.session.execute(select(table)).all() for table in tables}


def entries():
    db.session.rollback()
    return db.session.query(AuditEntry).count()


def about_persons(app, world):
    """Pages about persons that this door guards, without those that show only one's own words."""
    views = app.view_functions
    return [
        (endpoint, address)
        for endpoint, address in pages_of(app, world, "GET")
        if getattr(views[endpoint], "person_level", False) and endpoint not in OWN_WORDS
    ]


def test_looking_at_every_page_changes_nothing(site):
    app, world, clients = site
    before = contents()
    for _, address in pages_of(app, world, "GET"):
        shown = 0
        for client in clients.values():
            answer = client.get(address)
            answer.get_data()
            answer.close()
            shown += answer.status_code == 200
            if shown == 2:
                break  # whoever else may see it is shown by the same code
    assert contents() == before


def test_every_page_about_persons_enters_its_reading(site):
    app, world, clients = site
    reached = set()
    rows = f"/operations/{world.corners[OWN].code}/figures/persons_met?service={world.corners[OWN].service}"
    for endpoint, address in [*about_persons(app, world), ("report.measure", rows)]:
        for name, client in clients.items():
            before = entries()
            answer = client.get(address)
            rows_shown = "no-store" in answer.headers.get("Cache-Control") and name != ON_A_PHONE
            shown = answer.status_code == 200 and (endpoint != "report.measure" or rows_shown)
            answer.close()
            if shown:
                reached.add(endpoint)
                assert entries() > before, f"{name} reads {address} and the journal does not know"
    assert reached >= {
        "field.contact",
        "field.contacts_list",
        "field.charges_list",
        "referrals.waiting",
        "referrals.referral",
        "report.export",
        "report.measure",
        "admin.read_journal",
    }


def test_no_page_about_persons_is_shown_while_the_journal_cannot_be_written(site, monkeypatch):
    app, world, clients = site

    def full(*args, **kwargs):
        raise Unavailable()

    monkeypatch.setattr(audit, "read", full)
    monkeypatch.setattr(audit, "record", full)
    own = world.corners[OWN]
    for name in ("service coordinator", "field officer", "liaison"):
        for _, address in about_persons(app, world):
            answer = clients[name].get(address, follow_redirects=True)
            # 422: asked without what the address needs, so nothing was read
            assert answer.status_code in (403, 404, 422, 503), f"{name} reads {address}: {answer.status_code}"
            assert own.contact not in answer.text and not re.search(r"\bA-01\b", answer.text)
            answer.close()
