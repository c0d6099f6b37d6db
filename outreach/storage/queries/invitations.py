"""Participation links, the letters that carried them, and since when each participation stands as it does."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select, update

from ..engine import db
from ..tables import InvitationSent, Operation, Participation, ParticipationLink, ParticipationVersion, Service
from ..types import utc_now


@dataclass(frozen=True)
class Found:
    """Everything that a participation link leads to."""

    link: ParticipationLink
    participation: Participation
    version: ParticipationVersion
    operation: Operation
    service: Service


def behind(uid: str) -> Found | None:
    """What the link of this uid leads to, whether it still works or not."""
    query = (
        select(ParticipationLink, Participation, ParticipationVersion, Operation, Service)
        .join(Participation, Participation.id == ParticipationLink.participation_id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .join(Operation, Operation.id == Participation.operation_id)
        .join(Service, Service.id == Participation.service_id)
        .where(ParticipationLink.uid == uid, ParticipationVersion.superseded_at.is_(None))
    )
    row = db.session.execute(query).first()
    return None if row is None else Found(*row)


def links_of(operation_id: int) -> list[ParticipationLink]:
    """Every link ever made for the operation's participations, oldest first."""
    query = (
        select(ParticipationLink)
        .join(Participation, Participation.id == ParticipationLink.participation_id)
        .where(Participation.operation_id == operation_id)
        .order_by(ParticipationLink.id)
    )
    return list(db.session.scalars(query))


def add_link(participation_id: int, by: int | None, ends_at: dt.datetime) -> ParticipationLink:
    added = ParticipationLink(
        participation_id=participation_id, created_at=utc_now(), created_by_id=by, ends_at=ends_at
    )
    db.session.add(added)
    db.session.flush()
    return added


def revoke_links(participation_id: int) -> int:
    """End the links of a participation that stand; how many."""
    now = utc_now()
    done = db.session.execute(
        update(ParticipationLink)
        .where(
            ParticipationLink.participation_id == participation_id,
            ParticipationLink.revoked_at.is_(None),
            ParticipationLink.ends_at > now,
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session="fetch")
    )
    return int(done.rowcount)


def note_opened(link_id: int) -> None:
    """The first time that the link was opened."""
    db.session.execute(
        update(ParticipationLink)
        .where(ParticipationLink.id == link_id, ParticipationLink.opened_at.is_(None))
        .values(opened_at=utc_now())
        .execution_options(synchronize_session="fetch")
    )


def note_answered(link_id: int) -> None:
    """The last time that the link was used to answer."""
    note_opened(link_id)
    db.session.execute(
        update(ParticipationLink)
        .where(ParticipationLink.id == link_id)
        .values(answered_at=utc_now())
        .execution_options(synchronize_session="fetch")
    )


# --- letters


def add_letter(
    link_id: int, by: int | None, *, kind: str, how: str, address: str, outcome: str, trouble: str = ""
) -> InvitationSent:
    """One letter. ``outcome``: queued until it is known, then sent or failed."""
    added = InvitationSent(
        link_id=link_id,
        kind=kind,
        how=how,
        address=address,
        at=utc_now(),
        by_id=by,
        outcome=outcome,
        trouble=trouble,
    )
    db.session.add(added)
    db.session.flush()
    return added


def settle_letter(letter_id: int, outcome: str, trouble: str = "") -> None:
    """What became of a queued letter, and when."""
    db.session.execute(
        update(InvitationSent)
        .where(InvitationSent.id == letter_id)
        .values(outcome=outcome, trouble=trouble, at=utc_now())
        .execution_options(synchronize_session="fetch")
    )


def letters_of(operation_id: int) -> list[tuple[int, InvitationSent]]:
    """``(participation id, letter)`` of every letter of the operation, oldest first."""
    query = (
        select(ParticipationLink.participation_id, InvitationSent)
        .join(ParticipationLink, ParticipationLink.id == InvitationSent.link_id)
        .join(Participation, Participation.id == ParticipationLink.participation_id)
        .where(Participation.operation_id == operation_id)
        .order_by(InvitationSent.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def status_history(operation_id: int) -> list[tuple[int, str, dt.datetime]]:
    """``(participation id, status, recorded at)`` of every version of the operation's participations, oldest first."""
    query = (
        select(ParticipationVersion.participation_id, ParticipationVersion.status, ParticipationVersion.recorded_at)
        .join(Participation, Participation.id == ParticipationVersion.participation_id)
        .where(Participation.operation_id == operation_id)
        .order_by(ParticipationVersion.participation_id, ParticipationVersion.version)
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]
