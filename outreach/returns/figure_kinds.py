"""The shapes in which figures of an operation are handed out, and which of them may be kept of a closed one.

Here belong plain values; they are filled in ``figures``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outreach.rollup.cells import Cell
from outreach.rollup.checks import Check, Severity
from outreach.rollup.completeness import Completeness, Timeliness
from outreach.rollup.days import Day
from outreach.rollup.hours import Hours
from outreach.rollup.months import Month
from outreach.rollup.splits import Offence, Outcomes
from outreach.rollup.totals import Coverage, Figure
from outreach.rollup.waits import Waits
from outreach.vocab import Basis, Bound, CellState


@dataclass(frozen=True)
class Figures:
    """Figures of one operation split by ``by``; they hold as of ``as_of``."""

    operation: int
    as_of: dt.datetime
    coverage: Coverage
    figures: tuple[Figure, ...]

    def one(self, code: str, **key: Any) -> Figure:
        """The figure of a measure with this key; an unknown one when there is none."""
        found = (figure for figure in self.figures if figure.measure == code and dict(figure.key) == key)
        return next(found, Figure(code, key))

    def of(self, code: str) -> list[Figure]:
        """Every figure of one measure."""
        return [figure for figure in self.figures if figure.measure == code]


@dataclass(frozen=True)
class Board:
    """What the operation page shows beside the figures: the grid's cells, what was met outside the window, checks.

    ``elsewhere``: measure → operations that count it for services of this one.
    """

    today: int
    days: tuple[Day, ...]
    cells: tuple[Cell, ...]
    outside: tuple[Figure, ...]
    today_figures: tuple[Figure, ...]
    elsewhere: dict[str, tuple[int, ...]]
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Tonight:
    """What the live board shows: figures of the operational day of now and in all, and each team's contacts today."""

    today: tuple[Figure, ...]
    in_all: tuple[Figure, ...]
    teams: dict[int, int]


@dataclass(frozen=True)
class ServiceBook:
    """All of one service in one operation: figures of the window and by day, cells by measure, what does not fit.

    ``first``: the operation’s first day, -1 when not known.
    ``here``: codes of measures that this very operation counts for it. ``added``: (measure, day) → adjustments that
    count. ``said``: of a measure, whether records or daily totals say it.
    """

    service: int
    as_of: dt.datetime
    today: int
    first: int
    here: frozenset[str]
    whole: dict[str, Figure]
    days: dict[tuple[str, Day], Figure]
    cells: dict[str, tuple[Cell, ...]]
    added: dict[tuple[str, int], int]
    said: dict[str, Basis | None]
    checks: tuple[Check, ...]
    complete: Completeness | None
    times: tuple[Timeliness, ...]


FROZEN: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        Figures, Figure, Coverage, Board, Cell, Check, Completeness, Outcomes, Offence, Hours, Waits, Month,
        Basis, Bound, CellState, Severity,
    )
}  # fmt: skip
"""What may stand in rows that are kept of a closed operation: figures and what is made of them."""
