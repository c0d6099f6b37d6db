"""Every workbook that leaves obeys what Excel asks of one; and what it asks is really looked at."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask_babel import force_locale

from outreach.auth.actors import SYSTEM
from outreach.report import data_book, data_rows, history_workbook, workbook
from outreach.report.data_rules import Scope
from outreach.report.dictionary_rules import BY_CODE
from outreach.report.workbook.book import Book, Chart, Column, Link, Sheet
from outreach.report.workbook.paper import write
from outreach.returns import template_commands
from outreach.storage import db
from outreach.storage.tables import Participation
from outreach.vocab import OperationStatus, Role
from tests import factories as site
from tests.report import factories as facts
from tests.report.excel_law import faults

NAMES = ("=1+1", "_x0041_ Police \x0b", "😀" * 60, " שלום  Police ", "A1", "'quoted'")
MADE = dt.datetime(2017, 10, 18, 12, tzinfo=dt.UTC)


@pytest.fixture
def operation(app) -> Any:
    operation = site.an_operation("ONS-1", status=OperationStatus.REPORTING, standing=True)
    for name in NAMES:
        part = site.a_participation(operation, site.a_service(name))
        facts.a_contact(part, {"answer": "accepted"}, {})
        facts.an_accused(part, counts=(2,))
    db.session.expire_all()
    return operation


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_analyst_copy_the_return_template_and_the_workbook_of_history_open_without_repair(operation, language):
    part = db.session.query(Participation).first()
    history = io.BytesIO()
    history_workbook.write([], history, language)
    assert faults(workbook.export(SYSTEM, operation, language, None, "analyst")) == []
    assert faults(template_commands.issue(SYSTEM, operation, part, language)) == []
    assert faults(history.getvalue()) == []


def test_pivots_and_data_workbooks_open_without_repair(operation, signed_in, tmp_path: Path):
    client = signed_in(site.a_user(Role.ANALYST))
    pivot = client.get("/operations/ONS-1/pivot/file?form=xlsx&rows=service&cols=gender&measure=persons_met")
    assert faults(pivot.data) == []
    for code, table in BY_CODE.items():
        with force_locale("fr"):
            rows = data_rows.rows_of(code, operation, Scope(), "fr")
            with data_book.book(table, rows, operation, Scope(), tmp_path, lambda _: None) as made:
                assert faults(made.read()) == []


def a_book() -> bytes:
    """A table with a link, a heat and a chart."""
    columns = (Column("Service", 20), Column("Met", 10, heat=True))
    rows: list[list[Any]] = [[Link("Fox ", "one"), 5], ["Quarry", 7]]
    chart = Chart("Persons met", "Bar chart.", "one", 0, 1, 0, 1)
    sheet = Sheet("one", "By service", "tblOne", columns, rows, (("Title",),), (chart,))
    return write(
        Book(
            title="Book",
            language="en-CA",
            subject="",
            footer="Footer",
            page="%(page)s %(pages)s",
            made_at=MADE,
            names={"met": ("one", sheet.first_row, 2)},
            sheets=[sheet],
        )
    )


SHEET, TABLE, BOOK, STYLES = (f"xl/{name}.xml" for name in ("worksheets/sheet1", "tables/table1", "workbook", "styles"))
BENT = (
    (TABLE, 'name="Met"', 'name="Meet"', "is not that of its cell"),
    (TABLE, 'displayName="tblOne"', 'displayName="A1"', "no table may be called A1"),
    (TABLE, 'displayName="tblOne"', 'displayName="met"', "a table and a name"),
    (BOOK, 'name="met"', 'name="Met1"', "no name may be Met1"),
    (BOOK, 'name="met"', 'name="R1C1"', "no name may be R1C1"),
    (BOOK, "!$B$", "#REF!$B$", "leads nowhere"),
    (BOOK, 'name="By service"', f'name="{"x" * 32}"', "no sheet may be called"),
    (BOOK, 'name="By service"', 'name="Other"', "leads to the sheet By service"),
    (SHEET, "<sheetData>", "<pageMargins/><sheetData>", "its elements are not in order"),
    (SHEET, '<row r="4"', '<row r="3"', "out of order"),
    (SHEET, ' s="1"', ' s="999"', "a style that is not there"),
    (SHEET, "Quarry", "Q" * 32_768, "is too long"),
    (SHEET, ' xml:space="preserve"', "", "loses its spaces"),
    (SHEET, 'width="20"', 'width="256"', "too wide"),
    (SHEET, "<v>7</v>", "<v>INF</v>", "is no number"),
    (SHEET, "&amp;P", "P" * 256, "a header or footer is too long"),
    (SHEET, "</colorScale>", "<cfvo/></colorScale>", "a scale of colours out of order"),
    ("xl/worksheets/_rels/sheet1.xml.rels", "/xl/drawings/drawing1.xml", "/xl/drawings/drawing9.xml", "not there"),
    ("[Content_Types].xml", "/xl/styles.xml", "/xl/style.xml", "xl/styles.xml has no content type"),
    ("xl/charts/chart1.xml", "By service", "By force", "leads to the sheet By force"),
    ("xl/drawings/drawing1.xml", 'descr="Bar chart."', "", "without alternative text"),
)  # fmt: skip


def test_what_excel_would_repair_is_found_by_name():
    whole = a_book()
    assert faults(whole) == []
    for part, there, instead, words in BENT:
        found = faults(_bent(whole, part, there, instead))
        assert any(words in fault for fault in found), (part, instead[:40], found)


def _bent(data: bytes, part: str, there: str, instead: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            text = given.read(name).decode()
            assert name != part or there in text, (part, there)
            made.writestr(name, text.replace(there, instead) if name == part else text)
    return out.getvalue()
