"""The pack of a phone that is made ready the evening before: teams that open soon, numbers to call, the next shift."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from outreach.storage import db, writing
from outreach.storage.tables import OperationKey, ParticipationVersion, PhoneState, TeamMember
from outreach.storage.types import new_uid
from outreach.vocab import OperationStatus, Role
from tests.conftest import token_of
from tests.factories import a_shift, a_team, a_user
from tests.field.factories import EVENING, a_night, an_entry, form_of
from tests.ready.briefing_factories import a_briefing

DEVICE = new_uid()
BEFORE = dt.datetime(2017, 10, 9, 22, 0, tzinfo=dt.UTC)


def pack_of(client):
    answer = client.get(f"/field/app/pack?device={DEVICE}")
    assert answer.status_code == 200
    return answer.get_json()


@pytest.fixture
def planned(app):
    with time_machine.travel(BEFORE, tick=False), writing():
        return a_night(status=OperationStatus.PLANNED)


def test_a_phone_is_made_ready_the_evening_before(planned, signed_in):
    with time_machine.travel(BEFORE, tick=False):
        (team,) = pack_of(signed_in(planned.officer))["teams"]
    assert team["uid"] == planned.team.uid and team["status"] == "planned" and team["key"]["id"]
    assert dt.datetime.fromisoformat(team["opens_at"]) == planned.operation.starts_at
    assert db.session.query(OperationKey).count() == 1 and db.session.query(PhoneState).count() == 1


def test_a_service_with_days_of_its_own_opens_on_its_own_day(planned, signed_in):
    later = planned.operation.starts_at + dt.timedelta(days=1)
    with writing():
        db.session.query(ParticipationVersion).filter_by(participation_id=planned.participation.id).update(
            {"starts_at": later}
        )
    assert dt.datetime.fromisoformat(pack_of(signed_in(planned.officer))["teams"][0]["opens_at"]) == later


@pytest.mark.parametrize("status", [OperationStatus.DRAFT, OperationStatus.CLOSED, OperationStatus.ARCHIVED])
def test_an_idea_and_what_is_over_are_in_no_pack(app, signed_in, status):
    with writing():
        night = a_night(status=status)
    assert pack_of(signed_in(night.officer))["teams"] == []
    assert db.session.query(OperationKey).count() == 0


def test_an_officer_without_a_team_is_given_no_team_of_her_service(planned, signed_in):
    with writing():
        alone = a_user(Role.FIELD_OFFICER, planned.service)
    assert pack_of(signed_in(alone))["teams"] == []


def test_my_shift_offers_nothing_to_log_in_an_operation_that_only_opens_soon(planned, signed_in):
    assert 'action="/field/log"' not in signed_in(planned.officer).get("/field").text


def test_the_numbers_of_the_briefing_go_along_and_the_rest_of_it_does_not(planned, signed_in):
    a_briefing(planned.operation)
    (team,) = pack_of(signed_in(planned.officer))["teams"]
    assert [section["title"] for section in team["numbers"]] == ["Who to call", "Radio and telephone plan", "Safety"]
    assert "Command post 519-555-0142" in team["numbers"][0]["text"]
    assert "Hand the card" not in str(team)


def test_without_a_briefing_there_are_no_numbers(planned, signed_in):
    assert pack_of(signed_in(planned.officer))["teams"][0]["numbers"] == []


def test_the_published_shift_that_comes_next_goes_along_and_a_draft_does_not(planned, signed_in):
    starts = planned.operation.starts_at + dt.timedelta(hours=18)
    with time_machine.travel(BEFORE, tick=False):
        a_shift(planned.team, starts, place="Corner of King and Queen", published=True)
        a_shift(planned.team, starts - dt.timedelta(hours=6), place="Not told yet")
        shift = pack_of(signed_in(planned.officer))["teams"][0]["shift"]
    assert dt.datetime.fromisoformat(shift["starts_at"]) == starts and shift["place"] == "Corner of King and Queen"


def _as_in(team):
    """The one member of ``team``, to be put into another."""
    member = db.session.query(TeamMember).filter_by(team_id=team.id).one()
    return {"staff_id": member.staff_id, "category": member.category, "recorded_at": member.recorded_at}


def test_of_two_teams_each_has_its_own_shift(planned, signed_in):
    starts = planned.operation.starts_at + dt.timedelta(hours=18)
    with time_machine.travel(BEFORE, tick=False):
        with writing():
            other = a_team(planned.participation, name="Team 2")
            db.session.add(TeamMember(team_id=other.id, **_as_in(planned.team)))
        a_shift(other, starts, published=True)
        teams = {team["uid"]: team["shift"] for team in pack_of(signed_in(planned.officer))["teams"]}
    assert teams[planned.team.uid] is None and teams[other.uid]


def test_what_was_sent_today_is_counted_for_her_alone(app, signed_in):
    with time_machine.travel(EVENING, tick=False):
        with writing():
            night = a_night()
        client = signed_in(night.officer)
        token = token_of(client.get("/account"))
        client.post("/field/contacts", data=form_of(night, an_entry()) | {"csrf_token": token})
        assert pack_of(client)["sent_today"] == 1
        assert pack_of(signed_in(night.coordinator))["sent_today"] == 0


def test_a_page_that_can_keep_nothing_is_told_what_it_shows_and_given_nothing_to_keep(app, signed_in):
    with writing():
        night = a_night()
    client = signed_in(night.officer)
    bare = client.get("/field/app/pack?device=none")
    assert bare.status_code == 200 and bare.headers["Cache-Control"] == "no-store"
    said, whole = bare.get_json(), pack_of(client)
    assert set(whole) - set(said) == {"device", "phone_key", "session"}
    assert set(whole["teams"][0]) - set(said["teams"][0]) == {"ticket", "key"}
    assert said["teams"][0]["uid"] == night.team.uid
    assert client.get("/field/app/pack?device=nowhere").status_code == 422


def test_a_page_that_can_keep_nothing_is_no_phone_in_any_list(app, signed_in):
    with writing():
        night = a_night()
    signed_in(night.officer).get("/field/app/pack?device=none")
    assert db.session.query(PhoneState).count() == db.session.query(OperationKey).count() == 0
