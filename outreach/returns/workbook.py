"""The return workbook as a file, and the marked one that answers a faulty return: the one module of the room that
knows openpyxl.

Layout and numbers are in ``return_rules``, the formulas in ``row_check_rules``, the sentences in ``start_rules``.
Nothing is looked up. Rows are written one by one into the archive, so that 100,000 of them need little memory and no
file beside the one that is written. Text is always text, marked so for whoever edits it; nothing becomes a formula.
"""

from __future__ import annotations

import base64
import datetime as dt
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.formatting.rule import CellIsRule, FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.dimensions import SheetDimension
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.writer.excel import ExcelWriter

from outreach.errors import N_, TooLarge
from outreach.plan import capped
from outreach.plan.workbook_rules import said_in

from . import answer_process, return_rules, start_rules
from .return_rules import (
    ANSWER_COLUMN,
    CHARGES,
    CODES_ROW,
    COLUMNS,
    CONTACTS,
    FIRST_ROW,
    LABELS_ROW,
    LISTS,
    META_TITLE,
    REFERRALS,
    START,
    TITLES,
    TOTALS,
    Asked,
    Column,
    Fault,
    Returned,
    Row,
    TotalRow,
)
from .row_check_rules import OK, SILENCE, Listed, RowCheck, key_of, letter, lists_of, quoted

INK, INK2, SPRUCE, PAPER, SUNK, WHITE, RULE = "17262B", "47565A", "0E5552", "F7F4EE", "EDE8DD", "FFFFFF", "B9B1A0"
HEAT, OVER, TINT = "E2EEEA", "8A4600", "FBEBD9"
FONT, POINTS, LINE = "Calibri", 11, 15.5
MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DAY, TIME, NUMBER, TEXT = "yyyy-mm-dd", "hh:mm", "0", "@"
FORMATS = {"day": DAY, "time": TIME, "number": NUMBER}
_LONGEST = 32_767

Target = str | Path | IO[bytes]
Lines = Callable[[str], Iterator[tuple[str, Mapping[str, Any]]]]
"""Sheet → its rows in order: number, and what stands in it."""
Line = tuple[int, list[Cell]]


def write_return(asked: Asked, target: Target, language: str, lines: Lines | None = None) -> None:
    """The workbook for one service. ``lines``: the rows with their numbers, where this process cannot make them."""
    typed = {name: said for row in (*asked.totals, *asked.referrals) for name, said in row.typed.items()}
    _Book(asked, language, typed, lines or lines_of(asked, asked.contacts, asked.charges)).save(target)


def write_answer(asked: Asked, returned: Returned, target: Target, language: str, lines: Lines | None = None) -> None:
    """What a service sent, as far as it was understood, in our own layout; the first sheet says what to fix."""
    asked = replace(asked, meta=replace(returned.meta, language=language))
    lines = lines or lines_of(asked, returned.contacts, returned.charges)
    _Book(asked, language, returned.typed, lines, returned).save(target)


def answer(asked: Asked, returned: Returned, language: str) -> bytes:
    """``write_answer`` in a process of its own, which has little memory and time and can open nothing.

    Raises ``TooLarge`` where that is not enough.
    """
    said = capped.ask(
        answer_process.__file__,
        answer_process.given(asked, returned, language, lines_of(asked, returned.contacts, returned.charges)),
        seconds=answer_process.WALL_SECONDS,
        most=answer_process.ANSWER,
        burst="too_large_inside",
    )
    if "workbook" not in said:
        raise TooLarge()
    return base64.b64decode(said["workbook"])


def lines_of(asked: Asked, contacts: Iterable[Row], charges: Iterable[Row]) -> Lines:
    """Every row that is ready, each with its number; what is given stands where its number says.

    A row that stands and is not shown has no number: it is not filled in.
    """
    from outreach.storage.keys import site_keys

    given = {
        sheet: {row.row_id: row.values for row in rows} for sheet, rows in ((CONTACTS, contacts), (CHARGES, charges))
    }

    withheld = {row.row_id for row in (*asked.contacts, *asked.charges) if not row.values}

    def lines(sheet: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        meta, mark, said = asked.meta, site_keys().mark, given[sheet]
        for number in return_rules.row_numbers(sheet, meta.operation, meta.service, ready(asked, sheet, said), mark):
            values = said.get(number) or {}
            yield ("" if number in withheld and not values else number), values

    return lines


def ready(asked: Asked, sheet: str, given: Iterable[str]) -> int:
    """How many rows a sheet has: a quarter more than the last one that is filled in."""
    last = max((place_of(number) for number in given), default=0)
    return min(return_rules.MOST_ROWS, max(asked.rows.get(sheet, 0), last + last // 4))


def place_of(row_id: str) -> int:
    """Which row a number of ours was made for (its mark was looked at when it was read)."""
    digits = row_id.partition("-")[0][2:]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


# --- a file whose rows are streamed -----------------------------------------------------------------------------------


class _Shared(ArrayFormula):
    """A formula that the rows under it share, so that it stands in the file once."""

    t = "shared"

    def __init__(self, number: int, ref: str = "", text: str | None = None) -> None:
        super().__init__(ref, text)
        self.si = str(number)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield "t", self.t
        if self.ref:
            yield "ref", self.ref
        yield "si", self.si


class _Streamed(WorksheetWriter):
    """Writes rows as they come instead of cells that are held."""

    def __init__(self, ws: Any, out: Any, lines: Iterable[Line], reach: str) -> None:
        self.lines, self.reach = lines, reach
        super().__init__(ws, out)

    def rows(self) -> Iterable[Line]:
        return self.lines

    def write_dimensions(self) -> None:
        self.xf.send(SheetDimension(self.reach).to_tree())


class _Archive(ExcelWriter):
    """Saves a workbook whose sheets are streamed into the archive, without files beside it."""

    def __init__(self, book: Any, archive: zipfile.ZipFile, streams: Mapping[str, tuple[Iterable[Line], str]]) -> None:
        super().__init__(book, archive)
        self.streams = streams

    def write_worksheet(self, ws: Any) -> None:
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = [], []
        lines, reach = self.streams[ws.title]
        with self._archive.open(ws.path[1:], "w") as out:
            writer = _Streamed(ws, out, lines, reach)
            writer.write()
        ws._rels = writer._rels
        self.manifest.append(ws)


# --- looks ------------------------------------------------------------------------------------------------------------


def _styles(ws: Any) -> dict[str, Any]:
    """Every look of a cell by name, made once: finding out that two are alike takes longer than all the rest."""
    thin = Side("thin", color=RULE)
    box = Border(left=thin, right=thin, top=thin, bottom=thin)
    marked = Border(*(Side("medium", color=OVER),) * 4)
    middle, wrapped = Alignment(vertical="center"), Alignment(vertical="center", wrap_text=True)
    looks = {
        "paper": (INK, PAPER, None, middle, "General"),
        "title": (SPRUCE, PAPER, None, wrapped, TEXT),
        "strong": (INK, PAPER, None, wrapped, TEXT),
        "prose": (INK, PAPER, None, Alignment(vertical="top", wrap_text=True), TEXT),
        "quiet": (INK2, PAPER, None, Alignment(vertical="top", wrap_text=True), TEXT),
        "live": (OVER, PAPER, None, middle, "General"),
        "head": (INK, HEAT, Border(bottom=Side("medium", color=SPRUCE)), Alignment(vertical="bottom", wrap_text=True), TEXT),
        "needed": (SPRUCE, HEAT, Border(bottom=Side("medium", color=SPRUCE)), Alignment(vertical="bottom", wrap_text=True), TEXT),
        "locked": (INK2, SUNK, box, middle, TEXT),
        "locked_day": (INK, SUNK, box, Alignment(horizontal="left", vertical="center"), DAY),
        "label": (INK, SUNK, box, middle, TEXT),
        "check": (SPRUCE, SUNK, box, middle, "General"),
        "code": (INK2, PAPER, None, middle, TEXT),
        "link": (SPRUCE, WHITE, box, Alignment(vertical="top"), TEXT),
        "plain": (INK, WHITE, box, Alignment(vertical="top", wrap_text=True), TEXT),
    }  # fmt: skip
    found: dict[str, Any] = {}
    for name, (ink, fill, border, alignment, number_format) in looks.items():
        size = 16 if name == "title" else POINTS
        bold = name in ("title", "strong", "head", "needed", "live")
        found[name] = _style(ws, ink, fill, border, alignment, number_format, size, bold, name == "link")
    for kind, number_format in (("text", TEXT), *FORMATS.items(), ("any", "General")):
        side = "left" if kind in ("text", "day", "time") else "right"
        for name, border, fill in ((f"white_{kind}", box, WHITE), (f"marked_{kind}", marked, TINT)):
            style = _style(ws, INK, fill, border, Alignment(horizontal=side, vertical="center"), number_format)
            style.protectionId = ws.parent._protections.add(Protection(locked=False))
            found[name] = style
    return found


def _style(
    ws: Any, ink: str, fill: str, border: Any, alignment: Any, number_format: str,
    size: int = POINTS, bold: bool = False, underlined: bool = False,
) -> Any:  # fmt: skip
    cell = Cell(ws, 1, 1)
    cell.font = Font(name=FONT, size=size, bold=bold, color=ink, underline="single" if underlined else None)
    cell.fill = PatternFill("solid", start_color=fill)
    cell.alignment, cell.number_format = alignment, number_format
    if border is not None:
        cell.border = border
    return cell._style


def clean(words: str) -> str:
    """Without what an XML file cannot carry."""
    if words.isprintable():
        return words[:_LONGEST]
    kept = (
        " " if c in "\t\r\n" else c for c in words if c in "\t\r\n" or unicodedata.category(c) not in ("Cc", "Cs", "Cn")
    )
    return "".join(kept)[:_LONGEST]


# --- the workbook -----------------------------------------------------------------------------------------------------


class _Book:
    """One workbook while it is written."""

    def __init__(
        self, asked: Asked, language: str, typed: Mapping[str, str], lines: Lines, returned: Returned | None = None
    ) -> None:
        self.asked, self.language, self.typed, self.lines, self.returned = asked, language, typed, lines, returned
        self.book = Workbook()
        self.book.remove(self.book.active)
        self.titles = {sheet: self.said(title) for sheet, title in TITLES.items()}
        self.lists = lists_of(asked, language)
        self.streams: dict[str, tuple[Iterable[Line], str]] = {}
        self.faults = returned.faults if returned else ()
        self.checked: dict[str, int] = {}
        self.looks: dict[str, Any] = {}

    def said(self, words: str, **params: Any) -> str:
        return said_in(words, self.language) % params if params else said_in(words, self.language)

    def save(self, target: Target) -> None:
        first = [self.said(N_("To fix"))] if self.returned else []
        for title in (*first, *self.titles.values(), META_TITLE):
            self.book.create_sheet(title)
        self.looks = _styles(self.book.worksheets[0])
        if first:
            self._to_fix(self.book[first[0]])
        self._totals(TOTALS, self.asked.totals, self.asked.measures or ("once",))
        self._totals(REFERRALS, self.asked.referrals, return_rules.REFERRAL_MEASURES)
        for sheet in (CONTACTS, CHARGES):
            self._rows(sheet)
        self._start()
        self._listed()
        self._meta()
        self._describe()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            _Archive(self.book, archive, self.streams).write_data()

    def _describe(self) -> None:
        about, meta = self.book.properties, self.asked.meta
        about.title, about.subject = clean(self.asked.operation_name), clean(meta.service_name)
        about.creator = about.lastModifiedBy = return_rules.PROGRAM
        about.language = self.language
        self.book.calculation.fullCalcOnLoad = True
        self.book.security = WorkbookProtection(lockStructure=True)  # no password: it prevents accidents

    # cells

    def cell(self, ws: Any, row: int, column: int, value: Any, look: str) -> Cell:
        made = Cell(ws, row, column)
        made._style = self.looks[look]
        if value is None or value == "":
            return made
        if isinstance(value, str):
            made._value, made.data_type = clean(value), "s"
        elif isinstance(value, (dt.date, dt.time)):
            made._value, made.data_type = value, "d"
        else:
            made._value, made.data_type = value, "n"
        return made

    def formula(self, ws: Any, row: int, column: int, value: Any, look: str) -> Cell:
        made = Cell(ws, row, column)
        made._style = self.looks[look]
        made._value, made.data_type = value, "f"
        return made

    def sheet(self, sheet: str, widths: Sequence[float], last_row: int, *, landscape: bool = True) -> Any:
        """The worksheet with everything but its rows: protection, widths, panes, print set-up."""
        ws = self.book[self.titles.get(sheet, sheet)]
        for number, width in enumerate(widths, start=1):
            ws.column_dimensions[letter(number)].width = width
        ws.column_dimensions["A"].hidden = True
        ws.sheet_view.showGridLines = False
        protection = ws.protection
        protection.sheet = True
        protection.formatColumns = protection.formatRows = False  # widths may be changed
        ws.page_setup.paperSize = 1  # Letter
        ws.page_setup.orientation = "landscape" if landscape else "portrait"
        ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = 1, 0
        ws.sheet_properties.pageSetUpPr.fitToPage = True
        for side in ("left", "right", "top"):
            setattr(ws.page_margins, side, 0.5)
        ws.print_area = f"B1:{letter(len(widths))}{last_row}"
        meta = self.asked.meta
        stamp = f"{meta.operation_code} · {meta.service_name} · {meta.issue}"
        ws.oddFooter.left.text = clean(stamp)[:120].replace("&", "&&")
        ws.oddFooter.right.text = self.said(N_("Page %(page)s of %(pages)s"), page="&P", pages="&N")
        return ws

    def heads(self, ws: Any, columns: Sequence[Column]) -> Iterator[Line]:
        """The hidden codes and the words of the columns, with their notes."""
        ws.row_dimensions[CODES_ROW].hidden = True
        ws.row_dimensions[LABELS_ROW].height = LINE * max(_lines(c.label, c.width) for c in columns) + 4
        ws.print_title_rows = f"{LABELS_ROW}:{LABELS_ROW}"
        yield CODES_ROW, [self.cell(ws, CODES_ROW, n, c.code, "code") for n, c in enumerate(columns, start=1)]
        made = []
        for number, column in enumerate(columns, start=1):
            cell = self.cell(ws, LABELS_ROW, number, column.label, "needed" if column.needed else "head")
            if column.note:
                cell.comment = _note(column.note)
            made.append(cell)
        yield LABELS_ROW, made

    def column(self, code: str, label: str, width: int, kind: str = "text", note: str = "") -> Column:
        return Column(code, self.said(label), kind, width=width, note=self.said(note) if note else "")

    def ours(self, *, check: int = 34) -> list[Column]:
        return [
            Column(return_rules.ROW_ID, return_rules.ROW_ID, width=10),
            self.column(return_rules.ROW_CHECK, N_("Row check"), check,
                        note=N_("Says OK, or how to put the row right. What you send is checked again.")),
        ]  # fmt: skip

    def attention(self, ws: Any, last: int) -> None:
        """What is not OK stands out."""
        place, ok = f"B{FIRST_ROW}:B{last}", f'"{self.said(OK)}"'
        blank = FormulaRule(formula=[f'OR($A{FIRST_ROW}="",$B{FIRST_ROW}="")'], stopIfTrue=True)
        blank.dxf = DifferentialStyle(font=Font(color=INK2))
        ws.conditional_formatting.add(place, blank)
        over = CellIsRule(operator="notEqual", formula=[ok], font=Font(color=OVER, bold=True))
        over.dxf.fill = PatternFill(bgColor=TINT, fill_type="solid")
        ws.conditional_formatting.add(place, over)

    # daily totals and referrals

    def _totals(self, sheet: str, rows: Sequence[TotalRow], measures: Sequence[str]) -> None:
        check = RowCheck(self.asked, self.language, {}, self.lists)
        columns = [*self.ours(check=30), self.column(return_rules.ROW_LABEL, N_("Day"), 26)]
        for code in measures:
            label = check.measured(code) if code != "once" else self.said(N_("Whole window"))
            columns.append(Column(code, label, "number", width=13))
        if any(row.why for row in rows):
            columns.append(self.column(return_rules.ROW_WHY, N_("Why a cell is grey"), 34))
        check.letters = {column.code: letter(n) for n, column in enumerate(columns, start=1)}
        check.letters["once"] = letter(4)
        blocks = [list(block) for _, block in groupby(rows, key=lambda row: row.day is None)]
        last = FIRST_ROW + len(rows) + 2 * len(blocks)
        ws = self.sheet(sheet, [column.width for column in columns], last)
        ws.freeze_panes = f"D{FIRST_ROW}"
        self.attention(ws, last)
        self.checked[sheet] = last if rows else 0
        self.streams[ws.title] = (
            self._total_lines(ws, sheet, columns, blocks, check),
            f"A1:{letter(len(columns))}{last}",
        )
        self._totals_choices(ws, rows, check)

    def _total_lines(
        self, ws: Any, sheet: str, columns: list[Column], blocks: list[list[TotalRow]], check: RowCheck
    ) -> Iterator[Line]:
        yield from self.heads(ws, columns)
        if not blocks:
            yield FIRST_ROW, [self.cell(ws, FIRST_ROW, 2, self.said(start_rules.why_empty(self.asked, sheet)), "quiet")]
        codes = {column.code: n for n, column in enumerate(columns, start=1)} | {"once": 4}
        for place, row in self.places_of_totals([row for block in blocks for row in block]):
            if row is None:
                yield place, [self.cell(ws, place, 3, self.said(N_("Once for the whole window")), "strong")]
                continue
            cells = [self.cell(ws, place, 1, row.row_id, "code")]
            asks = any(row.cells.values())
            cells.append(
                self.formula(ws, place, 2, check.totals(row.cells, place), "check")
                if asks
                else self.cell(ws, place, 2, "", "check")
            )
            cells.append(self.cell(ws, place, 3, row.day or row.label, "locked_day" if row.day else "label"))
            for code, name in sorted(row.cells.items(), key=lambda one: codes[one[0]]):
                cells.append(self._total_cell(ws, place, codes[code], name))
            if return_rules.ROW_WHY in codes:
                cells.append(self.cell(ws, place, codes[return_rules.ROW_WHY], row.why, "locked"))
            yield place, cells

    @staticmethod
    def places_of_totals(rows: Sequence[TotalRow]) -> Iterator[tuple[int, TotalRow | None]]:
        """Line of each row; None for the heading over what is asked once."""
        place, before = FIRST_ROW, None
        for row in rows:
            once = row.day is None
            if once and before is not True:
                yield place + 1, None
                place += 2
            yield place, row
            place, before = place + 1, once

    def _total_cell(self, ws: Any, row: int, column: int, name: str) -> Cell:
        if not name:
            return self.cell(ws, row, column, "", "locked")
        fault = next((fault for fault in self.faults if fault.name == name), None)
        if fault is not None:
            return self.marked(ws, row, column, self.typed.get(name) or fault.wrote, "any", fault)
        typed = self.typed.get(name, "")
        return self.cell(ws, row, column, int(typed) if typed.isascii() and typed.isdigit() else typed, "white_any")

    def _totals_choices(self, ws: Any, rows: Sequence[TotalRow], check: RowCheck) -> None:
        """A dropdown for what only takes zero or declined, a word of help for the others."""
        silent = DataValidation(
            "list", formula1=self.lists[SILENCE].offered(self.titles[LISTS]), showErrorMessage=False
        )
        other = DataValidation(type="whole", operator="between", formula1="0", formula2="99999", showErrorMessage=False)
        other.promptTitle, other.showInputMessage = self.said(N_("What to type")), True
        other.prompt = self.said(N_("A number, 0 when there was nothing, d for declined; blank when it is not known."))
        for place, row in self.places_of_totals(rows):
            for code, name in row.cells.items() if row else ():
                if name:
                    (silent if check.silent(code) else other).add(f"{check.letters[code]}{place}")
        for choice in (silent, other):
            if choice.sqref:
                ws.add_data_validation(choice)

    # contacts and charges

    def _rows(self, sheet: str) -> None:
        columns = [*self.ours()]
        for column in COLUMNS[sheet]:
            columns.append(replace(column, label=self.said(column.label), note=self._noted(column)))
        sentence = start_rules.why_closed(self.asked, sheet)
        count = 0 if sentence else ready(self.asked, sheet, self._given(sheet))
        last = FIRST_ROW + max(count, 1) - 1
        ws = self.sheet(sheet, [column.width for column in columns], last)
        ws.freeze_panes = f"C{FIRST_ROW}"
        reach = f"A1:{letter(len(columns))}{last}"
        if sentence:
            self.streams[ws.title] = (self._closed(ws, columns, sentence), reach)
            return
        self.attention(ws, last)
        self.checked[sheet] = last
        self._choices(ws, columns, last)
        self.streams[ws.title] = (self._row_lines(ws, sheet, columns, last), reach)

    def _given(self, sheet: str) -> list[str]:
        source = self.returned or self.asked
        return [row.row_id for row in (source.contacts if sheet == CONTACTS else source.charges)]

    def _noted(self, column: Column) -> str:
        words = [self.said(N_("Needed."))] if column.needed else []
        return " ".join([*words, *([self.said(column.note)] if column.note else [])])

    def _closed(self, ws: Any, columns: list[Column], sentence: str) -> Iterator[Line]:
        yield from self.heads(ws, columns)
        yield FIRST_ROW, [self.cell(ws, FIRST_ROW, 2, self.said(sentence), "quiet")]

    def _row_lines(self, ws: Any, sheet: str, columns: list[Column], last: int) -> Iterator[Line]:
        yield from self.heads(ws, columns)
        letters = {column.code: letter(n) for n, column in enumerate(columns, start=1)}
        check = RowCheck(self.asked, self.language, letters, self.lists)
        formula = check.contacts() if sheet == CONTACTS else check.charges()
        following, first = _Shared(0), _Shared(0, f"B{FIRST_ROW}:B{last}", formula)
        words = {key: _words(self.asked, listed, key) for key, listed in self.lists.items()}
        faults: dict[str, list[Fault]] = {}
        for fault in self.faults:
            if fault.row_id:
                faults.setdefault(fault.row_id, []).append(fault)
        filled = columns[2:]
        for place, (row_id, values) in enumerate(self.lines(sheet), start=FIRST_ROW):
            if not row_id:
                stands = self.cell(ws, place, 2, self.said(N_("Stands already; not shown here")), "locked")
                yield place, [stands, *(self.cell(ws, place, n, "", "locked") for n in range(3, len(columns) + 1))]
                continue
            cells = [self.cell(ws, place, 1, row_id, "code")]
            cells.append(self.formula(ws, place, 2, first if place == FIRST_ROW else following, "check"))
            wrong = {fault.column: fault for fault in reversed(faults.get(row_id, ()))}
            for n, column in enumerate(filled, start=3):
                value = values.get(column.code)
                if value is not None and column.code != "code":
                    value = words.get(key_of(column), {}).get(value, value) if isinstance(value, str) else value
                kind = column.kind if column.kind in FORMATS else "text"
                fault = wrong.get(column.code)
                if fault is not None:
                    cells.append(self.marked(ws, place, n, fault.wrote if value is None else value, kind, fault))
                else:
                    cells.append(self.cell(ws, place, n, value, f"white_{kind}"))
            yield place, cells

    def _choices(self, ws: Any, columns: list[Column], last: int) -> None:
        """Dropdowns from the ranges of *Lists*, and what a day and a time look like."""
        for number, column in enumerate(columns[2:], start=3):
            listed = self.lists.get(key_of(column))
            if listed is not None and (column.kind == "choice" or column.from_site):
                rule = DataValidation("list", formula1=listed.offered(self.titles[LISTS]), allow_blank=True)
                rule.showErrorMessage = False  # the Row check says it in words, and another language is understood too
            elif column.kind in ("day", "time"):
                rule = DataValidation(type="date" if column.kind == "day" else "time", operator="greaterThanOrEqual")
                rule.formula1 = "0"
                rule.showErrorMessage, rule.showInputMessage = False, True
                rule.prompt = self.said(N_("Such as 2017-10-10.") if column.kind == "day" else N_("Such as 21:30."))
            else:
                continue
            rule.add(f"{letter(number)}{FIRST_ROW}:{letter(number)}{last}")
            ws.add_data_validation(rule)

    # what answers a faulty return

    def marked(self, ws: Any, row: int, column: int, value: Any, kind: str, fault: Fault) -> Cell:
        cell = self.cell(ws, row, column, value, f"marked_{kind}")
        cell.comment = _note(" ".join(self.problem(fault)))
        return cell

    def problem(self, fault: Fault) -> tuple[str, str]:
        """What is wrong and how to fix it, in words."""
        params = {name: said_in(v, self.language) if isinstance(v, str) else v for name, v in fault.params.items()}
        message, fix = said_in(fault.message, self.language), said_in(fault.fix, self.language)
        return (message % params, fix % params) if params else (message, fix)

    def _to_fix(self, ws: Any) -> None:
        columns = [
            Column(return_rules.ROW_ID, "", width=4),
            self.column("where", N_("Cell"), 16),
            self.column("wrote", N_("What was written"), 28),
            self.column("problem", N_("What is wrong"), 46),
            self.column("fix", N_("How to fix it"), 46),
            self.column("must", N_("Must or check"), 16,
                        note=N_("Must: it is not taken until it is fixed. Check: it is taken; look at it once more.")),
        ]  # fmt: skip
        last = LABELS_ROW + 1 + len(self.faults[: start_rules.MOST_FAULTS])
        self.sheet(ws.title, [column.width for column in columns], last)
        ws.freeze_panes = f"B{LABELS_ROW + 1}"
        self.streams[ws.title] = (self._fix_lines(ws, columns), f"A1:F{last}")

    def _fix_lines(self, ws: Any, columns: list[Column]) -> Iterator[Line]:
        heads = list(self.heads(ws, columns))[-1]
        must = len([fault for fault in self.faults if fault.must])
        ws.row_dimensions[CODES_ROW].hidden = False
        ws.row_dimensions[CODES_ROW].height = 44
        words = start_rules.summary(must, len(self.faults) - must, self.language)
        yield CODES_ROW, [self.cell(ws, CODES_ROW, 2, words, "title")]
        yield heads
        places = self.places()
        for row, fault in enumerate(self.faults[: start_rules.MOST_FAULTS], start=LABELS_ROW + 1):
            problem, fix = self.problem(fault)
            place = places.get((fault.sheet, fault.name)) or self.place(fault)
            title = self.titles.get(fault.sheet, fault.sheet)
            where = self.cell(ws, row, 2, f"{title} {place or fault.cell}".strip(), "link" if place else "plain")
            if place:
                where.hyperlink = Hyperlink(ref=f"B{row}", location=f"{quoted(title)}!{place}")
            kind = self.said(N_("Must") if fault.must else N_("Check"))
            texts = (clean(fault.wrote)[:300], problem, fix, kind)
            ws.row_dimensions[row].height = LINE * max(
                1, *(_lines(t, columns[n].width) for n, t in enumerate(texts, 2))
            )
            yield row, [where, *(self.cell(ws, row, n, text, "plain") for n, text in enumerate(texts, start=3))]

    def places(self) -> dict[tuple[str, str], str]:
        """Sheet and name of a cell of totals → where it stands here."""
        found = {}
        for sheet, rows, measures in (
            (TOTALS, self.asked.totals, self.asked.measures),
            (REFERRALS, self.asked.referrals, return_rules.REFERRAL_MEASURES),
        ):
            at = {code: letter(n) for n, code in enumerate(measures, start=4)} | {"once": letter(4)}
            for place, row in self.places_of_totals(rows):
                for code, name in row.cells.items() if row else ():
                    if name:
                        found[sheet, name] = f"{at[code]}{place}"
        return found

    def place(self, fault: Fault) -> str:
        """Where a row's cell stands here; '' when it is nowhere."""
        if fault.row_id and fault.sheet in COLUMNS and not start_rules.why_closed(self.asked, fault.sheet):
            codes = [column.code for column in COLUMNS[fault.sheet]]
            at = codes.index(fault.column) + 3 if fault.column in codes else 3
            return f"{letter(at)}{FIRST_ROW + place_of(fault.row_id) - 1}"
        return ""

    # start, lists, meta

    def _start(self) -> None:
        lines = start_rules.lines(self.asked, {self.titles[s]: last for s, last in self.checked.items() if last})
        ws = self.sheet(START, [10, 62, 62], len(lines) + 1, landscape=False)
        ws.page_setup.fitToHeight = 1
        sign = next(number for number, line in enumerate(lines, start=1) if line.row_id == return_rules.SIGN_YES)
        choice = DataValidation(
            "list", formula1=self.lists["yes_no"].offered(self.titles[LISTS]), showErrorMessage=False
        )
        choice.add(f"{letter(ANSWER_COLUMN)}{sign}")
        ws.add_data_validation(choice)
        self.streams[ws.title] = (self._start_lines(ws, lines), f"A1:C{len(lines)}")

    def _start_lines(self, ws: Any, lines: Sequence[start_rules.Line]) -> Iterator[Line]:
        signer = self.returned.signer if self.returned else ""
        answers = {
            return_rules.SIGN_NAME: signer,
            return_rules.SIGN_YES: self.said(dict(return_rules.YES_NO)[return_rules.YES]) if signer else "",
        }
        for row, line in enumerate(lines, start=1):
            ws.row_dimensions[row].height = (
                26 if line.look == "title" else LINE * max(_lines(line.en, 60), _lines(line.fr, 60)) + 3
            )
            cells = [self.cell(ws, row, 1, line.row_id, "code")]
            for column, words in ((2, line.en), (3, line.fr)):
                if words.startswith("=") and line.look == "live":
                    cells.append(self.formula(ws, row, column, words, line.look))
                elif column == ANSWER_COLUMN and line.row_id:
                    cells.append(self.cell(ws, row, column, answers[line.row_id], "white_text"))
                else:
                    cells.append(self.cell(ws, row, column, words, line.look))
            yield row, cells

    def _listed(self) -> None:
        longest = max(len(listed.words) + len(listed.understood) for listed in self.lists.values())
        widths = [30.0] * len(self.lists)
        ws = self.sheet(LISTS, widths, FIRST_ROW + longest)
        ws.column_dimensions["A"].hidden = False
        ws.print_area = None
        self.streams[ws.title] = (self._list_lines(ws, longest), f"A1:{letter(len(self.lists))}{FIRST_ROW + longest}")
        ws.freeze_panes = f"A{FIRST_ROW}"
        for one in self.lists.values():
            self.book.defined_names[one.name] = DefinedName(one.name, attr_text=one.known(self.titles[LISTS]))

    def _list_lines(self, ws: Any, longest: int) -> Iterator[Line]:
        every: list[Listed] = list(self.lists.values())
        ws.row_dimensions[CODES_ROW].hidden = True
        yield CODES_ROW, [self.cell(ws, CODES_ROW, one.place, one.key, "code") for one in every]
        yield LABELS_ROW, [self.cell(ws, LABELS_ROW, one.place, one.label, "head") for one in every]
        for row in range(longest):
            cells = []
            for one in every:
                if row < len(one.words):
                    cells.append(self.cell(ws, FIRST_ROW + row, one.place, one.words[row], "label"))
                elif row < len(one.words) + len(one.understood):
                    words = one.understood[row - len(one.words)]
                    cells.append(self.cell(ws, FIRST_ROW + row, one.place, words, "code"))
            yield FIRST_ROW + row, cells

    def _meta(self) -> None:
        ws = self.book[META_TITLE]
        ws.sheet_state = "veryHidden"
        ws.protection.sheet = True
        pairs = [("program", return_rules.PROGRAM), *((n, str(v)) for n, v in vars(self.asked.meta).items())]

        def lines() -> Iterator[Line]:
            for row, (name, value) in enumerate(pairs, start=1):
                yield row, [self.cell(ws, row, 1, name, "code"), self.cell(ws, row, 2, value, "code")]

        self.streams[META_TITLE] = (lines(), f"A1:B{len(pairs)}")


def _words(asked: Asked, listed: Listed, key: str) -> dict[str, str]:
    """Code → word of one list."""
    if key == return_rules.OFFENCES:
        return dict(zip((code for code, *_ in asked.choices.offences), listed.words, strict=True))
    codes = listed.understood[len(listed.words) :]
    return dict(zip(codes, listed.words, strict=False))


def _note(words: str) -> Comment:
    return Comment(clean(words), return_rules.PROGRAM, height=40 + 18 * _lines(words, 40), width=280)


def _lines(words: str, width: float) -> int:
    """Lines that ``words`` take in a column of ``width`` characters, words kept whole."""
    lines, used = 1, 0
    for word in words.split():
        if used and used + 1 + len(word) > width:
            lines, used = lines + 1, 0
        used += len(word) + (1 if used else 0)
        while used > width:
            lines, used = lines + 1, used - int(width)
    return lines
