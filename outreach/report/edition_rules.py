"""Which printed editions stand beside an operation, and in which order; which figures are their rows.

Plain functions on plain values; whether two figures may be compared is decided in ``rollup.compare``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outreach.plan.team_rules import person_key
from outreach.rollup.measures import CATALOGUE

from .history_rules import days_of, edition_order

RowKey = tuple[str, int | None]
"""Measure and threshold age, where it is not the measure's own."""
_OWN_AGE = {measure.code: measure.threshold for measure in CATALOGUE}
_ORDER = {measure.code: place for place, measure in enumerate(CATALOGUE)}


@dataclass
class Printed:
    """One edition as it was printed of one place. ``figures``: by row, every version in the order recorded."""

    edition: str
    level: str
    scope: str
    days: list[int] = field(default_factory=list)
    figures: dict[RowKey, list[Any]] = field(default_factory=dict)


def series_of(name: str, linked: Iterable[str], known: Iterable[str]) -> list[str]:
    """Series of an operation of this name: those of figures said to be of it, else those that it is named by."""
    found = list(dict.fromkeys(linked))
    words = f" {person_key(name)} "
    return found or [one for one in known if person_key(one) and f" {person_key(one)} " in words]


def place_of(name: str, level: str, linked: Sequence[tuple[str, str]], known: Iterable[tuple[str, str]]) -> str:
    """The place whose figures stand beside the operation: as figures of it say, else one that its name holds.

    ``linked``, ``known``: (level, place) of figures. '' where none fits.
    """
    for its_level, scope in linked:
        if its_level == level and scope:
            return scope
    words = f" {person_key(name)} "
    fitting = [scope for its_level, scope in known if its_level == level and f" {person_key(scope)} " in words]
    return max(fitting, key=len, default="")


def printed_of(rows: Iterable[Any], level: str, scope: str) -> list[Printed]:
    """Editions that were printed of the level and place, the latest first. A part is no figure of the whole."""
    found: dict[str, Printed] = {}
    for row in rows:
        if (row.level, person_key(row.scope)) != (level, person_key(scope)) or row.part or not row.measure:
            continue
        one = found.setdefault(row.edition, Printed(row.edition, row.level, row.scope))
        one.figures.setdefault(row_of(row), []).append(row)
        days = days_of(row)
        if days is not None and days not in one.days:
            one.days.append(days)
    return sorted(found.values(), key=lambda one: edition_order(one.edition), reverse=True)


def row_of(figure: Any) -> RowKey:
    """The row that a printed figure stands in."""
    own = _OWN_AGE.get(figure.measure)
    return figure.measure, None if figure.threshold_age == own else figure.threshold_age


def rows_shown(standard: Iterable[str], printed: Iterable[Printed]) -> list[RowKey]:
    """Rows of the table: the standard figures and whatever else was printed, in the order of the catalogue."""
    keys: set[RowKey] = {(code, None) for code in standard}
    for one in printed:
        keys |= set(one.figures)
    return sorted(keys, key=lambda key: (_ORDER.get(key[0], len(_ORDER)), key[0], key[1] or 0))


def versions(figures: Sequence[Any]) -> list[tuple[Any, list[Any]]]:
    """Versions of one figure that say the same number, together: the first of them, and all."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for figure in figures:
        found.setdefault((figure.value, figure.qualifier), []).append(figure)
    return [(same[0], same) for same in found.values()]


def said_once(words: Iterable[str]) -> str:
    """Words, each once, with commas between."""
    return ", ".join(dict.fromkeys(word for word in words if word))


def chosen(asked: str, found: Mapping[str, Any]) -> str:
    """The key asked for where it is there, else the first; '' for none."""
    return asked if asked in found else next(iter(found), "")
