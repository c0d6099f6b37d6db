"""The briefing as officers read it, its writing, its readers, its files, through real requests."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import select

from outreach.ready import attachments
from outreach.storage import db, writing
from outreach.storage.queries import briefing as rows
from outreach.storage.tables import AuditEntry, Operation, Service
from outreach.vocab import EntryMode, OperationStatus, Role, ServiceKind
from tests.conftest import token_of
from tests.factories import a_participation, a_service, a_team, a_user, an_operation
from tests.field.factories import a_night
from tests.ready.briefing_factories import SECTIONS, a_briefing, a_pdf, an_attachment, has_read


@pytest.fixture
def night(app: Any) -> Any:
    found = a_night(an_operation("OP-1"))
    with writing():
        db.session.get(Operation, found.operation.id).purpose = "Meet, tell, offer."
    return found


@pytest.fixture
def boss(night: Any, signed_in: Any) -> Any:
    return signed_in(a_user(Role.OPERATION_COORDINATOR))


URL = "/operations/OP-1/briefing"


def tags() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id)))


def test_an_officer_reads_everything_that_counts_and_taps_a_number(night, signed_in):
    a_briefing(night.operation)
    house = a_service(
        "Bright Harbour",
        ServiceKind.HOUSING,
        municipality="Chatham",
        languages="en, fr",
        contact_desk="519-555-0177",
        hours="day and night",
    )
    a_participation(night.operation, house, entry_mode=EntryMode.NONE)
    answer = signed_in(night.officer).get(URL)
    page = answer.text
    for words in (
        "Meet, tell, offer.",
        "Code word LANTERN",
        '<a href="tel:+15195550142">519-555-0142</a>',
        "Chatham",
        "Bright Harbour",
        "Hours: day and night",
        "One sign proves nothing.",
        "Debt bondage",
        "confirmed by the local lead",
        "I have read the briefing",
        "I have read the legal card",
    ):
        assert words in page, words
    assert answer.headers["Cache-Control"] == "no-store"
    assert tags()[-1] == "ready.briefing.read"


def test_an_officer_says_that_it_is_read_and_a_new_version_says_what_changed(night, signed_in, post):
    a_briefing(night.operation)
    officer = signed_in(night.officer)
    assert post(officer, URL, {"part": "briefing", "version": "1"}, page=URL).status_code == 303
    page = officer.get(URL).text
    assert "You read version 1" in page and "I have read the briefing" not in page
    a_briefing(night.operation, safety="Leave by the north door.")
    page = officer.get(URL).text
    assert "This has changed since you read version 1." in page
    assert page.count(">Changed<") == 1 and "I have read the briefing" in page
    stale = post(officer, URL, {"part": "briefing", "version": "1"}, page=URL)
    assert stale.status_code == 409 and "Leave by the north door." in stale.text


def test_the_legal_card_has_its_own_button(night, signed_in, post):
    mark = rows.cards_for(["West"])["West"].mark
    officer = signed_in(night.officer)
    assert post(officer, URL, {"part": "legal_card", "version": str(mark)}, page=URL).status_code == 303
    assert rows.readers_by_service(night.operation.id) == {night.service.id: (1, 0, 1)}
    assert "You read it on" in officer.get(URL).text
    assert post(officer, URL, {"part": "legal_card", "version": "x"}, page=URL).status_code == 409


def test_a_draft_is_its_coordinators_and_a_stranger_finds_nothing(night, signed_in):
    with writing():
        db.session.get(Operation, night.operation.id).status = OperationStatus.DRAFT.value
    stranger = a_user(Role.SERVICE_COORDINATOR, a_service())
    assert signed_in(night.officer).get(URL).status_code == 404
    assert signed_in(a_user(Role.COMMANDER)).get(URL).status_code == 404
    assert signed_in(stranger).get(URL).status_code == 404
    assert signed_in(night.coordinator).get(URL).status_code == 200
    assert signed_in(a_user(Role.OPERATION_COORDINATOR)).get(URL).status_code == 200


def test_the_coordinator_writes_it_and_two_writers_see_both_texts(night, boss, post):
    edit = URL + "/edit"
    assert post(boss, edit, {**SECTIONS, "version": "0"}, page=edit).status_code == 303
    clash = post(boss, edit, {**SECTIONS, "safety": "Mine <b>", "version": "0"}, page=edit)
    assert clash.status_code == 409
    assert "Mine &lt;b&gt;" in clash.text and "LANTERN" in clash.text and 'value="1"' in clash.text
    empty = post(boss, edit, {"version": "1"}, page=edit)
    assert empty.status_code == 422 and "<title>Error:" in empty.text and "Write at least one section." in empty.text
    long = post(boss, edit, {**SECTIONS, "radio": "x" * 4001, "version": "1"}, page=edit)
    assert long.status_code == 422 and "x" * 4001 in long.text
    assert rows.current(night.operation.id).version == 1


def test_an_officer_does_not_write_it(night, signed_in, post):
    officer = signed_in(night.officer)
    assert officer.get(URL + "/edit").status_code == 403
    assert post(officer, URL + "/edit", SECTIONS).status_code == 403


def test_readers_stand_by_service_and_a_service_coordinator_sees_her_own(night, boss, signed_in):
    a_briefing(night.operation)
    other = a_service("Quarry Police")
    officer = a_user(Role.FIELD_OFFICER, other)
    a_team(a_participation(night.operation, other), officer)
    has_read(night.operation, officer, "briefing", 1)
    every = boss.get(URL + "/readers").text
    own = signed_in(night.coordinator).get(URL + "/readers").text
    assert "1 of 1" in every and "Quarry Police" in every and night.officer.name in every
    assert night.officer.name in own and "Quarry Police" not in own and officer.name not in own
    assert signed_in(night.officer).get(URL + "/readers").status_code == 403


def _send(client: Any, content: bytes, name: str) -> Any:
    data = {"csrf_token": token_of(client.get(URL + "/edit")), "file": (io.BytesIO(content), name)}
    return client.post(URL + "/files", data=data, content_type="multipart/form-data")


def test_a_file_is_handed_out_as_a_file_and_never_as_a_page(night, boss, signed_in):
    assert _send(boss, a_pdf(), "Plan de nuit.pdf").status_code == 303
    file = rows.attachments_of(night.operation.id)[0]
    officer = signed_in(night.officer)
    assert "Plan de nuit.pdf" in officer.get(URL).text
    answer = officer.get(f"{URL}/files/{file.uid}")
    assert answer.status_code == 200 and answer.data.startswith(b"%PDF-") and answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox; default-src 'none'" in answer.headers.getlist("Content-Security-Policy")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert tags()[-1] == "ready.attachment.read"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"MZ\x90", "map.pdf", "This file is a program, not a document. Send a PDF"),
        (b"", "", "No file was chosen."),
        (b"\x89PNG\r\n\x1a\n", "map.png", "damaged or cut off"),
    ],
    ids=["program", "none", "cut"],
)
def test_a_refused_file_says_how_to_put_it_right_and_keeps_the_text(night, boss, content, name, words):
    a_briefing(night.operation)
    answer = _send(boss, content, name)
    assert answer.status_code == 422 and words in answer.text and "<title>Error:" in answer.text
    assert "LANTERN" in answer.text and rows.attachments_of(night.operation.id) == []


def test_a_file_over_the_limit_is_refused_after_that_many_bytes(night, boss, monkeypatch):
    monkeypatch.setattr(attachments, "LARGEST", 1024)
    assert "This file is larger than" in _send(boss, bytes(4096), "map.pdf").text


def test_a_file_of_another_operation_or_a_removed_one_does_not_exist(night, boss, post, signed_in):
    foreign = an_attachment(an_operation("OP-2"))
    mine = an_attachment(night.operation)
    assert boss.get(f"{URL}/files/{foreign.uid}").status_code == 404
    assert post(signed_in(night.officer), f"{URL}/files/{mine.uid}/remove").status_code == 403
    assert post(boss, f"{URL}/files/{mine.uid}/remove").status_code == 303
    assert boss.get(f"{URL}/files/{mine.uid}").status_code == 404


def test_the_administrator_words_the_legal_card_where_the_duty_to_report_is_worded(app, signed_in, post):
    admin = signed_in(a_user(Role.ADMINISTRATOR))
    assert "Ontario. To be confirmed" in admin.get("/lists").text
    form = {"region": "Yukon", "text_en": "Yukon says.", "text_fr": "Le Yukon dit."}
    assert post(admin, "/duty-texts/new?name=legal_card", form).status_code == 303
    card = rows.cards_for(["Yukon"])["Yukon"]
    assert card.card_en == "Yukon says." and card.duty_en.startswith("This person may be")
    assert post(admin, "/duty-texts/new?name=legal_card", form).status_code == 422
    assert post(admin, "/duty-texts/new", form).status_code == 303


def test_a_service_without_hours_says_not_known(night, signed_in):
    with writing():
        db.session.get(Service, night.agency.id).hours = ""
    assert "Hours: not known" in signed_in(night.officer).get(URL).text


def test_the_hours_of_an_agency_are_entered_with_the_service_and_read_in_the_briefing(night, boss, signed_in, post):
    house = night.agency
    page = f"/services/{house.id}/edit"
    fields = {"name": house.name, "kind": house.kind, "region": "West", "languages": "en fr", "version": "1"}
    assert post(boss, page, {**fields, "hours": "Every night 18:00–06:00"}, page=page).status_code == 303
    read = signed_in(night.officer).get(URL).text
    assert "Hours: Every night 18:00–06:00" in read and "Languages: English, French" in read
    long = post(boss, page, {**fields, "hours": "x" * 201, "version": "2"}, page=page)
    assert long.status_code == 422 and "200 characters or fewer" in long.text


def test_an_officer_finds_the_briefing_from_her_shift(night, signed_in):
    assert f'href="{URL}"' in signed_in(night.officer).get("/field").text
