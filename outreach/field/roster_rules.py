"""Whose shift is whose, and what changed on a published roster since somebody looked. Plain functions, no SQL, no web.

A shift is hers while she is a member of its team, and its crew names her or nobody. Both are kept in versions, so that
the roster of any earlier moment can be said again and compared with the one of now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CHANGED_FIELDS = ("starts_at", "ends_at", "place", "channel", "team_id")
"""What an officer is told about when it changes; who else is on stands on the roster itself."""


@dataclass(frozen=True)
class Mine:
    """Who she is for the roster: when she was in which team, as which entry among staff."""

    memberships: Sequence[Any]  # of storage.queries.roster.Membership

    def on(self, shift: Any, at: dt.datetime) -> bool:
        """Whether the published version ``shift`` had her on at ``at``: in its team, and named by its crew if any."""
        return any(
            m.team_id == shift.team_id
            and m.since <= at
            and (m.until is None or at < m.until)
            and (shift.crew is None or m.staff_id in shift.crew)
            for m in self.memberships
        )

    def ever_on(self, shift: Any, now: dt.datetime) -> bool:
        """Whether she was on it at any moment while it was published."""
        until = now if shift.unpublished_at is None else min(shift.unpublished_at, now)
        moments = [shift.published_at, *(m.since for m in self.memberships if m.team_id == shift.team_id)]
        return any(shift.published_at <= at <= until and self.on(shift, at) for at in moments)

    def moments(self, team_id: int, now: dt.datetime) -> list[dt.datetime]:
        """When she joined or left the team, up to ``now``."""
        every = [at for m in self.memberships if m.team_id == team_id for at in (m.since, m.until)]
        return [at for at in every if at is not None and at <= now]


@dataclass(frozen=True)
class Change:
    """One shift that is not as it was: ``kind`` new, changed, cancelled; ``was`` and ``now`` are published versions."""

    kind: str
    was: Any = None
    now: Any = None
    fields: tuple[str, ...] = ()

    @property
    def shift(self) -> Any:
        """The version that says when it is, or was to be."""
        return self.now if self.now is not None else self.was


def roster_at(versions: Iterable[Any], mine: Mine, at: dt.datetime) -> dict[int, Any]:
    """Shift id → version that stood on her published roster at ``at``; cancelled ones and others' left out."""
    found = {}
    for version in versions:
        stood = version.published_at <= at and (version.unpublished_at is None or at < version.unpublished_at)
        if stood and not version.cancelled and mine.on(version, at):
            found[version.shift_id] = version
    return found


def shifts_now(versions: Iterable[Any], mine: Mine, now: dt.datetime) -> list[Any]:
    """Her published shifts, the earliest first."""
    return sorted(roster_at(versions, mine, now).values(), key=lambda shift: (shift.starts_at, shift.uid))


def changes(versions: Sequence[Any], mine: Mine, seen: Mapping[int, dt.datetime], now: dt.datetime) -> list[Change]:
    """What changed since she looked (``seen``: operation → moment), in order of time; what is over is left out.

    An operation whose roster she has never seen has no changes: all of it is new, which ``unseen`` says.
    """
    out = []
    after = roster_at(versions, mine, now)
    for operation, moment in seen.items():
        of_it = [version for version in versions if version.operation_id == operation]
        before = roster_at(of_it, mine, moment)
        for shift_id in {*before, *(s for s, v in after.items() if v.operation_id == operation)}:
            change = _change(before.get(shift_id), after.get(shift_id))
            if change is not None and change.shift.ends_at > now:
                out.append(change)
    return sorted(out, key=lambda change: (change.shift.starts_at, change.shift.uid))


def _change(was: Any, now: Any) -> Change | None:
    if was is None:
        return Change("new", now=now)
    if now is None:
        return Change("cancelled", was=was)
    fields = tuple(name for name in CHANGED_FIELDS if getattr(was, name) != getattr(now, name))
    return Change("changed", was, now, fields) if fields else None


def unseen(shifts: Iterable[Any], seen: Mapping[int, dt.datetime], now: dt.datetime) -> list[Any]:
    """Her shifts still to come in operations whose roster she has never looked at."""
    return [shift for shift in shifts if shift.operation_id not in seen and shift.ends_at > now]


def now_or_next(shifts: Sequence[Any], now: dt.datetime) -> Any | None:
    """The shift that is on, else the next one; of several that are on the one that began last."""
    on = [shift for shift in shifts if shift.starts_at <= now < shift.ends_at]
    later = [shift for shift in shifts if shift.starts_at > now]
    return on[-1] if on else later[0] if later else None


# --- the calendar -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CalendarShift:
    """A shift as a calendar keeps it. ``sequence`` never falls, and ``changed_at`` is when the last change came."""

    uid: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    sequence: int
    changed_at: dt.datetime
    cancelled: bool


def calendar_shifts(versions: Sequence[Any], mine: Mine, now: dt.datetime) -> list[CalendarShift]:
    """Every shift that is or was hers, by start: what is gone stays as cancelled, so that calendars take it out."""
    by_shift: dict[int, list[Any]] = {}
    for version in versions:
        by_shift.setdefault(version.shift_id, []).append(version)
    found = (_calendar_shift(history, mine, now) for history in by_shift.values())
    return sorted((one for one in found if one is not None), key=lambda one: (one.starts_at, one.uid))


def _calendar_shift(history: list[Any], mine: Mine, now: dt.datetime) -> CalendarShift | None:
    """``history``: published versions of one shift, the earliest first."""
    hers = [version for version in history if not version.cancelled and mine.ever_on(version, now)]
    if not hers:
        return None
    latest, shown = history[-1], hers[-1]  # a version that is not hers tells her nothing of its times
    stands = latest.unpublished_at is None and not latest.cancelled and mine.on(latest, now)
    joined = mine.moments(latest.team_id, now)
    changed = [latest.published_at, latest.unpublished_at, latest.around_at, *joined]
    return CalendarShift(
        uid=shown.uid,
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        # Joining, leaving and whatever happens to the team are changes too, beside new versions of the shift.
        sequence=latest.version + latest.around + len(joined),
        changed_at=max(at for at in changed if at is not None and at <= now),
        cancelled=not stands,
    )
