"""Data workbooks that somebody asked for: rows of ``data_export``. Their files and who may are elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, update

from outreach.vocab import ExportState

from ..engine import db
from ..tables import DataExport
from ..types import utc_now

SILENT = dt.timedelta(seconds=60)
"""A process that has said nothing for so long has died."""
OPEN = (ExportState.WAITING.value, ExportState.RUNNING.value)


@dataclass(frozen=True)
class Order:
    """What a workbook is to be, as whoever writes it keeps it between transactions."""

    id: int
    uid: str
    operation_id: int
    sheet: str
    scope: dict[str, Any]
    language: str
    as_of: dt.datetime | None
    by_id: int


def add(
    operation_id: int, sheet: str, scope: dict[str, Any], language: str, as_of: dt.datetime | None, user_id: int
) -> DataExport:
    now = utc_now()
    made = DataExport(
        operation_id=operation_id,
        sheet=sheet,
        scope=scope,
        language=language,
        as_of=as_of,
        asked_at=now,
        asked_by_id=user_id,
        state=ExportState.WAITING.value,
        heard_at=now,
    )
    db.session.add(made)
    db.session.flush()
    return made


def by_uid(uid: str) -> DataExport | None:
    return db.session.scalar(select(DataExport).where(DataExport.uid == uid))


def of_person(operation_id: int, user_id: int, most: int = 20) -> list[DataExport]:
    """What somebody asked for of one operation, newest first."""
    query = (
        select(DataExport)
        .where(DataExport.operation_id == operation_id, DataExport.asked_by_id == user_id)
        .order_by(DataExport.id.desc())
        .limit(most)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def in_work(user_id: int | None = None) -> int:
    """How many are being written or wait to be, of one person or of everybody; the dead do not count."""
    query = select(func.count()).where(DataExport.state.in_(OPEN), DataExport.heard_at > utc_now() - SILENT)
    if user_id is not None:
        query = query.where(DataExport.asked_by_id == user_id)
    return db.session.scalar(query) or 0


def dead(row: DataExport, now: dt.datetime) -> bool:
    """Whether whoever wrote it is gone."""
    return row.state in OPEN and (row.heard_at is None or row.heard_at <= now - SILENT)


def order_of(uid: str) -> Order | None:
    """What is to be written, unless it is done, ended or given up."""
    row = by_uid(uid)
    if row is None or row.state not in OPEN or row.asked_by_id is None:
        return None
    return Order(
        row.id, row.uid, row.operation_id, row.sheet, dict(row.scope), row.language, row.as_of, row.asked_by_id
    )


def heard(number: int, done: int, total: int | None) -> None:
    """It is being written, and how far."""
    _set(number, {"state": ExportState.RUNNING.value, "rows_done": done, "rows_total": total, "heard_at": utc_now()})


def waits(number: int) -> None:
    _set(number, {"heard_at": utc_now()})


def ready(number: int, rows: int, size: int, digest: str, keeps: dt.timedelta) -> None:
    now = utc_now()
    _set(
        number,
        {"state": ExportState.READY.value, "rows_done": rows, "rows_total": rows, "heard_at": now, "finished_at": now,
         "ends_at": now + keeps, "size": size, "hash": digest},
    )  # fmt: skip


def failed(number: int, trouble: str) -> None:
    now = utc_now()
    _set(number, {"state": ExportState.FAILED.value, "trouble": trouble, "heard_at": now, "finished_at": now})


def _set(number: int, values: dict[str, Any]) -> None:
    """Only while it is open: who asked may have given it up, or a round found it dead."""
    query = update(DataExport).where(DataExport.id == number, DataExport.state.in_(OPEN)).values(**values)
    db.session.execute(query.execution_options(synchronize_session=False))


def give_up_dead(now: dt.datetime, trouble: str) -> int:
    """Say of those whose writer is gone that they could not be written; how many."""
    silent = or_(DataExport.heard_at.is_(None), DataExport.heard_at <= now - SILENT)
    query = (
        update(DataExport)
        .where(DataExport.state.in_(OPEN), silent)
        .values(state=ExportState.FAILED.value, trouble=trouble, finished_at=now)
    )
    return db.session.execute(query.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]


def end_old(now: dt.datetime) -> int:
    """Say of those that were kept long enough that they are no longer; how many."""
    query = (
        update(DataExport)
        .where(DataExport.state == ExportState.READY.value, DataExport.ends_at <= now)
        .values(state=ExportState.ENDED.value)
    )
    return db.session.execute(query.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]


def kept() -> set[str]:
    """Uids of those whose file is there, or is being written."""
    states = (*OPEN, ExportState.READY.value)
    return set(db.session.scalars(select(DataExport.uid).where(DataExport.state.in_(states))))


def any_to_tidy(now: dt.datetime) -> bool:
    """Whether a round has anything to do: asked every minute, so it asks no more than this."""
    old = (DataExport.state == ExportState.READY.value) & (DataExport.ends_at <= now)
    silent = DataExport.state.in_(OPEN) & (DataExport.heard_at <= now - SILENT)
    return db.session.scalar(select(DataExport.id).where(or_(old, silent)).limit(1)) is not None
