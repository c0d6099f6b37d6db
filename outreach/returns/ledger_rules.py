"""Plain rules of reconciliation: what may be typed, when an explanation holds, which differences come first."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from outreach.errors import N_, Finding
from outreach.rollup.measures import Measure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.reconcile import RECONCILED, Line, Signed, Source

LEAST_REASON, LONGEST_REASON = 3, 500
MOST = 999_999
CODES: tuple[str, ...] = tuple(measure.code for measure in RECONCILED)
SHARED: tuple[str, ...] = tuple(measure.code for measure in RECONCILED if measure.of_persons or measure.of_accused)
"""Figures of persons, of which two services may have counted the same ones."""
_SIGNED_NUMBER = re.compile(r"([+-]?)(\d{1,9})")
_MINUS = str.maketrans({"−": "-", "–": "-", "\N{NO-BREAK SPACE}": "", "\N{NARROW NO-BREAK SPACE}": "", " ": ""})


def amount(text: str) -> int | Finding:
    """A signed whole number other than 0, as ``+2`` or ``-3``."""
    found = _SIGNED_NUMBER.fullmatch(text.translate(_MINUS))
    if found is None or not text.isprintable() or not found[2].isascii():
        return Finding("amount", N_("Enter a whole number with its sign, such as +2 or -3."))
    number = int(found[2]) * (-1 if found[1] == "-" else 1)
    if number == 0:
        return Finding("amount", N_("An adjustment of 0 changes nothing. Enter how much is missing, or too much."))
    if abs(number) > MOST:
        return Finding("amount", N_("Enter a number up to %(most)s."), {"most": MOST})
    return number


def persons(text: str) -> int | Finding | None:
    """How many persons both services counted; None for *not known* (left blank)."""
    typed = text.translate(_MINUS)
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        return Finding("persons", N_("Enter a whole number, 0 when nobody was counted by both, or leave it blank."))
    return int(typed)


def reason(text: str, where: str = "reason", *, needed: bool = True) -> list[Finding]:
    """Findings at a reason."""
    if needed and len(text) < LEAST_REASON:
        return [Finding(where, N_("Say why, in a few words and without names."))]
    if len(text) > LONGEST_REASON:
        return [Finding(where, N_("Shorten this to %(most)s characters."), {"most": LONGEST_REASON})]
    return []


def measure(code: str, among: Iterable[str] = CODES) -> Measure | Finding:
    """The measure of a form."""
    if code in among:
        return measure_of(code)
    return Finding("measure", N_("Choose one of the figures in the list."))


def below_zero(line: Line, day: int, change: int) -> int | None:
    """What the figure of the day, else of the window, would be with the change, where that is below zero."""
    values = [one.value for one in (*(found for found in line.days if found.day == day), line) if one.value is not None]
    return next((value + change for value in values if value + change < 0), None)


def at(line: Line, day: int) -> Line | None:
    """The line of the day (-1: of the window)."""
    return line if day < 0 else next((one for one in line.days if one.day == day), None)


def mark_of(line: Line) -> str:
    """What a line said, in one word for a form."""
    return hashlib.sha256(json.dumps(line.mark, sort_keys=True).encode()).hexdigest()[:16]


def same(said: Mapping[str, Any], line: Line) -> bool:
    """Whether every source still says what it said when the difference was explained."""
    return dict(said) == line.mark


def explained(line: Line, explanations: Iterable[tuple[str, int, Mapping[str, Any]]]) -> bool:
    """Whether all that differs is explained: the whole by one, or each day by its own. (measure, day, said)."""
    found = {(code, day): said for code, day, said in explanations}
    whole = found.get((line.measure, -1))
    if whole is not None and same(whole, line):
        return True
    days = [one for one in line.days if one.differs]
    return (
        not line.differs
        and bool(days)
        and all((line.measure, one.day) in found and same(found[line.measure, one.day], one) for one in days)
    )


def gap(line: Line) -> int:
    """By how much the sources differ at most, over the window and its days."""
    most = 0
    for one in (line, *line.days):
        values = [said.value for said in one.said if said.source is not Source.ADJUSTMENTS and said.value is not None]
        if one.differs:
            most = max([most, *(abs(value - (one.value or 0)) for value in values)])
    return most


def worst_first(lines: Iterable[Line], names: Mapping[int, str], settled: Iterable[Line] = ()) -> list[Line]:
    """Open differences first, the largest on top; then those explained; then by the name of the service."""
    done = {(line.service, line.measure) for line in settled}
    order = {code: place for place, code in enumerate(CODES)}
    return sorted(
        lines,
        key=lambda line: (
            not line.open or (line.service, line.measure) in done,
            not line.open,
            -gap(line),
            names.get(line.service, "").casefold(),
            order.get(line.measure, 0),
        ),
    )


def signed_of(figures: Mapping[str, Any], day_number: Any) -> Signed:
    """What a signature says, as the ledger compares it. ``day_number`` reads a date; other day names are left out."""
    days: dict[str, dict[int, int]] = {}
    for text, values in (figures.get("days") or {}).items():
        number = day_number(text)
        if number is not None:
            for code, value in values.items():
                days.setdefault(code, {})[number] = value
    return Signed({code: value for code, value in figures.items() if code != "days"}, days)
