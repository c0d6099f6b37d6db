"""What a phone is given so that it can work without signal: who holds it, keys to seal with, tickets, lists."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import KeyMissing, NotAllowed
from outreach.plan import agency_commands, agency_text_rules
from outreach.storage.keys import site_keys
from outreach.storage.queries import contacts, lists, phones
from outreach.storage.queries import field as rows
from outreach.storage.queries.accounts import SignedIn
from outreach.storage.types import utc_now

FORMAT = 1
NOWHERE = "none"
"""The number of a phone that can keep none."""


def owner_mark(user_id: int) -> str:
    """The name under which a phone knows whose a record is: the same for ever, and no name."""
    return site_keys().mark(str(user_id), "phone owner")[:22]


def phone_key(user_id: int, device: str) -> bytes:
    """The key that one phone in one person's hands shares with the site; derived, so that nothing has to be kept."""
    return bytes.fromhex(site_keys().site_secret(f"phone/{user_id}/{device}"))


# --- tickets ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ticket:
    """The site's word that this person could log for this team on this phone when it was given."""

    user_id: int
    device: str
    team_uid: str
    operation_id: int


def ticket_of(ticket: Ticket) -> str:
    said = [ticket.user_id, ticket.device, ticket.team_uid, ticket.operation_id]
    return str(_tickets().dumps(said))


def read_ticket(text: str) -> Ticket | None:
    """The ticket as it was given; ``None`` for one that the site did not sign."""
    try:
        said = _tickets().loads(text)
    except BadSignature:
        return None
    return Ticket(*said)


def _tickets(salt: str = "ticket") -> URLSafeSerializer:
    secret = site_keys().site_secret("phone tickets")
    return URLSafeSerializer(secret, salt=salt, signer_kwargs={"digest_method": hashlib.sha256})


@dataclass(frozen=True)
class SessionMark:
    """Which session a phone got its pack in. It opens nothing: with it a phone asks whether that session still stands.

    ``ends_at`` (seconds) tells it from one of the same number in a database that was restored.
    """

    user_id: int
    device: str
    session_id: int
    ends_at: int


def mark_of(mark: SessionMark) -> str:
    return str(_tickets("session").dumps([mark.user_id, mark.device, mark.session_id, mark.ends_at]))


def read_mark(text: str) -> SessionMark | None:
    """The mark as it was given; ``None`` for one that the site did not sign."""
    try:
        return SessionMark(*_tickets("session").loads(text))
    except BadSignature:
        return None


# --- the pack ---------------------------------------------------------------------------------------------------------


def prepare_phone(actor: Actor, device: str, places: Sequence[rows.LoggingPlace]) -> None:
    """Make what is missing for the phone: a key pair for each operation, a line for each team. Inside a write.

    Raises ``NotAllowed`` at a team that the actor may not log for.
    """
    if actor.user is None or not all(may(actor, "contact.send", place.target) for place in places):
        raise NotAllowed()
    known, now = phones.states_of(device, actor.user), utc_now()
    for place in places:
        if phones.standing_key(place.operation_id) is None:
            phones.make_key(place.operation_id)
        if place.team_id is None or place.team_id in known:
            continue
        phones.note_state(
            {
                "device": device,
                "user_id": actor.user,
                "operation_id": place.operation_id,
                "service_id": place.service_id,
                "team_id": place.team_id,
            },
            now,
        )
        audit.record(
            actor,
            Tag.PHONE_PREPARED,
            kind="team",
            object_id=place.team_uid,
            operation=place.operation_id,
            service=place.service_id,
        )


def is_prepared(actor: Actor, device: str, places: Sequence[rows.LoggingPlace]) -> bool:
    known = phones.states_of(device, actor.user or 0)
    return all(p.team_id in known and phones.standing_key(p.operation_id) is not None for p in places)


def pack_of(
    actor: Actor,
    device: str | None,
    places: Sequence[rows.LoggingPlace],
    language: str,
    session: SignedIn | None,
    *,
    sent_today: int = 0,
    more: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Everything that the phone needs without signal, as JSON. Nothing about persons met is in it.

    ``format``, ``owner``, ``device``, ``phone_key`` (Base64), ``session`` (see ``SessionMark``), ``server_at``,
    ``session_ends_at``, ``sent_today`` (how many contacts she has sent), ``teams``: each ``uid``, ``name``, ``area``,
    ``code``, ``zone``, ``day_starts_minutes``, ``starts_at``, ``ends_at``, ``rehearsal``, ``status`` of its operation
    (planned, active, reporting), ``opens_at`` (from when contacts are inside the window), ``ticket``, ``key`` (``id``,
    ``spki``), ``agencies`` ([id, name]), ``duty`` (text of the region), ``municipalities`` ([name, latitude,
    longitude]), ``positions`` (whether the phone may ask where it is), ``places`` ([kind, municipality] of one's latest
    contacts), ``last`` (what the last contact lends to the next); and what
    ``more`` has for the team: ``numbers`` ([{title, text}] of the briefing, empty where she may not see it), ``shift``
    ({starts_at, ends_at, place}: hers that is on or comes next, or null). Moments are ISO 8601 in UTC. Beside the
    teams ``agencies``: id → what is known of each, see ``agency_text_rules.carried_facts``.

    Without a ``device`` it is for a page that can keep nothing: there is nothing in it to seal, send or prove with.
    """
    user = actor.user
    if user is None:
        raise NotAllowed()
    said = {
        "format": FORMAT,
        "owner": owner_mark(user),
        "server_at": utc_now().isoformat(),
        "session_ends_at": iso(session.ends_at if session else None),
        "sent_today": sent_today,
        "teams": [_team(user, p, language) | dict((more or {}).get(p.team_uid, {})) for p in places],
    }
    said["agencies"] = _agencies({one for team in said["teams"] for one, _name in team["agencies"]})
    if device is None:
        return said
    for team, place in zip(said["teams"], places, strict=True):
        team.update(_sealing(user, device, place))
    mark = session and SessionMark(user, device, session.session_id, int(session.ends_at.timestamp()))
    key = base64.b64encode(phone_key(user, device)).decode()
    return said | {"device": device, "phone_key": key, "session": mark and mark_of(mark)}


def _agencies(ids: set[int]) -> dict[str, Any]:
    """What the rules need to say whom to call first; nothing of any person, and not how many an agency carries."""
    today = utc_now().date()
    known = agency_commands.agencies_of(sorted(ids))
    return {str(one.id): agency_text_rules.carried_facts(one, today) for one in known}


def _sealing(user_id: int, device: str, place: rows.LoggingPlace) -> dict[str, Any]:
    key = phones.standing_key(place.operation_id)
    if key is None:
        raise KeyMissing()
    ticket = ticket_of(Ticket(user_id, device, place.team_uid, place.operation_id))
    return {"ticket": ticket, "key": {"id": key.uid, "spki": key.spki}}


def _team(user_id: int, place: rows.LoggingPlace, language: str) -> dict[str, Any]:
    last = contacts.last_contact(user_id, place.operation_id)
    places = phones.places_of(place.operation_id)
    return {
        "uid": place.team_uid,
        "name": place.name,
        "area": place.area,
        "code": place.code,
        "zone": place.time_zone,
        "day_starts_minutes": place.day_starts_minutes,
        "starts_at": iso(place.shift_starts_at),
        "ends_at": iso(place.shift_ends_at),
        "rehearsal": place.rehearsal,
        "status": place.status,
        "opens_at": iso(place.starts_at),
        "agencies": [list(agency) for agency in rows.agencies_for(place.operation_id, place.root_id)],
        "duty": lists.duty_to_report(rows.region_of(place.service_id), language),
        "municipalities": places.municipalities,
        "positions": places.positions,
        "places": [list(used) for used in contacts.places_used(user_id, place.operation_id)],
        "last": None
        if last is None
        else {
            "place_kind": last.place_kind,
            "municipality": last.municipality,
            "approach": last.approach,
            "met_at": iso(last.met_at),
        },
    }


def iso(at: dt.datetime | None) -> str | None:
    return None if at is None else at.isoformat()
