"""What the close of an operation asks: who signs, what was heard last, what came back, who was reminded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from outreach.vocab import EntryMode, ParticipationStatus, ReturnState

from ..engine import db
from ..tables import (
    ContactVersion,
    Operation,
    Participation,
    ParticipationVersion,
    ReturnFile,
    ReturnReminder,
    Service,
    Tally,
    User,
)
from ..types import utc_now
from . import sign_offs
from .access import descendants_of
from .sign_offs import Standing


@dataclass(frozen=True)
class Owing:
    """One service that owes figures: its part in the operation, or in the nearest one under it where it takes part.

    ``desk``: where a letter goes. ``operation_id`` and ``code``: the operation of the part.
    """

    participation_id: int
    service_id: int
    service: str
    kind: str
    entry_mode: str
    desk: str
    operation_id: int
    code: str


def owing(operation_id: int) -> list[Owing]:
    """Confirmed services that owe figures in the operation or under it, once each, by name."""
    tree = descendants_of(operation_id)
    query = (
        select(
            Participation.id,
            Service.id,
            Service.name,
            Service.kind,
            ParticipationVersion.entry_mode,
            ParticipationVersion.desk,
            Service.contact_desk,
            Operation.id,
            Operation.code,
        )
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .join(Service, Service.id == Participation.service_id)
        .join(Operation, Operation.id == Participation.operation_id)
        .where(
            Participation.operation_id.in_(tree),
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status == ParticipationStatus.CONFIRMED,
            ParticipationVersion.entry_mode != EntryMode.NONE,
        )
        .order_by(Service.name, Service.id)
    )
    found: dict[int, Owing] = {}
    for row in sorted(db.session.execute(query), key=lambda row: tree.index(row[7])):
        found.setdefault(row[1], Owing(*row[:5], row[5] or row[6] or "", *row[7:]))
    return sorted(found.values(), key=lambda one: (one.service, one.service_id))


def standings(parts: Iterable[Owing]) -> dict[int, Standing]:
    """Participation → where its service stands with its signature."""
    found: dict[int, Standing] = {}
    for operation_id in sorted({part.operation_id for part in parts}):
        found |= sign_offs.standing(operation_id)
    return found


def heard(operation_id: int) -> dict[int, dt.datetime]:
    """Service → when something of it was recorded last: a contact, a cell of totals, a return that came."""
    tree = descendants_of(operation_id)
    found: dict[int, dt.datetime] = {}
    for query in (
        _latest(ContactVersion.service_id, ContactVersion.recorded_at, ContactVersion.operation_id.in_(tree)),
        _latest(Tally.service_id, Tally.recorded_at, Tally.operation_id.in_(tree)),
        select(Participation.service_id, func.max(ReturnFile.received_at, type_=ReturnFile.received_at.type))
        .join(Participation, Participation.id == ReturnFile.participation_id)
        .where(ReturnFile.operation_id.in_(tree))
        .group_by(Participation.service_id),
    ):
        for service, at in db.session.execute(query):
            found[service] = max(at, found.get(service, at))
    return found


def _latest(service: Any, at: Any, where: Any) -> Any:
    return select(service, func.max(at, type_=at.type)).where(where).group_by(service)


def returns_waiting(operation_id: int) -> dict[int, list[tuple[str, str, dt.datetime]]]:
    """Participation → state, uid and arrival of each return that waits for somebody, the last first; of one that was

    refused only while nothing newer came. Bytes that came a second time wait for nobody: the first ones speak for them.
    """
    query = (
        select(ReturnFile.participation_id, ReturnFile.state, ReturnFile.uid, ReturnFile.received_at)
        .where(
            ReturnFile.operation_id.in_(descendants_of(operation_id)),
            ReturnFile.participation_id.is_not(None),
            ReturnFile.refused["code"].as_string().is_distinct_from("taken_already"),
            ReturnFile.refused["code"].as_string().is_distinct_from("here_already"),
        )
        .order_by(ReturnFile.received_at.desc(), ReturnFile.id.desc())
    )
    last: set[int] = set()
    found: dict[int, list[tuple[str, str, dt.datetime]]] = {}
    for participation, state, uid, at in db.session.execute(query):
        newest, last = participation not in last, last | {participation}
        if state in (ReturnState.WAITING, ReturnState.READY, ReturnState.FAULTY) or (
            newest and state == ReturnState.REFUSED
        ):
            found.setdefault(participation, []).append((state, uid, at))
    return found


# --- reminders --------------------------------------------------------------------------------------------------------


def add_reminder(
    participation_id: int, by: int | None, batch: str, how: str, address: str, outcome: str, trouble: str = ""
) -> int:
    """One letter; its id."""
    row = ReturnReminder(
        participation_id=participation_id,
        batch=batch,
        how=how,
        address=address,
        at=utc_now(),
        by_id=by,
        outcome=outcome,
        trouble=trouble,
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def settle_reminder(reminder_id: int, outcome: str, trouble: str = "") -> None:
    """What became of a letter that was waiting."""
    db.session.execute(
        update(ReturnReminder)
        .where(ReturnReminder.id == reminder_id)
        .values(outcome=outcome, trouble=trouble, at=utc_now())
        .execution_options(synchronize_session="fetch")
    )


@dataclass(frozen=True)
class Reminded:
    """One reminder; ``by`` is who sent it."""

    participation_id: int
    batch: str
    how: str
    at: dt.datetime
    outcome: str
    trouble: str
    by: str


def reminders(participation_ids: Iterable[int]) -> dict[int, list[Reminded]]:
    """Participation → its reminders, the last first."""
    query = (
        select(
            ReturnReminder.participation_id,
            ReturnReminder.batch,
            ReturnReminder.how,
            ReturnReminder.at,
            ReturnReminder.outcome,
            ReturnReminder.trouble,
            User.name,
        )
        .outerjoin(User, User.id == ReturnReminder.by_id)
        .where(ReturnReminder.participation_id.in_(sorted(participation_ids)))
        .order_by(ReturnReminder.at.desc(), ReturnReminder.id.desc())
    )
    found: dict[int, list[Reminded]] = {}
    for row in db.session.execute(query):
        found.setdefault(row[0], []).append(Reminded(*row[:6], row[6] or ""))
    return found
