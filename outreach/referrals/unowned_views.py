"""What nobody owns, for the coordinators of an operation: code, age and agency of each, and who could take it.

How urgent it is, what the person asks for and how to reach her is no business of theirs.
"""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.errors import Changed, Invalid, NotFound
from outreach.field.rules import shown_code
from outreach.plan import agency_words
from outreach.storage.queries import access, referrals
from outreach.storage.queries import referral_waits as rows
from outreach.storage.types import utc_now
from outreach.vocab import NotTaken, ReferralState
from outreach.web import load
from outreach.web.guard import guard

from . import alert_commands, waiting_commands
from .alert_commands import Site
from .alert_rules import Level
from .views import bp, one_referral, waited_words
from .waiting_forms import AssignForm, LimitsForm
from .waiting_views import PAGE_SIZE, page_of, said


@bp.get("/operations/<code>/referrals")
@guard("referrals.unowned", load=load.operation, person_level=True)
def unowned(operation: Any) -> Any:
    return _unowned(operation)


@bp.get("/referrals/unowned")
@guard("referrals.unowned_direct", person_level=True)
def unowned_direct() -> Any:
    """Direct referrals belong to no operation: a coordinator of all of them looks after them."""
    return _unowned(None)


@bp.post("/operations/<code>/referrals/limits")
@guard("referrals.limits", load=load.operation, person_level=True)
def set_limits(operation: Any) -> Any:
    form = LimitsForm()
    try:
        changed = waiting_commands.set_limits(
            g.actor, operation, form.urgent_hours.data or "", form.hours.data or "", form.why.data or ""
        )
    except Invalid as problem:
        form.take(problem)
        return _unowned(operation, form), 422
    flash(gettext("Saved.") if changed else gettext("Nothing was different; nothing is changed."))
    return redirect(url_for(".unowned", code=operation.code), code=303)


def _unowned(operation: Any, form: LimitsForm | None = None) -> str:
    g.operation = operation
    site = Site(utc_now())
    ids = [] if operation is None else access.descendants_of(operation.id)
    each = alert_commands.alerts(site, rows.of_operations(ids, direct=operation is None))
    number, pages = page_of(len(each))
    shown = each[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    levels = {one.version_id: level for one, level in shown}
    lines = rows.lines(levels)
    audit.read(
        g.actor, Tag.UNOWNED_LISTED, kind="referral", operation=operation.id if operation else None, rows=len(lines)
    )
    if form is None and operation is not None:
        form = LimitsForm(formdata=None)
        form.urgent_hours.data = f"{operation.urgent_limit_minutes / 60:g}"
        form.hours.data = f"{operation.limit_minutes / 60:g}"
    if form is not None:
        form.offer()
    return render_template(
        "referrals/unowned.html",
        operation=operation,
        lines=[_shown(line, site, levels[version]) for version, line in zip(levels, lines, strict=True)],
        total=len(each),
        needs=sum(level == Level.COORDINATORS for _, level in each),
        number=number,
        pages=pages,
        page_url=lambda n: url_for(".unowned" if operation else ".unowned_direct", code=_code(operation), page=n),
        form=form,
        errors=form,
    )


def _code(operation: Any) -> str | None:
    return operation.code if operation else None


def _shown(line: rows.Line, site: Site, level: Level) -> dict[str, Any]:
    return {
        "url": url_for(".assign_form", uid=line.uid),
        "code": shown_code(line.code) if line.code else gettext("no code"),
        "operation": line.operation,
        "agency": line.agency,
        "age": waited_words(line.made_at, site.now),
        "why": why_given_back(line.details),
        "needs": level == Level.COORDINATORS,
        "state": _standing_words(line, site, level),
    }


def _standing_words(line: rows.Line, site: Site, level: Level) -> str:
    """Why it stands on the list, in the order in which it matters."""
    if line.agency_id is None:
        return gettext("Given back") if "given_back_by" in line.details else gettext("No agency")
    if not site.liaisons(line.agency_id, line.operation_id):
        return gettext("Nobody at the agency can take it")
    if line.state != ReferralState.MADE:
        return gettext("Its liaison left")
    return gettext("Waits too long") if level == Level.COORDINATORS else gettext("Waits for its agency")


def why_given_back(details: dict[str, Any]) -> str:
    """The reason that an agency gave, in words; '' where it was not given back."""
    why = details.get("why", "")
    if "given_back_by" not in details or why not in NotTaken.values():
        return ""
    return gettext(NotTaken(why).label)


# --- to an agency -----------------------------------------------------------------------------------------------------


@bp.get("/referrals/<uid>/assign")
@guard("referral.assign", load=one_referral, person_level=True)
def assign_form(referral: Any) -> Any:
    form = AssignForm(formdata=None)
    form.seen.data = str(referrals.current(referral.id).version)
    return _assign_page(referral, form)


@bp.post("/referrals/<uid>/assign")
@guard("referral.assign", load=one_referral, person_level=True)
def assign(referral: Any) -> Any:
    form = AssignForm()
    try:
        waiting_commands.assign(g.actor, referral, form.seen_version, form.chosen)
    except Invalid as problem:
        form.take(problem)
        return _assign_page(referral, form), 422
    except Changed as problem:
        flash(said(problem), "error")
    else:
        flash(gettext("Given to the agency. It stands on the agency’s list until a liaison picks it up."))
    return redirect(_back_to(referral), code=303)


def _back_to(referral: Any) -> str:
    if referral.operation_id is None:
        return url_for(".unowned_direct")
    return url_for(".unowned", code=Site(utc_now()).operations[referral.operation_id].code)


def _assign_page(referral: Any, form: AssignForm) -> str:
    site = Site(utc_now())
    version = referrals.current(referral.id)
    if not waiting_commands.is_unowned(referral, version):
        raise NotFound()  # what somebody has in hand is not theirs to see
    line = rows.lines([version.id])[0]
    audit.read(
        g.actor,
        Tag.UNOWNED_LISTED,
        kind="referral",
        object_id=referral.uid,
        operation=referral.operation_id,
        rows=1,
    )
    names = {one: name for one, name in rows.agencies_of(referral.operation_id).items() if one != version.agency_id}
    hours = agency_words.standing(names)
    agencies = {one: names[one] for one in hours}
    agreed = rows.agreed_agencies(referral.id)
    form.offer(agencies.items())
    hints = {}
    for one in agencies:
        goes = agreed is None or one in agreed
        words = gettext("Any safe way to reach the person is destroyed: nobody agreed that this agency has it.")
        if goes:
            words = gettext("Any safe way to reach the person goes along.")
        if not site.liaisons(one, referral.operation_id):
            words = f"{gettext('No liaison of this agency has an account: nobody could pick it up.')} {words}"
        if line.details.get("given_back_by") == one:
            words = f"{gettext('It gave the referral back: %(why)s.', why=why_given_back(line.details))} {words}"
        hints[str(one)] = f"{hours[one]}. {words}"
    level = site.level(line)
    return render_template(
        "referrals/assign.html",
        row=_shown(line, site, level),
        back=_back_to(referral),
        ended=rows.agreement_ended(referral.id),
        agencies=agencies,
        hints=hints,
        form=form,
        errors=form,
    )
