"""Planted words, followed through the whole flow: nowhere on the disk in clear, in no log, and on no page of others.

One contact goes through the real views: a draft, the contact with its note, its referral picked up, a change, a form
that was being sent when the session ran out, a backup. Then the files are searched and every page is read by everybody.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
import time_machine

from outreach.field import rules
from outreach.storage import db
from outreach.storage.backup import backup_to
from outreach.storage.tables import AuditEntry, Contact, ContactDraft, KeptForm, Referral
from outreach.storage.types import new_uid
from tests.auth.test_walk import NOW
from tests.auth.world import OWN, a_world
from tests.conftest import token_of
from tests.test_fuzz import pages_of

NOTE, CHANGED, KEPT = "Canary note Quetzal", "Canary second note Ocelot", "Canary kept note Axolotl"
PHONE, DRAFT_PHONE, PLACE = "519 555 4711", "519 555 8822", "Canaryville"
REASON = "Canary reason Narwhal"
CODE = rules.make_code()
CODES = (CODE, rules.shown_code(CODE))
SEALED = (NOTE, CHANGED, KEPT, REASON, PHONE, DRAFT_PHONE, *CODES)

# Who works with this very contact, and what of it each may read; everybody else reads none of it.
ENTITLED = {
    "field officer": {NOTE, CHANGED, REASON, PLACE, DRAFT_PHONE, *CODES},
    "service coordinator": {NOTE, CHANGED, KEPT, REASON, PLACE, *CODES},
    "liaison": {PHONE, *CODES},
}


def contact_form(uid, team, note):
    return {
        "uid": uid,
        "team": team,
        "met_at": NOW.isoformat(),
        "result": "met",
        "municipality": PLACE,
        "note": note,
        "persons": "1",
        "code-1": CODE,
        "age-1": "25_34",
        "gender-1": "woman_girl",
        "answer-1": "accepted",
        "agreed-1": ["record", "refer"],
        "reach_by-1": "safe_phone",
        "safe_way-1": PHONE,
    }


@pytest.fixture
def flow(app, signed_in, caplog):
    """The world after the flow; gives the contact's UUID and a client of every account."""
    caplog.set_level("DEBUG")
    with time_machine.travel(NOW, tick=False) as clock:
        world = a_world()
        clients = {name: signed_in(user) for name, user in world.actors.items() if user is not None}
        officer, coordinator, liaison = (clients[name] for name in ("field officer", "service coordinator", "liaison"))
        own, uid = world.corners[OWN], new_uid()

        def post(client, url, status=303, **data):
            answer = client.post(url, data=data | {"csrf_token": token_of(client.get("/account"))})
            assert answer.status_code == status, answer.text
            return answer

        draft = post(officer, "/field/log", team=own.team_uid).location.split("/")[-2]
        for step, given in (
            ("what", "met"),
            ("age-1", "25_34"),
            ("gender-1", "woman_girl"),
            ("support-1", "accepted"),
            ("reach-1", "safe_phone"),
            ("phone-1", DRAFT_PHONE),
        ):
            post(officer, f"/field/log/{draft}/{step}", answer=given)
        post(officer, "/field/contacts", **contact_form(uid, own.team_uid, NOTE))
        post(officer, "/field/contacts", **contact_form(uid, own.team_uid, NOTE))
        post(officer, "/field/contacts", 422, **(contact_form(new_uid(), own.team_uid, NOTE) | {"kits": PHONE}))
        contact = db.session.query(Contact).filter_by(uid=uid).one()
        referral = db.session.query(Referral.uid).filter_by(contact_id=contact.id).scalar()
        post(liaison, f"/referrals/{referral}/pick-up")
        assert PHONE in liaison.get(f"/referrals/{referral}").text
        change = contact_form(uid, own.team_uid, CHANGED) | {"version": "1", "reason": REASON}
        post(officer, f"/field/contacts/{uid}/edit", **change)
        token = token_of(coordinator.get("/account"))
        clock.shift(dt.timedelta(minutes=40))
        kept = coordinator.post(f"/field/contacts/{uid}/edit", data={"note": KEPT, "version": "2", "csrf_token": token})
        assert kept.status_code == 303 and "/sign-in" in kept.location
        assert db.session.query(KeptForm).count() == 1 and db.session.query(ContactDraft).count() > 1
        for name, user in world.actors.items():
            if user is not None:
                clients[name] = signed_in(user)
        yield world, clients, (uid, referral, draft)


def test_what_is_sealed_is_nowhere_on_the_disk_or_in_a_log_in_clear(app, flow, caplog, capfd, tmp_path):
    file = app.config["OUTREACH"].sqlite_file
    backup_to(file, tmp_path / "backup.sqlite3")
    searched = [*file.parent.rglob("*"), tmp_path / "backup.sqlite3"]
    assert file.with_name(f"{file.name}-wal").stat().st_size, "the write-ahead log is among the files searched"
    for path in searched:
        content = path.read_bytes() if path.is_file() else b""
        found = [word for word in SEALED if word.encode() in content or word.encode("utf-16-le") in content]
        assert not found, f"{path.name} holds {found}"
    assert b"Canaryville" in file.read_bytes() + file.with_name(f"{file.name}-wal").read_bytes(), "the search finds"
    output = caplog.text + "".join(capfd.readouterr())
    assert not [word for word in (*SEALED, PLACE) if word in output]


def test_a_stolen_database_cannot_be_asked_whether_a_guess_is_right(flow):
    """Neither a number nor a code can be tried against a hash in the database: every hash is keyed."""
    world, _, (uid, *_) = flow
    fields = {
        name: [value] if isinstance(value, str) else value
        for name, value in contact_form(uid, world.corners[OWN].team_uid, NOTE).items()
    }
    entry = rules.read_entry(fields, "America/Toronto", lambda *_: True)
    plain = rules.content_hash(entry, world.corners[OWN].team_uid, world.actors["field officer"].id)
    assert db.session.query(Contact.content_hash).filter_by(uid=uid).scalar() != plain


def test_the_journal_says_nothing_of_persons(flow):
    for entry in db.session.query(AuditEntry):
        said = f"{entry.actor_name} {entry.kind} {entry.object_id} {entry.details}"
        assert not [word for word in (*SEALED, PLACE) if word in said], entry.tag


def test_nobody_reads_on_any_page_what_is_not_hers(app, flow):
    world, clients, (contact, referral, draft) = flow
    own = world.corners[OWN]
    own.contact, own.referral, own.draft = contact, referral, draft
    pages = [address for _, address in pages_of(app, world, "GET")]
    pages += [f"/operations/{own.code}/figures/{code}?service={own.service}" for code in ("contacts", "referrals_made")]
    pages += [f"/field/log/{draft}/{step}" for step in ("phone-1", "check")]
    seen = {}
    for name, client in clients.items():
        words = {*SEALED, PLACE}
        for address in pages:
            answer = client.get(address)
            body = text_of(answer)
            found = {word for word in words if word in body or word in str(answer.headers)}
            answer.close()
            leaked = found - ENTITLED.get(name, set())
            assert not leaked, f"{name} reads {leaked} at {address}"
            seen[name] = seen.get(name, set()) | found
    assert seen["field officer"] >= {CHANGED, PLACE, DRAFT_PHONE}, "the crawl reaches the pages of the contact"
    assert seen["service coordinator"] >= {CHANGED, KEPT, PLACE}
    assert PHONE in seen["liaison"]


def text_of(answer) -> str:
    """Everything that an answer says; a workbook is opened."""
    content = answer.get_data()
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    return content.decode("utf-8", "replace")
