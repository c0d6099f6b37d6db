"""What is due: overdue, today, this week, and what has no day; the list opens no note and no goal."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import g, render_template, request, url_for
from flask_babel import gettext, pgettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.field.rules import shown_code
from outreach.storage.queries import cases, consents, notes
from outreach.storage.queries.cases import InHand
from outreach.storage.queries.referral_waits import within
from outreach.storage.types import utc_now
from outreach.vocab import PlanArea, Role
from outreach.web.guard import guard

from . import case_commands, case_rules, due_rules
from .alert_commands import Site
from .case_views import follow_up_words
from .due_rules import Due, Groups
from .forms import state_words
from .views import bp

NAMES = ("overdue", "today", "week", "undated")
MOST = 100
"""Lines of each sort that one page shows; what is done makes room for the next."""


@bp.get("/referrals/due")
@guard("due.see", person_level=True)
def due() -> Any:
    everybody = request.args.get("whose") == "all"
    now = utc_now()
    reach = reached(now)
    whose = None if everybody else g.actor.user
    groups = _groups(reach, whose, now)
    shown = {name: getattr(groups, name)[:MOST] for name in NAMES}
    rows = cases.in_hand({due.referral_id for dues in shown.values() for due in dues})
    audit.read(g.actor, Tag.DUE_LISTED, kind="referral", rows=len(rows))
    lines = {name: [_line(due, rows[due.referral_id]) for due in dues] for name, dues in shown.items()}
    return render_template(
        "referrals/due.html",
        groups=groups,
        lines=lines,
        more={name: len(getattr(groups, name)) - len(lines[name]) for name in NAMES},
        first=next((line for name in NAMES for line in lines[name]), None),
        everybody=everybody,
        mine=cases.count_followed(reach, g.actor.user),
        every=cases.count_followed(reach),
        notes_waiting=notes.waiting(agencies()),
    )


def reached(now: dt.datetime) -> Any:
    """Within the operations that her role is bound to; what came directly belongs to every liaison of the agency."""
    return within(Site(now, agencies()).reaches(g.actor, Role.LIAISON))


def agencies() -> frozenset[int]:
    return frozenset(b.service for b in g.actor.bounds if b.role is Role.LIAISON and b.service is not None)


def _groups(reach: Any, whose: int | None, now: dt.datetime) -> Groups:
    followed = cases.followed(reach, whose)
    zones = {place: case_commands.zone_of(*place) for place in {row[1:] for row in followed}}
    today = {one: case_rules.local_day(now, zones[agency, operation]) for one, agency, operation in followed}
    dues = [Due(*line) for line in cases.dates_due(reach, whose)]
    return due_rules.grouped(due_rules.with_undated(dues, today), today)


def _line(due: Due, row: InHand) -> dict[str, Any]:
    """One thing to do: whose, what and when, never what was written about it."""
    uid, code = row.referral.uid, consents.code_of(row.referral)
    return {
        "uid": uid,
        "version": row.version.version,
        "code": shown_code(code) if code else gettext("no code"),
        "what": due_words(due),
        "on": due.on,
        "liaison": row.liaison,
        "state": state_words(row.version.state),
        "urgent": row.version.urgent,
        "url": _url(due, uid),
    }


def due_words(due: Due) -> str:
    if due.what == due_rules.FOLLOW_UP:
        return follow_up_words(int(due.detail))
    if due.what == due_rules.GOAL:
        return gettext("Plan: %(area)s", area=gettext(PlanArea(due.detail).label))
    if due.what == due_rules.LOOK_AGAIN:
        return pgettext("referral", "Look again")
    return gettext("No day is set")


def _url(due: Due, uid: str) -> str:
    if due.what == due_rules.GOAL:
        return url_for(".referral", uid=uid) + "#plan"
    days = {"follow_up": due.detail} if due.what == due_rules.FOLLOW_UP else {}
    return url_for(".record", uid=uid, back="due", **days)
