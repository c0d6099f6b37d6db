"""The return workbook as a file, and the marked one that answers a faulty return.

The modules of this package are the ones of the room that know openpyxl; they are loaded when a file is written, not
with the site. Layout and numbers are in ``return_rules``, formulas in ``row_check_rules``, sentences in
``start_rules``. Nothing is looked up here.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from outreach.errors import TooLarge
from outreach.plan import capped

from .. import answer_process, return_rules
from ..return_rules import CHARGES, CONTACTS, Asked, Returned, Row

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Target = str | Path | IO[bytes]
Lines = Callable[[str], Iterator[tuple[str, Mapping[str, Any]]]]
"""Sheet → its rows in order: number, and what stands in it."""


def write_return(asked: Asked, target: Target, language: str, lines: Lines | None = None) -> None:
    """The workbook for one service. ``lines``: the rows with their numbers, where this process cannot make them."""
    typed = {name: said for row in (*asked.totals, *asked.referrals) for name, said in row.typed.items()}
    from .book import Book

    Book(asked, language, typed, lines or lines_of(asked, asked.contacts, asked.charges)).save(target)


def write_answer(asked: Asked, returned: Returned, target: Target, language: str, lines: Lines | None = None) -> None:
    """What a service sent, as far as it was understood, in our own layout; the first sheet says what to fix."""
    asked = replace(asked, meta=replace(returned.meta, language=language))
    lines = lines or lines_of(asked, returned.contacts, returned.charges, returned.seen)
    from .book import Book

    Book(asked, language, returned.typed, lines, returned).save(target)


def answer(asked: Asked, returned: Returned, language: str) -> bytes:
    """``write_answer`` in a process of its own, which has little memory and time and can open nothing.

    Raises ``TooLarge`` where that is not enough.
    """
    said = capped.ask(
        answer_process.__file__,
        answer_process.given(
            asked, returned, language, lines_of(asked, returned.contacts, returned.charges, returned.seen)
        ),
        seconds=answer_process.WALL_SECONDS,
        most=answer_process.ANSWER,
        burst="too_large_inside",
    )
    if "workbook" not in said:
        raise TooLarge()
    return base64.b64decode(said["workbook"])


def lines_of(
    asked: Asked, contacts: Iterable[Row], charges: Iterable[Row], seen: Collection[str] | None = None
) -> Lines:
    """Every row that is ready, each with its number; what is given stands where its number says.

    A row that stands and is not shown has no number: it is not filled in. In an answer that is one which the sender did
    not see either, or took out: ``seen`` tells what was in the file.
    """
    from outreach.storage.keys import site_keys

    given = {
        sheet: {row.row_id: row.values for row in rows} for sheet, rows in ((CONTACTS, contacts), (CHARGES, charges))
    }

    every = (*asked.contacts, *asked.charges)
    withheld = {row.row_id for row in every if not row.values or (seen is not None and row.row_id not in seen)}

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
