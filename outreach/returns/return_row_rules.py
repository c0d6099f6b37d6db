"""What the cells of one row of a return may say together, and rows of one contact or accused with each other.

The same rules as where contacts and charges are typed one by one; plain values in, what is wrong out. What one cell may
say is in ``return_cell_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from outreach.errors import N_, Finding
from outreach.field import charge_rules
from outreach.plan.workbook_rules import french
from outreach.rollup.measures import measure as measure_of
from outreach.vocab import ContactResult, StaffCategory

from .return_cell_rules import Words, key
from .return_rules import (
    CHARGE_COLUMNS,
    CONTACT_COLUMNS,
    NO,
    OF_PERSON,
    ONLY_IF_AGREED,
    YES,
    YES_NO,
    Asked,
    Row,
)

FAR = dt.timedelta(days=366)
YES_OR_NO = Words(((code, (label, french(label))) for code, label in YES_NO), yes_no=True)
OF_CONTACT = ("day", "time", "result", "approach", "place_kind", "municipality")
"""What rows with the same contact number say of the one contact."""
OF_CHARGE = ("offence", "label", "statute", "counts", "laid_on", "status")

_LABELS = {column.code: column.label for column in (*CONTACT_COLUMNS, *CHARGE_COLUMNS)}
_FILL = N_("Fill this cell.")
_EMPTY = N_("Empty this cell.")
_YEAR = N_("Look at the year: write the day as 2017-10-18.")


@dataclass(frozen=True)
class Trouble:
    """Something wrong with a row, at the cell of ``column``."""

    row: Row
    column: str
    message: str
    fix: str
    params: Mapping[str, object] = field(default_factory=dict)
    must: bool = True


def words_of_window(row_id: str) -> set[str]:
    """What the line of an answer of the whole window may be called, in both languages."""
    _, _, rest = row_id.partition("-")
    code, _, part = rest.partition("-")
    measure = measure_of(code)
    found = set()
    for said in (str, french):
        words = said(measure.label) % measure.params
        if part:
            words = said(N_("%(measure)s: %(part)s")) % {"measure": words, "part": said(StaffCategory(part).label)}
        found.add(key(words))
    return found


# --- Contacts ---------------------------------------------------------------------------------------------------------


def contacts(rows: Sequence[Row], asked: Asked, today: dt.date | None, bad: set[str]) -> Iterator[Trouble]:
    """``bad``: numbers of rows of which a cell could not be read; nothing is said of what they lack."""
    days = frozenset(asked.days)
    for row in rows:
        if row.row_id not in bad:
            yield from _missing(row, ("day", "result"))
        yield from _person(row, row.row_id in bad)
        yield from _day(row, "day", asked.days, days, today)
    yield from _met_together(rows, bad)


def _missing(row: Row, columns: Sequence[str]) -> Iterator[Trouble]:
    for column in columns:
        if column not in row.values:
            yield Trouble(row, column, N_("“%(column)s” is missing."), _FILL, {"column": _LABELS[column]})


def _person(row: Row, uncertain: bool) -> Iterator[Trouble]:
    """An attempt has no person; without agreement only the meeting is kept."""
    said = row.values
    result = said.get("result")
    if result is not None and result != ContactResult.MET:
        for column in OF_PERSON:
            if column in said and not (column == "agreed" and said[column] == NO):
                message = N_("The result says that nobody was met, but this cell speaks of a person.")
                yield Trouble(row, column, message, N_("Empty this cell, or choose the result Met."))
        return
    if said.get("agreed") == YES or (uncertain and "agreed" not in said):
        return
    for column in ONLY_IF_AGREED:
        if column in said:
            message = N_("Without “Yes” under “Agrees to be recorded” nothing may be kept of the person.")
            yield Trouble(row, column, message, N_("Empty this cell; or answer Yes there if the person agreed."))


def _day(
    row: Row, column: str, days: Sequence[dt.date], known: frozenset[dt.date], today: dt.date | None
) -> Iterator[Trouble]:
    day = row.values.get(column)
    if not isinstance(day, dt.date):
        return
    if today is not None and day > today:
        yield Trouble(row, column, N_("This day has not come yet."), _YEAR)
    elif days and not days[0] - FAR <= day <= days[-1] + FAR:
        message = N_("This day is more than a year away from the days of the operation.")
        yield Trouble(row, column, message, _YEAR)
    elif known and day not in known:
        message = N_("This day is outside the days of your service, %(first)s to %(last)s.")
        fix = N_("Look whether it is right; the evening of a contact after midnight is the one before.")
        yield Trouble(
            row, column, message, fix, {"first": days[0].isoformat(), "last": days[-1].isoformat()}, must=False
        )


def _met_together(rows: Sequence[Row], bad: set[str]) -> Iterator[Trouble]:
    """Rows of one contact number are one contact: they say the same of it, and never the same person twice."""
    together: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        if "no" in row.values:
            together[row.values["no"]].append(row)
    for group in together.values():
        first: dict[str, Row] = {}
        codes: dict[object, Row] = {}
        for row in group:
            for column in OF_CONTACT:
                if column not in row.values:
                    continue
                other = first.setdefault(column, row)
                if other.values[column] != row.values[column] and not {other.row_id, row.row_id} & bad:
                    message = N_("Row %(row)s has the same contact number, but says otherwise here.")
                    fix = N_("Write the same in both rows, or give this row a contact number of its own.")
                    yield Trouble(row, column, message, fix, {"row": other.row})
            code = row.values.get("code")
            if code is not None:
                twin = codes.setdefault(code, row)
                if twin is not row:
                    message = N_("Row %(row)s of the same contact has this person code too.")
                    fix = N_("One row a person: correct the code, or empty one of the rows.")
                    yield Trouble(row, "code", message, fix, {"row": twin.row})


# --- Charges ----------------------------------------------------------------------------------------------------------


def charges(rows: Sequence[Row], asked: Asked, today: dt.date | None, bad: set[str]) -> Iterator[Trouble]:
    """As ``contacts``."""
    accused: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        if row.row_id not in bad:
            yield from _missing(row, ("accused",))
            yield from _charge(row, today)
        for column in ("laid_on", "arrested_on"):
            yield from _long_ago(row, column, asked.days)
        if "accused" in row.values:
            accused[row.values["accused"]].append(row)
    for group in accused.values():
        yield from _arrest(group, today, bad)


def _charge(row: Row, today: dt.date | None) -> Iterator[Trouble]:
    said = row.values
    if not any(column in said for column in OF_CHARGE):
        return
    laid_on = said.get("laid_on")
    findings = [
        *charge_rules.check_offence(
            said.get("offence", ""), said.get("label", ""), said.get("statute", ""),
            known=True, in_force=True, section="", laid_on=laid_on,
        ),
        *charge_rules.check_counts(said.get("counts")),
        *charge_rules.check_laid_on(laid_on, today or dt.date.max),
    ]  # fmt: skip
    yield from (_as_typed(row, finding) for finding in findings)


def _as_typed(row: Row, finding: Finding) -> Trouble:
    """A finding of the page where charges are typed one by one: it says itself what to do."""
    fix = _FILL if finding.where not in row.values else N_("Correct this cell, or empty it.")
    return Trouble(row, finding.where, finding.message, fix, finding.params)


def _long_ago(row: Row, column: str, days: Sequence[dt.date]) -> Iterator[Trouble]:
    day = row.values.get(column)
    if isinstance(day, dt.date) and days and day < days[0] - FAR:
        message = N_("This day is more than a year away from the days of the operation.")
        yield Trouble(row, column, message, _YEAR)


def _arrest(group: Sequence[Row], today: dt.date | None, bad: set[str]) -> Iterator[Trouble]:
    """Rows of one accused person say the same of the arrest; it is enough that one says it."""
    first: dict[str, Row] = {}
    for row in group:
        for column in ("arrested", "arrested_on"):
            if column not in row.values:
                continue
            other = first.setdefault(column, row)
            if other.values[column] != row.values[column]:
                message = N_("Row %(row)s is of the same accused person, but says otherwise here.")
                fix = N_("Write the same in both rows, or correct the code of the accused.")
                yield Trouble(row, column, message, fix, {"row": other.row})
    if any(row.row_id in bad for row in group):
        return
    arrested = first["arrested"].values["arrested"] == YES if "arrested" in first else None
    arrested_on = first["arrested_on"].values["arrested_on"] if "arrested_on" in first else None
    for finding in charge_rules.check_arrest(arrested, arrested_on, today or dt.date.max):
        yield _as_typed(first.get(finding.where, group[0]), finding)


__all__ = ["OF_CHARGE", "OF_CONTACT", "YES_OR_NO", "Trouble", "charges", "contacts", "key", "words_of_window"]
