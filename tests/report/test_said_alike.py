"""A figure that is said in several places is said alike: pages, their PDF, their charts and the lists behind them."""

from __future__ import annotations

import io
import re
from typing import Any

import pypdf
import pytest
from lxml import html

from outreach.returns.figures import figures_of
from outreach.storage import db, writing
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import Adjustment, Operation, Participation
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
