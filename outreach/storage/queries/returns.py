"""Daily totals of one service: what was said, what the arithmetic needs to tell the state of each cell, and writing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy import update as sql_update

from outreach.rollup.counting import chosen
from outreach.rollup.facts import Facts
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import measure
from outreach.vocab import EntryMode, ParticipationStatus

from .. import tree as small
from ..days import day_begins, day_number, operational_day, window_days
from ..engine import db
from ..frames import DUE_HOURS
from ..tables import (
    Accused,
    Contact,
    ContactVersion,
    Operation,
    Participation,
    ParticipationVersion,
    Service,
    Tally,
)
from ..tree import SECOND, Tree
from ..types import micros, utc_now
from .access import descendants_of
from .operations import current_participation, root_of


def tallies_of(participation_id: int) -> list[Tally]:
    """Cells that stand now."""
    query = select(Tally).where(Tally.participation_id == participation_id, Tally.superseded_at.is_(None))
    return list(db.session.scalars(query.order_by(Tally.measure, Tally.day, Tally.part, Tally.id)))


def told_now(operation_id: int, participation_id: int) -> list[Tally]:
    """Cells that stand now and were told under the counting rules in force: the others count nowhere, and are asked
    for anew."""
    return told_of(operation_id, [participation_id]).get(participation_id, [])


def told_of(operation_id: int, participation_ids: list[int]) -> dict[int, list[Tally]]:
    """``told_now`` of several services at once, by participation id."""
    choice = db.session.scalar(select(Operation.counting).where(Operation.id == operation_id)) or {}
    then = small.rule_in_force([operation_id])
    query = select(Tally).where(Tally.participation_id.in_(participation_ids), Tally.superseded_at.is_(None))
    found: dict[int, list[Tally]] = {}
    for tally in db.session.scalars(query.order_by(Tally.measure, Tally.day, Tally.part, Tally.id)):
        told_under = {tally.measure: then(operation_id, tally.measure, tally.recorded_at)}
        if chosen(tally.measure, choice) == chosen(tally.measure, told_under):
            found.setdefault(tally.participation_id, []).append(tally)
    return found


def supersede(tally: Tally, now: dt.datetime) -> bool:
    """End a cell's version; False when somebody else has ended it first."""
    ended = db.session.execute(
        sql_update(Tally)
        .where(Tally.id == tally.id, Tally.superseded_at.is_(None))
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(tally)
    return ended.rowcount == 1


def add_tally(tally: Tally) -> None:
    db.session.add(tally)
    db.session.flush()


def last_version(participation_id: int, measure: str, day: dt.date | None, part: str) -> int:
    """Highest version that the cell ever had, 0 for none (a cleared cell begins again one above)."""
    same_day = Tally.day.is_(None) if day is None else Tally.day == day
    query = select(func.max(Tally.version)).where(
        Tally.participation_id == participation_id, Tally.measure == measure, Tally.part == part, same_day
    )
    return db.session.scalar(query) or 0


def own_days(operation: Operation, participation: Participation) -> list[dt.date]:
    """Days of the service's own window, else of the operation's; empty when neither is known."""
    version = current_participation(participation.id)
    for starts_at, ends_at in ((version.starts_at, version.ends_at), (operation.starts_at, operation.ends_at)):
        first, last = window_days(starts_at, ends_at, operation.time_zone, operation.day_starts_minutes)
        if first is not None and last is not None:
            return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    return []


def facts_of_service(operation: Operation, service_id: int | None) -> Facts:
    """Plan and daily totals of one service (None: of all) in the whole tree: enough for the places and states of cells.

    No contacts and no persons: what was logged is told by ``logged_days``, ``has_accused`` and ``has_teams``.
    """
    root = root_of(operation.id)
    tree = Tree(root, None)
    now = utc_now()
    today = operational_day(now, operation.time_zone, operation.day_starts_minutes)
    return Facts.of(
        root=root,
        now=micros(now) // SECOND,
        today=day_number(today),
        due_hours=DUE_HOURS,
        today_began=micros(day_begins(today, operation.time_zone, operation.day_starts_minutes)) // SECOND,
        operations=tree.frame(),
        counting=tree.rows[operation.id]["counting"],
        **{
            name: _only(columns, service_id)
            for name, columns in (
                ("participations", small.participations(tree)),
                ("places", small.places(tree)),
                ("tallies", small.tallies(tree)),
            )
        },
    )


def _only(columns: dict[str, list[Any]], service_id: int | None) -> dict[str, list[Any]]:
    if service_id is None:
        return columns
    kept = [place for place, service in enumerate(columns["service"]) if service == service_id]
    return {name: [values[place] for place in kept] for name, values in columns.items()}


def other_place(operation: Operation, service_id: int, code: str) -> Operation | None:
    """The operation that counts the measure ``code`` of the service; None when it is this one."""
    place = ledger(facts_of_service(operation, service_id)).places.place(service_id, measure(code))
    return None if place is None or place == operation.id else db.session.get(Operation, place)


def logged_days(operation_id: int, service_id: int) -> set[dt.date]:
    """Days on which the service has a standing contact of any result."""
    query = (
        select(ContactVersion.day)
        .where(
            ContactVersion.operation_id == operation_id,
            ContactVersion.service_id == service_id,
            ContactVersion.superseded_at.is_(None),
            ContactVersion.withdrawn.is_(False),
        )
        .distinct()
    )
    return set(db.session.scalars(query))


def has_accused(operation_id: int, service_id: int) -> bool:
    """Whether accused or charges of the service are recorded one by one."""
    return bool(
        db.session.scalar(
            select(exists().where(Accused.operation_id == operation_id, Accused.service_id == service_id))
        )
    )


def has_deployed(operation: Operation, service_id: int) -> bool:
    """Whether people of the service's teams already count as its personnel."""
    return service_id in small.deployed(Tree(operation.id, None))["service"]


def codes(operation_ids: set[int]) -> dict[int, str]:
    """Operation id -> code."""
    query = select(Operation.id, Operation.code).where(Operation.id.in_(sorted(operation_ids)))
    return {row[0]: row[1] for row in db.session.execute(query)}


def service(service_id: int) -> Service:
    return db.session.get_one(Service, service_id)


@dataclass(frozen=True)
class Part:
    """One service's part in one operation, for the front page: when its totals were last heard."""

    operation: Operation
    service: Service
    status: str
    entry_mode: str
    heard_at: dt.datetime | None


def parts(*, operation_id: int | None = None, service_ids: set[int] | None = None) -> list[Part]:
    """Invited and confirmed parts of one operation or of some services, newest window first, then by name."""
    heard = (
        select(Tally.participation_id, func.max(Tally.recorded_at).label("at")).group_by(Tally.participation_id)
    ).subquery()
    query = (
        select(Operation, Service, ParticipationVersion.status, ParticipationVersion.entry_mode, heard.c.at)
        .join(Participation, Participation.operation_id == Operation.id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .join(Service, Service.id == Participation.service_id)
        .outerjoin(heard, heard.c.participation_id == Participation.id)
        .where(
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status.in_((ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)),
        )
        .order_by(Operation.starts_at.is_(None), Operation.starts_at.desc(), Operation.code, Service.name, Service.id)
    )
    if operation_id is not None:
        query = query.where(Operation.id == operation_id)
    if service_ids is not None:
        query = query.where(Service.id.in_(sorted(service_ids)))
    return [Part(*row) for row in db.session.execute(query)]


def silent_services(operation_id: int) -> list[str]:
    """Names of confirmed services that owe figures and of which nothing at all was heard in the tree under it."""
    tree = descendants_of(operation_id)
    query = (
        select(Service.name)
        .join(Participation, Participation.service_id == Service.id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(
            Participation.operation_id.in_(tree),
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status == ParticipationStatus.CONFIRMED,
            ParticipationVersion.entry_mode != EntryMode.NONE,
            ~exists().where(Contact.service_id == Service.id, Contact.operation_id.in_(tree)),
            ~exists().where(
                Tally.service_id == Service.id, Tally.operation_id.in_(tree), Tally.superseded_at.is_(None)
            ),
        )
        .distinct()
        .order_by(Service.name)
    )
    return list(db.session.scalars(query))
