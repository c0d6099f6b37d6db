"""Writes of a plan: operations and their life. Services and participations are in ``service_commands``.

Each takes an actor, checks the object against the permission table, and records the journal entry in the same
transaction. Everything is checked before the first row changes, because a view that shows a refusal still ends its
transaction. Moves past *active* are the returns room's.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Finding, Invalid, NotAllowed
from outreach.storage.queries import access, close_out, figure_sets, operations, readiness
from outreach.storage.queries import plan as rows
from outreach.storage.tables import Operation, ParticipationVersion
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus, ParticipationStatus, SignState

from . import rules
from .operation_rules import Draft, findings_of, parent_allowed, zone_name
from .paste_rules import visible

# --- operations


def create_operation(actor: Actor, draft: Draft, copy_from: Operation | None = None) -> Operation:
    """A new operation in draft; ``copy_from``: take over services, entry modes, planned staff and teams' names.

    Raises ``NotAllowed``; ``Invalid`` at the form's fields.
    """
    if not may(actor, "operation.create"):
        raise NotAllowed()
    if copy_from is not None and not may(actor, "operation.plan.see", access.operation_target(copy_from)):
        raise NotAllowed()
    findings = [*findings_of(draft, new=True), *_links(actor, draft, None)]
    if operations.by_code(draft.code) is not None:
        findings.append(Finding("code", N_("Another operation has this code. Choose another one.")))
    if findings:
        raise Invalid(*findings)
    values = {**asdict(draft), "time_zone": zone_name(draft.time_zone), "created_at": utc_now()}
    if copy_from is not None:
        values["copied_from_id"] = copy_from.id
        values |= {"municipalities": copy_from.municipalities, "positions": copy_from.positions}
    operation = rows.add_operation(values)
    if operation is None:
        raise Invalid.at("code", N_("Another operation has this code. Choose another one."))
    audit.record(actor, Tag.OPERATION_CREATED, kind="operation", object_id=operation.id, operation=operation.id)
    if copy_from is not None:
        _copy(actor, copy_from, operation)
    if operation.parent_id:
        operations.note_change(operation.id)
    return operation


def _copy(actor: Actor, source: Operation, operation: Operation) -> None:
    copied: dict[int, int] = {}
    for _, version, service in operations.participations_of(source.id):
        if version.status in (ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED):
            added = rows.add_participation(
                operation.id,
                service.id,
                actor.user,
                status=ParticipationStatus.INVITED.value,
                entry_mode=version.entry_mode,
                planned_staff=dict(version.planned_staff),
            )
            copied[service.id] = added.id
    teams = rows.copy_teams(source.id, operation.id, copied, actor.user)
    audit.record(
        actor,
        Tag.OPERATION_COPIED,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        source=source.id,
        services=len(copied),
        teams=teams,
    )


def change_operation(actor: Actor, operation: Operation, draft: Draft, version: int) -> bool:
    """Change an operation's own data (never its code); whether anything changed.

    Raises ``NotAllowed``; ``Invalid`` at the form's fields; ``Changed`` when it no longer stands at ``version``.
    """
    if not may(actor, "operation.change", access.operation_target(operation)):
        raise NotAllowed()
    children = operations.children_of(operation.id)
    findings = [
        *findings_of(draft, status=operation.status, parent=bool(children)),
        *_links(actor, draft, operation),
        *_frozen(operation, draft),
    ]
    if findings:
        raise Invalid(*findings)
    if operation.version != version:
        raise Changed()
    values = {**asdict(draft), "time_zone": zone_name(draft.time_zone)}
    del values["code"]
    changed = sorted(name for name, value in values.items() if getattr(operation, name) != value)
    if not changed:
        return False
    operations.note_change(operation.id)
    if not rows.claim_operation(operation, version, values):
        raise Changed()
    if "parent_id" in changed:
        rows.set_root(operation)
        operations.note_change(operation.id)
    audit.record(
        actor,
        Tag.OPERATION_CHANGED,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        fields=changed,
    )
    return True


def _links(actor: Actor, draft: Draft, operation: Operation | None) -> list[Finding]:
    """Findings about the lead service and the parent."""
    found = []
    if draft.lead_service_id is not None and rows.service(draft.lead_service_id) is None:
        found.append(Finding("lead_service", N_("Choose a service from the list.")))
    if draft.parent_id == (operation.parent_id if operation is not None else None):
        return found
    above = operations.by_id(operation.parent_id) if operation is not None and operation.parent_id else None
    if above is not None and not may(actor, "operation.change", access.operation_target(above)):
        words = N_("Its figures count in %(code)s: only a coordinator of that operation may take it out.")
        return [*found, Finding("parent", words, {"code": above.code})]
    if draft.parent_id is None:
        return found
    parent = operations.by_id(draft.parent_id)
    if (operation is not None and operation.is_rehearsal) or (parent is not None and parent.is_rehearsal):
        found.append(Finding("parent", N_("A rehearsal lies under no operation and none lies under it.")))
    elif parent is None or not may(actor, "operation.change", access.operation_target(parent)):
        found.append(Finding("parent", N_("Choose an operation that you may change, or none.")))
    elif not parent_allowed(operation.id if operation else None, parent.id, rows.parents()):
        found.append(Finding("parent", N_("That operation lies under this one. Choose another, or none.")))
    return found


def _frozen(operation: Operation, draft: Draft) -> list[Finding]:
    """Findings about what the state of the operation no longer lets change."""
    allows = rules.STATES[OperationStatus(operation.status)].allows
    found = []
    if "clock" not in allows:
        words = N_("Contacts lie on days that this decides. Move the operation back to planned to change it.")
        if draft.time_zone != operation.time_zone:
            found.append(Finding("time_zone", words))
        if draft.day_starts_minutes != operation.day_starts_minutes:
            found.append(Finding("day_starts", words))
    if "window" not in allows and (draft.starts_at, draft.ends_at) != (operation.starts_at, operation.ends_at):
        found.append(Finding("starts_on", N_("The operation is closed; its window stands.")))
    return found


def count_of(operation: Operation, *, heard: int | None = None, owing: int | None = None) -> rules.Count:
    """The counts that tasks and moves depend on."""
    standing = rows.standing_participations(operation.id)
    confirmed = [v for v in standing if v.status == ParticipationStatus.CONFIRMED]
    crew = rows.crew_of(operation.id)
    begun = readiness.begun_of(operation)
    return rules.Count(
        status=operation.status,
        window_known=operation.starts_at is not None and (operation.standing or operation.ends_at is not None),
        window_ended=operation.ends_at is not None and operation.ends_at <= utc_now(),
        services_known=operation.services_known,
        children=len(operations.children_of(operation.id)),
        invited=sum(v.status == ParticipationStatus.INVITED for v in standing),
        confirmed=len(confirmed),
        logging=sum(_logs_here(v, operation.id) for v in confirmed),
        totals=sum(v.entry_mode == EntryMode.DAILY_TOTALS for v in confirmed),
        teams=crew.teams,
        members=crew.members,
        with_account=crew.with_account,
        crewed=crew.crewed,
        heard=heard,
        owing=owing,
        shifts=begun.shifts,
        drafts=begun.drafts,
        unread=begun.unread,
        waiting=begun.waiting,
        untrained=begun.untrained,
        **_closing(operation),
    )


def _closing(operation: Operation) -> dict[str, Any]:
    """Signatures and locked figures, while these are what is left to do."""
    if operation.status not in (OperationStatus.REPORTING, OperationStatus.CLOSED) or operation.is_rehearsal:
        return {}
    parts = close_out.owing(operation.id)
    standing = close_out.standings(parts)
    signed = sum(standing[part.participation_id].state == SignState.SIGNED for part in parts)
    return {"signing": len(parts), "signed": signed, "locked": bool(figure_sets.last_version(operation.id))}


def _logs_here(version: ParticipationVersion, operation_id: int) -> bool:
    """Whether the service logs contacts in this operation: not when they are counted in one under or above it."""
    place = version.counted_in.get("contacts", operation_id)
    return version.entry_mode == EntryMode.CONTACTS and place == operation_id


def move(
    actor: Actor, operation: Operation, to: str, reason: str = "", *, room: str = "plan", explain: bool = False
) -> None:
    """One step in the life of an operation, of those that ``room`` makes; ``explain``: the room asks for a reason.

    Raises ``NotAllowed``; ``Blocked`` when the table has no such step or something is missing; ``Invalid`` at
    ``reason`` when it must be explained; ``Changed`` when somebody moved it first.
    """
    if not may(actor, "operation.move", access.operation_target(operation)):
        raise NotAllowed()
    step = rules.move_between(operation.status, to) if to in OperationStatus.values() else None
    if step is None or step.room != room:
        raise Blocked(N_("An operation cannot go there from where it stands."))
    count = count_of(operation)
    if rules.blocks(to, count):
        raise Blocked()
    if (explain or rules.needs_reason(step, count)) and len(visible(reason)) < 3:
        raise Invalid.at("reason", N_("Say why, in a few words; it is kept with the operation."))
    if len(reason) > 500:
        raise Invalid.at("reason", N_("Write %(most)d characters or fewer."), most=500)
    before = operation.status
    operations.note_change(operation.id)
    if not rows.add_step(operation, to, actor.user, reason.strip()):
        raise Changed()
    audit.record(
        actor,
        Tag.OPERATION_MOVED,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        before=before,
        after=to,
    )
