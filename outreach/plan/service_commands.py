"""Writes of the directory of services and of participations. Checked like ``commands``; pasted rows too."""

from __future__ import annotations

import datetime as dt
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid, NotAllowed
from outreach.storage.queries import access, operations
from outreach.storage.queries import plan as rows
from outreach.storage.tables import Operation, Participation, ParticipationVersion, Service
from outreach.vocab import EntryMode, ParticipationStatus, ServiceKind, StaffCategory

from . import rules, similar_rules
from .operation_rules import LONGEST_WINDOW
from .paste_rules import Preview, Saved

# --- the directory of services

SERVICE_FIELDS = {
    "name": 160,
    "short_name": 60,
    "kind": 30,
    "region": 80,
    "municipality": 80,
    "languages": 40,
    "contact_desk": 254,
}
# What only the form asks: pasted rows and workbooks leave it as it is.
FORM_FIELDS = {**SERVICE_FIELDS, "hours": 200}


def service_findings(values: dict[str, str]) -> list[Finding]:
    """What is wrong with a service's fields, apart from look-alikes."""
    found = [
        Finding(name, N_("Write %(most)d characters or fewer."), {"most": most})
        for name, most in FORM_FIELDS.items()
        if len(values.get(name, "")) > most
    ]
    if not rules.name_key(values.get("name", "")):
        found.append(Finding("name", N_("Enter the name of the service.")))
    if values.get("kind") not in ServiceKind.values():
        found.append(Finding("kind", N_("Choose a kind.")))
    return found


def add_service(actor: Actor, values: dict[str, str], *, different: bool = False) -> Service:
    """A new service in the directory. ``different``: it is not the look-alike that was shown.

    Raises ``NotAllowed``; ``Invalid`` at the form's fields, at ``different`` for a look-alike.
    """
    if not may(actor, "services.change"):
        raise NotAllowed()
    _check_service(values, None, different)
    added = rows.add_service({**values, "name_key": rules.name_key(values["name"])})
    if added is None:
        raise Invalid.at("name", N_("This service is in the directory already."))
    audit.record(actor, Tag.SERVICE_ADDED, kind="service", object_id=added.id, service=added.id)
    return added


def change_service(
    actor: Actor, service: Service, values: dict[str, str], version: int, *, different: bool = False
) -> bool:
    """Change a service of the directory; whether anything changed. Raises as ``add_service``, and ``Changed``."""
    if not may(actor, "services.change"):
        raise NotAllowed()
    _check_service(values, service, different)
    if service.version != version:
        raise Changed()
    changed = sorted(name for name, value in values.items() if getattr(service, name) != value)
    if not changed:
        return False
    if not rows.claim_service(service, version, {**values, "name_key": rules.name_key(values["name"])}):
        raise Changed()
    audit.record(actor, Tag.SERVICE_CHANGED, kind="service", object_id=service.id, service=service.id, fields=changed)
    return True


def _check_service(values: dict[str, str], service: Service | None, different: bool) -> None:
    findings = service_findings(values)
    others = [s for s in rows.all_services() if service is None or s.id != service.id]
    key = rules.name_key(values.get("name", ""))
    same = next((s for s in others if s.name_key == key), None)
    if same is not None and key:
        findings.append(Finding("name", N_("%(name)s is in the directory already."), {"name": same.name}))
    elif key and not different and (service is None or service.name_key != key):
        known = similar_rules.Names([(s.id, s.name, s.kind) for s in others])
        alike = known.like(values["name"], values.get("kind", ""))
        if alike:
            name = alike[0].name
            findings.append(
                Finding(
                    "different",
                    N_("This looks like %(name)s. Tick that it is another one, or go back."),
                    {"name": name},
                )
            )
    if findings:
        raise Invalid(*findings)


# --- participations


def change_participation(
    actor: Actor,
    operation: Operation,
    participation: Participation,
    version: int,
    *,
    status: str,
    entry_mode: str,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    planned_staff: dict[str, int] | None = None,
    places: dict[str, int] | None = None,
) -> bool:
    """A new version of what was agreed with a service; whether anything changed.

    ``places``: ``{family: operation id}`` of chosen reporting places; a family that is absent follows the rule.
    Raises ``NotAllowed``; ``Invalid`` at the form's fields; ``Changed``.
    """
    if not may(actor, "participation.change", access.operation_target(operation)):
        raise NotAllowed()
    current = operations.current_participation(participation.id)
    staff = {name: count for name, count in (planned_staff or {}).items() if count}
    tree = _tree_places(operation, participation.service_id)
    findings = participation_findings(status, entry_mode, starts_at, ends_at, staff)
    chosen = places or {}
    findings += [
        Finding(f"place_{family}", N_("Choose one of the operations that the service takes part in."))
        for family, place in chosen.items()
        if place not in {op.id for op, _, _ in tree} | {operation.id}
    ]
    counted_in = {code: place for family, place in chosen.items() for code in rules.measures_placed_as(family)}
    placed_by_us = {code for family in rules.PLACED for code in rules.measures_placed_as(family)}
    # What was chosen in the plan of an operation that the actor may not change stands, and is said there alone.
    fixed = {
        code: (place, other.code)
        for other, _, standing in tree
        if other.id != operation.id and not may(actor, "participation.change", access.operation_target(other))
        for code, place in standing.counted_in.items()
        if code in placed_by_us
    }
    for family in rules.PLACED:
        theirs = [code for code in rules.measures_placed_as(family) if code in fixed]
        if family in chosen and any(counted_in.get(code) != fixed[code][0] for code in theirs):
            words = N_("The plan of %(code)s says where this counts: ask its coordinator.")
            findings.append(Finding(f"place_{family}", words, {"code": fixed[theirs[0]][1]}))
    if findings:
        raise Invalid(*findings)
    if current.version != version:
        raise Changed()
    counted_in = {code: place for code, place in counted_in.items() if code not in fixed}
    kept = {code: place for code, place in current.counted_in.items() if code not in placed_by_us}
    values: dict[str, Any] = {
        "status": status,
        "entry_mode": entry_mode,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "planned_staff": staff,
        "counted_in": {**kept, **counted_in},
    }
    changed = write_participation(actor, operation, participation, current, values)
    # A service × measure has one place in the tree: what was chosen from another operation of it gives way.
    for other, taking_part, standing in tree:
        left = {code: place for code, place in standing.counted_in.items() if code not in placed_by_us}
        mine = other.id != operation.id and may(actor, "participation.change", access.operation_target(other))
        if mine and left != standing.counted_in:
            changed = write_participation(actor, other, taking_part, standing, {"counted_in": left}) or changed
    return changed


def write_participation(
    actor: Actor,
    operation: Operation,
    participation: Participation,
    current: ParticipationVersion,
    values: dict[str, Any],
) -> bool:
    """The next version if ``values`` differ, with its journal entry; raises ``Changed``. Checks nothing else."""
    changed = sorted(name for name, value in values.items() if getattr(current, name) != value)
    if not changed:
        return False
    operations.note_change(operation.id)
    if rows.add_participation_version(current, actor.user, **values) is None:
        raise Changed()
    audit.record(
        actor,
        Tag.PARTICIPATION_CHANGED,
        kind="participation",
        object_id=participation.id,
        operation=operation.id,
        service=participation.service_id,
        fields=changed,
        status=values.get("status", current.status),
    )
    return True


def _tree_places(operation: Operation, service_id: int) -> list[tuple[Operation, Participation, ParticipationVersion]]:
    tree = operations.tree_of(operations.root_of(operation.id))
    return rows.participations_elsewhere([service_id], tree)


def participation_findings(
    status: str, entry_mode: str, starts_at: dt.datetime | None, ends_at: dt.datetime | None, staff: dict[str, int]
) -> list[Finding]:
    """What is wrong with what is agreed with a service, whoever says it."""
    found = []
    if status not in ParticipationStatus.values():
        found.append(Finding("status", N_("Choose where it stands.")))
    if entry_mode not in EntryMode.values():
        found.append(Finding("entry_mode", N_("Choose how the service reports.")))
    if (starts_at is None) != (ends_at is None):
        where = "starts_on" if starts_at is None else "ends_on"
        found.append(Finding(where, N_("Enter both ends of its window, or neither when it is the operation’s.")))
    elif starts_at and ends_at and ends_at <= starts_at:
        found.append(Finding("ends_on", N_("The window ends before it starts. Enter an end after the start.")))
    elif starts_at and ends_at and ends_at - starts_at > LONGEST_WINDOW:
        found.append(Finding("ends_on", N_("The window is longer than three months. Check the year of both days.")))
    found += [
        Finding(f"staff_{name}", N_("Enter a whole number from 0 to 9999."))
        for name, count in staff.items()
        if name not in StaffCategory.values() or not 0 <= count <= 9999
    ]
    return found


def confirm_services(actor: Actor, operation: Operation, service_ids: list[int]) -> int:
    """Confirm the invited ones among the services; how many. Raises ``NotAllowed``; ``Invalid`` when none is given."""
    if not may(actor, "participation.change", access.operation_target(operation)):
        raise NotAllowed()
    if not service_ids:
        raise Invalid.at("service", N_("Tick the services to confirm."))
    wanted = set(service_ids)
    return sum(
        write_participation(actor, operation, taking_part, version, {"status": ParticipationStatus.CONFIRMED.value})
        for taking_part, version, service in operations.participations_of(operation.id)
        if service.id in wanted and version.status == ParticipationStatus.INVITED
    )


def saved_services(operation: Operation) -> list[Saved]:
    """The directory as a paste compares its rows with it."""
    there = {service.id for _, _, service in operations.participations_of(operation.id)}
    return [
        Saved(s.id, s.name, s.kind, {name: getattr(s, name) for name in SERVICE_FIELDS}, s.id in there)
        for s in rows.all_services()
    ]


def add_pasted(actor: Actor, operation: Operation, found: Preview, *, status: str, entry_mode: str) -> dict[str, int]:
    """Save the rows of a preview that have no problem; counts of services ``added``, ``joined`` and ``changed``.

    New services enter the directory, matched ones get what the paste says otherwise where the actor may change the
    directory; both take part as ``status``. ``entry_mode`` holds for police that name none; support agencies that
    name none report nothing. Raises ``NotAllowed``; ``Invalid`` at ``status`` or ``entry_mode``.
    """
    target = access.operation_target(operation)
    if not (may(actor, "participation.change", target) and may(actor, "services.add")):
        raise NotAllowed()
    findings = participation_findings(status, entry_mode, None, None, {})
    if status not in (ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED):
        findings.append(Finding("status", N_("Choose where it stands.")))
    if findings:
        raise Invalid(*findings)
    operations.note_change(operation.id)  # takes the operation's row first: two pastes at once queue here
    counts = {"added": 0, "joined": 0, "changed": 0}
    for row in found.rows:
        if row.state not in ("new", "match"):
            continue
        service_id, kind = _service_of(actor, row.same, row.values, [c[0] for c in row.changes], counts)
        if operations.participation(operation.id, service_id) is not None:
            continue
        by_kind = entry_mode if ServiceKind(kind).is_police else EntryMode.NONE.value
        added = rows.add_participation(
            operation.id, service_id, actor.user, status=status, entry_mode=row.entry_mode or by_kind
        )
        counts["joined"] += 1
        audit.record(
            actor,
            Tag.PARTICIPATION_CHANGED,
            kind="participation",
            object_id=added.id,
            operation=operation.id,
            service=service_id,
            status=status,
        )
    audit.record(actor, Tag.SERVICES_PASTED, kind="operation", object_id=operation.id, operation=operation.id, **counts)
    return counts


def _service_of(
    actor: Actor, same: Saved | None, values: dict[str, str], changes: list[str], counts: dict[str, int]
) -> tuple[int, str]:
    """Id and kind of the row's service: a new one, or the saved one, changed where the actor may."""
    fields = {name: values.get(name, "") for name in SERVICE_FIELDS}
    if same is None:
        added = rows.add_service({**fields, "name_key": rules.name_key(fields["name"])})
        if added is None:
            raise Changed()  # somebody added it just now: everything is rolled back
        counts["added"] += 1
        audit.record(actor, Tag.SERVICE_ADDED, kind="service", object_id=added.id, service=added.id)
        return added.id, added.kind
    service = rows.service(same.id)
    assert service is not None  # noqa: S101 - read in this transaction
    if changes and may(actor, "services.change"):
        rows.claim_service(service, service.version, {name: fields[name] for name in changes})
        counts["changed"] += 1
        audit.record(
            actor, Tag.SERVICE_CHANGED, kind="service", object_id=service.id, service=service.id, fields=sorted(changes)
        )
    return service.id, service.kind
