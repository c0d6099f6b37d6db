"""Published figures as plain values: the columns of their workbook, one entry, what makes two the same figure.

Cells and typed text become entries in ``history_reading_rules``. A published figure is kept as it was printed; nothing
here adds up or mends one, and none ever enters a total.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from outreach.errors import N_
from outreach.plan.operation_rules import LEVELS
from outreach.plan.team_rules import person_key
from outreach.plan.workbook_rules import french
from outreach.rollup.contradictions import Statement
from outreach.rollup.intervals import Interval, allowed
from outreach.rollup.measures import CATALOGUE
from outreach.vocab import Qualifier

LANGUAGES = (("en", N_("English")), ("fr", N_("French")))
MEASURES = tuple((measure.code, measure.label) for measure in CATALOGUE)
"""Figures to choose from; a label may name ``%(age)s``."""
LABEL_PARAMS = {measure.code: measure.params for measure in CATALOGUE}
MOST = 999_999_999
OLDEST = 120


@dataclass(frozen=True)
class Column:
    """One column of the sheet, one question of the form. ``kind``: text, choice, measure, number, day."""

    code: str
    label: str
    note: str = ""
    kind: str = "text"
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    most: int = 0
    width: int = 16

    def is_called(self, header: str) -> bool:
        return person_key(header) in {person_key(self.code), person_key(self.label), person_key(french(self.label))}


COLUMNS: tuple[Column, ...] = (
    Column("series", N_("Series"), N_("The name without year or place, the same in each edition."),
           required=True, most=160, width=30),
    Column("edition", N_("Edition"), N_("For example 2017."), required=True, most=40),
    Column("level", N_("Level"), kind="choice", choices=LEVELS),
    Column("scope", N_("Place"), N_("What the figure covers. Name the larger place after a comma: Windsor-Essex, "
                                    "Ontario."), most=120, width=24),
    Column("measure", N_("Figure"), N_("From the list. Empty where none fits: then the word used is needed."),
           kind="measure", choices=MEASURES, width=26),
    Column("part", N_("Part of it"), N_("Empty for the whole; else which part: a service, a category."), most=160,
           width=26),
    Column("value", N_("Value"), N_("Digits only. Empty means: not published. It is never read as 0."), kind="number",
           most=MOST, width=10),
    Column("qualifier", N_("Qualifier"), N_("Empty means exact."), kind="choice",
           choices=tuple((one.value, one.label) for one in Qualifier)),
    Column("word", N_("Word used"), N_("As printed: interviewed, engaged, rescued."), most=200, width=26),
    Column("language", N_("Language"), kind="choice", choices=LANGUAGES, required=True, width=12),
    Column("threshold_age", N_("Under age"), N_("16, 18, 19: for persons under an age."), kind="number", most=OLDEST,
           width=10),
    Column("starts_on", N_("Window starts"), N_("As 2017-10-18."), kind="day", width=13),
    Column("ends_on", N_("Window ends"), N_("As 2017-10-18."), kind="day", width=13),
    Column("days", N_("Number of days"), N_("Where only their number was printed."), kind="number", most=366, width=11),
    Column("as_of_on", N_("As of"), N_("The day that it was printed, as 2017-10-18."), kind="day", width=13),
    Column("publisher", N_("Publisher"), required=True, most=160, width=30),
    Column("source", N_("Source"), N_("Title or address where it can be read again."), required=True, most=400,
           width=44),
    Column("operation", N_("Operation in Outreach"), N_("Its code, where it is kept here."), most=40, width=16),
    Column("note", N_("Note"), most=400, width=40),
)  # fmt: skip
BY_CODE = {column.code: column for column in COLUMNS}


@dataclass(frozen=True)
class Entry:
    """One published figure. ``value`` None: not published. ``operation``: a code, '' for none."""

    series: str
    edition: str
    publisher: str
    source: str
    language: str = "en"
    level: str = ""
    scope: str = ""
    measure: str = ""
    part: str = ""
    value: int | None = None
    qualifier: str = Qualifier.EXACT.value
    word: str = ""
    threshold_age: int | None = None
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    days: int | None = None
    as_of_on: dt.date | None = None
    operation: str = ""
    note: str = ""


FIELDS = tuple(field.name for field in fields(Entry))
IDENTITY = ("series", "edition", "level", "scope", "measure", "part", "threshold_age", "language", "publisher",
            "source", "as_of_on")  # fmt: skip
"""What names a figure of a source. What it says (value, qualifier, word, window, note) may be corrected under it."""


def row_key(entry: Entry) -> str:
    """The same for the same figure of the same source, however its words are spelled."""
    said = [getattr(entry, name) for name in IDENTITY]
    said.append("" if entry.measure else entry.word)
    plain = [each.isoformat() if isinstance(each, dt.date) else each for each in said]
    keys = [exactly(each) if isinstance(each, str) else each for each in plain]
    return hashlib.sha256(json.dumps(keys, ensure_ascii=False).encode()).hexdigest()


def exactly(text: str) -> str:
    """A text without case and surplus space; unlike ``person_key`` it keeps signs, which addresses differ by."""
    return " ".join(text.casefold().split())


# What a file would change ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One line of a file against what stands: ``state`` new, changed, same. ``fields``: which columns change."""

    number: int
    entry: Entry
    state: str
    before: Entry | None = None
    fields: tuple[str, ...] = ()


def rows_of(entries: Iterable[tuple[int, Entry]], standing: Mapping[str, Entry]) -> list[Row]:
    """Each line of a file against the figure of its key that stands."""
    found = []
    for number, entry in entries:
        before = standing.get(row_key(entry))
        changed = () if before is None else changes(before, entry)
        state = "new" if before is None else "changed" if changed else "same"
        found.append(Row(number, entry, state, before, changed))
    return found


def changes(before: Entry, after: Entry) -> tuple[str, ...]:
    """Columns in which the two differ. The spelling of what names the figure does not count, nor an empty operation:
    who downloaded the file may have been somebody who does not see it."""
    said = (name for name in FIELDS if name not in IDENTITY and (name != "operation" or after.operation))
    return tuple(name for name in said if getattr(before, name) != getattr(after, name))


def mark_of(rows: Iterable[Row]) -> str:
    """The same for the same changes: what was confirmed is what was shown."""
    said = [(row.state, repr(row.entry), repr(row.before)) for row in rows if row.state != "same"]
    return hashlib.sha256(repr(said).encode()).hexdigest()


# Places and order -----------------------------------------------------------------------------------------------------


def places_of(scope: str) -> tuple[str, ...]:
    """The place, then those that it is said to lie within: ``Windsor-Essex, Ontario`` lies within ``Ontario``."""
    parts = [person_key(part) for part in scope.split(",")]
    own = person_key(scope)
    return (own, *(part for part in parts[1:] if part))


def edition_order(edition: str) -> tuple[str, ...]:
    """Sorts editions by their year, then by name."""
    digits = "".join(letter if letter.isdigit() else " " for letter in edition).split()
    year = next((each for each in digits if len(each) == 4), "")
    return (year, edition.casefold())


def days_of(entry: Any) -> int | None:
    """How many days the window has: as printed, else from its ends."""
    if entry.days:
        return int(entry.days)
    if entry.starts_on and entry.ends_on:
        return int((entry.ends_on - entry.starts_on).days + 1)
    return None


def statement_of(key: str, said: Any, interval: Interval | None = None, *, own: bool = False) -> Statement:
    """The figure as it is checked against others: who says what of what, without case and accents."""
    return Statement(
        key=key,
        series=person_key(said.series),
        edition=person_key(said.edition),
        level=said.level,
        places=places_of(said.scope),
        measure=said.measure,
        part=person_key(said.part),
        threshold=said.threshold_age,
        by=person_key(said.publisher),
        as_of=said.as_of_on.isoformat() if said.as_of_on else "",
        language=said.language,
        interval=interval if own else allowed(said.value, said.qualifier),
        own=own,
    )
