"""Problems of a return as they are collected while it is read, and what makes a cell unreadable before it is judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from outreach.errors import N_

from .return_cell_rules import Cell, is_empty, letter_of, shown
from .return_rules import TITLES, Asked, Fault
from .return_sheet_rules import Table, refused

MOST_FAULTS = 5000

CLEAR = N_("Empty this cell.")
VALUES = N_("Type the value itself, or paste it as a value.")
MERGED = N_("These cells are merged (%(range)s): nobody can tell for which line they speak.")
UNMERGE = N_("Unmerge them and fill each cell.")
COPIES = N_("Rows %(row)s and %(other)s carry the same hidden number: one is a copy.")


@dataclass
class Collected:
    """What was read so far, and what is wrong with it. ``today``: in the operation's zone; None: nobody knows."""

    asked: Asked
    today: dt.date | None
    faults: list[Fault] = field(default_factory=list)

    def fault(
        self,
        sheet: str,
        cell: str,
        wrote: Cell,
        message: str,
        fix: str,
        params: Mapping[str, object] | None = None,
        *,
        must: bool = True,
        name: str = "",
        row_id: str = "",
        column: str = "",
    ) -> None:
        self.faults.append(Fault(sheet, cell, shown(wrote), message, fix, params or {}, must, name, row_id, column))
        if len(self.faults) > MOST_FAULTS:
            first = self.faults[0]
            sheet = TITLES.get(first.sheet, first.sheet)
            raise refused("too_many_faults", most=MOST_FAULTS, sheet=sheet, cell=first.cell)


def by_row(places: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """The first of the places of each row."""
    first: dict[int, int] = {}
    for row, column in places:
        first.setdefault(row, column)
    return first.items()


def unreadable_cell(table: Table, row: int, column: str) -> tuple[str, str, str] | None:
    """What the cell reader does not see of a cell: message, fix, and what stands there.

    The last is never a value that could be taken: it comes back to the sender in the marked file.
    """
    number = table.at[column]
    cell = table.sheet.cell(row, number)
    if row in table.sheet.formulas.get(number, ()):
        return N_("This cell holds a formula."), VALUES, f"={shown(cell)}"
    if row in table.sheet.errors.get(number, ()):
        return N_("This cell holds an error value such as #REF!."), VALUES, "#"
    if row in table.sheet.percent.get(number, ()) and not is_empty(cell):
        wrote = f"{cell * 100:g}%" if isinstance(cell, int | float) else f"{shown(cell)}%"
        return N_("This is a percentage."), N_("Write a whole number in a cell of the format General."), wrote
    return None


def stray_cell(table: Table, row: int, number: int, collected: Collected, row_id: str = "") -> None:
    message = N_("This cell stands under no column of the template.")
    fix = N_("Move what it says under its column, or empty it.")
    place, wrote = f"{letter_of(number)}{row}", table.sheet.cell(row, number)
    collected.fault(table.code, place, wrote, message, fix, row_id=row_id)
