"""The policies of withholding of an operation, one version after the other. Nothing here decides."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from outreach.vocab import ReleaseState, SettingState

from ..engine import db
from ..tables import DisclosureSetting, Operation, Release, User


def standing(operation_id: int) -> DisclosureSetting | None:
    """The setting that holds for the operation: its own, else that of the nearest operation above it."""
    at: int | None = operation_id
    while at is not None:
        query = (
            select(DisclosureSetting)
            .where(DisclosureSetting.operation_id == at, DisclosureSetting.state == SettingState.STANDING)
            .order_by(DisclosureSetting.version.desc())
            .limit(1)
        )
        if (found := db.session.scalar(query)) is not None:
            return found
        at = db.session.scalar(select(Operation.parent_id).where(Operation.id == at))
    return None


def last_version(operation_id: int) -> int:
    query = select(func.max(DisclosureSetting.version)).where(DisclosureSetting.operation_id == operation_id)
    return db.session.scalar(query) or 0


def find(operation_id: int, version: int) -> DisclosureSetting | None:
    query = select(DisclosureSetting).where(
        DisclosureSetting.operation_id == operation_id, DisclosureSetting.version == version
    )
    return db.session.scalar(query)


def history(operation_id: int) -> list[tuple[DisclosureSetting, str | None, str | None]]:
    """Every version, the latest first, with the names of who asked and who decided."""
    asker, decider = aliased(User), aliased(User)
    query = (
        select(DisclosureSetting, asker.name, decider.name)
        .outerjoin(asker, asker.id == DisclosureSetting.asked_by_id)
        .outerjoin(decider, decider.id == DisclosureSetting.decided_by_id)
        .where(DisclosureSetting.operation_id == operation_id)
        .order_by(DisclosureSetting.version.desc())
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]


def add(
    *,
    operation_id: int,
    version: int,
    least: int,
    zeros: str,
    preset: str,
    reason: str,
    asked_at: dt.datetime,
    asked_by_id: int | None,
    state: str,
) -> DisclosureSetting:
    made = DisclosureSetting(
        operation_id=operation_id,
        version=version,
        least=least,
        zeros=zeros,
        preset=preset,
        reason=reason,
        asked_at=asked_at,
        asked_by_id=asked_by_id,
        state=state,
    )
    db.session.add(made)
    db.session.flush()
    return made


def published(operation_id: int) -> list[tuple[int, dict[str, Any]]]:
    """Number of each published release or erratum of the operation, and the policy that it was drafted under."""
    query = (
        select(Release.number, Release.policy)
        .where(Release.operation_id == operation_id, Release.state == ReleaseState.PUBLISHED)
        .order_by(Release.number)
    )
    return [(row[0], row[1] or {}) for row in db.session.execute(query)]
