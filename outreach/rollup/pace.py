"""How an edition comes along: what was counted up to each of its days, beside an earlier edition at the same day.

Here belong running totals by day number and their comparison. Whether two editions may be compared at all is decided
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outreach.rollup.days import Day
from outreach.rollup.splits import running
from outreach.rollup.totals import Figure
from outreach.vocab import Bound


@dataclass(frozen=True)
class Step:
    """The ``number``-th day (1: the first) and everything counted up to its end; None where that is not known, or has
    not come yet. ``most``: the number is an upper end."""

    number: int
    day: int
    value: int | None
    most: bool = False


@dataclass(frozen=True)
class Beside:
    """Two editions at the same day number; ``more`` is what this one has above the other (below: negative)."""

    number: int
    value: int
    before: int
    more: int

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
    return tuple(
        Step(day - order[0] + 1, day, counted.get(day) if day <= today else None, most) for day in order)


def last_known(found: Sequence[Step]) -> Step | None:
    """The last day of which the running total is known."""
    return next((step for step in reversed(found) if step.value is not None), None)


def beside(now: Sequence[Step], before: Sequence[Step]) -> Beside | None:
    """This edition and an earlier one at the last day number that both know; None where there is none."""
    earlier = {step.number: step.value for step in before}
    for step in reversed(now):
        other = earlier.get(step.number)
        if step.value is not None and other is not None:
            return Beside(step.number, step.value, other, step.value - other)
    return None
