"""Writes a ``Book`` as an Excel file: the one module of the room that knows openpyxl.

Here belong cells, tables, charts, print set-up and accessibility; nothing about figures. Text never becomes a formula:
every ``str`` is stored as a string, marked as text for whoever edits it, without control characters.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
from copy import copy
from typing import TYPE_CHECKING, Any

from .book import (
    SYMBOL_NOT_APPLICABLE,
    SYMBOL_NOT_RECEIVED,
    SYMBOL_WITHHELD,
    AllDifferences,
    At,
    Book,
    Cell,
    Chart,
    Difference,
    Formula,
    Link,
    Named,
    Share,
    Sheet,
    SumOf,
)

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

SPRUCE, HEAT_1, HEAT_3, RULE, INK = "0E5552", "E2EEEA", "93C5BD", "767676", "17262B"
NUMBER, ONE_PLACE, PERCENT, DAY, MOMENT = "#,##0", "#,##0.0", "0%", "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
POINTS, LINE = 11, 15.5
_LONGEST, _LONGEST_FOOTER = 32_767, 150  # Excel repairs a file with more than 255 in a footer, page and all
_LONG_TABLE = 24  # rows after which a chart no longer stands whole on the same page
_STARTS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "﹣", "＠", "−")


def write(book: Book) -> bytes:
    """The file's bytes."""
    from openpyxl import Workbook
    from openpyxl.workbook.defined_name import DefinedName

    made = Workbook()
    made.remove(made.active)  # type: ignore[arg-type]  # a new workbook has one sheet
    _describe(made, book)
    for sheet in book.sheets:
        made.create_sheet(clean(sheet.title))
    for number, sheet in enumerate(book.sheets, start=1):
        _sheet(made[clean(sheet.title)], sheet, book, number)
    for name, (code, row, column) in book.names.items():
        made.defined_names[name] = DefinedName(name, attr_text=_place(book, code, row, column))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def clean(text: str) -> str:
    """``text`` without what an XML file or a screen reader cannot carry: controls, lone surrogates, text direction."""
    if text.isprintable():  # nearly always
        return text[:_LONGEST]
    kept = re.sub(r"[\t\r\n\x0b\x0c\x85\u2028\u2029]+", " ", text)
    kept = "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cs") and not _nothing(c) and not _turns(c))
    return kept[:_LONGEST]


def _nothing(character: str) -> bool:
    """Whether the code point is for ever no character."""
    return ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF


def _turns(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def _describe(made: Workbook, book: Book) -> None:
    about = made.properties
    about.title, about.subject, about.language = clean(book.title), clean(book.subject), book.language
    about.creator, about.lastModifiedBy = "Outreach", "Outreach"
    about.created = about.modified = book.made_at.astimezone(dt.UTC).replace(tzinfo=None)
    made.calculation.fullCalcOnLoad = True


def _place(book: Book, code: str, row: int, column: int) -> str:
    return f"{_quoted(_by_code(book, code))}!${_letter(column)}${row}"


def _by_code(book: Book, code: str) -> Sheet:
    return next(sheet for sheet in book.sheets if sheet.code == code)


def _quoted(sheet: Sheet) -> str:
    from openpyxl.utils import quote_sheetname

    return quote_sheetname(clean(sheet.title))


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(column)


# Cells ----------------------------------------------------------------------------------------------------------------


def _put(ws: Worksheet, row: int, column: int, value: Cell, book: Book, moment: str = MOMENT) -> Any:
    """Write one cell and give it its format."""
    cell: Any = ws.cell(row, column)
    if value is None:
        return cell
    if isinstance(value, str):
        _text(cell, value)
    elif isinstance(value, Share):
        cell.value, cell.number_format = value.value, PERCENT
    elif isinstance(value, dt.datetime):
        cell.value, cell.number_format = value.replace(tzinfo=None, microsecond=0), moment
    elif isinstance(value, dt.date):
        cell.value, cell.number_format = value, DAY
    elif isinstance(value, (int, float)):
        cell.value, cell.number_format = value, NUMBER if isinstance(value, int) else ONE_PLACE
    elif isinstance(value, Link):
        _link(cell, value, book)
    else:
        cell.value, cell.number_format = _formula(value, row, column, book), NUMBER
    return cell


def _text(cell: Any, text: str) -> None:
    text = clean(text)
    cell.value = text
    cell.data_type = "s"
    if text.startswith(_STARTS_FORMULA):
        cell.quotePrefix = True


def _link(cell: Any, link: Link, book: Book) -> None:
    from openpyxl.styles import Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    _text(cell, link.text)
    target = f"{_quoted(_by_code(book, link.sheet))}!A1"
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=target, display=clean(link.text))
    cell.font = Font(name="Calibri", size=POINTS, color=SPRUCE, underline="single")


def _formula(value: Formula, row: int, column: int, book: Book) -> str:
    if isinstance(value, Named):
        return f"={value.name}"
    if isinstance(value, Difference):
        return f"={_letter(column - 1)}{row}-{_letter(column - 2)}{row}"
    if isinstance(value, At):
        return f"={_cell(book, value)}"
    if isinstance(value, AllDifferences):
        last = max(_by_code(book, value.sheet).last_row, row + 1)
        return f"=SUMPRODUCT(ABS({_letter(column)}{row + 1}:{_letter(column)}{last}))"
    sheet = _by_code(book, value.sheet)
    if isinstance(value, SumOf):
        return f"=SUM({','.join(_reach(sheet, column, value.first, value.last) for column in value.columns)})"
    return f"=SUMIF({_reach(sheet, value.where)},{_cell(book, value.same)},{_reach(sheet, value.column)})"


def _cell(book: Book, place: At) -> str:
    sheet = _by_code(book, place.sheet)
    return f"{_quoted(sheet)}!${_letter(place.column + 1)}${sheet.first_row + place.row}"


def _reach(sheet: Sheet, column: int, first: int = 0, last: int | None = None) -> str:
    """One column of a table from row ``first`` to ``last``, both from 0."""
    letter, end = _letter(column + 1), sheet.last_row if last is None else sheet.first_row + last
    return f"{_quoted(sheet)}!${letter}${sheet.first_row + first}:${letter}${end}"


# A sheet --------------------------------------------------------------------------------------------------------------


def _sheet(ws: Worksheet, sheet: Sheet, book: Book, number: int) -> None:
    from openpyxl.styles import Alignment, Font

    for row, cells in enumerate(sheet.heading, start=1):
        for column, value in enumerate(cells, start=1):
            cell = _put(ws, row, column, value, book, sheet.moment)
            cell.font = Font(name="Calibri", size=16 if row == 1 else POINTS, bold=row == 1, color=INK)
            cell.alignment = Alignment(horizontal="left", vertical="center")
        ws.row_dimensions[row].height = 24 if row == 1 else LINE
    _header(ws, sheet, book)
    numbers, styles = _number_columns(sheet), {}
    for row, cells in enumerate(sheet.rows, start=sheet.first_row):
        for column, value in enumerate(cells, start=1):
            cell = _put(ws, row, column, value, book)
            key = (column, cell.number_format, cell.quotePrefix, isinstance(value, Link))
            if key not in styles:  # finding out that two alignments are one takes longer than all the rest
                cell.alignment = Alignment(
                    horizontal="right" if column in numbers else "left",
                    vertical="center",
                    indent=0 if column in numbers or column == 1 else 1,
                    wrap_text=sheet.columns[column - 1].wraps,
                )
                styles[key] = cell._style
            cell._style = copy(styles[key])
        ws.row_dimensions[row].height = _height(sheet, cells) + (3 if row == sheet.first_row else 0)
    _table(ws, sheet, number, working=book.working)
    _heat(ws, sheet)
    after = sheet.last_row + 2
    for chart in sheet.charts:
        after = _chart(ws, chart, book, after)
    _print(ws, sheet, book, after)


def _number_columns(sheet: Sheet) -> set[int]:
    """Columns (from 1, never the first) with nothing but numbers, dates and the symbols in their place."""
    symbols = (SYMBOL_NOT_RECEIVED, SYMBOL_NOT_APPLICABLE, SYMBOL_WITHHELD)
    return {
        column
        for column in range(2, len(sheet.columns) + 1)
        if all(not isinstance(row[column - 1], (str, Link)) or row[column - 1] in symbols for row in sheet.rows)
    }


def _header(ws: Worksheet, sheet: Sheet, book: Book) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    numbers = _number_columns(sheet)
    for column, about in enumerate(sheet.columns, start=1):
        cell = _put(ws, sheet.header_row, column, about.title, book)
        cell.font = Font(name="Calibri", size=POINTS, bold=True, color=INK)
        cell.fill = PatternFill("solid", start_color=HEAT_1)
        cell.border = Border(bottom=Side("medium", color=SPRUCE))
        cell.alignment = Alignment(
            horizontal="right" if column in numbers else "left",
            vertical="bottom",
            indent=2 if column in numbers else 0 if column == 1 else 1,  # the filter button stands at the right
            wrap_text=True,
        )
        ws.column_dimensions[_letter(column)].width = about.width
    lines = max(_lines(about.title, about.width - 3) for about in sheet.columns)
    ws.row_dimensions[sheet.header_row].height = LINE * lines + 3


def _height(sheet: Sheet, cells: list[Cell]) -> float:
    """Points that a row takes with its wrapped columns: not every program works that out on opening."""
    lines = [
        _lines(value.text if isinstance(value, Link) else value, about.width * 1.12)
        for about, value in zip(sheet.columns, cells, strict=True)
        if about.wraps and isinstance(value, (str, Link))
    ]
    return LINE + (max(lines, default=1) - 1) * 14


def _lines(text: str, width: float) -> int:
    """Lines that ``text`` takes in a column of ``width`` characters, words kept whole."""
    lines, used = 1, 0
    for word in text.split():
        if used and used + 1 + len(word) > width:
            lines, used = lines + 1, 0
        used += len(word) + (1 if used else 0)
    return lines


def _table(ws: Worksheet, sheet: Sheet, number: int, *, working: bool) -> None:
    from openpyxl.worksheet.table import Table, TableStyleInfo

    reach = f"A{sheet.header_row}:{_letter(len(sheet.columns))}{sheet.last_row}"
    table = Table(id=number, displayName=sheet.table, name=sheet.table, ref=reach)
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    if working:
        ws.freeze_panes = ws.cell(sheet.first_row, 2)
    else:  # left to itself, openpyxl adds the filter together with the columns
        table._initialise_columns()
        table.autoFilter = None
        for column, about in zip(table.tableColumns, sheet.columns, strict=True):
            column.name = clean(about.title)
    ws.add_table(table)


def _heat(ws: Worksheet, sheet: Sheet) -> None:
    from openpyxl.formatting.rule import ColorScaleRule

    for column, about in enumerate(sheet.columns, start=1):
        if about.heat:
            reach = f"{_letter(column)}{sheet.first_row}:{_letter(column)}{sheet.last_row}"
            ws.conditional_formatting.add(
                reach, ColorScaleRule(start_type="min", start_color="FFFFFF", end_type="max", end_color=HEAT_3)
            )


def _print(ws: Worksheet, sheet: Sheet, book: Book, after: int) -> None:
    from openpyxl.worksheet.pagebreak import Break

    ws.sheet_view.showGridLines = False
    ws.page_setup.paperSize = 1  # Letter
    ws.page_setup.orientation = "landscape" if sheet.landscape else "portrait"
    ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = 1, 1 if sheet.one_page else 0
    ws.sheet_properties.pageSetUpPr.fitToPage = True
    for side in ("left", "right", "top"):
        setattr(ws.page_margins, side, 0.55)
    ws.page_margins.bottom = 0.75
    printed = max((n for n, about in enumerate(sheet.columns, start=1) if about.printed), default=1)
    last = after if sheet.charts else min(sheet.last_row, sheet.header_row + (sheet.printed_rows or len(sheet.rows)))
    ws.print_area = f"A1:{_letter(printed)}{last}"
    if sheet.charts and sheet.last_row > _LONG_TABLE and not sheet.one_page:
        ws.row_breaks.append(Break(id=sheet.last_row))  # a chart is not cut in two by the end of the page
    ws.print_title_rows = f"{sheet.header_row}:{sheet.header_row}"
    page = book.page % {"page": "&P", "pages": "&N"}
    ws.oddFooter.left.text, ws.oddFooter.right.text = clean(book.footer)[:_LONGEST_FOOTER].replace("&", "&&"), page
    ws.oddFooter.left.size = ws.oddFooter.right.size = POINTS


# Charts ---------------------------------------------------------------------------------------------------------------


def _chart(ws: Worksheet, about: Chart, book: Book, row: int) -> int:
    """Draw the chart at ``row``; the first row below it."""
    from openpyxl.chart import BarChart, Reference, Series
    from openpyxl.chart.data_source import AxDataSource, NumDataSource, NumRef, StrRef
    from openpyxl.chart.shapes import GraphicalProperties

    sheet = _by_code(book, about.sheet)

    def reach(column: int) -> str:
        return _reach(sheet, column, about.first, about.last)

    chart: Any = BarChart()
    chart.type = "col" if about.upright else "bar"
    series: Any = Series(Reference(ws, min_col=1, min_row=1), title=clean(sheet.columns[about.values].title))
    series.val = NumDataSource(numRef=NumRef(f=reach(about.values)))
    labels = reach(about.labels)
    series.cat = AxDataSource(numRef=NumRef(f=labels)) if about.dates else AxDataSource(strRef=StrRef(f=labels))
    series.graphicalProperties = GraphicalProperties(solidFill=SPRUCE)
    series.invertIfNegative = False
    chart.series.append(series)
    chart.gapWidth, chart.legend, chart.display_blanks = 40, None, "gap"
    chart.width, chart.height = about.width_cm, about.height_cm
    _words(chart, about)
    chart.anchor = _anchor(about, row)
    ws.add_chart(chart)
    return row + int(about.height_cm / 0.53) + 2


def _words(chart: Any, about: Chart) -> None:
    """Title, axis labels and a value on every bar, none smaller than 11 points."""
    from openpyxl.chart.label import DataLabelList
    from openpyxl.chart.shapes import GraphicalProperties
    from openpyxl.chart.text import RichText
    from openpyxl.chart.title import Title
    from openpyxl.drawing.line import LineProperties
    from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun

    def size(points: int, bold: bool = False) -> Any:
        return CharacterProperties(sz=points * 100, b=bold, solidFill=INK)

    def plain() -> Any:
        return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=size(POINTS)), endParaRPr=size(POINTS))])

    title = Title(overlay=False)
    title.tx = _rich(
        Paragraph(
            pPr=ParagraphProperties(defRPr=size(12, True)), r=[RegularTextRun(rPr=size(12, True), t=clean(about.title))]
        )
    )
    chart.title = title
    chart.x_axis.delete, chart.y_axis.delete = False, True
    chart.x_axis.txPr, chart.y_axis.majorGridlines = plain(), None
    chart.x_axis.tickLblSkip = 1  # every bar has its name
    chart.x_axis.number_format, chart.x_axis.majorTickMark = DAY, "none"
    chart.x_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=RULE))
    chart.y_axis.scaling.min = 0
    if not about.upright:
        chart.x_axis.scaling.orientation = "maxMin"
    chart.dataLabels = DataLabelList(
        showVal=True, showSerName=False, showCatName=False, showLegendKey=False, showPercent=False, showBubbleSize=False
    )
    chart.dataLabels.txPr, chart.dataLabels.numFmt = plain(), NUMBER


def _rich(paragraph: Any) -> Any:
    from openpyxl.chart.text import RichText, Text

    return Text(rich=RichText(p=[paragraph]))


def _anchor(about: Chart, row: int) -> Any:
    """Where the chart stands. openpyxl makes the frame itself and knows no alternative text, so the anchor adds it."""
    from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
    from openpyxl.drawing.xdr import XDRPositiveSize2D
    from openpyxl.utils.units import cm_to_EMU

    alt, title = clean(about.alt), clean(about.title)

    class Described(OneCellAnchor):
        __elements__ = OneCellAnchor.__elements__  # the package forgets what a subclass does not repeat

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "graphicFrame" and value is not None:
                value.nvGraphicFramePr.cNvPr.descr, value.nvGraphicFramePr.cNvPr.title = alt, title
            super().__setattr__(name, value)

    extent = XDRPositiveSize2D(cm_to_EMU(about.width_cm), cm_to_EMU(about.height_cm))
    return Described(_from=AnchorMarker(col=0, row=row - 1, colOff=36_000), ext=extent)
