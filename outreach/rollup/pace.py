"""How an edition comes along: what was counted up to each of its days, beside an earlier edition at the same day.

Here belong running totals by day number and their comparison. Whether two editions may be compared at all is decided
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outreach.rollup.days import BEFORE, Day
from outreach.rollup.splits import running
from outreach.rollup.totals import Figure
from outreach.vocab import Bound

OPEN = (Bound.PARTIAL, Bound.AT_LEAST)
"""Bounds of a number to which more may come."""


@dataclass(frozen=True)
class Step:
    """The ``number``-th day (1: the first) and everything counted up to its end; None where that is not known, or has
    not come yet. ``most``: the number is an upper end. ``wrong``: it would be less than nothing, so it has none.
    ``open``: of some day up to it not everything is told yet."""

    number: int
    day: int
    value: int | None
    most: bool = False
    wrong: bool = False
    open: bool = False


@dataclass(frozen=True)
class Beside:
    """Two editions at the same day number; ``more`` is what this one has above the other (below: negative).

    ``open``: more may come to either."""

    number: int
    value: int
    before: int
    more: int
    open: bool = False

    @property
    def apart(self) -> int:
        """How far they lie apart, whichever is ahead."""
        return abs(self.more)


def steps(figures: Sequence[Figure], days: Iterable[Day], today: int) -> tuple[Step, ...]:
    """The days of the window with their running totals, from figures by day of one measure that adds up across days.

    What came before the window counts into its first day; days after ``today`` have no number yet.
    """
    order = [day for day in days if isinstance(day, int)]
    counted = running(figures)
    most = any(figure.bound is Bound.AT_MOST or figure.least is not None for figure in figures if figure.value)
    known = {day: counted.get(day) if day <= today else None for day in order}
    below = {day for day, value in known.items() if value is not None and value < 0}
    early = [figure.key["day"] for figure in figures if figure.value is not None and figure.bound in OPEN]
    since = min([float("-inf") for day in early if day == BEFORE] + [day for day in early if isinstance(day, int)],
                default=float("inf"))
    return tuple(Step(day - order[0] + 1, day, None if day in below else value, most, day in below, day >= since)
                 for day, value in known.items())


def last_known(found: Sequence[Step]) -> Step | None:
    """The last day of which the running total is known."""
    return next((step for step in reversed(found) if step.value is not None), None)


def beside(now: Sequence[Step], before: Sequence[Step]) -> Beside | None:
    """This edition and an earlier one at the last day number that both know; None where there is none."""
    earlier = {step.number: step for step in before}
    for step in reversed(now):
        other = earlier.get(step.number)
        if step.value is not None and other is not None and other.value is not None:
            return Beside(step.number, step.value, other.value, step.value - other.value, step.open or other.open)
    return None
