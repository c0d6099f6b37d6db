"""Whose one page is asked for, and of which moment: the day and hour it says, and the days of its window."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext

from outreach.auth.actors import Actor, Target
from outreach.storage.days import window_days
from outreach.storage.tables import Operation
from outreach.web import clock


@dataclass(frozen=True)
class Asked:
    """Whose page it is, and of which moment (``as_of`` None: now)."""

    actor: Actor
    target: Target
    operation: Operation
    as_of: dt.datetime | None
    now: dt.datetime
    link: Mapping[str, str]


def moment(asked: Asked) -> str:
    """``as of 18 October 2017, 12:10``, local."""
    zone = asked.operation.time_zone
    return gettext(
        "as of %(day)s, %(time)s",
        day=clock.long_day(clock.local(asked.now, zone)),
        time=clock.spoken_time(asked.now, zone),
    )


def window(operation: Operation) -> tuple[dt.date | None, dt.date | None]:
    return window_days(operation.starts_at, operation.ends_at, operation.time_zone, operation.day_starts_minutes)
