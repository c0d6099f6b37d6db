"""The calendar feed: whoever knows the secret address reads when its owner works, and nothing else."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response
from flask_babel import force_locale, gettext

from outreach.auth.permissions import may
from outreach.errors import NotFound, TooMany
from outreach.storage.queries import access
from outreach.storage.queries import roster as rows
from outreach.storage.types import utc_now
from outreach.web import throttle
from outreach.web.guard import guard

from . import calendar
from . import roster_rules as roster
from .views import bp

KEPT = dt.timedelta(days=60)
DOOR = "calendar"


@bp.get("/calendar/<token>.ics")
@guard("site.open")
def calendar_feed(token: str) -> Any:
    """A link that is unknown, stopped or of a disabled account is a page that does not exist, guessed or not.

    The right one is no guess and is never refused: one address fetches the calendars of many people, and nobody's may
    be shut for the wrong links of others.
    """
    owner = rows.calendar_owner(token)
    if owner is None or not may(access.actor_of(owner), "field.see"):
        if throttle.guesses_too_often(DOOR):
            raise TooMany()
        throttle.missed(DOOR)
        raise NotFound()
    now = utc_now()
    mine = roster.Mine(rows.memberships(owner.id))
    shifts = roster.calendar_shifts(rows.published_near(owner.id, now - KEPT), mine, now)
    with force_locale(owner.language):
        title = gettext("Shift")
    entries = [calendar.Entry(**vars(shift)) for shift in shifts]
    answer = Response(calendar.calendar_of(entries, title), content_type=f"{calendar.MEDIA_TYPE}; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="shifts.ics"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
