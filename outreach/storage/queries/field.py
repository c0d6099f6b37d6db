"""Where contacts are logged, a fresh contact, drafts. The path of a fresh contact is Core statements, made once.

Nothing here decides who may; nothing commits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from outreach.auth.actors import Target
from outreach.errors import NotFound
from outreach.vocab import OperationStatus, ParticipationStatus, ServiceKind

from ..case_keys import DRAFT, case_keys
from ..engine import changed, db, once_committed, running
from ..keys import Place
from ..prepared import Prepared, insert_columns
from ..tables import (
    Contact,
    ContactDraft,
    ContactVersion,
    Meeting,
    Operation,
    Participation,
    ParticipationVersion,
    Person,
    Service,
    SignOff,
    Team,
    TeamVersion,
)
from ..types import utc_now
from . import access

SUPPORT_KINDS = tuple(kind for kind in ServiceKind if kind.is_support)


# --- where a contact is logged ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LoggingPlace:
    """A team with everything that logging a contact for it needs to know, read in one statement.

    ``team_id`` is ``None`` where a service logs without a team. Window: the participation's, else the operation's.
    """

    team_id: int | None
    team_uid: str
    name: str
    area: str
    shift_starts_at: dt.datetime | None
    shift_ends_at: dt.datetime | None
    service_id: int
    partners: frozenset[int]
    participation_id: int
    operation_id: int
    operations: frozenset[int]
    root_id: int
    code: str
    time_zone: str
    day_starts_minutes: int
    status: str
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    open_for_entry: bool
    rehearsal: bool = False

    @property
    def target(self) -> Target:
        """The target of logging for this team: its lead service owns what is logged."""
        return Target(
            operation=self.operation_id,
            operations=self.operations,
            services=frozenset({self.service_id}) | self.partners,
            service=self.service_id,
            partners=self.partners,
            team=self.team_id,
            status=self.status,
            open_for_entry=self.open_for_entry,
        )


def _place_statement() -> Any:
    up = (
        select(Operation.id, Operation.parent_id)
        .join(Team, Team.operation_id == Operation.id)
        .where(Team.uid == bindparam("team_uid"))
        .cte("up", recursive=True)
    )
    up = up.union(select(Operation.id, Operation.parent_id).join(up, Operation.id == up.c.parent_id))
    signed = (
        select(SignOff.id)
        .where(SignOff.participation_id == Team.participation_id, SignOff.reopened_at.is_(None))
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            up.c.id,
            Team.id,
            Team.uid,
            TeamVersion.name,
            TeamVersion.area,
            TeamVersion.starts_at,
            TeamVersion.ends_at,
            Team.service_id,
            TeamVersion.partners,
            Team.participation_id,
            Team.operation_id,
            func.coalesce(Operation.root_id, Operation.id),
            Operation.code,
            Operation.time_zone,
            Operation.day_starts_minutes,
            Operation.status,
            func.coalesce(ParticipationVersion.starts_at, Operation.starts_at, type_=Operation.starts_at.type),
            func.coalesce(ParticipationVersion.ends_at, Operation.ends_at, type_=Operation.ends_at.type),
            Operation.entry_deadline_at,
            signed,
            Operation.is_rehearsal,
        )
        .select_from(Team)
        .join(TeamVersion, (TeamVersion.team_id == Team.id) & TeamVersion.superseded_at.is_(None))
        .join(Operation, Operation.id == Team.operation_id)
        .join(
            ParticipationVersion,
            (ParticipationVersion.participation_id == Team.participation_id)
            & ParticipationVersion.superseded_at.is_(None),
        )
        .join(up, true())
        .where(Team.uid == bindparam("team_uid"), TeamVersion.cancelled.is_(False))
    )


_PLACE = Prepared(_place_statement())


def logging_place(team_uid: str) -> LoggingPlace | None:
    """Where a contact of the team goes; ``None`` for a team that does not exist or was cancelled."""
    rows = _PLACE.all(running(), {"team_uid": team_uid})
    if not rows:
        return None
    first = rows[0]
    closed = first[15] in (OperationStatus.CLOSED, OperationStatus.ARCHIVED)
    late = first[18] is not None and utc_now() > first[18]
    return LoggingPlace(
        *first[1:8],
        frozenset(first[8] or ()),
        first[9],
        first[10],
        frozenset(row[0] for row in rows),
        *first[11:18],
        open_for_entry=not (closed or late or first[19] is not None),
        rehearsal=bool(first[20]),
    )


TAKING_ENTRIES = (OperationStatus.ACTIVE, OperationStatus.REPORTING)
SOON_OR_TAKING = (OperationStatus.PLANNED, *TAKING_ENTRIES)


def teams_to_log_for(
    team_ids: Iterable[int], service_ids: Iterable[int], statuses: Iterable[OperationStatus] = TAKING_ENTRIES
) -> list[LoggingPlace]:
    """Teams of operations that take entries: one's own, and those of services one coordinates. By shift, then name."""
    own, led = sorted(team_ids), sorted(service_ids)
    query = (
        select(Team.uid)
        .join(Operation, Operation.id == Team.operation_id)
        .where(
            Operation.status.in_(tuple(statuses)),
            Team.id.in_(own) | Team.service_id.in_(led),
        )
        .order_by(Team.id)
    )
    found = [logging_place(uid) for uid in db.session.scalars(query)]
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return sorted((p for p in found if p is not None), key=lambda p: (p.shift_starts_at or far, p.name, p.team_uid))


def place_of_service(operation: Operation, service_id: int, team_id: int | None = None) -> LoggingPlace:
    """Where a service's contacts stand, for a later version (the team may be cancelled since) or without a team."""
    query = (
        select(ParticipationVersion, Participation.id)
        .join(Participation, Participation.id == ParticipationVersion.participation_id)
        .where(
            Participation.operation_id == operation.id,
            Participation.service_id == service_id,
            ParticipationVersion.superseded_at.is_(None),
        )
    )
    version, participation_id = db.session.execute(query).one()
    return LoggingPlace(
        team_id=team_id,
        team_uid="",
        name="",
        area="",
        shift_starts_at=None,
        shift_ends_at=None,
        service_id=service_id,
        partners=frozenset(),
        participation_id=participation_id,
        operation_id=operation.id,
        operations=access.ancestors_of(operation.id),
        root_id=operation.root_id or operation.id,
        code=operation.code,
        time_zone=operation.time_zone,
        day_starts_minutes=operation.day_starts_minutes,
        status=operation.status,
        starts_at=version.starts_at or operation.starts_at,
        ends_at=version.ends_at or operation.ends_at,
        open_for_entry=True,
    )


def team_of(team_id: int | None) -> str:
    """The current name of the team, '' for none."""
    query = select(TeamVersion.name).where(TeamVersion.team_id == team_id, TeamVersion.superseded_at.is_(None))
    return db.session.scalar(query) or ""


def team_uid(team_id: int | None) -> str:
    return db.session.scalar(select(Team.uid).where(Team.id == team_id)) or ""


def team_names(operation_id: int, service_id: int) -> list[tuple[str, str]]:
    """``(uid, name)`` of the service's teams in the operation, by name; cancelled ones too, their contacts stay."""
    query = (
        select(Team.uid, TeamVersion.name)
        .join(TeamVersion, (TeamVersion.team_id == Team.id) & TeamVersion.superseded_at.is_(None))
        .where(Team.operation_id == operation_id, Team.service_id == service_id)
        .order_by(TeamVersion.name, Team.id)
    )
    return [(uid, name) for uid, name in db.session.execute(query)]


def service_name(service_id: int) -> str:
    return db.session.scalar(select(Service.name).where(Service.id == service_id)) or ""


def region_of(service_id: int) -> str:
    return db.session.scalar(select(Service.region).where(Service.id == service_id)) or ""


def agencies_for(operation_id: int, root_id: int) -> list[tuple[int, str]]:
    """``(id, name)`` of the confirmed support agencies of the tree, those of this very operation first."""
    query = (
        select(Service.id, Service.name)
        .join(Participation, Participation.service_id == Service.id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .join(Operation, Operation.id == Participation.operation_id)
        .where(
            func.coalesce(Operation.root_id, Operation.id) == root_id,
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status == ParticipationStatus.CONFIRMED.value,
            Service.kind.in_([kind.value for kind in SUPPORT_KINDS]),
        )
        .group_by(Service.id, Service.name)
        .order_by(Service.name, Service.id)
    )
    near = set(db.session.scalars(select(Participation.service_id).where(Participation.operation_id == operation_id)))
    rows = [(row[0], row[1]) for row in db.session.execute(query)]
    return sorted(rows, key=lambda row: row[0] not in near)  # stable: by name within


# --- a fresh contact: the hot path ------------------------------------------------------------------------------------

_CONTACT, _VERSION, _PERSON, _MEETING = (t.__table__ for t in (Contact, ContactVersion, Person, Meeting))


def _insert_contact(dialect: str) -> Any:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return make(_CONTACT).on_conflict_do_nothing(index_elements=["uid"]).returning(_CONTACT.c.id)


_ADD_CONTACT = Prepared(_insert_contact, insert_columns(_CONTACT))
_ADD_VERSION = Prepared(insert(_VERSION).returning(_VERSION.c.id), insert_columns(_VERSION))
_ADD_PERSON = Prepared(insert(_PERSON).returning(_PERSON.c.id), insert_columns(_PERSON))
_ADD_MEETING = Prepared(insert(_MEETING), insert_columns(_MEETING))
_OWN_KEY = Prepared(update(_PERSON).where(_PERSON.c.id == bindparam("person")).values(join_key=bindparam("person")))
_SAME_CODE = Prepared(
    select(_PERSON.c.join_key, _PERSON.c.claimed)
    .where(_PERSON.c.root_id == bindparam("root"), _PERSON.c.code_mark == bindparam("mark"))
    .order_by(_PERSON.c.id)
)
_COUNT_CHANGE = Prepared(
    update(Operation.__table__)
    .where(Operation.id == bindparam("operation"))
    .values(changes=Operation.__table__.c.changes + 1)
    .returning(Operation.__table__.c.status)
)


def add_contact(values: dict[str, Any]) -> int | None:
    """Id of the new contact; ``None`` when its UUID is taken (the constraint decides between parallel writers).

    Raises ``NotFound`` when its team went meanwhile with its operation: a rehearsal is removed while phones send.
    """
    try:
        row = _ADD_CONTACT.run(running(), values).fetchone()
    except IntegrityError as error:
        raise NotFound() from error
    return None if row is None else int(row[0])


def add_version(values: dict[str, Any]) -> int:
    return int(_ADD_VERSION.run(running(), values).fetchone()[0])


class NewPerson(NamedTuple):
    """A person to be recorded, with her code marked and sealed when she has one; see ``Person``."""

    uid: str
    mark: str | None = None
    sealed: bytes | None = None
    claimed: bool = False


def add_person(new: NewPerson, root_id: int, *, same_card: bool = False) -> tuple[int, int]:
    """A person row; gives its id and the key it joins under (see ``Person.join_key``).

    A code issued twice is two persons, the later one flagged. ``same_card`` says that the earlier issue is the very
    card in hand (the same contact sent twice with other content): then it joins.
    """
    connection = running()
    key, conflict = None, False
    if new.mark is not None:
        same = _SAME_CODE.run(connection, {"root": root_id, "mark": new.mark}).fetchall()
        conflict = not new.claimed and not same_card and any(not was_claimed for _, was_claimed in same)
        key = same[0][0] if same and not conflict else None
    values = {
        "uid": new.uid,
        "root_id": root_id,
        "join_key": key,
        "code_mark": new.mark,
        "code_sealed": new.sealed,
        "claimed": new.claimed,
        "code_conflict": conflict,
    }
    person = int(_ADD_PERSON.run(connection, values).fetchone()[0])
    if key is None:
        _OWN_KEY.run(connection, {"person": person})
    return person, key or person


def add_meetings(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        _ADD_MEETING.run(running(), row)


def count_change(operation_ids: frozenset[int], own: int, service_id: int) -> str:
    """What ``operations.note_change`` does, where the operations above are known already. Always in one order.

    Gives the status of the operation ``own`` as it stands in this write; the change is one of ``service_id``.
    """
    changed(own, service_id)
    connection = running()
    statuses = {one: _COUNT_CHANGE.run(connection, {"operation": one}).fetchone()[0] for one in sorted(operation_ids)}
    return str(statuses[own])


@dataclass(frozen=True)
class Stored:
    """What the server holds under a UUID."""

    id: int
    uid: str
    content_hash: str
    created_at: dt.datetime


def stored(uid: str) -> Stored | None:
    """The contact that has taken the UUID, if one has."""
    query = select(Contact.id, Contact.uid, Contact.content_hash, Contact.created_at).where(Contact.uid == uid)
    row = db.session.connection().execute(query).one_or_none()
    return None if row is None else Stored(*row)


# --- where sealed texts stand --------------------------------------------------------------------------------------


def note_place(contact_uid: str, service_id: int, operation_id: int) -> Place:
    """Where the sealed note of a contact stands (one key a service and operation; a version moves with its contact)."""
    return Place("contact_version", "note_sealed", contact_uid, service_id, operation_id)


def code_place(person_uid: str, root_id: int) -> Place:
    """Where a sealed person code stands. Codes belong to the tree, not to a service."""
    return Place("person", "code_sealed", person_uid, None, root_id)


# --- drafts -----------------------------------------------------------------------------------------------------------


def draft(uid: str) -> ContactDraft | None:
    return db.session.get(ContactDraft, uid)


def drafts_of(user_id: int) -> list[ContactDraft]:
    """Contacts the user began and has not saved, the latest first."""
    query = select(ContactDraft).where(ContactDraft.user_id == user_id)
    return list(db.session.scalars(query.order_by(ContactDraft.started_at.desc(), ContactDraft.uid)))


def add_draft(row: ContactDraft) -> None:
    db.session.add(row)
    db.session.flush()


_DROP_DRAFT = Prepared(
    delete(ContactDraft.__table__).where(
        ContactDraft.uid == bindparam("draft_uid"), ContactDraft.user_id == bindparam("user")
    )
)


def drop_draft(uid: str, user_id: int) -> None:
    """The answers are gone; the key of a safe way among them goes once that is committed."""
    _DROP_DRAFT.run(running(), {"draft_uid": uid, "user": user_id})
    if case_keys().holds(uid, DRAFT):
        once_committed(lambda: case_keys().destroy([uid], DRAFT))


def drop_old_drafts(user_id: int, before: dt.datetime) -> None:
    """Answers that were never saved are not kept for ever."""
    old = select(ContactDraft.uid).where(ContactDraft.user_id == user_id, ContactDraft.started_at < before)
    for uid in list(db.session.scalars(old)):
        drop_draft(uid, user_id)


def draft_place(uid: str, user_id: int, operation_id: int) -> Place:
    return Place("contact_draft", "answers_sealed", f"{uid}/{user_id}", None, operation_id)
