"""The field app on the phone: its shell, its pack. What it sends back comes in at ``sealed_views``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask import g, jsonify, request
from flask_babel import gettext

from outreach.auth.permissions import may
from outreach.errors import N_, Invalid
from outreach.ready import briefing_rules
from outreach.storage.queries import briefing, contacts, roster
from outreach.storage.queries import field as rows
from outreach.storage.types import utc_now
from outreach.web import sessions, transaction
from outreach.web.guard import guard
from outreach.web.page import language

from . import phone_commands, roster_rules, rules
from .card_views import led_services, today_begins
from .views import bp

CARRIED = ("contacts", "radio", "safety")
"""Sections of the briefing that are needed in the dark; the rest is read before."""


@bp.get("/field/app/pack")
@guard("field.see")
def pack() -> Any:
    """What the phone needs without signal; keys and lines that are missing are made in a short write of their own.

    A page whose browser keeps nothing (``device=none``) is given what it shows while it is open, and is no phone.
    """
    asked = request.args.get("device", "")
    device = rules.read_uid(asked)
    if device is None and asked != phone_commands.NOWHERE:
        raise Invalid.at("device", N_("This phone has no number of its own. Open My shift again."))
    places = phone_places()
    if device and not phone_commands.is_prepared(g.actor, device, places):
        with transaction.writing():
            phone_commands.prepare_phone(g.actor, device, places)
    sent = contacts.sent_since(g.actor.user, today_begins(places[0] if places else None))
    said = phone_commands.pack_of(
        g.actor, device, places, language(), sessions.mine(), sent_today=sent, more=_more(places)
    )
    answer = jsonify(said)
    answer.headers["Cache-Control"] = "no-store"  # keys are in it
    return answer


def phone_places() -> list[rows.LoggingPlace]:
    """Teams that her phone is made ready for: those that she may log for, and those of operations that open soon."""
    found = rows.teams_to_log_for(g.actor.teams, led_services(), rows.SOON_OR_TAKING)
    return [place for place in found if may(g.actor, "contact.send", place.target)]


def _more(places: Sequence[rows.LoggingPlace]) -> dict[str, dict[str, Any]]:
    """Team uid → whom to call, and the shift that is on or comes next."""
    now = utc_now()
    versions = roster.published_near(g.actor.user, now)
    shifts = roster_rules.shifts_now(versions, roster_rules.Mine(roster.memberships(g.actor.user)), now)
    numbers = {p.operation_id: _numbers(p) for p in places}
    return {p.team_uid: {"numbers": numbers[p.operation_id], "shift": _shift(p, shifts, now)} for p in places}


def _numbers(place: rows.LoggingPlace) -> list[dict[str, str]]:
    """The briefing's sections with text. Preparing the phone is in the journal; each fetch of the same is not."""
    if not may(g.actor, "briefing.see", place.target):
        return []
    said = briefing.sections_of(briefing.current(place.operation_id))
    titles = ((code, gettext(briefing_rules.SECTIONS[code])) for code in CARRIED)
    return [{"title": title, "text": said[code]} for code, title in titles if said.get(code, "").strip()]


def _shift(place: rows.LoggingPlace, shifts: Sequence[Any], now: dt.datetime) -> dict[str, Any] | None:
    found = roster_rules.now_or_next([one for one in shifts if one.team_id == place.team_id], now)
    if found is None:
        return None
    iso = phone_commands.iso
    return {"starts_at": iso(found.starts_at), "ends_at": iso(found.ends_at), "place": found.place or place.area}
