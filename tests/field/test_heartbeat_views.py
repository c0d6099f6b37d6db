"""Heartbeats as phones send them: kept when proven, and nothing kept of anything else."""

import base64
import datetime as dt
import json
from dataclasses import replace

import pytest
import time_machine

from outreach.field import sealed_rules
from outreach.field.heartbeat_rules import LARGEST
from outreach.field.phone_commands import SessionMark, mark_of, phone_key
from outreach.storage import db, writing
from outreach.storage.queries import accounts, removal
from outreach.storage.tables import AuditEntry, PhoneState, SessionRecord, Staff, TeamMember
from outreach.storage.types import new_uid
from tests.factories import a_team
from tests.field.factories import a_night
from tests.field.phone import Phone

NINE = dt.datetime(2017, 10, 13, 1, 0, tzinfo=dt.UTC)  # 21:00 in Toronto


@pytest.fixture
def clock():
    with time_machine.travel(NINE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def night(app, clock):
    with writing():
        return a_night()


@pytest.fixture
def phone(night, signed_in):
    return Phone.of(signed_in(night.officer).get(f"/field/app/pack?device={new_uid()}").get_json(), now=NINE)


def beat(phone, *, key=None, session=None, **more):
    """What ``beat()`` of seal.js makes; ``more``: of the one team, or ``device``, ``sent_at``, ``teams``."""
    team = {"ticket": phone.ticket, "unsent": 2, "needs_you": 0, "oldest_at": None, "ready": False}
    team |= {name: value for name, value in more.items() if name in team}
    said = {"device": phone.device, "sent_at": phone.now.isoformat(), "teams": [team]}
    said |= {name: value for name, value in more.items() if name in said}
    said |= {} if session is None else {"session": session}
    text = json.dumps(said)
    proof = base64.b64encode(sealed_rules.beat_proof(key or phone.phone_key, text)).decode()
    return json.dumps({"said": text, "proof": proof})


def send(client, body, **headers):
    return client.post("/field/heartbeat", data=body, content_type="application/json", headers=headers)


def states():
    db.session.expire_all()
    return db.session.query(PhoneState).order_by(PhoneState.id).all()


@pytest.mark.any_database
def test_a_phone_says_what_waits_without_a_session_and_without_a_token(night, phone, client, clock):
    oldest = NINE - dt.timedelta(minutes=20)
    answer = send(client, beat(phone, unsent=3, needs_you=1, oldest_at=oldest.isoformat()))
    assert answer.status_code == 200 and answer.get_json() == {"server_at": NINE.isoformat()}
    (state,) = states()
    assert (state.unsent, state.needs_you, state.oldest_at, state.heard_at) == (3, 1, oldest, NINE)
    assert (state.offset_ms, state.ready_at) == (0, None)
    clock.shift(dt.timedelta(minutes=1))
    assert send(client, beat(phone.at(NINE + dt.timedelta(minutes=1)), unsent=0)).status_code == 200
    (state,) = states()
    assert (state.unsent, state.oldest_at, state.heard_at) == (0, None, NINE + dt.timedelta(minutes=1))


def test_a_heartbeat_a_minute_is_nothing_for_the_journal(phone, client):
    before = db.session.query(AuditEntry).count()
    for _ in range(3):
        send(client, beat(phone))
    assert db.session.query(AuditEntry).count() == before


def test_the_phones_clock_is_corrected_and_its_error_kept(phone, client):
    slow = phone.at(NINE - dt.timedelta(minutes=15))
    send(client, beat(slow, oldest_at=(slow.now - dt.timedelta(minutes=10)).isoformat()))
    (state,) = states()
    assert state.offset_ms == 15 * 60_000
    assert state.oldest_at == NINE - dt.timedelta(minutes=10)


def test_a_phone_ten_years_off_is_heard(phone, client):
    old = phone.at(NINE.replace(year=2007))
    assert send(client, beat(old, oldest_at=old.now.isoformat())).status_code == 200
    assert states()[0].oldest_at == NINE


def test_a_ready_check_that_passed_stays_known_when_the_next_one_does_not(phone, client, clock):
    send(client, beat(phone, ready=True))
    clock.shift(dt.timedelta(hours=1))
    send(client, beat(phone, ready=False))
    assert states()[0].ready_at == NINE


def test_a_phone_that_was_given_keys_and_said_nothing_has_not_reported(phone):
    assert states()[0].offset_ms is None


def test_a_session_of_somebody_else_on_the_phone_changes_nothing(night, phone, signed_in):
    assert send(signed_in(night.coordinator), beat(phone)).status_code == 200
    assert [state.user_id for state in states()] == [night.officer.id]


def refused(client, phone, body):
    (before,) = [(s.unsent, s.heard_at, s.offset_ms) for s in states()]
    answer = send(client, body)
    assert answer.is_json and answer.get_json()["code"]
    assert [(s.unsent, s.heard_at, s.offset_ms) for s in states()] == [before]
    return answer.status_code


def test_what_is_forged_foreign_or_malformed_stores_nothing(night, phone, client, signed_in):
    other = Phone.of(signed_in(night.officer).get(f"/field/app/pack?device={new_uid()}").get_json(), now=NINE)
    with writing():
        db.session.query(PhoneState).filter_by(device=other.device).delete()
    forged = json.loads(beat(phone))
    forged["said"] = forged["said"].replace('"unsent": 2', '"unsent": 0')
    assert refused(client, phone, json.dumps(forged)) == 400
    assert refused(client, phone, beat(phone, key=b"x" * 32)) == 400
    assert refused(client, phone, beat(phone, ticket="made up")) == 400
    assert refused(client, phone, beat(phone, ticket=other.ticket)) == 400, "the ticket of another phone"
    assert refused(client, phone, beat(phone, device=other.device)) == 400
    assert refused(client, phone, beat(phone, device="x")) == 400
    assert refused(client, phone, "") == 400
    assert refused(client, phone, "<html>") == 400
    assert refused(client, phone, beat(phone, teams=[])) == 400
    assert refused(client, phone, beat(phone, unsent="many")) == 400


def test_one_heartbeat_is_of_one_person(night, phone, client, signed_in):
    second = Phone.of(signed_in(night.coordinator).get(f"/field/app/pack?device={phone.device}").get_json())
    with writing():
        db.session.query(PhoneState).filter_by(user_id=night.coordinator.id).delete()
    teams = [{"ticket": p.ticket, "unsent": 1, "needs_you": 0} for p in (phone, second)]
    assert refused(client, phone, beat(phone, teams=teams)) == 400


def test_an_oversized_heartbeat_is_refused_as_such(phone, client):
    assert refused(client, phone, beat(phone) + " " * LARGEST) == 413


def test_a_heartbeat_from_another_site_is_refused(phone, client):
    assert send(client, beat(phone), **{"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert states()[0].offset_ms is None


def test_a_team_that_went_with_its_rehearsal_is_passed_over(night, phone, client):
    with writing():
        removal.remove_operations([night.operation.id])
    assert send(client, beat(phone)).status_code == 200
    assert states() == []


def test_teams_of_one_phone_are_kept_apart(night, app, client, signed_in):
    second = a_team(night.participation, name="Team 2")
    with writing():
        staff = db.session.query(Staff).filter_by(user_id=night.officer.id).one()
        db.session.add(TeamMember(team_id=second.id, staff_id=staff.id, category="police", recorded_at=NINE))
    pack = signed_in(night.officer).get(f"/field/app/pack?device={new_uid()}").get_json()
    phones = [Phone.of(pack, n, now=NINE) for n in (0, 1)]
    teams = [{"ticket": p.ticket, "unsent": n, "needs_you": 5} for n, p in enumerate(phones)]
    assert send(client, beat(phones[0], teams=teams)).status_code == 200
    assert sorted((s.unsent, s.needs_you) for s in states()) == [(0, 0), (1, 1)]


def test_the_body_is_read_before_the_turn_is_taken(app, client, phone, monkeypatch):
    """A slow phone holds up nobody: what it sends is there before a short write waits its turn."""
    from flask import request

    from outreach.web import transaction

    seen = []
    monkeypatch.setattr(transaction, "join_the_queue", lambda: seen.append(request.content_length == len(request.data)))
    monkeypatch.setattr(transaction, "leave_the_queue", lambda: None)
    send(client, beat(phone))
    assert seen == [True]


# --- whether her session still stands ---------------------------------------------------------------------------------


@pytest.fixture
def held(night, signed_in):
    """A phone that got its pack in a session of its own: the phone, the mark of that session, its client."""
    client = signed_in(night.officer)
    pack = client.get(f"/field/app/pack?device={new_uid()}").get_json()
    return Phone.of(pack, now=NINE), pack["session"], client


def told(client, phone, mark, **more):
    """The state that the phone hears, with a proof that it believes."""
    body = beat(phone, session=mark, **more)
    answer = send(client, body).get_json()
    assert answer["proof"] == sealed_rules.session_proof(phone.phone_key, json.loads(body)["proof"], answer["session"])
    return answer["session"]


@pytest.mark.any_database
def test_a_phone_hears_that_its_session_was_revoked_elsewhere_and_that_it_stands_until_then(night, held, client):
    phone, mark, hers = held
    assert told(client, phone, mark) == "stands", "cookies that the browser lost end nothing"
    with writing():
        accounts.revoke_all_sessions(night.officer.id)
    assert told(client, phone, mark) == told(hers, phone, mark) == "revoked"
    assert told(client, phone, mark, teams=[]) == "revoked", "also who is in no team any more"


def test_the_phone_on_which_she_is_signed_in_keeps_what_is_hers(night, held, signed_in):
    phone, mark, _ = held
    with writing():
        accounts.sign_out_everywhere(accounts.by_id(night.officer.id))
    assert told(signed_in(night.officer), phone, mark) == "stands", "she changed her password, or signed in again"
    assert told(signed_in(night.coordinator), phone, mark) == "revoked", "somebody else is signed in on it"


def test_a_disabled_and_a_removed_account_hear_that_it_is_revoked(night, held, client):
    phone, mark, _ = held
    with writing():
        accounts.by_id(night.officer.id).active = False
    assert told(client, phone, mark) == "revoked"
    gone = SessionMark(9_999, phone.device, 1, 0)
    key = phone_key(9_999, phone.device)
    assert told(client, replace(phone, phone_key=key), mark_of(gone), teams=[]) == "revoked"


def test_a_session_that_ran_out_in_the_dark_leaves_her_half_a_day_to_go_on_logging(held, client, clock):
    phone, mark, _ = held
    clock.shift(dt.timedelta(hours=23, minutes=59))
    assert told(client, phone, mark) == "stands"
    clock.shift(dt.timedelta(minutes=1))
    assert told(client, phone, mark) == "ended"


def test_a_session_that_a_restored_database_does_not_know_ends_nothing(night, held, client, clock):
    phone, mark, _ = held
    with writing():
        db.session.query(SessionRecord).delete()
    assert told(client, phone, mark) == "stands"
    with writing():
        accounts.add_session(night.officer.id, "another one", ends_at=NINE + dt.timedelta(hours=9))
        accounts.revoke_all_sessions(night.officer.id)
    assert told(client, phone, mark) == "stands", "it has the number of the other, and is another"


def test_a_forged_or_foreign_mark_is_refused_and_of_none_nothing_is_said(night, held, phone, client):
    mine, mark, _ = held
    for wrong in ("made up", mark[:-1], mine.ticket, ["x"], "x" * 700):
        assert send(client, beat(mine, session=wrong)).status_code == 400
    assert send(client, beat(phone, session=mark)).status_code == 400, "of another phone"
    other = mark_of(SessionMark(night.coordinator.id, mine.device, 1, 0))
    assert send(client, beat(mine, session=other)).status_code == 400, "of another person"
    assert set(send(client, beat(mine)).get_json()) == {"server_at"}
    assert set(send(client, beat(mine, key=b"x" * 32, session=mark)).get_json()) == {"code", "message", "fix"}
