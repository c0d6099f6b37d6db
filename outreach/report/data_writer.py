"""Writes long tables as Excel files, row by row in flat memory: the one module that knows the streaming writer.

Here belong cells and sheets; nothing about figures or persons. Text stays text whatever it begins with: it is written
as an inline string, never as a formula, a number or a link, and columns of typed text say so to whoever edits them.
What the writer keeps while it works lies in files without a name, which vanish with the process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from rustpy_xlsxwriter import FastExcel, Format

from .dictionary_rules import NAME
from .workbook.paper import clean

DAY = "yyyy-mm-dd"
_LONGEST_TAB = 31
_NOT_IN_A_TAB = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


@dataclass(frozen=True)
class Sheet:
    """One sheet: a header in row 1, then ``rows``, each as long as ``titles``, of None, numbers, dates and clean text.

    ``kinds``: of the columns, as in the data dictionary; ``widths`` in characters.
    """

    title: str
    titles: Sequence[str]
    kinds: Sequence[str]
    widths: Sequence[float]
    rows: Iterable[Sequence[Any]]


def write(sheets: Sequence[Sheet], folder: Path) -> BinaryIO:
    """The workbook as an open file without a name in ``folder``, at its beginning; it is gone when it is closed.

    What ``rows`` raises comes out as it is.
    """
    made = cast(BinaryIO, tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 - whoever asked closes it
    try:
        book = FastExcel(f"/dev/fd/{made.fileno()}")
        book.format(datetime_format=DAY)
        book.freeze(row=1)
        bold = Format().set_bold()
        for sheet in sheets:
            titles = [clean(title) for title in sheet.titles]
            typed = Format().set_quote_prefix()
            book.sheet(
                tab(sheet.title),
                _records(titles, sheet.rows),
                column_widths=dict(zip(titles, sheet.widths, strict=True)),
                column_formats={title: typed for title, kind in zip(titles, sheet.kinds, strict=True) if kind == NAME},
                header_format=bold,
                autofilter=True,
            )
        book.save()
        made.seek(0)
    except BaseException:
        made.close()
        raise
    return made


def tab(title: str) -> str:
    """A name that a sheet may have."""
    return clean(title).translate(_NOT_IN_A_TAB).strip()[:_LONGEST_TAB].strip() or "Data"


def _records(titles: list[str], rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Rows by title; one empty row where there is none, since the header comes with the first."""
    nothing = True
    for row in rows:
        nothing = False
        yield dict(zip(titles, row, strict=True))
    if nothing:
        yield dict.fromkeys(titles)
