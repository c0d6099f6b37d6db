"""What every sheet of a return workbook looks like, and how its rows are streamed into the archive.

Here belong looks, cells, protection, panes and print set-up; nothing of what a return says. Rows are written one by
one, so that 100,000 of them need little memory and no file beside the one that is written. Text is always text; nothing
becomes a formula.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.formatting.rule import CellIsRule, FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.dimensions import SheetDimension
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.writer.excel import ExcelWriter

from outreach.errors import N_
from outreach.plan.workbook_rules import said_in

from .. import return_rules
from ..return_rules import CODES_ROW, FIRST_ROW, LABELS_ROW, TITLES, Column
from ..row_check_rules import OK, letter

INK, INK2, SPRUCE, PAPER, SUNK, WHITE, RULE = "17262B", "47565A", "0E5552", "F7F4EE", "EDE8DD", "FFFFFF", "B9B1A0"
HEAT, OVER, TINT = "E2EEEA", "8A4600", "FBEBD9"
FONT, POINTS, LINE = "Calibri", 11, 15.5
DAY, TIME, NUMBER, TEXT = "yyyy-mm-dd", "hh:mm", "0", "@"
FORMATS = {"day": DAY, "time": TIME, "number": NUMBER}
_LONGEST = 32_767

Line = tuple[int, list[Cell]]


# --- a file whose rows are streamed -----------------------------------------------------------------------------------


class Shared(ArrayFormula):
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


def styles(ws: Any) -> dict[str, Any]:
    """Every look of a cell by name, made once: finding out that two are alike takes longer than all the rest."""
    thin = Side("thin", color=RULE)
    box = Border(left=thin, right=thin, top=thin, bottom=thin)
    under, low = Border(bottom=Side("medium", color=SPRUCE)), Alignment(vertical="bottom", wrap_text=True)
    right = Alignment(horizontal="right", vertical="bottom", wrap_text=True)
    marked = Border(*(Side("medium", color=OVER),) * 4)
    fitted = Alignment(vertical="center", shrink_to_fit=True)
    middle, wrapped = Alignment(vertical="center"), Alignment(vertical="center", wrap_text=True)
    looks = {
        "paper": (INK, PAPER, None, middle, "General"),
        "title": (SPRUCE, PAPER, None, wrapped, TEXT),
        "strong": (INK, PAPER, None, wrapped, TEXT),
        "prose": (INK, PAPER, None, Alignment(vertical="top", wrap_text=True), TEXT),
        "quiet": (INK2, PAPER, None, Alignment(vertical="top", wrap_text=True), TEXT),
        "live": (INK, PAPER, None, middle, "General"),
        "banner": (SPRUCE, PAPER, None, middle, TEXT),
        "must": (OVER, TINT, box, Alignment(vertical="top"), TEXT),
        "head": (INK, HEAT, under, low, TEXT),
        "needed": (SPRUCE, HEAT, under, low, TEXT),
        "head_number": (INK, HEAT, under, right, TEXT),
        "locked": (INK2, SUNK, box, middle, TEXT),
        "locked_day": (INK, SUNK, box, Alignment(horizontal="left", vertical="center"), DAY),
        "label": (INK, SUNK, box, middle, TEXT),
        "check": (SPRUCE, SUNK, box, fitted, "General"),
        "code": (INK2, PAPER, None, middle, TEXT),
        "link": (SPRUCE, WHITE, box, Alignment(vertical="top"), TEXT),
        "plain": (INK, WHITE, box, Alignment(vertical="top", wrap_text=True), TEXT),
    }  # fmt: skip
    found: dict[str, Any] = {}
    for name, (ink, fill, border, alignment, number_format) in looks.items():
        size = 16 if name == "title" else 13 if name == "banner" else POINTS
        bold = name in ("title", "strong", "head", "needed", "head_number", "live", "banner", "must")
        found[name] = _style(ws, ink, fill, border, alignment, number_format, size, bold, name == "link")
    for kind, number_format in (("text", TEXT), *FORMATS.items(), ("any", "General")):
        side = "left" if kind in ("text", "day", "time") else "right"
        for name, border, fill in ((f"white_{kind}", box, WHITE), (f"marked_{kind}", marked, TINT)):
            placed = Alignment(horizontal=side, vertical="center", shrink_to_fit=kind == "text")
            style = _style(ws, INK, fill, border, placed, number_format)
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


def note(words: str) -> Comment:
    return Comment(clean(words), return_rules.PROGRAM, height=40 + 18 * lines_in(words, 40), width=280)


def lines_in(words: str, width: float) -> int:
    """Lines that ``words`` take in a column of ``width`` characters, words kept whole."""
    lines, used = 1, 0
    for word in words.split():
        if used and used + 1 + len(word) > width:
            lines, used = lines + 1, 0
        used += len(word) + (1 if used else 0)
        while used > width:
            lines, used = lines + 1, used - int(width)
    return lines


# --- the sheets -------------------------------------------------------------------------------------------------------


class Paper:
    """A workbook in one language whose sheets are streamed. ``stamp`` stands in the footer of each."""

    def __init__(self, language: str, stamp: str) -> None:
        self.language, self.stamp = language, stamp
        self.book = Workbook()
        self.book.remove(self.book.active)
        self.titles = {sheet: self.said(title) for sheet, title in TITLES.items()}
        self.streams: dict[str, tuple[Iterable[Line], str]] = {}
        self.looks: dict[str, Any] = {}

    def said(self, words: str, **params: Any) -> str:
        return said_in(words, self.language) % params if params else said_in(words, self.language)

    def create(self, titles: Sequence[str]) -> None:
        for title in titles:
            self.book.create_sheet(title)
        self.looks = styles(self.book.worksheets[0])

    def write(self, target: Any, title: str, subject: str) -> None:
        about = self.book.properties
        about.title, about.subject, about.language = clean(title), clean(subject), self.language
        about.creator = about.lastModifiedBy = return_rules.PROGRAM
        self.book.calculation.fullCalcOnLoad = True
        self.book.security = WorkbookProtection(lockStructure=True)  # no password: it prevents accidents
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            _Archive(self.book, archive, self.streams).write_data()

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
        ws.oddFooter.left.text = clean(self.stamp)[:120].replace("&", "&&")
        ws.oddFooter.right.text = self.said(N_("Page %(page)s of %(pages)s"), page="&P", pages="&N")
        return ws

    def heads(self, ws: Any, columns: Sequence[Column]) -> Iterator[Line]:
        """The hidden codes and the words of the columns, with their notes."""
        ws.row_dimensions[CODES_ROW].hidden = True
        ws.row_dimensions[LABELS_ROW].height = LINE * max(lines_in(c.label, c.width) for c in columns) + 4
        ws.print_title_rows = f"{LABELS_ROW}:{LABELS_ROW}"
        yield CODES_ROW, [self.cell(ws, CODES_ROW, n, c.code, "code") for n, c in enumerate(columns, start=1)]
        made = []
        for number, column in enumerate(columns, start=1):
            look = "needed" if column.needed else "head_number" if column.kind == "number" else "head"
            cell = self.cell(ws, LABELS_ROW, number, column.label, look)
            if column.note:
                cell.comment = note(column.note)
            made.append(cell)
        yield LABELS_ROW, made

    def column(self, code: str, label: str, width: int, kind: str = "text", note: str = "") -> Column:
        return Column(code, self.said(label), kind, width=width, note=self.said(note) if note else "")

    def ours(self, *, check: int = 46) -> list[Column]:
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
