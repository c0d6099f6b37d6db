"""Pages of long tables: asked for and fetched, CSV that no spreadsheet takes for a program, the data dictionary."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from flask_babel import force_locale

from outreach.cli import cli
from outreach.report import data_book, data_work
from outreach.report.described_rules import DESCRIBED, entries
from outreach.report.dictionary_rules import BY_CODE, CODE, DICTIONARY, TABLES
from outreach.returns.figures import figures_of
from outreach.rollup.measures import CATALOGUE, DERIVED
from outreach.storage import db, writing
from outreach.storage.tables import DataExport, Operation
from outreach.storage.types import utc_now
from outreach.vocab import OperationStatus, Role
from tests import factories as site
from tests.conftest import token_of
from tests.report import factories as facts
from tests.report.data_factories import a_data_workbook

NAMES = ("=HYPERLINK(1) Police", "＠SUM(A1) Police", "😀 Police", "שלום Police")


@pytest.fixture
def operation(app) -> Operation:
    operation = site.an_operation("ONS-1", status=OperationStatus.REPORTING)
    for name in NAMES:
        part = site.a_participation(operation, site.a_service(name))
        facts.a_contact(part, {"answer": "accepted", "age_said": "25_34"}, {})
    facts.a_contact(part, result="no_answer", day=1)
    facts.an_accused(part, counts=(2,))
    db.session.expire_all()
    return operation


def asked(client: Any, **fields: str) -> Any:
    address = "/operations/ONS-1/data"
    token = token_of(client.get(address))
    return client.post(address, data={"csrf_token": token, "language": "en", "as_of": "", **fields})


def test_a_short_table_is_ready_with_the_next_page(app, operation, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))

    assert asked(client, table="contacts").status_code == 303
    data_work.wait()
    page = client.get("/operations/ONS-1/data").text
    address = page.partition('href="/operations/ONS-1/data/')[2].partition('"')[0]
    answer = client.get(f"/operations/ONS-1/data/{address}")

    assert "the workbook is ready" in page and "9 rows." in page
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="ONS-1_contacts_')
    assert openpyxl.load_workbook(io.BytesIO(answer.data))["Contacts"].max_row == 10


def test_a_table_longer_than_a_sheet_goes_on_on_the_next_and_no_row_is_left_out(app, operation, tmp_path, monkeypatch):
    from outreach.report.data_rows import rows_of
    from outreach.report.data_rules import Scope

    for most, names in (
        (4, ["Contacts", "Contacts 2", "Contacts 3"]),
        (9, ["Contacts"]),
        (8, ["Contacts", "Contacts 2"]),
    ):
        monkeypatch.setattr(data_book, "MOST_ROWS", most)
        with force_locale("en"):
            found = rows_of("contacts", operation, Scope(), "en")
            with data_book.book(BY_CODE["contacts"], found, operation, Scope(), tmp_path, lambda _: None) as made:
                sheets = openpyxl.load_workbook(made).worksheets
        assert [sheet.title for sheet in sheets] == [*names, "About", "Data dictionary"]
        rows = [row for sheet in sheets[: len(names)] for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert [row[0] for row in rows] == list(range(1, 10)) and max(sheet.max_row for sheet in sheets[:1]) <= most + 1
        assert len({sheet["B1"].value for sheet in sheets[: len(names)]}) == 1


def test_a_table_with_more_rows_than_were_announced_is_no_file(app, operation, tmp_path, monkeypatch):
    from outreach.report.data_rows import rows_of
    from outreach.report.data_rules import Scope

    monkeypatch.setattr(data_book, "MOST_ROWS", 4)
    with force_locale("en"):
        found = rows_of("contacts", operation, Scope(), "en")
        object.__setattr__(found, "total", 8)
        with pytest.raises(ValueError, match="more than 8 rows"):
            data_book.book(BY_CODE["contacts"], found, operation, Scope(), tmp_path, lambda _: None)


def test_what_takes_long_can_be_left_and_one_that_died_says_so(app, operation, signed_in, monkeypatch):
    monkeypatch.setattr(data_work, "begin", lambda *_: None)
    client = signed_in(site.a_user(Role.ANALYST))
    asked(client, table="contacts")

    page = client.get("/operations/ONS-1/data").text
    assert "It waits for its turn." in page and 'http-equiv="refresh"' in page and 'data-waiting="1"' in page
    refused = asked(client, table="figures")
    assert refused.status_code == 409 and "Another data workbook of yours is being written." in refused.text
    with writing():
        db.session.query(DataExport).update({"state": "running", "rows_done": 4000, "rows_total": 9000})
    assert "4,000 of 9,000 rows are written." in client.get("/operations/ONS-1/data").text
    with writing():
        db.session.query(DataExport).update({"heard_at": utc_now() - dt.timedelta(minutes=2)})
    page = client.get("/operations/ONS-1/data").text
    assert "Ask for it again." in page and 'data-waiting="0"' in page
    assert asked(client, table="figures").status_code == 303


def test_nothing_chosen_nonsense_and_the_tables_of_others_are_refused(app, operation, signed_in):
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))

    for fields, words in (
        ({}, "Choose a table."),
        ({"table": "contacts"}, "Choose"),
        ({"table": "figures", "language": "xx"}, "Choose"),
        ({"table": "figures", "as_of": "soon"}, "“soon” is not a moment"),
    ):
        answer = asked(client, **fields)
        assert answer.status_code == 422 and words in answer.text and "There is a problem" in answer.text
    page = client.get("/operations/ONS-1/data").text
    assert "Contacts" not in page and "Referrals" in page and "Figures" in page
    assert client.get("/operations/ONS-1/data/contacts.csv").status_code == 404
    assert client.get("/operations/ONS-1/data/nonsense.csv").status_code == 404
    assert db.session.query(DataExport).count() == 0


def test_somebody_elses_workbook_is_not_there(app, operation, signed_in):
    analyst = site.a_user(Role.ANALYST)
    uid = a_data_workbook(operation, analyst, "contacts")

    assert signed_in(analyst).get(f"/operations/ONS-1/data/{uid}").status_code == 200
    assert signed_in(site.a_user(Role.ANALYST)).get(f"/operations/ONS-1/data/{uid}").status_code == 404
    site.an_operation("ONS-2")
    assert signed_in(analyst).get(f"/operations/ONS-2/data/{uid}").status_code == 404


def test_a_csv_is_read_by_machines_and_is_no_program(app, operation, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))

    answer = client.get("/operations/ONS-1/data/contacts.csv")

    assert answer.data.startswith(b"\xef\xbb\xbf") and answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert list(lines[0]) == [column.code for column in BY_CODE["contacts"].columns]
    assert {line["service"] for line in lines} == {"'" + NAMES[0], "'" + NAMES[1], *NAMES[2:]}
    read = pd.read_csv(io.BytesIO(answer.data), parse_dates=["day"], keep_default_na=False)
    assert len(read) == 9 and str(read["day"].dtype).startswith("datetime64")
    assert sorted(set(read["result"])) == ["met", "no_answer"] and set(read["place"]) == {"hotel", ""}


def test_figures_as_csv_are_the_figures(app, operation, signed_in):
    found = signed_in(site.a_user(Role.COMMANDER)).get("/operations/ONS-1/data/figures.csv")

    lines = list(csv.DictReader(io.StringIO(found.data.decode("utf-8-sig"), newline="")))
    whole = {line["measure"]: line for line in lines if line["split"] == "all"}
    assert whole["persons_met"]["value"] == str(figures_of(operation.id).one("persons_met").value) == "8"
    assert {line["split"] for line in lines} == {"all", "service", "day", "service_day"}
    assert {line["split"] for line in lines if line["measure"] == "referrals_reached"} == {"all"}
    assert whole["persons_met"]["services_expected"] == "4" and whole["persons_met"]["rule_version"]


def test_the_dictionary_has_every_column_that_is_written_and_no_other(app, operation):
    """What is written comes from the same list; this holds the files themselves against the page."""
    with force_locale("fr"):
        listed = [(row[0], row[1], row[3]) for row in data_book.dictionary()]
        for table in (*TABLES, DICTIONARY):
            header = next(iter(data_book.csv_of(table, []))).decode("utf-8-sig").strip().split(",")
            sheet = data_book.sheet_of(table, [])
            assert [(table.code, code, title) for code, title in zip(header, sheet.titles, strict=True)] == [
                one for one in listed if one[0] == table.code
            ]
            assert len(set(sheet.titles)) == len(sheet.titles)
    assert {one[0] for one in listed} == {table.code for table in DESCRIBED}


def test_the_dictionary_has_what_the_command_line_and_the_months_print(app, operation):
    from outreach.report.months_views import MONTHLY

    with force_locale("en"):
        listed: dict[str, list[str]] = {}
        for row in data_book.dictionary():
            listed.setdefault(str(row[0]), []).append(str(row[1]))
    printed = CliRunner().invoke(cli, ["figures", "ONS-1", "--by", "service,day", "--format", "csv"], obj=lambda: app)

    assert printed.output.splitlines()[0].split(",") == listed["figures_list"]
    assert set(MONTHLY) <= set(listed["measures"]) and len(set(listed["measures"])) == len(listed["measures"])
    written = {line.split(",")[0] for line in printed.output.splitlines()[1:]}
    assert written <= set(listed["measures"])


def test_every_code_in_a_file_is_in_the_dictionary(app, operation):
    from outreach.report.data_rows import rows_of
    from outreach.report.data_rules import Scope

    with force_locale("en"):
        for table in TABLES:
            for row in rows_of(table.code, operation, Scope(), "en"):
                for cell, column in zip(row, table.columns, strict=True):
                    if column.kind == CODE:
                        assert cell is None or cell in column.values.values(), (table.code, column.code, cell)
                    if cell is None:
                        assert not column.empty.startswith("Never"), (table.code, column.code)


def test_a_closed_list_says_its_words_in_the_dictionary():
    rows = {(row[0], row[1]): row for row in entries(lambda text, **_: text, lambda text, **_: (text, text))}

    assert "no_answer: No answer" in str(rows["contacts", "result"][7])
    assert rows["contacts", "day"][4] == "date, as 2017-10-18" and rows["contacts", "gender"][9] == "HTCDS"


def test_the_dictionary_is_a_page_and_a_csv_in_both_languages(app, signed_in):
    client = signed_in(site.a_user(Role.FIELD_OFFICER, site.a_service("Fox")))

    page, made = client.get("/report/dictionary"), client.get("/report/dictionary.csv")

    assert page.status_code == 200 and "tranche" not in page.text and "waiting_hours" in page.text
    lines = list(csv.reader(io.StringIO(made.data.decode("utf-8-sig"))))
    assert len(lines) == 1 + sum(len(table.columns) for table in DESCRIBED) + len((*CATALOGUE, *DERIVED))


def test_400_services_and_their_figures_are_one_table(app, signed_in):
    operation = site.an_operation("ONS-1", status=OperationStatus.REPORTING)
    for number in range(400):
        site.a_participation(operation, site.a_service(f"Service {number}"))
    db.session.expire_all()

    found = signed_in(site.a_user(Role.ANALYST)).get("/operations/ONS-1/data/figures.csv")

    lines = list(csv.DictReader(io.StringIO(found.data.decode("utf-8-sig"), newline="")))
    met = [line for line in lines if line["measure"] == "persons_met" and line["split"] == "service"]
    assert len(met) == 400 and {line["value"] for line in met} == {""}


def test_the_command_line_writes_the_same_tables(app, operation, tmp_path):
    run = CliRunner()
    for name in ("contacts.xlsx", "contacts.csv"):
        file = tmp_path / name
        done = run.invoke(
            cli, ["export", "data", "--operation", "ONS-1", "--table", "contacts", "--out", str(file)], obj=lambda: app
        )
        assert done.exit_code == 0, done.output
        assert "9 rows" in done.output and file.stat().st_mode & 0o777 == 0o600
    assert openpyxl.load_workbook(tmp_path / "contacts.xlsx")["Contacts"].max_row == 10
    for wrong in (["--table", "nonsense"], ["--operation", "NO-SUCH"], ["--as-of", "soon"]):
        asked = {"--operation": "ONS-1", "--table": "figures", "--out": str(tmp_path / "x.csv"), wrong[0]: wrong[1]}
        done = run.invoke(cli, ["export", "data", *(part for pair in asked.items() for part in pair)], obj=lambda: app)
        assert done.exit_code != 0
    assert not (tmp_path / "x.csv").exists()
