"""A person who came to the agency herself: a referral without contact, in the hands of the liaison who enters it."""

from __future__ import annotations

from dataclasses import replace

from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import N_, Finding, Invalid, NotAllowed
from outreach.field.rules import make_code, read_code
from outreach.storage.days import operational_day
from outreach.storage.keys import site_keys
from outreach.storage.queries import access, agencies, consents, operations, referrals
from outreach.storage.queries import field as rows
from outreach.storage.tables import Operation, Referral
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import OperationStatus, Origin, ParticipationStatus

from . import case_commands, commands, consent_rules, refer_commands, refer_rules
from .refer_rules import Asked


def agencies_of(actor: Actor) -> list[int]:
    """The agencies for which the actor may enter a person who came directly."""
    found = {b.service for b in actor.bounds if b.service is not None}
    return sorted(one for one in found if may(actor, "referral.change", Target(service=one, agency=one)))


def operations_for(actor: Actor, agency_id: int) -> list[Operation]:
    """Operations whose cards the agency may be brought: those that it takes part in and the actor's role reaches."""
    return [
        operation
        for operation, version in agencies.taking_part_in(agency_id)
        if version.status == ParticipationStatus.CONFIRMED
        and operation.status not in (OperationStatus.DRAFT, OperationStatus.ARCHIVED)
        and may(actor, "referral.change", _target(operation, agency_id))
    ]


def _target(operation: Operation, agency_id: int) -> Target:
    return replace(access.operation_target(operation), service=agency_id, agency=agency_id)


def make_direct(actor: Actor, asked: Asked, brought: str = "", operation_id: int | None = None) -> Referral:
    """A direct referral, received by the actor. The same form sent twice is one referral.

    ``brought``: the code of a card as it was typed, for ``operation_id``. Any code that can be one is taken, known or
    not, without a word about which. Raises ``NotAllowed``; ``Invalid`` with every finding at its field.
    """
    agency_id = asked.agency_id
    if agency_id is None or not may(actor, "referral.change", Target(service=agency_id, agency=agency_id)):
        raise NotAllowed()
    made = referrals.by_uid(asked.uid)
    if made is not None and (made.service_id, made.origin) == (agency_id, Origin.DIRECT):
        return made
    now = utc_now()
    findings = list(refer_rules.wrong_in(asked, now))
    code, operation = read_code(brought), None
    if brought:
        operation = next((o for o in operations_for(actor, agency_id) if o.id == operation_id), None)
        if code is None:
            message = N_("This is no code of ours: check each sign. A code looks like K7QM-4R2X.")
            findings.append(Finding("code", message))
        if operation is None:
            findings.append(Finding("operation", N_("Choose the operation that the card is of.")))
    if findings or made is not None:
        raise Invalid(*findings)
    zone = operation.time_zone if operation else case_commands.zone_of(agency_id, None)
    starts = operation.day_starts_minutes if operation else 0
    referral = referrals.add_referral(
        operation.id if operation else None,
        agency_id,
        None,
        _person(operation, code) if operation and code else None,
        operational_day(now, zone, starts),
        now,
        agency_id,
        asked.needs if asked.facts else (),
        asked.urgent,
        asked.reach_by,
        asked.safe_way,
        actor.user,
        now,
        agreed=consents.Agreed(consent_rules.EVERY if asked.facts else (), asked.any_agency, asked.agreed_at),
        origin=Origin.DIRECT,
        uid=asked.uid,
    )
    if operation is None:
        referral.code_sealed = site_keys().seal(make_code(), consents.own_code_place(referral))
    else:
        operations.note_change(operation.id)
    refer_commands.journal_made(actor, referral)
    commands.pick_up(actor, referral)
    return referral


def _person(operation: Operation, code: str) -> int:
    """Whom the code of a card names in the tree: joined when counting, so that nobody learns whether it is known."""
    root, uid, keys = operation.root_id or operation.id, new_uid(), site_keys()
    sealed = keys.seal(code, rows.code_place(uid, root))
    person, _key = rows.add_person(rows.NewPerson(uid, keys.mark(code, f"tree/{root}"), sealed, claimed=True), root)
    return person
