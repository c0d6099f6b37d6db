"""Signatures under figures: where each service stands, the versions of one, and what a signature rests on.

What reopens a signature is in ``reopening``. Nothing here decides, and nothing commits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, update

from outreach.vocab import EntryMode, ParticipationStatus, SignState

from ..days import day_number
from ..engine import db
from ..tables import (
    Accused,
    AccusedVersion,
    Adjustment,
    Contact,
    ContactVersion,
    Participation,
    ParticipationVersion,
    Service,
    SignOff,
    Tally,
    User,
)
from ..tree import SECOND
from ..types import micros
from .access import descendants_of

_TAKING_PART = (ParticipationStatus.INVITED.value, ParticipationStatus.CONFIRMED.value)


@dataclass(frozen=True)
class Standing:
    """Where one service stands with its signature in one operation.

    ``version`` and what follows are of its last signature, 0 and empty without one. ``changed``: kinds of record that
    reopened it (see ``reopening.KINDS``); ``reason``: what a person said who reopened it, or who signed as provisional.
    """

    participation_id: int
    service_id: int
    service: str
    entry_mode: str
    state: SignState
    version: int = 0
    typed_name: str = ""
    signed_at: dt.datetime | None = None
    as_of: dt.datetime | None = None
    hash: str = ""
    provisional: bool = False
    figures: dict[str, Any] = field(default_factory=dict)
    unsent: tuple[Any, ...] = ()
    reopened_at: dt.datetime | None = None
    changed: tuple[str, ...] = ()
    reason: str = ""

    @property
    def stands(self) -> bool:
        """Signed and not reopened."""
        return self.state in (SignState.SIGNED, SignState.PROVISIONAL)


def standing(operation_id: int, as_of: dt.datetime | None = None) -> dict[int, Standing]:
    """Participation id → where it stands, for every invited or confirmed service that owes figures, by service name."""
    query = (
        select(Participation.id, Service.id, Service.name, ParticipationVersion.entry_mode)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .join(Service, Service.id == Participation.service_id)
        .where(
            Participation.operation_id == operation_id,
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status.in_(_TAKING_PART),
            ParticipationVersion.entry_mode != EntryMode.NONE.value,
        )
        .order_by(Service.name, Service.id)
    )
    rows = db.session.execute(query).all()
    last = _last_of([row[0] for row in rows], as_of)
    heard = _heard(operation_id) if len(last) < len(rows) else set()
    return {row[0]: _standing(tuple(row), last.get(row[0]), row[0] in heard, as_of) for row in rows}


def standing_of(operation_id: int, participation_id: int) -> Standing | None:
    """Where one service stands; ``None`` when it owes nothing."""
    return standing(operation_id).get(participation_id)


def _standing(row: tuple[Any, ...], last: SignOff | None, heard: bool, as_of: dt.datetime | None) -> Standing:
    if last is None:
        return Standing(*row, state=SignState.OPEN if heard else SignState.NOTHING)
    reopened = last.reopened_at if as_of is None or (last.reopened_at or as_of) < as_of else None
    state = SignState.REOPENED if reopened else SignState.PROVISIONAL if last.provisional else SignState.SIGNED
    return Standing(
        *row,
        state=state,
        version=last.version,
        typed_name=last.typed_name,
        signed_at=last.signed_at,
        as_of=last.as_of or last.signed_at,
        hash=last.figures_hash,
        provisional=last.provisional,
        figures=last.figures,
        unsent=tuple(last.unsent),
        reopened_at=reopened,
        changed=tuple(last.changed) if reopened else (),
        reason=(last.reopened_reason or "") if reopened else last.reason or "",
    )


def _last_of(participation_ids: list[int], as_of: dt.datetime | None) -> dict[int, SignOff]:
    query = select(SignOff).where(SignOff.participation_id.in_(participation_ids)).order_by(SignOff.version)
    if as_of is not None:
        query = query.where(SignOff.signed_at <= as_of)
    return {one.participation_id: one for one in db.session.scalars(query)}


def _heard(operation_id: int) -> set[int]:
    """Participations of which anything at all was recorded."""
    found: set[int] = set()
    for table in (Contact, Tally, Accused, Adjustment):
        query = select(table.participation_id).where(table.operation_id == operation_id).distinct()
        found |= set(db.session.scalars(query))
    return found


def last(participation_id: int) -> SignOff | None:
    """The last signature, reopened or not."""
    query = select(SignOff).where(SignOff.participation_id == participation_id)
    return db.session.scalar(query.order_by(SignOff.version.desc()).limit(1))


def history(participation_id: int) -> list[tuple[SignOff, str, str]]:
    """Every signature with the account that gave it and that of who reopened it, the latest first."""
    query = select(SignOff).where(SignOff.participation_id == participation_id).order_by(SignOff.version.desc())
    signatures = list(db.session.scalars(query))
    names = _names(one for pair in signatures for one in (pair.signed_by_id, pair.reopened_by_id) if one is not None)
    return [(one, names.get(one.signed_by_id or 0, ""), names.get(one.reopened_by_id or 0, "")) for one in signatures]


def _names(user_ids: Iterable[int]) -> dict[int, str]:
    query = select(User.id, User.name).where(User.id.in_(sorted(set(user_ids))))
    return {row[0]: row[1] for row in db.session.execute(query)}


def add(signature: SignOff) -> None:
    db.session.add(signature)
    db.session.flush()


def reopen(signature: SignOff, at: dt.datetime, by: int | None, reason: str) -> bool:
    """Reopen a standing signature; ``False`` when somebody else did so first."""
    done = db.session.execute(
        update(SignOff)
        .where(SignOff.id == signature.id, SignOff.reopened_at.is_(None))
        .values(reopened_at=at, reopened_by_id=by, reopened_reason=reason)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(signature)
    return bool(done.rowcount == 1)


# --- when something was first heard -----------------------------------------------------------------------------------


def first_heard(operation_id: int, as_of: dt.datetime | None = None) -> dict[tuple[int, int], int]:
    """(service, day number, -1: the window) → UTC second at which anything of it was first recorded here, whatever
    became of it since; for ``rollup.completeness.timeliness``."""
    tree = descendants_of(operation_id)
    found: dict[tuple[int, int], int] = {}
    for table, owner, day in (
        (ContactVersion, ContactVersion.service_id, ContactVersion.day),
        (Tally, Tally.service_id, Tally.day),
        (AccusedVersion, Accused.service_id, None),
    ):
        first = func.min(table.recorded_at, type_=table.recorded_at.type)
        query = select(owner, first) if day is None else select(owner, first, day).group_by(day)
        if day is None:
            query = query.join(Accused, Accused.id == AccusedVersion.accused_id)
        place = Accused if day is None else table
        query = query.where(place.operation_id.in_(tree)).group_by(owner)
        if as_of is not None:
            query = query.where(table.recorded_at <= as_of)
        for service, at, *on in db.session.execute(query):
            key = (service, day_number(on[0]) if on else -1)
            found[key] = min(found.get(key, 1 << 62), micros(at) // SECOND)
    return found


# --- adjustments, as the page of a service shows them -----------------------------------------------------------------


@dataclass(frozen=True)
class Added:
    """One adjustment that stands: how much, why, and who made it."""

    amount: int
    reason: str
    by: str


def added_to(participation_id: int) -> dict[tuple[str, int], list[Added]]:
    """(measure, day number, -1: the window) → adjustments that stand, in the order in which they were made."""
    query = (
        select(Adjustment.measure, Adjustment.day, Adjustment.amount, Adjustment.reason, User.name)
        .outerjoin(User, User.id == Adjustment.recorded_by_id)
        .where(Adjustment.participation_id == participation_id, Adjustment.superseded_at.is_(None))
        .order_by(Adjustment.id)
    )
    found: dict[tuple[str, int], list[Added]] = {}
    for measure, day, amount, reason, name in db.session.execute(query):
        found.setdefault((measure, day_number(day)), []).append(Added(amount, reason or "", name or ""))
    return found
