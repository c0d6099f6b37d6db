"""Pages that pass a referral on: to another liaison of the agency, or back to whoever finds another agency."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid, NotFound
from outreach.storage.queries import consents, referrals
from outreach.storage.queries import referral_waits as rows
from outreach.vocab import ReferralState
from outreach.web.forms import whole
from outreach.web.guard import guard

from . import waiting_commands
from .views import bp, one_referral
from .waiting_forms import GiveBackForm, HandOverForm
from .waiting_views import PAGE_SIZE, own_room, said

# --- to another liaison -----------------------------------------------------------------------------------------------


@bp.get("/referrals/hand-over")
@guard("referrals.pass_on", person_level=True)
def hand_over_form() -> Any:
    chosen = _chosen(request.args.getlist("referral"))
    return _hand_over_page(chosen, HandOverForm(formdata=None))


@bp.post("/referrals/hand-over")
@guard("referrals.pass_on", person_level=True)
def hand_over() -> Any:
    chosen = _chosen(request.form.getlist("referral"))
    form = HandOverForm()
    status = 422
    try:
        number = waiting_commands.hand_over(g.actor, chosen, form.chosen, form.why.data or "")
    except Invalid as problem:
        form.take(problem)
    except Changed as problem:
        form.form_errors.append(said(problem))
        status = problem.status
    else:
        flash(ngettext("%(num)d referral is handed over.", "%(num)d referrals are handed over.", number))
        return redirect(url_for(".waiting"), code=303)
    return _hand_over_page(chosen, form), status


def _chosen(texts: list[str]) -> list[waiting_commands.Chosen]:
    """``uid.version`` of each that was ticked. What is not one's own to hand over does not exist."""
    chosen: list[waiting_commands.Chosen] = []
    for text in dict.fromkeys(texts[: 2 * PAGE_SIZE]):
        uid, _, seen = text.partition(".")
        referral = referrals.by_uid(uid)
        if referral is None:
            raise NotFound()
        version = referrals.current(referral.id)
        if not may(g.actor, "referral.hand_over", referrals.target_of(referral, version)):
            raise NotFound()
        chosen.append((referral, whole(seen) or version.version))
    return chosen


def _hand_over_page(chosen: list[waiting_commands.Chosen], form: HandOverForm) -> str:
    room = own_room()
    now = [referrals.current(referral.id) for referral, _ in chosen]
    lines = rows.lines(one.id for one in now)
    agencies = {one.agency_id for one in now}
    audit.read(g.actor, Tag.REFERRALS_LISTED, kind="referral", rows=len(lines))
    if len(agencies) > 1:
        form.form_errors.append(gettext("These belong to several agencies: hand over those of one at a time."))
    holders = {one.liaison_id for one in now}
    free = [
        (one.user, one.name)
        for agency in agencies
        for one in room.site.liaisons(agency, chosen[0][0].operation_id)
        if holders != {one.user}
    ]
    form.offer(free)
    return render_template(
        "referrals/hand_over.html",
        lines=room.shown(lines),
        chosen=[f"{referral.uid}.{seen}" for referral, seen in chosen],
        nobody=not free,
        form=form,
        errors=form,
    )


# --- back -------------------------------------------------------------------------------------------------------------


@bp.get("/referrals/<uid>/give-back")
@guard("referral.give_back", load=one_referral, person_level=True)
def give_back_form(referral: Any) -> Any:
    form = GiveBackForm(formdata=None)
    form.seen.data = str(referrals.current(referral.id).version)
    return _give_back_page(referral, form)


@bp.post("/referrals/<uid>/give-back")
@guard("referral.give_back", load=one_referral, person_level=True)
def give_back(referral: Any) -> Any:
    form = GiveBackForm()
    status = 422
    try:
        state = waiting_commands.give_back(g.actor, referral, form.seen_version, form.why.data or "")
    except Invalid as problem:
        form.take(problem)
    except Changed as problem:
        form.form_errors.append(said(problem))
        status = problem.status
    else:
        if state == ReferralState.WITHDRAWN:
            flash(gettext("The person no longer agrees to be referred: it has ended as withdrawn."))
        else:
            flash(gettext("Given back. The coordinators see it now and look for another agency."))
        return redirect(url_for(".waiting"), code=303)
    return _give_back_page(referral, form), status


def _give_back_page(referral: Any, form: GiveBackForm) -> str:
    room = own_room()
    version = referrals.current(referral.id)
    audit.read(
        g.actor,
        Tag.REFERRAL_READ,
        kind="referral",
        object_id=referral.uid,
        operation=referral.operation_id,
        service=referral.service_id,
    )
    form.offer()
    return render_template(
        "referrals/give_back.html",
        row=room.shown(rows.lines([version.id]))[0],
        allowed_to=waiting_commands.may_give_back(g.actor, referral, version),
        keeps=consents.covers_any(referral.id),
        ended=rows.agreement_ended(referral.id),
        form=form,
        errors=form,
    )
