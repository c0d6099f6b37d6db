"""The plan workbook as a file: writing it with openpyxl, and having an untrusted one read in a capped process.

The layout and the meaning of the cells are in ``workbook_rules``. Nothing here looks anything up or saves anything.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from outreach.errors import N_, Finding, Unreadable

from . import capped, workbook_reader
from .operation_rules import USUAL_ZONES
from .workbook_reading_rules import plan_of
from .workbook_rules import LISTS, PARTS, SHEETS, Column, Plan, Rows, SheetRead, letter, said_in

WALL_SECONDS = 10
LARGEST_FILE = 8 * 1024 * 1024
MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_READY = 400  # rows of an empty sheet that have their lists and formats
DAY_FORMAT = "yyyy-mm-dd hh:mm"

_SAVE_AGAIN = N_("Open it in Excel or LibreOffice, save it as .xlsx, and send that.")
_COPY = N_("Copy the filled rows into a new template and send that.")
REFUSALS: dict[str, tuple[str, str]] = {
    "empty": (N_("This file is empty."), N_("Choose the workbook again; it may not have been saved.")),
    "text": (N_("This is a text file (such as .csv) under another name, not an Excel workbook."), _SAVE_AGAIN),
    "old_excel": (N_("This is an old Excel file (.xls)."), _SAVE_AGAIN),
    "opendocument": (N_("This is an OpenDocument spreadsheet (.ods)."), _SAVE_AGAIN),
    "binary": (N_("This is a binary Excel workbook (.xlsb)."), _SAVE_AGAIN),
    "password": (
        N_("This workbook is protected with a password."),
        N_("Remove the password (File, Info, Protect), save it, and send it again."),
    ),
    "macros": (N_("This workbook holds macros (.xlsm). Outreach does not take them."), _SAVE_AGAIN),
    "external_links": (
        N_("This workbook takes values from other files."),
        N_("Break the links (Data, Edit links), save it, and send it again."),
    ),
    "not_a_workbook": (N_("This file is no Excel workbook (.xlsx)."), _SAVE_AGAIN),
    "damaged": (N_("This workbook is damaged or cut off."), _SAVE_AGAIN),
    "document_type": (N_("This workbook holds XML that no spreadsheet program writes."), _SAVE_AGAIN),
    "odd_encoding": (N_("The text of this workbook is in an encoding that Outreach does not read."), _SAVE_AGAIN),
    "too_large_file": (N_("This file is larger than %(most)d MB."), _COPY),
    "too_large_inside": (N_("This workbook is far too large inside, perhaps with a million empty rows."), _COPY),
    "too_long": (N_("Reading this workbook takes too long."), _COPY),
    "too_many_rows": (
        N_("The sheet “%(sheet)s” goes down to row %(row)d; at most %(most)d rows are read."),
        N_("Delete what stands far below the last row, save it, and send it again."),
    ),
    "too_many_columns": (
        N_("The sheet “%(sheet)s” goes out to column %(column)d; at most %(most)d columns are read."),
        N_("Delete what stands far to the right, save it, and send it again."),
    ),
    "long_cell": (
        N_("A cell of the sheet “%(sheet)s” holds more than %(most)d characters."),
        N_("Shorten it, save it, and send it again."),
    ),
}


# --- reading ---------------------------------------------------------------------------------------------------------


def read_book(content: bytes) -> list[SheetRead]:
    """Every sheet of an untrusted .xlsx, in order. Raises ``Unreadable`` saying what the file is instead.

    At most 10 seconds and 256 MiB, in a process that can open no file and no socket (see ``workbook_reader``).
    """
    if len(content) > LARGEST_FILE:
        raise _unreadable("too_large_file", most=LARGEST_FILE // (1024 * 1024))
    answer = capped.ask(
        workbook_reader.__file__,
        content,
        seconds=WALL_SECONDS,
        most=workbook_reader.ANSWER,
        burst="too_large_inside",
    )
    if "refused" in answer:
        code = answer.pop("refused")
        raise _unreadable(code if code in REFUSALS else "damaged", **answer)
    return [
        SheetRead(s["name"], s["rows"], *(tuple(tuple(m) for m in s[part]) for part in ("merged", "worked_out")))
        for s in answer["sheets"]
    ]


def read_sheets(content: bytes) -> dict[str, Rows]:
    """Sheet name → rows of cells. Raises ``Unreadable``."""
    return {sheet.name: sheet.rows for sheet in read_book(content)}


def read_rows(content: bytes) -> list[list[str]]:
    """The first sheet's rows as text, as if they had been pasted. Raises ``Unreadable``."""
    return [[_as_text(cell) for cell in row] for row in read_book(content)[0].rows]


def _as_text(cell: Any) -> str:
    if isinstance(cell, dict):
        return str(next(iter(cell.values()))).replace("T", " ")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _unreadable(code: str, **params: Any) -> Unreadable:
    message, fix = REFUSALS[code]
    return Unreadable(message, fix, **params)


def read(content: bytes) -> tuple[Plan | None, list[Finding]]:
    """The plan in a workbook, or every problem with its cell. Raises ``Unreadable`` for what is no workbook."""
    return plan_of(read_book(content))


# --- writing ---------------------------------------------------------------------------------------------------------


def write_template(target: str | Path | IO[bytes], language: str = "en") -> None:
    """An empty plan workbook."""
    _write(None, target, language)


def write_plan(plan: Plan, target: str | Path | IO[bytes], language: str = "en") -> None:
    """The plan as a workbook that reads back as the same plan."""
    _write(plan, target, language)


def write_table(rows: list[list[str]], target: str | Path | IO[bytes], title: str) -> None:
    """A sheet of texts under a header row; nothing in it is ever a formula or a link."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment

    book = Workbook()
    sheet = book.active
    sheet.title = title[:31]
    for number, label in enumerate(rows[0], start=1):
        _header(sheet.cell(1, number), label)
        sheet.column_dimensions[letter(number)].width = 30
    for row, texts in enumerate(rows[1:], start=2):
        for number, text in enumerate(texts, start=1):
            cell = sheet.cell(row, number)
            cell.value = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
            cell.data_type, cell.number_format = "s", "@"
            cell.alignment = Alignment(vertical="top", wrap_text="\n" in text)
    sheet.freeze_panes = "A2"
    book.properties.creator = "Outreach"
    book.save(target)


def _write(plan: Plan | None, target: str | Path | IO[bytes], language: str) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for code, (label, _columns) in SHEETS.items():
        book.create_sheet(said_in(label, language))
        _fill(book.worksheets[-1], code, plan, language)
    ranges = _lists(book.create_sheet(said_in(LISTS, language)), plan, language)
    for sheet, (code, (_label, columns)) in zip(book.worksheets, SHEETS.items(), strict=False):
        _dropdowns(sheet, code, columns, ranges)
    book.properties.title = plan.operation.name if plan else "Outreach"
    book.properties.creator = "Outreach"
    book.save(target)


def _fill(sheet: Any, code: str, plan: Plan | None, language: str) -> None:
    from openpyxl.comments import Comment

    columns = SHEETS[code][1]
    across = code != "Operation"
    if not across:
        _header(sheet["A1"], said_in(N_("What"), language))
        _header(sheet["B1"], said_in(N_("Value"), language))
        sheet.column_dimensions["A"].width = 34
        sheet.column_dimensions["B"].width = 48
    for number, column in enumerate(columns, start=1):
        cell = sheet.cell(1, number) if across else sheet.cell(number + 1, 1)
        _header(cell, said_in(column.label, language), strong=column.required)
        words = [said_in(N_("Needed."), language)] if column.required else []
        words += [said_in(column.note, language)] if column.note else []
        if words:
            cell.comment = Comment(" ".join(words), "Outreach", height=80, width=260)
        if across:
            dimension = sheet.column_dimensions[letter(number)]
            dimension.width = 34 if column.code in ("name", "service", "partners", "contact_desk") else 20
            dimension.hidden = column.hidden
        elif plan is not None:
            _put(sheet.cell(number + 1, 2), column, getattr(plan.operation, column.code), language)
        elif column.kind == "moment":
            sheet.cell(number + 1, 2).number_format = DAY_FORMAT
    sheet.freeze_panes = "A2" if across else None
    if across:
        rows = list(_rows(code, plan)) if plan else []
        for row, values in enumerate(rows, start=2):
            for number, column in enumerate(columns, start=1):
                _put(sheet.cell(row, number), column, values[column.code], language)
        for number, column in enumerate(columns, start=1):
            if column.kind == "moment":
                for row in range(2, len(rows) + 2 + (ROWS_READY if plan is None else 60)):
                    sheet.cell(row, number).number_format = DAY_FORMAT
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _rows(code: str, plan: Plan) -> Iterable[dict[str, Any]]:
    if code == "Services":
        for one in plan.services:
            yield vars(one) | {c.code: dict(one.planned).get(c.code[8:]) for c in SHEETS[code][1] if c.kind == "number"}
    elif code in PARTS:
        yield from (line.said for line in plan.more.get(code, ()))
    else:
        yield from (vars(one) for one in (plan.teams if code == "Teams" else plan.people))


def _header(cell: Any, text: str, *, strong: bool = True) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    cell.value = text
    cell.font = Font(bold=strong, color="FFFFFF" if strong else "17262B", size=11)
    cell.fill = PatternFill("solid", start_color="0E5552" if strong else "E2EEEA")
    cell.alignment = Alignment(wrap_text=True, vertical="top")


def _put(cell: Any, column: Column, value: Any, language: str) -> None:
    """Write a value; text is always text, so that nothing that somebody typed becomes a formula."""
    if value is None or value in ("", ()):
        if column.kind == "moment":
            cell.number_format = DAY_FORMAT
        return
    if column.kind == "moment":
        cell.value = value
        cell.number_format = DAY_FORMAT
    elif column.kind == "time":
        cell.value = dt.time(value // 60, value % 60)
        cell.number_format = "hh:mm"
    elif column.kind == "number":
        cell.value = value
    else:
        if column.kind == "choice":
            code = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
            value = said_in(dict(column.choices)[code], language)
        elif column.kind == "names":
            value = "; ".join(value)
        cell.value = "".join(c for c in value if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
        cell.data_type = "s"
        cell.number_format = "@"


def _lists(sheet: Any, plan: Plan | None, language: str) -> dict[str, str]:
    """Fill the sheet of lists; the range behind each column's dropdown, by ``Sheet.column``."""
    ranges: dict[str, str] = {}
    title = sheet.title
    number = 0
    for code, (_label, columns) in SHEETS.items():
        for column in columns:
            words = [said_in(label, language) for _code, label in column.choices]
            if column.code == "time_zone":
                words = list(USUAL_ZONES)
            if words:
                number += 1
                _header(sheet.cell(1, number), said_in(column.label, language))
                sheet.column_dimensions[letter(number)].width = 30
                for row, word in enumerate(words, start=2):
                    sheet.cell(row, number, word)
                ranges[f"{code}.{column.code}"] = f"'{title}'!${letter(number)}$2:${letter(number)}${len(words) + 1}"
    services = said_in(SHEETS["Services"][0], language)
    teams = said_in(SHEETS["Teams"][0], language)
    names = f"'{services}'!$A$2:$A${workbook_reader.ROWS}"
    ranges |= {"Operation.lead_service": names, "Teams.service": names, "People.service": names}
    ranges["People.team"] = f"'{teams}'!$B$2:$B${workbook_reader.ROWS}"
    return ranges


def _dropdowns(sheet: Any, code: str, columns: tuple[Column, ...], ranges: dict[str, str]) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    for number, column in enumerate(columns, start=1):
        source = ranges.get(f"{code}.{column.code}")
        if source is None:
            continue
        listed = DataValidation(type="list", formula1=f"={source}", allow_blank=True, showErrorMessage=False)
        sheet.add_data_validation(listed)
        letters = letter(number)
        listed.add(f"B{number + 1}" if code == "Operation" else f"{letters}2:{letters}{workbook_reader.ROWS}")
