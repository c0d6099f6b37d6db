"""Plain rules of what is due: overdue, today, this week, later, and what has no day at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

FOLLOW_UP, GOAL, LOOK_AGAIN, NO_DAY = "follow_up", "goal", "look_again", "no_day"
"""What is due: a follow-up after 7, 30 or 90 days; a goal of the plan; the day a liaison set; or that no day is."""
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Due:
    """One thing to do for one referral. ``detail``: the days of a follow-up, or the area of a goal."""

    referral_id: int
    what: str
    on: dt.date | None
    detail: str = ""


@dataclass
class Groups:
    """``later`` counts what lies beyond the week; ``next_on`` is the first day of all that is not yet due."""

    overdue: list[Due] = field(default_factory=list)
    today: list[Due] = field(default_factory=list)
    week: list[Due] = field(default_factory=list)
    undated: list[Due] = field(default_factory=list)
    later: int = 0
    next_on: dt.date | None = None

    @property
    def now(self) -> int:
        """How many are due: overdue and today's."""
        return len(self.overdue) + len(self.today)


def with_undated(dues: Iterable[Due], in_hand: Iterable[int]) -> list[Due]:
    """``dues`` and, for each referral in hand for which no day is set, one line that says so: nobody is forgotten."""
    found = list(dues)
    dated = {due.referral_id for due in found if due.on is not None}
    return found + [Due(one, NO_DAY, None) for one in in_hand if one not in dated]


def grouped(dues: Iterable[Due], today: dt.date | dict[int, dt.date]) -> Groups:
    """``dues`` by urgency, each in the order of its days. ``today``: one day, or one for each referral's zone."""
    found = Groups()
    for due in sorted(dues, key=_order):
        day = today if isinstance(today, dt.date) else today[due.referral_id]
        if due.on is None:
            found.undated.append(due)
        elif due.on <= day:
            (found.overdue if due.on < day else found.today).append(due)
        else:
            found.next_on = min(found.next_on or due.on, due.on)
            if due.on <= day + WEEK:
                found.week.append(due)
            else:
                found.later += 1
    return found


def _order(due: Due) -> tuple[dt.date, int, str]:
    return due.on or dt.date.max, due.referral_id, due.what
