"""A team on its shift tonight, and contacts as an officer's phone sends them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from outreach.auth.actors import Actor
from outreach.field import rules
from outreach.field.rules import ContactEntry, PersonEntry
from outreach.storage import db
from outreach.storage.queries import access
from outreach.storage.queries import field as rows
from outreach.storage.tables import Operation, Participation, Service, Team, User
from outreach.storage.types import new_uid
from outreach.vocab import EntryMode, Role, ServiceKind
from tests.factories import a_participation, a_service, a_team, a_user, an_operation

EVENING = dt.datetime(2017, 10, 17, 1, 38, tzinfo=dt.UTC)  # 21:38 on 16 October in Toronto, inside the window


@dataclass
class Night:
    """One operation with a police service, its officer in a team, its coordinator, and a support agency."""

    operation: Operation
    service: Service
    participation: Participation
    team: Team
    officer: User
    coordinator: User
    agency: Service

    @property
    def place(self) -> rows.LoggingPlace:
        found = rows.logging_place(self.team.uid)
        assert found is not None
        return found


def a_night(operation: Operation | None = None, **more: Any) -> Night:
    operation = operation or an_operation(**more)
    service = a_service()
    participation = a_participation(operation, service)
    officer = a_user(Role.FIELD_OFFICER, service)
    team = a_team(participation, officer)
    coordinator = a_user(Role.SERVICE_COORDINATOR, service)
    agency = a_service(f"Agency {service.name}", ServiceKind.VICTIM_SERVICES)
    a_participation(operation, agency, entry_mode=EntryMode.NONE)
    return Night(operation, service, participation, team, officer, coordinator, agency)


def actor_of(user: User) -> Actor:
    return access.actor_of(db.session.get(User, user.id))


def a_person(**more: Any) -> PersonEntry:
    values: dict[str, Any] = {
        "code": rules.make_code(),
        "age": "25_34",
        "gender": "woman_girl",
        "answer": "accepted",
        "agreed": ("record", "refer"),
        "reach_by": "they_call",
    }
    return PersonEntry(**(values | more))


def an_entry(*persons: PersonEntry, **more: Any) -> ContactEntry:
    values: dict[str, Any] = {"uid": new_uid(), "met_at": EVENING, "result": "met" if persons else "no_answer"}
    return ContactEntry(**(values | more), persons=persons)


def form_of(night: Night, entry: ContactEntry) -> dict[str, Any]:
    """The entry as a phone posts it."""
    fields: dict[str, Any] = {
        "uid": entry.uid,
        "team": night.team.uid,
        "met_at": entry.met_at.isoformat(),
        "result": entry.result,
        "approach": entry.approach,
        "place_kind": entry.place_kind,
        "municipality": entry.municipality,
        "kits": str(entry.kits),
        "note": entry.note,
        "persons": str(len(entry.persons)),
    }
    for n, person in enumerate(entry.persons, start=1):
        fields |= {
            f"code-{n}": person.code,
            f"age-{n}": person.age,
            f"gender-{n}": person.gender,
            f"answer-{n}": person.answer,
            f"agreed-{n}": list(person.agreed),
            f"reach_by-{n}": person.reach_by,
            f"safe_way-{n}": person.safe_way,
            f"urgent-{n}": "yes" if person.urgent else "",
        }
    return fields
