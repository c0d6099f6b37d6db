"""Pages of what a person has reached, and of the end of her referral."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.errors import Changed, Invalid
from outreach.storage.queries import cases, referrals
from outreach.web.guard import guard

from . import close_commands
from .case_forms import CloseForm, OutcomesForm
from .case_views import Case, case_of, head_of
from .views import bp, one_referral


@bp.post("/referrals/<uid>/outcomes")
@guard("case.change", load=one_referral, person_level=True)
def outcomes(referral: Any) -> Any:
    """Exactly the ticked ones stand; what is no longer ticked is taken back."""
    form = OutcomesForm()
    try:
        close_commands.set_outcomes(g.actor, referral, form.outcomes.data or [])
        flash(gettext("The outcomes are as you ticked them."))
    except Invalid as problem:
        flash(gettext(problem.findings[0].message), "error")
    return redirect(url_for(".referral", uid=referral.uid) + "#outcomes", code=303)


@bp.get("/referrals/<uid>/close")
@guard("case.change", load=one_referral, person_level=True)
def close_form(referral: Any) -> Any:
    case = case_of(referral)
    if not case.in_hand:
        return redirect(url_for(".referral", uid=referral.uid))
    return _close(case, CloseForm(formdata=None, outcomes=_standing(case)))


@bp.post("/referrals/<uid>/close")
@guard("case.change", load=one_referral, person_level=True)
def close(referral: Any) -> Any:
    case, form = case_of(referral), CloseForm()
    state, codes, destroys = form.state.data or "", form.outcomes.data or [], bool(form.destroys.data)
    status = 422
    try:
        close_commands.close(g.actor, referral, form.seen_version, state, codes, form.why.data or "", destroys=destroys)
        return redirect(url_for(".referral", uid=referral.uid), code=303)
    except Invalid as problem:
        form.take(problem)
    except Changed as problem:
        form.form_errors.append(f"{gettext(problem.message)} {gettext(problem.fix)}")
        status = problem.status
    return _close(case, form), status


def _standing(case: Case) -> list[str]:
    return [row.outcome for row in cases.outcomes(case.referral.id, case.version.agency_id)]


def _close(case: Case, form: CloseForm) -> str:
    audit.read(g.actor, Tag.REFERRAL_READ, **case.about)
    form.offer(_standing(case))
    form.offer_ends(case.version.state)
    form.seen.data = str(case.version.version)
    contact = referrals.safe_contact(case.referral.id)
    holds = contact is not None and contact.way_sealed is not None
    return render_template("referrals/close.html", case=head_of(case), form=form, holds=holds, errors=form)
