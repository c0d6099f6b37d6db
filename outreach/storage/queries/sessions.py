"""Sessions, their delegates, and certificates of staff; pastes of thousands are read and written in a few statements.

Nothing here decides who may see or change; nothing commits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from outreach.vocab import DelegateState

from ..engine import db
from ..tables import Certificate, Delegate, Service, Session, Staff

CONTENT = ("kind", "title", "starts_at", "ends_at", "place", "certificate", "valid_months", "cancelled")

# --- sessions


def sessions_of(operation_id: int) -> list[Session]:
    """Every session of the operation, by start."""
    query = select(Session).where(Session.operation_id == operation_id).order_by(Session.starts_at, Session.id)
    return list(db.session.scalars(query))


def session_by_uid(uid: str) -> Session | None:
    return db.session.scalar(select(Session).where(Session.uid == uid))


def add_session(operation_id: int, values: dict[str, Any]) -> Session:
    added = Session(operation_id=operation_id, **values)
    db.session.add(added)
    db.session.flush()
    return added


def claim_session(session: Session, version: int, values: dict[str, Any]) -> bool:
    """Write ``values`` if the session still stands at ``version``; whether it did."""
    done = db.session.execute(
        update(Session)
        .where(Session.id == session.id, Session.version == version)
        .values(**values, version=version + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(session)
    return bool(done.rowcount)


def hold(session: Session) -> None:
    """Wait for whoever changes the delegates of this session now; SQLite has one writer anyway."""
    db.session.execute(select(Session.id).where(Session.id == session.id).with_for_update())


def counts_of(operation_id: int, service_ids: Collection[int] | None = None) -> dict[int, dict[str, int]]:
    """Session id → how many delegates are in each state, of ``service_ids`` where given."""
    query = (
        select(Delegate.session_id, Delegate.state, func.count())
        .join(Session, Session.id == Delegate.session_id)
        .where(Session.operation_id == operation_id)
        .group_by(Delegate.session_id, Delegate.state)
    )
    if service_ids is not None:
        query = query.where(Delegate.service_id.in_(sorted(service_ids)))
    found: dict[int, dict[str, int]] = {}
    for session_id, state, number in db.session.execute(query):
        found.setdefault(session_id, {})[state] = number
    return found


# --- delegates


class Listed(NamedTuple):
    """A delegate as a page shows her."""

    id: int
    service_id: int
    service: str
    staff_id: int | None
    name: str
    state: str


def delegates_of(session_id: int, service_ids: Collection[int] | None = None) -> list[Listed]:
    """Delegates by service and name, of ``service_ids`` where given."""
    query = (
        select(Delegate.id, Delegate.service_id, Service.name, Delegate.staff_id, Delegate.name, Delegate.state)
        .join(Service, Service.id == Delegate.service_id)
        .where(Delegate.session_id == session_id)
        .order_by(Service.name, Service.id, Delegate.name, Delegate.id)
    )
    if service_ids is not None:
        query = query.where(Delegate.service_id.in_(sorted(service_ids)))
    return [Listed(*row) for row in db.session.execute(query)]


def states_at(session_id: int) -> dict[tuple[int, str], tuple[int, str]]:
    """``(service, person key)`` → delegate's id and state."""
    query = select(Delegate.service_id, Delegate.name_key, Delegate.id, Delegate.state).where(
        Delegate.session_id == session_id
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in db.session.execute(query)}


def staff_names(service_ids: Iterable[int]) -> list[tuple[int, int, str, str]]:
    """Service, id, stored key and name of every person of the services."""
    query = (
        select(Staff.service_id, Staff.id, Staff.name_key, Staff.name)
        .where(Staff.service_id.in_(sorted(service_ids)))
        .order_by(Staff.id)
    )
    return [tuple(row) for row in db.session.execute(query)]


def add_staff(rows: list[dict[str, Any]]) -> bool:
    """People of services, all at once; ``False`` when somebody added one of them meanwhile."""
    return _add(Staff, rows)


def add_delegates(rows: list[dict[str, Any]]) -> bool:
    """Delegates, all at once; ``False`` when somebody added one of them meanwhile."""
    return _add(Delegate, rows)


def _add(table: type[Any], rows: list[dict[str, Any]]) -> bool:
    try:
        with db.session.begin_nested():
            if rows:
                db.session.execute(table.__table__.insert(), rows)
    except IntegrityError:
        return False
    return True


def set_states(ids: Collection[int], state: str, *, by: int | None, now: dt.datetime) -> None:
    for part in _parts(ids):
        db.session.execute(
            update(Delegate)
            .where(Delegate.id.in_(part))
            .values(state=state, changed_at=now, changed_by_id=by)
            .execution_options(synchronize_session=False)
        )


def remove_delegates(ids: Collection[int]) -> None:
    for part in _parts(ids):
        db.session.execute(delete(Delegate).where(Delegate.id.in_(part)).execution_options(synchronize_session=False))


def _parts(ids: Collection[int], size: int = 5000) -> list[list[int]]:
    every = sorted(ids)
    return [every[i : i + size] for i in range(0, len(every), size)]


def attended(session_id: int) -> frozenset[int]:
    """Staff who attended the session."""
    query = select(Delegate.staff_id).where(
        Delegate.session_id == session_id,
        Delegate.state == DelegateState.ATTENDED,
        Delegate.staff_id.is_not(None),
    )
    return frozenset(i for i in db.session.scalars(query) if i is not None)


# --- certificates


def given_by(session_id: int) -> dict[int, Certificate]:
    """Staff id → the certificate that the session gave and that is not revoked."""
    query = select(Certificate).where(Certificate.session_id == session_id, Certificate.revoked_at.is_(None))
    return {one.staff_id: one for one in db.session.scalars(query.order_by(Certificate.id))}


def add_certificates(rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(Certificate.__table__.insert(), rows)


def revoke(ids: Collection[int], now: dt.datetime) -> None:
    for part in _parts(ids):
        db.session.execute(
            update(Certificate)
            .where(Certificate.id.in_(part))
            .values(revoked_at=now)
            .execution_options(synchronize_session="fetch")
        )


def certificates_of(service_id: int) -> list[tuple[Certificate, Staff, str]]:
    """Certificates of the service's people with the session that gave them ('' by hand), by person and day."""
    query = (
        select(Certificate, Staff, func.coalesce(Session.title, ""))
        .join(Staff, Staff.id == Certificate.staff_id)
        .outerjoin(Session, Session.id == Certificate.session_id)
        .where(Staff.service_id == service_id)
        .order_by(Staff.name, Staff.id, Certificate.issued_on, Certificate.id)
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]


def certificate(certificate_id: int) -> tuple[Certificate, Staff] | None:
    query = select(Certificate, Staff).join(Staff, Staff.id == Certificate.staff_id)
    found = db.session.execute(query.where(Certificate.id == certificate_id)).first()
    return (found[0], found[1]) if found else None
