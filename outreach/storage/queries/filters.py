"""What figures may be filtered by: the services that take part in a tree of operations, their regions, the teams."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from ..engine import db
from ..tables import Service, Team, TeamVersion
from .access import descendants_of, services_taking_part


@dataclass(frozen=True)
class ServiceChoice:
    """A service that figures may be asked of. ``region`` '' where nobody said."""

    id: int
    label: str
    region: str
    kind: str


@dataclass(frozen=True)
class TeamChoice:
    """A team that figures may be asked of, with the service that its contacts count for."""

    id: int
    name: str
    service: int


def services_in(operation_id: int) -> list[ServiceChoice]:
    """Services invited or confirmed in the operation or in one within it, by name."""
    query = (
        select(Service.id, Service.short_name, Service.name, Service.region, Service.kind)
        .where(Service.id.in_(services_taking_part(operation_id)))
        .order_by(Service.name, Service.id)
    )
    return [
        ServiceChoice(number, short or name, region, kind)
        for number, short, name, region, kind in db.session.execute(query)
    ]


def teams_in(operation_id: int) -> list[TeamChoice]:
    """Teams of the operation and of those within it, by service and name; cancelled ones too, which may have met."""
    query = (
        select(Team.id, TeamVersion.name, Team.service_id)
        .join(TeamVersion, TeamVersion.team_id == Team.id)
        .join(Service, Service.id == Team.service_id)
        .where(Team.operation_id.in_(descendants_of(operation_id)), TeamVersion.superseded_at.is_(None))
        .order_by(Service.name, Service.id, TeamVersion.name, Team.id)
    )
    return [TeamChoice(*row) for row in db.session.execute(query)]
