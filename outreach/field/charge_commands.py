"""Writes about accused persons and charges. Each keeps the version before, counts the change and enters the journal."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Finding, Invalid, NotAllowed
from outreach.storage.queries import access, charges, lists, operations
from outreach.storage.tables import Accused, AccusedVersion, Charge, ChargeVersion, Offence, Operation
from outreach.storage.types import utc_now
from outreach.vocab import ChargeStatus

from . import charge_rules as rules

LONGEST_REASON = 500


@dataclass(frozen=True)
class ChargeEntry:
    """What a form says of one charge: an offence code of the list, or a label with its statute."""

    offence: str = ""
    label: str = ""
    statute: str = ""
    counts: int | None = 1
    laid_on: dt.date | None = None


def add_accused(
    actor: Actor, operation: Operation, service_id: int, code: str, arrested: bool | None, arrested_on: dt.date | None
) -> Accused:
    """A new accused code of the service. Raises ``NotAllowed``, ``Blocked``, ``Invalid``."""
    now = _begin(actor, operation, service_id)
    wanted = rules.read_code(code)
    findings = rules.check_arrest(arrested, arrested_on, rules.local_day(now, operation.time_zone))
    if wanted is None:
        findings.insert(0, Finding("code", N_("Use a code such as A-01: letters, digits and a hyphen, never a name.")))
    elif wanted in charges.codes_of(operation.id, service_id):
        findings.insert(0, Finding("code", N_("%(code)s is taken: use the next one, or open it."), {"code": wanted}))
    _refuse(findings)
    participation = operations.participation(operation.id, service_id)
    operations.note_change(operation.id)  # from here on others who write to this operation wait
    if wanted in charges.codes_of(operation.id, service_id):
        raise Invalid.at("code", N_("%(code)s is taken: use the next one, or open it."), code=wanted)
    accused = charges.add(
        Accused(
            operation_id=operation.id,
            participation_id=participation.id,
            service_id=service_id,
            code=wanted,
            created_at=now,
        )
    )
    charges.add(
        AccusedVersion(
            accused_id=accused.id,
            arrested=bool(arrested),
            arrested_on=arrested_on,
            recorded_at=now,
            recorded_by_id=actor.user,
        )
    )
    _journal(actor, Tag.ACCUSED_ADDED, "accused", accused)
    return accused


def change_accused(
    actor: Actor,
    accused: Accused,
    seen: int,
    *,
    arrested: bool | None,
    arrested_on: dt.date | None,
    withdrawn: bool = False,
    reason: str = "",
) -> None:
    """Correct an accused or withdraw the entry. ``seen``: the version the form showed.

    Raises ``NotAllowed``, ``Blocked``, ``Changed``, ``Invalid`` (withdrawing while charges stand, or without a reason).
    """
    operation = operations.by_id(accused.operation_id)
    now = _begin(actor, operation, accused.service_id)
    version = charges.accused_now(accused.id)
    findings = rules.check_arrest(arrested, arrested_on, rules.local_day(now, operation.time_zone))
    if withdrawn and charges.laid_counts(accused.id):
        findings.append(Finding("withdrawn", N_("Charges are laid against this code: withdraw them first.")))
    findings += _reason(reason)
    _refuse(findings)
    if version.version != seen:
        raise Changed()
    if (version.arrested, version.arrested_on, version.withdrawn) == (bool(arrested), arrested_on, withdrawn):
        return
    _replace(
        version,
        now,
        AccusedVersion(
            accused_id=accused.id,
            arrested=bool(arrested),
            arrested_on=arrested_on,
            withdrawn=withdrawn,
            reason=reason,
            version=seen + 1,
            recorded_at=now,
            recorded_by_id=actor.user,
        ),
    )
    operations.note_change(operation.id)
    _journal(actor, Tag.ACCUSED_CHANGED, "accused", accused, version=seen + 1)


def lay_charge(actor: Actor, accused: Accused, entry: ChargeEntry) -> Charge:
    """One line of charges against the accused. Raises ``NotAllowed``, ``Blocked``, ``Invalid``."""
    operation = operations.by_id(accused.operation_id)
    now = _begin(actor, operation, accused.service_id)
    offence = _checked(entry, rules.local_day(now, operation.time_zone))
    if charges.accused_now(accused.id).withdrawn:
        raise Invalid.at("offence", N_("This code was withdrawn: a charge needs an accused that stands."))
    operations.note_change(operation.id)
    return _add_charge(actor, accused, entry, offence, now)


def amend_charge(
    actor: Actor,
    charge: Charge,
    seen: int,
    *,
    status: str,
    counts: int | None,
    reason: str,
    substitute: ChargeEntry | Charge | None = None,
) -> Charge | None:
    """Correct the counts, withdraw the charge, or put a substitute in its place (which is given back when it is new).

    ``substitute``: what the new charge says, or one that is laid against the same accused already.

    Raises ``NotAllowed``, ``Blocked``, ``Changed``, ``Invalid``; findings of the substitute stand at its own fields.
    """
    operation = operations.by_id(charge.operation_id)
    now = _begin(actor, operation, charge.service_id)
    version = charges.charge_now(charge.id)
    findings = rules.check_status(
        version.status, status, substitute_stands=charges.laid_substitute(charge.id)
    ) + rules.check_counts(counts, "kept_counts")
    findings += _reason(reason)
    _refuse(findings)
    new_substitute = status == ChargeStatus.SUBSTITUTED and version.status != status
    offence = None
    laid = substitute if isinstance(substitute, Charge) else None
    if laid is not None and (laid.accused_id != charge.accused_id or laid.id == charge.id or laid.substitute_for_id):
        raise Invalid.at("status", N_("Choose what became of the charge."))
    if new_substitute and not isinstance(substitute, Charge):
        offence = _checked(substitute or ChargeEntry(counts=None), rules.local_day(now, operation.time_zone))
    if version.version != seen:
        raise Changed()
    if (version.status, version.counts) == (status, counts):
        return None
    _replace(
        version,
        now,
        ChargeVersion(
            charge_id=charge.id,
            offence_id=version.offence_id,
            label=version.label,
            statute=version.statute,
            counts=counts,
            laid_on=version.laid_on,
            status=status,
            reason=reason,
            version=seen + 1,
            recorded_at=now,
            recorded_by_id=actor.user,
        ),
    )
    operations.note_change(operation.id)
    _journal(actor, Tag.CHARGE_CHANGED, "charge", charge, version=seen + 1, status=status)
    if new_substitute and laid is not None:
        laid.substitute_for_id = charge.id
    if not new_substitute or not isinstance(substitute, ChargeEntry):
        return None
    return _add_charge(
        actor, charges.accused_by_id(charge.accused_id), substitute, offence, now, substitute_for=charge.id
    )


def _begin(actor: Actor, operation: Operation | None, service_id: int) -> dt.datetime:
    """Ask the table and the state of the operation; the one clock reading of the command."""
    if operation is None or not may(actor, "charges.change", access.service_target(operation, service_id)):
        raise NotAllowed()
    if operation.status not in rules.BEGUN:
        raise Blocked(
            N_("The operation has not begun: nobody can be charged in it yet."),
            N_("The operation coordinator makes it active first."),
        )
    return utc_now()


def _reason(reason: str) -> list[Finding]:
    if not reason:
        return [Finding("reason", N_("Say why this changes, in a few words without names."))]
    if len(reason) > LONGEST_REASON:
        return [Finding("reason", N_("Shorten this to %(most)s characters."), {"most": LONGEST_REASON})]
    return []


def _refuse(findings: list[Finding]) -> None:
    if findings:
        raise Invalid(*findings)


def _checked(entry: ChargeEntry, today: dt.date) -> Offence | None:
    """The offence of the list, or None for a free label; raises ``Invalid``."""
    offence = lists.offence_by_code(entry.offence) if entry.offence else None
    findings = rules.check_offence(
        entry.offence,
        entry.label,
        entry.statute,
        known=offence is not None,
        in_force=offence is not None and entry.laid_on is not None and lists.in_force(offence, entry.laid_on),
        section=offence.section if offence else "",
        laid_on=entry.laid_on,
    )
    _refuse([*findings, *rules.check_counts(entry.counts), *rules.check_laid_on(entry.laid_on, today)])
    return offence


def _add_charge(
    actor: Actor,
    accused: Accused,
    entry: ChargeEntry,
    offence: Offence | None,
    now: dt.datetime,
    substitute_for: int | None = None,
) -> Charge:
    charge = charges.add(
        Charge(
            accused_id=accused.id,
            operation_id=accused.operation_id,
            service_id=accused.service_id,
            substitute_for_id=substitute_for,
        )
    )
    charges.add(
        ChargeVersion(
            charge_id=charge.id,
            offence_id=offence.id if offence else None,
            label=entry.label,
            statute=entry.statute if offence is None else "",
            counts=entry.counts,
            laid_on=entry.laid_on,
            recorded_at=now,
            recorded_by_id=actor.user,
        )
    )
    _journal(actor, Tag.CHARGE_LAID, "charge", charge, counts=entry.counts)
    return charge


def _replace(version: Any, now: dt.datetime, successor: Any) -> None:
    if not charges.supersede(version, now):
        raise Changed()
    charges.add(successor)


def _journal(actor: Actor, tag: Tag, kind: str, row: Accused | Charge, **details: Any) -> None:
    audit.record(
        actor, tag, kind=kind, object_id=row.uid, operation=row.operation_id, service=row.service_id, **details
    )
