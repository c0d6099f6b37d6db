"""Records that wait: listed, opened, put right, taken or left out, and nobody else's business."""

import datetime as dt
import re

import pytest
import time_machine

from outreach.field import rules
from outreach.field.commands import change_contact
from outreach.storage import db, writing
from outreach.storage.phone_keys import phone_keys
from outreach.storage.queries import contacts
from outreach.storage.tables import AuditEntry, Contact, ContactVersion, Meeting, Operation, SealedRecord, TeamMember
from outreach.storage.types import new_uid
from outreach.vocab import OperationStatus, Role
from tests.conftest import token_of
from tests.factories import a_participation, a_service, a_user
from tests.field.factories import a_night, a_person, actor_of, an_entry, form_of
from tests.field.held import sent
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
def phone(officer):
    return Phone.of(officer.get(f"/field/app/pack?device={new_uid()}").get_json(), now=NINE)


@pytest.fixture
def desk(night, signed_in):
    return signed_in(night.coordinator)


@pytest.fixture
def entry():
    return an_entry(a_person(reach_by="safe_phone", safe_way="519 555 0123"), met_at=NINE, note="planted note")


def out_of_team(night):
    with writing():
        db.session.query(TeamMember).update({"superseded_at": NINE})


def waiting(night, client, phone, entry, **fields):
    """A contact whose officer has left the team when it arrives."""
    out_of_team(night)
    record = sent(client, phone, phone.content(form_of(night, entry) | fields))
    assert (record.state, record.reason) == ("held", "not_in_team")
    return record


def invalid(night, client, phone, entry, **fields):
    record = sent(client, phone, phone.content(form_of(night, entry) | fields))
    assert (record.state, record.reason) == ("held", "invalid")
    return record


def changed(night, client, phone, entry):
    """A correction on the phone of a contact that its coordinator changed meanwhile; the record that waits."""
    sent(client, phone, phone.content(form_of(night, entry)))
    with writing():
        found = contacts.contact_record(entry.uid)
        change_contact(actor_of(night.coordinator), found, an_entry(*entry.persons, uid=entry.uid, kits=1), expected=1)
    fields = form_of(night, entry) | {"kits": "7", "note": ""}
    content = phone.content(fields, contact=entry.uid, base=1, reason="I counted again")
    record = sent(client, phone, content, uid=new_uid(), kind="correction")
    assert (record.state, record.reason) == ("held", "changed")
    return record


def held_url(night, record=None, more=""):
    path = f"/operations/{night.operation.code}/services/{night.service.id}/held"
    return path if record is None else f"{path}/{record.uid}/{record.hash[:8]}{more}"


def press(client, url, page, **fields):
    return client.post(url, data={**fields, "csrf_token": token_of(client.get(page))})


def fields_in(page):
    """What a browser would post of the form that takes the record."""
    form = re.search(r'<form action="[^"]*/take".*?</form>', page.text, re.S)[0]
    found = {}
    for name, value in re.findall(r'<input[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', form):
        if 'type="checkbox"' not in re.search(rf'<input[^>]*name="{name}"[^>]*>', form)[0]:
            found[name] = value
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        found[name] = chosen[1] if chosen else re.search(r'<option value="([^"]*)"', options)[1]
    for name in set(re.findall(r'<input[^>]*name="([^"]+)"[^>]*type="checkbox"', form)):
        found[name] = re.findall(rf'<input checked[^>]*name="{name}"[^>]*value="([^"]*)"', form)
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = text.strip()
    return found


def all_of(table, **more):
    db.session.expire_all()
    return db.session.query(table).filter_by(**more).order_by(table.id).all()


def tags(record):
    return [entry.tag for entry in all_of(AuditEntry, object_id=record.uid)]


def face(answer):
    return answer.status_code, re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)


# --- the list ---------------------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_the_list_says_why_and_when_and_nothing_of_what_it_says(night, officer, phone, desk, entry):
    record = waiting(night, officer, phone.at(NINE - dt.timedelta(minutes=20)), entry)
    page = desk.get(held_url(night))
    assert page.status_code == 200
    assert "The officer is no longer in this team" in page.text and night.officer.name in page.text
    assert held_url(night, record) in page.text and "1 waits" in page.text
    assert "planted note" not in page.text and "25 to 34" not in page.text
    assert tags(record).count("field.held.read") == 0


def test_an_empty_list_says_so(night, desk):
    assert "Nothing waits." in desk.get(held_url(night)).text


def test_a_record_of_another_service_answers_as_one_that_does_not_exist(night, officer, phone, entry, signed_in):
    record = waiting(night, officer, phone, entry)
    other = a_service("Elm Falls Police Service")
    a_participation(night.operation, other)
    client = signed_in(a_user(Role.SERVICE_COORDINATOR, other))
    nothing = client.get(f"/operations/{night.operation.code}/services/{other.id}/held/{new_uid()}/00000000")
    assert nothing.status_code == 404
    own_path = f"/operations/{night.operation.code}/services/{other.id}/held/{record.uid}/{record.hash[:8]}"
    for url in (held_url(night), held_url(night, record), own_path):
        assert face(client.get(url)) == face(nothing)
    for user in (night.officer, a_user(Role.OPERATION_COORDINATOR, operation=night.operation)):
        assert signed_in(user).get(held_url(night, record)).status_code == 404


@pytest.mark.parametrize("end", ["x/00000000", "%00/00000000", "{uid}/zzzzzzzz", "{uid}/%25", "{uid}/_______0"])
def test_an_address_that_is_none_is_not_found(night, officer, phone, desk, entry, end):
    record = waiting(night, officer, phone, entry)
    assert desk.get(f"{held_url(night)}/{end.format(uid=record.uid)}").status_code == 404


def test_my_shift_the_board_the_phones_and_the_contacts_lead_to_what_waits(night, officer, phone, desk, entry):
    waiting(night, officer, phone, entry)
    operation = f"/operations/{night.operation.code}"
    own = f"{operation}/services/{night.service.id}/contacts"
    for path in ("/field", f"{operation}/live", f"{operation}/live/phones", own):
        page = desk.get(path)
        assert f'href="{held_url(night)}"' in page.text, path


def test_the_operation_coordinator_is_told_how_many_wait_without_a_way_in(night, officer, phone, entry, signed_in):
    waiting(night, officer, phone, entry)
    client = signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation))
    page = client.get(f"/operations/{night.operation.code}/live/phones")
    assert "1 record from a phone waits for a decision" in page.text and "/held" not in page.text


def test_my_shift_leads_to_what_waits_in_an_operation_that_is_closed(night, officer, phone, desk, entry):
    with writing():
        db.session.get(Operation, night.operation.id).status = OperationStatus.CLOSED
    record = sent(officer, phone, phone.content(form_of(night, entry)))
    assert record.reason == "closed"
    assert f'href="{held_url(night)}"' in desk.get("/field").text


# --- opening ----------------------------------------------------------------------------------------------------------


def test_opening_a_record_shows_what_the_phone_says_and_enters_the_journal(night, officer, phone, desk, entry):
    record = waiting(night, officer, phone, entry)
    page = desk.get(held_url(night, record))
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    assert "planted note" in page.text and "25 to 34" in page.text
    assert not re.search("555.?0123", page.text), "the safe number is the agency's"
    assert tags(record).count("field.held.read") == 1


def test_a_record_without_its_key_says_what_to_do_and_is_not_opened(night, officer, phone, desk, entry):
    key = phone_keys().folder / f"{phone.key}.key"
    kept = key.read_bytes()
    phone_keys().destroy(phone.key)
    record = sent(officer, phone, phone.content(form_of(night, entry)))
    assert record.reason == "key_missing"
    page = desk.get(held_url(night, record))
    assert page.status_code == 200
    assert "bring back the key store" in page.text and "planted note" not in page.text
    assert "/take" not in page.text and "/leave-out" in page.text
    answer = desk.post(held_url(night, record, "/take"), data={"csrf_token": token_of(page)})
    assert answer.status_code == 409 and all_of(Contact) == []
    key.write_bytes(kept)
    assert "planted note" in desk.get(held_url(night, record)).text


# --- deciding ---------------------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_taking_stores_the_contact_in_the_name_of_its_officer(night, officer, phone, desk, entry):
    record = waiting(night, officer, phone, entry)
    answer = press(desk, held_url(night, record, "/take"), held_url(night, record), reason="She was there")
    assert answer.status_code == 303 and answer.location.endswith(held_url(night))
    (contact,) = all_of(Contact)
    assert (contact.uid, contact.created_by_id) == (entry.uid, night.officer.id)
    assert tags(record)[-1] == "field.held.take"
    page = desk.get(held_url(night))
    assert "She was there" in page.text and night.coordinator.name in page.text
    assert f"/field/contacts/{entry.uid}" in page.text, "the decided record stays and leads to its contact"


def test_leaving_out_needs_a_reason(night, officer, phone, desk, entry):
    record = waiting(night, officer, phone, entry)
    refused = press(desk, held_url(night, record, "/leave-out"), held_url(night, record), reason="  ")
    assert refused.status_code == 422 and "Say why this record is left out." in refused.text
    assert 'href="#leave-reason"' in refused.text and "<title>Error:" in refused.text
    assert all_of(SealedRecord)[0].state == "held" and "field.held.leave_out" not in tags(record)
    done = press(desk, held_url(night, record, "/leave-out"), held_url(night, record), reason="Not ours")
    assert done.status_code == 303
    assert (all_of(SealedRecord)[0].state, all_of(Contact)) == ("left_out", [])
    assert tags(record)[-1] == "field.held.leave_out"
    listed = desk.get(held_url(night)).text
    assert "Not ours" in listed and "0 wait" in listed


def test_what_was_left_out_can_still_be_taken(night, officer, phone, desk, entry):
    record = waiting(night, officer, phone, entry)
    press(desk, held_url(night, record, "/leave-out"), held_url(night, record), reason="Not ours")
    page = desk.get(held_url(night, record))
    assert "Not ours" in page.text and "/leave-out" not in page.text
    assert press(desk, held_url(night, record, "/take"), held_url(night, record)).status_code == 303
    assert len(all_of(Contact)) == 1


def test_a_record_that_somebody_decided_first_is_shown_as_it_stands(night, officer, phone, desk, entry):
    record = waiting(night, officer, phone, entry)
    token = token_of(desk.get(held_url(night, record)))
    url = held_url(night, record)
    for _ in range(2):
        answer = desk.post(f"{url}/take", data={"csrf_token": token})
    assert answer.status_code == 409
    late = desk.post(f"{url}/leave-out", data={"csrf_token": token, "reason": "Too late"})
    assert late.status_code == 409 and "Taken by" in late.text
    assert len(all_of(Contact)) == 1


@pytest.mark.parametrize("end", ["take", "leave-out"])
def test_nobody_else_decides(night, officer, phone, entry, signed_in, end):
    record = waiting(night, officer, phone, entry)
    for user in (night.officer, a_user(Role.OPERATION_COORDINATOR, operation=night.operation)):
        client = signed_in(user)
        answer = client.post(
            held_url(night, record, f"/{end}"), data={"reason": "x", "csrf_token": token_of(client.get("/account"))}
        )
        assert answer.status_code == 404
    assert all_of(SealedRecord)[0].state == "held"


def test_an_archived_operation_decides_nothing_any_more(night, officer, phone, desk, entry):
    record = waiting(night, officer, phone, entry)
    with writing():
        db.session.get(Operation, night.operation.id).status = OperationStatus.ARCHIVED
    page = desk.get(held_url(night, record))
    assert page.status_code == 200 and "/take" not in page.text
    token = token_of(desk.get("/account"))
    assert desk.post(held_url(night, record, "/take"), data={"csrf_token": token}).status_code == 403


# --- putting right ----------------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_marked_and_put_right_in_the_form(night, officer, phone, desk, entry):
    record = invalid(night, officer, phone, entry, kits="very many")
    page = desk.get(held_url(night, record))
    assert "Enter how many kits, 0 to 500." in page.text and "planted note" in page.text
    assert not re.search("555.?0123", page.text), "the safe number is the agency's"
    fields = fields_in(page)
    still = press(desk, held_url(night, record, "/take"), held_url(night, record), **fields)
    assert still.status_code == 422 and "<title>Error:" in still.text and "very many" in still.text
    assert all_of(Contact) == [] and all_of(SealedRecord)[0].state == "held"
    taken = press(desk, held_url(night, record, "/take"), held_url(night, record), **fields | {"kits": "3"})
    assert taken.status_code == 303
    (version,) = all_of(ContactVersion)
    assert (version.kits, version.met_at, version.result) == (3, NINE, "met")
    (contact,) = all_of(Contact)
    assert (version.recorded_by_id, contact.created_by_id) == (night.coordinator.id, night.officer.id), "who wrote what"
    assert [e.actor_id for e in all_of(AuditEntry, tag="field.contact.log")] == [night.coordinator.id]
    (meeting,) = all_of(Meeting)
    assert (meeting.age_believed, meeting.answer) == ("25_34", "accepted")
    with writing():
        assert rules.shown_code(entry.persons[0].code) in desk.get(f"/field/contacts/{entry.uid}").text


def test_a_refused_decision_keeps_what_was_typed(night, officer, phone, desk, entry):
    record = invalid(night, officer, phone, entry, met_at="sometime")
    fields = fields_in(desk.get(held_url(night, record))) | {"municipality": "Foxton", "reason": "She called me"}
    answer = press(desk, held_url(night, record, "/take"), held_url(night, record), **fields)
    assert answer.status_code == 422
    assert "Foxton" in answer.text and "She called me" in answer.text and "sometime" in answer.text
    assert "/leave-out" in answer.text, "it still waits"


def test_a_moment_before_the_calendar_begins_here_is_shown_and_put_right(night, officer, phone, desk, entry):
    fields = form_of(night, entry) | {"met_at": "0001-01-01T00:00:00Z"}
    record = sent(officer, phone, phone.content(fields, by_clock=False))
    assert (record.state, record.reason) == ("held", "invalid")
    page = held_url(night, record)
    assert desk.get(page).status_code == 200
    answer = press(
        desk, held_url(night, record, "/take"), page, **fields_in(desk.get(page)) | {"met_at": "2017-10-12 21:00"}
    )
    assert answer.status_code == 303 and all_of(Contact, uid=entry.uid)


# --- both texts -------------------------------------------------------------------------------------------------------


def test_a_correction_stands_beside_what_was_changed_meanwhile(night, officer, phone, desk, entry):
    record = changed(night, officer, phone, entry)
    page = desk.get(held_url(night, record))
    assert "What stands now" in page.text and "What the phone says" in page.text
    kits = re.search(
        r'<tr role="row" class="needs"><th role="rowheader" scope="row">Kits</th>.*?</tr>', page.text, re.S
    )
    assert re.findall(r">(\d+)", kits[0]) == ["1", "7"] and "Differs" in kits[0]
    assert "I counted again" in page.text


def test_the_phones_text_becomes_the_next_version(night, officer, phone, desk, entry):
    record = changed(night, officer, phone, entry)
    fields = {"version": "2", "reason": "Her count"}
    assert press(desk, held_url(night, record, "/take"), held_url(night, record), **fields).status_code == 303
    assert [(v.version, v.kits) for v in all_of(ContactVersion)] == [(1, 0), (2, 1), (3, 7)]


def test_what_stands_can_be_kept(night, officer, phone, desk, entry):
    record = changed(night, officer, phone, entry)
    page = held_url(night, record)
    assert press(desk, page + "/leave-out", page, reason="Mine is right").status_code == 303
    assert [v.version for v in all_of(ContactVersion)] == [1, 2]


def test_who_chose_between_other_texts_is_shown_them_again(night, officer, phone, desk, entry):
    record = changed(night, officer, phone, entry)
    page = held_url(night, record)
    answer = press(desk, page + "/take", page, version="1")
    assert answer.status_code == 409 and "Somebody changed this meanwhile." in answer.text
    assert [v.version for v in all_of(ContactVersion)] == [1, 2]
    assert all_of(SealedRecord, kind="correction")[0].state == "held"


def test_a_withdrawal_that_waits_is_one_of_two_texts(night, officer, phone, desk, entry):
    sent(officer, phone, phone.content(form_of(night, entry)))
    with writing():
        found = contacts.contact_record(entry.uid)
        change_contact(actor_of(night.coordinator), found, an_entry(*entry.persons, uid=entry.uid, kits=1), expected=1)
    content = phone.content({}, contact=entry.uid, base=1, reason="A mistake")
    record = sent(officer, phone, content, uid=new_uid(), kind="withdrawal")
    page = desk.get(held_url(night, record))
    assert "Withdrawn" in page.text and "A mistake" in page.text
    answer = press(desk, held_url(night, record, "/take"), held_url(night, record), version="2", reason="Agreed")
    assert answer.status_code == 303
    assert all_of(ContactVersion)[-1].withdrawn


def test_the_pages_are_said_in_french(night, officer, phone, desk, entry):
    record = waiting(night, officer, phone, entry)
    press(desk, "/language", "/account", lang="fr", next="/")
    assert "attendent votre décision" in desk.get(held_url(night)).text
    assert "Laisser de côté" in desk.get(held_url(night, record)).text
