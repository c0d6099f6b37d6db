"""Rules of the one page: on which days most were met, which plain fraction a share is, which services are to come.

Plain functions on plain values. How it is said is in ``page_contents`` and ``page_charts``; nothing is added up here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from outreach.rollup.totals import Figure
from outreach.vocab import OperationStatus

NEAR = 0.95
"""A day within so much of the busiest one is as busy."""
CLOSE = 0.02
"""A share this near to a plain fraction is called by it."""
FEW = 10
"""A share of fewer persons is given as both numbers."""
FRACTIONS: tuple[tuple[int, int], ...] = (
    (9, 10), (4, 5), (3, 4), (2, 3), (3, 5), (1, 2), (2, 5), (1, 3), (1, 4), (1, 5), (1, 10),
)  # fmt: skip
NOT_OWED = ("services", "support_agencies")
"""That a service takes part is no figure of its own."""
Day = TypeVar("Day")


@dataclass(frozen=True)
class Peak:
    """What a chart by day shows. ``days``: the busiest; ``least`` and ``most``: of the days that are known."""

    days: tuple[object, ...]
    known: int
    least: int
    most: int


def peak(days: Sequence[tuple[Day, int | None]]) -> Peak | None:
    """The busiest days in their order; None where no day is known."""
    known = [(day, value) for day, value in days if value is not None]
    if not known:
        return None
    most = max(value for _, value in known)
    busiest = tuple(day for day, value in known if value > 0 and value >= NEAR * most)
    return Peak(busiest, len(known), min(value for _, value in known), most)


def fraction(share: float | None, whole: int | None) -> tuple[int, int] | None:
    """``(2, 3)`` for 0.67; (0, 1) and (1, 1) only for none and all; None where no plain fraction is near, or of few."""
    if share is None or whole is None or whole < FEW:
        return None
    if share in (0, 1):
        return int(share), 1
    near = [(part, of) for part, of in FRACTIONS if abs(part / of - share) <= CLOSE]
    return min(near, key=lambda found: abs(found[0] / found[1] - share)) if near else None


def to_come(by_service: Iterable[Figure], names: Mapping[int, str]) -> list[str]:
    """Names of the services that owe figures and have told none, from A to Z."""
    owes: set[int] = set()
    told: set[int] = set()
    for figure in by_service:
        service = int(figure.key["service"])
        if figure.measure not in NOT_OWED and figure.coverage.expected:
            owes.add(service)
            if figure.coverage.reported:
                told.add(service)
    return sorted((names.get(service, str(service)) for service in owes - told), key=str.casefold)


def final(status: str, reported: int, expected: int | None, signed: Sequence[bool]) -> bool:
    """Closed, every service in, and every one that owes figures has signed them, with nothing missing."""
    closed = status in (OperationStatus.CLOSED, OperationStatus.ARCHIVED)
    return closed and bool(signed) and all(signed) and reported == expected
