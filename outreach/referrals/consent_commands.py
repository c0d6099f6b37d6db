"""Writes of agreements: withdrawing one, recording a new one, and that the agency has seen what was withdrawn.

Other pages tell an agency its news with ``storage.queries.consents.news_for(agency ids)`` and the macro
``consent_news`` of ``referrals/consent_parts.html``, whose button calls ``told``. What an agency may read of a person
now: ``consents.shared_facts`` and ``consents.facts_of``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import N_, Invalid, NotAllowed
from outreach.storage.queries import consents, referrals
from outreach.storage.tables import Referral, ReferralConsent
from outreach.storage.types import utc_now
from outreach.vocab import Consent, ReferralState

from . import commands, consent_rules, rules


def target_of(referral: Referral) -> Target:
    """The target of a referral's agreements: its agency's, and of the service and the officer that made it."""
    target = referrals.target_of(referral, referrals.current(referral.id))
    return replace(target, owner=consents.maker_of(referral))


def withdraw(actor: Actor, referral: Referral, consent: ReferralConsent, at: dt.datetime) -> None:
    """The person takes an agreement back. What nobody picked up stops; what is in hand is told to the agency.

    Doing it twice changes nothing. Raises ``NotAllowed``; ``Invalid`` at ``at``.
    """
    target = target_of(referral)
    if not may(actor, "consents.withdraw", target):
        raise NotAllowed()
    now = utc_now()
    if not consent_rules.can_have_ended(at, consent.given_at, now):
        raise Invalid.at("at", N_("Enter a time after the agreement was given and not in the future."))
    by_agency = may(actor, "referral.change", target)
    if not consents.withdraw(consent.id, at, now, actor.user, told=by_agency):
        if not by_agency:
            consents.say_again(consent.id, now, actor.user)
        return
    _journal(actor, Tag.CONSENT_WITHDRAWN, referral, consent=consent.kind)
    _stop(actor, referral, consent.kind, now)


def _stop(actor: Actor, referral: Referral, kind: str, now: dt.datetime) -> None:
    """Stop what has not been sent. Who picks it up in the same moment is first or second, never both: the version
    decides, and what it says then is looked at again."""
    while True:
        version = referrals.current(referral.id)
        covered = version.agency_id is not None and consents.covers(referral.id, version.agency_id)
        effect = consent_rules.effect(kind, version.state, still_covered=covered)
        if effect == consent_rules.STAYS:
            return
        if effect == consent_rules.ENDS:
            done = commands.follow(actor, referral, version, ReferralState.WITHDRAWN, now)
        elif version.agency_id is None:  # nobody has it: how long it has waited stays as it is
            if consents.covers_any(referral.id):
                return
            done = True
        else:
            nobody = {"agency_id": None, "liaison_id": None, "owed_at": now, "details": {}}
            done = commands.follow(actor, referral, version, ReferralState.MADE, now, **nobody)
        if done:
            if referrals.destroy_safe_way(referral.id, now):
                _journal(actor, Tag.SAFE_CONTACT_DESTROYED, referral)
            return


def give(
    actor: Actor, referral: Referral, kind: str, facts: tuple[str, ...], *, any_agency: bool, at: dt.datetime
) -> None:
    """The person agrees to something more, said to her liaison. Raises ``NotAllowed``, ``Invalid``."""
    version = referrals.current(referral.id)
    if not may(actor, "referral.change", referrals.target_of(referral, version)):
        raise NotAllowed()
    now = utc_now()
    if kind not in Consent.values():
        raise Invalid.at("kind", N_("Choose what the person agrees to."))
    if kind == Consent.FACTS and not facts:
        raise Invalid.at("facts", N_("Tick the facts that may be shared."))
    if rules.ends(version.state):
        raise Invalid.at("kind", N_("This referral has ended."))
    if at > now:
        raise Invalid.at("given_at", N_("Enter a time that is not in the future."))
    agency = version.agency_id if kind == Consent.AGENCY and not any_agency else None
    listed = facts if kind == Consent.FACTS else ()
    consents.add_consent(referral.id, Consent(kind), listed, agency, at, now, actor.user)
    _journal(actor, Tag.CONSENT_GIVEN, referral, consent=kind)


def told(actor: Actor, referral: Referral) -> None:
    """A liaison of the agency has seen what was withdrawn. Raises ``NotAllowed``."""
    if not may(actor, "referral.change", referrals.target_of(referral, referrals.current(referral.id))):
        raise NotAllowed()
    if consents.note_told(referral.id, utc_now()):
        _journal(actor, Tag.CONSENTS_TOLD, referral)


def _journal(actor: Actor, tag: Tag, referral: Referral, **details: str) -> None:
    audit.record(
        actor,
        tag,
        kind="referral",
        object_id=referral.uid,
        operation=referral.operation_id,
        service=referral.service_id,
        **details,
    )
