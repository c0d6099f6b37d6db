"""Plain rules of signing: what a service signs, what stands in its way, how two versions differ. Nothing is counted.

A service signs the figures that this very operation counts for it and that rest on its own records or its own totals.
What an agency does with a referral once it was made moves on for months and is no statement of the service: only
numbers that the service told itself are signed of it.

The hash is the SHA-256 of one document of text, whole numbers, true and false as JSON with sorted keys, no spaces and
no escaped letters, in UTF-8. Reasons are not in it: they are free text, sealed, and may be erased before the figures.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outreach.errors import N_
from outreach.rollup.cells import Cell
from outreach.rollup.checks import Check, Severity
from outreach.rollup.days import Day
from outreach.rollup.measures import CATALOGUE, Measure
from outreach.rollup.totals import Figure
from outreach.vocab import Basis, CellState, EntryMode, OperationStatus

from .rules import DAILY, WHOLE_WINDOW

FORMAT = "outreach-signature-1"
SIGNING = (OperationStatus.ACTIVE.value, OperationStatus.REPORTING.value, OperationStatus.CLOSED.value)
"""States in which figures can be signed: there may be something, and it may still be corrected."""
LEAST_NAME, LONGEST_NAME = 2, 120
LEAST_REASON, LONGEST_REASON = 3, 500
DAYS = "days"
_EPOCH = dt.date(1970, 1, 1)
SILENT = (CellState.SILENT, CellState.OVERDUE)

KINDS: dict[str, str] = {
    "contacts": N_("Contacts were added, changed or withdrawn."),
    "totals": N_("Daily totals were changed."),
    "accused": N_("People arrested or charged were changed."),
    "charges": N_("Charges were changed."),
    "adjustments": N_("An adjustment was made or taken back."),
    "referrals": N_("Referrals were made or taken back."),
    "part": N_("The service’s part in the operation was changed."),
    "team": N_("Teams or the people in them were changed."),
    "merges": N_("Two persons were found to be one."),
}
"""What reopened a signature, by kind of record (``storage.queries.reopening``)."""


def text_of(day: Day) -> str:
    """A day number as a date; *before*, *after* and *undated* stay words."""
    return day if isinstance(day, str) else (_EPOCH + dt.timedelta(days=day)).isoformat()


# --- what is signed ---------------------------------------------------------------------------------------------------


def signed_measures(here: Collection[str], said: Mapping[str, Basis | None]) -> tuple[Measure, ...]:
    """Measures that a service vouches for in an operation that counts ``here`` for it, in the catalogue's order."""
    return tuple(
        measure
        for measure in CATALOGUE
        if measure.code in here and (not measure.of_referrals or said.get(measure.code) is Basis.TALLIES)
    )


def asked(measure: Measure, mode: str) -> bool:
    """Whether the service is asked for it, so that it is missed when nobody knows it."""
    return mode != EntryMode.NONE and (
        measure.code in WHOLE_WINDOW or (measure.code in DAILY and not measure.of_referrals)
    )


def figures_of(
    measures: Iterable[Measure], whole: Mapping[str, Figure], days: Mapping[tuple[str, Day], Figure]
) -> dict[str, Any]:
    """Whole numbers by measure, and under ``days`` by day; what is not known is left out, never zero."""
    out: dict[str, Any] = {}
    by_day: dict[str, dict[str, int]] = {}
    for measure in measures:
        figure = whole.get(measure.code)
        if figure is None or figure.value is None:
            continue
        out[measure.code] = int(figure.value)
        for (code, day), found in days.items():
            if code == measure.code and found.value is not None:
                by_day.setdefault(text_of(day), {})[code] = int(found.value)
    out[DAYS] = dict(sorted(by_day.items()))
    return out


def has_figures(figures: Mapping[str, Any]) -> bool:
    return any(code != DAYS for code in figures)


def trust_of(
    measures: Iterable[Measure], whole: Mapping[str, Figure], cells: Mapping[str, Sequence[Cell]]
) -> dict[str, dict[str, Any]]:
    """How far each figure goes: what it was made from, its bound, and the days of which nothing is known."""
    found: dict[str, dict[str, Any]] = {}
    for measure in measures:
        figure = whole.get(measure.code)
        if figure is None or figure.value is None:
            continue
        unknown = [cell.day for cell in cells.get(measure.code, ()) if cell.missing or cell.state in SILENT]
        found[measure.code] = {
            "basis": figure.basis.value if figure.basis else "",
            "bound": figure.bound.value,
            "not_told": [text_of(day) for day in unknown if day >= 0],
        }
    return found


def not_told(measures: Iterable[Measure], mode: str, cells: Mapping[str, Sequence[Cell]]) -> dict[str, tuple[int, ...]]:
    """Measure → days that were not told although their time has come (-1: the window)."""
    found = {}
    for measure in measures:
        days = tuple(sorted({cell.day for cell in cells.get(measure.code, ()) if cell.state in SILENT}))
        if asked(measure, mode) and days:
            found[measure.code] = (-1,) if measure.code in WHOLE_WINDOW else days
    return found


# --- what stands in the way -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hindrance:
    """Why the figures can only be signed as provisional: ``message % params``."""

    code: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


def hindrances(checks: Iterable[Check], unsent: int, held: int) -> tuple[Hindrance, ...]:
    """What has to be put right before the figures can be signed as final."""
    found = [Hindrance(check.code, check.message, check.params) for check in checks if is_problem(check)]
    if unsent:
        found.append(Hindrance("unsent", N_("Phones still hold records that have not come in: %(count)s."), _n(unsent)))
    if held:
        found.append(Hindrance("held", N_("Records that came in wait for a decision: %(count)s."), _n(held)))
    return tuple(found)


def is_problem(check: Check) -> bool:
    """Whether it contradicts; anything else is shown and does not stand in the way."""
    return check.severity is Severity.PROBLEM


def _n(count: int) -> dict[str, int]:
    return {"count": count}


def is_name(text: str) -> bool:
    """Whether somebody may be called this: at least two letters, of any script."""
    return sum(c.isalpha() for c in text) >= LEAST_NAME and len(text) <= LONGEST_NAME


# --- versions ---------------------------------------------------------------------------------------------------------


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[int | None]]:
    """Measure → [before, after], of those that differ, in the catalogue's order."""
    return {
        measure.code: [before.get(measure.code), after.get(measure.code)]
        for measure in CATALOGUE
        if before.get(measure.code) != after.get(measure.code)
    }


def document(
    *,
    operation: int,
    service: int,
    version: int,
    as_of: dt.datetime,
    name: str,
    provisional: bool,
    figures: Mapping[str, Any],
    definitions: Mapping[str, Any],
    unsent: Sequence[Any],
) -> dict[str, Any]:
    """Everything that is signed."""
    return {
        "format": FORMAT,
        "operation": operation,
        "service": service,
        "version": version,
        "as_of": as_of.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "name": name,
        "provisional": provisional,
        "figures": figures,
        "definitions": definitions,
        "unsent": list(unsent),
    }


def hash_of(said: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of what is signed."""
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def mark_of(figures: Mapping[str, Any]) -> str:
    """What two looks at the figures have in common only when every figure is the same."""
    return hash_of(figures)[:16]
