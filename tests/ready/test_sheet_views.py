"""Choosing and printing sheets through real requests: whose, what, how many, and what the journal keeps."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from outreach.ready import printed, sheet_views
from outreach.storage import db, writing
from outreach.storage.tables import AuditEntry, Grant, Service, Team
from outreach.vocab import Role
from tests.factories import a_user
from tests.ready.sheet_factories import a_plan

URL = "/operations/OP-1/sheets"


def text_of(answer: Any) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)


def printings() -> list[dict[str, Any]]:
    query = select(AuditEntry.details).where(AuditEntry.tag == "ready.sheets.print").order_by(AuditEntry.id)
    return list(db.session.scalars(query))


@pytest.fixture
def plan(app: Any) -> Any:
    """Two services of one team each, with a shift on two evenings."""
    return a_plan("OP-1", services=2, days=2, people=2)


@pytest.fixture
def boss(plan: Any, signed_in: Any) -> Any:
    return signed_in(a_user(Role.OPERATION_COORDINATOR))


@pytest.fixture
def theirs(plan: Any, signed_in: Any) -> Any:
    """The coordinator of the first service."""
    return signed_in(a_user(Role.SERVICE_COORDINATOR, db.session.query(Service).order_by(Service.id).first()))


def test_the_coordinator_chooses_sheet_day_teams_and_language(boss):
    page = boss.get(URL).text
    for words in ("Assignment lists", "Blank contact form", "2017-10-12", "Service OP-1 2 · Team 1", "Français"):
        assert words in page, words
    answer = boss.get(URL + "/print?kind=assignment&day=2017-10-12&language=fr")
    assert answer.mimetype == "application/pdf" and answer.headers["Cache-Control"] == "no-store"
    said = text_of(answer)
    assert said.count("Liste d’affectation") == 2 and "2017-10-13 18:00" not in said
    assert printings() == [{"sheet": "assignment", "sheets": 2, "services": printings()[0]["services"]}]


def test_one_team_alone_can_be_printed(boss):
    team = db.session.query(Team).order_by(Team.id).first().id
    said = text_of(boss.get(f"{URL}/print?kind=activity&day=&team={team}&language=en"))
    assert said.count("Activity log: Team 1") == 2 and "Service OP-1 2" not in said


def test_a_service_coordinator_prints_her_own_teams_and_no_others(theirs):
    page = theirs.get(URL).text
    assert "Service OP-1 2" not in page
    said = text_of(theirs.get(URL + "/print?kind=roster&day="))
    assert "Roster: Service OP-1 1" in said and "Service OP-1 2" not in said
    foreign = db.session.query(Team).order_by(Team.id.desc()).first().id
    refused = theirs.get(f"{URL}/print?kind=assignment&day=&team={foreign}")
    nothing = theirs.get(f"{URL}/print?kind=assignment&day=&team=999999")
    assert refused.status_code == nothing.status_code == 422
    assert "No shift is planned there." in refused.text and "No shift is planned there." in nothing.text
    assert "Service OP-1 2" not in refused.text


def test_an_officer_prints_nothing_and_a_stranger_finds_nothing(plan, signed_in):
    service = db.session.query(Service).first()
    assert signed_in(a_user(Role.FIELD_OFFICER, service)).get(URL).status_code == 403
    assert signed_in(a_user(Role.SERVICE_COORDINATOR)).get(URL).status_code == 404
    assert printings() == []


def test_the_blank_form_needs_no_shift_and_the_others_say_that_they_do(boss):
    assert boss.get(URL + "/print?kind=contact&day=").mimetype == "application/pdf"
    assert printings() == [{"sheet": "contact", "sheets": 1, "services": []}]
    answer = boss.get(URL + "/print?kind=roster&day=2017-10-16")
    assert answer.status_code == 422 and "No shift is planned there." in answer.text
    assert "<title>Error:" in answer.text


@pytest.mark.parametrize("query", ["kind=x&language=x&day=x&team=x", "team=²&team=-1&team=9999999999999", ""])
def test_an_address_that_somebody_made_up_is_read_as_what_it_can_mean(boss, query):
    assert boss.get(f"{URL}/print?{query}").status_code in (200, 422)


def test_many_sheets_show_how_far_they_are_and_end_with_a_link_for_one_account(boss, theirs, monkeypatch):
    monkeypatch.setattr(sheet_views, "AT_ONCE", 1)
    monkeypatch.setattr(sheet_views, "PORTION", 3)
    answer = boss.get(URL + "/print?kind=assignment&day=&language=en")
    assert answer.mimetype == "text/html" and answer.headers["Content-Encoding"] == "identity"
    assert answer.is_streamed
    page = answer.text
    assert page.index("3 of 4 sheets are set") < page.index("4 of 4 sheets are set") < page.index("Ready.")
    link = re.search(r'href="([^"]*/sheets/printed/[^"]+)"', page).group(1)
    whole = boss.get(link)
    assert text_of(whole).count("Assignment list: Team 1") == 4 and whole.headers["Cache-Control"] == "no-store"
    assert theirs.get(link).status_code == 404
    assert len(printings()) == 1 and printings()[0]["sheets"] == 4


def test_a_print_ends_with_the_right_to_read_what_is_in_it(plan, signed_in, monkeypatch):
    monkeypatch.setattr(sheet_views, "AT_ONCE", 1)
    both = a_user(Role.OPERATION_COORDINATOR)
    service = db.session.query(Service).order_by(Service.id).first()
    with writing():
        db.session.add(Grant(user_id=both.id, role=Role.SERVICE_COORDINATOR.value, service_id=service.id))
    client = signed_in(both)
    page = client.get(URL + "/print?kind=assignment&day=&language=en").text
    link = re.search(r'href="([^"]*/sheets/printed/[^"]+)"', page).group(1)
    assert client.get(link).status_code == 200
    with writing():
        db.session.query(Grant).filter_by(user_id=both.id, role=Role.OPERATION_COORDINATOR.value).delete()
    assert client.get(URL).status_code == 200, "she still prints the rosters of her service"
    assert client.get(link).status_code == 404


def test_a_print_that_fails_on_its_way_says_so_on_the_page(boss, monkeypatch):
    monkeypatch.setattr(sheet_views, "AT_ONCE", 1)
    monkeypatch.setattr(sheet_views.sheets, "pdf", lambda *given, **more: 1 / 0)
    assert "The sheets could not be set." in boss.get(URL + "/print?kind=assignment&day=").text


def test_too_many_sheets_ask_for_a_day(boss, monkeypatch):
    monkeypatch.setattr(sheet_views, "MOST", 1)
    answer = boss.get(URL + "/print?kind=assignment&day=")
    assert answer.status_code == 422 and "These are 4 shifts; at most 1" in answer.text


def test_a_kept_print_is_sealed_opens_for_its_maker_and_ends_after_an_hour(app, tmp_path, monkeypatch):
    uid = printed.keep(tmp_path, b"%PDF-secret", operation=1, user=2, rights="all")
    file = tmp_path / "printed" / uid
    assert b"secret" not in file.read_bytes() and file.stat().st_mode & 0o77 == 0
    assert printed.fetch(tmp_path, uid, operation=1, user=2, rights="all") == b"%PDF-secret"
    for operation, user, number in ((2, 2, uid), (1, 3, uid), (1, 2, "../" + uid), (1, 2, "x")):
        assert printed.fetch(tmp_path, number, operation=operation, user=user, rights="all") is None
    assert printed.fetch(tmp_path, uid, operation=1, user=2, rights="7") is None
    monkeypatch.setattr(printed, "KEPT_SECONDS", -1)
    assert printed.fetch(tmp_path, uid, operation=1, user=2, rights="all") is None
    printed.clear(tmp_path)
    assert not file.exists()
