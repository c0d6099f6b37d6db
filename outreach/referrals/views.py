"""The blueprint of the room, the loader of one referral, and words that several of its pages share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint
from flask_babel import gettext, pgettext

from outreach.auth.actors import Target
from outreach.errors import NotFound
from outreach.storage.queries import referrals

from . import rules

bp = Blueprint("referrals", __name__)


def one_referral(uid: str) -> tuple[Target, dict[str, Any]]:
    """A referral of one's own agency; to anybody else it does not exist."""
    referral = referrals.by_uid(uid)
    if referral is None:
        raise NotFound()
    return referrals.target_of(referral, referrals.current(referral.id)), {"referral": referral}


def reach_words(reach_by: str) -> str:
    """How she may be reached, in words."""
    return {
        "here": gettext("The agency is at the place"),
        "they_call": gettext("The person will call"),
        "safe_phone": gettext("A safe telephone number"),
        "other_way": gettext("Another safe way"),
    }.get(reach_by, gettext("Not said"))


def waited_words(since: dt.datetime, now: dt.datetime) -> str:
    """``2 days 4 h``, ``4 h 10 min`` or ``12 min``."""
    days, hours, minutes = rules.waited(since, now)
    if days:
        return pgettext("waiting", "%(days)s d %(hours)s h", days=days, hours=hours)
    if hours:
        return pgettext("waiting", "%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
    return pgettext("waiting", "%(minutes)s min", minutes=minutes)


from . import (  # noqa: E402 - they add their pages to this room's blueprint
    alert_views,  # noqa: F401 - likewise
    case_views,  # noqa: F401 - likewise
    close_views,  # noqa: F401 - likewise
    consent_views,  # noqa: F401 - likewise
    direct_views,  # noqa: F401 - likewise
    due_views,  # noqa: F401 - likewise
    export_views,  # noqa: F401 - likewise
    feedback_views,  # noqa: F401 - likewise
    note_views,  # noqa: F401 - likewise
    pass_on_views,  # noqa: F401 - likewise
    record_views,  # noqa: F401 - likewise
    refer_views,  # noqa: F401 - likewise
    unowned_views,  # noqa: F401 - likewise
    waiting_views,  # noqa: F401 - likewise
)
