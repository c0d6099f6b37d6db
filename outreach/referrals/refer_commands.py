"""Refer a person who was met, after her contact was saved: another agency, or a yes that came later."""

from __future__ import annotations

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Invalid, NotAllowed
from outreach.storage.days import operational_day
from outreach.storage.queries import consents, operations, referrals
from outreach.storage.queries import field as rows
from outreach.storage.queries.contacts import ContactRecord
from outreach.storage.tables import Meeting, Person, Referral
from outreach.storage.types import utc_now
from outreach.vocab import SupportAnswer

from . import refer_rules
from .refer_rules import Asked


def hindrance(record: ContactRecord, meeting: Meeting, person: Person) -> str:
    """Why this person cannot be referred from this contact, '' when she can be."""
    if record.version.withdrawn:
        return N_("This contact is withdrawn.")
    if person.code_sealed is None:
        return N_("The person did not agree to be recorded, so nothing can be handed on.")
    if meeting.answer != SupportAnswer.ACCEPTED:
        return N_("The contact does not say that the person accepted support. Change that first, if it is so now.")
    return ""


def refer(actor: Actor, record: ContactRecord, position: int, asked: Asked) -> Referral:
    """A referral of the person in that place of the contact. The same form sent twice is one referral.

    Raises ``NotAllowed``; ``Invalid`` with every finding at its field.
    """
    if not may(actor, "contact.change", record.target):
        raise NotAllowed()
    meeting, person = record.meetings[position - 1]
    made = referrals.by_uid(asked.uid)
    if made is not None and (made.contact_id, made.person_id) == (record.contact.id, person.id):
        return made
    now, operation, service = utc_now(), record.operation, record.contact.service_id
    findings = list(refer_rules.wrong_in(asked, now))
    if findings or made is not None:
        raise Invalid(*findings)
    against = hindrance(record, meeting, person)
    if against:
        raise Invalid.at("refers", against)
    agencies = [agency for agency, _name in rows.agencies_for(operation.id, operation.root_id or operation.id)]
    if asked.agency_id not in agencies:
        raise Invalid.at("agency", N_("Choose a support agency of this operation."))
    referral = referrals.add_referral(
        operation.id,
        service,
        record.contact.id,
        person.id,
        operational_day(now, operation.time_zone, operation.day_starts_minutes),
        now,
        asked.agency_id,
        asked.needs,
        asked.urgent,
        asked.reach_by,
        asked.safe_way,
        actor.user,
        now,
        agreed=consents.Agreed(asked.facts, asked.any_agency, asked.agreed_at),
        uid=asked.uid,
    )
    operations.note_change(operation.id)
    journal_made(actor, referral)
    return referral


def journal_made(actor: Actor, referral: Referral) -> None:
    audit.record(
        actor,
        Tag.REFERRAL_MADE,
        kind="referral",
        object_id=referral.uid,
        operation=referral.operation_id,
        service=referral.service_id,
        origin=referral.origin,
    )
