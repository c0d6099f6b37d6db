"""Writes of operations under one another: proposing, attaching, refusing, and where a service in several is counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Finding, Invalid, NotAllowed, NotFound
from outreach.storage.queries import access, accounts, operations
from outreach.storage.queries import nested as nested_rows
from outreach.storage.queries import plan as rows
from outreach.storage.tables import Operation, Participation, ParticipationVersion, Service
from outreach.storage.types import micros, utc_now
from outreach.vocab import EntryMode, ParticipationStatus, Role

from .nested_rules import Part, Place, check_reason, places_of, usual_place
from .operation_rules import Draft, findings_of, parent_allowed, zone_name
from .service_commands import change_participation

# --- proposing -------------------------------------------------------------------------------------------------------


def own_services(actor: Actor, parent: Operation) -> dict[int, str]:
    """Services that the actor coordinates and that take part in the operation or under it."""
    target = access.operation_target(parent)
    mine = {
        b.service
        for b in actor.bounds
        if b.role is Role.SERVICE_COORDINATOR
        and b.service
        and (b.operation is None or b.operation in target.operations)
    }
    return {s.id: s.name for s in rows.all_services() if s.id in mine & target.services}


def propose(actor: Actor, parent: Operation, draft: Draft, service_id: int) -> Operation:
    """A local operation in draft that a service proposes to lie under ``parent``; the service leads it.

    Whoever proposes it plans it once the parent's coordinator has attached it, not before: nobody becomes coordinator
    of an operation, with the sight of other services' people, by her own word alone. Raises ``NotAllowed``;
    ``Blocked`` under a rehearsal; ``Invalid`` at the form's fields.
    """
    if actor.user is None or not may(actor, "operation.propose", access.operation_target(parent)):
        raise NotAllowed()
    if parent.is_rehearsal:
        raise Blocked(N_("A rehearsal has no operations under it."))
    findings = findings_of(draft, new=True)
    if service_id not in own_services(actor, parent):
        findings.append(Finding("service", N_("Choose a service that you coordinate.")))
    if operations.by_code(draft.code) is not None:
        findings.append(Finding("code", N_("Another operation has this code. Choose another one.")))
    if findings:
        raise Invalid(*findings)
    values = {
        **asdict(draft),
        "time_zone": zone_name(draft.time_zone),
        "lead_service_id": service_id,
        "parent_id": None,
        "proposed_parent_id": parent.id,
        "proposed_by_id": actor.user,
        "created_at": utc_now(),
    }
    child = rows.add_operation(values)
    if child is None:
        raise Invalid.at("code", N_("Another operation has this code. Choose another one."))
    above = operations.participation(parent.id, service_id)
    mode = operations.current_participation(above.id).entry_mode if above else EntryMode.CONTACTS.value
    rows.add_participation(
        child.id, service_id, actor.user, status=ParticipationStatus.CONFIRMED.value, entry_mode=mode
    )
    audit.record(
        actor, Tag.OPERATION_PROPOSED, kind="operation", object_id=child.id, operation=child.id, service=service_id
    )
    return child


def attach(actor: Actor, parent: Operation, child: Operation, version: int) -> None:
    """The proposed operation lies under ``parent`` from now on, and who proposed it coordinates it.

    Raises ``NotAllowed``; ``NotFound`` when it is not proposed here; ``Blocked`` where it cannot lie; ``Changed`` when
    it no longer stands at ``version``.
    """
    _check_proposal(actor, parent, child)
    if parent.is_rehearsal or child.is_rehearsal:
        raise Blocked(N_("A rehearsal has no operations under it."))
    if not parent_allowed(child.id, parent.id, rows.parents()):
        raise Blocked(N_("That operation lies under this one. Choose another, or none."))
    if child.version != version:
        raise Changed()
    operations.note_change(child.id)
    if not rows.claim_operation(child, version, {"parent_id": parent.id, "proposed_parent_id": None}):
        raise Changed()
    rows.set_root(child)
    operations.note_change(child.id)
    _make_coordinator(actor, child)
    audit.record(actor, Tag.OPERATION_ATTACHED, kind="operation", object_id=child.id, operation=parent.id)


def refuse(actor: Actor, parent: Operation, child: Operation, reason: str) -> None:
    """The proposal is answered with no. Raises as ``attach``, and ``Invalid`` at ``reason``."""
    _check_proposal(actor, parent, child)
    findings = check_reason(reason)
    if findings:
        raise Invalid(*findings)
    if not rows.claim_operation(child, child.version, {"proposed_parent_id": None}):
        raise Changed()
    nested_rows.add_note(child, actor.user, reason.strip())
    audit.record(actor, Tag.OPERATION_REFUSED, kind="operation", object_id=child.id, operation=parent.id)


def _check_proposal(actor: Actor, parent: Operation, child: Operation) -> None:
    if not may(actor, "operation.attach", access.operation_target(parent)):
        raise NotAllowed()
    if child.proposed_parent_id != parent.id or child.parent_id is not None:
        raise NotFound()


def _make_coordinator(actor: Actor, child: Operation) -> None:
    """The proposer coordinates the operation, if she still coordinates the service that leads it."""
    user = accounts.by_id(child.proposed_by_id) if child.proposed_by_id else None
    held = user is not None and any(
        g.role == Role.SERVICE_COORDINATOR and g.service_id == child.lead_service_id for g in user.roles
    )
    if user is None or not user.active or not held:
        return
    accounts.add_grant(user, Role.OPERATION_COORDINATOR.value, None, child.id)
    audit.record(
        actor,
        Tag.GRANT_ADDED,
        kind="user",
        object_id=user.id,
        operation=child.id,
        role=Role.OPERATION_COORDINATOR.value,
    )


# --- a service in several operations ---------------------------------------------------------------------------------


Standing = tuple[Operation, Participation, ParticipationVersion]


@dataclass(frozen=True)
class Double:
    """A service in several operations of a tree: its participations, and where each family of figures counts."""

    service: Service
    parts: tuple[Standing, ...]
    places: tuple[Place, ...]
    usual_id: int = 0

    @property
    def settled(self) -> bool:
        return all(place.chosen for place in self.places)

    @property
    def codes(self) -> dict[int, str]:
        return {operation.id: operation.code for operation, _, _ in self.parts}

    @property
    def usual(self) -> str:
        """Code of the operation that counts what nobody chose a place for."""
        return self.codes.get(self.usual_id, "–")


def doubles_of(operation: Operation) -> list[Double]:
    """Services of the operation or under it that are in several operations of the whole tree; unsettled ones first."""
    tree = operations.tree_of(operations.root_of(operation.id))
    under = set(operations.tree_of(operation.id))
    parents = rows.parents()
    depths: dict[int, int] = {}
    for one in tree:  # parents come before children
        depths[one] = depths.get(parents.get(one) or 0, -1) + 1
    found: dict[int, list[Any]] = {}
    for row in nested_rows.standing_in(tree):
        found.setdefault(row[0].id, []).append(row)
    doubles = []
    for several in found.values():
        if len(several) > 1 and any(row[1].id in under for row in several):
            parts = [_part(o, v, depths.get(o.id, 0)) for _, o, _, v in several]
            rest = tuple(row[1:] for row in several)
            doubles.append(Double(several[0][0], rest, places_of(parts), usual_place(parts)))
    return sorted(doubles, key=lambda one: (one.settled, one.service.name))


def _part(operation: Operation, version: ParticipationVersion, depth: int) -> Part:
    confirmed = version.status == ParticipationStatus.CONFIRMED
    return Part(operation.id, confirmed, depth, version.counted_in, micros(version.recorded_at))


def host_of(
    actor: Actor, operation: Operation, double: Double
) -> tuple[Operation, Participation, ParticipationVersion]:
    """The participation that keeps the choice: the one in ``operation``, else the first under it that may change.

    Raises ``NotAllowed`` where there is none.
    """
    under = set(operations.tree_of(operation.id))
    hosts = sorted((p for p in double.parts if p[0].id in under), key=lambda p: p[0].id != operation.id)
    for part in hosts:
        if may(actor, "participation.change", access.operation_target(part[0])):
            return part
    raise NotAllowed()


def place_figures(actor: Actor, operation: Operation, double: Double, version: int, places: dict[str, int]) -> bool:
    """Say where each family of figures of the service counts; a family that is absent follows the rule.

    Raises ``NotAllowed``; ``Invalid`` at ``place_<family>``; ``Changed``.
    """
    where, participation, standing = host_of(actor, operation, double)
    return change_participation(
        actor,
        where,
        participation,
        version,
        status=standing.status,
        entry_mode=standing.entry_mode,
        starts_at=standing.starts_at,
        ends_at=standing.ends_at,
        planned_staff=dict(standing.planned_staff),
        places=places,
    )
