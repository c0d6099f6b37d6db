"""Contacts by the hour of the clock and by evening, so that tomorrow's teams are out when persons are met.

Only contacts that were logged one by one have an hour. Here belongs the grouping; who may see it is not decided here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from outreach.rollup.days import Day, day_row
from outreach.rollup.facts import Facts
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import measure
from outreach.rollup.members import members
from outreach.rollup.totals import total
from outreach.vocab import Bound

_STEP = 900
"""Every zone's clock stands on a quarter of an hour: contacts of one quarter share their hour."""


@dataclass(frozen=True)
class Hours:
    """``hours``: of the clock, in the order of the operational day, from the first with a contact to the last.

    ``counts``: (day row, hour) -> contacts, those that occur. ``by_hour`` and ``by_day`` are their sums, ``logged`` all
    of them; ``of``: the figure *contacts*, which holds the numbers told without an hour as well;
    ``whole``: whether that figure is exact, so that nothing more is to come.
    """

    days: tuple[Day, ...] = ()
    hours: tuple[int, ...] = ()
    counts: Mapping[tuple[Day, int], int] = field(default_factory=dict)
    by_hour: Mapping[int, int] = field(default_factory=dict)
    by_day: Mapping[Day, int] = field(default_factory=dict)
    logged: int = 0
    of: int | None = None
    whole: bool = True

    @property
    def busiest(self) -> int | None:
        """The hour with most contacts, the earliest of several; None where there are none."""
        return max(self.hours, key=lambda hour: self.by_hour.get(hour, 0), default=None) if self.logged else None


def by_hour(facts: Facts, zone: str, day_starts_minutes: int) -> Hours:
    """Contacts with the result *met* by hour of ``zone`` and operational day."""
    import numpy as np

    contacts = measure("contacts")
    book, rows = ledger(facts), members(facts, contacts)
    quarter, place = np.unique(rows["at"].to_numpy() // _STEP, return_inverse=True)
    clock = ZoneInfo(zone)
    hour_of = np.array([dt.datetime.fromtimestamp(one * _STEP, clock).hour for one in quarter.tolist()], dtype=np.int64)
    code = rows["counted_day"].to_numpy().astype(np.int64) * 24 + hour_of[place] if len(rows) else place
    found, which = np.unique(code, return_inverse=True)
    numbers = np.zeros(len(found), dtype=np.int64)
    np.add.at(numbers, which, rows["counted"].to_numpy())
    counts: dict[tuple[Day, int], int] = {}
    for one, number in zip(found.tolist(), numbers.tolist(), strict=True):
        key = day_row(book, one // 24), one % 24
        counts[key] = counts.get(key, 0) + number
    whole = total(facts, contacts)
    of = None if whole.value is None else int(whole.value)
    return replace(_arranged(counts, day_starts_minutes // 60, of), whole=whole.bound == Bound.EXACT)


def _arranged(counts: dict[tuple[Day, int], int], starts: int, of: int | None) -> Hours:
    clock = [(starts + place) % 24 for place in range(24)]
    by_hour: dict[int, int] = {}
    by_day: dict[Day, int] = {}
    for (day, hour), number in counts.items():
        by_hour[hour] = by_hour.get(hour, 0) + number
        by_day[day] = by_day.get(day, 0) + number
    taken = [place for place, hour in enumerate(clock) if by_hour.get(hour)]
    order = {"before": -1, "after": 1, "undated": 2}
    days = sorted(by_day, key=lambda day: (order.get(str(day), 0), day if isinstance(day, int) else 0))
    hours = tuple(clock[taken[0]:taken[-1] + 1]) if taken else ()
    return Hours(tuple(days), hours, counts, by_hour, by_day, sum(by_day.values()), of)
