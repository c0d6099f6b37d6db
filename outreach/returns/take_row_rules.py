"""Rows of a return as they stand together: where their cells are, which make one contact or speak of one accused.

Plain values in and out. What a row that is sent again means is in ``take_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from outreach.errors import N_
from outreach.field.charge_rules import read_code as read_accused
from outreach.field.rules import MOST_PERSONS
from outreach.vocab import ContactResult

from . import return_rules as book
from .return_rules import Asked, Fault, Row

# --- where a cell stands in our layout --------------------------------------------------------------------------------


def letters(number: int) -> str:
    """``A`` for 1, ``AA`` for 27."""
    found = ""
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(65 + rest) + found
    return found


def cell_of_row(sheet: str, row: Row, column: str = "") -> str:
    """Where a column of a row stands; without a column, or for one that is not there, its first cell."""
    codes = [one.code for one in book.COLUMNS[sheet]]
    return f"{letters(3 + (codes.index(column) if column in codes else 0))}{row.row}"


def cells_of_totals(asked: Asked) -> dict[str, tuple[str, str]]:
    """Name of a cell → sheet and place in the workbook as we make it."""
    found = {}
    for sheet, lines in ((book.TOTALS, asked.totals), (book.REFERRALS, asked.referrals)):
        columns: dict[str, int] = {}
        for line in lines:
            for code in line.cells:
                if code != "once":
                    columns.setdefault(code, len(columns))
        row, once = book.FIRST_ROW, False
        for line in lines:
            if line.day is None and not once:
                row, once = row + 2, True
            for code, name in line.cells.items():
                found[name] = sheet, f"{letters(4 + columns.get(code, 0))}{row}"
            row += 1
    return found


def fault_of(sheet: str, row: Row, column: str, message: str, fix: str = "", **params: Any) -> Fault:
    """Something in the way of one row, at its cell."""
    wrote = row.values.get(column)
    text = "" if wrote is None else wrote.isoformat() if isinstance(wrote, dt.date | dt.time) else str(wrote)
    return Fault(sheet, cell_of_row(sheet, row, column), text, message, fix, params, row_id=row.row_id, column=column)


# --- contacts ---------------------------------------------------------------------------------------------------------

OF_CONTACT = ("day", "time", "result", "approach", "place_kind", "municipality")
"""Columns that speak of the contact, not of one person in it; rows of one contact say the same or nothing, which the
reading has seen to."""


@dataclass(frozen=True)
class Met:
    """One contact of the file: its rows in order, and what they say of it together."""

    key: str
    rows: tuple[Row, ...]
    said: Mapping[str, Any]

    @property
    def kits(self) -> int:
        return sum(row.values.get("kits", 0) for row in self.rows)

    @property
    def met(self) -> bool:
        return bool(self.said.get("result") == ContactResult.MET)


def contact_key(row: Row) -> str:
    """What makes rows one contact: the number that was typed, else the row itself."""
    number = str(row.values.get("no", "")).strip()
    return f"no:{number.casefold()}" if number else f"row:{row.row_id}"


def contacts_in(rows: Iterable[Row]) -> list[Met]:
    """The contacts that the rows make, in the order of the file."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(contact_key(row), []).append(row)
    found = []
    for key, members in groups.items():
        said: dict[str, Any] = {}
        for row in members:
            said |= {column: row.values[column] for column in OF_CONTACT if column in row.values and column not in said}
        found.append(Met(key, tuple(members), said))
    return found


def too_many(met: Met) -> list[Fault]:
    if len(met.rows) <= MOST_PERSONS:
        return []
    words, fix = N_("A contact has at most %(most)d persons."), N_("Give this person another contact no.")
    return [fault_of(book.CONTACTS, row, "no", words, fix, most=MOST_PERSONS) for row in met.rows[MOST_PERSONS:]]


# --- charges ----------------------------------------------------------------------------------------------------------

OF_CHARGE = ("offence", "label", "statute", "counts", "laid_on", "status")


def is_charge(row: Row) -> bool:
    """Whether the row lays a charge; otherwise it only says that somebody was arrested."""
    return any(column in row.values for column in OF_CHARGE)


@dataclass(frozen=True)
class Arrest:
    """What the rows of one accused say about the arrest; None where they say nothing."""

    arrested: bool | None = None
    on: dt.date | None = None


def arrests_in(rows: Iterable[Row]) -> dict[str, Arrest]:
    """By accused code what the rows say of the arrest together; that they agree, the reading has seen to."""
    said: dict[str, dict[str, Any]] = {}
    for row in rows:
        mine = said.setdefault(read_accused(str(row.values.get("accused", ""))) or "", {})
        for column in ("arrested", "arrested_on"):
            if column in row.values:
                mine.setdefault(column, row.values[column])
    return {
        code: Arrest(None if "arrested" not in mine else mine["arrested"] == book.YES, mine.get("arrested_on"))
        for code, mine in said.items()
    }
