"""Rules of an operation's own data: time zone, window, entry deadline, code, parent. Plain functions on plain values.

Local times are read here and nowhere else: a time that the clocks skip is refused, one that they show twice is asked.
The life of an operation is in ``rules``.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from outreach.errors import N_, Finding, Invalid

DEFAULT_ZONE = "America/Toronto"
LONGEST_WINDOW = dt.timedelta(days=92)
USUAL_ZONES = (
    "America/St_Johns",
    "America/Halifax",
    "America/Moncton",
    "America/Toronto",
    "America/Winnipeg",
    "America/Regina",
    "America/Edmonton",
    "America/Vancouver",
    "America/Whitehorse",
    "America/Yellowknife",
    "America/Iqaluit",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/London",
    "Asia/Bangkok",
    "Asia/Jakarta",
    "Asia/Manila",
    "Asia/Phnom_Penh",
    "UTC",
)
LEVELS = (
    ("international", N_("International")),
    ("national", N_("National")),
    ("provincial", N_("Provincial")),
    ("local", N_("Local")),
)


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def zone_name(text: str) -> str:
    """The IANA name as the time zone database spells it. Raises ``Invalid`` at ``time_zone``."""
    if not text.strip():
        raise Invalid.at("time_zone", N_("Enter the time zone, for example America/Toronto."))
    found = _zones().get(text.strip().casefold().replace(" ", "_"))
    if found is None:
        raise Invalid.at(
            "time_zone",
            N_("“%(zone)s” is no known time zone. Enter one such as America/Toronto."),
            zone=text.strip()[:60],
        )
    return found


def read_day(text: str, where: str) -> dt.date:
    """``2017-10-18``. Raises ``Invalid`` at ``where``; never guesses 03/04."""
    try:
        if not re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", text.strip()):
            raise ValueError
        year, month, day = (int(part) for part in text.strip().split("-"))
        if not 1990 <= year <= 2100:
            raise ValueError
        return dt.date(year, month, day)
    except ValueError:
        raise Invalid.at(
            where, N_("“%(text)s” is not a day. Write it as 2017-10-18."), text=text.strip()[:30]
        ) from None


def read_minutes(text: str, where: str, *, midnight_after: bool = False) -> int:
    """Minutes after midnight of ``21:42`` or ``21 h 42``; 24:00 where ``midnight_after``. Raises ``Invalid``."""
    found = re.fullmatch(r"(\d{1,2})\s*[:hH]\s*(\d{2})", text.strip())
    minutes = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else -1
    if not 0 <= minutes < 1440 and not (midnight_after and minutes == 1440):
        raise Invalid.at(where, N_("“%(text)s” is not a time. Write it as 21:42."), text=text.strip()[:30])
    return minutes


def instant(day: dt.date, minutes: int, zone: str, where: str, which: str = "") -> dt.datetime:
    """The moment (UTC) of a local time. ``which``: ``earlier`` or ``later`` where the clock shows it twice.

    Raises ``Invalid`` at ``where`` for a time that the clocks skip, and (for ``starts_at``) at ``starts_which`` for
    one that they show twice while ``which`` is empty.
    """
    day, minutes = (day + dt.timedelta(days=1), 0) if minutes == 1440 else (day, minutes)
    naive = dt.datetime.combine(day, dt.time(minutes // 60, minutes % 60))
    tz = ZoneInfo(zone)
    first, second = (naive.replace(tzinfo=tz, fold=f).astimezone(dt.UTC) for f in (0, 1))
    shown = {"time": f"{minutes // 60:02}:{minutes % 60:02}", "day": day.isoformat()}
    if first.astimezone(tz).replace(tzinfo=None) != naive:
        after = max(first, second).astimezone(tz)
        raise Invalid.at(
            where,
            N_("On %(day)s the clocks skip %(time)s. Enter %(next)s or later."),
            **shown,
            next=after.strftime("%H:%M"),
        )
    if first != second and which not in ("earlier", "later"):
        raise Invalid.at(
            f"{where.removesuffix('_at')}_which",
            N_("On %(day)s the clocks show %(time)s twice. The earlier one is chosen; change it or save."),
            **shown,
        )
    return second if which == "later" else first


def local_moment(
    name: str, on: str, at: str, zone: str, *, which: str = "", usual: str = "00:00"
) -> dt.datetime | None:
    """The moment of the fields ``<name>_on`` and ``<name>_at``; ``None`` when both are empty. Raises ``Invalid``."""
    if not on.strip():
        if at.strip():
            raise Invalid.at(f"{name}_on", N_("Enter the day too."))
        return None
    day = read_day(on, f"{name}_on")
    minutes = read_minutes(at.strip() or usual, f"{name}_at", midnight_after=True)
    return instant(day, minutes, zone, f"{name}_at", which)


@dataclass(frozen=True)
class Draft:
    """Everything that a plan says of its operation; instants in UTC, ids of rows, ``code`` only when it is new.

    ``standing``: a unit that goes on. It has a beginning and no end, so no entry deadline either.
    """

    name: str
    code: str = ""
    edition: str = ""
    level: str = "local"
    purpose: str = ""
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    window_assumed: bool = False
    time_zone: str = DEFAULT_ZONE
    day_starts_minutes: int = 360
    entry_deadline_at: dt.datetime | None = None
    lead_service_id: int | None = None
    parent_id: int | None = None
    services_known: bool = True
    overlap_nil: bool = False
    standing: bool = False


CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,38}[A-Z0-9]")


def findings_of(draft: Draft, *, status: str = "draft", parent: bool = False, new: bool = False) -> list[Finding]:
    """What is wrong with a draft, at the names of its form's fields. ``parent``: operations lie under it."""
    found = []
    if new and not CODE.fullmatch(draft.code):
        found.append(Finding("code", N_("Use 3 to 40 letters, digits and hyphens, for example ONS-2026-ON.")))
    if not draft.name.strip():
        found.append(Finding("name", N_("Enter the name of the operation.")))
    for where, text, most in (
        ("name", draft.name, 160),
        ("edition", draft.edition, 40),
        ("purpose", draft.purpose, 4000),
    ):
        if len(text) > most:
            found.append(Finding(where, N_("Write %(most)d characters or fewer."), {"most": most}))
    if draft.level not in dict(LEVELS):
        found.append(Finding("level", N_("Choose a level.")))
    try:
        zone_name(draft.time_zone)
    except Invalid as problem:
        found += problem.findings
    if draft.standing:
        found += _standing_findings(draft, status)
    elif (draft.starts_at is None) != (draft.ends_at is None):
        where = "starts_on" if draft.starts_at is None else "ends_on"
        found.append(Finding(where, N_("Enter both ends of the window, or neither while it is not known.")))
    elif draft.starts_at and draft.ends_at and draft.ends_at <= draft.starts_at:
        found.append(Finding("ends_on", N_("The window ends before it starts. Enter an end after the start.")))
    elif draft.starts_at and draft.ends_at and draft.ends_at - draft.starts_at > LONGEST_WINDOW:
        found.append(Finding("ends_on", N_("The window is longer than three months. Check the year of both days.")))
    unknown = draft.starts_at is None and draft.ends_at is None and not draft.standing
    if unknown and status not in ("draft", "archived") and not parent:
        found.append(Finding("starts_on", N_("An operation that is past its draft needs its window.")))
    if draft.entry_deadline_at and draft.ends_at and draft.entry_deadline_at < draft.ends_at:
        found.append(Finding("deadline_on", N_("The entry deadline lies before the window ends. Enter a later one.")))
    if not 0 <= draft.day_starts_minutes < 1440:
        found.append(Finding("day_starts", N_("Enter a time such as 06:00.")))
    return found


def _standing_findings(draft: Draft, status: str) -> list[Finding]:
    """What is wrong with the days of a standing unit."""
    found = []
    if draft.ends_at is not None:
        words = N_("A standing unit has no end. Leave the last day empty, or untick “No end”.")
        found.append(Finding("ends_on", words))
    if draft.starts_at is None and status not in ("draft", "archived"):
        found.append(Finding("starts_on", N_("Enter the day on which the unit began.")))
    if draft.entry_deadline_at is not None:
        words = N_("A standing unit takes entries without a deadline. Leave it empty, or untick “No end”.")
        found.append(Finding("deadline_on", words))
    return found


def parent_allowed(operation: int | None, parent: int, parents: dict[int, int | None]) -> bool:
    """Whether ``parent`` may stand above ``operation``: it is not the operation itself nor anything under it.

    ``parents``: id → id of its parent, for every operation.
    """
    seen: set[int] = set()
    current: int | None = parent
    while current is not None and current not in seen:
        if current == operation:
            return False
        seen.add(current)
        current = parents.get(current)
    return True
