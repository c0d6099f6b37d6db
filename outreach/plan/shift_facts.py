"""A plan of shifts as the rules want it: read in a constant number of queries, however many teams there are.

Only what the rules look at; who may see or change what is decided by ``shift_commands``. Nothing is written here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from outreach.storage.days import operational_day, window_days
from outreach.storage.queries import operations, shifts, teams
from outreach.storage.queries.shifts import ShiftRow
from outreach.storage.tables import Operation
from outreach.vocab import EntryMode, ParticipationStatus

from . import shift_rules as rules
from .shift_rules import Busy, Facts, Member, PlannedShift, PlannedTeam, TakingPart


class Plan:
    """The plan of one operation as the rules want it, read in a constant number of queries.

    ``rows``: every shift of the operation, where the caller has read them already.
    """

    def __init__(self, operation: Operation, rows: Sequence[ShiftRow] | None = None) -> None:
        self.operation = operation
        self.days = self._days(operation.starts_at, operation.ends_at)
        self.teams = self._teams()
        self._logging: set[int] = set()
        self.services = self._services()
        every = shifts.shifts_of(operation.id) if rows is None else rows
        self.standing = [(self._planned(row), row) for row in every if not row.cancelled]

    def _teams(self) -> dict[int, PlannedTeam]:
        members: dict[int, list[Member]] = {}
        for team_id, name, staff_id, user_id, lead, category, active, of_service in shifts.crews_of(self.operation.id):
            person = rules.person_of(staff_id, user_id)
            members.setdefault(team_id, []).append(Member(staff_id, person, name, category, lead, active, of_service))
        return {
            team.id: PlannedTeam(
                team.id,
                team.service_id,
                version.name,
                version.area,
                frozenset(version.partners),
                tuple(members.get(team.id, ())),
                version.cancelled,
            )
            for team, version, _ in teams.teams_of(self.operation.id)
        }

    def _services(self) -> dict[int, TakingPart]:
        have_team = {team.service_id for team in self.teams.values() if not team.cancelled}
        found = {}
        for _, version, service in operations.participations_of(self.operation.id):
            window = version if version.starts_at and version.ends_at else self.operation
            confirmed = version.status == ParticipationStatus.CONFIRMED
            place = version.counted_in.get("contacts", self.operation.id)
            if confirmed and version.entry_mode == EntryMode.CONTACTS and place == self.operation.id:
                self._logging.add(service.id)
            found[service.id] = TakingPart(
                service.id,
                service.name,
                service.kind,
                version.status,
                confirmed and (service.id in self._logging or service.id in have_team),
                service.municipality,
                window.starts_at,
                window.ends_at,
                self._days(window.starts_at, window.ends_at),
            )
        return found

    def _days(self, starts_at: dt.datetime | None, ends_at: dt.datetime | None) -> tuple[dt.date, ...]:
        zone, minutes = self.operation.time_zone, self.operation.day_starts_minutes
        first, last = window_days(starts_at, ends_at, zone, minutes)
        if first is None or last is None:
            return ()
        return tuple(first + dt.timedelta(days=n) for n in range((last - first).days + 1))

    def _planned(self, row: ShiftRow) -> PlannedShift:
        day = operational_day(row.starts_at, self.operation.time_zone, self.operation.day_starts_minutes)
        return PlannedShift(row.uid, row.team_id, row.starts_at, row.ends_at, day, row.places, row.crew, row.place)

    def logs_here(self, service_id: int) -> bool:
        """Whether the service is confirmed and its contacts are logged and counted in this operation."""
        return service_id in self._logging

    def facts(self, visible: frozenset[int] | None, publishing: frozenset[int] | None = None) -> Facts:
        """What ``problems`` looks at. ``publishing``: the roster of all other services stays as it was published."""
        planned = [one for one, _ in self.standing]
        return Facts(
            zone=self.operation.time_zone,
            day_starts_minutes=self.operation.day_starts_minutes,
            starts_at=self.operation.starts_at,
            ends_at=self.operation.ends_at,
            days=self.days,
            services=self.services,
            teams=self.teams,
            shifts=planned,
            busy=list(dict.fromkeys([*self._elsewhere(planned), *(self._stale(publishing) if publishing else ())])),
            former=self._former(planned),
            visible=visible,
        )

    def _elsewhere(self, planned: Sequence[PlannedShift]) -> list[Busy]:
        if not planned:
            return []
        first = min(one.starts_at for one in planned) - rules.LEAST_REST
        last = max(one.ends_at for one in planned) + rules.LEAST_REST
        return [
            Busy(rules.person_of(staff_id, user_id), starts_at, ends_at)
            for staff_id, user_id, starts_at, ends_at in shifts.busy_elsewhere(self.operation, first, last)
        ]

    def _stale(self, publishing: frozenset[int]) -> list[Busy]:
        """Where other services' officers still are by their published roster although the plan says otherwise now."""
        return [
            Busy(member.person, row.starts_at, row.ends_at)
            for row in shifts.roster_of(self.operation.id)
            if row.service_id not in publishing and not row.published
            for member in self.teams[row.team_id].members
            if row.crew is None or member.staff_id in row.crew
        ]

    def _former(self, planned: Sequence[PlannedShift]) -> dict[int, str]:
        gone: set[int] = set()
        for one in planned:
            gone |= set(one.crew or ()) - {member.staff_id for member in self.teams[one.team_id].members}
        return shifts.names_of_staff(gone)
