"""What the sheets of totals of a return say: a line a day, a line for each answer of the whole window.

Lines are known by their hidden numbers alone, and what a person reads beside them has to agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from outreach.errors import N_
from outreach.rollup.measures import Family
from outreach.rollup.measures import measure as measure_of
from outreach.vocab import EntryMode

from . import start_rules
from .return_cell_rules import Cell, Wrong, is_empty, key, read_day, read_total, shown
from .return_fault_rules import CLEAR, COPIES, MERGED, UNMERGE, Collected, by_row, stray_cell, unreadable_cell
from .return_row_rules import words_of_window
from .return_rules import ROW_ID, ROW_LABEL, TOTALS, Asked, TotalRow
from .return_sheet_rules import ONCE, Table, measures_of, merged_over, outside


def totals(table: Table, lines: Iterable[TotalRow], collected: Collected) -> tuple[dict[str, str], set[str]]:
    """Cell name → what is typed, and the names of the cells that were there at all."""
    asked_lines = {line.row_id: line for line in lines}
    merged = dict(merged_over(table))
    at: dict[str, list[int]] = defaultdict(list)
    stray = dict(by_row(outside(table)))
    values = [column for column in table.at if column not in (ROW_ID, ROW_LABEL)]
    for row, number in table.lines():
        if number in asked_lines:
            at[number].append(row)
            continue
        filled = [c for c in values if not is_empty(table.sheet.cell(row, table.at[c]))]
        if filled:
            closed = "" if asked_lines else start_rules.why_empty(collected.asked, table.code)
            day = number.startswith(("day-", "once-"))
            _foreign_line(table, row, filled[0], collected, day=day, closed=closed)
    typed: dict[str, str] = {}
    seen: set[str] = set()
    for number, rows in at.items():
        line = asked_lines[number]
        if _uncertain(table, line, rows, merged, stray, collected):
            continue  # as if the line had not been sent
        seen |= {name for name in line.cells.values() if name}
        for column in measures_of(collected.asked) if table.code == TOTALS else values:
            _total(table, line, rows[0], column, typed, collected)
    return typed, seen


def _foreign_line(table: Table, row: int, column: str, collected: Collected, *, day: bool, closed: str) -> None:
    fix = N_("Type the numbers in the line of their day, and empty this row.")
    if closed:
        message, fix = closed, CLEAR
    elif day:
        message = N_("Row %(row)s is the line of a day or an answer that this service is not asked for.")
    else:
        message = N_("Row %(row)s is none of the lines of this sheet: it was inserted, or its hidden number was lost.")
    wrote = table.sheet.cell(row, table.at[column])
    collected.fault(table.code, table.place(column, row), wrote, message, fix, {"row": row})


def _uncertain(
    table: Table,
    line: TotalRow,
    rows: list[int],
    merged: Mapping[int, str],
    stray: Mapping[int, int],
    collected: Collected,
) -> bool:
    """Whether anything makes the whole line uncertain; it is told."""
    row = rows[0]
    if len(rows) > 1:
        for one in rows:
            params = {"row": one, "other": rows[0] if one != rows[0] else rows[1]}
            fix = N_("Keep one of them and delete the other.")
            collected.fault(table.code, table.seen_place(one), "", COPIES, fix, params)
        return True
    if row in merged:
        collected.fault(table.code, table.seen_place(row), "", MERGED, UNMERGE, {"range": merged[row]})
        return True
    if row in stray:
        stray_cell(table, row, stray[row], collected)
        return True
    label = table.sheet.cell(row, table.at[ROW_LABEL]) if ROW_LABEL in table.at else ""
    return not is_empty(label) and not _says_so(label, line, table, row, collected)


def _says_so(label: Cell, line: TotalRow, table: Table, row: int, collected: Collected) -> bool:
    """Whether a line says to the eye what its hidden number says. The words may be in the other language."""
    if line.day is not None:
        meant = line.day.isoformat()
        try:
            agrees = read_day(label) == line.day
        except Wrong:
            agrees = False
    else:
        meant = line.label
        agrees = key(shown(label)) in {key(line.label), *words_of_window(line.row_id)}
    if not agrees:
        message = N_("This line says “%(text)s”, but its hidden number is that of “%(label)s”.")
        fix = N_("Write “%(label)s” back, and type each number in its own line.")
        collected.fault(
            table.code, table.place(ROW_LABEL, row), label, message, fix, {"text": shown(label)[:60], "label": meant}
        )
    return agrees


def _total(table: Table, line: TotalRow, row: int, column: str, typed: dict[str, str], collected: Collected) -> None:
    """One cell of totals; a line of the window has its value in the first column."""
    first = measures_of(collected.asked)[0] if table.code == TOTALS else ""
    asked_as = ONCE if line.day is None and column == first else column
    cell = table.sheet.cell(row, table.at[column])
    name = line.cells.get(asked_as, "")

    def told(message: str, fix: str, params: Mapping[str, object] | None = None, wrote: Cell = cell) -> None:
        place = table.place(column, row)
        collected.fault(table.code, place, wrote, message, fix, params, name=name, column=column)

    if trouble := unreadable_cell(table, row, column):
        told(trouble[0], trouble[1], wrote=trouble[2])
    elif is_empty(cell):
        return
    elif not name:
        told(N_("Nothing is asked here: %(why)s"), CLEAR, {"why": line.why or N_("this cell is grey.")})
    else:
        try:
            said = read_total(cell)
            _only_silence(collected.asked, asked_as, line, said)
        except Wrong as wrong:
            told(wrong.message, wrong.fix, wrong.params)
        else:
            typed[name] = said


def _only_silence(asked: Asked, column: str, line: TotalRow, said: str) -> None:
    if asked.mode != EntryMode.CONTACTS or line.day is None or said in ("0", "d"):
        return
    if measure_of(column).family is Family.CONTACTS:
        raise Wrong(
            N_("Contacts are logged here one by one: only zero or declined can be said for a day."),
            N_("Fill in the contacts on the sheet Contacts, and empty this cell."),
        )
