"""Keeping what a phone says of itself. It comes every minute from every phone, so nothing of it enters the journal:
that a phone was given keys did, and what arrives from it does."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass
from typing import Any

from outreach.errors import Forged
from outreach.storage.queries import phones, waiting

from . import heartbeat_rules as rules
from .heartbeat_rules import Beat
from .phone_commands import Ticket, phone_key, read_ticket
from .sealed_rules import beat_proof, offset_between


@dataclass(frozen=True)
class ProvenBeat:
    """A heartbeat whose phone and person the site knows; ``tickets`` in the order of its teams."""

    beat: Beat
    tickets: tuple[Ticket, ...]

    @property
    def user_id(self) -> int:
        return self.tickets[0].user_id


def prove(beat: Beat) -> ProvenBeat:
    """The heartbeat with its tickets, all of one person on the phone that it names. Raises ``Forged``.

    No session is asked for: hers may have ended while records wait, and that is what a coordinator has to see. Who has
    the phone's key is the phone.
    """
    tickets = tuple(ticket for team in beat.teams if (ticket := read_ticket(team.ticket)) is not None)
    if len(tickets) < len(beat.teams) or {(t.user_id, t.device) for t in tickets} != {
        (tickets[0].user_id, beat.device)
    }:
        raise Forged()
    if not hmac.compare_digest(beat.proof, beat_proof(phone_key(tickets[0].user_id, beat.device), beat.said)):
        raise Forged()
    return ProvenBeat(beat, tickets)


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
