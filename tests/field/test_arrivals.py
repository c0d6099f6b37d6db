"""What pages say of how a contact came from a phone: saved and received when, a clock that was wrong."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event

from outreach.field import arrival_rules as rules
from outreach.field.commands import change_contact, entry_of, log_contact
from outreach.storage import db, writing
from outreach.storage.queries import contacts
from outreach.storage.tables import SealedRecord
from outreach.storage.types import new_uid
from tests.field.factories import EVENING, a_night, a_person, actor_of, an_entry

RECEIVED = EVENING + dt.timedelta(minutes=92)


@pytest.fixture
def night(app):
    return a_night(code="NIGHT")


def from_phone(night, *, offset_ms=0, clock_off=False, saved_at=EVENING, received_at=RECEIVED, **more):
    """A contact that came from a phone's outbox."""
    entry = an_entry(a_person())
    with writing():
        log_contact(actor_of(night.officer), night.place, entry)
        arrived(night, entry.uid, offset_ms, clock_off, saved_at, received_at, **more)
    return entry.uid


def arrived(night, contact_uid, offset_ms=0, clock_off=False, saved_at=EVENING, received_at=RECEIVED, kind="contact"):
    db.session.add(
        SealedRecord(
            uid=contact_uid if kind == "contact" else new_uid(),
            hash=new_uid(),
            kind=kind,
            device=new_uid(),
            key_uid=new_uid(),
            operation_id=night.operation.id,
            service_id=night.service.id,
            team_id=night.team.id,
            user_id=night.officer.id,
            state="stored",
            contact_uid=contact_uid,
            received_at=received_at,
            saved_at=saved_at,
            offset_ms=offset_ms,
            clock_off=clock_off,
        )
    )


def listed(client, night, **asked):
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return client.get(f"/operations/NIGHT/services/{night.service.id}/contacts?{query}").text


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-12, ("fast", "minutes", 12)),
        (6, ("slow", "minutes", 6)),
        (4, ("set", "", 0)),
        (-119, ("fast", "minutes", 119)),
        (180, ("slow", "hours", 3)),
        (-60 * 24 * 3650, ("fast", "days", 3650)),
    ],
)
def test_how_far_a_clock_was_off_is_said_in_words_of_its_size(minutes, said):
    assert rules.how_far(minutes * 60_000) == said
    assert rules.how_far(None) == ("set", "", 0)


def test_saved_is_told_by_the_servers_clock_and_never_after_received():
    fast = EVENING + dt.timedelta(hours=3)
    assert rules.saved_at(fast, -3 * 3_600_000, RECEIVED) == EVENING
    assert rules.saved_at(fast, None, RECEIVED) == RECEIVED
    assert rules.saved_at(None, 0, RECEIVED) is None and not rules.waited(None, RECEIVED)


def test_the_page_says_when_it_was_saved_and_when_it_was_received(night, signed_in):
    uid = from_phone(night)
    page = signed_in(night.officer).get(f"/field/contacts/{uid}").text
    assert "Saved on the phone 21:38, received 23:10." in page and "clock" not in page
    late = from_phone(night, received_at=EVENING + dt.timedelta(days=1))
    page = signed_in(night.officer).get(f"/field/contacts/{late}").text
    assert "Saved on the phone Mon 16 Oct, 21:38, received Tue 17 Oct, 21:38." in page


def test_a_contact_that_came_by_the_page_says_nothing_of_phones(night, signed_in):
    with writing():
        entry = an_entry()
        log_contact(actor_of(night.officer), night.place, entry)
    assert "on the phone" not in signed_in(night.officer).get(f"/field/contacts/{entry.uid}").text


def test_a_wrong_clock_is_told_in_words_in_both_languages(night, signed_in, post):
    fast = from_phone(night, offset_ms=-12 * 60_000, clock_off=True, saved_at=EVENING + dt.timedelta(minutes=12))
    client = signed_in(night.officer)
    page = client.get(f"/field/contacts/{fast}").text
    assert "The phone’s clock was 12 minutes fast; times that it gave are corrected." in page
    assert "Saved on the phone 21:38, received 23:10." in page
    post(client, "/language", {"lang": "fr"})
    assert "L’horloge du téléphone avançait de 12 minutes" in client.get(f"/field/contacts/{fast}").text


def test_a_wrong_clock_is_told_of_a_correction_too(night, signed_in):
    uid, saved_at = from_phone(night), EVENING + dt.timedelta(minutes=12)
    with writing():
        arrived(night, uid, -12 * 60_000, clock_off=True, saved_at=saved_at, kind="correction")
    page = signed_in(night.officer).get(f"/field/contacts/{uid}").text
    assert page.count("The phone’s clock was 12 minutes fast") == 1


def test_changes_made_on_the_phone_are_told_one_by_one(night, signed_in):
    uid = from_phone(night)
    with writing():
        arrived(night, uid, kind="correction", saved_at=EVENING + dt.timedelta(minutes=5))
        arrived(night, uid, kind="withdrawal", saved_at=EVENING + dt.timedelta(minutes=9))
    page = signed_in(night.officer).get(f"/field/contacts/{uid}").text
    assert "A change was saved on the phone 21:43, received 23:10." in page
    assert "Withdrawn on the phone 21:47, received 23:10." in page


def test_the_list_says_what_waited_and_finds_wrong_clocks_among_the_questions(night, signed_in):
    from_phone(night, received_at=EVENING + dt.timedelta(minutes=1))
    plain = from_phone(night)
    off = from_phone(night, offset_ms=3 * 3_600_000, clock_off=True, saved_at=EVENING - dt.timedelta(hours=3))
    client = signed_in(night.coordinator)
    page = listed(client, night)
    assert page.count("Saved on the phone 21:38, received 23:10.") == 2
    assert page.count("Clock was off") == 1 and "The phone’s clock was 3 hours slow" in page
    flagged = listed(client, night, flagged=1)
    assert off in flagged and plain not in flagged and "1 contact<" in flagged.replace(" with a question", "")
    assert "1 contact with a question" in client.get("/field").text


def test_the_question_is_settled_when_somebody_else_has_saved_the_contact(night, signed_in):
    uid = from_phone(night, offset_ms=3 * 3_600_000, clock_off=True)
    with writing():
        record = contacts.contact_record(uid)
        change_contact(actor_of(night.coordinator), record, entry_of(record), expected=1)
    client = signed_in(night.coordinator)
    assert uid not in listed(client, night, flagged=1) and "Clock was off" not in listed(client, night)
    assert "3 hours slow" in client.get(f"/field/contacts/{uid}").text


def test_the_list_asks_as_many_queries_for_fifty_contacts_as_for_one(night, signed_in):
    client = signed_in(night.coordinator)
    from_phone(night)
    listed(client, night)
    one = queries_of(lambda: listed(client, night))
    for _ in range(9):
        from_phone(night)
    assert queries_of(lambda: listed(client, night)) == one


def queries_of(work):
    """How many statements the work sends to the database."""
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    work()
    event.remove(db.engine, "before_cursor_execute", note)
    return len(sent)


@pytest.mark.parametrize("year", [1, 9999])
def test_a_phone_at_an_end_of_the_calendar_stops_neither_the_page_nor_the_list(night, signed_in, year):
    uid = from_phone(night, saved_at=dt.datetime(year, 1, 1, tzinfo=dt.UTC), clock_off=True)
    desk = signed_in(night.coordinator)
    assert desk.get(f"/field/contacts/{uid}").status_code == 200
    assert uid in listed(desk, night)
