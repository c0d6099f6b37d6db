"""What a workbook is made of, as plain values: sheets, columns, charts, names.

Here belongs the shape of the file, so that what stands in it can be said and tested without knowing how Excel writes
it. No openpyxl, no figures. A cell is ``None`` (empty), a number, a ``date``, an aware or naive ``datetime``, a ``str``
(text, always text), or one of the values below; only those may become a formula or a link.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

SYMBOL_NOT_RECEIVED = ".."
SYMBOL_NOT_APPLICABLE = "..."
SYMBOL_WITHHELD = "x"


@dataclass(frozen=True)
class Share:
    """A ratio, shown as a whole per cent."""

    value: float


@dataclass(frozen=True)
class Link:
    """Words that lead to another sheet of the same file."""

    text: str
    sheet: str


@dataclass(frozen=True)
class SumOf:
    """Formula: the sum of columns of another sheet's table, over the rows ``first`` to ``last`` (None: all of them)."""

    sheet: str
    columns: tuple[int, ...]
    first: int = 0
    last: int | None = None


@dataclass(frozen=True)
class SumWhere:
    """Formula: the sum of ``column`` of a sheet over the rows whose ``where`` holds what the cell ``same`` holds."""

    sheet: str
    column: int
    where: int
    same: At


@dataclass(frozen=True)
class At:
    """Formula: one cell of another sheet's table; row and column from 0, below the header."""

    sheet: str
    row: int
    column: int


@dataclass(frozen=True)
class Named:
    """Formula: the cell that a defined name points at."""

    name: str


@dataclass(frozen=True)
class Difference:
    """Formula: the column before this one less the one before that."""


@dataclass(frozen=True)
class AllDifferences:
    """Formula: all numbers below it in its column of ``sheet`` added up, whatever their sign."""

    sheet: str


Formula = SumOf | SumWhere | At | Named | Difference | AllDifferences
Cell = None | int | float | str | dt.date | dt.datetime | Share | Link | Formula


@dataclass(frozen=True)
class Column:
    """A column of a table. ``width`` in characters; ``heat``: colours beside the numbers; ``printed``: on paper too.

    ``code``: the measure whose figures stand in it, of personnel with the category after a slash; '' for none.
    """

    title: str
    width: float = 11
    heat: bool = False
    printed: bool = True
    wraps: bool = False
    code: str = ""


@dataclass(frozen=True)
class Chart:
    """Bars of one column of a table over the rows ``first`` to ``last`` (0 is the first below the header).

    ``upright``: columns instead of bars; ``dates``: its labels are dates. ``alt`` says the message and the figures in
    words.
    """

    title: str
    alt: str
    sheet: str
    labels: int
    values: int
    first: int
    last: int
    upright: bool = False
    dates: bool = False
    width_cm: float = 17
    height_cm: float = 7.5


@dataclass(frozen=True)
class Sheet:
    """One sheet with one table. With ``heading`` (four rows) the table starts at row 5, without it at row 1.

    ``code`` is the same in every language; ``title`` is the tab. ``moment`` is the number format of a time in the
    heading. ``keys`` say of each row what it is about: a service, a day, or both. ``printed_rows``: how many go on
    paper, None for all.
    """

    code: str
    title: str
    table: str
    columns: tuple[Column, ...]
    rows: list[list[Cell]]
    heading: tuple[tuple[Cell, ...], ...] = ()
    charts: tuple[Chart, ...] = ()
    landscape: bool = True
    one_page: bool = False
    moment: str = "yyyy-mm-dd hh:mm"
    keys: tuple[Any, ...] = ()
    printed_rows: int | None = None

    def column(self, code: str) -> int | None:
        """The place of the column with that code, from 0."""
        return next((place for place, about in enumerate(self.columns) if about.code == code), None)

    @property
    def header_row(self) -> int:
        return len(self.heading) + 1

    @property
    def first_row(self) -> int:
        return self.header_row + 1

    @property
    def last_row(self) -> int:
        return self.header_row + len(self.rows)


@dataclass(frozen=True)
class Book:
    """The whole file. ``names``: defined name → (sheet code, row, column), both from 1. ``language`` as in ``en-CA``.

    ``footer`` and ``page`` (with ``%(page)s`` and ``%(pages)s``) stand at the foot of every page. ``working``: the
    header and the first column stay in view and every table can be filtered, which suits those alone who work in it.
    """

    title: str
    language: str
    subject: str
    footer: str
    page: str
    made_at: dt.datetime
    sheets: list[Sheet]
    names: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    working: bool = True
