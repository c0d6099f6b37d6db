"""What a printed number may stand for: the arithmetic of qualifiers (``about 350``, ``more than 10``).

Decided here: a printed number stands for every whole number that its qualifier allows. *About* allows a tenth of it
either way, rounded up, since nobody says how it was rounded. A figure that was not published allows everything and is
left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outreach.rollup.totals import Figure
from outreach.vocab import Bound, Qualifier


@dataclass(frozen=True)
class Interval:
    """The whole numbers from ``low`` to ``high`` (None: no end)."""

    low: int
    high: int | None

    def meets(self, other: Interval) -> bool:
        """Whether one number lies in both."""
        return (self.high is None or other.low <= self.high) and (other.high is None or self.low <= other.high)

    def may_be_within(self, other: Interval) -> bool:
        """Whether a number of this one can be at most one of the other."""
        return other.high is None or self.low <= other.high


def allowed(value: int | None, qualifier: str) -> Interval | None:
    """What a printed number allows; None for one that was not published, and for *fewer than 0*."""
    if value is None or value < 0:
        return None
    tenth = -(-value // 10)
    return {
        Qualifier.EXACT: Interval(value, value),
        Qualifier.ABOUT: Interval(value - tenth, value + tenth),
        Qualifier.MORE_THAN: Interval(value + 1, None),
        Qualifier.AT_LEAST: Interval(value, None),
        Qualifier.FEWER_THAN: Interval(0, value - 1) if value else None,
        Qualifier.AT_MOST: Interval(0, value),
    }[Qualifier(qualifier)]


def counted(figure: Figure) -> Interval | None:
    """What a figure that was counted here allows; None where it has no sure end, or is no whole number."""
    if figure.withheld or not isinstance(figure.value, int):
        return None
    return {
        Bound.EXACT: Interval(figure.value, figure.value),
        Bound.AT_LEAST: Interval(figure.value, None),
        Bound.AT_MOST: Interval(figure.least or 0, figure.value),
    }.get(figure.bound)


def add(intervals: Sequence[Interval]) -> Interval:
    """What the sum may be."""
    highs = [one.high for one in intervals]
    return Interval(sum(one.low for one in intervals), None if None in highs else sum(high or 0 for high in highs))
