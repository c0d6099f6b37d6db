"""Return workbooks as they come back, without a database: one service, one week. All invented."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from openpyxl import load_workbook

from outreach.returns import return_rules as book
from outreach.returns import workbook, workbook_file, workbook_reader
from outreach.returns.return_rules import Asked, Meta, Returned, TotalRow
from outreach.returns.return_sheet_rules import SheetRead

DAYS = tuple(dt.date(2017, 10, 9) + dt.timedelta(days=n) for n in range(7))
TODAY = dt.date(2017, 11, 6)
MEASURES = ("contacts", "persons_met", "kits_handed_out", "charges")
OFFENCES = (
    ("cc-279.01(1)", "279.01(1) Trafficking in persons", "279.01(1) Traite des personnes"),
    ("cc-279.011(1)", "279.011(1) Trafficking, under 18", "279.011(1) Traite, moins de 18 ans"),
    ("cc-286.1(1)", "286.1(1) Obtaining sexual services", "286.1(1) Obtention de services sexuels"),
)
TOWNS = ("Windsor", "Chatham-Kent", "Saint-Léon")


def mark(text: str, scope: str) -> str:
    """As ``storage.keys.Keys.mark``, under a key of tests."""
    return hmac.new(b"tests", f"{scope}\0{text}".encode(), hashlib.sha256).hexdigest()


def stamp(**changes: Any) -> Meta:
    meta = Meta(3, "ONS-1", 7, "Alder Bay Police Service", book.TEMPLATE, 2, "en", "2017-10-09T12:00:00Z")
    meta = replace(meta, **changes)
    return replace(meta, signature=book.signature(meta, mark))


def asked(mode: str = "contacts", language: str = "en", *, police: bool = True, rows: int = 12) -> Asked:
    """What the service is asked: daily totals, or contacts one by one."""
    logs = mode == "contacts"
    measures = ("contacts", "charges") if logs else MEASURES
    daily = tuple(
        TotalRow(f"day-{day}", day, "", {m: f"cell-{m}-{day}" if m != "charges" or n else "" for m in measures})
        for n, day in enumerate(DAYS)
    )
    officers = {"en": "Personnel: Officer", "fr": "Personnel : Agent"}[language]
    once = (
        TotalRow("once-personnel-police", None, officers, {"once": "cell-personnel-window-police"}),
        TotalRow("once-persons_charged", None, "", {"once": "cell-persons_charged-window"}),
    )
    referrals = tuple(
        TotalRow(f"day-{day}", day, "", {m: f"cell-{m}-{day}" for m in book.REFERRAL_MEASURES}) for day in DAYS
    )
    return Asked(
        stamp(language=language),
        "Windsor-Essex",
        mode,
        police,
        "America/Toronto",
        DAYS,
        measures=measures,
        totals=(*daily, *once),
        referrals=() if logs else referrals,
        choices=book.Choices(OFFENCES, TOWNS),
        rows={book.CONTACTS: rows, book.CHARGES: rows},
    )


def numbered(wanted: Asked) -> Callable[[str], Iterator[tuple[str, Mapping[str, Any]]]]:
    """The rows that are ready, with their hidden numbers."""

    def lines(sheet: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        meta = wanted.meta
        for number in book.row_numbers(sheet, meta.operation, meta.service, wanted.rows[sheet], mark):
            yield number, {}

    return lines


def made(wanted: Asked) -> bytes:
    target = io.BytesIO()
    workbook.write_return(wanted, target, wanted.meta.language, numbered(wanted))
    return target.getvalue()


@lru_cache(maxsize=8)
def template(mode: str = "contacts", language: str = "en", *, police: bool = True) -> bytes:
    """The workbook that goes out, with twelve rows of each kind."""
    return made(asked(mode, language, police=police))


class Sent:
    """A workbook being filled in. Sheets by their code; columns by their hidden code."""

    def __init__(self, content: bytes | None = None, mode: str = "contacts", language: str = "en") -> None:
        self.file = load_workbook(io.BytesIO(content or template(mode, language)))
        order = (*book.TITLES, book.META)
        self.sheets = dict(zip(order, self.file.worksheets, strict=True))
        self.at = {
            code: {str(cell.value): cell.column for cell in sheet[book.CODES_ROW] if cell.value is not None}
            for code, sheet in self.sheets.items()
        }

    def cell(self, sheet: str, row: int, column: str) -> Any:
        return self.sheets[sheet].cell(row, self.at[sheet][column])

    def put(self, sheet: str, row: int, **values: Any) -> None:
        for column, value in values.items():
            self.cell(sheet, row, column).value = value

    def number(self, sheet: str, row: int) -> str:
        return str(self.cell(sheet, row, book.ROW_ID).value)

    def place(self, sheet: str, row: int, column: str) -> str:
        return str(self.cell(sheet, row, column).coordinate)

    def line(self, sheet: str, number: str) -> int:
        column = self.at[sheet][book.ROW_ID]
        rows = range(book.FIRST_ROW, self.sheets[sheet].max_row + 1)
        return next(row for row in rows if self.sheets[sheet].cell(row, column).value == number)

    def sign(self, name: Any, answer: Any) -> None:
        for row in self.sheets[book.START].iter_rows(max_col=1):
            if row[0].value in (book.SIGN_NAME, book.SIGN_YES):
                value = name if row[0].value == book.SIGN_NAME else answer
                self.sheets[book.START].cell(row[0].row, book.ANSWER_COLUMN).value = value

    def saved(self) -> bytes:
        target = io.BytesIO()
        self.file.save(target)
        return target.getvalue()


def sheets_of(content: bytes) -> list[SheetRead]:
    """Read in this process, without the limits: what is read is the same."""
    try:
        answer = workbook_reader.read(content)
    except workbook_reader.Refused as refused:
        answer = {"refused": refused.code, **refused.params}
    return workbook_file.book_of(answer)


def returned(sheets: list[SheetRead], wanted: Asked | None = None) -> Returned:
    return workbook_file.returned(sheets, mark, wanted or asked(), today=TODAY)


def read(content: bytes, wanted: Asked | None = None) -> Returned:
    return returned(sheets_of(content), wanted)
