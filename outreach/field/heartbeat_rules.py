"""What phones say of themselves: reading a heartbeat, and what stands of it on a board. No SQL, no web.

A heartbeat carries numbers and times, never content; ``static/field/seal.js`` (``beat``) writes it.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outreach.ready.readiness_rules import PHONE_DAYS

from .rules import read_uid
from .sealed_rules import corrected, phone_moment

LARGEST = 32 * 1024
"""Bytes of one heartbeat: some forty teams fit."""
MOST_TEAMS = 40
MOST = 9_999
"""A number that a phone gives above it is taken for it."""
STEADY = dt.timedelta(minutes=1)
"""So far the oldest unsent record may seem to move from one heartbeat to the next without having moved: the journey of
each message is in the estimate of the clock."""
PHONE_SILENT = dt.timedelta(minutes=30)
"""A phone that holds unsent records and was not heard for so long needs somebody."""
TONIGHT = dt.timedelta(hours=18)
"""What an empty phone said before that says nothing of tonight."""


class Malformed(ValueError):
    """Not what a phone of ours sends."""


@dataclass(frozen=True)
class TeamBeat:
    """What waits on one phone for one team. ``unsent``: all of it; ``needs_you``: how many of these cannot go on
    without the officer. ``oldest_at``: by the phone's clock."""

    ticket: str
    unsent: int
    needs_you: int
    oldest_at: dt.datetime | None
    ready: bool


@dataclass(frozen=True)
class Beat:
    """One heartbeat. ``said``: its text as it was proven; ``sent_at``: by the phone's clock; ``session``: the mark of
    the session that the phone has its pack from, '' for none."""

    said: str
    proof: bytes
    device: str
    sent_at: dt.datetime
    teams: tuple[TeamBeat, ...]
    session: str = ""


def read_beat(body: bytes) -> Beat:
    """The heartbeat in a request's body; numbers are brought within bounds. Raises ``Malformed``."""
    try:
        outer = json.loads(body)
        said = str(outer["said"])
        inner = json.loads(said.encode())
        proof = base64.b64decode(outer["proof"], validate=True)
        teams = tuple(_team(team) for team in inner["teams"])
        device, sent_at = read_uid(str(inner["device"])), phone_moment(inner["sent_at"])
    except (KeyError, TypeError, ValueError, RecursionError, binascii.Error) as error:
        raise Malformed("not a heartbeat") from error
    session = _ticket(inner.get("session") or "")
    if device is None or len(teams) > MOST_TEAMS or not (teams or session):
        raise Malformed("not a heartbeat")
    return Beat(said, proof, device, sent_at, teams, session)


def _team(team: Mapping[str, Any]) -> TeamBeat:
    ticket, oldest = _ticket(team["ticket"]), team.get("oldest_at")
    return TeamBeat(
        ticket=ticket,
        unsent=_count(team["unsent"]),
        needs_you=_count(team["needs_you"]),
        oldest_at=None if oldest is None else phone_moment(oldest),
        ready=team.get("ready") is True,
    )


def _ticket(value: object) -> str:
    if not isinstance(value, str) or len(value) > 600 or not value.isascii():
        raise Malformed("no ticket")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed("not a number")
    return min(max(value, 0), MOST)


def oldest_of(
    beat: TeamBeat, offset_ms: int, now: dt.datetime, before: dt.datetime | None = None
) -> dt.datetime | None:
    """Since when the oldest record of a team waits, by the site's clock and never later than now; ``before``: what
    stood until then, which holds while it is about the same."""
    if beat.oldest_at is None or not beat.unsent:
        return None
    found = min(corrected(beat.oldest_at, offset_ms), now)
    return before if before is not None and abs(found - before) < STEADY else found


# --- whether her session still stands ---------------------------------------------------------------------------------

STANDS, ENDED, REVOKED = "stands", "ended", "revoked"
LOGGING_AFTER = dt.timedelta(hours=12)
"""So long after her session ran out an officer may go on logging, and continue what she began: she may stand where
nobody can sign in. Then her shift is over, and the phone forgets what it can read."""


def session_state(active: bool, ends_at: dt.datetime | None, revoked_at: dt.datetime | None, now: dt.datetime) -> str:
    """What the phone is told of the session that it has its pack from; of one that is not known it may keep all.

    A database that was restored knows less than the phone: that is no reason to delete anything there.
    """
    if not active or revoked_at is not None:
        return REVOKED
    return ENDED if ends_at is not None and now >= ends_at + LOGGING_AFTER else STANDS


# --- what stands on a board -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PhoneSaid:
    """What one phone last said of one team. ``reported``: it did, and was not merely given its pack. ``member``: it is
    of somebody in the team; a coordinator's desk that holds nothing is no word of the team's phones."""

    unsent: int
    oldest_at: dt.datetime | None
    heard_at: dt.datetime
    reported: bool = True
    member: bool = True


@dataclass(frozen=True)
class Waiting:
    """What waits on the phones of one team: ``unsent`` together, since when, and on how many of ``phones`` that is
    known (``told``). ``silent_since``: when the phone that was silent longest, and too long, was last heard."""

    unsent: int
    oldest_at: dt.datetime | None
    told: int
    phones: int
    silent_since: dt.datetime | None = None


def waiting(said: Iterable[PhoneSaid], now: dt.datetime) -> Waiting | None:
    """The phones of one team together; ``None`` where none has reported, which is no zero."""
    lately = [p for p in said if p.unsent or (p.member and now - p.heard_at < TONIGHT)]
    told = [p for p in lately if p.reported]
    if not told:
        return None
    holding = [p for p in told if p.unsent]
    return Waiting(
        unsent=sum(p.unsent for p in holding),
        oldest_at=min((p.oldest_at for p in holding if p.oldest_at is not None), default=None),
        told=len(told),
        phones=len(lately),
        silent_since=min((p.heard_at for p in holding if now - p.heard_at >= PHONE_SILENT), default=None),
    )


def by_team(said: Mapping[int, Sequence[PhoneSaid]], now: dt.datetime) -> dict[int, Waiting]:
    """Team id → what waits on its phones; a team of which no phone has reported is not in it."""
    found = {team_id: waiting(phones, now) for team_id, phones in said.items()}
    return {team_id: one for team_id, one in found.items() if one is not None}


# --- a phone by itself ------------------------------------------------------------------------------------------------

READY_FOR = dt.timedelta(days=PHONE_DAYS)
"""So long a ready check that passed holds, as on the readiness board."""
