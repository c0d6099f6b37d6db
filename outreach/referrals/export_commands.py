"""The file of an agency's own cases, for its own staff and case system: who is in it, entered in the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import NotAllowed
from outreach.storage.queries import cases, consents, exports, lists, referrals
from outreach.storage.queries.referrals import Row
from outreach.vocab import ReferralState, Role, SharedFact

from . import export_rules as rules

_FACTS = {SharedFact.AGE_BAND.value, SharedFact.GENDER.value, SharedFact.NEEDS.value}


def export(actor: Actor, language: str) -> bytes:
    """The file. Raises ``NotAllowed``; the reading is in the journal before anything leaves."""
    if not may(actor, "cases.export"):
        raise NotAllowed()
    found = list(_cases_of(actor, language))
    audit.read(actor, Tag.CASES_EXPORTED, kind="referral", rows=len(found), services=sorted(_agencies(actor)))
    return rules.as_csv(found)


def _agencies(actor: Actor) -> set[int]:
    return {b.service for b in actor.bounds if b.role is Role.LIAISON and b.service is not None}


def _cases_of(actor: Actor, language: str) -> Iterator[rules.Case]:
    """Cases that a liaison picked up and whose person agreed, and still agrees, that this agency knows of her."""
    agencies = _agencies(actor)
    picked_up, outcomes = exports.picked_up(agencies), exports.outcomes(agencies)
    needs, targets = lists.labels("needs", language), {}
    for row in referrals.of_agencies(agencies):
        if row.operation is not None and row.operation.is_rehearsal:
            continue
        if row.version.state == ReferralState.MADE or not _followed_by(actor, row, targets):
            continue
        referral, agency = row.referral, row.version.agency_id
        if not consents.covers(referral.id, agency):
            continue
        facts = consents.facts_of(referral)
        at, zone = picked_up.get((referral.id, agency)), cases.zone_of(agency, referral.operation_id)
        yield rules.Case(
            code=facts.code,
            origin=referral.origin,
            state=row.version.state,
            referred_by=row.service.name,
            picked_up_on=at.astimezone(ZoneInfo(zone or "UTC")).date() if at else None,
            needs=tuple(needs.get(code, code) for code in facts.needs),
            shares=bool(facts.shared & _FACTS),
            gender=facts.gender,
            age_band=facts.age_band,
            urgent=row.version.urgent,
            outcomes=tuple(outcomes.get((referral.id, agency), ())),
        )


def _followed_by(actor: Actor, row: Row, targets: dict[int | None, Target]) -> bool:
    """Whether she may open the case; ``targets`` keeps what is the same for all of one operation."""
    place = row.referral.operation_id
    if place not in targets:
        targets[place] = referrals.target_of(row.referral, row.version)
    target = replace(targets[place], service=row.referral.service_id, agency=row.version.agency_id)
    return may(actor, "referral.see", target)
