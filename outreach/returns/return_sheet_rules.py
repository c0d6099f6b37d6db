"""Where things stand in a return that came back: which sheet is which, which column holds what, which line is whose.

Everything is found by what the template wrote into hidden cells: the codes above the columns, the numbers before the
lines. Positions and names of sheets are never believed alone. What cannot be told surely is refused by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from outreach.errors import N_, Unreadable
from outreach.plan.workbook_rules import french
from outreach.rollup.measures import measure as measure_of

from .return_cell_rules import Cell, is_empty, key, letter_of, shown
from .return_rules import (
    COLUMNS,
    REFERRAL_MEASURES,
    REFERRALS,
    ROW_CHECK,
    ROW_ID,
    ROW_LABEL,
    ROW_WHY,
    SIGN_NAME,
    TITLES,
    TOTALS,
    Asked,
)

Places = Mapping[int, Sequence[int]]
"""Column number → rows."""
ONCE = "once"
"""What the layout calls the value of a line that is asked once for the window."""

_ANEW = N_("Copy what you filled in as values into a newly downloaded workbook, and send that.")
_UNDO = N_("Undo that, or copy what you filled in as values into a newly downloaded workbook, and send that.")
REFUSALS: dict[str, tuple[str, str]] = {
    "missing_sheet": (N_("The sheet “%(sheet)s” is missing."), _ANEW),
    "lost_codes": (
        N_("The sheet “%(sheet)s” has lost its hidden first row, which says what each column holds."),
        _UNDO,
    ),
    "copied_sheet": (
        N_("The sheets “%(sheet)s” and “%(other)s” are copies of each other: nobody can tell which one counts."),
        N_("Delete the copy, save the workbook, and send it again."),
    ),
    "copied_column": (
        N_("On the sheet “%(sheet)s” the columns %(first)s and %(second)s are copies of each other."),
        N_("Delete the copied column, save the workbook, and send it again."),
    ),
    "lost_column": (
        N_("On the sheet “%(sheet)s” the column “%(label)s” is missing, or its hidden code was removed."),
        _UNDO,
    ),
    "other_words": (
        N_("On the sheet “%(sheet)s” column %(column)s says “%(text)s”, but its hidden code is “%(label)s”."),
        _UNDO,
    ),
    "lost_words": (N_("On the sheet “%(sheet)s” column %(column)s has lost the words above it."), _UNDO),
    "too_many_faults": (
        N_("More than %(most)s cells of this workbook are not understood; the first is %(sheet)s %(cell)s."),
        _ANEW,
    ),
}
"""Where a sheet as a whole cannot be read: by code, so that the words can be found again."""


def refused(code: str, **params: object) -> Unreadable:
    message, fix = REFUSALS[code]
    problem = Unreadable(message, fix, **params)
    problem.code = code
    return problem


@dataclass(frozen=True)
class SheetRead:
    """A sheet as the capped reader gives it, by columns; rows and columns count from 1.

    ``merged``: first row, first column, last row, last column. ``formulas``, ``errors``, ``percent``: where cells hold
    one. A column may be shorter than another.
    """

    name: str
    columns: list[list[Cell]] = field(default_factory=list)
    merged: Sequence[tuple[int, ...]] = ()
    formulas: Places = field(default_factory=dict)
    errors: Places = field(default_factory=dict)
    percent: Places = field(default_factory=dict)

    def cell(self, row: int, column: int) -> Cell:
        cells = self.columns[column - 1] if column <= len(self.columns) else []
        return cells[row - 1] if row <= len(cells) else ""

    @property
    def last_row(self) -> int:
        return max(map(len, self.columns), default=0)

    def row(self, number: int) -> list[Cell]:
        return [cells[number - 1] if number <= len(cells) else "" for cells in self.columns]


@dataclass(frozen=True)
class Table:
    """A data sheet whose columns were found. ``at``: column code → number; ``first``: its first line."""

    code: str
    sheet: SheetRead
    at: Mapping[str, int]
    first: int

    @property
    def name(self) -> str:
        return self.sheet.name

    def lines(self) -> Iterator[tuple[int, str]]:
        """Line of the sheet and its hidden number, '' where it has none."""
        numbers = self.sheet.columns[self.at[ROW_ID] - 1]
        for row in range(self.first, self.sheet.last_row + 1):
            cell = numbers[row - 1] if row <= len(numbers) else ""
            yield row, cell.strip() if isinstance(cell, str) else shown(cell)

    def place(self, code: str, row: int) -> str:
        return f"{letter_of(self.at[code])}{row}"

    def seen_place(self, row: int) -> str:
        """The first cell of the line that a person sees: the number itself is hidden."""
        return f"{letter_of(min((n for c, n in self.at.items() if c != ROW_ID), default=1))}{row}"


def tables(book: Iterable[SheetRead], asked: Asked) -> dict[str, Table]:
    """Every data sheet that the service is asked for. Raises ``Unreadable`` naming what cannot be told."""
    book = list(book)
    heads = {id(sheet): _head(sheet) for sheet in book}
    found: dict[str, Table] = {}
    needed = expected(asked)
    closed = {TOTALS: measures_of(asked), REFERRALS: REFERRAL_MEASURES}
    for code, columns in (closed | needed).items():
        if code not in needed and not _having(columns, book, heads):
            continue  # nothing is asked there, and nothing can stand there
        sheet = _sheet_of(code, columns, book, heads)
        at = _columns(code, columns, sheet, heads[id(sheet)])
        found[code] = Table(code, sheet, at, heads[id(sheet)] + 2)
    return found


def start_of(book: Iterable[SheetRead]) -> SheetRead | None:
    """The sheet with the two answers, by their hidden numbers; its name may have been changed."""
    return next((sheet for sheet in book if any(SIGN_NAME in column[:200] for column in sheet.columns[:3])), None)


def expected(asked: Asked) -> dict[str, tuple[str, ...]]:
    """The codes of the columns of every data sheet that the service's workbook has."""
    sheets = {TOTALS: measures_of(asked)} if asked.totals else {}
    sheets |= {code: tuple(column.code for column in columns) for code, columns in COLUMNS.items()}
    if asked.referrals:
        sheets[REFERRALS] = REFERRAL_MEASURES
    return {code: columns for code, columns in sheets.items() if columns}


def measures_of(asked: Asked) -> tuple[str, ...]:
    """Value columns of *Daily totals*; one for the lines of the window when nothing is asked by day."""
    return asked.measures or (ONCE,)


def words_of(code: str, sheet: str) -> set[str]:
    """What may stand above a column, as ``key`` has it."""
    if sheet in COLUMNS:
        labels = [column.label for column in COLUMNS[sheet] if column.code == code]
        return {key(words) for label in labels for words in (label, french(label))}
    if code == ONCE:
        return set()
    measure = measure_of(code)
    return {key(words % measure.params) for words in (measure.label, french(measure.label))}


def _head(sheet: SheetRead) -> int:
    """The row of the codes: the one that begins the numbers of the lines. 0 where there is none."""
    for row in range(1, min(sheet.last_row, 10) + 1):
        if ROW_ID in sheet.row(row):
            return row
    return 0


def _sheet_of(code: str, columns: Sequence[str], book: list[SheetRead], heads: Mapping[int, int]) -> SheetRead:
    """The one sheet that has most of the codes; a name alone proves nothing, two such sheets cannot be told apart."""
    title = TITLES[code]
    good = _having(columns, book, heads)
    if len(good) > 1:
        raise refused("copied_sheet", sheet=good[0].name, other=good[1].name)
    if good:
        return good[0]
    called = next((one for one in book if key(one.name) in {key(title), key(french(title))}), None)
    if called is not None:
        raise refused("lost_codes", sheet=called.name)
    raise refused("missing_sheet", sheet=title)


def _having(columns: Sequence[str], book: list[SheetRead], heads: Mapping[int, int]) -> list[SheetRead]:
    """Sheets with at least half of the codes."""

    def count(sheet: SheetRead) -> int:
        return len(set(columns) & {cell for cell in sheet.row(heads[id(sheet)]) if isinstance(cell, str)})

    return [sheet for sheet in book if heads[id(sheet)] and 2 * count(sheet) >= len(columns)]


def _columns(code: str, columns: Sequence[str], sheet: SheetRead, head: int) -> dict[str, int]:
    at: dict[str, int] = {}
    wanted = {ROW_ID, ROW_LABEL, *columns}
    for number, cell in enumerate(sheet.row(head), start=1):
        if not isinstance(cell, str) or cell not in wanted:
            continue
        if cell in at:
            places = {"first": letter_of(at[cell]), "second": letter_of(number)}
            raise refused("copied_column", sheet=sheet.name, **places)
        at[cell] = number
    for one in columns:
        if one not in at:
            raise refused("lost_column", sheet=sheet.name, label=label_of(code, one))
    _check_words(code, columns, sheet, head, at)
    return at


def _check_words(code: str, columns: Sequence[str], sheet: SheetRead, head: int, at: Mapping[str, int]) -> None:
    """What a person reads above a column has to say what its hidden code says."""
    for one in columns:
        said, known = sheet.cell(head + 1, at[one]), words_of(one, code)
        where = {"sheet": sheet.name, "column": letter_of(at[one])}
        if known and is_empty(said):
            raise refused("lost_words", **where)
        if known and key(shown(said)) not in known:
            raise refused("other_words", **where, text=shown(said)[:60], label=label_of(code, one))


def label_of(sheet: str, code: str) -> str:
    """The English words of a column."""
    if sheet in COLUMNS:
        return next(column.label for column in COLUMNS[sheet] if column.code == code)
    if code == ONCE:
        return TITLES[TOTALS]
    measure = measure_of(code)
    return measure.label % measure.params


def outside(table: Table) -> Iterator[tuple[int, int]]:
    """Filled cells that stand under no column of the template: row and column."""
    known = set(table.at.values())
    head = table.first - 2
    for number, cells in enumerate(table.sheet.columns, start=1):
        if number in known or table.sheet.cell(head, number) in (ROW_CHECK, ROW_WHY):
            continue
        for row in range(table.first, len(cells) + 1):
            if not is_empty(cells[row - 1]):
                yield row, number


def merged_over(table: Table) -> Iterator[tuple[int, str]]:
    """Lines that a merged range lies over, with the range as it is written."""
    for top, left, bottom, right in table.sheet.merged:
        if bottom >= table.first and any(left <= number <= right for number in table.at.values()):
            written = f"{letter_of(left)}{top}:{letter_of(right)}{bottom}"
            yield from ((row, written) for row in range(max(top, table.first), min(bottom, table.sheet.last_row) + 1))


__all__ = [
    "ONCE", "Places", "SheetRead", "Table", "expected", "label_of", "measures_of", "merged_over", "outside",
    "start_of", "tables", "words_of",
]  # fmt: skip
