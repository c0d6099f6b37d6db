"""Facts for figures, written straight into the version tables so that their recording times can be chosen."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from sqlalchemy import update

from outreach.storage import db, writing
from outreach.storage.days import operational_day
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import (
    Accused,
    AccusedVersion,
    Charge,
    ChargeVersion,
    Contact,
    ContactVersion,
    Meeting,
    Operation,
    Participation,
    Person,
    PersonMerge,
    Tally,
)
from outreach.storage.types import new_uid, utc_now

ZONE = "America/Toronto"
FIRST = dt.date(2017, 10, 10)
_numbers = itertools.count(1)


def evening(day: int, hour: int = 21, minute: int = 0) -> dt.datetime:
    """Local hour of the operation's n-th day (0: the first), as an instant."""
    from zoneinfo import ZoneInfo

    on = FIRST + dt.timedelta(days=day)
    return dt.datetime(on.year, on.month, on.day, hour, minute, tzinfo=ZoneInfo(ZONE)).astimezone(dt.UTC)


def a_person(operation: Operation) -> Person:
    person = Person(root_id=operation.root_id or operation.id)
    _add(person)
    person.join_key = person.id
    db.session.flush()
    return person


def a_contact(
    part: Participation,
    *persons: dict[str, Any],
    day: int = 0,
    hour: int = 21,
    result: str = "met",
    kits: int = 0,
    recorded_at: dt.datetime | None = None,
    team_id: int | None = None,
) -> Contact:
    """A standing contact; each of ``persons`` holds columns of its meeting and perhaps ``person``, met before."""
    at, now = evening(day, hour), recorded_at or utc_now()
    with writing():
        operation = db.session.get_one(Operation, part.operation_id)
        on = operational_day(at, operation.time_zone, operation.day_starts_minutes)
        contact = Contact(
            uid=new_uid(),
            operation_id=part.operation_id,
            participation_id=part.id,
            service_id=part.service_id,
            team_id=team_id,
            created_at=now,
            content_hash="-",
        )
        _add(contact)
        shared = {
            "contact_id": contact.id,
            "operation_id": part.operation_id,
            "service_id": part.service_id,
            "team_id": team_id,
            "met_at": at,
            "day": on,
            "recorded_at": now,
            "place_kind": "hotel",
        }
        version = ContactVersion(result=result, kits=kits, **shared)
        _add(version)
        for position, columns in enumerate(persons, start=1):
            person = columns.pop("person", None) or a_person(operation)
            _add(
                Meeting(
                    contact_version_id=version.id,
                    position=position,
                    person_id=person.id,
                    person_key=person.join_key,
                    **shared,
                    **columns,
                )
            )
        note_change(part.operation_id)
    return contact


def withdraw(contact: Contact, at: dt.datetime | None = None) -> None:
    """The contact no longer stands from ``at`` on."""
    at = at or utc_now()
    with writing():
        for table in (ContactVersion, Meeting):
            db.session.execute(
                update(table)
                .where(table.contact_id == contact.id, table.superseded_at.is_(None))
                .values(superseded_at=at)
            )
        note_change(contact.operation_id)


def merge(operation: Operation, person: Person, into: Person) -> None:
    with writing():
        _add(
            PersonMerge(
                operation_id=operation.id, person_key=person.join_key, into_key=into.join_key, recorded_at=utc_now()
            )
        )
        note_change(operation.id)


def a_tally(
    part: Participation,
    measure: str,
    value: int | None,
    day: int | None = None,
    piece: str = "",
    recorded_at: dt.datetime | None = None,
) -> Tally:
    """A cell of daily totals; a value of None declines."""
    state = "declined" if value is None else "number" if value else "zero"
    tally = Tally(
        operation_id=part.operation_id,
        participation_id=part.id,
        service_id=part.service_id,
        measure=measure,
        day=None if day is None else FIRST + dt.timedelta(days=day),
        part=piece,
        state=state,
        value=value,
        recorded_at=recorded_at or utc_now(),
    )
    with writing():
        _add(tally)
        note_change(part.operation_id)
    return tally


def an_accused(
    part: Participation,
    *,
    arrested: bool = True,
    counts: tuple[int, ...] = (1,),
    status: str = "laid",
    withdrawn: bool = False,
) -> Accused:
    """An accused with one line of charges for each of ``counts``."""
    now = utc_now()
    accused = Accused(
        operation_id=part.operation_id,
        participation_id=part.id,
        service_id=part.service_id,
        code=f"A{next(_numbers)}",
        created_at=evening(1),
    )
    with writing():
        _add(accused)
        _add(
            AccusedVersion(
                accused_id=accused.id, arrested=arrested, arrested_on=FIRST, withdrawn=withdrawn, recorded_at=now
            )
        )
        for number in counts:
            charge = Charge(accused_id=accused.id, operation_id=part.operation_id, service_id=part.service_id)
            _add(charge)
            _add(
                ChargeVersion(
                    charge_id=charge.id, label="Luring", counts=number, laid_on=FIRST, status=status, recorded_at=now
                )
            )
        note_change(part.operation_id)
    return accused


def _add(row: Any) -> None:
    db.session.add(row)
    db.session.flush()
