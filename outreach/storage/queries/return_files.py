"""Return workbooks that came back: storing and settling one, the rows that were taken before, and what stands of them.

Lists of files are in ``drops``, the workbooks that were handed out in ``return_issues``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, func, select, update

from outreach.vocab import ReturnState

from ..engine import db
from ..keys import Place
from ..tables import (
    Accused,
    AccusedVersion,
    Charge,
    Contact,
    ContactVersion,
    Meeting,
    Operation,
    Participation,
    Person,
    ReturnFile,
    ReturnIssue,
    ReturnLink,
    ReturnRow,
    Service,
)
from . import access
from .contacts import ContactRecord

UNDECIDED = (ReturnState.WAITING.value, ReturnState.READY.value, ReturnState.FAULTY.value)
DECIDABLE = (ReturnState.READY.value, ReturnState.FAULTY.value)


# --- files ------------------------------------------------------------------------------------------------------------


def add(file: ReturnFile) -> ReturnFile:
    db.session.add(file)
    db.session.flush()
    return file


def by_uid(uid: str) -> ReturnFile | None:
    return db.session.scalar(select(ReturnFile).where(ReturnFile.uid == uid))


def fresh(file_id: int) -> ReturnFile:
    """The file as it stands in the running transaction; on PostgreSQL nobody else settles it until this one ends."""
    query = select(ReturnFile).where(ReturnFile.id == file_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def same_bytes(operation_id: int, hashed: str, participation_id: int | None) -> ReturnFile | None:
    """The newest file of these bytes that is taken or not decided about; of one service where it is named."""
    query = select(ReturnFile).where(
        ReturnFile.operation_id == operation_id,
        ReturnFile.hash == hashed,
        ReturnFile.state.in_((*UNDECIDED, ReturnState.TAKEN.value)),
    )
    if participation_id is not None:
        query = query.where(ReturnFile.participation_id == participation_id)
    return db.session.scalars(query.order_by(ReturnFile.id.desc()).limit(1)).first()


def sent_with(link_id: int, since: dt.datetime) -> int:
    """How many files were sent with a link since then."""
    query = select(func.count()).where(ReturnFile.link_id == link_id, ReturnFile.received_at > since)
    return db.session.scalar(query) or 0


def settle(file: ReturnFile, frm: Iterable[str], **values: Any) -> bool:
    """Write what became of the file; False when somebody else was first."""
    done = db.session.execute(
        update(ReturnFile)
        .where(ReturnFile.id == file.id, ReturnFile.state.in_(tuple(frm)))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(file)
    return bool(done.rowcount == 1)


def newest_taken(participation_id: int) -> tuple[int, dt.datetime] | None:
    """The highest issue of which a file was taken, and when the last of it was."""
    query = (
        select(ReturnFile.issue, func.max(ReturnFile.decided_at, type_=ReturnFile.decided_at.type))
        .where(ReturnFile.participation_id == participation_id, ReturnFile.state == ReturnState.TAKEN.value)
        .group_by(ReturnFile.issue)
        .order_by(ReturnFile.issue.desc())
        .limit(1)
    )
    row = db.session.execute(query).first()
    return None if row is None or row[0] is None else (row[0], row[1])


def forget_partly_taken(participation_id: int) -> None:
    """What was kept for the answer to a file that was taken in part; a later one has been taken."""
    db.session.execute(
        update(ReturnFile)
        .where(ReturnFile.participation_id == participation_id, ReturnFile.state == ReturnState.TAKEN.value)
        .values(read=None)
        .execution_options(synchronize_session=False)
    )


def forget_old(before: dt.datetime, now: dt.datetime) -> int:
    """Erase what files older than ``before`` said; those that nobody decided about count as left. How many."""
    old = ReturnFile.received_at < before
    held = ReturnFile.content.is_not(None) | ReturnFile.read.is_not(None)
    left = update(ReturnFile).where(old, ReturnFile.state.in_(UNDECIDED))
    left = left.values(state=ReturnState.LEFT.value, decided_at=now, asked_by_id=None)
    db.session.execute(left.execution_options(synchronize_session=False))
    gone = update(ReturnFile).where(old, held).values(content=None, read=None)
    return int(db.session.execute(gone.execution_options(synchronize_session=False)).rowcount)


def any_old(before: dt.datetime) -> bool:
    held = ReturnFile.content.is_not(None) | ReturnFile.read.is_not(None)
    return db.session.scalar(select(ReturnFile.id).where(ReturnFile.received_at < before, held).limit(1)) is not None


def content_place(file: ReturnFile, service_id: int | None) -> Place:
    """Where the sealed bytes stand: under the key of the service whose door they came through."""
    return Place("return_file", "content", file.uid, service_id, file.operation_id)


def read_place(file: ReturnFile, service_id: int) -> Place:
    return Place("return_file", "read", file.uid, service_id, file.operation_id)


# --- whose it is ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Whose:
    """The operation, participation and service of a file."""

    operation: Operation
    participation: Participation
    service: Service


def whose(participation_id: int) -> Whose:
    query = (
        select(Operation, Participation, Service)
        .join(Participation, Participation.operation_id == Operation.id)
        .join(Service, Service.id == Participation.service_id)
        .where(Participation.id == participation_id)
    )
    return Whose(*db.session.execute(query).one())


def service_of(participation_id: int | None) -> int | None:
    return db.session.scalar(select(Participation.service_id).where(Participation.id == participation_id))


def note_taken(issue: ReturnIssue, typed: dict[str, str]) -> None:
    """What the last file of the issue said in the cells of totals."""
    issue.taken = dict(typed)
    db.session.flush()


# --- rows that were taken before --------------------------------------------------------------------------------------


def rows_of(participation_id: int, sheet: str) -> dict[str, ReturnRow]:
    """Row id → what it stands for."""
    query = select(ReturnRow).where(ReturnRow.participation_id == participation_id, ReturnRow.sheet == sheet)
    return {row.row_id: row for row in db.session.scalars(query.order_by(ReturnRow.id))}


def add_rows(rows: Iterable[ReturnRow]) -> None:
    db.session.add_all(rows)
    db.session.flush()


def drop_rows(rows: Iterable[ReturnRow]) -> None:
    ids = [row.id for row in rows]
    for first in range(0, len(ids), 500):
        db.session.execute(
            delete(ReturnRow)
            .where(ReturnRow.id.in_(ids[first : first + 500]))
            .execution_options(synchronize_session="fetch")
        )


@dataclass(frozen=True)
class Stands:
    """The version of a record that stands now, without what it says."""

    version: int
    recorded_at: dt.datetime
    withdrawn: bool


def contacts_now(participation_id: int) -> dict[str, Stands]:
    """UUID → the version that stands, of every contact that a return of the service stands for."""
    query = (
        select(Contact.uid, ContactVersion.version, ContactVersion.recorded_at, ContactVersion.withdrawn)
        .join(ContactVersion, ContactVersion.contact_id == Contact.id)
        .join(ReturnRow, ReturnRow.target_uid == Contact.uid)
        .where(
            ReturnRow.participation_id == participation_id,
            ReturnRow.sheet == "contacts",
            ContactVersion.superseded_at.is_(None),
        )
        .distinct()
    )
    return {uid: Stands(*said) for uid, *said in db.session.execute(query)}


def records_beside(participation_id: int) -> bool:
    """Whether contacts or accused of the service stand that came otherwise than by a return."""
    by_return = select(ReturnRow.target_uid).where(ReturnRow.participation_id == participation_id)
    contacts = (
        select(Contact.id)
        .join(ContactVersion, ContactVersion.contact_id == Contact.id)
        .where(
            Contact.participation_id == participation_id,
            ContactVersion.superseded_at.is_(None),
            ContactVersion.withdrawn.is_(False),
            Contact.uid.not_in(by_return.where(ReturnRow.sheet == "contacts")),
        )
    )
    accused = (
        select(Accused.id)
        .join(AccusedVersion, AccusedVersion.accused_id == Accused.id)
        .where(
            Accused.participation_id == participation_id,
            AccusedVersion.superseded_at.is_(None),
            AccusedVersion.withdrawn.is_(False),
            Accused.id.not_in(
                select(ReturnRow.person_id).where(
                    ReturnRow.participation_id == participation_id,
                    ReturnRow.sheet == "charges",
                    ReturnRow.person_id.is_not(None),
                )
            ),
        )
    )
    return any(db.session.scalar(found.limit(1)) is not None for found in (contacts, accused))


def records_of(operation: Operation, service_id: int, uids: Iterable[str]) -> dict[str, ContactRecord]:
    """The contacts of one service under these UUIDs, as ``contacts.contact_record`` gives one; they have no team."""
    target, wanted = access.service_target(operation, service_id), sorted(uids)
    found: dict[str, ContactRecord] = {}
    for first in range(0, len(wanted), 500):
        query = (
            select(Contact, ContactVersion)
            .join(ContactVersion, ContactVersion.contact_id == Contact.id)
            .where(
                Contact.uid.in_(wanted[first : first + 500]),
                Contact.service_id == service_id,
                Contact.operation_id == operation.id,
                ContactVersion.superseded_at.is_(None),
            )
        )
        stand = [tuple(row) for row in db.session.execute(query)]
        met = _meetings([version.id for _, version in stand])
        for contact, version in stand:
            owned = replace(target, owner=contact.created_by_id)
            found[contact.uid] = ContactRecord(contact, operation, version, met.get(version.id, []), owned)
    return found


def _meetings(versions: list[int]) -> dict[int, list[tuple[Meeting, Person]]]:
    query = (
        select(Meeting, Person)
        .join(Person, Person.id == Meeting.person_id)
        .where(Meeting.contact_version_id.in_(versions))
        .order_by(Meeting.contact_version_id, Meeting.position)
    )
    found: dict[int, list[tuple[Meeting, Person]]] = {}
    for meeting, person in db.session.execute(query):
        found.setdefault(meeting.contact_version_id, []).append((meeting, person))
    return found


def known_contacts(uids: Iterable[str]) -> set[str]:
    """Which of these UUIDs are taken."""
    wanted, found = list(uids), set()
    for first in range(0, len(wanted), 500):
        query = select(Contact.uid).where(Contact.uid.in_(wanted[first : first + 500]))
        found |= set(db.session.scalars(query))
    return found


def charge_by_uid(uid: str) -> Charge | None:
    return db.session.scalar(select(Charge).where(Charge.uid == uid)) if uid else None


def link(link_id: int | None) -> ReturnLink | None:
    return None if link_id is None else db.session.get(ReturnLink, link_id)
