"""Writes of shifts and of the roster: refused, done, audited; drafts apart from what officers see."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from outreach.errors import Blocked
from outreach.plan import shift_commands as commands
from outreach.plan.shift_rules import ShiftDraft
from outreach.storage import db, writing
from outreach.storage.queries import access, shifts
from outreach.storage.tables import AuditEntry, User
from outreach.vocab import Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation

pytestmark = pytest.mark.any_database

EVENING = dt.datetime(2017, 10, 10, 22, 0, tzinfo=dt.UTC)  # 18:00 in Toronto
DAY = dt.timedelta(days=1)


def _actor(user: Any) -> Any:
    return access.actor_of(db.session.get(User, user.id))


def _tags() -> list[str]:
    found = db.session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id))
    return [tag for tag in found if tag.startswith(("plan.shift", "plan.roster"))]


def _draft(hours: float = 8, **more: Any) -> ShiftDraft:
    starts_at = more.pop("starts_at", EVENING)
    return ShiftDraft(starts_at, starts_at + dt.timedelta(hours=hours), **more)


def test_a_coordinator_of_the_service_adds_changes_cancels_and_restores_a_shift(app: Any) -> None:
    operation, service = an_operation(), a_service()
    team = a_team(a_participation(operation, service))
    actor = _actor(a_user(Role.SERVICE_COORDINATOR, service))
    with writing():
        row = commands.add_shift(actor, operation, team, _draft(place=" Hall ", places=4))
    assert (row.version, row.place, row.places, row.crew, row.published) == (1, "Hall", 4, None, False)
    with writing():
        assert commands.change_shift(actor, operation, row, _draft(6), 1)
        assert not commands.change_shift(actor, operation, row, _draft(6), 2)
        assert commands.cancel_shift(actor, operation, row)
        assert not commands.cancel_shift(actor, operation, row)
    with pytest.raises(Blocked), writing():
        commands.change_shift(actor, operation, row, _draft(7), 3)
    with writing():
        assert commands.restore_shift(actor, operation, row)
        assert not commands.restore_shift(actor, operation, row)
    now = shifts.shift(row.uid)
    assert now is not None and (now.version, now.cancelled, now.ends_at) == (4, False, EVENING + dt.timedelta(hours=6))
    assert _tags() == ["plan.shift.add", "plan.shift.change", "plan.shift.cancel", "plan.shift.change"]
