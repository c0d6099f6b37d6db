"""Writes of rehearsals: starting one beside the operation, ending it, removing it. Nothing of it reaches a total,
because it is an operation of its own that lies in no tree."""

from __future__ import annotations

import datetime as dt

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, NotAllowed
from outreach.storage.queries import access, operations
from outreach.storage.queries import plan as plan_rows
from outreach.storage.queries import rehearsals as rows
from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from outreach.vocab import OperationStatus

from .rehearsal_rules import code_of

LASTS = dt.timedelta(hours=24)


def start(actor: Actor, source: Operation) -> Operation:
    """A rehearsal of an operation that is not open yet: its services, teams and members, open from now for a day.

    Raises ``NotAllowed``; ``Blocked`` once the operation is open, while one is there, or when no team has anybody.
    """
    _need(actor, source)
    if source.is_rehearsal or source.status not in (OperationStatus.DRAFT, OperationStatus.PLANNED):
        raise Blocked(N_("Only an operation that is not open yet can be rehearsed."))
    if rows.rehearsal_of(source.id) is not None:
        raise Blocked(N_("A rehearsal is there already. Remove it before you start another one."))
    if not plan_rows.crew_of(source.id).members:
        raise Blocked(N_("No team has a member yet, so nobody could log a contact."))
    rehearsal = _new_operation(source)
    counts = rows.copy_for_rehearsal(source, rehearsal, actor.user)
    _record(actor, Tag.REHEARSAL_STARTED, source, **counts)
    return rehearsal


def _new_operation(source: Operation) -> Operation:
    now = utc_now()
    values = {
        "name": source.name,
        "edition": source.edition,
        "level": source.level,
        "purpose": source.purpose,
        "time_zone": source.time_zone,
        "day_starts_minutes": source.day_starts_minutes,
        "check_in_minutes": source.check_in_minutes,
        "municipalities": source.municipalities,
        "positions": source.positions,
        "starts_at": now,
        "ends_at": now + LASTS,
        "entry_deadline_at": now + LASTS,
        "status": OperationStatus.ACTIVE.value,
        "is_rehearsal": True,
        "rehearses_id": source.id,
        "is_sample": source.is_sample,
        "created_at": now,
    }
    number, made = 0, None
    while made is None:  # somebody may have given an operation that code
        number += 1
        made = plan_rows.add_operation({**values, "code": code_of(source.code, number)})
    return made


def end(actor: Actor, source: Operation, rehearsal: Operation) -> None:
    """Nothing is logged in it any more; what it measured stays. Raises ``NotAllowed``."""
    _need(actor, source)
    if rehearsal.status != OperationStatus.CLOSED:
        rows.end(rehearsal)
        _record(actor, Tag.REHEARSAL_ENDED, source)


def remove(actor: Actor, source: Operation, rehearsal: Operation) -> None:
    """Delete a rehearsal with everything that was logged in it. Raises ``NotAllowed``, ``Blocked`` for any other."""
    _need(actor, source)
    if not rehearsal.is_rehearsal:
        raise Blocked(N_("Only a rehearsal can be removed like this."))
    contacts = sum(sent for _, sent in rows.contacts_by_service(rehearsal.id))
    _record(actor, Tag.REHEARSAL_REMOVED, source, contacts=contacts)
    rows.remove(rehearsal)


def source_of(operation: Operation) -> Operation:
    """The operation that a rehearsal was made from; a rehearsal whose operation is gone stands for itself."""
    if not operation.is_rehearsal or operation.rehearses_id is None:
        return operation
    return operations.by_id(operation.rehearses_id) or operation


def _need(actor: Actor, source: Operation) -> None:
    if not may(actor, "rehearsal.run", access.operation_target(source)):
        raise NotAllowed()


def _record(actor: Actor, tag: Tag, source: Operation, **details: int) -> None:
    audit.record(actor, tag, kind="operation", object_id=source.id, operation=source.id, **details)
