"""The plan that stands, as the values of a workbook; importing them again changes nothing.

Following a changed workbook is in ``import_commands``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.storage.queries import operations, teams
from outreach.storage.queries import plan as rows
from outreach.storage.tables import Operation, Service, Team

from . import service_commands
from .team_rules import person_key
from .workbook_rules import PARTS, Line, OperationPlan, PersonPlan, Plan, ServicePlan, TeamPlan


def note_export(actor: Actor, operation: Operation) -> None:
    """Enter in the journal that the plan left the site; committed before it does."""
    audit.read(actor, Tag.PLAN_EXPORTED, kind="operation", object_id=operation.id, operation=operation.id)


def plan_of_operation(operation: Operation) -> Plan:
    """What a workbook of this operation says; importing it again changes nothing."""
    zone = operation.time_zone
    taking_part = operations.participations_of(operation.id)
    names = {service.id: service.name for _, _, service in taking_part}
    standing = teams.teams_of(operation.id)
    names |= teams.names_of(frozenset(p for _, v, _ in standing for p in v.partners))
    parent = operations.by_id(operation.parent_id) if operation.parent_id else None
    lead = rows.service(operation.lead_service_id) if operation.lead_service_id else None
    return Plan(
        OperationPlan(
            code=operation.code,
            name=operation.name,
            edition=operation.edition,
            level=operation.level,
            purpose=operation.purpose,
            time_zone=zone,
            starts_at=local_of(operation.starts_at, zone),
            ends_at=local_of(operation.ends_at, zone),
            window_assumed=operation.window_assumed,
            day_starts=operation.day_starts_minutes,
            entry_deadline_at=local_of(operation.entry_deadline_at, zone),
            lead_service=lead.name if lead else "",
            parent=parent.code if parent else "",
            services_known=operation.services_known,
            overlap_nil=operation.overlap_nil,
        ),
        tuple(
            ServicePlan(
                **{name: getattr(service, name) for name in service_commands.SERVICE_FIELDS},
                status=version.status,
                entry_mode=version.entry_mode,
                starts_at=local_of(version.starts_at, zone),
                ends_at=local_of(version.ends_at, zone),
                planned=tuple(sorted((c, int(n)) for c, n in version.planned_staff.items() if n)),
            )
            for _, version, service in taking_part
        ),
        tuple(
            TeamPlan(
                service=service.name,
                name=version.name,
                area=version.area,
                starts_at=local_of(version.starts_at, zone),
                ends_at=local_of(version.ends_at, zone),
                partners=tuple(names[partner] for partner in version.partners if partner in names),
                cancelled=version.cancelled,
                uid=team.uid,
            )
            for team, version, service in standing
        ),
        tuple(_people(operation, {service.id: service.name for _, _, service in taking_part})),
        {code: tuple(Line(said) for said in part.gather(operation)) for code, part in PARTS.items()},
    )


def _people(operation: Operation, services: dict[int, str]) -> list[PersonPlan]:
    at = Places(operation)
    found = []
    where: dict[int, list[tuple[int, str, bool]]] = {}
    for member, staff in teams.members_of(operation.id):
        if member.team_id in at.standing:
            where.setdefault(staff.id, []).append((member.team_id, member.category, member.is_lead))
    for staff, _user in teams.staff_of(frozenset(services)):
        service = services[staff.service_id]
        for team_id, category, lead in where.get(staff.id, []):
            name = at.name_for(team_id, staff.service_id)
            found.append(PersonPlan(service, staff.name, category, name, lead))
        if staff.id not in where:
            found.append(PersonPlan(service, staff.name, staff.category))
    return sorted(found, key=lambda one: (one.service, one.team, not one.lead, one.name))


def local_of(at: dt.datetime | None, zone: str) -> dt.datetime | None:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0) if at else None


class Places:
    """The standing teams of an operation and how a person of a service names them."""

    def __init__(self, operation: Operation) -> None:
        self.standing: dict[int, tuple[Team, Any, Service]] = {
            team.id: (team, version, service)
            for team, version, service in teams.teams_of(operation.id)
            if not version.cancelled
        }

    def named(self, text: str, service_id: int) -> list[int]:
        """Teams that ``text`` means for the service: its own, else those where it is a partner.

        ``Service: Team`` names one of several.
        """
        key = person_key(text)
        for called in (lambda v, s: v.name, lambda v, s: f"{s.name}: {v.name}"):
            found = [t for t, v, s in self.standing.values() if person_key(called(v, s)) == key]
            own = [team.id for team in found if team.service_id == service_id]
            joint = [team.id for team in found if service_id in self.standing[team.id][1].partners]
            if own or joint:
                return own or joint
        return []

    def name_for(self, team_id: int, service_id: int) -> str:
        _, version, service = self.standing[team_id]
        name = str(version.name)
        return name if self.named(name, service_id) == [team_id] else f"{service.name}: {name}"
