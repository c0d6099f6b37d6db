"""Entering a coded card, as pages: typed, read back, saved; never shown again."""

import datetime as dt
import re

import pytest
import time_machine

from outreach.field import radio_card_rules
from outreach.storage import db
from outreach.storage.queries import referrals
from outreach.storage.tables import AuditEntry, Contact, ContactVersion, RadioCard, Referral, SealedRecord
from outreach.storage.types import new_uid
from outreach.vocab import EntryMode, OperationStatus, Role, ServiceKind
from tests.conftest import token_of
from tests.factories import a_participation, a_service, a_shift, a_team, a_user
from tests.field.factories import a_night, a_person, an_entry, form_of
from tests.field.phone import Phone, body_of

SIX = dt.datetime(2017, 10, 12, 22, 0, tzinfo=dt.UTC)  # 18:00 in Toronto
NINE = SIX + dt.timedelta(hours=3)
MET = NINE - dt.timedelta(minutes=18)  # 20:42, on the card 20:40


@pytest.fixture
def clock():
    with time_machine.travel(SIX - dt.timedelta(hours=1), tick=False) as traveller:
        yield traveller


@pytest.fixture
def night(app, clock):
    found = a_night()
    a_shift(found.team, SIX, published=True)
    clock.move_to(NINE)
    return found


@pytest.fixture
def desk(night, signed_in):
    return signed_in(a_user(Role.OPERATION_COORDINATOR, operation=night.operation))


def url(night, more="", team=None):
    return f"/operations/{night.operation.code}/live/teams/{(team or night.team).uid}/card{more}"


def contact(*persons, **more):
    return an_entry(*persons, **({"met_at": MET} | more))


def signs(entry):
    return "\n".join(radio_card_rules.card_of(entry))


def post(client, night, lines, more="", **fields):
    token = token_of(client.get(url(night)))
    return client.post(url(night, more), data={"lines": lines, "csrf_token": token, **fields})


def all_of(table):
    db.session.expire_all()
    return db.session.query(table).order_by(table.id).all()


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def board(client, night):
    return plain(client.get(f"/operations/{night.operation.code}/live"))


def face(answer):
    return answer.status_code, re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)


def test_the_board_and_the_page_for_radio_lead_to_the_card(night, desk):
    for page in (f"/operations/{night.operation.code}/live", url(night).replace("/card", "/log")):
        assert f'href="{url(night)}"' in desk.get(page).text
    page = desk.get(url(night))
    assert page.status_code == 200 and "Whiskey" in page.text and night.team.uid in page.text


def test_a_card_is_read_back_in_words_before_anything_is_saved(night, desk):
    person = a_person(age="16_17", answer="accepted", urgent=True, reach_by="safe_phone", safe_way="519-555-0100")
    entry = contact(person, a_person(agreed=()), a_person(answer="declined", claimed=True, made_safe=True), note="red")
    page = post(desk, night, signs(entry).lower().replace("-", " "), "/preview")
    said = plain(page)
    assert page.status_code == 200 and "Nothing is saved yet." in said
    assert "3 persons" in said and 'value="2017-10-12 20:40"' in page.text
    for words in ("16–17", "Yes, accepted", "A phone that is safe to call", "No, declined", "Not to be recorded"):
        assert words in said
    assert person.code[:4] + "-" + person.code[4:] in said and "More was typed on the phone" in said
    assert not re.search("555.?0100", page.text) and all_of(Contact) == []
    assert page.headers["Cache-Control"] == "no-store"


def test_what_is_saved_is_never_shown_again_to_who_wrote_it_down(night, desk):
    person = a_person(age="16_17")
    answer = post(desk, night, signs(contact(person)))
    assert answer.status_code == 303 and answer.location.endswith(f"/live#team-{night.team.uid}")
    assert "Received at 21:00" in board(desk, night)
    (stored,) = all_of(Contact)
    assert all_of(ContactVersion)[0].met_at == MET.replace(minute=40)
    for end in ("", "/edit"):
        mine, nothing = desk.get(f"/field/contacts/{stored.uid}{end}"), desk.get(f"/field/contacts/nothing{end}")
        assert mine.status_code == 404 and face(mine) == face(nothing)
    again = desk.get(url(night))
    assert person.code[:4] not in again.text


def test_a_wrong_sign_is_told_at_its_line_and_group_and_what_was_typed_is_kept(night, desk):
    lines = signs(contact(a_person())).split("\n")
    wrong = ("A" if lines[1][0] != "A" else "C") + lines[1][1:]
    for more in ("/preview", ""):
        page = post(desk, night, f"{lines[0]}\n{wrong}", more)
        assert page.status_code == 422 and "<title>Error:" in page.text
        assert f"Line 2, group 1: {wrong[:4]} cannot be right." in page.text
        assert re.search(rf'tag--problem">(<svg.*?</svg>)?{wrong[:4]}<', page.text, re.S)
        assert f"{lines[0]}\r\n{wrong}" in page.text or f"{lines[0]}\n{wrong}" in page.text
    assert all_of(Contact) == []


@pytest.mark.parametrize(
    "lines", ["", "hello", "K7QM-4R2X-9ACD\n" * 400, "é" * 5000, "\x00", "<script>alert(1)</script>"]
)
def test_whatever_is_typed_is_answered_with_a_page(night, desk, lines):
    for more in ("/preview", ""):
        page = post(desk, night, lines, more)
        assert page.status_code == 422 and len(page.text) < 60_000 and "<script>alert" not in page.text


def test_the_signs_can_be_changed_after_they_were_read(night, desk):
    page = post(desk, night, signs(contact()), "/preview", change="1")
    assert page.status_code == 200
    assert re.search(r"<textarea[^>]*>\s*[0-9A-Z-]{14}", page.text) and "Nothing is saved yet" not in page.text


def test_the_time_can_be_corrected_and_a_wrong_one_is_told_at_its_field(night, desk):
    lines = signs(contact(a_person()))
    wrong = post(desk, night, lines, met_at="yesterday")
    assert wrong.status_code == 422 and 'value="yesterday"' in wrong.text and "2017-10-18 21:42" in wrong.text
    assert all_of(Contact) == []
    assert post(desk, night, lines, met_at="2017-10-12 19:05").status_code == 303
    assert all_of(ContactVersion)[0].met_at == dt.datetime(2017, 10, 12, 23, 5, tzinfo=dt.UTC)


def test_the_agency_that_the_card_does_not_say_can_be_chosen(night, desk):
    other = a_service("Aardvark House", ServiceKind.VICTIM_SERVICES)
    a_participation(night.operation, other, entry_mode=EntryMode.NONE)
    lines = signs(contact(a_person(), a_person(answer="declined")))
    page = post(desk, night, lines, "/preview")
    assert 'name="agency-1"' in page.text and 'name="agency-2"' not in page.text
    wrong = post(desk, night, lines, **{"agency-1": "999999"})
    assert wrong.status_code == 422 and "Choose a support agency of this operation." in wrong.text
    assert post(desk, night, lines, **{"agency-1": str(night.agency.id)}).status_code == 303
    assert referrals.current(all_of(Referral)[0].id).agency_id == night.agency.id


def test_the_same_card_by_two_desks_is_one_contact_and_both_are_told(night, desk, signed_in):
    lines = signs(contact(a_person()))
    post(desk, night, lines)
    board(desk, night)
    other = signed_in(night.coordinator)
    post(other, night, lines)
    assert "This card was entered already: Thu 12 Oct, 21:00." in board(other, night)
    assert len(all_of(Contact)) == len(all_of(RadioCard)) == 1


def test_another_card_of_the_same_record_is_told(night, desk):
    entry = contact(a_person())
    post(desk, night, signs(entry))
    board(desk, night)
    post(desk, night, signs(contact(*entry.persons, a_person(), uid=entry.uid)))
    assert "says something else: both are kept" in board(desk, night)


def phone_of(night, signed_in):
    client = signed_in(night.officer)
    return client, Phone.of(client.get(f"/field/app/pack?device={new_uid()}").get_json(), now=NINE)


def send(client, envelope):
    answer = client.post("/field/sealed", data=body_of(envelope), content_type="application/json")
    return answer.status_code, answer.get_json()


def test_a_sealed_record_becomes_a_version_of_the_contact_that_was_read_out(night, desk, signed_in):
    entry = contact(a_person(), a_person(agreed=()), note="red door", kits=2)
    post(desk, night, signs(entry))
    client, phone = phone_of(night, signed_in)
    envelope = phone.seal(phone.content(form_of(night, entry)))
    status, receipt = send(client, envelope)
    assert (status, receipt["state"]) == (200, "stored") and phone.knows(receipt, envelope)
    assert send(client, envelope) == (200, receipt)
    (stored,), (record,) = all_of(Contact), all_of(SealedRecord)
    assert stored.uid != entry.uid and record.contact_uid == stored.uid
    assert (record.state, record.content) == ("stored", None)
    assert [version.recorded_by_id == night.officer.id for version in all_of(ContactVersion)] == [False, True]
    again = phone.seal(phone.content(form_of(night, entry)))
    assert again.hashed != envelope.hashed and send(client, again)[1]["state"] == "stored"
    assert len(all_of(Contact)) == 1 and len(all_of(ContactVersion)) == 2


def test_the_officer_finds_her_record_by_its_own_number_and_nobody_else_does(night, desk, signed_in):
    entry = contact(a_person())
    post(desk, night, signs(entry))
    board(desk, night)  # says once what was received
    client, phone = phone_of(night, signed_in)
    assert client.get(f"/field/contacts/{entry.uid}").status_code == 404
    send(client, phone.seal(phone.content(form_of(night, entry))))
    page = client.get(f"/field/contacts/{entry.uid}")
    assert page.status_code == 200 and f"/field/contacts/{all_of(Contact)[0].uid}/edit" in page.text
    mine, nothing = desk.get(f"/field/contacts/{entry.uid}"), desk.get("/field/contacts/nothing")
    assert mine.status_code == 404 and face(mine) == face(nothing)


def test_the_page_of_a_contact_says_that_it_was_read_out(night, desk, signed_in):
    entry = contact(a_person())
    post(desk, night, signs(entry))
    service = signed_in(night.coordinator)
    page = f"/field/contacts/{all_of(Contact)[0].uid}"
    assert "Read out by radio Thu 12 Oct, 21:00; the phone’s own record has not arrived." in plain(service.get(page))
    client, phone = phone_of(night, signed_in)
    send(client, phone.seal(phone.content(form_of(night, entry))))
    said = plain(signed_in(night.coordinator).get(page))
    assert "Read out by radio Thu 12 Oct, 21:00, before the phone could send it." in said


def test_a_card_of_a_sealed_record_that_has_arrived_says_so_and_stores_nothing(night, desk, signed_in):
    entry = contact(a_person())
    client, phone = phone_of(night, signed_in)
    assert send(client, phone.seal(phone.content(form_of(night, entry))))[1]["state"] == "stored"
    post(desk, night, signs(entry))
    assert "arrived already: Thu 12 Oct, 21:00. It is kept once" in board(desk, night)
    assert len(all_of(Contact)) == 1 and all_of(RadioCard) == []


def test_a_record_that_differs_from_its_card_waits_beside_it_for_the_service(night, desk, signed_in):
    entry = contact(a_person())
    post(desk, night, signs(entry))
    client, phone = phone_of(night, signed_in)
    fields = form_of(night, contact(*entry.persons, a_person(), uid=entry.uid))
    assert send(client, phone.seal(phone.content(fields)))[1]["state"] == "stored"
    first, second = all_of(Contact)
    assert second.conflict_of == first.uid
    service = signed_in(night.coordinator)
    listed = service.get(f"/operations/{night.operation.code}/services/{night.service.id}/contacts?flagged=1")
    assert f"/field/contacts/{second.uid}" in listed.text and "Sent twice" in plain(listed)


def test_a_service_coordinator_enters_cards_for_her_teams_and_for_no_other(night, signed_in):
    client = signed_in(night.coordinator)
    assert post(client, night, signs(contact(a_person()))).status_code == 303
    theirs = a_team(a_participation(night.operation, a_service()), name="Theirs")
    token = token_of(client.get(url(night)))
    client.get(f"/operations/{night.operation.code}/live")  # says once what was received
    for foreign, nothing in (
        (client.get(url(night, team=theirs)), client.get(url(night).replace(night.team.uid, new_uid()))),
        (
            client.post(url(night, team=theirs), data={"lines": "", "csrf_token": token}),
            client.post(url(night).replace(night.team.uid, new_uid()), data={"lines": "", "csrf_token": token}),
        ),
    ):
        assert foreign.status_code == 404 and face(foreign) == face(nothing)


@pytest.mark.parametrize("status", [OperationStatus.PLANNED, OperationStatus.CLOSED])
def test_no_card_is_entered_unless_the_operation_takes_entries(night, desk, status):
    token = token_of(desk.get(url(night)))
    night.operation.status = status.value
    db.session.commit()
    data = {"lines": signs(contact(a_person())), "csrf_token": token}
    assert desk.get(url(night)).status_code == 403
    assert [desk.post(url(night, more), data=data).status_code for more in ("", "/preview")] == [403, 403]
    assert all_of(Contact) == []


def test_the_journal_tells_who_entered_a_card_and_nothing_of_what_it_says(night, desk):
    person = a_person()
    post(desk, night, signs(contact(person)))
    (entry,) = [row for row in all_of(AuditEntry) if row.tag == "field.radio_card.enter"]
    assert entry.details == {"by_radio": True} and entry.object_id == all_of(Contact)[0].uid
    assert not any(person.code in repr(row.details) for row in all_of(AuditEntry))


def test_the_pages_are_said_in_french(night, desk):
    desk.post("/language", data={"lang": "fr", "next": "/", "csrf_token": token_of(desk.get("/account"))})
    assert "Saisir une carte codée" in desk.get(url(night)).text
    said = plain(post(desk, night, signs(contact(a_person())), "/preview"))
    assert "Relire la carte" in said and "Rien n’est encore enregistré." in said
    lines = signs(contact(a_person()))
    assert "Redemandez" in post(desk, night, lines[:-1], "/preview").text
