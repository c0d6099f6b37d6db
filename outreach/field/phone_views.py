"""The field app on the phone: its shell, its pack. What it sends back comes in at ``sealed_views``."""

from __future__ import annotations

from typing import Any

from flask import g, jsonify, request

from outreach.errors import N_, Invalid
from outreach.web import sessions, transaction
from outreach.web.guard import guard
from outreach.web.page import language

from . import phone_commands, rules
from .card_views import own_places
from .views import bp


@bp.get("/field/app/pack")
@guard("field.see")
def pack() -> Any:
    """What the phone needs without signal; keys and lines that are missing are made in a short write of their own."""
    device = rules.read_uid(request.args.get("device", ""))
    if device is None:
        raise Invalid.at("device", N_("This phone has no number of its own. Open My shift again."))
    places = own_places()
    if not phone_commands.is_prepared(g.actor, device, places):
        with transaction.writing():
            phone_commands.prepare_phone(g.actor, device, places)
    answer = jsonify(phone_commands.pack_of(g.actor, device, places, language(), sessions.ends_at()))
    answer.headers["Cache-Control"] = "no-store"  # keys are in it
    return answer
