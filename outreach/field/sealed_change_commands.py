"""A correction or withdrawal that was sealed on a phone, when it arrives: made, held for a person, or not yet."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import NamedTuple

from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid
from outreach.storage.queries import contacts, sealed
from outreach.vocab import HeldReason, OperationStatus, SealedKind, SealedState

from . import commands, rules, sealed_open_commands, sealed_rules
from .rules import ContactEntry
from .sealed_rules import Opened

# How long a change waits on the phone for the contact itself: then a person looks at it.
WAITS_FOR_CONTACT = dt.timedelta(days=1)


class Asked(NamedTuple):
    """A change as it was sealed. ``received_at`` and ``offset_ms`` tell when it was made by the server's clock."""

    kind: str
    opened: Opened
    operation_id: int
    offset_ms: int | None
    received_at: dt.datetime

    @property
    def saved_at(self) -> dt.datetime:
        """When the officer saved it; a clock that runs ahead makes no later than now."""
        return min(sealed_rules.corrected(self.opened.saved_at, self.offset_ms), self.received_at)


class Became(NamedTuple):
    """What became of a change: stored, held for a ``reason``, or ``None`` while its contact is still under way.

    ``team``: where the contact belongs, when it is here and the officer's to see.
    """

    state: SealedState | None
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    contact_uid: str | None = None
    team: sealed.TeamOf | None = None


def change(officer: Actor, asked: Asked, known: rules.Known) -> Became:
    """Make the change, once, if it is based on what stands and was made in time; inside a write.

    A contact that is not the officer's to see is as one that is not there.
    """
    found = contacts.contact_record(sealed_open_commands.contact_meant(asked.opened, officer.user))
    if found is None or found.operation.id != asked.operation_id or not _sees(officer, found):
        return _not_here(officer, asked)
    try:
        entry = _entry(asked, found, known)
    except Invalid as problem:
        return _held(found, HeldReason.INVALID, problem)
    if _stands(found, entry):
        return _made(found)
    if found.version.version != asked.opened.base:
        return _held(found, HeldReason.CHANGED)
    return _make(officer, asked, found, entry)


def _sees(officer: Actor, found: contacts.ContactRecord) -> bool:
    own = officer.user is not None and found.target.owner == officer.user
    return own or may(officer, "contact.see", found.target)


def _not_here(officer: Actor, asked: Asked) -> Became:
    """The contact's own record waits for a person, or it has not come at all."""
    own = sealed.record_of_contact(asked.opened.contact, officer.user)
    if own is not None:
        waits = own.reason if own.state == SealedState.HELD else ""
        return Became(SealedState.HELD, waits or HeldReason.CHANGED.value)
    if asked.received_at - asked.saved_at < WAITS_FOR_CONTACT:
        return Became(None)
    finding = Finding("contact", N_("The contact that this changes is not here. Decide on the contact first."))
    return Became(SealedState.HELD, HeldReason.INVALID.value, (finding,))


def _entry(asked: Asked, found: contacts.ContactRecord, known: rules.Known) -> ContactEntry | None:
    """What a correction says; ``None`` for a withdrawal, which says nothing but that. Raises ``Invalid``."""
    if asked.kind == SealedKind.WITHDRAWAL:
        return None
    zone = found.operation.time_zone
    return sealed_open_commands.entry_of(asked.opened, found.contact.uid, zone, asked.offset_ms, known)


def _stands(found: contacts.ContactRecord, entry: ContactEntry | None) -> bool:
    """Whether the contact says that already: it was sent before in other bytes, or somebody else did the same."""
    if entry is None:
        return found.version.withdrawn
    claims = any(person.claimed for person in entry.persons)  # another person may stand behind the same words
    same = sealed_open_commands.same_text(entry, commands.entry_of(found))
    return same and not claims and not found.version.withdrawn


def _make(officer: Actor, asked: Asked, found: contacts.ContactRecord, entry: ContactEntry | None) -> Became:
    in_time = sealed.open_for_entry_at(found.operation, found.contact.service_id, asked.saved_at)
    target = replace(found.target, open_for_entry=in_time)
    if not may(officer, "contact.change", target):
        other = may(officer, "contact.change", replace(target, open_for_entry=True))
        closed = other or found.operation.status == OperationStatus.ARCHIVED
        return _held(found, HeldReason.CLOSED if closed else HeldReason.NOT_IN_TEAM)
    judged = replace(found, target=target)
    why = {"expected": asked.opened.base, "reason": asked.opened.reason}
    try:
        if entry is None:
            commands.withdraw_contact(officer, judged, **why)
        else:
            commands.change_contact(officer, judged, entry, **why)
    except Changed:
        return _held(found, HeldReason.CHANGED)
    except Invalid as problem:
        return _held(found, HeldReason.INVALID, problem)
    return _made(found)


def _made(found: contacts.ContactRecord) -> Became:
    return Became(SealedState.STORED, contact_uid=found.contact.uid, team=_team(found))


def _held(found: contacts.ContactRecord, reason: HeldReason, problem: Invalid | None = None) -> Became:
    findings = () if problem is None else tuple(problem.findings)
    return Became(SealedState.HELD, reason.value, findings, team=_team(found))


def _team(found: contacts.ContactRecord) -> sealed.TeamOf | None:
    contact = found.contact
    if contact.team_id is None:
        return None
    return sealed.TeamOf(contact.team_id, contact.service_id, contact.operation_id)
