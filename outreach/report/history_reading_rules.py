"""Reading a published figure, from the cells of a workbook or the answers of a form.

Headers, words and codes are accepted in English and in French, days as real dates or as 2017-10-18, never as 03/04.
Every problem is a ``Finding`` that says how to mend it: at its cell (``Published figures!G7``), or at its question.
No file is opened here and nothing is looked up.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from outreach.errors import N_, Finding, Invalid, Problem
from outreach.plan.operation_rules import read_day
from outreach.plan.team_rules import person_key
from outreach.plan.workbook_rules import Cell, SheetRead, french, letter
from outreach.rollup.measures import measure as measure_of
from outreach.vocab import Qualifier

from .history_rules import BY_CODE, COLUMNS, LABEL_PARAMS, Column, Entry, row_key

SHEET = N_("Published figures")
MOST_ROWS = 5000
FORMULA = "formula"
"""The kind of a cell that holds a formula or an error in place of what somebody wrote."""


class _Wrong(Exception):
    def __init__(self, message: str, **params: Any) -> None:
        super().__init__(message)
        self.message, self.params = message, params


# One answer -----------------------------------------------------------------------------------------------------------


def _plain(cell: Cell) -> str:
    """The cell as text without control characters; numbers without a trailing .0, days as ISO text."""
    if isinstance(cell, dict):
        return str(next(iter(cell.values())))
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = "" if cell is None else str(cell)
    text = "".join(c if unicodedata.category(c) not in ("Cc", "Cs") else " " for c in text)
    return " ".join(unicodedata.normalize("NFC", text).split())


def _text(column: Column, cell: Cell) -> str:
    text = _plain(cell)
    if len(text) > column.most:
        raise _Wrong(
            N_("This is %(length)d characters long. Use at most %(most)d."), length=len(text), most=column.most
        )
    return text


def _choice(column: Column, cell: Cell) -> str:
    text = _plain(cell)
    for code, label in column.choices:
        if person_key(text) in {person_key(code), person_key(label), person_key(french(label))}:
            return code
    raise _Wrong(N_("“%(text)s” is not in the list. Choose one from the list of this cell."), text=text[:40])


def _measure(column: Column, cell: Cell) -> str:
    """A code of the catalogue, or its name in either language; ``persons_under_16`` too."""
    text = _plain(cell)
    if text in LABEL_PARAMS:
        return text
    for code, label in column.choices:
        params = LABEL_PARAMS[code]
        names = {label % params if params else label, french(label) % params if params else french(label)}
        if person_key(text) in {person_key(name) for name in names}:
            return code
    try:
        return measure_of(text).base
    except Problem:
        words = N_("“%(text)s” is no figure that Outreach knows. Choose one from the list, or leave it empty and give "
                   "the word used.")  # fmt: skip
        raise _Wrong(words, text=text[:40]) from None


_SPACES = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")


def _number(column: Column, cell: Cell) -> int:
    if isinstance(cell, (dict, bool)):
        raise _Wrong(N_("This is not a number. Write digits only."))
    text = _SPACES.sub("", _plain(cell))
    if not re.fullmatch(r"[0-9]{1,12}", text):
        if column.code == "value" and re.search(r"\d", text) and re.search(r"[^\W\d_]|[~<>≥≤±+]", text):
            words = N_("“%(text)s” is more than a number. Put the digits here and the rest under Qualifier.")
            raise _Wrong(words, text=text[:30])
        raise _Wrong(N_("“%(text)s” is not a whole number. Write digits only, without comma or point."), text=text[:30])
    if int(text) > column.most:
        raise _Wrong(N_("%(text)s is too large here. Use at most %(most)s."), text=text, most=column.most)
    return int(text)


def _day(column: Column, cell: Cell) -> dt.date:
    if isinstance(cell, dict):
        text = str(cell.get("day") or cell.get("moment", ""))[:10]
        return read_day(text or "-", "")
    if not isinstance(cell, str):
        raise _Wrong(N_("This is not a day. Write it as 2017-10-18."))
    return read_day(cell, "")


_READ: Mapping[str, Callable[[Column, Cell], Any]] = {
    "text": _text, "choice": _choice, "measure": _measure, "number": _number, "day": _day}  # fmt: skip
_EMPTY: dict[str, Any] = {"text": "", "choice": "", "measure": "", "number": None, "day": None}


def entry_of(said: Mapping[str, Cell]) -> tuple[Entry | None, list[Finding]]:
    """The figure that the answers (by column) make, or what is wrong, at the columns' codes."""
    found: list[Finding] = []
    values: dict[str, Any] = {}
    for column in COLUMNS:
        cell = said.get(column.code)
        if not _plain(cell):
            values[column.code] = _EMPTY[column.kind]
            if column.required:
                words = N_("%(column)s is missing. Fill this in.")
                found.append(Finding(column.code, words, {"column": column.label}))
            continue
        try:
            if isinstance(cell, dict) and FORMULA in cell:
                raise _Wrong(N_("A formula or an error stands here. Write the number or the word that was printed."))
            values[column.code] = _READ[column.kind](column, cell)
        except _Wrong as wrong:
            found.append(Finding(column.code, wrong.message, wrong.params))
        except Invalid as invalid:
            found += [Finding(column.code, each.message, each.params) for each in invalid.findings]
    if found:
        return None, found
    values["qualifier"] = values["qualifier"] or Qualifier.EXACT.value
    entry = Entry(**values)
    found = _together(entry)
    return (None, found) if found else (_with_age(entry, values), [])


def _with_age(entry: Entry, values: dict[str, Any]) -> Entry:
    """The threshold of *persons under 18* stands with the number, whether it was typed or not."""
    age = measure_of(entry.measure).threshold if entry.measure else None
    return entry if age is None else Entry(**values | {"threshold_age": age})


def _together(entry: Entry) -> list[Finding]:
    """What only several answers together can have wrong."""
    found = []
    if not entry.measure and not entry.word:
        found.append(Finding("word", N_("Choose a figure from the list, or give the word used.")))
    age = measure_of(entry.measure).threshold if entry.measure else None
    if age is not None and entry.threshold_age not in (None, age):
        words = N_("The figure is of persons under %(age)s. Use the same age, or choose Persons met.")
        found.append(Finding("threshold_age", words, {"age": age}))
    if entry.threshold_age == 0:
        found.append(Finding("threshold_age", N_("Nobody is under 0. Enter the age, or leave it empty.")))
    if entry.value == 0 and entry.qualifier == Qualifier.FEWER_THAN:
        found.append(Finding("value", N_("Nothing is fewer than 0. Check the value or the qualifier.")))
    if entry.value is None and entry.qualifier != Qualifier.EXACT:
        words = N_("There is a qualifier but no value. Enter the value, or clear the qualifier.")
        found.append(Finding("value", words))
    if entry.starts_on and entry.ends_on and entry.ends_on < entry.starts_on:
        found.append(Finding("ends_on", N_("The window ends before it starts. Check the two days.")))
    elif (
        entry.starts_on
        and entry.ends_on
        and entry.days
        not in (
            None,
            (entry.ends_on - entry.starts_on).days + 1,
        )
    ):
        words = N_("From %(first)s to %(last)s are %(days)d days. Correct the number, or leave it empty.")
        params = {
            "first": entry.starts_on.isoformat(),
            "last": entry.ends_on.isoformat(),
            "days": (entry.ends_on - entry.starts_on).days + 1,
        }
        found.append(Finding("days", words, params))
    if entry.days == 0:
        found.append(Finding("days", N_("A window has a day at least. Leave it empty where it is not known.")))
    return found


# A sheet --------------------------------------------------------------------------------------------------------------


@dataclass
class Lines:
    """What a workbook says: ``entries`` with their row, ``findings`` with their cell, ``faulty``: rows with one.

    ``sheet``, ``at``: where the figures stand, by column from 0.
    """

    entries: list[tuple[int, Entry]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    faulty: set[int] = field(default_factory=set)
    sheet: str = SHEET
    at: dict[str, int] = field(default_factory=dict)

    def cell(self, code: str, row: int) -> str:
        """``Published figures!G7`` of a column's code."""
        return f"{self.sheet}!{letter(self.at.get(code, 0) + 1)}{row}"


def lines_of(book: list[SheetRead]) -> Lines:
    """Every row of the sheet of published figures. With a header that cannot be read there are findings alone."""
    found = Lines()
    wanted = {person_key(SHEET), person_key(french(SHEET))}
    sheet = next((one for one in book if person_key(one.name) in wanted), None)
    if sheet is None:
        words = N_("There is no sheet “%(sheet)s”. Keep the sheets and names of the template.")
        found.findings.append(Finding(SHEET, words, {"sheet": SHEET}))
        return found
    for first, left, last, right in sheet.merged[:20]:
        where = f"{sheet.name}!{letter(left)}{first}:{letter(right)}{last}"
        found.findings.append(Finding(where, N_("These cells are merged. Unmerge them and fill each cell.")))
    found.sheet, found.at = sheet.name, _header(sheet, found)
    if found.findings:
        return found
    seen: dict[str, int] = {}
    for number, row in enumerate(sheet.rows[1:], start=2):
        if any(_plain(cell) for cell in row):
            _line(found, number, row, seen)
    return found


def _header(sheet: SheetRead, found: Lines) -> dict[str, int]:
    at: dict[str, int] = {}
    for index, cell in enumerate(sheet.rows[0] if sheet.rows else []):
        text = _plain(cell)
        if not text:
            continue
        column = next((one for one in COLUMNS if one.is_called(text)), None)
        where = f"{sheet.name}!{letter(index + 1)}1"
        if column is None:
            words = N_("“%(text)s” is no column of this sheet. Use the template’s headers.")
            found.findings.append(Finding(where, words, {"text": text[:40]}))
        elif column.code in at:
            words = N_("The column “%(text)s” stands here twice. Remove one.")
            found.findings.append(Finding(where, words, {"text": text[:40]}))
        else:
            at[column.code] = index
    for column in COLUMNS:
        if column.code not in at and (column.required or column.code in ("value", "measure", "word")):
            words = N_("The column “%(column)s” is missing in row 1. Use the template.")
            found.findings.append(Finding(f"{sheet.name}!A1", words, {"column": column.label}))
    return at


def _line(found: Lines, number: int, row: list[Cell], seen: dict[str, int]) -> None:
    before, at = len(found.findings), found.at
    for index, cell in enumerate(row):
        if _plain(cell) and index not in at.values():
            words = N_("This cell stands under no header. Move or clear it.")
            found.findings.append(Finding(f"{found.sheet}!{letter(index + 1)}{number}", words))
    entry, findings = entry_of({code: row[index] for code, index in at.items() if index < len(row)})
    found.findings += [Finding(found.cell(one.where, number), one.message, one.params) for one in findings]
    if entry is not None:
        key = row_key(entry)
        if key in seen:
            words = N_("Row %(row)d holds the same figure of the same source. Remove one, or name the part or the day.")
            found.findings.append(Finding(found.cell("value", number), words, {"row": seen[key]}))
        seen.setdefault(key, number)
    if len(found.findings) > before or entry is None:
        found.faulty.add(number)
    else:
        found.entries.append((number, entry))


def answers_of(entry: Entry) -> dict[str, str]:
    """The answers that make the entry, as a form shows them."""
    shown = {}
    for code in BY_CODE:
        value = getattr(entry, code)
        shown[code] = value.isoformat() if isinstance(value, dt.date) else "" if value is None else str(value)
    return shown


def entries_of(told: Mapping[str, Any]) -> list[Entry]:
    """The figures of a list such as ``published_history.json``: ``sources`` by name, ``figures`` each ``of`` one.

    Raises ``Invalid`` for a figure that cannot be read: the list ships with the program.
    """
    entries = []
    for figure in told["figures"]:
        said = {"series": told["series"], **told["sources"][figure["of"]], **figure}
        entry, findings = entry_of({name: value for name, value in said.items() if name != "of"})
        if entry is None:
            raise Invalid(*findings)
        entries.append(entry)
    return entries
