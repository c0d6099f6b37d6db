"""Accused persons and charges of one service in one operation, now or as they stood at a moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy import update as sql_update

from outreach.vocab import ChargeStatus

from ..engine import db
from ..tables import Accused, AccusedVersion, Charge, ChargeVersion, Offence, Service, User

Version = AccusedVersion | ChargeVersion


@dataclass(frozen=True)
class ChargeRow:
    """A charge with the version that stands and its offence (None: free label)."""

    charge: Charge
    version: ChargeVersion
    offence: Offence | None


@dataclass
class AccusedRow:
    """An accused with the version that stands and her charges in the order laid."""

    accused: Accused
    version: AccusedVersion
    charges: list[ChargeRow] = field(default_factory=list)


def _standing(table: type[Version], as_of: dt.datetime | None) -> Any:
    if as_of is None:
        return table.superseded_at.is_(None)
    return (table.recorded_at <= as_of) & or_(table.superseded_at.is_(None), table.superseded_at > as_of)


def accused_of(operation_id: int, service_id: int, as_of: dt.datetime | None = None) -> list[AccusedRow]:
    """Every accused of the service with her charges, by code; as the site showed them at ``as_of`` where given."""
    people = db.session.execute(
        select(Accused, AccusedVersion)
        .join(AccusedVersion, AccusedVersion.accused_id == Accused.id)
        .where(Accused.operation_id == operation_id, Accused.service_id == service_id, _standing(AccusedVersion, as_of))
        .order_by(Accused.code, Accused.id)
    )
    rows = {accused.id: AccusedRow(accused, version) for accused, version in people}
    charges = db.session.execute(
        select(Charge, ChargeVersion, Offence)
        .join(ChargeVersion, ChargeVersion.charge_id == Charge.id)
        .outerjoin(Offence, Offence.id == ChargeVersion.offence_id)
        .where(Charge.operation_id == operation_id, Charge.service_id == service_id, _standing(ChargeVersion, as_of))
        .order_by(ChargeVersion.laid_on, Charge.id)
    )
    for charge, version, offence in charges:
        if charge.accused_id in rows:
            rows[charge.accused_id].charges.append(ChargeRow(charge, version, offence))
    return list(rows.values())


def codes_of(operation_id: int, service_id: int) -> list[str]:
    """Codes that the service has used in the operation, withdrawn ones too."""
    query = select(Accused.code).where(Accused.operation_id == operation_id, Accused.service_id == service_id)
    return list(db.session.scalars(query.order_by(Accused.code)))


def accused_by_uid(uid: str) -> Accused | None:
    return db.session.scalar(select(Accused).where(Accused.uid == uid))


def charge_by_uid(uid: str) -> Charge | None:
    return db.session.scalar(select(Charge).where(Charge.uid == uid))


def accused_by_id(accused_id: int) -> Accused:
    return db.session.get_one(Accused, accused_id)


def accused_now(accused_id: int) -> AccusedVersion:
    query = select(AccusedVersion).where(
        AccusedVersion.accused_id == accused_id, AccusedVersion.superseded_at.is_(None)
    )
    return db.session.scalars(query).one()


def charge_now(charge_id: int) -> ChargeVersion:
    query = select(ChargeVersion).where(ChargeVersion.charge_id == charge_id, ChargeVersion.superseded_at.is_(None))
    return db.session.scalars(query).one()


def laid_counts(accused_id: int) -> int:
    """Lines of charges that stand as laid against the accused (to tell whether there are any)."""
    query = (
        select(func.count())
        .select_from(ChargeVersion)
        .join(Charge, Charge.id == ChargeVersion.charge_id)
        .where(
            Charge.accused_id == accused_id,
            ChargeVersion.superseded_at.is_(None),
            ChargeVersion.status == ChargeStatus.LAID.value,
        )
    )
    return db.session.scalar(query) or 0


def laid_substitute(charge_id: int) -> bool:
    """Whether a substitute of the charge stands as laid."""
    query = (
        select(Charge.id)
        .join(ChargeVersion, ChargeVersion.charge_id == Charge.id)
        .where(
            Charge.substitute_for_id == charge_id,
            ChargeVersion.superseded_at.is_(None),
            ChargeVersion.status != ChargeStatus.WITHDRAWN.value,
        )
        .limit(1)
    )
    return db.session.scalar(query) is not None


def accused_history(accused_id: int) -> list[tuple[AccusedVersion, str]]:
    """Versions of an accused, oldest first, with who recorded each."""
    query = (
        select(AccusedVersion, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == AccusedVersion.recorded_by_id)
        .where(AccusedVersion.accused_id == accused_id)
        .order_by(AccusedVersion.version)
    )
    return [tuple(row) for row in db.session.execute(query)]


def charge_history(charge_id: int) -> list[tuple[ChargeVersion, Offence | None, str]]:
    """Versions of a charge, oldest first, with its offence and who recorded each."""
    query = (
        select(ChargeVersion, Offence, func.coalesce(User.name, ""))
        .outerjoin(Offence, Offence.id == ChargeVersion.offence_id)
        .outerjoin(User, User.id == ChargeVersion.recorded_by_id)
        .where(ChargeVersion.charge_id == charge_id)
        .order_by(ChargeVersion.version)
    )
    return [tuple(row) for row in db.session.execute(query)]


def offence_of(version: ChargeVersion) -> Offence | None:
    return None if version.offence_id is None else db.session.get(Offence, version.offence_id)


def add(row: Any) -> Any:
    """Add one identity or version row and flush, so that it has its id."""
    db.session.add(row)
    db.session.flush()
    return row


def supersede(version: Version, now: dt.datetime) -> bool:
    """End ``version``; False when somebody else has ended it first."""
    table = type(version)
    ended = db.session.execute(
        sql_update(table)
        .where(table.id == version.id, table.superseded_at.is_(None))
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(version)
    return ended.rowcount == 1


def service_by_id(service_id: int) -> Service:
    return db.session.get_one(Service, service_id)
