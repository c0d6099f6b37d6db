"""Links to the wall screen of an operation, which work without an account."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from ..engine import db
from ..tables import Operation, User, WallLink
from ..types import utc_now


def add(operation_id: int, by: int | None, label: str, ends_at: dt.datetime) -> WallLink:
    added = WallLink(operation_id=operation_id, label=label, created_at=utc_now(), created_by_id=by, ends_at=ends_at)
    db.session.add(added)
    db.session.flush()
    return added


def of_operation(operation_id: int) -> list[tuple[WallLink, str]]:
    """Every link of the operation with who made it, the newest first."""
    query = (
        select(WallLink, User.name)
        .join(User, User.id == WallLink.created_by_id, isouter=True)
        .where(WallLink.operation_id == operation_id)
        .order_by(WallLink.id.desc())
    )
    return [(link, name or "") for link, name in db.session.execute(query)]


def of_uid(operation_id: int, uid: str) -> WallLink | None:
    query = select(WallLink).where(WallLink.operation_id == operation_id, WallLink.uid == uid)
    return db.session.scalars(query).first()


def behind(uid: str) -> tuple[WallLink, Operation] | None:
    """The link of this uid and its operation, whether it still works or not."""
    query = (
        select(WallLink, Operation).join(Operation, Operation.id == WallLink.operation_id).where(WallLink.uid == uid)
    )
    row = db.session.execute(query).first()
    return None if row is None else (row[0], row[1])


def revoke(link_id: int) -> bool:
    """End a link; whether it stood."""
    now = utc_now()
    done = db.session.execute(
        update(WallLink)
        .where(WallLink.id == link_id, WallLink.revoked_at.is_(None), WallLink.ends_at > now)
        .values(revoked_at=now)
        .execution_options(synchronize_session="fetch")
    )
    return bool(done.rowcount)


def note_opened(link_id: int) -> None:
    """The first time that the link was opened."""
    changed = update(WallLink).where(WallLink.id == link_id, WallLink.opened_at.is_(None)).values(opened_at=utc_now())
    db.session.execute(changed.execution_options(synchronize_session="fetch"))
