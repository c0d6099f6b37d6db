"""Times at the edges: UTC inside, the operation's zone on the page, 24-hour clock, numeric dates in tables."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import get_locale, gettext, pgettext


def local(at: dt.datetime | None, zone: str) -> dt.datetime | None:
    """The instant in ``zone``; ``None`` stays ``None``."""
    return None if at is None else _there(at, zone)


def _there(at: dt.datetime, zone: str) -> dt.datetime:
    """The instant in ``zone``, or as it is at an end of the calendar, where a phone's clock may have stood."""
    try:
        return at.astimezone(ZoneInfo(zone))
    except OverflowError:
        return at


def iso_day(day: dt.date | dt.datetime | None) -> str:
    """``2017-10-18``, or a dash where there is none."""
    return "–" if day is None else day.strftime("%Y-%m-%d")


def hour_minute(at: dt.datetime | None, zone: str = "UTC") -> str:
    """``21:42`` in ``zone``, for tables and inputs."""
    return "–" if at is None else _there(at, zone).strftime("%H:%M")


def local_text(at: dt.datetime | None, zone: str) -> str:
    """``2017-10-18 21:42``, or "not known"."""
    return gettext("not known") if at is None else _there(at, zone).strftime("%Y-%m-%d %H:%M")


def _day_number(day: dt.date) -> str:
    """French counts the first of a month: ``1er``."""
    return pgettext("day of a month", "1") if day.day == 1 else str(day.day)


def long_day(day: dt.date | None) -> str:
    """``10 October 2017`` / ``10 octobre 2017``, for prose and headings."""
    if day is None:
        return gettext("not known")
    return f"{_day_number(day)} {format_date(day, 'MMMM y', locale=get_locale())}"


def long_span(first: dt.date | None, last: dt.date | None) -> str:
    """``10 to 16 October 2017`` / ``10 au 16 octobre 2017``; "not known" where an end is missing."""
    if first is None or last is None:
        return gettext("not known")
    if first == last:
        return long_day(first)
    if (first.year, first.month) == (last.year, last.month):
        return gettext("%(first)s to %(last)s", first=_day_number(first), last=long_day(last))
    return gettext("%(first)s to %(last)s", first=long_day(first), last=long_day(last))


def spoken_time(at: dt.datetime | None, zone: str) -> str:
    """``21:42`` / ``21 h 42`` in ``zone``, for prose and headings."""
    if at is None:
        return gettext("not known")
    local_at = _there(at, zone)
    return gettext("%(hour)s:%(minute)s", hour=local_at.strftime("%H"), minute=local_at.strftime("%M"))


def spoken_moment(at: dt.datetime | None, zone: str) -> str:
    """``Mon 16 Oct, 21:42`` / ``lun. 16 oct., 21 h 42`` in ``zone``."""
    if at is None:
        return gettext("not known")
    day = format_date(_there(at, zone).date(), "EEE d MMM", locale=get_locale())
    return f"{day}, {spoken_time(at, zone)}"


def spoken_when(at: dt.datetime, now: dt.datetime, zone: str) -> str:
    """The hour alone where it is today's in ``zone``; else with its day."""
    return spoken_time(at, zone) if _there(at, zone).date() == _there(now, zone).date() else spoken_moment(at, zone)
