"""What a return workbook says: its cells to ``Returned``, every problem at its cell. Nothing is opened or looked up.

Each cell is read exactly or refused; a line that anything stands in the way of is named by its number, so that the
others can be taken. Where things stand is in ``return_sheet_rules``, what a cell may say in ``return_cell_rules``, what
the cells of one row may say together in ``return_row_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence

from outreach.errors import N_

from . import return_row_rules as row_rules
from . import start_rules
from .return_cell_rules import Cell, Value, Wrong, is_empty, letter_of, read_text, reader_of, shown
from .return_fault_rules import COPIES, MERGED, UNMERGE, VALUES, Collected, by_row, stray_cell, unreadable_cell
from .return_rules import (
    ANSWER_COLUMN,
    CHARGES,
    COLUMNS,
    CONTACTS,
    MOST_ROWS,
    REFERRALS,
    ROW_ID,
    SIGN_NAME,
    SIGN_YES,
    START,
    TITLES,
    TOTALS,
    YES,
    Asked,
    Marker,
    Meta,
    Returned,
    Row,
    row_number,
    row_numbers,
)
from .return_sheet_rules import SheetRead, Table, merged_over, outside, refused, start_of, tables
from .return_total_rules import totals

Read = Value | Wrong | None
ORDER = (START, TOTALS, CONTACTS, CHARGES, REFERRALS)

_COPY = N_("Copy what the row says into an empty row that was ready, as values, and delete this one.")


def returned(
    book: Iterable[SheetRead], asked: Asked, meta: Meta, mark: Marker, *, today: dt.date | None = None
) -> Returned:
    """What the sheets say, compared with what the service is asked. Raises ``Unreadable``."""
    book = list(book)
    collected = Collected(asked, today)
    found = tables(book, asked)
    start = start_of(book)
    if start is None:
        raise refused("missing_sheet", sheet=TITLES[START])
    signer = _signer(start, collected)
    typed: dict[str, str] = {}
    seen: set[str] = set()
    for code, lines in ((TOTALS, asked.totals), (REFERRALS, asked.referrals)):
        if code in found:
            said, there = totals(found[code], lines, collected)
            typed |= said
            seen |= there
    rows: dict[str, tuple[Row, ...]] = {}
    for code in (CONTACTS, CHARGES):
        rows[code], there = _rows(found[code], meta, mark, collected)
        seen |= there
    faults = sorted(collected.faults, key=lambda fault: (ORDER.index(fault.sheet), *_order(fault.cell)))
    return Returned(meta, typed, rows[CONTACTS], rows[CHARGES], frozenset(seen), signer, tuple(faults))


def _order(cell: str) -> tuple[int, int, str]:
    letters = cell.rstrip("0123456789")
    row = cell[len(letters) :]
    return int(row) if row else 0, len(letters), letters


# --- Start here -------------------------------------------------------------------------------------------------------


def _signer(sheet: SheetRead, collected: Collected) -> str:
    """The typed name where the service signs by this return. A name without Yes, or the reverse, is asked about."""
    at = {
        shown(cell): row
        for column in sheet.columns[:3]
        for row, cell in enumerate(column[:200], 1)
        if not is_empty(cell)
    }
    cells = {number: sheet.cell(at[number], ANSWER_COLUMN) if number in at else "" for number in (SIGN_NAME, SIGN_YES)}
    places = {number: f"{letter_of(ANSWER_COLUMN)}{at[number]}" if number in at else "" for number in cells}
    for number in cells:
        if number in at and at[number] in sheet.formulas.get(ANSWER_COLUMN, ()):
            _start_fault(collected, places[number], cells[number], N_("This cell holds a formula."), VALUES)
            return ""
    name, answer = "", "no"
    try:
        name = read_text(cells[SIGN_NAME], 120)
    except Wrong as wrong:
        _start_fault(collected, places[SIGN_NAME], cells[SIGN_NAME], wrong.message, wrong.fix, wrong.params)
        return ""
    if not is_empty(cells[SIGN_YES]):
        try:
            answer = row_rules.YES_OR_NO.read(cells[SIGN_YES])
        except Wrong as wrong:
            _start_fault(collected, places[SIGN_YES], cells[SIGN_YES], wrong.message, wrong.fix, wrong.params)
            return ""
    if answer == YES and not any(letter.isalpha() for letter in name):
        message = N_("Somebody answers Yes to signing, but no name is typed.")
        _start_fault(
            collected, places[SIGN_NAME], cells[SIGN_NAME], message, N_("Type your name, or empty the answer.")
        )
        return ""
    if answer != YES and name and is_empty(cells[SIGN_YES]):
        message = N_("A name is typed, but the question whether you sign is not answered: this return signs nothing.")
        _start_fault(collected, places[SIGN_YES], "", message, N_("Answer Yes to sign."), must=False)
    return name if answer == YES else ""


def _start_fault(
    collected: Collected,
    cell: str,
    wrote: Cell,
    message: str,
    fix: str,
    params: Mapping[str, object] | None = None,
    *,
    must: bool = True,
) -> None:
    collected.fault(START, cell, wrote, message, fix, params, must=must)


# --- Contacts and Charges ---------------------------------------------------------------------------------------------


def _rows(table: Table, meta: Meta, mark: Marker, collected: Collected) -> tuple[tuple[Row, ...], set[str]]:
    """The rows that say something, and the numbers of all that were there."""
    return _Rows(table, meta, mark, collected).read()


class _Rows:
    """One sheet of rows while it is read, by columns: equal cells of a column are read once."""

    def __init__(self, table: Table, meta: Meta, mark: Marker, collected: Collected) -> None:
        self.table, self.collected = table, collected
        self.columns = [column.code for column in COLUMNS[table.code]]
        self.cells = {code: _padded(table, code) for code in self.columns}
        self.closed = start_rules.why_closed(collected.asked, table.code)
        self.stray, self.merged = dict(by_row(outside(table))), dict(merged_over(table))
        self.marked = _marked_rows(table)
        self.lines = list(table.lines())
        self.ours = _numbers(self.lines, table.code, meta, mark)

    def read(self) -> tuple[tuple[Row, ...], set[str]]:
        choices = self.collected.asked.choices
        values = {
            column.code: _values(self.cells[column.code], reader_of(column, choices))
            for column in COLUMNS[self.table.code]
        }
        whole = list(zip(*(values[code] for code in self.columns), strict=True))
        at = self._places(whole)
        found: list[Row] = []
        bad: set[str] = set()
        for row_id, indexes in at.items():
            if len(indexes) > 1:
                self._copies(row_id, [self.lines[index][0] for index in indexes])
                continue
            row = Row(row_id, self.lines[indexes[0]][0], self._said(row_id, indexes[0], whole[indexes[0]], bad))
            found.append(row)
        check = row_rules.contacts if self.table.code == CONTACTS else row_rules.charges
        for one in check(found, self.collected.asked, self.collected.today, bad):
            self._trouble(one)
        there = {row_id for _, row_id in self.lines if row_id in self.ours}
        return tuple(found), there

    def _places(self, whole: Sequence[tuple[Read, ...]]) -> dict[str, list[int]]:
        """Number of a row → where it stands, for those that say something; all others that do are told."""
        nothing = (None,) * len(self.columns)
        at: dict[str, list[int]] = {}
        for index, (row, row_id) in enumerate(self.lines):
            mine = row_id in self.ours
            if (
                whole[index] == nothing
                and row not in self.marked
                and row not in self.stray
                and not (row in self.merged and mine)
            ):
                continue
            if mine and not self.closed:
                at.setdefault(row_id, []).append(index)
            else:
                self._foreign(row)
        return at

    def _said(self, row_id: str, index: int, values: tuple[Read, ...], bad: set[str]) -> dict[str, Value]:
        """What the row says where it can be read; the rest is told."""
        row, table = self.lines[index][0], self.table
        before = len(self.collected.faults)
        if row in self.merged:
            params = {"range": self.merged[row]}
            self.collected.fault(table.code, table.seen_place(row), "", MERGED, UNMERGE, params, row_id=row_id)
        if row in self.stray:
            stray_cell(table, row, self.stray[row], self.collected, row_id)
        said: dict[str, Value] = {}
        for code, value in zip(self.columns, values, strict=True):
            trouble = unreadable_cell(table, row, code) if row in self.marked else None
            if trouble is not None:
                self._fault(row_id, row, code, trouble[2], trouble[0], trouble[1])
            elif isinstance(value, Wrong):
                self._fault(row_id, row, code, self.cells[code][index], value.message, value.fix, value.params)
            elif value is not None:
                said[code] = value
        if len(self.collected.faults) > before:
            bad.add(row_id)
        return said

    def _fault(
        self,
        row_id: str,
        row: int,
        code: str,
        wrote: Cell,
        message: str,
        fix: str,
        params: Mapping[str, object] | None = None,
    ) -> None:
        place = self.table.place(code, row)
        self.collected.fault(self.table.code, place, wrote, message, fix, params, row_id=row_id, column=code)

    def _trouble(self, one: row_rules.Trouble) -> None:
        row = one.row.row
        wrote = self.cells[one.column][row - self.table.first]
        self.collected.fault(
            self.table.code,
            self.table.place(one.column, row),
            wrote,
            one.message,
            one.fix,
            one.params,
            must=one.must,
            row_id=one.row.row_id,
            column=one.column,
        )

    def _foreign(self, row: int) -> None:
        """A row that no number of ours stands before, or any row where none is filled in."""
        table = self.table
        index = row - table.first
        filled = next((code for code in self.columns if not is_empty(self.cells[code][index])), self.columns[0])
        place, wrote = table.place(filled, row), self.cells[filled][index]
        if self.closed:
            self.collected.fault(table.code, place, wrote, self.closed, N_("Empty this row."))
            return
        if is_empty(table.sheet.cell(row, table.at[ROW_ID])):
            message = N_("Row %(row)s is none of the rows that were ready: it was inserted, or it stands below them.")
        else:
            message = N_("Row %(row)s carries a hidden number that was not made for this sheet and service.")
        self.collected.fault(table.code, place, wrote, message, _COPY, {"row": row})

    def _copies(self, row_id: str, rows: list[int]) -> None:
        for row in rows:
            params = {"row": row, "other": rows[0] if row != rows[0] else rows[1]}
            place = self.table.seen_place(row)
            self.collected.fault(self.table.code, place, "", COPIES, _COPY, params, row_id=row_id)


def _padded(table: Table, column: str) -> list[Cell]:
    cells = table.sheet.columns[table.at[column] - 1][table.first - 1 :]
    missing = table.sheet.last_row - table.first + 1 - len(cells)
    return cells + [""] * missing if missing > 0 else cells


def _values(cells: list[Cell], read: Callable[[Cell], Value]) -> list[Read]:
    """Each cell as meant, what is wrong with it, or None where it is empty."""
    known: dict[tuple[type, Cell], Read] = {(str, ""): None}
    found: list[Read] = []
    for cell in cells:
        name = (cell.__class__, cell)  # True is 1 to a dictionary
        if name not in known:
            known[name] = _value(cell, read)
        found.append(known[name])
    return found


def _value(cell: Cell, read: Callable[[Cell], Value]) -> Read:
    if is_empty(cell):
        return None
    try:
        return read(cell)
    except Wrong as wrong:
        return wrong


def _marked_rows(table: Table) -> set[int]:
    """Rows in which some cell of the table is a formula, an error or a percentage."""
    known = {number for code, number in table.at.items() if code != ROW_ID}
    every = (table.sheet.formulas, table.sheet.errors, table.sheet.percent)
    return {row for places in every for number in known for row in places.get(number, ())}


def _numbers(lines: Sequence[tuple[int, str]], sheet: str, meta: Meta, mark: Marker) -> set[str]:
    """Those of the hidden numbers on the sheet that this site made for this service and sheet."""
    wanted = {row_id for _, row_id in lines if row_id}
    made = set(row_numbers(sheet, meta.operation, meta.service, min(MOST_ROWS, len(wanted) + 50), mark))
    later = {one for one in wanted - made if row_number(one, sheet, meta.operation, meta.service, mark) is not None}
    return (wanted & made) | later
