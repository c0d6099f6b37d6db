"""Releases and errata: finding them, adding them with their steps, files, openings and links. Nothing here decides.

What is published is never written again (``tables.locked``); what is read for its bytes is one file at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, defer

from outreach.vocab import ReleaseKind, ReleaseState

from ..engine import db
from ..tables import (
    FigureSet,
    Operation,
    Release,
    ReleaseFile,
    ReleaseLink,
    ReleaseOpening,
    ReleaseStep,
    User,
)
from ..types import utc_now
from .workbook import publication_copies

TREE_LOCK = 0x72656C73
"""Beside the root of a tree: what PostgreSQL knows the lock on its releases by."""

# --- finding ----------------------------------------------------------------------------------------------------------


def find(operation_id: int, number: int) -> Release | None:
    query = select(Release).where(Release.operation_id == operation_id, Release.number == number)
    return db.session.scalar(query)


def fresh(release_id: int) -> Release:
    """The release as it stands in this very write; whoever asks holds the operation."""
    query = select(Release).where(Release.id == release_id).execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def by_id(release_id: int) -> Release:
    return db.session.scalars(select(Release).where(Release.id == release_id)).one()


def set_of(release: Release) -> FigureSet:
    """The locked figures that it was drafted from."""
    return db.session.scalars(select(FigureSet).where(FigureSet.id == release.figure_set_id)).one()


def operation_of(release: Release) -> Operation:
    return db.session.scalars(select(Operation).where(Operation.id == release.operation_id)).one()


def last_number(operation_id: int) -> int:
    """The number of the last release or erratum, 0 for none."""
    return db.session.scalar(select(func.max(Release.number)).where(Release.operation_id == operation_id)) or 0


def tree_of(operation_id: int) -> list[int]:
    """Every operation that is in one tree with this one, itself among them."""
    root = db.session.scalar(select(Operation.root_id).where(Operation.id == operation_id)) or operation_id
    query = select(Operation.id).where((Operation.root_id == root) | (Operation.id == root)).order_by(Operation.id)
    return list(db.session.scalars(query))


def hold_tree(operation_id: int) -> None:
    """Wait for whoever lets something out of the same tree, and let them wait until this write has ended.

    Before any row is held; SQLite has one writer at a time anyhow.
    """
    if db.engine.dialect.name == "postgresql":
        root = db.session.scalar(select(Operation.root_id).where(Operation.id == operation_id)) or operation_id
        db.session.execute(select(func.pg_advisory_xact_lock(TREE_LOCK, root)))


def published(operations: Collection[int], besides: int | None = None) -> list[tuple[Release, FigureSet]]:
    """Everything that was published of the operations, with its figures, in the order in which it left."""
    query = (
        select(Release, FigureSet)
        .join(FigureSet, FigureSet.id == Release.figure_set_id)
        .where(Release.operation_id.in_(operations), Release.state == ReleaseState.PUBLISHED)
        .options(defer(FigureSet.definitions))
        .order_by(Release.published_at, Release.id)
    )
    return [(row, found) for row, found in db.session.execute(query) if row.id != besides]


def marks_of_published(operations: Collection[int], besides: int | None = None) -> list[str]:
    """What identifies each of ``published``, in the same order, then each publication copy of a workbook; cheap."""
    query = (
        select(Release.id, Release.hash)
        .where(Release.operation_id.in_(operations), Release.state == ReleaseState.PUBLISHED)
        .order_by(Release.published_at, Release.id)
    )
    marks = [f"{number}:{mark}" for number, mark in db.session.execute(query) if number != besides]
    return [*marks, *(f"xlsx:{one.row}" for one in publication_copies(operations))]


def codes_of(operations: Collection[int]) -> dict[int, str]:
    query = select(Operation.id, Operation.code).where(Operation.id.in_(operations))
    return {row.id: row.code for row in db.session.execute(query)}


def last_stand(release: Release) -> Release:
    """What the public was told last of a release: itself, or the last erratum that was published of it."""
    query = (
        select(Release)
        .where(
            Release.replaces_id == release.id,
            Release.kind == ReleaseKind.ERRATUM,
            Release.state == ReleaseState.PUBLISHED,
        )
        .order_by(Release.published_at.desc(), Release.id.desc())
        .limit(1)
    )
    return db.session.scalar(query) or release


@dataclass(frozen=True)
class Listed:
    """One release in a list, without its numbers; ``by`` drafted it; ``version`` is that of its figures.

    ``replaces``: the number of the release that it restates; ``token``: of its public address while that stands.
    """

    row: Release
    by: str
    version: int
    figures: str
    replaces: int | None
    token: str
    code: str


def _listed() -> Any:
    other = aliased(Release)
    return (
        select(Release, User.name, FigureSet.version, FigureSet.kind, other.number, ReleaseLink.token, Operation.code)
        .join(FigureSet, FigureSet.id == Release.figure_set_id)
        .join(Operation, Operation.id == Release.operation_id)
        .outerjoin(User, User.id == Release.made_by_id)
        .outerjoin(other, other.id == Release.replaces_id)
        .outerjoin(ReleaseLink, (ReleaseLink.release_id == Release.id) & ReleaseLink.ended_at.is_(None))
        .options(defer(Release.cells), defer(Release.texts))
    )


def _rows(query: Any) -> list[Listed]:
    return [
        Listed(row, by or "", version, kind, replaces, token or "", code)
        for row, by, version, kind, replaces, token, code in db.session.execute(query)
    ]


def of_operation(operation_id: int) -> list[Listed]:
    """Every release and erratum of the operation, the last first."""
    return _rows(_listed().where(Release.operation_id == operation_id).order_by(Release.number.desc()))


def awaiting(operations: Collection[int]) -> list[Listed]:
    """What awaits approval in the operations, the oldest first."""
    query = _listed().where(Release.operation_id.in_(operations), Release.state == ReleaseState.SENT)
    return _rows(query.order_by(Release.made_at, Release.id))


# --- writing ----------------------------------------------------------------------------------------------------------


def add(**values: Any) -> Release:
    """One more release."""
    row = Release(**values)
    db.session.add(row)
    db.session.flush()
    return row


def add_step(release_id: int, what: str, by: int | None, content_hash: str, reason: str = "") -> None:
    db.session.add(
        ReleaseStep(
            release_id=release_id, what=what, at=utc_now(), by_id=by, content_hash=content_hash, reason=reason or None
        )
    )
    db.session.flush()


def add_files(release_id: int, files: Collection[dict[str, Any]]) -> None:
    db.session.add_all(ReleaseFile(release_id=release_id, **file) for file in files)
    db.session.flush()


# --- steps and approvals ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What somebody did with a release."""

    what: str
    at: dt.datetime
    by_id: int | None
    by: str
    content_hash: str
    reason: str


def steps_of(release_id: int) -> list[Step]:
    """Everything that was done with it, in order."""
    query = (
        select(ReleaseStep, User.name)
        .outerjoin(User, User.id == ReleaseStep.by_id)
        .where(ReleaseStep.release_id == release_id)
        .order_by(ReleaseStep.id)
    )
    return [
        Step(row.what, row.at, row.by_id, name or "", row.content_hash, row.reason or "")
        for row, name in db.session.execute(query)
    ]


# --- small numbers on purpose -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """One small number that somebody asked to publish; ``by`` asked, ``approver`` agreed."""

    row: ReleaseOpening
    by: str
    approver: str


def openings_of(release_id: int) -> list[Opened]:
    """What was asked to be published on purpose, in the order of asking."""
    asked, agreed = aliased(User), aliased(User)
    query = (
        select(ReleaseOpening, asked.name, agreed.name)
        .outerjoin(asked, asked.id == ReleaseOpening.asked_by_id)
        .outerjoin(agreed, agreed.id == ReleaseOpening.approved_by_id)
        .where(ReleaseOpening.release_id == release_id)
        .order_by(ReleaseOpening.id)
        .execution_options(populate_existing=True)
    )
    return [Opened(row, by or "", approver or "") for row, by, approver in db.session.execute(query)]


def add_opening(
    release_id: int, measure: str, service_id: int | None, day: str | None, reason: str, by: int | None
) -> ReleaseOpening:
    row = ReleaseOpening(
        release_id=release_id,
        measure=measure,
        service_id=service_id,
        day=day,
        reason=reason,
        asked_at=utc_now(),
        asked_by_id=by,
    )
    db.session.add(row)
    db.session.flush()
    return row


def remove_opening(row: ReleaseOpening) -> None:
    """A request that was not agreed to; the journal keeps that it was made."""
    db.session.delete(row)
    db.session.flush()


# --- files and public addresses ---------------------------------------------------------------------------------------


def files_of(release_id: int) -> list[ReleaseFile]:
    """Names, sizes and hashes, without the bytes."""
    query = select(ReleaseFile).where(ReleaseFile.release_id == release_id).options(defer(ReleaseFile.content))
    return list(db.session.scalars(query.order_by(ReleaseFile.id)))


def file(release_id: int, name: str) -> ReleaseFile | None:
    query = select(ReleaseFile).where(ReleaseFile.release_id == release_id, ReleaseFile.name == name)
    return db.session.scalar(query)


def contents_of(release_id: int) -> list[tuple[str, bytes]]:
    """Name and bytes of each file, to work its hash out again."""
    query = select(ReleaseFile.name, ReleaseFile.content).where(ReleaseFile.release_id == release_id)
    return [(name, content) for name, content in db.session.execute(query.order_by(ReleaseFile.id))]


def link_of(release_id: int) -> ReleaseLink | None:
    """The public address that stands."""
    query = select(ReleaseLink).where(ReleaseLink.release_id == release_id, ReleaseLink.ended_at.is_(None))
    return db.session.scalar(query.order_by(ReleaseLink.id.desc()).limit(1))


def add_link(release_id: int, token: str, by: int | None) -> ReleaseLink:
    row = ReleaseLink(release_id=release_id, token=token, opened_at=utc_now(), opened_by_id=by)
    db.session.add(row)
    db.session.flush()
    return row


def links_of(release_id: int) -> list[tuple[ReleaseLink, str, str]]:
    """Every public address that it had, with who opened and who ended it, the last first."""
    opened, ended = aliased(User), aliased(User)
    query = (
        select(ReleaseLink, opened.name, ended.name)
        .outerjoin(opened, opened.id == ReleaseLink.opened_by_id)
        .outerjoin(ended, ended.id == ReleaseLink.ended_by_id)
        .where(ReleaseLink.release_id == release_id)
        .order_by(ReleaseLink.id.desc())
    )
    return [(row, first or "", last or "") for row, first, last in db.session.execute(query)]


def public(token: str) -> ReleaseLink | None:
    """Which release an address is of, whether or not it still stands."""
    return db.session.scalar(select(ReleaseLink).where(ReleaseLink.token == token))
