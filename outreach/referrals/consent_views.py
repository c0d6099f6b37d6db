"""Pages of agreements: what a person agreed to for a referral, and withdrawing it.

The liaison sees all of it. The service that made the referral sees what it recorded itself, and nothing of what the
person told the agency since.
"""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Target
from outreach.auth.permissions import may
from outreach.errors import N_, Invalid, NotFound
from outreach.field.rules import read_moment, shown_code
from outreach.storage.queries import consents, referrals
from outreach.storage.queries.consents import Given
from outreach.storage.types import utc_now
from outreach.web import clock
from outreach.web.guard import guard

from . import case_commands, consent_commands, consent_rules, rules
from .consent_forms import GiveForm, WithdrawForm, fact_names, kind_words, news_words
from .views import bp, one_referral

CONSENTS = "/referrals/<uid>/consents"
NO_MOMENT = N_("Enter when it was as 2017-10-18 21:42.")


def consents_of_one(uid: str) -> tuple[Target, dict[str, Any]]:
    """The agreements of a referral: of its agency, or of who made it; to anybody else it does not exist."""
    referral = referrals.by_uid(uid)
    if referral is None:
        raise NotFound()
    return consent_commands.target_of(referral), {"referral": referral}


def one_consent(uid: str, consent: str) -> tuple[Target, dict[str, Any]]:
    target, found = consents_of_one(uid)
    one = consents.consent(found["referral"].id, consent)
    if one is None:
        raise NotFound()
    return target, {**found, "consent": one}


@bp.get(CONSENTS)
@guard("consents.see", load=consents_of_one, person_level=True)
def consents_page(referral: Any) -> Any:
    return _page(referral)


@bp.post(CONSENTS + "/<consent>/withdraw")
@guard("consents.withdraw", load=one_consent, person_level=True)
def withdraw_consent(referral: Any, consent: Any) -> Any:
    form = WithdrawForm()
    at = read_moment(form.at.data or "", _zone(referral))
    try:
        if at is None:
            raise Invalid.at("at", NO_MOMENT)
        consent_commands.withdraw(g.actor, referral, consent, at)
    except Invalid as problem:
        form.take(problem)
        return _page(referral, (consent.uid, form)), 422
    flash(gettext("Withdrawn. What had not been sent stops; the agency is told of the rest."))
    return redirect(url_for(".consents_page", uid=referral.uid), code=303)


@bp.post(CONSENTS)
@guard("referral.change", load=one_referral, person_level=True)
def give_consent(referral: Any) -> Any:
    form = GiveForm()
    form.offer()
    kind, any_agency = (form.kind.data or ""), form.kind.data == "any"
    at = read_moment(form.given_at.data or "", _zone(referral))
    try:
        if at is None:
            raise Invalid.at("given_at", NO_MOMENT)
        facts = consent_rules.facts_chosen(form.facts.data or [])
        kind = "agency" if any_agency else kind
        consent_commands.give(g.actor, referral, kind, facts, any_agency=any_agency, at=at)
    except Invalid as problem:
        form.take(problem)
        return _page(referral, given=form), 422
    flash(gettext("Recorded."))
    return redirect(url_for(".consents_page", uid=referral.uid), code=303)


@bp.post(CONSENTS + "/seen")
@guard("referral.change", load=one_referral, person_level=True)
def consents_seen(referral: Any) -> Any:
    consent_commands.told(g.actor, referral)
    return redirect(url_for(".consents_page", uid=referral.uid), code=303)


def _zone(referral: Any) -> str:
    return case_commands.zone_of(referrals.current(referral.id).agency_id, referral.operation_id)


def _page(referral: Any, wrong: tuple[str, WithdrawForm] | None = None, given: GiveForm | None = None) -> str:
    row = referrals.row_of(referral)
    g.operation = row.operation
    entry = {"kind": "referral", "object_id": referral.uid, "operation": referral.operation_id}
    audit.read(g.actor, Tag.CONSENTS_READ, service=referral.service_id, **entry)
    agency = may(g.actor, "referral.change", consent_commands.target_of(referral))
    zone = _zone(referral)
    listed = [one for one in consents.consents_of(referral.id) if agency or one.first]
    now = clock.local_text(utc_now(), zone)
    code = consents.code_of(referral) if agency else ""
    form = given or GiveForm(formdata=None, given_at=now)
    form.offer()
    return render_template(
        "referrals/consents.html",
        referral=referral,
        agency=agency,
        code=shown_code(code) if code else "",
        agency_name=_named(listed, row),
        day=referral.day,
        zone=zone,
        now=now,
        consents=[_shown(one, agency, zone, wrong, now) for one in listed],
        news=[news_words(one.kind) for one in consents.news_for([row.version.agency_id], referral.id)]
        if agency and row.version.agency_id is not None
        else [],
        facts=fact_names(consents.shared_facts(referral.id)) if agency else [],
        form=form if agency and not rules.ends(row.version.state) else None,
        opened=given is not None,
        errors=wrong[1] if wrong else given,
    )


def _named(listed: list[Given], row: Any) -> str:
    """The agency that the referral was made to, which is all that its maker knows."""
    return next((one.agency for one in listed if one.agency), row.agency.name if row.agency else "")


def _shown(one: Given, agency: bool, zone: str, wrong: Any, now: str) -> dict[str, Any]:
    """An agreement in words. Whom the person told later, her agency keeps to itself."""
    consent = one.consent
    ended = consent.withdrawn_at is not None and (agency or not one.withdrawn_by_agency)
    form = wrong[1] if wrong and wrong[0] == consent.uid else WithdrawForm(formdata=None, at=now)
    form.at.id = f"at-{consent.uid[:8]}"
    return {
        "uid": consent.uid,
        "words": kind_words(consent.kind, one.agency, consent.facts),
        "given": clock.local_text(consent.given_at, zone),
        "by": one.recorded_by,
        "withdrawn": clock.local_text(consent.withdrawn_at, zone) if ended else "",
        "withdrawn_by": one.withdrawn_by if ended else "",
        "form": form,
        "opened": bool(wrong and wrong[0] == consent.uid),
    }
