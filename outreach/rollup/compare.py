"""Editions beside each other: which figures may be compared and why not, rates a service-day, services of both.

Here belongs all arithmetic between editions. Raw figures need nothing of it: they always stand side by side. Which
editions there are and how reasons are said is decided in ``report``.

Decided here:

- Two figures are comparable when both were counted here, by the same rule in the same version, under the same age, of
  the same kind of operation (level, and levels above it), where it is known which services took part. A figure that was
  only printed names no counting rule, so that it is never comparable.
- A rate a service-day divides a figure by the days of services that told it (cells with a number or a reported zero),
  of those that owe it. Silence is not a day; what was told without a day has none to be divided by, so that a figure
  with some of it has no rate. Only a figure that is one number gives a rate: exact, or partial because services are
  missing, whose days then are missing too.
- Services of both editions: a measure that adds up is added; of persons it is a range from the largest service to the
  sum, one number where nobody is counted twice in the whole edition (the services then make the whole exactly).
- A change in per cent needs twenty or more before, and one number on either side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from outreach.rollup.cells import Cell
from outreach.rollup.measures import Measure
from outreach.rollup.totals import Figure
from outreach.vocab import Bound, CellState

LEAST_BASE = 20
"""No percentage on a smaller base."""
TOLD = (CellState.NUMBER, CellState.ZERO)


class Why(StrEnum):
    """Why two figures are not comparable."""

    PRINTED = "printed"
    MISSING = "missing"
    RULE = "rule"
    VERSION = "version"
    AGE = "age"
    LEVEL = "level"
    PLACE = "place"
    SERVICES = "services"
    BOUND = "bound"
    DAYS = "days"
    NO_DAYS = "no_days"
    UNDATED = "undated"
    NO_SERVICES = "no_services"
    OPEN = "open"


@dataclass(frozen=True)
class Counted:
    """One figure of an edition, with what it means. ``cells``: of its services and days; ``by_service``: of each.

    ``undated``: whether part of it was told without a day, so that it lies in none of the cells.
    """

    measure: Measure
    figure: Figure
    cells: Sequence[Cell] = ()
    by_service: Mapping[int, Figure] = field(default_factory=dict)
    undated: bool = False


@dataclass(frozen=True)
class Edition:
    """One edition of an operation. ``above``: levels of the operations that it lies within, the nearest first.

    ``printed``: only what was published of it is known. ``days``: of its window. ``services``: that take part.
    ``over``: its window has ended, so that its totals stand beside those of another.
    """

    key: str
    level: str
    above: tuple[str, ...] = ()
    days: int | None = None
    services: frozenset[int] = frozenset()
    services_known: bool = True
    printed: bool = False
    over: bool = True
    figures: Mapping[str, Counted] = field(default_factory=dict)


def why_not(one: Edition, other: Edition, code: str) -> tuple[Why, ...]:
    """Every reason why the figure ``code`` of the two editions cannot be compared; none when it can."""
    if one.printed or other.printed:
        return (Why.PRINTED,)
    first, second = one.figures.get(code), other.figures.get(code)
    reasons = [*_scope(one, other)]
    if first is None or second is None or not (_known(first.figure) and _known(second.figure)):
        return (*reasons, Why.MISSING)
    rules = [(each.measure.variant, each.measure.rule, each.measure.version) for each in (first, second)]
    if rules[0][:2] != rules[1][:2]:
        reasons.append(Why.RULE)
    elif rules[0] != rules[1]:
        reasons.append(Why.VERSION)
    if first.measure.threshold != second.measure.threshold:
        reasons.append(Why.AGE)
    return tuple(reasons)


def _known(figure: Figure) -> bool:
    """Whether there is a number to compare: less than nothing is none."""
    return figure.value is not None and not figure.contradicts


def _scope(one: Edition, other: Edition) -> Iterable[Why]:
    if one.level != other.level:
        yield Why.LEVEL
    elif one.above != other.above:
        yield Why.PLACE
    if not (one.services_known and other.services_known):
        yield Why.SERVICES


# A service-day --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rate:
    """A number over service-days, both shown."""

    number: int
    service_days: int

    @property
    def value(self) -> Fraction:
        return Fraction(self.number, self.service_days)


@dataclass(frozen=True)
class Pair:
    """Two values that may be compared, or why not. ``first`` is of this edition, ``second`` of the earlier one."""

    first: Rate | Span | None
    second: Rate | Span | None
    why: tuple[Why, ...] = ()


@dataclass(frozen=True)
class Span:
    """From ``least`` to ``most``; the services that told it, of those that take part in both editions."""

    least: int
    most: int
    told: int = 0

    @property
    def exact(self) -> bool:
        return self.least == self.most


def service_days(cells: Iterable[Cell]) -> int:
    """Days of services for which something was told: a number, or that there was nothing."""
    return sum(cell.state in TOLD for cell in cells)


def per_service_day(one: Edition, other: Edition, code: str) -> Pair:
    """The figure a service-day in both editions, where they are comparable."""
    reasons = [*why_not(one, other, code)]
    found: list[Rate | None] = []
    for edition in (one, other):
        counted = edition.figures.get(code)
        rate, reason = (None, None) if counted is None else _rate(counted)
        found.append(rate)
        if reason is not None and reason not in reasons and Why.MISSING not in reasons:
            reasons.append(reason)
    return Pair(None, None, tuple(reasons)) if reasons else Pair(found[0], found[1])


def _rate(counted: Counted) -> tuple[Rate | None, Why | None]:
    figure = counted.figure
    if not counted.measure.by_day:
        return None, Why.NO_DAYS
    if figure.value is None:
        return None, Why.MISSING
    missing = figure.coverage.expected is not None and figure.coverage.reported < figure.coverage.expected
    if figure.least is not None or not (figure.bound is Bound.EXACT or (figure.bound is Bound.PARTIAL and missing)):
        return None, Why.BOUND
    if counted.undated:
        return None, Why.UNDATED
    days = service_days(counted.cells)
    return (Rate(int(figure.value), days), None) if days else (None, Why.DAYS)


# Services of both editions --------------------------------------------------------------------------------------------


def of_both(one: Edition, other: Edition) -> frozenset[int]:
    """Services that take part in both."""
    return one.services & other.services


def common(one: Edition, other: Edition, code: str) -> Pair:
    """The figure of the services that take part in both editions and told it in both, when both are over."""
    reasons = why_not(one, other, code)
    if not (one.over and other.over):
        reasons = (*reasons, Why.OPEN)
    if reasons:
        return Pair(None, None, reasons)
    first, second = one.figures[code], other.figures[code]
    told = [service for service in sorted(of_both(one, other)) if _sure(first, service) and _sure(second, service)]
    if not told:
        return Pair(None, None, (Why.NO_SERVICES,))
    return Pair(_together(first, told), _together(second, told))


def _sure(counted: Counted, service: int) -> bool:
    figure = counted.by_service.get(service)
    return figure is not None and _known(figure) and figure.bound is Bound.EXACT


def _together(counted: Counted, services: Sequence[int]) -> Span:
    values = [int(counted.by_service[service].value or 0) for service in services]
    added = sum(values)
    if counted.measure.adds_across_services or _nobody_twice(counted):
        return Span(added, added, len(services))
    return Span(max(values, default=0), added, len(services))


def _nobody_twice(counted: Counted) -> bool:
    """Whether the services make the whole exactly, so that any of them do, too."""
    figures = [figure for figure in counted.by_service.values() if figure.value is not None]
    whole = counted.figure
    if whole.value is None or whole.least is not None or any(figure.bound is not Bound.EXACT for figure in figures):
        return False
    return sum(int(figure.value or 0) for figure in figures) == whole.value


# How much it changed --------------------------------------------------------------------------------------------------


def change(first: Figure, second: Figure) -> int | None:
    """How much more (or less) the first is; None where either is not one exact number."""
    if not all(each.bound is Bound.EXACT and each.least is None and _known(each) for each in (first, second)):
        return None
    return int(first.value or 0) - int(second.value or 0)


def percent(first: int, before: int) -> Fraction | None:
    """The change as a part of what was before; None on a base under twenty."""
    return None if before < LEAST_BASE else Fraction(first - before, before)


def rate_change(pair: Pair) -> Fraction | None:
    """The change of a rate as a part of the earlier one; None on a base under twenty in either edition."""
    first, second = pair.first, pair.second
    if not isinstance(first, Rate) or not isinstance(second, Rate):
        return None
    if min(first.number, second.number, first.service_days, second.service_days) < LEAST_BASE:
        return None
    return first.value / second.value - 1


# By day number --------------------------------------------------------------------------------------------------------


def by_day_number(figures: Iterable[Figure], first_day: int, days: int) -> list[int | None]:
    """Values of day 1, day 2 … of the window, whatever its dates; None: not known."""
    known = {figure.key["day"]: figure.value for figure in figures if isinstance(figure.key.get("day"), int)}
    values = [known.get(first_day + place) for place in range(days)]
    return [None if value is None else int(value) for value in values]
