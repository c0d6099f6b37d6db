"""Planted words, followed through the whole flow: nowhere on the disk in clear, in no log, and on no page of others.

One contact goes through the real views: a draft, the contact with its note, its referral picked up, a change, a form
that was being sent when the session ran out, a backup. Its agency writes a case, closes a direct referral and gives one
back. Then the files are searched, every page is read by everybody, and police try every address of a referral.
"""

from __future__ import annotations

import datetime as dt
import io
import tempfile
import zipfile

import pytest
import time_machine

from outreach.field import rules
from outreach.storage import db
from outreach.storage.backup import backup_to
from outreach.storage.tables import AuditEntry, Contact, ContactDraft, KeptForm, Operation, Referral, Service
from outreach.storage.types import new_uid
from outreach.vocab import EntryMode, Role, ServiceKind
from tests.auth.test_walk import NOW
from tests.auth.world import NONEXISTENT, OWN, VALUES, a_world
from tests.conftest import same_page, token_of
from tests.factories import a_participation, a_service, a_user
from tests.referrals.planted import DIRECT_WAY, ENTRY, GIVEN_BACK, LIAISON, UNSENT, WRITTEN, state_of, write_a_case
from tests.test_fuzz import pages_of

NOTE, CHANGED, KEPT = "Canary note Quetzal", "Canary second note Ocelot", "Canary kept note Axolotl"
PHONE, DRAFT_PHONE, PLACE = "519 555 4711", "519 555 8822", "Canaryville"
REASON = "Canary reason Narwhal"
CODE, LEFT_CODE = rules.make_code(), rules.make_code()
CODES = (CODE, rules.shown_code(CODE))
LEFT_CODES = (LEFT_CODE, rules.shown_code(LEFT_CODE))
SEALED = (NOTE, CHANGED, KEPT, REASON, PHONE, DRAFT_PHONE, *CODES, *LEFT_CODES, *sorted(WRITTEN))
DESTROYED = DIRECT_WAY
OURS = "own code"
"""Stands for the code that the agency made for the person who came directly."""

# Who works with this very contact, and what of it each may read; everybody else reads none of it.
ENTITLED = {
    "field officer": {NOTE, CHANGED, REASON, PLACE, DRAFT_PHONE, *CODES, *LEFT_CODES},
    "service coordinator": {NOTE, CHANGED, KEPT, REASON, PLACE, *CODES, *LEFT_CODES},
    "liaison": {LIAISON, GIVEN_BACK, OURS, *CODES, *WRITTEN},
    "lead": {LIAISON, GIVEN_BACK, OURS, *CODES},
    "operation coordinator": {GIVEN_BACK, *LEFT_CODES},
    "operation coordinator of every operation": {GIVEN_BACK, *LEFT_CODES},
    "administrator": {LIAISON},  # on the pages of accounts and of the journal
}
POLICE = (
    "field officer",
    "service coordinator",
    "operation coordinator",
    "operation coordinator of every operation",
    "commander",
    "analyst",
    "administrator",
)


def contact_form(uid, team, note, code=CODE):
    return {
        "uid": uid,
        "team": team,
        "met_at": NOW.isoformat(),
        "result": "met",
        "municipality": PLACE,
        "note": note,
        "persons": "1",
        "code-1": code,
        "age-1": "25_34",
        "gender-1": "woman_girl",
        "answer-1": "accepted",
        "agreed-1": ["record", "refer"],
        "reach_by-1": "safe_phone",
        "safe_way-1": PHONE,
    }


@pytest.fixture
def flow(app, signed_in, caplog, tmp_path, monkeypatch):
    """The world after the flow; gives the contact's UUID and a client of every account."""
    caplog.set_level("DEBUG")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with time_machine.travel(NOW, tick=False) as clock:
        world = a_world()
        _more_agencies(world)
        clients = {name: signed_in(user) for name, user in world.actors.items() if user is not None}
        officer, coordinator, liaison = (clients[name] for name in ("field officer", "service coordinator", "liaison"))
        own, uid, left = world.corners[OWN], new_uid(), new_uid()
        tokens = {id(client): token_of(client.get("/account")) for client in (officer, coordinator, liaison)}

        def post(client, url, status=303, **data):
            answer = client.post(url, data=data | {"csrf_token": tokens[id(client)]})
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
        post(officer, "/field/contacts", **contact_form(left, own.team_uid, NOTE, LEFT_CODE))
        referral, left = (_referral_of(one) for one in (uid, left))
        post(liaison, f"/referrals/{referral}/pick-up")
        assert PHONE in liaison.get(f"/referrals/{referral}").text
        planted = write_a_case(liaison, post, referral, left)
        change = contact_form(uid, own.team_uid, CHANGED) | {"version": "1", "reason": REASON}
        post(officer, f"/field/contacts/{uid}/edit", **change)
        clock.shift(dt.timedelta(minutes=40))
        for client, url, said in (
            (coordinator, f"/field/contacts/{uid}/edit", {"note": KEPT, "version": "2"}),
            (liaison, f"/referrals/{referral}/record", {**ENTRY, "uid": new_uid(), "note": UNSENT}),
        ):
            kept = client.post(url, data=said | {"csrf_token": tokens[id(client)]})
            assert kept.status_code == 303 and "/sign-in" in kept.location
        assert db.session.query(KeptForm).count() == 2 and db.session.query(ContactDraft).count() > 1
        for name, user in world.actors.items():
            if user is not None:
                clients[name] = signed_in(user)
        yield world, clients, (uid, referral, draft), planted


def _more_agencies(world):
    """The lead of the agency, whose liaison has a name to look for; a second agency of the operation."""
    here = db.session.get(Service, world.shared["agency_id"])
    world.actors["liaison"].name = LIAISON
    db.session.commit()
    world.actors["lead"] = a_user(Role.SERVICE_COORDINATOR, here)
    second = a_service("Second House", ServiceKind.VICTIM_SERVICES)
    a_participation(operation_of(world), second, entry_mode=EntryMode.NONE)
    world.actors["liaison, second agency"] = a_user(Role.LIAISON, second)


def operation_of(world):
    return db.session.query(Operation).filter_by(code=world.corners[OWN].code).one()


def _referral_of(contact):
    return (
        db.session.query(Referral.uid).join(Contact, Contact.id == Referral.contact_id).filter_by(uid=contact).scalar()
    )


def test_what_is_sealed_is_nowhere_on_the_disk_or_in_a_log_in_clear(app, flow, caplog, capfd, tmp_path):
    file = app.config["OUTREACH"].sqlite_file
    backup_to(file, tmp_path / "backup.sqlite3")
    searched = [*tmp_path.rglob("*"), *file.parent.rglob("*"), tmp_path / "backup.sqlite3"]
    assert file.with_name(f"{file.name}-wal").stat().st_size, "the write-ahead log is among the files searched"
    for path in searched:
        content = path.read_bytes() if path.is_file() else b""
        found = [word for word in SEALED if word.encode() in content or word.encode("utf-16-le") in content]
        assert not found, f"{path.name} holds {found}"
    assert b"Canaryville" in file.read_bytes() + file.with_name(f"{file.name}-wal").read_bytes(), "the search finds"
    *_, planted = flow
    keys = list((app.config["OUTREACH"].keys_dir / "cases").iterdir())
    names = {path.name for path in keys}
    assert f"{planted.direct}.case" in names and f"{planted.direct}.way" not in names, "the way goes, the case stays"
    backup = (tmp_path / "backup.sqlite3").read_bytes()
    assert not [path.name for path in keys if path.read_bytes() in backup], "no key is in a backup of the database"
    output = caplog.text + "".join(capfd.readouterr())
    assert not [word for word in (*SEALED, PLACE) if word in output]


def test_a_stolen_database_cannot_be_asked_whether_a_guess_is_right(flow):
    """Neither a number nor a code can be tried against a hash in the database: every hash is keyed."""
    world, _, (uid, *_), _ = flow
    fields = {
        name: [value] if isinstance(value, str) else value
        for name, value in contact_form(uid, world.corners[OWN].team_uid, NOTE).items()
    }
    entry = rules.read_entry(fields, "America/Toronto", lambda *_: True)
    plain = rules.content_hash(entry, world.corners[OWN].team_uid, world.actors["field officer"].id)
    assert db.session.query(Contact.content_hash).filter_by(uid=uid).scalar() != plain


def test_the_journal_says_nothing_of_persons_and_its_page_not_what_becomes_of_a_referral(flow):
    _, clients, (_, referral, _), planted = flow
    page = clients["administrator"].get("/journal?room=referrals").text
    assert page.count("Worked on a referral") > 10 and LIAISON in page
    for word in ("engaged", "Gave", "Changed a plan", "outcome", "reached"):
        assert word not in page.partition('id="entries"')[2], word
    made = [row for row in page.split("<tr") if referral in row or planted.left in row]
    assert made and all("Made a referral" in row for row in made), "which referral is said of its making alone"
    for entry in db.session.query(AuditEntry):
        said = f"{entry.actor_name} {entry.kind} {entry.object_id} {entry.details}"
        assert not [word for word in (*SEALED, PLACE) if word in said], entry.tag


def test_nobody_reads_on_any_page_what_is_not_hers(app, flow):
    world, clients, (contact, referral, draft), planted = flow
    own = world.corners[OWN]
    own.contact, own.referral, own.draft = contact, referral, draft
    pages = [address for _, address in pages_of(app, world, "GET")]
    pages += [f"/operations/{own.code}/figures/{code}?service={own.service}" for code in ("contacts", "referrals_made")]
    pages += [f"/field/log/{draft}/{step}" for step in ("phone-1", "check")]
    pages += [f"/{room}/app/pack?device={new_uid()}" for room in ("field", "referrals")]
    pages += ["/journal?room=referrals", "/people?q=Canary", "/referrals?list=with_others", "/referrals/due?whose=all"]
    pages += [address for address in _of_referral(app, world, planted.direct) if referral not in address]
    seen = {}
    for name, client in clients.items():
        words = {word: word for word in (*SEALED, PLACE, LIAISON, GIVEN_BACK)} | dict.fromkeys(planted.codes, OURS)
        for address in pages:
            answer = client.get(address)
            body = text_of(answer)
            found = {stands for word, stands in words.items() if word in body or word in str(answer.headers)}
            answer.close()
            leaked = found - ENTITLED.get(name, set())
            assert not leaked, f"{name} reads {leaked} at {address}"
            seen[name] = seen.get(name, set()) | found
    assert seen["field officer"] >= {CHANGED, PLACE, DRAFT_PHONE}, "the crawl reaches the pages of the contact"
    assert seen["service coordinator"] >= {CHANGED, KEPT, PLACE}
    assert seen["liaison"] >= WRITTEN - {DESTROYED} | {LIAISON, OURS}
    assert OURS in seen["lead"] and GIVEN_BACK in seen["operation coordinator"] and LIAISON in seen["administrator"]


def _of_referral(app, world, uid):
    """The addresses of a referral, with that one in the place of the referral."""
    own = world.corners[OWN]
    kept, own.referral = own.referral, uid
    found = [address for _, address in pages_of(app, world, "GET") if uid in address]
    own.referral = kept
    return found


def test_police_who_try_every_unsafe_address_of_a_referral_learn_and_change_nothing(app, flow):
    """With the UUID of a referral in hand: a form sent to it is answered as one sent to nothing."""
    world, clients, (_, referral, _), planted = flow
    world.corners[OWN].referral = referral
    uids, before = (referral, planted.direct, planted.left), {}
    for uid in uids:
        before[uid] = state_of(uid)
    words = {*WRITTEN, PHONE, *planted.codes, LIAISON}
    tried = 0
    for name in (*POLICE, "lead", "liaison, other agency", "liaison, second agency", "anonymous"):
        client = clients.get(name) or app.test_client()
        token = token_of(client.get("/account" if name in clients else "/sign-in"))
        client.get("/account")
        for rule, endpoint in unsafe_rules(app):
            nowhere = same_page(_send(client, world, rule, NONEXISTENT, "", token))
            for uid in uids:
                answer = _send(client, world, rule, OWN, uid, token)
                tried += 1
                body = answer.get_data(as_text=True) + str(answer.headers)
                assert not [word for word in words if word in body and word not in ENTITLED.get(name, ())], (name, rule)
                if answer.status_code == 404:
                    assert same_page(answer) == nowhere, (name, rule)
                elif (name, endpoint) not in MAY_TRY:
                    assert answer.status_code in (302, 303) and "/sign-in" in answer.location, (name, rule, answer)
                else:
                    client.get("/account")  # shows what the answer had to say, so that it stands on no other page
    assert {uid: state_of(uid) for uid in uids} == before, "nothing moved"
    assert tried > 400


# What somebody may send to a referral that is not hers to read: asked for again in the tests of those pages.
MAY_TRY = {
    *((name, "referrals.withdraw_consent") for name in ("field officer", "service coordinator")),
    *((name, "referrals.assign") for name in POLICE if name.startswith("operation coordinator")),
    ("lead", "referrals.give_back"),
}


def unsafe_rules(app):
    return [
        (rule, rule.endpoint)
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        if "POST" in rule.methods and rule.rule.startswith("/referrals/<uid>")
    ]


def _send(client, world, rule, case, uid, token):
    values = {name: VALUES[name](world, case, rule.rule) for name in rule.arguments}
    if uid:
        values["uid"] = uid
    address = rule.rule
    for name, value in values.items():
        address = address.replace(f"<{name}>", str(value))
    return client.post(address, data={"csrf_token": token, "seen": "1"})


def text_of(answer) -> str:
    """Everything that an answer says; a workbook is opened."""
    content = answer.get_data()
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    return content.decode("utf-8", "replace")
