"""Shifts as iCalendar (RFC 5545): the only file that knows the package. Neutral on purpose: no place, no operation,
nobody's name; whoever reads somebody's calendar learns that she works then, and nothing else.

Times are written in UTC: a calendar shows them right on the night on which the clocks change, without a table of zones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from icalendar import Calendar, Event

MEDIA_TYPE = "text/calendar"
EVERY = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Entry:
    """One shift: ``uid`` stays, ``sequence`` grows with every change, ``changed_at`` is when it last did."""

    uid: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    sequence: int
    changed_at: dt.datetime
    cancelled: bool = False


def calendar_of(entries: Iterable[Entry], title: str) -> bytes:
    """The calendar as a file: CRLF, lines folded. ``title``: the neutral word of every entry."""
    made = Calendar()
    made.add("prodid", "-//Outreach//Shifts//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", title)
    made.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", EVERY)
    for entry in entries:
        made.add_component(_event(entry, title))
    return bytes(made.to_ical())


def _event(entry: Entry, title: str) -> Event:
    event = Event()
    changed = entry.changed_at.astimezone(dt.UTC).replace(microsecond=0)
    event.add("uid", entry.uid)
    event.add("summary", title)
    event.add("dtstart", entry.starts_at.astimezone(dt.UTC))
    event.add("dtend", entry.ends_at.astimezone(dt.UTC))
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", entry.sequence)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    return event
