"""How a team stands on the live board, from the times of its shifts and of what was heard of it. No SQL, no web.

Every moment is compared in UTC, so that the night on which the clocks change is as long as it is. A team is heard when
it checks in or a contact of it arrives. Radio remains the safety channel: the board says who to call first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from outreach.errors import N_
from outreach.vocab import CheckInKind

from .heartbeat_rules import PHONE_SILENT, Waiting

HEADLINE = "outreach.headline"
TO_WATCH = "outreach.referrals_to_watch"
"""Where the referrals that nobody owns are asked for, in numbers: that room is above this one."""
"""Name under which the report leaves ``(operation id) → Headline`` with the application: this room counts nothing."""

LATE, SILENT, PHONE, NOT_STARTED, ON, ENDED, LATER = "late", "silent", "phone", "not_started", "on", "ended", "later"
STATES = (LATE, SILENT, PHONE, NOT_STARTED, ON, ENDED, LATER)
"""Worst first."""
WORDS: dict[str, str] = {
    LATE: N_("Late check-in"),
    SILENT: N_("Nothing heard"),
    PHONE: N_("Phone silent"),
    NOT_STARTED: N_("Not started"),
    ON: N_("On shift"),
    ENDED: N_("Off shift"),
    LATER: N_("Starts later"),
}

EARLY = dt.timedelta(hours=2)
"""What is heard so long before a shift belongs to it already."""
LINGER = dt.timedelta(hours=6)
"""So long after its end a shift stays on the board; a team that never said it was home stays late until then."""
AHEAD = dt.timedelta(hours=12)
"""Shifts that begin within it are on the board as later."""
LEAST_MINUTES, MOST_MINUTES = 15, 720
"""Bounds of an operation's ``check_in_minutes``."""


@dataclass(frozen=True)
class Span:
    """When a team is on, by its published shift or else by its own times."""

    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True)
class Heard:
    """What was heard of a team lately: check-ins as ``(kind, at)``, first and last arrival of a contact."""

    check_ins: tuple[tuple[str, dt.datetime], ...] = ()
    contacts: tuple[dt.datetime, dt.datetime] | None = None


@dataclass(frozen=True)
class Standing:
    """``since``: when the state began (for *later*: when the shift begins). ``due_at``: when the next sign is due.
    ``beneath``: how the team itself stands where a silent phone is what needs somebody.
    """

    state: str
    since: dt.datetime
    heard_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    span: Span | None = None
    beneath: str = ""

    @property
    def needs_somebody(self) -> bool:
        return self.state in (LATE, SILENT, PHONE)

    @property
    def of_team(self) -> str:
        return self.beneath or self.state


def standing(now: dt.datetime, spans: Iterable[Span], heard: Heard, limit: dt.timedelta) -> Standing | None:
    """How the team stands; ``None`` when it has no shift about now and nothing was heard of it."""
    now = _utc(now)
    ordered = sorted((Span(_utc(s.starts_at), _utc(s.ends_at)) for s in spans), key=lambda s: (s.starts_at, s.ends_at))
    heard = Heard(
        tuple(sorted(((k, _utc(at)) for k, at in heard.check_ins if _utc(at) <= now), key=lambda one: one[1])),
        (_utc(heard.contacts[0]), _utc(heard.contacts[1])) if heard.contacts else None,
    )
    on = [s for s in ordered if s.starts_at <= now < s.ends_at]
    over = [s for s in ordered if now - LINGER < s.ends_at <= now]
    coming = [s for s in ordered if now < s.starts_at <= now + AHEAD]
    if on:
        return _during(now, on[-1], ordered, heard, limit)
    before = _during(now, max(over, key=lambda s: s.ends_at), ordered, heard, limit) if over else None
    after = _during(now, coming[0], ordered, heard, limit) if coming else None
    if before is not None and after is not None:
        begun = after.state != LATER
        return after if begun or (not before.needs_somebody and coming[0].starts_at - now <= EARLY) else before
    return before or after or _unplanned(now, heard, limit)


def _during(now: dt.datetime, span: Span, spans: Sequence[Span], heard: Heard, limit: dt.timedelta) -> Standing:
    """The standing within one shift, shortly before it or some hours after it."""
    last, heard_at, begun = _signs(span, spans, heard)
    if last is not None and last[0] == CheckInKind.END:
        return Standing(ENDED, last[1], heard_at, span=span)
    if heard_at is None:
        if now < span.starts_at:
            return Standing(LATER, span.starts_at, span=span)
        due = span.starts_at + limit
        if now < due:
            over = now >= span.ends_at
            return (
                Standing(ENDED, span.ends_at, span=span)
                if over
                else Standing(NOT_STARTED, span.starts_at, due_at=due, span=span)
            )
        return Standing(SILENT, due, due_at=due, span=span)
    due = heard_at + limit
    if now >= due:
        return Standing(LATE, due, heard_at, due, span)
    return Standing(ON, begun or heard_at, heard_at, due, span)


def _signs(
    span: Span, spans: Sequence[Span], heard: Heard
) -> tuple[tuple[str, dt.datetime] | None, dt.datetime | None, dt.datetime | None]:
    """What belongs to a shift of what was heard: the last check-in, the last sign, when the team began."""
    earlier = [s.ends_at for s in spans if s.ends_at <= span.starts_at]
    previous = max(earlier, default=None)
    floor = span.starts_at - EARLY if previous is None else max(span.starts_at - EARLY, previous)

    def belongs(kind: str, at: dt.datetime) -> bool:
        if at < floor:
            return False
        # Going home a little late from the shift before is no end of this one.
        mine = abs(at - span.ends_at)
        return kind != CheckInKind.END or previous is None or mine <= abs(at - previous)

    said = [(kind, at) for kind, at in heard.check_ins if belongs(kind, at)]
    starts = [at for kind, at in said if kind == CheckInKind.START]
    contacts = [at for at in heard.contacts or () if at >= floor]
    every = [*(at for _, at in said), *contacts]
    began = starts[-1] if starts else min([at for _, at in said[:1]] + contacts, default=None)
    return said[-1] if said else None, max(every, default=None), began


def _unplanned(now: dt.datetime, heard: Heard, limit: dt.timedelta) -> Standing | None:
    """A team that nobody planned for now: late only when it said that it began and not that it ended."""
    every = [*(at for _, at in heard.check_ins), *(heard.contacts or ())]
    if not every or now - max(every) >= LINGER:
        return None
    last = heard.check_ins[-1] if heard.check_ins else None
    heard_at = max(every)
    if last is not None and last[0] == CheckInKind.END:
        return Standing(ENDED, last[1], heard_at)
    due = heard_at + limit
    if now < due:
        starts = [at for kind, at in heard.check_ins if kind == CheckInKind.START]
        return Standing(ON, starts[-1] if starts else min(every), heard_at, due)
    return Standing(LATE, due, heard_at, due) if last is not None else Standing(ENDED, heard_at, heard_at)


def with_phones(stands: Standing | None, waiting: Waiting | None) -> Standing | None:
    """How the team stands once its phones are asked too: one that holds records and is silent needs somebody, on shift
    and after it. A team that holds records is on the board whenever its shift was.
    """
    if waiting is None or not waiting.unsent:
        return stands
    silent = waiting.silent_since
    if stands is None and silent is None:
        return None if waiting.oldest_at is None else Standing(ENDED, waiting.oldest_at)
    if silent is None or (stands is not None and (stands.needs_somebody or stands.state == LATER)):
        return stands
    was = stands or Standing(ENDED, silent)
    return Standing(PHONE, silent + PHONE_SILENT, was.heard_at, was.due_at, was.span, was.state)


def _utc(at: dt.datetime) -> dt.datetime:
    return at.astimezone(dt.UTC)


def minutes(since: dt.datetime, now: dt.datetime) -> int:
    """Whole minutes from ``since`` to ``now``, never below zero."""
    return max(0, int((_utc(now) - _utc(since)).total_seconds() // 60))


def said_minutes(number: int) -> str:
    """``12 min``, ``2 h 05 min``: alike in both languages."""
    return f"{number} min" if number < 60 else f"{number // 60} h {number % 60:02} min"


def next_check_in(state: str) -> str:
    """The kind of check-in that a team in this state makes next."""
    return CheckInKind.WELL.value if state in (LATE, ON) else CheckInKind.START.value


def check_in_minutes(text: str) -> int | None:
    """The minutes typed, or ``None`` when they are no whole number within the bounds."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        return None
    return int(text) if LEAST_MINUTES <= int(text) <= MOST_MINUTES else None


# --- the headline -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HeadlineTile:
    """One figure: tonight and in all, each with its bound; ``None``: nothing is known."""

    code: str
    label: str
    tonight: int | None
    tonight_bound: str
    in_all: int | None
    in_all_bound: str


@dataclass(frozen=True)
class Headline:
    """What a room above counts for the board. ``contacts``: team id → contacts tonight."""

    tiles: tuple[HeadlineTile, ...] = ()
    contacts: Mapping[int, int] = field(default_factory=dict)
