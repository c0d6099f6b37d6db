"""Cards read out by radio: which were entered, and which records of phones they stand for. Nothing here decides."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update

from outreach.vocab import SealedKind

from ..engine import db, running
from ..prepared import Prepared
from ..tables import Contact, ContactVersion, RadioCard, SealedRecord, Team


class Card(NamedTuple):
    """A card that was entered: the contact that it made, and the record of a phone that has become part of it."""

    id: int
    contact_uid: str
    entered_at: dt.datetime
    merged_uid: str | None


_CARDS = Prepared(
    select(RadioCard.id, RadioCard.contact_uid, RadioCard.entered_at, RadioCard.merged_uid)
    .where(
        RadioCard.operation_id == bindparam("operation"),
        RadioCard.team_id == bindparam("team"),
        RadioCard.mark == bindparam("mark"),
    )
    .order_by(RadioCard.id)
)


def hold_team(team_id: int) -> None:
    """Let no other write of this team store a card or a record until this one ends.

    SQLite has one writer as it is. The weakest lock of PostgreSQL that keeps two of its kind apart: whoever logs for
    the team without cards is not kept waiting.
    """
    connection = running()
    if connection.dialect.name != "sqlite":
        connection.execute(select(Team.id).where(Team.id == team_id).with_for_update(key_share=True))


def cards_with(operation_id: int, team_id: int, mark: int) -> list[Card]:
    """The team's cards with that mark, the oldest first. On the path of every record that arrives."""
    values = {"operation": operation_id, "team": team_id, "mark": mark}
    return [Card(*row) for row in _CARDS.all(running(), values)]


def add_card(values: dict[str, Any]) -> None:
    db.session.add(RadioCard(**values))
    db.session.flush()


def merged(card_id: int, record_uid: str, now: dt.datetime) -> None:
    """The record of the phone has become part of the card's contact."""
    db.session.execute(
        update(RadioCard)
        .where(RadioCard.id == card_id)
        .values(merged_uid=record_uid, merged_at=now)
        .execution_options(synchronize_session=False)
    )


def adopt(contact_id: int, officer_id: int | None, content_hash: str) -> None:
    """The contact is the officer's own from now on, and a repeat of her record is known by its content."""
    db.session.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(created_by_id=officer_id, content_hash=content_hash)
        .execution_options(synchronize_session=False)
    )


# --- what has arrived already -----------------------------------------------------------------------------------------


class Arrived(NamedTuple):
    """A contact that did not come from a card, with its first version: what the phone said."""

    contact: Contact
    first: ContactVersion


def arrived_with(team_id: int, ending: str) -> list[Arrived]:
    """The team's contacts whose UUID ends so, those that cards made left out."""
    made = select(RadioCard.contact_uid).where(RadioCard.team_id == team_id)
    query = (
        select(Contact, ContactVersion)
        .join(ContactVersion, (ContactVersion.contact_id == Contact.id) & (ContactVersion.version == 1))
        .where(Contact.team_id == team_id, Contact.uid.endswith(ending), Contact.uid.not_in(made))
        .order_by(Contact.id)
    )
    return [Arrived(*row) for row in db.session.execute(query)]


class Waits(NamedTuple):
    """A sealed record that is not a contact, at least not yet."""

    state: str
    reason: str
    received_at: dt.datetime


def sealed_with(team_id: int, ending: str) -> list[Waits]:
    """The team's sealed contacts without a contact whose UUID ends so."""
    query = (
        select(SealedRecord.state, SealedRecord.reason, SealedRecord.received_at)
        .where(
            SealedRecord.team_id == team_id,
            SealedRecord.uid.endswith(ending),
            SealedRecord.kind == SealedKind.CONTACT.value,
            SealedRecord.contact_uid.is_(None),
        )
        .order_by(SealedRecord.id)
    )
    return [Waits(*row) for row in db.session.execute(query)]


class Stands(NamedTuple):
    """When the card of a contact was entered, and when the phone's record became part of it."""

    entered_at: dt.datetime
    merged_at: dt.datetime | None


def card_of_contact(contact_uid: str) -> Stands | None:
    """``None`` for a contact that no card made."""
    query = select(RadioCard.entered_at, RadioCard.merged_at).where(RadioCard.contact_uid == contact_uid)
    row = db.session.execute(query).one_or_none()
    return None if row is None else Stands(*row)
