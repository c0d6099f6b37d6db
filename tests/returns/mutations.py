"""Returns as people really send them: filled in at random, then bent in one way, with what that bending means.

What is expected is worked out from what was typed, never by the reader: each cell is typed in some way of writing that
has one meaning; a mutation changes cells and meaning together, or names the cells (or the sheet) that have to be
refused. ``judge`` then knows three outcomes: read exactly, refused at the right place, and silently misread.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from openpyxl.utils import get_column_letter

from outreach.errors import Unreadable
from outreach.field.rules import CODE_SIGNS, check_sign, shown_code
from outreach.plan.workbook_rules import french
from outreach.returns.return_rules import (
    CHARGE_COLUMNS,
    CHARGES,
    CONTACT_COLUMNS,
    CONTACTS,
    FIRST_ROW,
    REFERRALS,
    ROW_CHECK,
    ROW_ID,
    ROW_LABEL,
    START,
    TITLES,
    TOTALS,
    Asked,
    Returned,
    row_numbers,
)

from .sent_back import DAYS, OFFENCES, TOWNS, Sent, asked, mark, read, template

Typed = tuple[Any, Any]
"""What is typed into a cell, and what it means."""
COLUMNS = {CONTACTS: CONTACT_COLUMNS, CHARGES: CHARGE_COLUMNS}
MONTHS = {"en": ("September", "October"), "fr": ("septembre", "octobre")}


@dataclass
class Meaning:
    """What the file says: by number of a row, and by name of a cell of totals."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)


@dataclass
class Mutated:
    """A file with what has to become of it. ``refused``: words that the refusal of the whole file has to hold.

    ``places``: (sheet, cell) each of which has to be named; ``allowed``: others that may be named with them;
    ``lost``: numbers of rows and names of cells that must not be taken as good.
    """

    kind: str
    content: bytes
    wanted: Asked
    meaning: Meaning
    refused: tuple[str, ...] = ()
    places: set[tuple[str, str]] = field(default_factory=set)
    allowed: set[tuple[str, str]] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)


# --- a good file, typed as people type --------------------------------------------------------------------------------


class Filled:
    """A workbook filled in at random. ``meaning`` grows with what is typed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"return-{seed}")
        self.mode = self.random.choice(("contacts", "contacts", "daily_totals"))
        self.language = self.random.choice(("en", "fr"))
        self.wanted = asked(self.mode, self.language)
        self.sent = Sent(template(self.mode, self.language))
        self.meaning = Meaning()
        self.places: set[tuple[str, str]] = set()
        self.allowed: set[tuple[str, str]] = set()
        self.lost: set[str] = set()
        self.refused: tuple[str, ...] = ()
        self.filled: dict[str, list[int]] = {CONTACTS: [], CHARGES: []}
        if self.mode == "contacts":
            for row in sorted(self.random.sample(range(FIRST_ROW, FIRST_ROW + 12), self.random.randint(3, 8))):
                self.fill(CONTACTS, row, self.contact())
        for row in sorted(self.random.sample(range(FIRST_ROW, FIRST_ROW + 12), self.random.randint(2, 5))):
            self.fill(CHARGES, row, self.charge(row))
        self.totals()

    def fill(self, sheet: str, row: int, cells: dict[str, Typed]) -> None:
        for column, (typed, _) in cells.items():
            self.sent.cell(sheet, row, column).value = typed
        self.meaning.rows[self.sent.number(sheet, row)] = {column: meant for column, (_, meant) in cells.items()}
        self.filled[sheet].append(row)

    def word(self, sheet: str, column: str, code: str) -> Typed:
        label = next(dict(c.choices)[code] for c in COLUMNS[sheet] if c.code == column)
        said = self.random.choice(
            (label, french(label), code, label.upper(), f" {french(label)} ", french(label).lower())
        )
        return said, code

    def day(self, among: tuple[dt.date, ...] = DAYS) -> Typed:
        day = self.random.choice(among)
        month = {lang: names[day.month - 9] for lang, names in MONTHS.items()}
        ways: list[Any] = [
            day, dt.datetime.combine(day, dt.time()), day.isoformat(), f"{day.day} {month['fr']} {day.year}",
            f"{month['en']} {day.day}, {day.year}", f"{day.day} {month['en'][:3]} {day.year}", f" {day.isoformat()} ",
        ]  # fmt: skip
        return self.random.choice(ways), day

    def time(self) -> Typed:
        time = dt.time(self.random.randrange(24), self.random.randrange(60))
        ways = [time, time.isoformat("minutes"), f"{time.hour}h{time.minute:02}", f"{time.hour} h {time.minute:02}"]
        return self.random.choice(ways), time

    def number(self, least: int = 0, most: int = 400) -> Typed:
        number = self.random.randint(least, most)
        return self.random.choice(
            (number, float(number), str(number), f" {number}", f"{number},0", f"{number}.00")
        ), number

    def person_code(self) -> Typed:
        body = "".join(self.random.choice(CODE_SIGNS) for _ in range(7))
        code = body + check_sign(body)
        return self.random.choice((code, shown_code(code), code.lower(), f"{code[:4]} {code[4:]}")), code

    def contact(self) -> dict[str, Typed]:
        met = self.random.random() < 0.7
        result = "met" if met else self.random.choice(("no_answer", "nobody_there", "left"))
        cells = {"day": self.day(), "result": self.word(CONTACTS, "result", result)}
        if self.random.random() < 0.6:
            cells["time"] = self.time()
        if self.random.random() < 0.5:
            cells["approach"] = self.word(CONTACTS, "approach", self.random.choice(("street", "tip", "other")))
            town = self.random.choice(TOWNS)
            cells["municipality"] = (self.random.choice((town, town.upper())), town)
        if met:
            agreed = self.random.random() < 0.7
            cells["agreed"] = self.word(CONTACTS, "agreed", "yes" if agreed else "no")
            cells["kits"] = self.number(0, 9)
            if agreed:
                cells["code"] = self.person_code()
                cells["age"] = self.word(CONTACTS, "age", self.random.choice(("under_12", "18", "19_24", "45_over")))
                cells["gender"] = self.word(CONTACTS, "gender", self.random.choice(("woman_girl", "non_binary")))
                cells["answer"] = self.word(
                    CONTACTS, "answer", self.random.choice(("accepted", "declined", "undecided"))
                )
                cells["made_safe"] = self.word(CONTACTS, "made_safe", self.random.choice(("yes", "no")))
        return cells

    def charge(self, row: int) -> dict[str, Typed]:
        code, english, in_french = self.random.choice(OFFENCES)
        cells = {"accused": (self.random.choice((f"a-{row}", f"A-{row}")), f"A-{row}")}
        cells["arrested"] = self.word(CHARGES, "arrested", "no")
        cells["offence"] = (self.random.choice((code, english, in_french, english.partition(" ")[0])), code)
        cells["counts"] = self.number(1, 20)
        cells["laid_on"] = self.day()
        cells["status"] = self.word(CHARGES, "status", self.random.choice(("laid", "withdrawn")))
        return cells

    def totals(self) -> None:
        for line in (*self.wanted.totals, *self.wanted.referrals):
            sheet = REFERRALS if line in self.wanted.referrals else TOTALS
            for column, name in line.cells.items():
                if not name or self.random.random() < 0.6:
                    continue
                silent = self.mode == "contacts" and column == "contacts" and line.day
                typed, meant = self.number(0, 0) if silent else self.number(0, 3000)
                if self.random.random() < 0.2:
                    typed, meant = self.random.choice(("d", "D", "Declined", "refus")), "d"
                self.sent.cell(sheet, self.sent.line(sheet, line.row_id), self.shown_in(sheet, column)).value = typed
                self.meaning.typed[name] = str(meant)

    def shown_in(self, sheet: str, column: str) -> str:
        return self.wanted.measures[0] if column == "once" else column

    # what mutations need

    def sheet(self) -> str:
        """A sheet of rows with something in it."""
        return self.random.choice([sheet for sheet, rows in self.filled.items() if rows])

    def any_sheet(self) -> str:
        return self.random.choice(
            [s for s in (TOTALS, CONTACTS, CHARGES, REFERRALS) if s != REFERRALS or self.wanted.referrals]
        )

    def row(self, sheet: str) -> int:
        return self.random.choice(self.filled[sheet])

    def refuse(self, sheet: str, row: int, column: str, *more: str) -> None:
        """The cell has to be named, and its row is not taken."""
        self.places.add((sheet, self.sent.place(sheet, row, column)))
        self.allowed |= {(sheet, self.sent.place(sheet, row, one)) for one in more}
        self.lost.add(self.sent.number(sheet, row))

    def drop(self, sheet: str, row: int) -> None:
        self.meaning.rows.pop(self.sent.number(sheet, row), None)

    def total(self) -> tuple[str, int, str, str]:
        """A cell of totals that is asked: sheet, row, column and name."""
        every = [
            (sheet, line, column, name)
            for sheet, lines in ((TOTALS, self.wanted.totals), (REFERRALS, self.wanted.referrals))
            for line in lines
            for column, name in line.cells.items()
            if name
        ]
        sheet, line, column, name = self.random.choice(every)
        return sheet, self.sent.line(sheet, line.row_id), self.shown_in(sheet, column), name

    def done(self, kind: str) -> Mutated:
        return Mutated(
            kind, self.sent.saved(), self.wanted, self.meaning, self.refused, self.places, self.allowed, self.lost
        )


# --- mutations --------------------------------------------------------------------------------------------------------

Mutation = Callable[[Filled], None]


def nothing(file: Filled) -> None:
    """Only the many ways of writing."""


def renamed_sheet(file: Filled) -> None:
    file.sent.sheets[file.any_sheet()].title = file.random.choice(("Sheet1", "Données", "Contacts 2017", "x"))


def swapped_names(file: Filled) -> None:
    one, other = file.sent.sheets[CONTACTS], file.sent.sheets[CHARGES]
    first, second = one.title, other.title
    one.title, other.title = "swap", first
    one.title = second


def deleted_sheet(file: Filled) -> None:
    sheet = file.random.choice((TOTALS, CONTACTS, CHARGES, START))
    file.sent.file.remove(file.sent.sheets[sheet])
    file.refused = (TITLES[sheet],)


def copied_sheet(file: Filled) -> None:
    sheet = file.sent.sheets[file.any_sheet()]
    copied = file.sent.file.copy_worksheet(sheet)
    file.refused = (sheet.title, copied.title)


def deleted_codes(file: Filled) -> None:
    sheet = file.sent.sheets[file.any_sheet()]
    sheet.delete_rows(1, file.random.choice((1, 2)))
    file.refused = (sheet.title,)


def row_above(file: Filled) -> None:
    """A title written over the table moves every line down by one."""
    sheet = file.any_sheet()
    file.sent.sheets[sheet].insert_rows(1)
    file.sent.sheets[sheet].cell(1, 3).value = "Alder Bay"


def moved_column(file: Filled) -> None:
    """Two whole columns change places, with everything above them."""
    sheet = file.any_sheet()
    codes = [code for code in file.sent.at[sheet] if code not in (ROW_ID, ROW_CHECK)]
    left, right = (file.sent.at[sheet][code] for code in file.random.sample(codes, 2))
    for row in range(1, file.sent.sheets[sheet].max_row + 1):
        one, other = file.sent.sheets[sheet].cell(row, left), file.sent.sheets[sheet].cell(row, right)
        formats = one.number_format, other.number_format
        one.value, other.value = other.value, one.value
        other.number_format, one.number_format = formats


def inserted_column(file: Filled) -> None:
    sheet = file.any_sheet()
    file.sent.sheets[sheet].insert_cols(file.random.randint(1, 6))


def deleted_column(file: Filled) -> None:
    sheet = file.any_sheet()
    column = file.random.choice([c for c in file.sent.at[sheet] if c not in (ROW_ID, ROW_CHECK, ROW_LABEL)])
    file.sent.sheets[sheet].delete_cols(file.sent.at[sheet][column])
    file.refused = (file.sent.sheets[sheet].title,)


def shifted_words(file: Filled) -> None:
    """The words above the columns move on by one, their hidden codes stay."""
    sheet = file.random.choice((CONTACTS, CHARGES))
    columns = sorted(n for code, n in file.sent.at[sheet].items() if code not in (ROW_ID, ROW_CHECK))
    words = [file.sent.sheets[sheet].cell(2, n).value for n in columns]
    for number, word in zip(columns, [words[-1], *words[:-1]], strict=True):
        file.sent.sheets[sheet].cell(2, number).value = word
    file.refused = (file.sent.sheets[sheet].title,)


def merged(file: Filled) -> None:
    sheet = file.sheet()
    row, width = file.row(sheet), file.random.randint(0, 3)
    left = file.sent.at[sheet][ROW_CHECK] + file.random.randint(1, 4)
    height = file.random.randint(0 if width else 1, 2)
    last = min(row + height, FIRST_ROW + 11)
    if last == row and not width:
        row -= 1
    file.sent.sheets[sheet].merge_cells(start_row=row, start_column=left, end_row=last, end_column=left + width)
    for one in range(row, last + 1):
        filled = file.sent.number(sheet, one) in file.meaning.rows
        columns = [c for c in file.sent.at[sheet] if c not in (ROW_ID, ROW_CHECK)]
        spots = {(sheet, file.sent.place(sheet, one, column)) for column in columns}
        file.allowed |= spots
        file.lost.add(file.sent.number(sheet, one))
        if filled:
            file.places.add((sheet, file.sent.place(sheet, one, columns[0])))
        file.drop(sheet, one)


def merged_totals(file: Filled) -> None:
    sheet, row, column, _ = file.total()
    at = file.sent.at[sheet][column]
    file.sent.sheets[sheet].merge_cells(start_row=row, start_column=at, end_row=row, end_column=at + 1)
    line = next(x for x in (*file.wanted.totals, *file.wanted.referrals) if x.row_id == file.sent.number(sheet, row))
    lost_line(file, sheet, row, set(line.cells.values()))
    file.places.add((sheet, file.sent.place(sheet, row, ROW_LABEL)))


def lost_line(file: Filled, sheet: str, row: int, names: set[str]) -> None:
    file.lost |= names
    for name in names:
        file.meaning.typed.pop(name, None)
    file.allowed |= {(sheet, file.sent.place(sheet, row, column)) for column in file.sent.at[sheet]}


BAD = {
    "day": ("03/04", "03/04/2017", "3-4-17", "10.10.2017", "2017/10/10", "10 octobre", "2017-02-30", 43018, True,
            dt.time(21, 30), dt.datetime(2017, 10, 10, 21, 30), "2014-10-10", "mardi", dt.date(2014, 10, 10)),
    "time": ("9:30 PM", "24:30", 2130, 0.5, "late", dt.date(2017, 10, 10), dt.datetime(2017, 10, 10, 21, 30)),
    "number": (4.5, "4,5", -1, "-2", "1,234", "1.234", 100_000, "four", True, dt.date(1900, 1, 4), "50%", "~3"),
    "choice": ("maybe", "Yes?", 7, "=", dt.date(2017, 10, 10), "Met/Left", "n/a"),
    "code": ("Jane Doe", "519-555-0100", 5195550100, "K7QM-4R2", "K7QM-4R25", "jane@example.org"),
    "accused": ("John Smith", "Smith, J.", dt.date(2017, 10, 10), "A_1", 1.5),
}  # fmt: skip


def bad_cell(file: Filled) -> None:
    """One cell holds what reads more than one way, or no way."""
    sheet = file.sheet()
    row = file.row(sheet)
    said = file.meaning.rows[file.sent.number(sheet, row)]
    bent = [c for c in COLUMNS[sheet] if c.code in said and (c.from_site or c.kind in BAD)]
    column = file.random.choice(bent)
    kind = "choice" if column.from_site else column.kind
    file.sent.cell(sheet, row, column.code).value = file.random.choice(BAD[kind])
    file.refuse(sheet, row, column.code)
    file.drop(sheet, row)


def bad_total(file: Filled) -> None:
    sheet, row, column, name = file.total()
    file.sent.cell(sheet, row, column).value = file.random.choice(BAD["number"])
    file.places.add((sheet, file.sent.place(sheet, row, column)))
    file.lost.add(name)
    file.meaning.typed.pop(name, None)


def formula(file: Filled) -> None:
    sheet = file.sheet()
    row = file.row(sheet)
    column = file.random.choice([c.code for c in COLUMNS[sheet]])
    file.sent.cell(sheet, row, column).value = file.random.choice(('=A1&"x"', "=1+1", "=SUM(C3:C9)", "=NOW()"))
    file.refuse(sheet, row, column)
    file.drop(sheet, row)


def formula_in_totals(file: Filled) -> None:
    sheet, row, column, name = file.total()
    file.sent.cell(sheet, row, column).value = "=SUM(D3:D5)"
    file.places.add((sheet, file.sent.place(sheet, row, column)))
    file.lost.add(name)
    file.meaning.typed.pop(name, None)


def error_value(file: Filled) -> None:
    sheet, row, column, name = file.total()
    cell = file.sent.cell(sheet, row, column)
    cell.value = file.random.choice(("#REF!", "#N/A", "#DIV/0!", "#VALUE!"))
    cell.data_type = "e"
    file.places.add((sheet, cell.coordinate))
    file.lost.add(name)
    file.meaning.typed.pop(name, None)


def percentage(file: Filled) -> None:
    sheet, row, column, name = file.total()
    cell = file.sent.cell(sheet, row, column)
    cell.value, cell.number_format = file.random.choice((1, 0.5, 2)), file.random.choice(("0%", "0.00%", "0 %"))
    file.places.add((sheet, cell.coordinate))
    file.lost.add(name)
    file.meaning.typed.pop(name, None)


def grey_cell(file: Filled) -> None:
    """A number is pasted over a cell that is not asked."""
    grey = [
        (line, c) for line in file.wanted.totals for c in file.wanted.measures if line.day and not line.cells.get(c)
    ]
    window = [(line, c) for line in file.wanted.totals for c in file.wanted.measures[1:] if not line.day]
    line, column = file.random.choice(grey + window)
    row = file.sent.line(TOTALS, line.row_id)
    file.sent.cell(TOTALS, row, column).value = file.random.choice((3, "0", "d"))
    file.places.add((TOTALS, file.sent.place(TOTALS, row, column)))


def logged_day(file: Filled) -> None:
    """Who logs contacts says a number for a day; who sends totals fills in contacts."""
    if file.mode == "contacts":
        row = file.sent.line(TOTALS, "day-2017-10-11")
        file.sent.cell(TOTALS, row, "contacts").value = 4
        file.places.add((TOTALS, file.sent.place(TOTALS, row, "contacts")))
        file.lost.add("cell-contacts-2017-10-11")
        file.meaning.typed.pop("cell-contacts-2017-10-11", None)
    else:
        row = FIRST_ROW + file.random.randrange(3)
        file.sent.put(CONTACTS, row, day="2017-10-10", result="Met")
        file.places.add((CONTACTS, file.sent.place(CONTACTS, row, "day")))


def copied_row(file: Filled) -> None:
    """A row is copied whole, with its hidden number, over an empty one."""
    sheet = file.sheet()
    row = file.row(sheet)
    free = [n for n in range(FIRST_ROW, FIRST_ROW + 12) if n not in file.filled[sheet]]
    other = file.random.choice(free)
    for column in file.sent.at[sheet].values():
        file.sent.sheets[sheet].cell(other, column).value = file.sent.sheets[sheet].cell(row, column).value
    first = next(c.code for c in COLUMNS[sheet])
    for one in (row, other):
        file.refuse(sheet, one, first)
    file.drop(sheet, row)


def deleted_row(file: Filled) -> None:
    sheet = file.sheet()
    row = file.row(sheet)
    file.drop(sheet, row)
    file.sent.sheets[sheet].delete_rows(row)


def emptied_row(file: Filled) -> None:
    sheet = file.sheet()
    row = file.row(sheet)
    file.drop(sheet, row)
    for column in COLUMNS[sheet]:
        file.sent.cell(sheet, row, column.code).value = file.random.choice((None, None, " "))


def inserted_row(file: Filled) -> None:
    """A row is inserted between two, and filled in; it has no number."""
    sheet = file.sheet()
    at = file.random.randint(FIRST_ROW, FIRST_ROW + 11)
    file.sent.sheets[sheet].insert_rows(at)
    said = file.contact() if sheet == CONTACTS else file.charge(90)
    for column, (typed, _) in said.items():
        file.sent.cell(sheet, at, column).value = typed
    first = min(said, key=lambda column: file.sent.at[sheet][column])
    file.places.add((sheet, file.sent.place(sheet, at, first)))


def row_below(file: Filled) -> None:
    sheet = file.sheet()
    at = FIRST_ROW + 12 + file.random.randint(0, 9)
    said = file.contact() if sheet == CONTACTS else file.charge(90)
    for column, (typed, _) in said.items():
        file.sent.cell(sheet, at, column).value = typed
    first = min(said, key=lambda column: file.sent.at[sheet][column])
    file.places.add((sheet, file.sent.place(sheet, at, first)))


def foreign_row(file: Filled) -> None:
    """A row was copied from the workbook of another service, hidden number and all; or its number was edited."""
    sheet = file.sheet()
    row = file.row(sheet)
    file.drop(sheet, row)
    number = file.sent.number(sheet, row)
    other = row_numbers(sheet, 3, 8, 5, mark)[file.random.randrange(5)]
    file.sent.cell(sheet, row, ROW_ID).value = file.random.choice((other, number[:-1] + "x", "co1", 17))
    first = min((c.code for c in COLUMNS[sheet] if file.sent.cell(sheet, row, c.code).value is not None),
                key=lambda column: file.sent.at[sheet][column])  # fmt: skip
    file.places.add((sheet, file.sent.place(sheet, row, first)))
    file.lost.add(number)


def sorted_rows(file: Filled) -> None:
    """Whole rows change places, hidden numbers too."""
    sheet = file.sheet()
    rows = list(range(FIRST_ROW, FIRST_ROW + 12))
    columns = range(1, file.sent.sheets[sheet].max_column + 1)
    cells = {row: [(file.sent.sheets[sheet].cell(row, c).value, copy(file.sent.sheets[sheet].cell(row, c)._style))
                   for c in columns] for row in rows}  # fmt: skip
    for row, other in zip(rows, file.random.sample(rows, len(rows)), strict=True):
        for column, (value, style) in zip(columns, cells[other], strict=True):
            cell = file.sent.sheets[sheet].cell(row, column)
            cell.value, cell._style = value, style


def sorted_days(file: Filled) -> None:
    """Only what can be seen of two days is sorted: the hidden numbers stay where they were."""
    rows = [file.sent.line(TOTALS, f"day-{day}") for day in file.random.sample(DAYS, 2)]
    for column, number in file.sent.at[TOTALS].items():
        if column not in (ROW_ID, ROW_CHECK):
            one, other = (file.sent.sheets[TOTALS].cell(row, number) for row in rows)
            one.value, other.value = other.value, one.value
    for row in rows:
        line = next(line for line in file.wanted.totals if line.row_id == file.sent.number(TOTALS, row))
        lost_line(file, TOTALS, row, set(line.cells.values()))
        file.places.add((TOTALS, file.sent.place(TOTALS, row, ROW_LABEL)))


def unhidden(file: Filled) -> None:
    for sheet in file.sent.file.worksheets:
        sheet.sheet_state = "visible"
        for dimension in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values()):
            dimension.hidden = False


def swapped_cells(file: Filled) -> None:
    """Two rows exchange what they say in one column."""
    sheet = file.sheet()
    if len(file.filled[sheet]) < 2:
        return
    one, other = file.random.sample(file.filled[sheet], 2)
    column = "day" if sheet == CONTACTS else "laid_on"
    first, second = file.sent.cell(sheet, one, column), file.sent.cell(sheet, other, column)
    first.value, second.value = second.value, first.value
    first.number_format = second.number_format = "yyyy-mm-dd"
    said, said_too = (file.meaning.rows[file.sent.number(sheet, row)] for row in (one, other))
    said[column], said_too[column] = said_too[column], said[column]


def shifted_right(file: Filled) -> None:
    """One row is pasted a column too far to the right."""
    sheet = file.sheet()
    row = file.row(sheet)
    columns = [c.code for c in COLUMNS[sheet]]
    values = [file.sent.cell(sheet, row, column).value for column in columns]
    for column, value in zip(columns, [None, *values[:-1]], strict=True):
        file.sent.cell(sheet, row, column).value = value
    if values[-1] is not None:
        beyond = file.sent.sheets[sheet].cell(row, file.sent.at[sheet][columns[-1]] + 1)
        beyond.value = values[-1]
        file.allowed.add((sheet, beyond.coordinate))
    file.allowed |= {(sheet, file.sent.place(sheet, row, column)) for column in columns}
    file.places.add((sheet, f"*{row}"))
    file.lost.add(file.sent.number(sheet, row))
    file.drop(sheet, row)


def shifted_down(file: Filled) -> None:
    """One needed column of a sheet is pasted a row too low."""
    sheet = file.sheet()
    column = "day" if sheet == CONTACTS else "accused"
    rows = range(FIRST_ROW, FIRST_ROW + 12)
    values = [file.sent.cell(sheet, row, column).value for row in rows]
    if values[-1] is not None:
        return
    numbers = {row: file.sent.number(sheet, row) for row in rows}
    before = {row + 1: dict(file.meaning.rows.get(number, {})) for row, number in numbers.items()}
    for row, value in zip(rows, [None, *values[:-1]], strict=True):
        file.sent.cell(sheet, row, column).value = value
        file.sent.cell(sheet, row, column).number_format = "yyyy-mm-dd" if sheet == CONTACTS else "@"
    for row, number in numbers.items():
        here, above = file.meaning.rows.get(number), before.get(row)
        if here and above:
            here[column] = above[column]
        elif above:  # only what came from above: the rest is missing
            file.refuse(sheet, row, "result" if sheet == CONTACTS else "arrested")
        elif here:
            file.refuse(sheet, row, column)
            file.drop(sheet, row)


def no_agreement(file: Filled) -> None:
    rows = [row for row in file.filled[CONTACTS]
            if file.meaning.rows[file.sent.number(CONTACTS, row)].get("agreed") == "yes"]  # fmt: skip
    if not rows:
        return
    row = file.random.choice(rows)
    file.sent.cell(CONTACTS, row, "agreed").value = file.random.choice((None, "No", "Non"))
    for column in ("age", "gender", "answer", "made_safe"):
        file.refuse(CONTACTS, row, column)
    file.drop(CONTACTS, row)


def person_of_an_attempt(file: Filled) -> None:
    rows = [row for row in file.filled[CONTACTS]
            if file.meaning.rows[file.sent.number(CONTACTS, row)]["result"] != "met"]  # fmt: skip
    if not rows:
        return
    row = file.random.choice(rows)
    file.sent.cell(CONTACTS, row, "gender").value = "Not known"
    file.refuse(CONTACTS, row, "gender")
    file.drop(CONTACTS, row)


def beside_the_table(file: Filled) -> None:
    """A note is written beside a row."""
    sheet = file.sheet()
    row = file.row(sheet)
    column = max(file.sent.at[sheet].values()) + file.random.randint(1, 4)
    file.sent.sheets[sheet].cell(row, column).value = "see my e-mail"
    file.places.add((sheet, f"{get_column_letter(column)}{row}"))
    file.lost.add(file.sent.number(sheet, row))
    file.drop(sheet, row)


def edited_stamp(file: Filled) -> None:
    for row in file.sent.sheets["meta"].iter_rows():
        if row[0].value == file.random.choice(("issue", "service", "operation")) or row[0].value == "made_at":
            row[1].value = "5"
    file.refused = ("stamp",)


def removed_stamp(file: Filled) -> None:
    file.sent.file.remove(file.sent.sheets["meta"])
    file.refused = ("stamp",)


MUTATIONS: tuple[Mutation, ...] = (
    nothing, renamed_sheet, swapped_names, deleted_sheet, copied_sheet, deleted_codes, row_above, moved_column,
    inserted_column, deleted_column, shifted_words, merged, merged_totals, bad_cell, bad_cell, bad_cell, bad_total,
    formula, formula_in_totals, error_value, percentage, grey_cell, logged_day, copied_row, deleted_row, emptied_row,
    inserted_row, row_below, foreign_row, sorted_rows, sorted_days, unhidden, swapped_cells, shifted_right,
    shifted_down, no_agreement, person_of_an_attempt, beside_the_table, edited_stamp, removed_stamp,
)  # fmt: skip


def mutated(seed: int) -> Mutated:
    """The ``seed``-th file: the mutations take turns."""
    file = Filled(seed)
    mutation = MUTATIONS[seed % len(MUTATIONS)]
    mutation(file)
    return file.done(mutation.__name__)


# --- what became of it ------------------------------------------------------------------------------------------------


def judge(file: Mutated) -> tuple[str, str]:
    """``exact``, ``refused`` (at the right places) or ``misread``, with why."""
    try:
        got = read(file.content, file.wanted)
    except Unreadable as problem:
        said = f"{problem.message % problem.params if problem.params else problem.message}"
        named = all(word in said or french(word) in said for word in file.refused)
        return ("refused", said) if file.refused and named else ("misread", f"the file as a whole is refused: {said}")
    if file.refused:
        return "misread", "the file was read although it should have been refused"
    return judged(file, got)


def judged(file: Mutated, got: Returned) -> tuple[str, str]:
    must = {(fault.sheet, fault.cell) for fault in got.must}
    for sheet, cell in file.places:
        rows = {
            place for place in must if place[0] == sheet and place[1].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == cell[1:]
        }
        if (sheet, cell) not in must and not (cell.startswith("*") and rows):
            return "misread", f"{sheet} {cell} is not named, only {sorted(must)}"
    if surplus := must - file.places - file.allowed:
        return (
            "misread",
            f"named too: {sorted(surplus)} {[f.message for f in got.must if (f.sheet, f.cell) in surplus]}",
        )
    good = got.good()
    rows = {row.row_id: dict(row.values) for row in (*good.contacts, *good.charges)}
    wanted_rows = {number: said for number, said in file.meaning.rows.items() if number not in file.lost}
    typed = {name: said for name, said in file.meaning.typed.items() if name not in file.lost}
    if rows != wanted_rows:
        return "misread", f"rows {rows} instead of {wanted_rows}"
    if dict(good.typed) != typed:
        return "misread", f"totals {dict(good.typed)} instead of {typed}"
    return ("refused", "") if file.places else ("exact", "")


@lru_cache(maxsize=1)
def kinds() -> tuple[str, ...]:
    return tuple(dict.fromkeys(mutation.__name__ for mutation in MUTATIONS))
