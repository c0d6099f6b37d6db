"""Keeping what a phone says of itself. It comes every minute from every phone, so nothing of it enters the journal:
that a phone was given keys did, and what arrives from it does."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
from dataclasses import dataclass
from typing import Any

from outreach.auth.actors import Actor
from outreach.errors import Forged
from outreach.storage.queries import accounts, phones, waiting

from . import heartbeat_rules as rules
from .heartbeat_rules import Beat
from .phone_commands import SessionMark, Ticket, phone_key, read_mark, read_ticket
from .sealed_rules import beat_proof, offset_between, session_proof


@dataclass(frozen=True)
class ProvenBeat:
    """A heartbeat whose phone and person the site knows; ``tickets`` in the order of its teams."""

    beat: Beat
    user_id: int
    tickets: tuple[Ticket, ...]
    mark: SessionMark | None


def prove(beat: Beat) -> ProvenBeat:
    """The heartbeat with its tickets and mark, all of one person on the phone that it names. Raises ``Forged``.

    No session is asked for: hers may have ended while records wait, and that is what a coordinator has to see. Who has
    the phone's key is the phone.
    """
    tickets = tuple(ticket for team in beat.teams if (ticket := read_ticket(team.ticket)) is not None)
    mark = read_mark(beat.session) if beat.session else None
    signed = [one for one in (*tickets, mark) if one is not None]
    if len(signed) < len(beat.teams) + bool(beat.session) or {one.device for one in signed} != {beat.device}:
        raise Forged()
    user_id = signed[0].user_id
    if {one.user_id for one in signed} != {user_id}:
        raise Forged()
    if not hmac.compare_digest(beat.proof, beat_proof(phone_key(user_id, beat.device), beat.said)):
        raise Forged()
    return ProvenBeat(beat, user_id, tickets, mark)


def session_said(actor: Actor, proven: ProvenBeat, now: dt.datetime) -> dict[str, str]:
    """Whether the session that the phone has its pack from still stands, and the proof that the site says so.

    The phone deletes pack and drafts on this word, so it holds for one heartbeat alone. Whoever is signed in on the
    phone again, or has changed her password there, keeps what is hers.
    """
    if proven.mark is None:
        return {}
    state = rules.STANDS if actor.user == proven.user_id else _state(proven.mark, now)
    key, beat = phone_key(proven.user_id, proven.beat.device), base64.b64encode(proven.beat.proof).decode()
    return {"session": state, "proof": session_proof(key, beat, state)}


def _state(mark: SessionMark, now: dt.datetime) -> str:
    found = accounts.session_facts(mark.session_id, mark.user_id)
    if found is None:
        return rules.REVOKED
    known = found.ends_at is not None and int(found.ends_at.timestamp()) == mark.ends_at
    return rules.session_state(found.active, *((found.ends_at, found.revoked_at) if known else (None, None)), now)


def keep(proven: ProvenBeat, now: dt.datetime) -> int:
    """Keep what the phone says of each team that is still there; how many. Inside a write."""
    beat, offset_ms = proven.beat, offset_between(proven.beat.sent_at, now)
    teams = waiting.teams_of_beat({ticket.team_uid for ticket in proven.tickets}, proven.user_id)
    before = phones.states_of(beat.device, proven.user_id)
    rows: dict[int, dict[str, Any]] = {}
    for said, ticket in zip(beat.teams, proven.tickets, strict=True):
        team = teams.get(ticket.team_uid)
        if team is None or team.operation_id != ticket.operation_id:
            continue
        known = before.get(team.team_id)
        rows[team.team_id] = {
            "device": beat.device,
            "user_id": proven.user_id,
            "team_id": team.team_id,
            "operation_id": team.operation_id,
            "service_id": team.service_id,
            "unsent": said.unsent,
            "needs_you": min(said.needs_you, said.unsent),
            "oldest_at": rules.oldest_of(said, offset_ms, now, known.oldest_at if known else None),
            "heard_at": now,
            "offset_ms": offset_ms,
            "ready_at": now if said.ready else None,
        }
    waiting.keep_beats(list(rows.values()))
    return len(rows)
