"""Codes of feedback cards and the answers as counts. Nothing here is a row of one person."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import delete, insert, select

from ..engine import db
from ..keys import Place, site_keys
from ..tables import FeedbackCode, FeedbackCount, FeedbackPending, Operation, Service

Counts = dict[str, dict[str, int]]
"""Question → answer → number."""


def add_codes(operation_id: int, service_id: int, codes: Iterable[str]) -> None:
    """Keep fresh codes as marks, in the order of the marks, which tells nothing about the order on paper."""
    rows = [
        {"mark": mark, "operation_id": operation_id, "service_id": service_id}
        for mark in sorted(code_mark(code) for code in codes)
    ]
    db.session.execute(insert(FeedbackCode), rows)


def code_mark(code: str) -> str:
    return site_keys().mark(code, "feedback")


def burn(code: str) -> tuple[int, int] | None:
    """End the code; operation and service that it was printed for, or None when there is no such code (any more)."""
    ended = (
        delete(FeedbackCode)
        .where(FeedbackCode.mark == code_mark(code))
        .returning(FeedbackCode.operation_id, FeedbackCode.service_id)
        .execution_options(synchronize_session=False)
    )
    found = db.session.execute(ended).first()
    return None if found is None else (found.operation_id, found.service_id)


def begin(operation_id: int, service_id: int, nothing: Counts) -> None:
    """Make the rows of a service that has none yet: everything is zero. Whoever prints at the same time waits."""
    db.session.execute(select(Operation.id).where(Operation.id == operation_id).with_for_update())
    if _pending(operation_id, service_id) is not None:
        return
    db.session.add(
        FeedbackPending(
            operation_id=operation_id,
            service_id=service_id,
            counts_sealed=site_keys().seal_json(nothing, _place(operation_id, service_id)),
        )
    )
    show(operation_id, service_id, nothing)
    db.session.flush()


def counts_of(operation_id: int, service_id: int) -> Counts:
    """What was answered so far, shown or not. Until the end of the write nobody else counts for the service."""
    pending = _pending(operation_id, service_id)
    return {} if pending is None else site_keys().open_json(pending.counts_sealed, _place(operation_id, service_id))


def keep(operation_id: int, service_id: int, counts: Counts) -> None:
    pending = db.session.get_one(FeedbackPending, (operation_id, service_id))
    pending.counts_sealed = site_keys().seal_json(counts, _place(operation_id, service_id))
    db.session.flush()


def show(operation_id: int, service_id: int, counts: Counts) -> None:
    """Let everybody entitled see these counts, all questions at once."""
    standing = {
        (row.question, row.answer): row
        for row in db.session.scalars(
            select(FeedbackCount).where(
                FeedbackCount.operation_id == operation_id, FeedbackCount.service_id == service_id
            )
        )
    }
    for question, answers in counts.items():
        for answer, number in answers.items():
            row = standing.get((question, answer))
            if row is None:
                row = FeedbackCount(
                    operation_id=operation_id, service_id=service_id, question=question, answer=answer, shown=number
                )
                db.session.add(row)
            row.shown = number
    db.session.flush()


def shown_of(operation_ids: Collection[int]) -> list[tuple[int, str, str, str, int]]:
    """``(service id, service, question, answer, number)`` of all services with cards, as far as it may be seen."""
    query = (
        select(Service.id, Service.name, FeedbackCount.question, FeedbackCount.answer, FeedbackCount.shown)
        .join(Service, Service.id == FeedbackCount.service_id)
        .where(FeedbackCount.operation_id.in_(sorted(operation_ids)))
        .order_by(Service.name_key, Service.id, FeedbackCount.operation_id, FeedbackCount.id)
    )
    return [tuple(row) for row in db.session.execute(query)]


def service_name(service_id: int) -> str:
    return db.session.get_one(Service, service_id).name


def _pending(operation_id: int, service_id: int) -> Any:
    """The row, locked where the database has more than one writer."""
    query = select(FeedbackPending).where(
        FeedbackPending.operation_id == operation_id, FeedbackPending.service_id == service_id
    )
    return db.session.scalar(query.with_for_update().execution_options(populate_existing=True))


def _place(operation_id: int, service_id: int) -> Place:
    return Place("feedback_pending", "counts_sealed", f"{operation_id}/{service_id}", service_id, operation_id)
