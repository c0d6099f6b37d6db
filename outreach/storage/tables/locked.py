"""Locked figures, published releases and publication copies that left stay as they are: the session refuses to change
or to delete them, except with their operation.

Here belongs the refusal alone. It holds for objects and for statements; what writes past the session (a restored
backup, a database console) is found out by the hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState

from outreach.vocab import ReleaseState

from ..engine import db
from .releases import PublicationCopy, Release, ReleaseFile
from .returns import FigureSet

_letting_go: ContextVar[bool] = ContextVar("outreach_letting_locked_figures_go", default=False)


class Locked(RuntimeError):
    """A programming error: no page and no command changes locked figures."""


@contextmanager
def letting_go() -> Iterator[None]:
    """While an operation is removed with everything in it, its locked figures go too."""
    token = _letting_go.set(True)
    try:
        yield
    finally:
        _letting_go.reset(token)


def _refuse(what: str) -> None:
    raise Locked(f"locked figures are not {what}; what comes later enters the next version")


def _refuse_release(what: str) -> None:
    raise Locked(f"published releases are not {what}; what comes later is an erratum or a new release")


def _refuse_copy(what: str) -> None:
    raise Locked(f"publication copies that left are not {what}; what comes later enters the next version")


@event.listens_for(FigureSet, "before_update")
def _row_changed(_mapper: Any, _connection: Any, _row: FigureSet) -> None:
    _refuse("changed")


@event.listens_for(FigureSet, "before_delete")
def _row_deleted(_mapper: Any, _connection: Any, _row: FigureSet) -> None:
    _refuse("deleted")


@event.listens_for(ReleaseFile, "before_update")
def _file_changed(_mapper: Any, _connection: Any, _row: ReleaseFile) -> None:
    _refuse_release("changed")


@event.listens_for(ReleaseFile, "before_delete")
def _file_deleted(_mapper: Any, _connection: Any, _row: ReleaseFile) -> None:
    _refuse_release("deleted")


@event.listens_for(PublicationCopy, "before_update")
def _copy_changed(_mapper: Any, _connection: Any, _row: PublicationCopy) -> None:
    _refuse_copy("changed")


@event.listens_for(PublicationCopy, "before_delete")
def _copy_deleted(_mapper: Any, _connection: Any, _row: PublicationCopy) -> None:
    _refuse_copy("deleted")


@event.listens_for(Release, "before_update")
def _release_changed(_mapper: Any, _connection: Any, row: Release) -> None:
    # What it was before this write: publishing itself is the last write that there may be.
    before = inspect(row).attrs.state.load_history()
    if ReleaseState.PUBLISHED in (before.deleted or before.unchanged):
        _refuse_release("changed")


@event.listens_for(Release, "before_delete")
def _release_deleted(_mapper: Any, _connection: Any, row: Release) -> None:
    if row.state == ReleaseState.PUBLISHED:
        _refuse_release("deleted")


@event.listens_for(db.session, "do_orm_execute")
def _statement(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete):
        return
    # An entity's table carries annotations and is another object: the name tells.
    name = getattr(getattr(state.statement, "table", None), "name", "")
    refuse = {
        FigureSet: _refuse,
        Release: _refuse_release,
        ReleaseFile: _refuse_release,
        PublicationCopy: _refuse_copy,
    }
    found = next((refuse[table] for table in refuse if table.__tablename__ == name), None)
    if found is None:
        return
    if state.is_update:
        found("changed")
    if not _letting_go.get():
        found("deleted")
