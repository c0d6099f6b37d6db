"""A figure that is said in several places is said alike: pages, their PDF, their charts and the lists behind them."""

from __future__ import annotations

import io
import re
from typing import Any

import pypdf
import pytest
import time_machine
from lxml import html

from outreach.report.lists import picked
from outreach.returns.figures import figures_of
from outreach.rollup.measures import measure as measure_of
from outreach.storage import db, writing
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import Adjustment, Meeting, Operation, Participation, Tally
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, Role
from tests import factories as site
from tests.report import factories as facts


def words(page: str) -> str:
    return re.sub(r"\s+", " ", str(html.fromstring(page).text_content()))


@pytest.fixture
def operation(app: Any) -> Operation:
    return site.an_operation("ALIKE", services_known=True)


def sends(operation: Operation, **numbers: int) -> Participation:
    part = site.a_participation(operation, entry_mode=EntryMode.DAILY_TOTALS)
    for code, number in numbers.items():
        facts.a_tally(part, code, number, day=0)
    return part


def added(part: Participation, measure: str, amount: int) -> None:
    with writing():
        row = {"operation_id": part.operation_id, "participation_id": part.id, "service_id": part.service_id}
        db.session.add(Adjustment(**row, measure=measure, amount=amount, reason="x", recorded_at=utc_now()))
        note_change(part.operation_id)


def test_a_range_of_some_services_is_a_range_on_the_page_in_its_sentence_and_in_its_pdf(operation, signed_in):
    sends(operation, persons_met=13)
    sends(operation, persons_met=2)
    site.a_participation(operation)
    found = figures_of(operation.id).one("persons_met")
    assert (found.least, found.value, found.bound) == (13, 15, "partial")

    client = signed_in(site.a_user(Role.ANALYST))
    page = words(client.get("/operations/ALIKE/page").text)
    paper = pypdf.PdfReader(io.BytesIO(client.get("/operations/ALIKE/page.pdf?language=en").data)).pages[0]
    assert "3 services took part and met between 13 and 15 persons" in page
    assert "13–15" in paper.extract_text().replace("\n", "")
    assert "several services may have counted the same person" in page


def test_rows_and_what_comes_on_top_of_them_are_two_numbers(operation, signed_in):
    logs = site.a_participation(operation)
    facts.an_accused(logs, counts=(3,))
    sends(operation, charges=5)
    client = signed_in(site.a_user(Role.ANALYST))
    page = words(client.get("/operations/ALIKE/figures/charges").text)
    assert "They add up to 3. 5 more were reported as totals, without rows." in page

    added(logs, "charges", -2)
    page = words(client.get("/operations/ALIKE/figures/charges").text)
    assert "They add up to 3. Reported totals and adjustments, without rows, make it 6." in page


def test_who_accepted_is_said_of_those_whose_services_know_what_was_offered_and_what_was_accepted(operation, signed_in):
    logs = site.a_participation(operation)
    facts.a_contact(logs, {"answer": "accepted"}, {"answer": "declined"})
    sends(operation, support_offered=7)
    found = figures_of(operation.id)
    assert (found.one("support_offered").value, found.one("support_accepted").value) == (9, 1)
    with writing():
        operation = db.session.merge(operation)
        operation.overlap_nil = True
        note_change(operation.id)
    client = signed_in(site.a_user(Role.ANALYST))
    board, page = (words(client.get(f"/operations/ALIKE/{where}").text) for where in ("dashboard", "page"))
    assert "1 of 2 persons offered support accepted it, as far as is known" in board
    assert "of 9 persons" not in board and "1 of 9" not in page


def test_nobody_was_offered_support_is_not_said_on_the_word_of_some_services(operation, signed_in):
    facts.a_contact(site.a_participation(operation), {"answer": "not_offered"})
    site.a_participation(operation)
    page = words(signed_in(site.a_user(Role.ANALYST)).get("/operations/ALIKE/page").text)
    assert "Who was offered support, and what they said" in page and "Nobody was offered support yet" not in page


def test_charges_by_offence_come_to_the_figure_with_what_was_adjusted(operation, signed_in):
    logs = site.a_participation(operation)
    facts.an_accused(logs, counts=(3,))
    site.a_participation(operation)
    added(logs, "charges", -2)
    board = signed_in(site.a_user(Role.ANALYST)).get("/operations/ALIKE/dashboard").text
    rows = html.fromstring(board).xpath("//details[@id='offences-twin']//tbody/tr")
    assert [[cell.text_content() for cell in row] for row in rows] == [
        ["Luring", "1", "3"],
        ["Adjusted, without an offence", "…", "-2"],
    ]
    assert "as far as is known" in words(board) and figures_of(operation.id).one("charges").value == 1


@pytest.mark.any_database
def test_of_two_statements_about_one_person_in_one_contact_the_one_further_down_counts(operation):
    """However the database hands the rows over."""
    part = site.a_participation(operation)
    with writing():
        person = facts.a_person(operation)
    for answers in (("declined", "undecided"), ("undecided", "declined")):
        facts.a_contact(part, *({"person": person, "answer": answer} for answer in answers), hour=22)
    with writing():  # written the other way round, as a correction may
        rows = db.session.query(Meeting).order_by(Meeting.id).all()
        for one, other in (rows[:2], rows[2:]):
            one.position, other.position = 3, 4
        rows[2].answer, rows[3].answer, rows[2].position, rows[3].position = "declined", "undecided", 2, 1
        note_change(operation.id)
    found = figures_of(operation.id)
    assert (found.one("support_declined").value, found.one("support_undecided").value) == (1, 0)


def test_a_month_is_no_surer_than_the_whole(operation, signed_in):
    sends(operation, persons_met=3)
    met = measure_of("persons_met")
    site.a_participation(operation)
    month, other = (picked(operation.id, met, None, None, name) for name in ("2017-10", "2016-01"))
    assert (month.value, month.bound, month.coverage.reported, month.coverage.expected) == (3, "partial", 1, 2)
    assert (other.value, other.bound) == (None, "unknown")
    client = signed_in(site.a_user(Role.ANALYST))
    listed = html.fromstring(client.get("/operations/ALIKE/months").text).xpath("//tr[th='October 2017']/td[2]")
    assert [cell.text_content() for cell in listed] == ["3 (1/2)"]
    with writing():
        for row in db.session.query(Tally):
            row.recorded_at = facts.evening(0)
        operation.standing, operation.ends_at = True, None
        note_change(operation.id)
    with time_machine.travel(facts.evening(9)):
        client = signed_in(site.a_user(Role.ANALYST))
        board = client.get("/operations/ALIKE/dashboard").text
    assert "Most persons met in October 2017: 3, as far as is known" in board
    assert "3 (1/2)" in [cell.text for cell in html.fromstring(board).xpath("//details[@id='pace-twin']//td")]
    assert "Oct: 3 (partial, 1 of 2 services)" in board


def test_a_pivot_of_nothing_offers_nothing_that_is_not_there(operation, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    page = words(client.get("/operations/ALIKE/pivot").text)
    assert "or nothing is left of it. An earlier moment" in page


def test_the_lower_end_of_a_range_is_never_less_than_nothing(operation):
    """One service took off more than it told; what two others told may be of the same persons."""
    added(sends(operation, persons_met=3), "persons_met", -9)
    sends(operation, persons_met=4)
    sends(operation, persons_met=4)
    found = figures_of(operation.id).one("persons_met")
    assert (found.least, found.value) == (0, 2)
