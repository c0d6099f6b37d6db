"""Operational days: which day a moment belongs to, when a day begins, which days a window has.

Here belong zone, the hour at which a day starts, and nothing else: no tables, no queries.

The first day of a window is the calendar day on which it begins in the operation's zone; the last is the operational
day of its last moment, so that a window until midnight or into the night ends that evening.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from .types import EPOCH_DAY


def day_number(day: dt.date | None) -> int:
    """Days since 1970, -1 for none."""
    return -1 if day is None else (day - EPOCH_DAY).days


def operational_day(at: dt.datetime, zone: str, starts_minutes: int) -> dt.date:
    """The day to which a moment belongs: before the day's start it is still the evening before."""
    local = at.astimezone(ZoneInfo(zone))
    early = local.hour * 60 + local.minute < starts_minutes
    return local.date() - dt.timedelta(days=int(early))


def day_begins(day: dt.date, zone: str, starts_minutes: int) -> dt.datetime:
    """The moment at which an operational day begins, in UTC."""
    local = dt.datetime.combine(day, dt.time(starts_minutes // 60, starts_minutes % 60), ZoneInfo(zone))
    return local.astimezone(dt.UTC)


def window_days(
    starts_at: dt.datetime | None, ends_at: dt.datetime | None, zone: str, starts_minutes: int
) -> tuple[dt.date | None, dt.date | None]:
    """First and last day of a window; both None unless both ends are known."""
    if starts_at is None or ends_at is None:
        return None, None
    first = starts_at.astimezone(ZoneInfo(zone)).date()
    return first, max(first, operational_day(ends_at - dt.timedelta(microseconds=1), zone, starts_minutes))
