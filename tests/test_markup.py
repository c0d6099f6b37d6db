"""Markup typed into every text that people may type stays text, on every page that shows it and in every language."""

import datetime as dt
import re

import time_machine

from outreach.field import charge_commands
from outreach.storage import db, writing
from outreach.storage.tables import (
    Charge,
    ChargeVersion,
    Offence,
    Operation,
    ParticipationVersion,
    Service,
    ShiftVersion,
    Staff,
    TeamVersion,
    User,
)
from tests.auth.test_walk import NOW
from tests.auth.world import OWN, a_world
from tests.field.factories import actor_of
from tests.test_fuzz import pages_of

TYPED = "x\"'><img src=x onerror=alert(1)>{{7*7}}</script><!--"
TEXTS = {
    Operation: ("name", "purpose", "edition"),
    Service: ("name", "short_name", "region", "municipality", "languages", "contact_desk"),
    TeamVersion: ("name", "area"),
    ShiftVersion: ("place", "channel"),
    Staff: ("name",),
    User: ("name",),
    ChargeVersion: ("label", "statute", "reason"),
    ParticipationVersion: ("desk", "reason"),
    Offence: ("title_en", "title_fr", "section"),
}


def test_what_people_typed_never_becomes_markup(app, signed_in):
    with time_machine.travel(NOW, tick=False):
        world = a_world()
        own = world.corners[OWN]
        coordinator = actor_of(own.coordinator)
        with writing():
            accused = charge_commands.charges.accused_by_uid(own.accused)
            label = charge_commands.ChargeEntry(label=TYPED[:60], statute=TYPED[:40], laid_on=dt.date(2017, 10, 11))
            charge_commands.lay_charge(coordinator, accused, label)
            for table, names in TEXTS.items():
                for row in db.session.query(table):
                    for name in names:
                        length = table.__table__.c[name].type.length or 200
                        setattr(row, name, TYPED[:length])
        assert db.session.query(Charge).count() > 3
        seen = 0
        for name in (
            "operation coordinator of every operation",
            "service coordinator",
            "field officer",
            "liaison",
            "administrator",
            "analyst",
        ):
            client = signed_in(world.actors[name])
            for _, address in pages_of(app, world, "GET"):
                answer = client.get(address)
                if answer.status_code != 200 or answer.mimetype != "text/html":
                    answer.close()
                    continue
                seen += "&lt;img src=x" in answer.text
                assert "<img src=x" not in answer.text, f"{name} at {address}"
                assert "onerror" not in attributes(answer.text), f"{name} at {address}"
        assert seen > 40, "the pages show what was typed"


def attributes(page: str) -> set[str]:
    """Names of every attribute, as a browser reads the page."""
    from html.parser import HTMLParser

    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.update(name for name, _ in attrs)

        handle_startendtag = handle_starttag

    Reader().feed(re.sub(r"\s+", " ", page))
    return found
