"""A whole team at once, one cell to another, undoing: refused, done, audited; each change is taken back as one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from outreach.errors import Changed, Invalid, NotAllowed, NotFound
from outreach.plan import shift_commands as commands
from outreach.plan import shift_edit_commands as edits
from outreach.plan.shift_rules import ShiftDraft
from outreach.storage import db, writing
from outreach.storage.queries import shift_history, shifts
from outreach.storage.tables import AuditEntry
from outreach.vocab import Role
from tests.factories import a_participation, a_service, a_shift, a_team, a_user, an_operation
from tests.field.factories import actor_of

EVENING = dt.datetime(2017, 10, 10, 22, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def plan(app: Any) -> Any:
    class Plan:
        operation = an_operation("OP-1")
        service, other = a_service("Windsor Police Service"), a_service("LaSalle Police Service")
        team = a_team(a_participation(operation, service))
        foreign = a_team(a_participation(operation, other))
        shift = a_shift(team, EVENING)
        coordinator = actor_of(a_user(Role.SERVICE_COORDINATOR, service))
        stranger = actor_of(a_user(Role.SERVICE_COORDINATOR, other))
        planner = actor_of(a_user(Role.OPERATION_COORDINATOR))

    return Plan


def _evening(day: int, hours: int = 8) -> ShiftDraft:
    starts_at = EVENING + dt.timedelta(days=day)
    return ShiftDraft(starts_at, starts_at + hours * HOUR)


def _tags() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id)))


def _latest(plan: Any) -> dt.datetime:
    at = shift_history.latest(plan.operation.id, [plan.service.id, plan.other.id])
    assert at is not None
    return at


@pytest.mark.any_database
def test_a_team_is_saved_at_once_audited_and_taken_back_as_one(app: Any, plan: Any) -> None:
    rows = [edits.DayRow("a-", _evening(1)), edits.DayRow("b-", _evening(0, 6), plan.shift, 1)]
    with writing():
        assert edits.save_days(plan.coordinator, plan.operation, plan.team, rows, []) == 2
    assert _tags()[-2:] == ["plan.shift.add", "plan.shift.change"]
    (last, *_) = shift_history.recent(plan.operation.id, [plan.service.id])
    assert (last.added, last.altered, last.cancelled, last.stale) == (1, 1, 0, 0)
    with writing():
        assert edits.undo(plan.coordinator, plan.operation, _latest(plan)) == 2
    assert [row.ends_at for row in shifts.shifts_of(plan.operation.id) if not row.cancelled] == [EVENING + 8 * HOUR]
    assert _tags()[-1] == "plan.shift.undo"


def test_a_stranger_saves_copies_and_undoes_nothing(app: Any, plan: Any) -> None:
    with pytest.raises(NotAllowed), writing():
        edits.save_days(plan.stranger, plan.operation, plan.team, [edits.DayRow("a-", _evening(1))], [])
    with pytest.raises(NotFound), writing():
        edits.copy_shift(plan.stranger, plan.operation, plan.shift, plan.foreign, dt.date(2017, 10, 12))
    with pytest.raises(NotAllowed), writing():
        edits.copy_shift(plan.coordinator, plan.operation, plan.shift, plan.foreign, dt.date(2017, 10, 12))
    with writing():
        commands.cancel_shift(plan.coordinator, plan.operation, plan.shift)
    with pytest.raises(NotFound), writing():
        edits.undo(plan.stranger, plan.operation, _latest(plan))
    assert shifts.shift(plan.shift.uid).cancelled and len(shifts.shifts_of(plan.operation.id)) == 1


def test_what_was_changed_again_or_can_no_longer_stand_is_not_undone(app: Any, plan: Any) -> None:
    with writing():
        commands.cancel_shift(plan.coordinator, plan.operation, plan.shift)
    cancelled = _latest(plan)
    with writing():
        commands.add_shift(plan.coordinator, plan.operation, plan.team, _evening(0))
    with pytest.raises(Invalid), writing():
        edits.undo(plan.coordinator, plan.operation, cancelled)
    assert shifts.shift(plan.shift.uid).cancelled
    added = _latest(plan)
    with writing():
        edits.undo(plan.coordinator, plan.operation, added)
    with pytest.raises(Changed), writing():
        edits.undo(plan.coordinator, plan.operation, added)


def test_rows_that_overlap_each_other_or_are_stale_are_refused(app: Any, plan: Any) -> None:
    twice = [edits.DayRow("a-", _evening(1)), edits.DayRow("b-", _evening(1, 4))]
    with pytest.raises(Invalid) as refused, writing():
        edits.save_days(plan.coordinator, plan.operation, plan.team, twice, [])
    assert {finding.where for finding in refused.value.findings} == {"a-starts_at", "b-starts_at"}
    same = [edits.DayRow("a-", _evening(1)), edits.DayRow("b-", _evening(1))]
    with pytest.raises(Invalid), writing():
        edits.save_days(plan.coordinator, plan.operation, plan.team, same, [])
    with pytest.raises(Invalid), writing():
        edits.save_days(plan.coordinator, plan.operation, plan.team, [edits.DayRow("a-", _evening(0))], [plan.shift])
    with pytest.raises(Changed), writing():
        edits.save_days(plan.coordinator, plan.operation, plan.team, [edits.DayRow("a-", None, plan.shift, 7)], [])
    assert len(shifts.shifts_of(plan.operation.id)) == 1


def test_a_copied_shift_keeps_its_clock_time_over_the_change_of_the_clocks(app: Any, plan: Any) -> None:
    with writing():
        row = edits.copy_shift(plan.coordinator, plan.operation, plan.shift, plan.team, dt.date(2017, 11, 10))
    assert row.starts_at == dt.datetime(2017, 11, 10, 23, tzinfo=dt.UTC)
    assert not row.published and row.uid != plan.shift.uid
