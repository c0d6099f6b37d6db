"""Long tables as files, in the language that is set: a workbook with what its columns mean, and a CSV of codes.

In a workbook closed lists are words and headers titles; in a CSV both are codes, the same in every language, and days
are ISO dates. Text that somebody typed is neither a formula nor a link in either.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from flask_babel import force_locale, gettext

from .data_rows import Rows
from .data_rules import Scope
from .data_writer import Sheet, write
from .described_rules import entries
from .dictionary_rules import CODE, DICTIONARY, NAME, TEXT, Table
from .rules import formula_safe
from .workbook.paper import clean

AT_ONCE = 1_000
MOST_ROWS = 1_048_575
"""Rows of a sheet of a spreadsheet, without the header."""
BOM = "\ufeff"


class _Learnt(dict[Any, Any]):
    """What each value becomes, worked out once."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__({None: None})
        self._make = make

    def __missing__(self, value: Any) -> Any:
        made = self[value] = self._make(value)
        return made


# The workbook ---------------------------------------------------------------------------------------------------------


def book(table: Table, rows: Rows, operation: Any, scope: Scope, folder: Path, told: Callable[[int], None]) -> BinaryIO:
    """The data workbook of one table: the table, what it is of, and the data dictionary; an open file without a name.

    A table of more rows than a sheet has goes on on further sheets. ``told`` is given the number of rows that are
    written, every so often. Raises ``ValueError`` when there are more rows than were announced: none is left out.
    """
    every = iter(_counted(rows, told))
    number = max(1, -(-rows.total // MOST_ROWS))
    sheets = [sheet_of(table, itertools.islice(every, MOST_ROWS), "" if one == 1 else f" {one}")
              for one in range(1, number + 1)]  # fmt: skip
    made = write([*sheets, _about(table, rows, operation, scope), dictionary_sheet()], folder)
    if next(every, None) is not None:
        made.close()
        raise ValueError(f"{table.code} has more than {rows.total} rows")
    return made


def sheet_of(table: Table, rows: Iterable[Sequence[Any]], more: str = "") -> Sheet:
    """The table's sheet: codes as words, typed text without what a file cannot carry. ``more``: after its title."""
    return Sheet(
        gettext(table.title) + more,
        [gettext(column.label) for column in table.columns],
        [column.kind for column in table.columns],
        [column.width for column in table.columns],
        _worded(table, rows),
    )


def _worded(table: Table, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    learnt: list[tuple[int, _Learnt]] = []
    for place, column in enumerate(table.columns):
        if column.kind == CODE and column.values is not None:
            words = {value: gettext(column.values(value).label) for value in column.values.values()}
            learnt.append((place, _Learnt(words.__getitem__)))
        elif column.kind in (NAME, TEXT):
            learnt.append((place, _Learnt(clean)))
    for row in rows:
        cells = list(row)
        for place, made in learnt:
            cells[place] = made[cells[place]]
        yield cells


def _counted(rows: Iterable[Sequence[Any]], told: Callable[[int], None]) -> Iterator[Sequence[Any]]:
    number = 0
    for number, row in enumerate(rows, start=1):
        yield row
        if not number % AT_ONCE:
            told(number)
    told(number)


def _about(table: Table, rows: Rows, operation: Any, scope: Scope) -> Sheet:
    local = rows.as_of.astimezone(ZoneInfo(operation.time_zone))
    services = gettext("All services")
    if scope.services is not None:
        services = ", ".join(sorted(rows.services.get(one, str(one)) for one in scope.services))
    lines = [
        (gettext("Operation"), f"{operation.name} ({operation.code})"),
        (gettext("Sample operation"), gettext("Yes") if operation.is_sample else gettext("No")),
        (gettext("Table"), f"{gettext(table.title)}. {gettext(table.rows)}"),
        (gettext("Services"), services),
        (gettext("As recorded at"), f"{local:%Y-%m-%d %H:%M} ({operation.time_zone})"),
        (gettext("Rows"), rows.total),
    ]
    if scope.outside:
        lines.append(
            (gettext("Withheld"), gettext("Small numbers of what became of referrals are withheld in this file."))
        )
    return Sheet(
        gettext("About"),
        [gettext("What"), gettext("Value")],
        [TEXT, NAME],
        [24, 80],
        ((clean(name), clean(value) if isinstance(value, str) else value) for name, value in lines),
    )


# The dictionary -------------------------------------------------------------------------------------------------------


def in_both(text: str, /, **params: Any) -> tuple[str, str]:
    """A marked text in English and in French."""
    said = []
    for language in ("en", "fr"):
        with force_locale(language):
            said.append(gettext(text, **params))
    return said[0], said[1]


def dictionary() -> list[tuple[object, ...]]:
    """Every column of every long table, in the language that is set."""
    return list(entries(gettext, in_both))


def dictionary_sheet() -> Sheet:
    return sheet_of(DICTIONARY, [[cell if cell != "" else None for cell in row] for row in dictionary()])


# CSV ------------------------------------------------------------------------------------------------------------------


def csv_of(table: Table, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A table as CSV, a piece at a time: byte order mark, codes of columns, then a line a row."""
    safe = _Learnt(lambda text: formula_safe(clean(text)))
    typed = [place for place, column in enumerate(table.columns) if column.kind in (NAME, TEXT)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    out.write(BOM)
    writer.writerow([column.code for column in table.columns])
    for number, row in enumerate(rows, start=1):
        cells = list(row)
        for place in typed:
            cells[place] = safe[cells[place]]
        writer.writerow(cells)
        if not number % AT_ONCE:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()
