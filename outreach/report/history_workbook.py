"""The workbook of published figures as a file: written with openpyxl in one language, read in the capped process.

Sheets: how to fill it, the figures, the lists behind their dropdowns. Text is always text, so that nothing that
somebody printed becomes a formula. What cells mean is in ``history_reading_rules``.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from outreach.errors import N_
from outreach.plan import workbook
from outreach.plan.workbook import LARGEST_FILE, MIME
from outreach.plan.workbook_rules import Rows, SheetRead, letter, said_in

from .history_reading_rules import FORMULA, MOST_ROWS, SHEET
from .history_rules import COLUMNS, LABEL_PARAMS, Column, Entry

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["LARGEST_FILE", "MIME", "read_book", "write"]

START = N_("Start here")
LISTS = N_("Lists")
INK, SPRUCE, HEAT = "17262B", "0E5552", "E2EEEA"
DAY = "yyyy-mm-dd"
SPARE = 400
FONT = "Calibri"
LINE = 84  # characters that surely fit beside each other on the first sheet
LINES = (
    N_("Figures as others printed them, of earlier editions and of other publishers."),
    N_("One line a figure. Write what was printed, not what it should have been."),
    N_("The same figure with another source, day or language is a line of its own; both are kept side by side."),
    N_("An empty value means that the figure was not published. It is never read as 0."),
    N_("“More than 10” is 10 under Value and “More than” under Qualifier."),
    N_("Where no figure of the list fits, leave it empty and give the word used."),
    N_("Days are real dates, or text such as 2017-10-18."),
    N_("These figures never enter a total. They are shown beside what was counted, and checked against it."),
    N_("The next page shows what the file would change before anything is saved. Sending it twice changes nothing."),
)


def read_book(content: bytes) -> list[SheetRead]:
    """Every sheet of an untrusted .xlsx, with a mark in place of what a formula left: it may be stale, or nothing at

    all, and an empty value would say that the figure was not published. Raises ``Unreadable``.
    """
    return [replace(sheet, rows=_marked(sheet)) for sheet in workbook.read_book(content)]


def _marked(sheet: SheetRead) -> Rows:
    rows = [list(row) for row in sheet.rows]
    for number, column in sheet.worked_out:
        rows += [[] for _ in range(number - len(rows))]
        rows[number - 1] += [None] * (column - len(rows[number - 1]))
        rows[number - 1][column - 1] = {FORMULA: "="}
    return rows


def write(entries: Sequence[Entry], target: IO[bytes], language: str) -> None:
    """The figures as a workbook that reads back as the same figures; none make the template."""
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    _start(book.active, language)
    sheet = book.create_sheet(said_in(SHEET, language))
    ranges = _lists(book.create_sheet(said_in(LISTS, language)), language)
    _head(sheet, language)
    for row, entry in enumerate(entries, start=2):
        for number, column in enumerate(COLUMNS, start=1):
            _put(sheet.cell(row, number), column, getattr(entry, column.code), language)
    last = min(len(entries) + 1 + SPARE, MOST_ROWS)
    for number, column in enumerate(COLUMNS, start=1):
        if column.code in ranges:
            listed = DataValidation(type="list", formula1=f"={ranges[column.code]}", allow_blank=True)
            listed.showErrorMessage = False  # both languages and codes are read
            sheet.add_data_validation(listed)
            listed.add(f"{letter(number)}2:{letter(number)}{last}")
        if column.kind == "day":
            for row in range(len(entries) + 2, last + 1):
                sheet.cell(row, number).number_format = DAY
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{letter(len(COLUMNS))}{max(len(entries) + 1, 2)}"
    _print(sheet)
    book.properties.creator = "Outreach"
    book.properties.title = said_in(SHEET, language)
    book.save(target)


def word(column: Column, code: str, language: str) -> str:
    """What a code of a list is called in the file."""
    label = said_in(dict(column.choices).get(code, code), language)
    params = LABEL_PARAMS.get(code) if column.kind == "measure" else None
    return label % params if params else label


def _start(sheet: Worksheet, language: str) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.title = said_in(START, language)
    sheet.column_dimensions["A"].width = 96
    sheet.sheet_view.showGridLines = False
    for row, text in enumerate((SHEET, *LINES), start=1):
        cell = sheet.cell(row if row == 1 else row + 1, 1, said_in(text, language))
        cell.font = Font(name=FONT, size=16 if row == 1 else 12, bold=row == 1, color=INK)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[cell.row].height = 24 if row == 1 else 16 * (1 + len(str(cell.value)) // LINE)
    _print(sheet, landscape=False)


def _head(sheet: Worksheet, language: str) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    for number, column in enumerate(COLUMNS, start=1):
        cell = sheet.cell(1, number, said_in(column.label, language))
        cell.font = Font(name=FONT, bold=True, size=11, color="FFFFFF" if column.required else INK)
        cell.fill = PatternFill("solid", start_color=SPRUCE if column.required else HEAT)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        note = " ".join(
            said_in(text, language) for text in (N_("Needed.") if column.required else "", column.note) if text
        )
        if note:
            cell.comment = Comment(note, "Outreach", height=90, width=280)
        sheet.column_dimensions[letter(number)].width = column.width
    sheet.row_dimensions[1].height = 46


def _put(cell: Any, column: Column, value: Any, language: str) -> None:
    if isinstance(value, dt.date):
        cell.value, cell.number_format = value, DAY
    elif isinstance(value, int):
        cell.value, cell.number_format = value, "#,##0" if column.code == "value" else "0"
    elif value:
        text = word(column, value, language) if column.choices else value
        cell.value = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs"))
        cell.data_type, cell.number_format = "s", "@"
        cell.quotePrefix = text.startswith(("=", "+", "-", "@"))
    elif column.kind == "day":
        cell.number_format = DAY


def _lists(sheet: Worksheet, language: str) -> dict[str, str]:
    """Fill the sheet of lists; column code → the range behind its dropdown."""
    from openpyxl.styles import Font, PatternFill

    ranges = {}
    for number, column in enumerate((one for one in COLUMNS if one.choices), start=1):
        head = sheet.cell(1, number, said_in(column.label, language))
        head.font, head.fill = Font(name=FONT, bold=True, size=11, color=INK), PatternFill("solid", start_color=HEAT)
        sheet.column_dimensions[letter(number)].width = 32
        for row, (code, _label) in enumerate(column.choices, start=2):
            sheet.cell(row, number, word(column, code, language))
        reach = f"${letter(number)}$2:${letter(number)}${len(column.choices) + 1}"
        ranges[column.code] = f"'{sheet.title}'!{reach}"
    return ranges


def _print(sheet: Worksheet, *, landscape: bool = True) -> None:
    sheet.page_setup.paperSize = 1  # Letter
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if landscape:
        sheet.print_title_rows = "1:1"
