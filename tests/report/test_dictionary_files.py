"""The data dictionary has every column of every file that leaves: workbook, release, pivot, months."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
from flask_babel import force_locale
from openpyxl.utils import range_boundaries

from outreach.auth.actors import SYSTEM
from outreach.report import data_book, release_words, workbook
from outreach.report.described_rules import PIVOT
from outreach.report.pivot_pages import dimension_labels
from outreach.returns.set_commands import lock
from outreach.storage import db, writing
from outreach.storage.queries import operations
from outreach.vocab import OperationStatus, Role
from tests import factories as site
from tests.report import factories as facts
from tests.report.excel_law import faults

LANGUAGES = ("en", "fr")


@pytest.fixture
def operation(app) -> Any:
    operation = site.an_operation("ONS-1", status=OperationStatus.REPORTING, overlap_nil=True)
    part = site.a_participation(operation, site.a_service("Fox River Police"))
    facts.a_contact(part, {"answer": "accepted"}, {})
    facts.an_accused(part, counts=(2,))
    db.session.expire_all()
    return operation


def listed(*tables: str) -> dict[str, set[str]]:
    """Language → the headers that the dictionary knows of the tables."""
    with force_locale("en"):
        rows = [row for row in data_book.dictionary() if row[0] in tables]
    return {language: {str(row[place]) for row in rows} for language, place in (("en", 2), ("fr", 3))}


def headers(data: bytes, but: str = "") -> set[str]:
    """Of every table of a workbook."""
    found = set()
    for sheet in openpyxl.load_workbook(io.BytesIO(data)).worksheets:
        for table in sheet.tables.values():
            left, top, right, _ = range_boundaries(table.ref)
            if table.name != but:
                found |= {str(sheet.cell(top, column).value) for column in range(left, right + 1)}
    return found


@pytest.mark.parametrize("copy", ["analyst", "publication"])
def test_every_header_of_the_workbook_is_in_the_dictionary_in_both_languages(operation, copy):
    known = listed("workbook", "measures")
    if copy == "publication":
        lock(SYSTEM, operations.by_id(operation.id), provisional=True, reason="for the publication")
    else:
        with writing():
            operations.by_id(operation.id).standing = True  # the only ones with a sheet by month
    for language in LANGUAGES:
        made = workbook.export(SYSTEM, operations.by_id(operation.id), language, None, copy)
        assert faults(made) == []
        found = headers(made, but="tblOutcomes")  # a column of it is named after each outcome of the site's list
        assert len(found) > 20 and found <= known[language], found - known[language]
        db.session.rollback()


def test_a_column_that_nobody_described_is_found(operation, monkeypatch):
    from outreach.report.workbook import sheets

    real = sheets._
    monkeypatch.setattr(sheets, "_", lambda text, **more: "New column" if text == "Flag" else real(text, **more))
    made = workbook.export(SYSTEM, operation, "en", None, "analyst")
    assert headers(made, but="tblOutcomes") - listed("workbook", "measures")["en"] == {"New column"}


def test_every_header_of_a_release_is_in_the_dictionary(app):
    known = listed("release")
    for language in LANGUAGES:
        assert set(release_words.csv_head(language)) == known[language]


def test_every_split_of_a_pivot_and_its_totals_are_in_the_dictionary(operation, signed_in):
    client, known = signed_in(site.a_user(Role.ANALYST)), listed("pivot")["en"]
    assert {column.code for column in PIVOT.columns} == {*dimension_labels(), "in_all", "all_persons"}
    for rows, measure in (("service", "persons_met"), ("day", "charges"), ("gender", "persons_met")):
        answer = client.get(f"/operations/ONS-1/pivot/file?rows={rows}&cols=&measure={measure}")
        made = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert {made[0][0], made[0][-1], made[-1][0]} <= known


def test_every_header_by_month_is_in_the_dictionary(operation, signed_in):
    with writing():
        operations.by_id(operation.id).standing = True
    answer = signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-1/months.csv")
    with force_locale("en"):
        codes = {str(row[1]) for row in data_book.dictionary() if row[0] in ("months", "measures")}
    assert set(next(csv.reader(io.StringIO(answer.text)))) <= codes
