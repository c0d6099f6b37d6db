"""Checks: every total that adds up is added up again by LibreOffice, on operations of every kind, and can fail."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask_babel import force_locale

from outreach.auth.actors import SYSTEM
from outreach.report.workbook import book_of, export
from outreach.report.workbook.paper import write
from outreach.report.workbook.source import EVERY_SERVICE, Source
from outreach.rollup.measures import STANDARD
from outreach.rollup.measures import measure as measure_of
from outreach.sample import load
from outreach.storage import db, writing
from outreach.storage.queries import operations
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import Accused, Adjustment, Operation
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus
from tests import factories as site
from tests.golden.operation import golden
from tests.report import factories as facts
from tests.report.workbook_file import Opened, of_many, through_libreoffice

SERVICES = {10: "Aspen", 11: "Birch", 12: "Cedar", 13: "Dogwood", 14: "Elm", 15: "Fir"}
ODD = ("=1+1", "🚓 Fort Vale", "شرطة المدينة", "+SUM(A1)", "Saint-Élan «Ö»", "*", "Fort ?ale", "~ Police")


def of_golden(language: str) -> bytes:
    """The golden operation, counted with a pencil, as a workbook."""
    found = golden()
    return _written(found, SERVICES, language)


def _written(found: Any, services: dict[int, str], language: str = "en") -> bytes:
    with force_locale(language):
        return write(book_of(_source(found, services), language))


def _source(found: Any, services: dict[int, str]) -> Source:
    return Source(
        code="G", name="Golden", zone="America/Toronto", sample=False, standing=False, status=OperationStatus.REPORTING,
        window="", as_of=utc_now(), facts=found, before=None, before_later=None, services=services, operations={},
        offences={}, signed={}, persons=EVERY_SERVICE, inside=True, outside=False, later=found, referrals=[],
        outcome_titles={}, heard={})  # fmt: skip


@pytest.fixture
def operation(app) -> Operation:
    """Services of every way of reporting, with names that would be formulas or patterns; adjustments below zero."""
    operation = site.an_operation("ONS-1", status=OperationStatus.REPORTING)
    parts = [site.a_participation(operation, site.a_service(name)) for name in ODD]
    tells = site.a_participation(operation, site.a_service("Tells totals"), entry_mode=EntryMode.DAILY_TOTALS)
    site.a_participation(operation, site.a_service("Silent"))
    with writing():
        again = facts.a_person(operation)
    for number, part in enumerate(parts):
        facts.a_contact(part, {"answer": "accepted", "person": again, "age_said": "16_17"}, day=number % 7, kits=number)
        facts.a_contact(
            part, {"answer": "declined", "age_said": "25_34"}, {"answer": "undecided"}, day=(number + 9) % 11
        )
        facts.an_accused(part, counts=(1 + number % 3,))
    for day in range(6):
        for code in ("persons_met", "contacts"):
            facts.a_tally(tells, code, day % 3, day)
    facts.a_tally(tells, "personnel", 5, piece="police")
    facts.a_tally(tells, "personnel", 2, piece="ngo")
    facts.a_tally(tells, "charges", 3)
    for part, code, amount in ((parts[0], "charges", -3), (tells, "contacts", -40), (tells, "personnel", 1)):
        _adjusted(part, code, amount)
    db.session.expire_all()
    return operation


def _adjusted(part: Any, code: str, amount: int) -> None:
    with writing():
        db.session.add(Adjustment(
            operation_id=part.operation_id, participation_id=part.id, service_id=part.service_id, measure=code,
            amount=amount, reason="a test", recorded_at=utc_now()))  # fmt: skip
        note_change(part.operation_id)


def an_empty(code: str, services: int, *, zero: bool = False) -> Operation:
    """``services`` that have said nothing, or that nothing happened."""
    operation = site.an_operation(code, status=OperationStatus.REPORTING)
    for _ in range(services):
        part = site.a_participation(operation, entry_mode=EntryMode.DAILY_TOTALS if zero else EntryMode.CONTACTS)
        if zero:
            for day in range(7):
                facts.a_tally(part, "persons_met", 0, day)
                facts.a_tally(part, "contacts", 0, day)
            facts.a_tally(part, "charges", 0)
            facts.a_tally(part, "persons_charged", 0)
    return operation


def a_sample(folder: Path) -> Operation:
    with writing():
        load(lambda word: word, folder)
    found = operations.by_code("ONS-2017-WEC")
    assert found is not None
    return found


def differences(opened: Opened) -> list[Any]:
    return [row[-1].value for row in opened.cells("tblChecks")]


# LibreOffice ----------------------------------------------------------------------------------------------------------


def test_libreoffice_adds_everything_up_again_and_finds_no_difference_unless_a_number_is_wrong(operation, tmp_path):
    """One start of LibreOffice for all of it: the golden operation, odd names and adjustments, none, one, all zero."""
    made = {
        "odd-en": export(SYSTEM, operation, "en"),
        "odd-fr": export(SYSTEM, operation, "fr"),
        "golden": of_golden("en"),
        "none": export(SYSTEM, site.an_operation("ONS-2"), "fr"),
        "unknown": export(SYSTEM, an_empty("ONS-3", 3), "en"),
        "one": export(SYSTEM, an_empty("ONS-4", 1, zero=True), "en"),
        "zero": export(SYSTEM, an_empty("ONS-5", 4, zero=True), "fr"),
        "many": export(SYSTEM, of_many("ONS-6", 60), "en"),
        "sample": export(SYSTEM, a_sample(tmp_path), "fr"),
    }
    tables = ("tblServiceDay", "tblByDay", "tblByService")
    wrong = {f"wrong-{table}": spoiled(made["odd-en"], table) for table in tables}
    again = {name: Opened(data, values=True) for name, data in through_libreoffice(made | wrong, tmp_path).items()}
    for name in made:
        found = differences(again[name])
        expected = [None] if name in ("none", "unknown") else [0] * len(found)
        assert found == expected, name
        same_cells(Opened(made[name]), again[name])
    assert len(differences(again["odd-en"])) > 150 and len(differences(again["golden"])) > 60
    assert len(differences(again["zero"])) > 20
    for name in wrong:
        assert differences(again[name])[0] >= 1 and any(differences(again[name])[1:]), name
    assert again["odd-en"].named("charges") == 15 + 3 - 3
    assert again["golden"].named("persons_met") == 11


def spoiled(made: bytes, table: str) -> bytes:
    """The workbook with one number of a table one too high."""
    opened = Opened(made)
    cell = next(
        cell for row in opened.cells(table) for cell in row[3:] if isinstance(cell.value, int) and cell.value > 0
    )
    cell.value += 1
    out = io.BytesIO()
    opened.book.save(out)
    return out.getvalue()


def same_cells(written: Opened, read: Opened) -> None:
    """What openpyxl wrote is what LibreOffice read, cell by cell; formulas apart."""
    for table, ws in written.sheets.items():
        other = read.book[ws.title]
        for row in ws.iter_rows():
            for cell in row:
                if cell.data_type != "f" and cell.value is not None:
                    assert other[cell.coordinate].value == cell.value, (table, cell.coordinate)


# What is in it --------------------------------------------------------------------------------------------------------


def test_every_total_that_adds_up_is_among_the_checks(operation):
    rows = Opened(export(SYSTEM, operation, "en")).rows("tblChecks")
    whole = [row for row in rows if row["Of"] == "Whole operation"]
    seen = {(row["Figure"], row["Added up again from"]) for row in whole}
    for code in STANDARD:
        measure = measure_of(code)
        name = measure.label % measure.params
        if measure.additive and measure.by_day:
            assert {(name, "Service × day"), (name, "By day"), (name, "By service")} <= seen, code
        elif measure.adds_across_days and measure.by_day:
            assert (name, "By day") in seen and (name, "By service") not in seen, code
    assert {("Personnel", "By service"), ("Personnel", "By service, by category")} <= seen
    assert {("Charges", "Charges by offence"), ("Charges", "Charges")} <= seen
    assert {row["Of"] for row in rows} >= {"🚓 Fort Vale", "Tells totals", "Before the window", "After the window"}
    assert all(row["Of"] != "Silent" for row in rows)


def test_an_overlap_that_was_declared_keeps_the_days_out_of_the_checks(operation):
    from outreach.storage.tables import Overlap

    first, second = db.session.query(Adjustment.participation_id, Adjustment.service_id).limit(2).all()
    with writing():
        db.session.add(Overlap(
            operation_id=operation.id, service_id=min(first[1], second[1]), other_service_id=max(first[1], second[1]),
            measure="persons_met", persons=1, reason="a test", recorded_at=utc_now()))  # fmt: skip
        note_change(operation.id)
    whole = {(row["Figure"], row["Added up again from"]) for row in Opened(export(SYSTEM, operation, "en")).rows(
        "tblChecks") if row["Of"] == "Whole operation"}  # fmt: skip
    assert ("Persons met", "By day") not in whole and ("Contacts", "By day") in whole


def test_charges_are_listed_one_line_at_a_time_without_codes_and_add_up(operation):
    opened = Opened(export(SYSTEM, operation, "en"))
    rows = opened.rows("tblCharges")
    assert [row["Row"] for row in rows] == list(range(1, len(rows) + 1))
    assert opened.named("charges") == 15 + 3 - 3
    told = [row for row in rows if row["Person in the service"] is None]
    assert {(row["Service"], row["Charges"], row["Flag"]) for row in told} == {
        ("Tells totals", 3, "Told without person or offence"),
        ("=1+1", -3, "Adjusted: no person or offence known"),
    }
    assert all(row["Person in the service"] == 1 and row["Offence"] == "Luring" for row in rows if row not in told)
    codes = {accused.code for accused in db.session.query(Accused)}
    text = "".join(part for _, part in opened.parts())
    assert not any(f">{code}<" in text for code in codes)


def test_more_rows_than_a_workbook_is_good_for_are_said_to_be_elsewhere(operation, monkeypatch):
    monkeypatch.setattr("outreach.report.workbook.person_sheets.MOST_ROWS", 3)
    opened = Opened(export(SYSTEM, operation, "en"))
    for table in ("tblContacts", "tblCharges"):
        rows = opened.cells(table)
        assert len(rows) == 1 and "/operations/ONS-1/data" in rows[0][0].value, table
    sums = {(row["Figure"], row["Added up again from"]) for row in opened.rows("tblChecks")}
    assert ("Charges", "Charges") not in sums and ("Charges", "Charges by offence") in sums


def test_sheet_names_are_short_enough_and_different_in_both_languages(operation):
    for language in ("en", "fr"):
        names = [ws.title for ws in Opened(export(SYSTEM, operation, language)).book.worksheets]
        assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names), names
        assert len({name.casefold() for name in names}) == len(names)


def test_no_formula_has_a_kept_result_and_nothing_but_checks_has_formulas(operation):
    kept = Opened(export(SYSTEM, operation, "en"), values=True)
    assert all(cell.value is None for row in kept.cells("tblChecks") for cell in row[3:])
    others = [ws for table, ws in Opened(kept.data).sheets.items() if table != "tblChecks"]
    assert not any(cell.data_type == "f" for ws in others for row in ws.iter_rows() for cell in row)
