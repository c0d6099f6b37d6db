"""What the grid of shifts reads beside the shifts: names of services and teams, as plain rows."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from ..engine import db
from ..tables import Participation, Service, Team, TeamVersion


class TeamThere(NamedTuple):
    """A team as it stands, and the service that leads it."""

    id: int
    name: str
    cancelled: bool
    service_id: int
    service: str
    short_name: str


def services_there(operation_id: int) -> list[tuple[int, str]]:
    """Id and name of every service of the operation, by name."""
    query = (
        select(Service.id, Service.name)
        .join(Participation, Participation.service_id == Service.id)
        .where(Participation.operation_id == operation_id)
        .order_by(Service.name, Service.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def teams_there(operation_id: int) -> list[TeamThere]:
    """Teams of the operation, by service and name; cancelled ones last."""
    query = (
        select(Team.id, TeamVersion.name, TeamVersion.cancelled, Service.id, Service.name, Service.short_name)
        .join(TeamVersion, TeamVersion.team_id == Team.id)
        .join(Service, Service.id == Team.service_id)
        .where(Team.operation_id == operation_id, TeamVersion.superseded_at.is_(None))
        .order_by(Service.name, Service.id, TeamVersion.cancelled, TeamVersion.name, Team.id)
    )
    return [TeamThere(*row) for row in db.session.execute(query)]
