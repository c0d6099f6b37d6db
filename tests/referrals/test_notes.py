"""Notes that a liaison's phone sealed: stored once with a receipt, held for a colleague, or kept on the phone."""

import dataclasses
import datetime as dt

import pytest

from outreach.field import sealed_rules
from outreach.referrals import commands, note_commands
from outreach.storage import db, writing
from outreach.storage.phone_keys import phone_keys
from outreach.storage.queries import access, cases
from outreach.storage.tables import AuditEntry, CaseEntry, Grant, PlanItemVersion, ReferralVersion, SealedNote, User
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import Role, ServiceKind
from tests.conftest import token_of
from tests.factories import a_service, a_user
from tests.field.phone import Phone, body_of
from tests.referrals.factories import a_goal, a_referral, a_world

WAY, NOTE, GOAL = "519 555 0177", "Plantednote, her sister", "A door that locks, plantedgoal"
SPOKE = {"way": "call", "result": "spoke", "safe": "yes", "note": NOTE, "next_in": "3", "next_on": ""}


@pytest.fixture
def world(app):
    return a_world()


@pytest.fixture
def referral(world):
    found = a_referral(world, safe_way=WAY)
    with writing():
        commands.pick_up(access.actor_of(world.liaison), found)
    return found


@pytest.fixture
def item(referral):
    return a_goal(referral.uid, GOAL)


@pytest.fixture
def liaison(signed_in, world, item):
    return signed_in(world.liaison)


def pack_of(client):
    return client.get(f"/referrals/app/pack?device={new_uid()}").get_json()


def a_note(phone, referral, kind="entry", uid="", **said):
    fields = {"referral": referral.uid, **(said.pop("fields", None) or SPOKE)}
    return phone.seal(phone.content(fields, **said), kind=kind, uid=uid or new_uid())


def send(client, envelope):
    body = envelope if isinstance(envelope, bytes) else body_of(envelope)
    answer = client.post(
        "/referrals/sealed", data=body, content_type="application/json", headers={"Accept": "application/json"}
    )
    assert answer.is_json, answer.text
    return answer.status_code, answer.get_json()


def fresh(table):
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(table).order_by(table.id).all()


def tags():
    return [row.tag for row in fresh(AuditEntry)]


def goal_fields(item, **more):
    said = {
        "item": item.uid,
        "area": "safety",
        "goal": "A lock",
        "step": "Ask the owner",
        "due_on": "",
        "state": "open",
    }
    return said | more


# --- what a phone is given --------------------------------------------------------------------------------------------


def test_a_phone_gets_the_readers_own_list_without_any_way_to_reach_anybody(world, referral, liaison):
    other = a_referral(world, safe_way="519 555 0188")
    colleague = a_user(Role.LIAISON, world.agency)
    with writing():
        commands.pick_up(access.actor_of(colleague), other)
    answer = liaison.get(f"/referrals/app/pack?device={new_uid()}")
    assert answer.headers["Cache-Control"] == "no-store"
    pack, text = answer.get_json(), answer.text
    (one,) = pack["cases"]
    assert one["uid"] == referral.uid and one["plan"][0]["goal"] == GOAL and one["plan"][0]["version"] == 1
    assert [due["what"] for due in one["due"]][:1] == ["Follow-up after 7 days"]
    for never in (WAY, "5550177", "519 555 0188", other.uid, "Windsor"):
        assert never not in text
    assert {"referrals.cases.carry", "referrals.case.read", "referrals.agency_key.make"} <= set(tags())
    assert "referrals.safe_contact.read" not in tags()
    again = pack_of(liaison)
    assert again["teams"][0]["key"] == pack["teams"][0]["key"], "one pair for the agency, whatever the phone"
    page = liaison.get("/referrals/app").text
    for never in (world.agency.name, "csrf", GOAL, one["code"]):
        assert never not in page, "the page that phones keep is the same for everybody"


def test_nobody_else_gets_a_list(world, referral, signed_in):
    for role, service in ((Role.FIELD_OFFICER, world.police), (Role.SERVICE_COORDINATOR, world.agency)):
        client = signed_in(a_user(role, service))
        for path in (f"/referrals/app/pack?device={new_uid()}", "/referrals/app", "/referrals/notes"):
            assert client.get(path).status_code == 403
    stranger = signed_in(a_user(Role.LIAISON, a_service("Elsewhere", ServiceKind.ADVOCACY)))
    pack = pack_of(stranger)
    assert pack["cases"] == [] and [one["name"] for one in pack["teams"]] == ["Elsewhere"]


# --- stored -----------------------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_a_note_is_stored_once_however_often_it_comes(world, referral, liaison):
    phone = Phone.of(pack_of(liaison))
    note = a_note(phone.at(utc_now() - dt.timedelta(hours=5)), referral, offset_ms=0)
    status, receipt = send(liaison, phone.proven(note))
    assert status == 200 and receipt["state"] == "stored" and phone.knows(receipt, note)
    assert send(liaison, phone.proven(note)) == (200, receipt)
    with writing():
        db.session.query(ReferralVersion).filter_by(superseded_at=None).one().state = "closed"
    assert send(liaison, phone.proven(note))[1] == receipt, "a repeat has its receipt after the end too"
    (entry,) = fresh(CaseEntry)
    assert entry.uid == note.uid and entry.from_phone and entry.recorded_by_id == world.liaison.id
    assert utc_now() - entry.at > dt.timedelta(hours=4) or entry.at >= referral.made_at
    assert cases.unseal(referral, entry.note_sealed, cases.note_place(entry)) == NOTE
    (row,) = fresh(SealedNote)
    assert (row.content, row.entry_uid) == (None, entry.uid)
    assert tags().count("referrals.note.receive") == 1
    assert not any("Plantednote" in str(one.details) for one in fresh(AuditEntry))


def test_a_goal_that_somebody_changed_first_stands_beside_and_overwrites_nothing(world, referral, item, liaison):
    phone = Phone.of(pack_of(liaison))
    first = a_note(phone, referral, "goal", fields=goal_fields(item), base=1)
    second = a_note(phone, referral, "goal", fields=goal_fields(item, goal="Another lock"), base=1)
    for note in (first, second, first):
        assert send(liaison, phone.proven(note))[1]["state"] == "stored"
    found = [(row.version, row.base, row.rival) for row in fresh(PlanItemVersion)]
    assert found == [(1, 0, False), (2, 1, False), (3, 1, True)]


# --- held -------------------------------------------------------------------------------------------------------------


def end_referral():
    with writing():
        db.session.query(ReferralVersion).filter_by(superseded_at=None).one().state = "closed"


def end_account(world):
    with writing():
        db.session.get_one(User, world.liaison.id).active = False


def leave_agency(world):
    with writing():
        db.session.query(Grant).filter_by(user_id=world.liaison.id).delete()


@pytest.mark.parametrize(
    ("what", "reason"), [("ended", "ended"), ("account", "account_ended"), ("role", "not_liaison"), ("bad", "invalid")]
)
def test_what_may_not_be_stored_waits_and_a_colleague_takes_it_or_leaves_it_out(
    world, referral, liaison, signed_in, post, what, reason
):
    phone = Phone.of(pack_of(liaison))
    fields = SPOKE | ({"result": "spoke", "safe": ""} if what == "bad" else {})
    note, other = a_note(phone, referral, fields=fields), a_note(phone, referral, fields=fields | {"note": "Second"})
    {"ended": end_referral, "account": lambda: end_account(world), "role": lambda: leave_agency(world)}.get(
        what, lambda: None
    )()
    for one in (note, other):
        status, receipt = send(liaison, phone.proven(one))
        assert (status, receipt["state"], receipt["reason"]) == (200, "held", reason) and phone.knows(receipt, one)
    assert send(liaison, phone.proven(note))[1]["state"] == "held" and len(fresh(SealedNote)) == 2
    assert fresh(CaseEntry) == [] and NOTE.encode() not in fresh(SealedNote)[0].content

    colleague = signed_in(a_user(Role.LIAISON, world.agency))
    page = colleague.get("/referrals/notes").text
    assert NOTE in page and "Notes that wait" in colleague.get("/referrals/due").text
    taken = post(colleague, f"/referrals/notes/{note.uid}", {"do": "take"}, page="/account")
    assert taken.status_code == 303
    entries = fresh(CaseEntry)
    assert len(entries) == (0 if what == "bad" else 1), "what does not fit can only be left out"
    post(colleague, f"/referrals/notes/{other.uid}", {"do": "leave_out", "because": ""}, page="/account")
    assert [row.state for row in fresh(SealedNote)][1] == "held", "a reason is asked for"
    post(colleague, f"/referrals/notes/{other.uid}", {"do": "leave_out", "because": "known"}, page="/account")
    row = fresh(SealedNote)[1]
    assert (row.state, row.decided_because, row.content is not None) == ("left_out", "known", True)
    assert {"referrals.note.hold", "referrals.notes.read", "referrals.note.leave_out"} <= set(tags())
    stranger = signed_in(a_user(Role.LIAISON, a_service("Elsewhere", ServiceKind.ADVOCACY)))
    assert post(stranger, f"/referrals/notes/{other.uid}", {"do": "take"}, page="/account").status_code == 404
    assert NOTE not in stranger.get("/referrals/notes").text


def test_a_note_whose_key_is_missing_waits_until_it_is_back(referral, liaison, post):
    phone = Phone.of(pack_of(liaison))
    note = a_note(phone, referral)
    file = phone_keys().folder / f"{phone.key}.key"
    away = file.with_suffix(".away")
    file.rename(away)
    phone_keys()._load.cache_clear()
    assert send(liaison, note)[1]["reason"] == "key_missing"
    assert NOTE not in liaison.get("/referrals/notes").text
    away.rename(file)
    assert NOTE in liaison.get("/referrals/notes").text
    post(liaison, f"/referrals/notes/{note.uid}", {"do": "take"}, page="/account")
    assert [row.uid for row in fresh(CaseEntry)] == [note.uid]


# --- sent back --------------------------------------------------------------------------------------------------------


def test_what_was_altered_or_is_not_ours_stays_on_the_phone(world, referral, liaison, signed_in):
    pack = pack_of(liaison)
    phone = Phone.of(pack)
    note = a_note(phone, referral)
    elsewhere = a_user(Role.LIAISON, a_service("Elsewhere", ServiceKind.ADVOCACY))
    foreign = Phone.of(pack_of(signed_in(elsewhere)))
    bent = bytes([note.sealed[0] ^ 1]) + note.sealed[1:]
    cases_ = {
        "unproven": (dataclasses.replace(note, sealed=bent), "tampered"),
        "altered": (phone.proven(dataclasses.replace(note, sealed=bent)), "tampered"),
        "no such key": (a_note(dataclasses.replace(phone, key=new_uid()), referral), "unknown_key"),
        "another agency's key": (
            a_note(dataclasses.replace(phone, key=foreign.key, public_key=foreign.public_key), referral),
            "unknown_key",
        ),
        "another's ticket": (a_note(dataclasses.replace(phone, ticket=foreign.ticket), referral), "unknown_ticket"),
        "another's phone": (a_note(foreign, referral), "wrong_person"),
        "a contact": (phone.seal(phone.content({"uid": new_uid()}), kind="contact"), "malformed"),
        "too large": (b"x" * (sealed_rules.LARGEST + 1), "too_large"),
    }
    for name, (sent, code) in cases_.items():
        status, receipt = send(liaison, sent)
        assert (receipt["state"], receipt["code"]) == ("rejected", code), name
        assert status == (413 if code == "too_large" else 422) and receipt["fix"], name
    assert fresh(SealedNote) == [] == fresh(CaseEntry)
    assert tags().count("referrals.note.reject") == 5, "of phones of ours"


def test_another_agency_learns_nothing_with_the_uids_of_a_referral_and_of_a_note(world, referral, liaison, signed_in):
    other = signed_in(a_user(Role.LIAISON, a_service("Elsewhere", ServiceKind.ADVOCACY)))
    ours, theirs = Phone.of(pack_of(liaison)), Phone.of(pack_of(other))
    uid = new_uid()
    assert send(liaison, a_note(ours, referral, uid=uid, fields=SPOKE | {"way": "?"}))[1]["reason"] == "invalid"
    there, nowhere = a_note(theirs, referral, uid=uid), a_note(theirs, _Nothing())
    assert [send(other, one)[1]["reason"] for one in (there, nowhere)] == ["invalid", "invalid"]
    assert [row.referral_id for row in fresh(SealedNote)] == [referral.id, None, None]
    for client, left in ((other, 1), (liaison, 0)):
        token = token_of(client.get("/account"))
        client.post(f"/referrals/notes/{uid}", data={"do": "leave", "because": "mistaken", "csrf_token": token})
        held = [row for row in fresh(SealedNote) if row.uid == uid and row.state == "held"]
        assert len(held) == left, "each decides on the note of her own agency"


@dataclasses.dataclass
class _Nothing:
    uid: str = "00000000-0000-4000-8000-000000000007"


def test_without_a_session_it_waits_and_the_field_takes_no_notes(referral, liaison, post):
    phone = Phone.of(pack_of(liaison))
    note = a_note(phone, referral)
    post(liaison, "/sign-out", page="/account")
    status, said = send(liaison, note)
    assert (status, said["code"], fresh(SealedNote)) == (401, "sign_in_needed", [])
    answer = liaison.post("/field/sealed", data=body_of(note), content_type="application/json")
    assert answer.status_code == 422


def test_a_goal_of_another_case_and_a_referral_that_went_elsewhere_are_held(world, referral, item, liaison):
    phone = Phone.of(pack_of(liaison))
    other = a_referral(world)
    with writing():
        commands.pick_up(access.actor_of(world.liaison), other)
    wrong = a_note(phone, other, "goal", fields=goal_fields(item), base=1)
    assert send(liaison, wrong)[1]["reason"] == "invalid"
    nobody = a_note(phone, dataclasses.make_dataclass("Gone", ["uid"])(new_uid()))
    assert send(liaison, nobody)[1]["reason"] == "invalid"
    elsewhere = a_service("Elsewhere", ServiceKind.ADVOCACY)
    with writing():
        db.session.query(ReferralVersion).filter_by(
            referral_id=referral.id, superseded_at=None
        ).one().agency_id = elsewhere.id
    assert send(liaison, a_note(phone, referral))[1]["reason"] == "elsewhere"
    assert NOTE not in liaison.get("/referrals/notes").text, "it is another agency's now"
    assert note_commands.place_of(world.agency.id) == phone.team
