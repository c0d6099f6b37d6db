"""Writes of an officer about her own roster: what she has seen, and the secret link of her calendar."""

from __future__ import annotations

import datetime as dt
import secrets

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import NotAllowed
from outreach.storage.queries import roster as rows
from outreach.storage.types import utc_now


def mark_seen(actor: Actor, until: dt.datetime | None = None) -> None:
    """She has seen her roster as it stood at ``until`` (now, when nothing or a later moment is given)."""
    user = _own(actor)
    now = utc_now()
    at = now if until is None or until > now else until
    rows.hold_account(user)
    for operation_id in {shift.operation_id for shift in rows.published_near(user, now - dt.timedelta(days=90))}:
        rows.mark_seen(user, operation_id, at)


def make_calendar_link(actor: Actor) -> str:
    """A new secret for the calendar; the link that she had stops. The secret is given once and stored nowhere."""
    user = _own(actor)
    now = utc_now()
    rows.hold_account(user)
    rows.end_calendar_links(user, now)
    token = secrets.token_urlsafe(32)
    rows.add_calendar_link(user, token, now)
    audit.record(actor, Tag.CALENDAR_LINK_MADE, kind="user", object_id=user)
    return token


def revoke_calendar_link(actor: Actor) -> bool:
    """Stop the link; whether there was one."""
    user = _own(actor)
    stopped = rows.end_calendar_links(user, utc_now())
    if stopped:
        audit.record(actor, Tag.CALENDAR_LINK_REVOKED, kind="user", object_id=user)
    return bool(stopped)


def _own(actor: Actor) -> int:
    if actor.user is None or not may(actor, "field.see"):
        raise NotAllowed()
    return actor.user
