"""Returns that came back, for the pages that list them: those of one service, and those that were dropped together.

Receiving and taking one file is in ``return_files``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, update

from outreach.vocab import ReturnState

from ..engine import db
from ..tables import Operation, Participation, ReturnFile, Service, User
from ..types import utc_now

ASKABLE = (ReturnState.READY.value, ReturnState.FAULTY.value)


@dataclass(frozen=True)
class Listed:
    """One file with whose it is and who sent it; ``service`` None when nobody knows whose it is."""

    file: ReturnFile
    service: Service | None
    by: str


@dataclass(frozen=True)
class Drop:
    """Files that were dropped together."""

    uid: str
    at: dt.datetime
    files: int
    open: int


def of_service(participation_id: int, most: int = 50) -> list[Listed]:
    """The returns of one service, newest first."""
    return _listed(ReturnFile.participation_id == participation_id, ReturnFile.id.desc(), most)


def of_drop(operation_id: int, drop_uid: str) -> list[Listed]:
    """The files that were dropped together, in the order in which they came."""
    return _listed((ReturnFile.operation_id == operation_id) & (ReturnFile.drop_uid == drop_uid), ReturnFile.id, 5_000)


def _listed(which: Any, order: Any, most: int) -> list[Listed]:
    query = (
        select(ReturnFile, Service, User.name)
        .outerjoin(Participation, Participation.id == ReturnFile.participation_id)
        .outerjoin(Service, Service.id == Participation.service_id)
        .outerjoin(User, User.id == ReturnFile.received_by_id)
        .where(which)
        .order_by(order)
        .limit(most)
    )
    return [Listed(row[0], row[1], row[2] or "") for row in db.session.execute(query)]


def drops_of(operation_id: int, most: int = 10) -> list[Drop]:
    """What was dropped onto one operation, newest first; ``open``: files that nobody has decided about."""
    undecided = (ReturnState.WAITING.value, *ASKABLE)
    query = (
        select(
            ReturnFile.drop_uid,
            func.min(ReturnFile.received_at),
            func.count(),
            func.count().filter(ReturnFile.state.in_(undecided)),
        )
        .where(ReturnFile.operation_id == operation_id, ReturnFile.drop_uid != "")
        .group_by(ReturnFile.drop_uid)
        .order_by(func.max(ReturnFile.id).desc())
        .limit(most)
    )
    return [Drop(*row) for row in db.session.execute(query)]


def file(uid: str) -> tuple[ReturnFile, Operation, Participation | None] | None:
    """One file with its operation, and its part in it where that is known."""
    query = (
        select(ReturnFile, Operation, Participation)
        .join(Operation, Operation.id == ReturnFile.operation_id)
        .outerjoin(Participation, Participation.id == ReturnFile.participation_id)
        .where(ReturnFile.uid == uid)
    )
    row = db.session.execute(query).first()
    return None if row is None else (row[0], row[1], row[2])


def next_step(operation_id: int, drop_uid: str) -> ReturnFile | None:
    """The next file of a drop that waits to be read, else one that somebody asked to have taken."""
    waits = ReturnFile.state == ReturnState.WAITING
    asked = ReturnFile.asked_by_id.is_not(None) & ReturnFile.state.in_(ASKABLE)
    query = (
        select(ReturnFile)
        .where(ReturnFile.operation_id == operation_id, ReturnFile.drop_uid == drop_uid, or_(waits, asked))
        .order_by(waits.desc(), ReturnFile.id)
        .limit(1)
    )
    return db.session.scalars(query).first()


def ask(operation_id: int, drop_uid: str, by: int | None) -> int:
    """Have the files of a drop that are ready taken; how many."""
    done = db.session.execute(
        update(ReturnFile)
        .where(
            ReturnFile.operation_id == operation_id,
            ReturnFile.drop_uid == drop_uid,
            ReturnFile.state == ReturnState.READY,
            ReturnFile.asked_by_id.is_(None),
        )
        .values(asked_by_id=by, trouble={})
        .execution_options(synchronize_session="fetch")
    )
    return int(done.rowcount)


def settle(file_id: int, trouble: dict[str, Any], headline: list[Any] | None) -> None:
    """A file that was asked for has had its turn; ``trouble``: what stood in the way, or nothing.

    What its headline figure became stays with it.
    """
    counts = db.session.scalar(select(ReturnFile.counts).where(ReturnFile.id == file_id)) or {}
    counts = {**counts, "headline": headline} if headline else counts
    _change(file_id, asked_by_id=None, trouble=trouble, counts=counts)


def look_ahead(file_id: int, counts: dict[str, Any], state: str, trouble: dict[str, Any]) -> None:
    """What taking a file that nobody has decided about would come to now."""
    changed = update(ReturnFile).where(ReturnFile.id == file_id, ReturnFile.state.in_(ASKABLE))
    changed = changed.values(counts=counts, state=state, trouble=trouble)
    db.session.execute(changed.execution_options(synchronize_session="fetch"))


def give_up(file_id: int, refused: dict[str, Any]) -> None:
    """A file that cannot be read for a reason of ours: nobody waits for it any longer."""
    _change(file_id, state=ReturnState.REFUSED.value, refused=refused, content=None, read=None, decided_at=utc_now())


def _change(file_id: int, **values: Any) -> None:
    changed = update(ReturnFile).where(ReturnFile.id == file_id).values(**values)
    db.session.execute(changed.execution_options(synchronize_session="fetch"))


def same_bytes(operation_id: int, drop_uid: str, mark: str) -> bool:
    """Whether these very bytes are in the drop already."""
    query = select(ReturnFile.id).where(
        ReturnFile.operation_id == operation_id, ReturnFile.drop_uid == drop_uid, ReturnFile.hash == mark
    )
    return db.session.scalar(query.limit(1)) is not None


def counted(operation_id: int, drop_uid: str) -> tuple[int, int]:
    """How many files a drop has, and how many bytes."""
    query = select(func.count(), func.coalesce(func.sum(ReturnFile.size), 0)).where(
        ReturnFile.operation_id == operation_id, ReturnFile.drop_uid == drop_uid
    )
    row = db.session.execute(query).one()
    return int(row[0]), int(row[1])
