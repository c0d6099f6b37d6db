"""Whether an agency is open, whom it serves, and which one to call first. ``static/field/agencies.js`` is its twin.

Hours are what the clock on the agency's wall shows, so that nights on which the clocks change need no rule of their
own: an hour that comes twice is open twice, one that never comes is open never. What is typed becomes these values in
``agency_text_rules``; a test in a browser holds both ends of the twin together.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from outreach.vocab import AgeBand

DAY = 24 * 60
LOOKS_AHEAD = 14
"""Days in which a next opening is looked for."""

OPEN, NOT_SAID, CLOSED = "open", "not_said", "closed"


@dataclass(frozen=True)
class Span:
    """``weekday`` 0 is Monday; minutes from midnight; an ``end`` at or before ``start`` is on the next day."""

    weekday: int
    start: int
    end: int


@dataclass(frozen=True)
class Agency:
    """What is known of an agency. Neither ``hours`` nor ``always``: its hours were not said.

    ``room``: ``None`` when its capacity was not said. ``languages``: see ``agency_text_rules.languages_of``.
    """

    id: int
    name: str
    zone: str = "UTC"
    always: bool = False
    hours: tuple[Span, ...] = ()
    closed_on: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    age_from: int | None = None
    age_to: int | None = None
    taking: bool = True
    room: bool | None = None
    call_order: int = 100
    telephone: str = ""
    intake: str = ""


# --- open or not ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wall:
    """What calendar and clock on a wall show."""

    day: dt.date
    minute: int


def wall(at: dt.datetime, zone: str) -> Wall:
    local = at.astimezone(ZoneInfo(zone))
    return Wall(local.date(), local.hour * 60 + local.minute)


def open_now(agency: Agency, at: dt.datetime) -> bool | None:
    """Whether somebody is there; ``None`` when the hours were not said.

    A closed day is closed from midnight to midnight, and the night that would begin on it does not.
    """
    if not agency.always and not agency.hours:
        return None
    return _is_open(agency, wall(at, agency.zone))


def _is_open(agency: Agency, now: Wall) -> bool:
    if now.day.isoformat() in agency.closed_on:
        return False
    return agency.always or bool(_spans_on(agency, now))


def _spans_on(agency: Agency, now: Wall) -> list[int]:
    """Minutes from today's midnight at which the spans end that hold this minute."""
    before = now.day - dt.timedelta(days=1)
    today = [s for s in agency.hours if s.weekday == now.day.weekday()]
    found = [_end(s) for s in today if s.start <= now.minute < _end(s)]
    if before.isoformat() not in agency.closed_on:
        night = [_end(s) - DAY for s in agency.hours if s.weekday == before.weekday()]
        found += [end for end in night if now.minute < end]
    return found


def _end(span: Span) -> int:
    return span.end if span.end > span.start else span.end + DAY


def open_until(agency: Agency, at: dt.datetime) -> int | None:
    """The minute of the day at which an open agency closes, 0 to 1439; ``None`` when it is closed or never closes."""
    now = wall(at, agency.zone)
    if agency.always or not _is_open(agency, now):
        return None
    return max(_spans_on(agency, now)) % DAY


def next_opening(agency: Agency, at: dt.datetime) -> Wall | None:
    """When a closed agency opens, by its own clock; ``None`` when it is not in the coming two weeks."""
    now = wall(at, agency.zone)
    for ahead in range(LOOKS_AHEAD + 1):
        day = now.day + dt.timedelta(days=ahead)
        if day.isoformat() in agency.closed_on:
            continue
        starts = [0] if agency.always else sorted(s.start for s in agency.hours if s.weekday == day.weekday())
        later = [minute for minute in starts if ahead or minute > now.minute]
        if later:
            return Wall(day, later[0])
    return None


# --- whom it serves ---------------------------------------------------------------------------------------------------


def serves_age(agency: Agency, band: str) -> bool:
    """Whether somebody of the age band may be of an age that it serves; not known may always."""
    edges = AgeBand(band) if band in AgeBand.values() else AgeBand.NOT_KNOWN
    youngest, below = edges.youngest, edges.below_age
    if agency.age_from is not None and below is not None and below <= agency.age_from:
        return False
    return not (agency.age_to is not None and youngest is not None and youngest > agency.age_to)


def lacking(agency: Agency, needs: Iterable[str]) -> int:
    """How many of the needs it does not offer; an agency that named none may offer any."""
    return len(set(needs) - set(agency.needs)) if agency.needs else 0


def place_key(name: str) -> str:
    """A name of a place without case, accents and signs."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in plain if c.isalnum())


def is_near(agency: Agency, area: str) -> bool:
    """Whether it names that very place."""
    key = place_key(area)
    return bool(key) and key in {place_key(one) for one in agency.areas}


def serves_area(agency: Agency, area: str) -> bool:
    """Whether it serves the place: it named none, names it, or the place is not known."""
    return not agency.areas or not place_key(area) or is_near(agency, area)


def fits(agency: Agency, *, band: str = "", needs: Sequence[str] = (), area: str = "") -> bool:
    return serves_age(agency, band) and not lacking(agency, needs) and serves_area(agency, area)


def room_left(capacity: int | None, open_referrals: int) -> int | None:
    """How many more it can carry, never less than none; ``None`` when it did not say."""
    return None if capacity is None else max(0, capacity - open_referrals)


# --- who to call first ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """An agency as it stands now. ``reasons``: codes of sentences, each with what fills it (see ``REASONS``)."""

    agency: Agency
    state: str
    fits: bool
    reasons: tuple[tuple[str, dict[str, Any]], ...]

    @property
    def can_be_called(self) -> bool:
        """Whether somebody may answer there now who may help."""
        return self.fits and self.state != CLOSED and self.agency.taking


REASONS = (
    "always_open", "open_until", "hours_not_said", "opens_today", "opens_on", "closed_long", "not_taking", "other_age",
    "lacks_need", "other_area", "names_place", "full",
)  # fmt: skip


def ranked(
    agencies: Sequence[Agency],
    at: dt.datetime,
    *,
    band: str = "",
    needs: Sequence[str] = (),
    area: str = "",
    language: str = "",
) -> list[Choice]:
    """Every agency, the one to call first first: those that may help before all others, then those that are open.

    Among those: has room, names the place, speaks the language, its own order, the next opening. Those alike stay in
    the order in which they came.
    """
    found = [(_rank(one, at, band, needs, area, language), _choice(one, at, band, needs, area)) for one in agencies]
    return [choice for _, choice in sorted(found, key=lambda pair: pair[0])]


_LAST = (9999, 0)


def _rank(
    one: Agency, at: dt.datetime, band: str, needs: Sequence[str], area: str, language: str
) -> tuple[int | tuple[int, int], ...]:
    state = _state(one, at)
    opens = _LAST
    if state == CLOSED:
        opening = next_opening(one, at)
        # Days and minutes by clocks on two walls: near enough to say who opens first.
        opens = _LAST if opening is None else ((opening.day - wall(at, one.zone).day).days, opening.minute)
    return (
        not one.taking,
        not serves_age(one, band),
        lacking(one, needs),
        not serves_area(one, area),
        (OPEN, NOT_SAID, CLOSED).index(state),
        one.room is False,
        not is_near(one, area),
        bool(language) and language not in one.languages,
        one.call_order,
        opens,
    )


def _state(one: Agency, at: dt.datetime) -> str:
    is_open = open_now(one, at)
    return NOT_SAID if is_open is None else OPEN if is_open else CLOSED


def _choice(one: Agency, at: dt.datetime, band: str, needs: Sequence[str], area: str) -> Choice:
    state = _state(one, at)
    reasons = [*_against(one, band, needs, area), _hours_said(one, at, state)]
    if is_near(one, area):
        reasons.append(("names_place", {}))
    if one.room is False:
        reasons.append(("full", {}))
    return Choice(one, state, fits(one, band=band, needs=needs, area=area), tuple(reasons))


def _against(one: Agency, band: str, needs: Sequence[str], area: str) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    if not one.taking:
        found.append(("not_taking", {}))
    if not serves_age(one, band):
        found.append(("other_age", {"from": one.age_from, "to": one.age_to}))
    if lacking(one, needs):
        found.append(("lacks_need", {"count": lacking(one, needs)}))
    if not serves_area(one, area):
        found.append(("other_area", {}))
    return found


def _hours_said(one: Agency, at: dt.datetime, state: str) -> tuple[str, dict[str, Any]]:
    if state == NOT_SAID:
        return "hours_not_said", {}
    if state == OPEN:
        until = open_until(one, at)
        return ("always_open", {}) if until is None else ("open_until", {"minute": until})
    opening = next_opening(one, at)
    if opening is None:
        return "closed_long", {}
    if opening.day == wall(at, one.zone).day:
        return "opens_today", {"minute": opening.minute}
    return "opens_on", {"day": opening.day.isoformat(), "minute": opening.minute}


def same_clock(one: str, other: str, at: dt.datetime) -> bool:
    """Whether clocks of two zones show the same, so that a time needs no zone beside it."""
    return wall(at, one) == wall(at, other)
