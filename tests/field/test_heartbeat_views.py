"""Heartbeats as phones send them: kept when proven, and nothing kept of anything else."""

import base64
import datetime as dt
import json

import pytest
import time_machine

from outreach.field import sealed_rules
from outreach.field.heartbeat_rules import LARGEST
from outreach.storage import db, writing
from outreach.storage.queries import removal
from outreach.storage.tables import AuditEntry, PhoneState, Staff, TeamMember
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


def beat(phone, *, key=None, **more):
    """What ``beat()`` of seal.js makes; ``more``: of the one team, or ``device``, ``sent_at``, ``teams``."""
    team = {"ticket": phone.ticket, "unsent": 2, "needs_you": 0, "oldest_at": None, "ready": False}
    team |= {name: value for name, value in more.items() if name in team}
    said = {"device": phone.device, "sent_at": phone.now.isoformat(), "teams": [team]}
    said |= {name: value for name, value in more.items() if name in said}
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
