"""The readiness board worked out from the tables, and opening an operation, ready or with a reason.

Opening is a step in the life of an operation: ``plan.commands.move`` stays the one that writes it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import NotAllowed
from outreach.plan import commands as plan
from outreach.plan import rules as plan_rules
from outreach.rollup.stock import Stock, stocks, together
from outreach.storage.queries import access, briefing, operations, rehearsals, waiting
from outreach.storage.queries import kits as kits_of
from outreach.storage.queries import readiness as rows
from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus, ParticipationStatus, ServiceKind, StaffCategory

from . import readiness_rules as rules
from . import rehearsal_commands
from .readiness_rules import Facts, Part, Row

_STANDING = (ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)


def board_of(operation: Operation, service_ids: Collection[int] | None = None) -> list[Row]:
    """Every service of the operation (of ``service_ids``, where given) with what it lacks, worst first."""
    places = rows.places_of(operation.id)
    rostered = rows.rostered_teams(operation.id)
    ready = waiting.ready_phones(operation.id, utc_now() - dt.timedelta(days=rules.PHONE_DAYS))
    trained, readers, kits = rows.trained(operation), _readers(operation), _kits(operation)
    found = []
    for _, version, service in operations.participations_of(operation.id):
        if version.status not in _STANDING or (service_ids is not None and service.id not in service_ids):
            continue
        people = {p.staff_id: p for p in places if p.staff_service_id == service.id and p.staff_id is not None}
        found.append(
            Facts(
                service.id,
                service.name,
                confirmed=version.status == ParticipationStatus.CONFIRMED,
                logs=version.entry_mode == EntryMode.CONTACTS,
                staffed=_staffed(service.id, places, rostered),
                trained=None if trained is None else Part(len(trained & people.keys()), len(people)),
                briefed=None if readers is None else _read(readers.get(service.id), "briefing"),
                kits=None if kits is None else _kits_part(kits.get(service.id), ServiceKind(service.kind).is_police),
                phones=_phones(list(people.values()), ready),
                card=None if readers is None else _read(readers.get(service.id), "legal_card"),
            )
        )
    return rules.board(found)


def _staffed(service_id: int, places: list[rows.TeamPlace], rostered: frozenset[int] | None) -> Part:
    """Teams that the service leads or takes part in; a joint team is staffed for every partner."""
    own = [p for p in places if p.service_id == service_id or service_id in p.partners]
    manned = {p.team_id for p in own if p.staff_id is not None}
    return Part(len(manned if rostered is None else manned & rostered), len({p.team_id for p in own}))


def _phones(people: list[rows.TeamPlace], ready: frozenset[int]) -> Part:
    officers = [p for p in people if p.category == StaffCategory.POLICE]
    return Part(sum(p.user_id in ready for p in officers), len(officers))


def _readers(operation: Operation) -> dict[int, briefing.Readers] | None:
    """Who has read what, by service; ``None`` while the operation has no briefing."""
    return briefing.readers_by_service(operation.id) if briefing.current(operation.id) is not None else None


def _read(readers: briefing.Readers | None, part: str) -> Part:
    return Part(getattr(readers, part), readers.officers) if readers is not None else Part(0, 0)


def _kits(operation: Operation) -> dict[int, Stock] | None:
    """All kits of each service together; ``None`` when the operation has no item in use."""
    if not any(item.retired_at is None for item in kits_of.items_of(operation.id)):
        return None
    found: dict[int, list[Stock]] = {}
    for (_, service_id), stock in stocks(kits_of.lines_of(operation.id)).items():
        found.setdefault(service_id, []).append(stock)
    return {service_id: together(several) for service_id, several in found.items()}


def _kits_part(stock: Stock | None, police: bool) -> Part | None:
    """What arrived, of what was sent and not lost on the way; a support agency that was sent none owes none."""
    if stock is None or not stock.sent:
        return Part(0, 0) if police else None
    return Part(stock.received, max(stock.sent - stock.lost_on_way, 1))


def open_operation(actor: Actor, operation: Operation, reason: str = "") -> None:
    """Move the operation to *active*; one that is not ready needs ``reason``, which stays with the step.

    A rehearsal of it that still runs ends with it: officers would have two teams of one name, and what somebody logs
    in the wrong one is removed in one click.

    Raises what ``plan.commands.move`` raises: ``NotAllowed``, ``Blocked``, ``Invalid`` at ``reason``, ``Changed``.
    """
    if not may(actor, "operation.move", access.operation_target(operation)):
        raise NotAllowed()
    lacking = not_ready(operation)
    plan.move(actor, operation, OperationStatus.ACTIVE.value, reason, room="ready", explain=bool(lacking))
    if lacking:
        audit.record(
            actor,
            Tag.OPENED_NOT_READY,
            kind="operation",
            object_id=operation.id,
            operation=operation.id,
            counts={gap.check.code: len(gap.services) for gap in lacking},
        )
    rehearsal = rehearsals.rehearsal_of(operation.id)
    if rehearsal is not None:
        rehearsal_commands.end(actor, operation, rehearsal)


def not_ready(operation: Operation) -> list[rules.Gap]:
    """What is not ready; a rehearsal is there to find out and is never asked."""
    return [] if operation.is_rehearsal else rules.gaps(board_of(operation))


def blocked(operation: Operation) -> list[plan_rules.Reason]:
    """What must be done before the operation can be opened at all, reason or not."""
    return plan_rules.blocks(OperationStatus.ACTIVE, plan.count_of(operation))
