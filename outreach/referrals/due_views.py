"""What is due: overdue, today, this week, and what has no day; the list opens no note and no goal."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request, url_for
from flask_babel import gettext, pgettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.permissions import may
from outreach.field.rules import shown_code
from outreach.storage.queries import cases, consents, referrals
from outreach.storage.queries.cases import InHand
from outreach.storage.types import utc_now
from outreach.vocab import PlanArea, Role
from outreach.web.guard import guard

from . import case_commands, case_rules, due_rules
from .case_views import follow_up_words
from .due_rules import Due, Groups
from .forms import state_words
from .views import bp

NAMES = ("overdue", "today", "week", "undated")


@bp.get("/referrals/due")
@guard("due.see", person_level=True)
def due() -> Any:
    everybody = request.args.get("whose") == "all"
    in_hand = _in_hand()
    mine = [row for row in in_hand if row.version.liaison_id == g.actor.user]
    shown = {row.referral.id: row for row in (in_hand if everybody else mine)}
    groups = _groups(shown)
    audit.read(g.actor, Tag.DUE_LISTED, kind="referral", rows=len(shown))
    lists = [(name, [_line(due, shown[due.referral_id]) for due in getattr(groups, name)]) for name in NAMES]
    lines = dict(lists)
    return render_template(
        "referrals/due.html",
        groups=groups,
        lines=lines,
        first=next((line for name in NAMES for line in lines[name]), None),
        everybody=everybody,
        mine=len(mine),
        every=len(in_hand),
    )


def due_now(user_id: int | None) -> int:
    """How many things are due for the actor now, for a glance on another page."""
    mine = {row.referral.id: row for row in _in_hand() if row.version.liaison_id == user_id}
    return _groups(mine).now


def _agencies() -> set[int]:
    return {b.service for b in g.actor.bounds if b.role is Role.LIAISON and b.service is not None}


def _in_hand() -> list[InHand]:
    """What the actor's agencies follow now, within the operations that her role is bound to."""
    found = cases.in_hand(_agencies())
    return [row for row in found if may(g.actor, "case.see", referrals.target_of(row.referral, row.version))]


def _groups(shown: dict[int, InHand]) -> Groups:
    now, agencies = utc_now(), _agencies()
    zones = {
        (row.version.agency_id, row.referral.operation_id): case_commands.zone_of(
            row.version.agency_id, row.referral.operation_id
        )
        for row in shown.values()
    }
    today = {
        one: case_rules.local_day(now, zones[row.version.agency_id, row.referral.operation_id])
        for one, row in shown.items()
    }
    dues = [Due(*line) for line in cases.dates_due(agencies) if line[0] in shown]
    return due_rules.grouped(due_rules.with_undated(dues, shown), today)


def _line(due: Due, row: InHand) -> dict[str, Any]:
    """One thing to do: whose, what and when, never what was written about it."""
    uid, code = row.referral.uid, consents.code_of(row.referral)
    return {
        "uid": uid,
        "version": row.version.version,
        "code": shown_code(code) if code else gettext("no code"),
        "what": _words(due),
        "on": due.on,
        "liaison": row.liaison,
        "state": state_words(row.version.state),
        "urgent": row.version.urgent,
        "url": _url(due, uid),
    }


def _words(due: Due) -> str:
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
