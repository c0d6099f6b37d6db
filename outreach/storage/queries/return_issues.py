"""What a return workbook says of a service: its cells, its rows that were taken before, and the issues made so far.

Everything is asked for several services at once, so that the workbooks of a whole operation cost one pass. Nothing is
opened or decided here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from outreach.vocab import EntryMode, ParticipationStatus

from .. import tree as small
from ..days import window_days
from ..engine import db
from ..tables import (
    Accused,
    AccusedVersion,
    Charge,
    ChargeVersion,
    Contact,
    ContactVersion,
    Meeting,
    Offence,
    Operation,
    Participation,
    ParticipationVersion,
    Person,
    ReturnIssue,
    ReturnRow,
    Service,
    Tally,
)
from ..tree import Tree
from .returns import told_of


@dataclass(frozen=True)
class Owing:
    """A service's part in the operation as a workbook needs it."""

    participation: Participation
    version: ParticipationVersion
    service: Service

    def days(self, operation: Operation) -> list[dt.date]:
        """Days of its own window, else of the operation's; empty when neither is known."""
        own, whole = (self.version.starts_at, self.version.ends_at), (operation.starts_at, operation.ends_at)
        for starts_at, ends_at in (own, whole):
            first, last = window_days(starts_at, ends_at, operation.time_zone, operation.day_starts_minutes)
            if first is not None and last is not None:
                return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        return []


def _parts(operation_id: int) -> Any:
    return (
        select(Participation, ParticipationVersion, Service)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .join(Service, Service.id == Participation.service_id)
        .where(Participation.operation_id == operation_id, ParticipationVersion.superseded_at.is_(None))
        .order_by(Service.name, Service.id)
    )


def part(participation: Participation) -> Owing:
    row = db.session.execute(_parts(participation.operation_id).where(Participation.id == participation.id)).one()
    return Owing(*row)


def owing(operation_id: int) -> list[Owing]:
    """Every invited or confirmed service that owes figures, by name."""
    query = _parts(operation_id).where(
        ParticipationVersion.status.in_((ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)),
        ParticipationVersion.entry_mode != EntryMode.NONE,
    )
    return [Owing(*row) for row in db.session.execute(query)]


@dataclass(frozen=True)
class TakenContact:
    """A row of *Contacts* that stands: who was met in which contact; no person for an attempt."""

    row: ReturnRow
    version: ContactVersion
    meeting: Meeting | None
    person: Person | None


@dataclass(frozen=True)
class TakenCharge:
    """A row of *Charges* that stands; no charge for an arrest without one."""

    row: ReturnRow
    accused: Accused
    said: AccusedVersion
    charge: ChargeVersion | None
    offence: Offence | None


@dataclass(frozen=True)
class Standing:
    """What stands for several services, by service or participation id."""

    tallies: dict[int, list[Tally]]
    logged: dict[int, set[dt.date]]
    accused: set[int]
    deployed: set[int]
    issues: dict[int, ReturnIssue]
    contacts: dict[int, list[TakenContact]]
    charges: dict[int, list[TakenCharge]]


def standing(operation: Operation, parts: Collection[Owing]) -> Standing:
    ids = [one.participation.id for one in parts]
    services = {one.service.id for one in parts}
    return Standing(
        told_of(operation.id, ids),
        _logged(operation.id, services),
        set(
            db.session.scalars(
                select(Accused.service_id)
                .where(Accused.operation_id == operation.id, Accused.service_id.in_(services))
                .distinct()
            )
        ),
        set(small.deployed(Tree(operation.id, None))["service"]),
        newest(ids),
        _contacts(ids),
        _charges(ids),
    )


def _logged(operation_id: int, services: set[int]) -> dict[int, set[dt.date]]:
    query = (
        select(ContactVersion.service_id, ContactVersion.day)
        .where(
            ContactVersion.operation_id == operation_id,
            ContactVersion.service_id.in_(services),
            ContactVersion.superseded_at.is_(None),
            ContactVersion.withdrawn.is_(False),
        )
        .distinct()
    )
    found: dict[int, set[dt.date]] = {}
    for service, day in db.session.execute(query):
        found.setdefault(service, set()).add(day)
    return found


def newest(ids: Collection[int]) -> dict[int, ReturnIssue]:
    """The last issue made for each participation."""
    last = (
        select(ReturnIssue.participation_id, func.max(ReturnIssue.issue).label("issue"))
        .where(ReturnIssue.participation_id.in_(ids))
        .group_by(ReturnIssue.participation_id)
        .subquery()
    )
    query = select(ReturnIssue).join(
        last, (last.c.participation_id == ReturnIssue.participation_id) & (last.c.issue == ReturnIssue.issue)
    )
    return {issue.participation_id: issue for issue in db.session.scalars(query)}


def issue(participation_id: int, number: int) -> ReturnIssue | None:
    query = select(ReturnIssue).where(ReturnIssue.participation_id == participation_id, ReturnIssue.issue == number)
    return db.session.scalar(query)


def add_issue(made: ReturnIssue) -> None:
    db.session.add(made)
    db.session.flush()


def _contacts(ids: list[int]) -> dict[int, list[TakenContact]]:
    query = (
        select(ReturnRow, ContactVersion, Meeting, Person)
        .join(Contact, Contact.uid == ReturnRow.target_uid)
        .join(ContactVersion, ContactVersion.contact_id == Contact.id)
        .outerjoin(
            Meeting,
            (Meeting.contact_version_id == ContactVersion.id)
            & (Meeting.person_id == ReturnRow.person_id)
            & Meeting.superseded_at.is_(None),
        )
        .outerjoin(Person, Person.id == Meeting.person_id)
        .where(
            ReturnRow.participation_id.in_(ids),
            ReturnRow.sheet == "contacts",
            ContactVersion.superseded_at.is_(None),
            ContactVersion.withdrawn.is_(False),
        )
        .order_by(ReturnRow.id)
    )
    found: dict[int, list[TakenContact]] = {}
    for row in db.session.execute(query):
        taken = TakenContact(*row)
        if taken.row.person_id is None or taken.meeting is not None:
            found.setdefault(taken.row.participation_id, []).append(taken)
    return found


def _charges(ids: list[int]) -> dict[int, list[TakenCharge]]:
    query = (
        select(ReturnRow, Accused, AccusedVersion, ChargeVersion, Offence)
        .join(Accused, Accused.id == ReturnRow.person_id)
        .join(AccusedVersion, AccusedVersion.accused_id == Accused.id)
        .outerjoin(Charge, (Charge.uid == ReturnRow.target_uid) & (Charge.accused_id == Accused.id))
        .outerjoin(ChargeVersion, (ChargeVersion.charge_id == Charge.id) & ChargeVersion.superseded_at.is_(None))
        .outerjoin(Offence, Offence.id == ChargeVersion.offence_id)
        .where(
            ReturnRow.participation_id.in_(ids),
            ReturnRow.sheet == "charges",
            AccusedVersion.superseded_at.is_(None),
            AccusedVersion.withdrawn.is_(False),
        )
        .order_by(ReturnRow.id)
    )
    found: dict[int, list[TakenCharge]] = {}
    for row in db.session.execute(query):
        taken = TakenCharge(*row)
        if not taken.row.target_uid or taken.charge is not None:
            found.setdefault(taken.row.participation_id, []).append(taken)
    return found


def offences() -> list[Offence]:
    """Every offence in its order."""
    return list(db.session.scalars(select(Offence).order_by(Offence.position, Offence.id)))
