"""Plain rules of a case: when to look again, what is due, which words are kept, whether a way can be dialled."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from outreach.vocab import FOLLOW_UP_DAYS


def follow_up_days(picked_up_at: dt.datetime, zone: str) -> list[tuple[int, dt.date]]:
    """``(days, day on which to look again)``, counted from the day of the pick-up as the agency's calendar has it."""
    first = picked_up_at.astimezone(ZoneInfo(zone)).date()
    return [(days, first + dt.timedelta(days=days)) for days in FOLLOW_UP_DAYS]
