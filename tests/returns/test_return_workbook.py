"""The return workbook as a file: opened again by other programs, its checks worked out, and the marked answer."""

from __future__ import annotations

import datetime as dt
import io
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from outreach.errors import TooLarge
from outreach.field.rules import CODE_SIGNS, make_code, shown_code
from outreach.returns import answer_process, row_check_rules, workbook, workbook_file
from outreach.returns import return_rules as book
from outreach.returns.return_rules import (
    CHARGES,
    CONTACTS,
    TOTALS,
    Asked,
    Choices,
    Fault,
    Meta,
    Returned,
    Row,
    TotalRow,
)
from outreach.storage import keys
from tests.report.workbook_file import through_libreoffice

DAYS = tuple(dt.date(2017, 10, 10) + dt.timedelta(days=n) for n in range(7))
SERVICE = "=HYPERLINK(1) 🚓 Söhne"
PLACES = ("=1+1", "Québec", "@SUM(A1)")


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setitem(keys._site, "keys", keys.Keys({1: b"k" * 32}))


def cell(measure: str, day: dt.date) -> str:
    return f"cell-{measure}-{day.isoformat()}"


def an_asked(language: str = "en", mode: str = "contacts", **more: Any) -> Asked:
    measures = ("contacts", "charges") if mode == "contacts" else ("contacts", "persons_met", "charges")
    totals = [TotalRow(f"day-{day}", day, "", {m: cell(m, day) for m in measures}) for day in DAYS]
    totals[1] = replace(totals[1], cells=totals[1].cells | {"charges": ""}, why="Grey: recorded one by one.")
    once = TotalRow("once-personnel-police", None, "=Personnel", {"once": "cell-personnel-window-police"},
                    {"cell-personnel-window-police": "7"})  # fmt: skip
    referrals = [TotalRow(f"day-{day}", day, "", {m: cell(m, day) for m in book.REFERRAL_MEASURES}) for day in DAYS]
    values: dict[str, Any] = {
        "police": True,
        "window": ("2017-10-10 06:00", "2017-10-17 06:00"),
        "deadline": "2017-10-19 12:00",
        "measures": measures,
        "totals": (*totals, once),
        "referrals": tuple(referrals) if mode != "contacts" else (),
        "choices": Choices((("code-1", "279.01 Trafficking", "279.01 Traite"), ("x", "=2+2", "=2+2")), PLACES),
        "rows": {CONTACTS: 12, CHARGES: 12},
        "days": DAYS,
        **more,
    }
    meta = Meta(1, "OP-1", 2, SERVICE, book.TEMPLATE, 3, language, "2017-10-10T12:00:00Z", "s" * 32)
    return Asked(meta, "-1+1 Operation", mode, zone="America/Toronto", **values)


def numbers(sheet: str, count: int) -> list[str]:
    return book.row_numbers(sheet, 1, 2, count, keys.site_keys().mark)


def made(asked: Asked, language: str = "en") -> bytes:
    target = io.BytesIO()
    workbook.write_return(asked, target, language)
    return target.getvalue()


def opened(content: bytes, *, values: bool = False) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def titles(language: str) -> dict[str, str]:
    from outreach.plan.workbook_rules import said_in

    return {sheet: said_in(title, language) for sheet, title in book.TITLES.items()}


def columns(sheet: Any) -> dict[str, int]:
    return {one.value: one.column for one in sheet[book.CODES_ROW] if one.value}


def checks(read: Any, title: str, rows: Iterable[int]) -> list[str | None]:
    said = [read[title].cell(row, 2).value or None for row in rows]
    return [words and words.replace("\xa0", " ") for words in said]


# --- as openpyxl reads it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
def test_sheets_locks_lists_and_hidden_numbers_survive_opening_and_saving_again(language):
    once = opened(made(an_asked(language), language))
    target = io.BytesIO()
    once.save(target)
    read, named = opened(target.getvalue()), titles(language)
    assert read.sheetnames == [*named.values(), "_meta"] and read["_meta"].sheet_state == "veryHidden"
    stamp = {row[0].value: row[1].value for row in read["_meta"].iter_rows()}
    assert (stamp["program"], stamp["issue"], stamp["service_name"]) == (book.PROGRAM, "3", SERVICE)
    contacts = read[named[CONTACTS]]
    at = columns(contacts)
    assert list(at) == [book.ROW_ID, book.ROW_CHECK, *(one.code for one in book.CONTACT_COLUMNS)]
    assert contacts.row_dimensions[1].hidden and contacts.column_dimensions["A"].hidden
    assert [contacts.cell(row, 1).value for row in range(3, 15)] == numbers(CONTACTS, 12)
    assert (contacts["D3"].number_format, contacts["E3"].number_format) == ("yyyy-mm-dd", "hh:mm")
    for sheet in read.worksheets:
        assert sheet.protection.sheet and not sheet.protection.password
        assert not sheet.tables and not sheet.merged_cells.ranges
        for rule in sheet.data_validations.dataValidation:
            assert rule.type != "list" or rule.formula1.startswith(f"'{named[book.LISTS]}'!$"), rule.formula1
    assert not contacts["C3"].protection.locked and contacts["B3"].protection.locked
    assert contacts["C15"].protection.locked and contacts.freeze_panes == "C3" and contacts.print_title_rows == "$2:$2"
    assert contacts.page_setup.paperSize in (1, "1") and "24" in contacts.cell(2, at["time"]).comment.text
    start = read[named[book.START]]
    signs = {start.cell(row, 1).value: start.cell(row, book.ANSWER_COLUMN) for row in range(1, start.max_row + 1)}
    assert not signs[book.SIGN_NAME].protection.locked and not signs[book.SIGN_YES].protection.locked
    english, french = ([str(row[n].value) for row in start.iter_rows()] for n in (1, 2))
    assert sum(words[:1].isdigit() for words in english) == sum(words[:1].isdigit() for words in french) == 10


def test_dropdowns_offer_the_words_and_checks_understand_the_other_language_and_codes_too():
    asked = an_asked("fr")
    listed = row_check_rules.lists_of(asked, "fr")
    assert listed["offences"].words == ("279.01 Traite", "=2+2")
    assert set(listed["yes_no"].words) | set(listed["yes_no"].understood) == {"Oui", "Non", "Yes", "No", "yes", "no"}
    read = opened(made(asked, "fr"))
    for one in listed.values():
        title, ref = next(iter(read.defined_names[one.name].destinations))
        assert [row[0].value for row in read[title][ref]] == [*one.words, *one.understood]
    for rule in read[titles("fr")[CONTACTS]].data_validations.dataValidation:
        if rule.type == "list":
            title, ref = rule.formula1.rsplit("!", 1)
            words = [row[0].value for row in read[title.strip("'")][ref.replace("$", "")]]
            assert tuple(words) in {one.words for one in listed.values()}


def test_names_and_answers_that_look_like_formulas_stay_text():
    asked = an_asked(
        contacts=(Row(numbers(CONTACTS, 1)[0], 0, {"no": "=1+1", "day": DAYS[0], "municipality": "=1+1"}),)
    )
    for sheet in opened(made(asked)).worksheets:
        for row in sheet.iter_rows():
            for one in row:
                if one.data_type == "f":
                    assert one.column == 2 or sheet.title == "Start here", (sheet.title, one.coordinate, one.value)
    read = opened(made(asked))
    assert read["Contacts"]["C3"].value == "=1+1" and read["Contacts"]["C3"].data_type == "s"
    assert SERVICE in str(read["Start here"]["B1"].value) and read["Start here"]["B1"].data_type == "s"


def test_a_sheet_that_is_not_for_the_service_says_why_and_takes_nothing():
    read = opened(made(an_asked(mode="daily_totals", police=False)))
    for title, words in (("Contacts", "sends daily totals"), ("Charges", "Only police")):
        sheet = read[title]
        assert words in sheet["B3"].value and sheet["A3"].value is None
        assert all(one.protection.locked for row in sheet.iter_rows() for one in row)
    assert read["Referrals"]["A3"].value == "day-2017-10-10" and not read["Referrals"]["D3"].protection.locked
    read = opened(made(an_asked(days=(), totals=(), measures=())))["Daily totals"]
    assert "window is not known" in read["B3"].value and read["A3"].value is None


def test_cells_of_totals_are_where_their_line_says_and_grey_where_nothing_is_asked():
    sheet = opened(made(an_asked()))["Daily totals"]
    at = columns(sheet)
    assert [sheet.cell(row, 1).value for row in range(3, 10)] == [f"day-{day}" for day in DAYS]
    assert sheet.cell(3, at["line"]).value == dt.datetime(2017, 10, 10) and sheet.cell(3, at["line"]).is_date
    assert sheet.cell(4, at["charges"]).protection.locked and "Grey" in sheet.cell(4, at["why"]).value
    assert sheet["A12"].value == "once-personnel-police" and sheet["C11"].value == "Once for the whole window"
    assert sheet["D12"].value == 7 and sheet["C12"].data_type == "s"


def test_the_signs_of_a_code_are_those_that_codes_are_made_of():
    assert row_check_rules.SIGNS == CODE_SIGNS


# --- as LibreOffice works it out --------------------------------------------------------------------------------------

GOOD = {"day": DAYS[1], "time": dt.time(1, 30), "result": "met", "agreed": "yes", "age": "18", "kits": 2}
ROWS = [
    (GOOD, "OK"),
    ({**GOOD, "code": make_code()}, "OK"),
    ({**GOOD, "day": DAYS[-1] + dt.timedelta(days=1)}, "Evening of: from 2017-10-10 to 2017-10-16."),
    ({**GOOD, "code": "AAAA-AAAB"}, "Person code: one of its eight signs is wrong."),
    ({**GOOD, "result": "no_answer"}, "Nobody met: empty Person code to Made safe."),
    ({**GOOD, "agreed": "no"}, "Not agreed: empty Age band to Made safe."),
    ({"day": DAYS[0], "result": "perhaps"}, "Result: choose from the list."),
    ({"day": DAYS[0]}, "Result: choose from the list."),
    ({"result": "met"}, "Evening of: from 2017-10-10 to 2017-10-16."),
]
CRIMES = [
    ({"accused": "A-01", "arrested": "yes", "arrested_on": DAYS[0], "offence": "code-1", "counts": 2,
      "laid_on": DAYS[0], "status": "laid"}, "OK"),
    ({"accused": "Smith"}, "Accused code: a code such as A-01, no name."),
    ({"accused": "A-02", "arrested": "yes"}, "Arrested on: the day, such as 2017-10-10."),
    ({"accused": "A-2", "label": "X", "counts": 1, "laid_on": DAYS[0]}, "Statute: name it, for example CDSA."),
    ({"accused": "A-2", "offence": "code-1", "counts": 0, "laid_on": DAYS[0]}, "Counts: from 1 to 999."),
]  # fmt: skip


def _rows(sheet: str, said: list[tuple[dict[str, Any], str]]) -> tuple[Row, ...]:
    ids = numbers(sheet, len(said))
    shown = [{c: shown_code(v) if c == "code" and len(v) == 8 else v for c, v in values.items()} for values, _ in said]
    return tuple(Row(number, 0, values) for number, values in zip(ids, shown, strict=True))


def test_row_checks_say_ok_or_the_fix_in_another_program_and_nothing_is_lost(tmp_path):
    """Formulas that rows share, in both languages, and what was filled in with openpyxl, in one pass each."""
    asked = an_asked(contacts=_rows(CONTACTS, ROWS), charges=_rows(CHARGES, CRIMES))
    (tmp_path / "en").mkdir()
    read = opened(through_libreoffice({"en": made(asked)}, tmp_path / "en")["en"], values=True)
    assert checks(read, "Contacts", range(3, 13)) == [*(words for _, words in ROWS), None]
    assert checks(read, "Charges", range(3, 9)) == [*(words for _, words in CRIMES), None]
    wrong = sum(words != "OK" for _, words in (*ROWS, *CRIMES))
    assert read["Start here"]["B6"].value == f"{wrong} rows need attention"
    assert [read["Contacts"].cell(row, 1).value for row in range(3, 15)] == numbers(CONTACTS, 12)
    assert read["_meta"].sheet_state != "visible" and read["_meta"]["B1"].value == book.PROGRAM
    assert read["Contacts"]["C3"].protection.locked is False and read["Contacts"].protection.sheet
    lists = [r.formula1 for r in read["Contacts"].data_validations.dataValidation if r.type == "list"]
    assert lists and all("Lists" in one or "Lists" in one.replace("'", "") for one in lists)
    french = opened(made(an_asked("fr"), "fr"))
    sheet, at = french["Contacts"], columns(french["Contacts"])
    for column, value in {**GOOD, "result": "Rencontre", "day": "2017-10-12"}.items():
        sheet.cell(3, at[column]).value = value
    sheet.cell(4, at["kits"]).value = 1.5
    totals = french["Totaux quotidiens"]
    for place, value in (("D3", 4), ("D4", "d"), ("E5", "beaucoup"), ("E6", 0), ("D12", -1)):
        totals[place].value = value
    saved = io.BytesIO()
    french.save(saved)
    (tmp_path / "fr").mkdir()
    read = opened(through_libreoffice({"fr": saved.getvalue()}, tmp_path / "fr")["fr"], values=True)
    fix = "Soirée du : du 2017-10-10 au 2017-10-16."
    assert checks(read, "Contacts", (3, 4, 5)) == ["OK", fix, None]
    assert checks(read, "Totaux quotidiens", (3, 4, 5, 6, 7)) == [
        "Contacts : seulement 0 ou d.", "OK", "Accusations : un nombre entier, 0 ou d.", "OK", None]  # fmt: skip
    assert read["À lire d’abord"]["C6"].value == "4 lignes à revoir"


# --- the answer -------------------------------------------------------------------------------------------------------


def a_returned(asked: Asked, **more: Any) -> Returned:
    ids = numbers(CONTACTS, 2)
    faults = (
        Fault(CONTACTS, "F9", "32 Oct", "This is no day.", "Write it as %(such)s.", {"such": "2017-10-10"},
              row_id=ids[1], column="day"),
        Fault(CONTACTS, "H4", "Hotel?", "Not in the list.", "Choose one.", row_id=ids[1]),
        Fault(TOTALS, "D4", "=four", "Not a number.", "Type one.", name=cell("contacts", DAYS[1])),
        Fault(CONTACTS, "C40", "A", "This row carries no number of ours.", "Copy it into a free row.", must=False),
    )  # fmt: skip
    rows = (
        Row(ids[0], 3, {"day": DAYS[0], "result": "met", "municipality": "=1+1"}),
        Row(ids[1], 4, {"result": "met"}),
    )
    values = {"typed": {cell("contacts", DAYS[0]): "0"}, "contacts": rows, "signer": "=Ann", "faults": faults, **more}
    return Returned(asked.meta, **values)


def test_the_answer_is_the_file_as_far_as_it_was_understood_and_says_first_what_to_fix():
    asked = an_asked(contacts=(Row(numbers(CONTACTS, 1)[0], 0, {"day": DAYS[6]}),))
    read = opened(workbook.answer(asked, a_returned(asked), "en"))
    assert read.sheetnames[:2] == ["To fix", "Start here"] and "_meta" in read.sheetnames
    fix = read["To fix"]
    rows = [[one.value for one in row[1:]] for row in fix.iter_rows(min_row=3)]
    assert rows[0] == ["Contacts D4", "32 Oct", "This is no day.", "Write it as 2017-10-10.", "Must"]
    assert [row[0] for row in rows[1:]] == ["Contacts H4", "Daily totals D4", "Contacts C40"] and rows[3][-1] == "Check"
    assert [fix.cell(row, 2).hyperlink.location for row in (3, 5)] == ["'Contacts'!D4", "'Daily totals'!D4"]
    assert fix["B6"].hyperlink is None and fix["C5"].data_type == "s" and fix["B1"].value.startswith("To fix: 3;")
    contacts = read["Contacts"]
    assert contacts["D3"].value == dt.datetime(2017, 10, 10) and contacts["F3"].value == "Met"
    assert contacts["H4"].value == "Hotel?" and contacts["H4"].border.top.style == "medium"
    assert contacts["D4"].value == "32 Oct" and contacts["D4"].border.top.style == "medium"
    assert "This is no day. Write it as 2017-10-10." in contacts["D4"].comment.text
    assert contacts["I3"].value == "=1+1" and contacts["I3"].data_type == "s"
    assert [contacts.cell(row, 1).value for row in range(3, 15)] == numbers(CONTACTS, 12)
    totals = read["Daily totals"]
    assert (totals["D3"].value, totals["D4"].value, totals["D4"].data_type) == (0, "=four", "s")
    assert not totals["D4"].protection.locked
    stamp = {row[0].value: row[1].value for row in read["_meta"].iter_rows()}
    assert (stamp["issue"], stamp["signature"]) == ("3", "s" * 32)
    assert "=Ann" in [row[2].value for row in read["Start here"].iter_rows()]


def test_an_answer_in_french_to_a_service_that_sends_totals_keeps_the_numbers_of_its_charges():
    asked, number = an_asked("fr", mode="daily_totals"), numbers(CHARGES, 2)[1]
    said = a_returned(asked, faults=(), contacts=(), charges=(Row(number, 4, {"accused": "A-01"}),))
    read = opened(workbook.answer(asked, said, "fr"))
    assert read.sheetnames[0] == "À corriger" and "Rien" in read["À corriger"]["B1"].value
    charges = read["Accusations"]
    assert charges["C4"].value == "A-01" and [charges.cell(row, 1).value for row in range(3, 15)] == numbers(
        CHARGES, 12
    )


def test_an_answer_that_is_sent_back_is_read_as_what_was_sent():
    asked = an_asked(contacts=_rows(CONTACTS, [(GOOD, ""), ({}, "")]))
    meta = replace(asked.meta, signature=book.signature(asked.meta, keys.site_keys().mark))
    asked = replace(asked, meta=meta)
    said = workbook_file.read_return(made(asked), keys.site_keys().mark, asked)
    assert said.faults == () and said.contacts[0].values == GOOD
    assert numbers(CONTACTS, 2)[1] not in said.seen  # a row that stands and is not shown
    asked = replace(asked, contacts=(asked.contacts[0], replace(asked.contacts[1], values=GOOD)))  # to whom it is read
    again = workbook_file.read_return(
        workbook.answer(asked, replace(said, signer="Ann Lee"), "fr"), keys.site_keys().mark, asked
    )
    assert again == replace(said, signer="Ann Lee", meta=replace(meta, language="fr"))


def test_an_answer_is_written_in_a_process_that_has_no_key_no_file_and_little_memory(monkeypatch):
    asked = an_asked()
    lines = workbook.lines_of(asked, (), ())
    script = Path(answer_process.__file__)
    probe = (
        "def made(lines):\n    import socket\n    for act in (lambda: open('/etc/passwd'), socket.socket):\n"
        "        try:\n            act()\n        except OSError:\n            continue\n        raise SystemExit(3)\n"
        "    return b'shut'\n\n\ndef rehearsal():\n    import socket\n\n\n"
    )
    text = script.read_text().replace("def main()", probe + "def main()").replace("__file__", repr(str(script)))
    found = subprocess.run(
        [sys.executable, "-I", "-c", text],
        input=answer_process.given(asked, a_returned(asked), "en", lines), capture_output=True, check=False,
    )  # fmt: skip
    assert json.loads(found.stdout)["workbook"] == "c2h1dA==", found.stderr
    monkeypatch.setattr(answer_process, "given", lambda *_: b"no JSON at all")
    with pytest.raises(TooLarge):
        workbook.answer(asked, a_returned(asked), "en")


def test_thousands_of_rows_are_written_within_the_memory_of_the_process():
    asked = an_asked(rows={CONTACTS: 6000, CHARGES: 1}, charges=())
    ids = numbers(CONTACTS, 6000)
    rows = tuple(Row(number, 0, {"day": DAYS[0], "result": "met", "kits": 1}) for number in ids)
    content = workbook.answer(asked, a_returned(asked, contacts=rows, faults=()), "en")
    read = openpyxl.load_workbook(io.BytesIO(content), read_only=True)["Contacts"]
    last = list(read.iter_rows(min_row=6002, max_row=6003, max_col=6, values_only=True))
    assert last[0][0] == ids[5999] and last[0][3] == dt.datetime(2017, 10, 10)
