"""Who waits for which agency since when, in whose hands, and whose accounts could do something about it.

Lists give one page of rows with all that the page shows; numbers are counted by the database. Who may see what is for
the caller, who says so with ``Reach``. Of what is sealed only codes are opened, of the
rows that are shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select
from sqlalchemy.orm import aliased

from outreach.vocab import Consent, ReferralState, Role

from ..engine import db
from ..keys import site_keys
from ..tables import (
    Grant,
    Operation,
    Person,
    Referral,
    ReferralAlert,
    ReferralConsent,
    ReferralVersion,
    SafeContact,
    Service,
    User,
)
from ..types import Instant
from . import consents
from .consents import own_code_place
from .field import SUPPORT_KINDS, agencies_for, code_place

IN_HAND = (ReferralState.RECEIVED.value, ReferralState.REACHED.value, ReferralState.ENGAGED.value)
OPEN = (ReferralState.MADE.value, *IN_HAND)
ENDED = tuple(state.value for state in ReferralState if state.value not in OPEN)

_V = ReferralVersion
SINCE: ColumnElement[dt.datetime] = case(
    (_V.state == ReferralState.MADE.value, func.coalesce(_V.owed_at, _V.recorded_at)),
    else_=_V.recorded_at,
)
"""Since when somebody owes the next step: what was picked up owes it since it last moved."""


@dataclass(frozen=True)
class Reach:
    """Referrals of one agency (``None``: of none) that somebody works with; ``operations``: ids, ``None`` for all.

    A referral without an operation belongs to every reach of its agency.
    """

    agency: int | None
    operations: frozenset[int] | None = None


def within(reaches: Iterable[Reach]) -> ColumnElement[bool]:
    """Current versions in reach."""
    ways = []
    for reach in reaches:
        way = _V.agency_id == reach.agency
        if reach.operations is not None:
            inside = or_(Referral.operation_id.is_(None), Referral.operation_id.in_(sorted(reach.operations)))
            way = and_(way, inside)
        ways.append(way)
    return and_(_V.superseded_at.is_(None), or_(false(), *ways))


def of_operations(operation_ids: Collection[int], *, direct: bool = False) -> ColumnElement[bool]:
    """Current versions of the operations; ``direct``: also of those without one."""
    inside = Referral.operation_id.in_(sorted(operation_ids))
    return and_(_V.superseded_at.is_(None), or_(inside, Referral.operation_id.is_(None)) if direct else inside)


def everything() -> ColumnElement[bool]:
    return _V.superseded_at.is_(None)


# --- who could act ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """One role of an account that works. ``operation``: bound to it, ``None`` for all of them."""

    user: int
    name: str
    email: str
    language: str
    role: str
    service: int | None
    operation: int | None


def working_accounts(roles: Collection[Role], services: Collection[int] | None = None) -> list[Account]:
    """Roles of accounts that are not disabled; with ``services`` only those bound to one of them. By name."""
    query = (
        select(User.id, User.name, User.email, User.language, Grant.role, Grant.service_id, Grant.operation_id)
        .join(Grant, Grant.user_id == User.id)
        .where(User.active.is_(True), Grant.role.in_([role.value for role in roles]))
        .order_by(User.name, User.id, Grant.id)
    )
    if services is not None:
        query = query.where(Grant.service_id.in_(sorted(services)))
    return [Account(*row) for row in db.session.execute(query)]


@dataclass(frozen=True)
class OperationFacts:
    """What a wait needs to know of its operation. ``above``: itself and every operation above it."""

    id: int
    code: str
    above: frozenset[int]
    urgent_minutes: int
    minutes: int
    quiet: bool


def operation_facts() -> dict[int, OperationFacts]:
    """Every operation by id. ``quiet``: a rehearsal or a sample, of which no letter goes out."""
    rows = list(
        db.session.execute(
            select(
                Operation.id,
                Operation.code,
                Operation.parent_id,
                Operation.urgent_limit_minutes,
                Operation.limit_minutes,
                or_(Operation.is_rehearsal, Operation.is_sample),
            )
        )
    )
    parents = {row[0]: row[2] for row in rows}

    def above(operation: int | None) -> frozenset[int]:
        found: set[int] = set()
        while operation is not None and operation not in found:
            found.add(operation)
            operation = parents.get(operation)
        return frozenset(found)

    return {row[0]: OperationFacts(row[0], row[1], above(row[0]), row[3], row[4], bool(row[5])) for row in rows}


# --- numbers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """Open referrals that stand alike: how many, since when the longest, and how many passed each step of time."""

    agency: int | None
    operation: int | None
    state: str
    liaison: int | None
    number: int
    since: dt.datetime
    passed: tuple[int, ...]


Cutoffs = Mapping[int | None, tuple[tuple[dt.datetime, dt.datetime], ...]]
"""Operation id (``None``: those without one, and any that is not named) → for each step ``(urgent, other)``."""


def groups(condition: ColumnElement[bool], cutoffs: Cutoffs) -> list[Group]:
    """Open referrals counted by agency, operation, state and liaison, and by how long they wait."""
    passed = [func.sum(case((_cutoff(cutoffs, step) >= SINCE, 1), else_=0)) for step in range(len(cutoffs[None]))]
    where = (_V.agency_id, Referral.operation_id, _V.state, _V.liaison_id)
    query = (
        select(*where, func.count(), func.min(SINCE, type_=Instant), *passed)
        .join(Referral, Referral.id == _V.referral_id)
        .where(condition, _V.state.in_(OPEN))
        .group_by(*where)
    )
    return [Group(*row[:6], passed=tuple(int(n) for n in row[6:])) for row in db.session.execute(query)]


def _cutoff(cutoffs: Cutoffs, step: int) -> ColumnElement[dt.datetime]:
    usual = cutoffs[None][step]
    unusual: dict[tuple[dt.datetime, dt.datetime], list[int]] = {}
    for operation, steps in cutoffs.items():
        if operation is not None and steps[step] != usual:
            unusual.setdefault(steps[step], []).append(operation)
    ways: list[Any] = []
    for (urgent, other), operations in unusual.items():
        theirs = Referral.operation_id.in_(operations)
        ways += [(and_(theirs, _V.urgent), _at(urgent)), (theirs, _at(other))]
    return case(*ways, (_V.urgent, _at(usual[0])), else_=_at(usual[1]))


def _at(moment: dt.datetime) -> Any:
    return literal(moment, Instant)


# --- lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wait:
    """What the rules ask of one open referral, and nothing about the person."""

    referral: int
    version_id: int
    uid: str
    operation: int | None
    agency: int | None
    liaison: int | None
    state: str
    urgent: bool
    since: dt.datetime


_WAIT = (_V.referral_id, _V.id, Referral.uid, Referral.operation_id, _V.agency_id, _V.liaison_id, _V.state, _V.urgent)


Hold = tuple[int | None, int | None, int | None]
"""``(agency, operation, liaison)`` of referrals that are in somebody's hands."""


def held(holds: Collection[Hold]) -> ColumnElement[bool]:
    """In hand, and so held."""
    pairs = ((_V.agency_id, 0), (Referral.operation_id, 1), (_V.liaison_id, 2))
    ways = [
        and_(*(column.is_(None) if hold[n] is None else column == hold[n] for column, n in pairs)) for hold in holds
    ]
    return and_(_V.state.in_(IN_HAND), or_(false(), *ways))


def unowned(condition: ColumnElement[bool], left: Collection[Hold] = ()) -> list[Wait]:
    """What nobody has picked up, and what is in hands that ``left``; the longest first."""
    query = (
        select(*_WAIT, SINCE)
        .join(Referral, Referral.id == _V.referral_id)
        .where(condition, or_(_V.state == ReferralState.MADE.value, held(left)))
        .order_by(SINCE, _V.referral_id)
    )
    return [Wait(*row) for row in db.session.execute(query)]


@dataclass(frozen=True)
class Line:
    """One referral as a list shows it; ``code`` in clear, '' when none is kept.

    ``way``: kept, gone, or '' where none was given. ``operation``: its code, '' without one; ``zone``: its time zone.
    """

    id: int
    uid: str
    version: int
    code: str
    state: str
    urgent: bool
    reach_by: str
    since: dt.datetime
    made_at: dt.datetime
    agency_id: int | None
    agency: str
    operation_id: int | None
    operation: str
    zone: str
    rehearsal: bool
    origin: str
    service: str
    liaison_id: int | None
    liaison: str
    way: str
    details: dict[str, Any]


WAITING, MINE, OTHERS, LEFT, OVER = "waiting", "mine", "others", "left", "over"


def _part(part: str, me: int | None, left: Collection[Hold]) -> ColumnElement[bool]:
    if part == WAITING:
        return _V.state == ReferralState.MADE.value
    if part == MINE:
        return and_(_V.state.in_(IN_HAND), _V.liaison_id == me)
    if part == LEFT:
        return held(left)
    if part == OTHERS:
        return and_(_V.state.in_(IN_HAND), or_(_V.liaison_id.is_(None), _V.liaison_id != (me or 0)), ~held(left))
    return _V.state.in_(ENDED)


def page(
    condition: ColumnElement[bool],
    part: str,
    *,
    limit: int,
    offset: int = 0,
    me: int | None = None,
    left: Collection[Hold] = (),
) -> list[Line]:
    """One page of a part of the list: those that wait urgent first, then the longest; ended ones the newest first.

    ``part``: waiting, mine (in the hands of ``me``), others, left (in hands that can do nothing more), over.
    """
    query = _picked(condition).where(_part(part, me, left))
    if part == OVER:
        query = query.order_by(_V.recorded_at.desc(), _V.referral_id.desc())
    elif part == WAITING:
        query = query.order_by(_V.urgent.desc(), _V.owed_at, _V.referral_id)
    else:
        query = query.order_by(_V.urgent.desc(), _V.recorded_at, _V.referral_id)
    return lines(db.session.scalars(query.limit(limit).offset(offset)))


def _picked(condition: ColumnElement[bool]) -> Select[Any]:
    return select(_V.id).join(Referral, Referral.id == _V.referral_id).where(condition)


def ended(condition: ColumnElement[bool]) -> int:
    """How many are over."""
    query = select(func.count()).select_from(_V).join(Referral, Referral.id == _V.referral_id)
    return int(db.session.scalar(query.where(condition, _V.state.in_(ENDED))) or 0)


def lines(version_ids: Iterable[int]) -> list[Line]:
    """The versions as lists show them, in the order asked for, in one question; the codes of their persons opened."""
    ids = list(version_ids)
    agency, liaison = aliased(Service), aliased(User)
    query = (
        select(
            _V.id,
            Referral.id.label("referral"),
            Referral.uid,
            Referral.origin,
            Referral.operation_id,
            Referral.service_id,
            Referral.made_at,
            Referral.code_sealed.label("own_sealed"),
            _V.version,
            _V.state,
            _V.urgent,
            _V.reach_by,
            SINCE.label("since"),
            _V.agency_id,
            _V.liaison_id,
            _V.details,
            func.coalesce(agency.name, "").label("agency"),
            Service.name.label("service"),
            func.coalesce(Operation.code, "").label("operation"),
            func.coalesce(Operation.time_zone, "").label("zone"),
            func.coalesce(Operation.is_rehearsal, False).label("rehearsal"),
            func.coalesce(liaison.name, "").label("liaison"),
            Person.uid.label("person"),
            Person.root_id.label("root"),
            Person.code_sealed.label("sealed"),
            SafeContact.destroyed_at,
            SafeContact.given_at,
        )
        .join(Referral, Referral.id == _V.referral_id)
        .join(Service, Service.id == Referral.service_id)
        .outerjoin(agency, agency.id == _V.agency_id)
        .outerjoin(Operation, Operation.id == Referral.operation_id)
        .outerjoin(liaison, liaison.id == _V.liaison_id)
        .outerjoin(Person, Person.id == Referral.person_id)
        .outerjoin(SafeContact, SafeContact.referral_id == Referral.id)
        .where(_V.id.in_(ids))
    )
    found = {row.id: _line(row) for row in db.session.execute(query)}
    return [found[one] for one in ids if one in found]


def _line(row: Any) -> Line:
    return Line(
        id=row.referral,
        uid=row.uid,
        version=row.version,
        code=_code(row),
        state=row.state,
        urgent=row.urgent,
        reach_by=row.reach_by,
        since=row.since,
        made_at=row.made_at,
        agency_id=row.agency_id,
        agency=row.agency,
        operation_id=row.operation_id,
        operation=row.operation,
        zone=row.zone,
        rehearsal=bool(row.rehearsal),
        origin=row.origin,
        service=row.service,
        liaison_id=row.liaison_id,
        liaison=row.liaison,
        way="" if row.given_at is None else "gone" if row.destroyed_at is not None else "kept",
        details=row.details or {},
    )


def _code(row: Any) -> str:
    """As ``consents.code_of``, from what the list has read already."""
    if row.own_sealed is not None:
        place = own_code_place(SimpleNamespace(uid=row.uid, service_id=row.service_id))  # type: ignore[arg-type]
        return site_keys().open(bytes(row.own_sealed), place)
    if row.sealed is None:
        return ""
    return site_keys().open(bytes(row.sealed), code_place(row.person, row.root))


# --- finding one ------------------------------------------------------------------------------------------------------


def found_by_mark(condition: ColumnElement[bool], marks: Mapping[int, str]) -> list[Line]:
    """Referrals in reach of the person whose code has these marks (root operation → mark), the newest first."""
    ways = [and_(Person.root_id == root, Person.code_mark == mark) for root, mark in marks.items()]
    query = (
        _picked(condition)
        .join(Person, Person.id == Referral.person_id)
        .where(or_(false(), *ways))
        .order_by(Referral.made_at.desc(), Referral.id.desc())
    )
    return lines(db.session.scalars(query))


def roots_in_reach(condition: ColumnElement[bool]) -> list[int]:
    """Roots of the trees that persons of these referrals belong to."""
    query = (
        select(Person.root_id)
        .join(Referral, Referral.person_id == Person.id)
        .join(_V, _V.referral_id == Referral.id)
        .where(condition)
        .distinct()
    )
    return sorted(db.session.scalars(query))


def with_own_code(condition: ColumnElement[bool]) -> list[Line]:
    """Referrals in reach that carry the agency's own code, the newest first: they can only be read to be found."""
    query = _picked(condition).where(Referral.code_sealed.is_not(None)).order_by(Referral.made_at.desc(), Referral.id)
    return lines(db.session.scalars(query))


def lines_of(referral_ids: Iterable[int]) -> list[Line]:
    """These referrals as they stand, in the order in which they were made."""
    query = select(_V.id).where(_V.superseded_at.is_(None), _V.referral_id.in_(sorted(set(referral_ids))))
    return lines(db.session.scalars(query.order_by(_V.referral_id)))


# --- accounts ---------------------------------------------------------------------------------------------------------


def open_in_hand(user_id: int) -> int:
    """How many referrals this account has picked up that are not over."""
    query = select(func.count()).where(_V.liaison_id == user_id, _V.superseded_at.is_(None), _V.state.in_(IN_HAND))
    return int(db.session.scalar(query) or 0)


# --- letters ----------------------------------------------------------------------------------------------------------


def told(referral_ids: Collection[int]) -> set[tuple[int, int, dt.datetime]]:
    """Of which letters went out: ``(referral, level, since)``."""
    query = select(ReferralAlert.referral_id, ReferralAlert.level, ReferralAlert.owed_at)
    return {tuple(row) for row in db.session.execute(query.where(ReferralAlert.referral_id.in_(referral_ids)))}


def note_told(keys: Iterable[tuple[int, int, dt.datetime]], now: dt.datetime) -> None:
    """Letters about these went out. A row that is there already stays as it is."""
    wanted = set(keys)
    fresh = wanted - told({referral for referral, _, _ in wanted})
    db.session.add_all(
        ReferralAlert(referral_id=referral, level=level, owed_at=since, told_at=now)
        for referral, level, since in sorted(fresh)
    )
    db.session.flush()


# --- another agency ---------------------------------------------------------------------------------------------------


def agreement_ended(referral_id: int) -> bool:
    """Whether the person agreed to be referred and has withdrawn it; what was made before that was asked never has."""
    query = select(ReferralConsent.withdrawn_at).where(
        ReferralConsent.referral_id == referral_id, ReferralConsent.kind == Consent.REFER.value
    )
    given = list(db.session.scalars(query))
    return bool(given) and None not in given


def agencies_of(operation_id: int | None) -> dict[int, str]:
    """Id → name of the support agencies that a referral of this operation can go to; of no operation: every one."""
    if operation_id is None:
        kinds = [kind.value for kind in SUPPORT_KINDS]
        query = select(Service.id, Service.name).where(Service.kind.in_(kinds))
        return {row[0]: row[1] for row in db.session.execute(query.order_by(Service.name, Service.id))}
    root = select(func.coalesce(Operation.root_id, Operation.id)).where(Operation.id == operation_id)
    return dict(agencies_for(operation_id, db.session.execute(root).scalar_one()))


def support_agencies(service_ids: Iterable[int]) -> dict[int, str]:
    """Id → name of those among the services that persons are referred to, by name."""
    kinds = [kind.value for kind in SUPPORT_KINDS]
    query = select(Service.id, Service.name).where(Service.id.in_(sorted(service_ids)), Service.kind.in_(kinds))
    return {row[0]: row[1] for row in db.session.execute(query.order_by(Service.name, Service.id))}


def agreed_agencies(referral_id: int) -> frozenset[int] | None:
    """Ids of the agencies that may have the safe way; ``None`` for any that can help."""
    if consents.covers_any(referral_id):
        return None
    query = select(ReferralConsent.agency_id).where(
        ReferralConsent.referral_id == referral_id,
        ReferralConsent.kind == Consent.AGENCY.value,
        ReferralConsent.withdrawn_at.is_(None),
    )
    if not consents.stands(referral_id, Consent.REFER):
        return frozenset()
    return frozenset(one for one in db.session.scalars(query) if one is not None)
