"""The page of municipalities: saved, refused, two at once, copied, what phones get."""

from __future__ import annotations

import pytest

from outreach.plan import place_commands
from outreach.ready import rehearsal_commands
from outreach.storage import db, writing
from outreach.storage.queries import phones
from outreach.storage.tables import AuditEntry, Operation
from outreach.vocab import OperationStatus, Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation
from tests.field.factories import a_night, actor_of
from tests.field.test_phone_views import DEVICE

URL = "/operations/OP/plan/places"
WINDSOR = "Windsor; 42.3149; -83.0364\nChatham-Kent"


@pytest.fixture
def boss(app):
    operation = an_operation("OP", status=OperationStatus.PLANNED)
    a_participation(operation, a_service("Windsor Police Service", municipality="Windsor"))
    return a_user(Role.OPERATION_COORDINATOR)


def stands() -> Operation:
    db.session.rollback()
    return db.session.query(Operation).filter_by(code="OP").one()


def test_a_list_is_saved_journalled_and_offered_to_phones(boss, signed_in, post):
    client = signed_in(boss)
    page = client.get(URL)
    assert page.status_code == 200 and "Until it is filled" in page.text and "Put these into the list" in page.text
    assert "Windsor</textarea>" in client.get(URL + "?from=services").text
    answer = post(client, URL, {"places": WINDSOR, "positions": "y", "version": "1"}, page=URL)
    assert answer.status_code == 303
    operation = stands()
    assert operation.municipalities == [["Windsor", 42.3149, -83.0364], ["Chatham-Kent", None, None]]
    assert operation.positions and operation.version == 2
    entry = db.session.query(AuditEntry).filter_by(tag="plan.operation.change").one()
    assert entry.details["fields"] == ["municipalities", "positions"]
    again = post(client, URL, {"places": WINDSOR, "positions": "y", "version": "2"}, page=URL)
    assert again.status_code == 303 and stands().version == 2
    assert f'href="{URL}"' in client.get("/operations/OP/plan").text


def test_what_cannot_be_read_is_named_and_what_was_typed_is_kept(boss, signed_in, post):
    client = signed_in(boss)
    answer = post(client, URL, {"places": "Windsor; 142; -83\nLaSalle", "version": "1"}, page=URL)
    assert answer.status_code == 422 and "Line 1: the latitude of Windsor" in answer.text
    assert "Windsor; 142; -83\nLaSalle</textarea>" in answer.text.replace("\r", "")
    refused = post(client, URL, {"places": "LaSalle", "positions": "y", "version": "1"}, page=URL)
    assert refused.status_code == 422 and "Give at least one municipality" in refused.text
    assert stands().municipalities == [] and not stands().positions


def test_who_comes_second_sees_both_lists_and_overwrites_nothing_unseen(boss, signed_in, post):
    client = signed_in(boss)
    post(client, URL, {"places": "Windsor", "version": "1"}, page=URL)
    answer = post(client, URL, {"places": "LaSalle", "version": "1"}, page=URL)
    assert answer.status_code == 409 and "Stands now" in answer.text and 'value="2"' in answer.text
    assert stands().municipalities == [["Windsor", None, None]]
    assert post(client, URL, {"places": "LaSalle", "version": "2"}, page=URL).status_code == 303


def test_a_service_coordinator_reads_the_list_and_changes_nothing(boss, app, signed_in, post):
    operation = stands()
    place_commands_done(boss, operation)
    service = a_service("LaSalle Police Service")
    a_participation(operation, service)
    ana = signed_in(a_user(Role.SERVICE_COORDINATOR, service))
    page = ana.get(URL)
    assert page.status_code == 200 and "<li>Windsor</li>" in page.text and "<textarea" not in page.text
    assert "42.3149" not in page.text
    assert post(ana, URL, {"places": "X", "version": "2"}).status_code == 403
    stranger = signed_in(a_user(Role.FIELD_OFFICER, a_service("Nowhere Police")))
    assert stranger.get(URL).status_code == post(stranger, URL, {"places": "X"}).status_code == 404
    assert len(stands().municipalities) == 2


def place_commands_done(boss, operation):
    with writing():
        place_commands.change_places(actor_of(boss), operation, WINDSOR, True, operation.version)


def test_a_copy_and_a_rehearsal_offer_the_same_places(boss, signed_in, post):
    place_commands_done(boss, stands())
    client = signed_in(boss)
    fields = {"code": "OP-2", "name": "Next year", "level": "local", "time_zone": "America/Toronto", "copy": "OP"}
    answer = post(client, "/operations/new", fields, page="/operations/new?copy=OP")
    assert answer.status_code == 303
    a_team(a_participation(stands(), a_service()), a_user(Role.FIELD_OFFICER, a_service()))
    source = stands()
    with writing():
        rehearsal_commands.start(actor_of(boss), source)
    made = db.session.query(Operation).filter(Operation.code != "OP").all()
    assert len(made) == 2
    assert all(one.municipalities == stands().municipalities and one.positions for one in made)


def test_the_pack_carries_the_list_and_the_policy(app, signed_in):
    night = a_night(code="OP")
    boss = a_user(Role.OPERATION_COORDINATOR)
    before = signed_in(night.officer).get(f"/field/app/pack?device={DEVICE}").get_json()["teams"][0]
    assert before["municipalities"] == [] and before["positions"] is False
    place_commands_done(boss, stands())
    after = signed_in(night.officer).get(f"/field/app/pack?device={DEVICE}").get_json()["teams"][0]
    assert after["municipalities"] == [["Windsor", 42.3149, -83.0364], ["Chatham-Kent", None, None]]
    assert after["positions"] is True
    assert phones.places_of(night.operation.id).positions
