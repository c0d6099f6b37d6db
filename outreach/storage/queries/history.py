"""Published figures of earlier editions and of other publishers, and the editions that an operation was copied from.

A figure that is taken out keeps its row, with who and when; every question but ``found`` is about those that stand.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, func, select

from ..engine import db
from ..tables import Operation, PublishedFigure, User

CHUNK = 500
PUBLISHED_LOCK = 0x7075626C6973


def found(published_id: int) -> PublishedFigure | None:
    """The figure, also one that was taken out."""
    return db.session.get(PublishedFigure, published_id)


def _standing(series: str = "", edition: str = "", level: str = "", scope: str = "") -> Any:
    query = select(PublishedFigure).where(PublishedFigure.removed_at.is_(None))
    for column, asked in (
        (PublishedFigure.series, series),
        (PublishedFigure.edition, edition),
        (PublishedFigure.level, level),
        (PublishedFigure.scope, scope),
    ):
        query = query.where(column == asked) if asked else query
    return query


def standing(series: str = "", edition: str = "", level: str = "", scope: str = "") -> list[PublishedFigure]:
    """Figures that stand, of what is asked for ('' asks for all); newest edition first, then in the order recorded."""
    query = _standing(series, edition, level, scope).order_by(
        PublishedFigure.series, PublishedFigure.edition.desc(), PublishedFigure.id
    )
    return list(db.session.scalars(query))


def of_operations(ids: Collection[int]) -> list[PublishedFigure]:
    """Figures that stand and are said to be of one of these operations."""
    query = _standing().where(PublishedFigure.operation_id.in_(ids)).order_by(PublishedFigure.id)
    return list(db.session.scalars(query))


def by_keys(keys: Collection[str]) -> dict[str, PublishedFigure]:
    """Key of a figure and its source → the one that stands."""
    rows: dict[str, PublishedFigure] = {}
    asked = sorted(set(keys))
    for start in range(0, len(asked), CHUNK):
        query = _standing().where(PublishedFigure.row_key.in_(asked[start : start + CHUNK]))
        rows |= {row.row_key: row for row in db.session.scalars(query.order_by(PublishedFigure.id))}
    return rows


def choices() -> dict[str, list[str]]:
    """What one can filter by: the series, editions, levels and places of figures that stand."""
    columns = {
        "series": PublishedFigure.series,
        "edition": PublishedFigure.edition,
        "level": PublishedFigure.level,
        "scope": PublishedFigure.scope,
    }
    return {
        name: [
            value
            for value in db.session.scalars(
                select(column).where(PublishedFigure.removed_at.is_(None)).distinct().order_by(column)
            )
            if value
        ]
        for name, column in columns.items()
    }


def count() -> int:
    """How many stand."""
    query = select(func.count(PublishedFigure.id)).where(PublishedFigure.removed_at.is_(None))
    return db.session.scalar(query) or 0


def hold() -> None:
    """Wait for others who change published figures, where the database lets two write at a time."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(PUBLISHED_LOCK)))


def add(rows: Collection[dict[str, Any]]) -> None:
    db.session.add_all(PublishedFigure(**values) for values in rows)
    db.session.flush()


def who(user_id: int | None) -> str:
    """The name of who recorded or took out a figure; '' for the command line."""
    return db.session.scalar(select(User.name).where(User.id == user_id)) or "" if user_id else ""


def editions_before(operation_id: int) -> list[Operation]:
    """The operation that this one was copied from, the one that that was copied from, and so on; none twice."""
    seen, rows = {operation_id}, []
    here = db.session.get(Operation, operation_id)
    while here is not None and here.copied_from_id is not None and here.copied_from_id not in seen:
        seen.add(here.copied_from_id)
        here = db.session.get(Operation, here.copied_from_id)
        if here is not None and not here.is_rehearsal:
            rows.append(here)
    return rows


def remove_sample() -> None:
    """Take away the published figures that came with the sample."""
    db.session.execute(
        delete(PublishedFigure).where(PublishedFigure.is_sample).execution_options(synchronize_session=False)
    )
