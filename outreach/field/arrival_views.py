"""What a contact's page and the list say of phones: saved and received when, and a clock that was wrong."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, ngettext

from outreach.storage.queries import arrivals
from outreach.storage.queries.arrivals import Arrival
from outreach.vocab import SealedKind
from outreach.web import clock

from . import arrival_rules as rules


def arrivals_of(uid: str, zone: str) -> list[dict[str, Any]]:
    """For each record of a contact that came from a phone: ``words``, and ``clock`` where it was wrong."""
    found = []
    for one in arrivals.of_contact(uid):
        found.append({"words": _sentence(one, zone), "clock": clock_words(one) if one.clock_off else ""})
    return found


def _sentence(one: Arrival, zone: str) -> str:
    saved, received = _moments(one, zone)
    if one.kind == SealedKind.CORRECTION:
        return gettext(
            "A change was saved on the phone %(saved)s, received %(received)s.", saved=saved, received=received
        )
    if one.kind == SealedKind.WITHDRAWAL:
        return gettext("Withdrawn on the phone %(saved)s, received %(received)s.", saved=saved, received=received)
    return gettext("Saved on the phone %(saved)s, received %(received)s.", saved=saved, received=received)


def _moments(one: Arrival, zone: str) -> tuple[str, str]:
    """Both with their day where they are not of the same one."""
    saved = rules.saved_at(one.saved_at, one.offset_ms, one.received_at)
    if saved is None or clock.local_text(saved, zone)[:10] != clock.local_text(one.received_at, zone)[:10]:
        return clock.spoken_moment(saved, zone), clock.spoken_moment(one.received_at, zone)
    return clock.spoken_time(saved, zone), clock.spoken_time(one.received_at, zone)


def late_words(one: Arrival | None, zone: str) -> str:
    """For the list: when a contact was received that had waited on the phone; '' for the others."""
    if one is None or not rules.waited(rules.saved_at(one.saved_at, one.offset_ms, one.received_at), one.received_at):
        return ""
    return _sentence(one, zone)


def clock_words(one: Arrival) -> str:
    """How the clock was wrong, and what was done about it."""
    way, unit, number = rules.how_far(one.offset_ms)
    if way == "set":
        return gettext("The phone’s clock was set while the contact waited: check when it was.")
    far = {
        "minutes": ngettext("%(num)d minute", "%(num)d minutes", number),
        "hours": ngettext("%(num)d hour", "%(num)d hours", number),
        "days": ngettext("%(num)d day", "%(num)d days", number),
    }[unit]
    if way == "fast":
        return gettext("The phone’s clock was %(far)s fast; times that it gave are corrected.", far=far)
    return gettext("The phone’s clock was %(far)s slow; times that it gave are corrected.", far=far)
