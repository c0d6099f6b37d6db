"""Views of the room: guard, load, validate, call one command, redirect. No writes, no arithmetic."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, g, redirect, render_template, url_for
from flask_babel import gettext, pgettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid, NotFound
from outreach.field.commands import code_of
from outreach.field.rules import shown_code
from outreach.storage.queries import lists, referrals
from outreach.storage.queries.referrals import Row
from outreach.storage.types import utc_now
from outreach.vocab import ReferralState, Role
from outreach.web.guard import guard
from outreach.web.page import language

from . import commands, rules
from .forms import MoveForm, state_words

bp = Blueprint("referrals", __name__)


def one_referral(uid: str) -> tuple[Target, dict[str, Any]]:
    """A referral of one's own agency; to anybody else it does not exist."""
    referral = referrals.by_uid(uid)
    if referral is None:
        raise NotFound()
    return referrals.target_of(referral, referrals.current(referral.id)), {"referral": referral}


@bp.get("/referrals")
@guard("referrals.see", person_level=True)
def waiting() -> Any:
    return _waiting()


@bp.post("/referrals/<uid>/pick-up")
@guard("referral.change", load=one_referral, person_level=True)
def pick_up(referral: Any) -> Any:
    try:
        commands.pick_up(g.actor, referral)
    except Changed as problem:
        return _waiting(f"{gettext(problem.message, **problem.params)} {gettext(problem.fix)}"), problem.status
    return redirect(url_for(".referral", uid=referral.uid), code=303)


@bp.get("/referrals/<uid>")
@guard("referral.see", load=one_referral, person_level=True)
def referral(referral: Any) -> Any:
    return _referral(referral)


@bp.post("/referrals/<uid>")
@guard("referral.change", load=one_referral, person_level=True)
def move(referral: Any) -> Any:
    form = MoveForm()
    status = 422
    try:
        commands.move(g.actor, referral, form.seen_version, form.state.data or "", destroys=bool(form.destroys.data))
        return redirect(url_for(".referral", uid=referral.uid), code=303)
    except Invalid as problem:
        form.take(problem)
    except Changed as problem:
        form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        status = problem.status
    return _referral(referral, form), status


def _waiting(problem: str | None = None) -> str:
    now = utc_now()
    mine = _of_my_agencies()
    told = _told_to_police()
    audit.read(g.actor, Tag.REFERRALS_LISTED, kind="referral", rows=len(mine), police_rows=len(told))
    shown = [_shown(row, now) for row in mine]
    return render_template(
        "referrals/waiting.html",
        liaison=Role.LIAISON in g.actor.roles,
        police=bool({Role.SERVICE_COORDINATOR, Role.FIELD_OFFICER} & g.actor.roles),
        waiting=[r for r in shown if r["state"] == ReferralState.MADE],
        in_hand=[r for r in shown if r["state"] != ReferralState.MADE and not rules.ends(r["state"])],
        over=[r for r in shown if rules.ends(r["state"])],
        longest=waited_words(min((r.referral.made_at for r in mine if _is_waiting(r)), default=now), now),
        told=[_told(row) for row in told],
        errors=[problem] if problem else [],
    )


def _is_waiting(row: Row) -> bool:
    return row.version.state == ReferralState.MADE


def _of_my_agencies() -> list[Row]:
    """Referrals that the actor may follow: her agencies', within the operations her role is bound to."""
    agencies = {b.service for b in g.actor.bounds if b.role is Role.LIAISON and b.service is not None}
    found = referrals.of_agencies(agencies)
    return [row for row in found if may(g.actor, "referral.see", referrals.target_of(row.referral, row.version))]


def _told_to_police() -> list[Row]:
    """Referrals that a service coordinator's service made, and those that an officer entered herself."""
    services = {b.service for b in g.actor.bounds if b.role is Role.SERVICE_COORDINATOR and b.service is not None}
    rows = {row.referral.id: row for row in referrals.of_services(services) if _may_still(row, "contacts.list")}
    if Role.FIELD_OFFICER in g.actor.roles:
        rows |= {row.referral.id: row for row in referrals.made_by(g.actor.user) if _may_still(row, "referral.told")}
    return sorted(rows.values(), key=lambda row: (row.referral.day, row.referral.id), reverse=True)


def _may_still(row: Row, action: str) -> bool:
    """Whether the actor's role reaches the operation and the service that the referral was made in."""
    return may(g.actor, action, referrals.target_of(row.referral, row.version))


def _told(row: Row) -> dict[str, Any]:
    """All that police see of a referral: no code, no needs, no urgency, no address to open."""
    return {
        "day": row.referral.day,
        "operation": row.operation.code,
        "service": row.service.name,
        "agency": row.agency.name if row.agency else "–",
        "state": gettext(rules.police_word(row.version.state)),
    }


def _shown(row: Row, now: dt.datetime) -> dict[str, Any]:
    """A referral as the liaison's list shows it: code and service, never the place or the hour of the meeting."""
    version = row.version
    person = referrals.person_of(row.referral)
    return {
        "url": url_for(".referral", uid=row.referral.uid),
        "pick_up_url": url_for(".pick_up", uid=row.referral.uid),
        "code": shown_code(code) if (code := code_of(person) if person else "") else gettext("no code"),
        "service": row.service.name,
        "agency": row.agency.name if row.agency else "",
        "operation": row.operation.code,
        "rehearsal": row.operation.is_rehearsal,
        "urgent": version.urgent,
        "reach": reach_words(version.reach_by),
        "state": version.state,
        "state_words": state_words(version.state),
        "liaison": row.liaison_name,
        "waited": waited_words(row.referral.made_at, now),
        "too_long": rules.waits_too_long(row.referral.made_at, now, version.urgent),
    }


def _referral(referral: Any, form: MoveForm | None = None) -> str:
    row = referrals.row_of(referral)
    version = row.version
    g.operation = row.operation
    entry = {
        "kind": "referral",
        "object_id": referral.uid,
        "operation": referral.operation_id,
        "service": referral.service_id,
    }
    audit.read(g.actor, Tag.REFERRAL_READ, **entry)
    contact = referrals.safe_contact(referral.id)
    safe_way = ""
    # Who has not picked it up needs no number yet; and no number is shown before its reading is in the journal.
    if contact is not None and contact.way_sealed is not None and version.state != ReferralState.MADE:
        audit.read(g.actor, Tag.SAFE_CONTACT_READ, **entry)
        safe_way = referrals.open_safe_way(referral, contact)
    form = form or MoveForm(formdata=None)
    form.offer(version.state)
    form.seen.data = str(version.version)
    needs = lists.labels("needs", language())
    return render_template(
        "referrals/referral.html",
        row=_shown(row, utc_now()),
        operation=row.operation,
        version=version,
        day=referral.day,
        safe_way=safe_way,
        contact=contact,
        ended=rules.ends(version.state),
        needs=[needs.get(code, code) for code in version.needs],
        history=[(v, state_words(v.state), by) for v, by in referrals.history(referral.id)],
        form=form,
        errors=form,
    )


def reach_words(reach_by: str) -> str:
    """How she may be reached, in words."""
    return {
        "here": gettext("The agency is at the place"),
        "they_call": gettext("The person will call"),
        "safe_phone": gettext("A safe telephone number"),
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
    feedback_views,  # noqa: F401 - likewise
)
