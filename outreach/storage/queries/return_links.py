"""Links with which services send their return without an account, and the letters that carried them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select, update

from ..engine import db
from ..tables import Operation, Participation, ParticipationVersion, ReturnLink, ReturnReminder, Service
from ..types import utc_now


@dataclass(frozen=True)
class Found:
    """Everything that a return link leads to."""

    link: ReturnLink
    participation: Participation
    version: ParticipationVersion
    operation: Operation
    service: Service


def behind(uid: str) -> Found | None:
    """What the link of this uid leads to, whether it still works or not."""
    query = (
        select(ReturnLink, Participation, ParticipationVersion, Operation, Service)
        .join(Participation, Participation.id == ReturnLink.participation_id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .join(Operation, Operation.id == Participation.operation_id)
        .join(Service, Service.id == Participation.service_id)
        .where(ReturnLink.uid == uid, ParticipationVersion.superseded_at.is_(None))
    )
    row = db.session.execute(query).first()
    return None if row is None else Found(*row)


def last_link(participation_id: int) -> ReturnLink | None:
    """The newest link of a participation, whether it still works or not."""
    query = select(ReturnLink).where(ReturnLink.participation_id == participation_id)
    return db.session.scalars(query.order_by(ReturnLink.id.desc()).limit(1)).first()


def add_link(participation_id: int, by: int | None, ends_at: dt.datetime) -> ReturnLink:
    added = ReturnLink(participation_id=participation_id, created_at=utc_now(), created_by_id=by, ends_at=ends_at)
    db.session.add(added)
    db.session.flush()
    return added


def revoke_links(participation_id: int) -> int:
    """End the links of a participation that stand; how many."""
    now = utc_now()
    done = db.session.execute(
        update(ReturnLink)
        .where(
            ReturnLink.participation_id == participation_id, ReturnLink.revoked_at.is_(None), ReturnLink.ends_at > now
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session="fetch")
    )
    return int(done.rowcount)


def note_opened(link_id: int) -> None:
    """The first time that the link was opened."""
    _note(link_id, ReturnLink.opened_at.is_(None), opened_at=utc_now())


def note_used(link_id: int) -> None:
    """The last time that a file was sent with it."""
    _note(link_id, ReturnLink.id == link_id, used_at=utc_now())


def _note(link_id: int, which: object, **values: dt.datetime) -> None:
    changed = update(ReturnLink).where(ReturnLink.id == link_id, which).values(**values)
    db.session.execute(changed.execution_options(synchronize_session="fetch"))


# --- letters


def add_letter(participation_id: int, by: int | None, address: str) -> ReturnReminder:
    """A letter with the link that waits to leave by e-mail."""
    added = ReturnReminder(participation_id=participation_id, how="email", address=address, at=utc_now(), by_id=by)
    db.session.add(added)
    db.session.flush()
    return added


def settle_letter(letter_id: int, outcome: str, trouble: str = "") -> None:
    """What became of a letter that waited, and when."""
    changed = update(ReturnReminder).where(ReturnReminder.id == letter_id)
    db.session.execute(
        changed.values(outcome=outcome, trouble=trouble, at=utc_now()).execution_options(synchronize_session="fetch")
    )


def last_letter(participation_id: int) -> ReturnReminder | None:
    """The newest letter to the service about its figures."""
    query = select(ReturnReminder).where(ReturnReminder.participation_id == participation_id)
    return db.session.scalars(query.order_by(ReturnReminder.id.desc()).limit(1)).first()
