"""Writes of shifts and of the roster: refused, done, audited; drafts apart from what officers see."""

from __future__ import annotations

import datetime as dt
import random
import threading
from typing import Any

import pytest
from sqlalchemy import event, select

from outreach.auth.actors import SYSTEM
from outreach.errors import Blocked, Changed, Invalid, NotAllowed, NotFound
from outreach.plan import shift_commands as commands
from outreach.plan import team_commands
from outreach.plan.shift_rules import ShiftDraft
from outreach.storage import db, writing
from outreach.storage.queries import access, operations, plan, shifts, teams
from outreach.storage.tables import AuditEntry, Operation, ShiftVersion, Staff, Team, User
from outreach.vocab import EntryMode, OperationStatus, ParticipationStatus, Role
from tests.factories import a_participation, a_service, a_shift, a_team, a_user, an_operation

pytestmark = pytest.mark.any_database

EVENING = dt.datetime(2017, 10, 10, 22, 0, tzinfo=dt.UTC)  # 18:00 in Toronto
FIRST = dt.date(2017, 10, 10)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def _actor(user: Any) -> Any:
    return access.actor_of(db.session.get(User, user.id))


def _tags() -> list[str]:
    found = db.session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id))
    return [tag for tag in found if tag.startswith(("plan.shift", "plan.roster"))]


def _draft(hours: float = 8, starts_at: dt.datetime = EVENING, **more: Any) -> ShiftDraft:
    return ShiftDraft(starts_at, starts_at + hours * HOUR, **more)


def _staff(team: Team) -> list[int]:
    return [staff.id for _, staff in teams.members_of(team.operation_id, team.id)]


def _users(team: Team) -> list[int]:
    return [staff.user_id for _, staff in teams.members_of(team.operation_id, team.id) if staff.user_id]


def _hours(rows: list[shifts.ShiftRow]) -> list[tuple[str, float]]:
    """Start in UTC and length of every row."""
    return [(f"{row.starts_at:%m-%d %H:%M}", (row.ends_at - row.starts_at) / HOUR) for row in rows]


# --- one shift --------------------------------------------------------------------------------------------------------


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
    assert now is not None and (now.version, now.cancelled, now.ends_at) == (4, False, EVENING + 6 * HOUR)
    versions = list(db.session.scalars(select(ShiftVersion).order_by(ShiftVersion.version)))
    assert [v.superseded_at for v in versions[:3]] == [v.recorded_at for v in versions[1:]]
    assert _tags() == ["plan.shift.add", "plan.shift.change", "plan.shift.cancel", "plan.shift.change"]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.tag == "plan.shift.change")).first()
    assert (entry.kind, entry.object_id, entry.operation_id, entry.service_id) == (
        "shift", row.uid, operation.id, service.id
    )  # fmt: skip
    assert entry.details == {"changed": ["ends_at", "place", "places"]}


def test_place_and_channel_are_not_in_the_database_to_read_nor_in_the_journal(app: Any) -> None:
    operation = an_operation()
    team = a_team(a_participation(operation))
    with writing():
        commands.add_shift(SYSTEM, operation, team, _draft(place="Back door of the hall", channel="TAC 4"))
    from sqlalchemy import text

    sealed = db.session.execute(text("select place, channel from shift_version")).one()
    assert b"Back door" not in bytes(sealed[0]) and b"TAC" not in bytes(sealed[1])
    assert "Back door" not in str([e.details for e in db.session.scalars(select(AuditEntry))])


def test_who_read_an_older_version_is_told(app: Any) -> None:
    operation = an_operation()
    row = a_shift(a_team(a_participation(operation)), EVENING)
    with writing():
        commands.change_shift(SYSTEM, operation, row, _draft(6), 1)
    for act in (
        lambda: commands.change_shift(SYSTEM, operation, row, _draft(7), 1),
        lambda: commands.cancel_shift(SYSTEM, operation, row, 1),
        lambda: commands.restore_shift(SYSTEM, operation, row, 1),
    ):
        with pytest.raises(Changed), writing():
            act()
    assert shifts.shift(row.uid).version == 2


def test_shifts_of_another_service_are_refused(app: Any) -> None:
    operation, own = an_operation(), a_service()
    a_participation(operation, own)
    theirs = a_team(a_participation(operation))
    row = a_shift(theirs, EVENING)
    for user in (
        a_user(Role.SERVICE_COORDINATOR, own),
        a_user(Role.FIELD_OFFICER, own),
        a_user(Role.COMMANDER),
        a_user(),
    ):
        actor = _actor(user)
        for act in (
            lambda actor=actor: commands.add_shift(actor, operation, theirs, _draft(starts_at=EVENING + DAY)),
            lambda actor=actor: commands.change_shift(actor, operation, row, _draft(6), 1),
            lambda actor=actor: commands.cancel_shift(actor, operation, row),
            lambda actor=actor: commands.restore_shift(actor, operation, row),
            lambda actor=actor: commands.copy_day(actor, operation, FIRST, [FIRST + DAY], [theirs.service_id]),
            lambda actor=actor: commands.publish(actor, operation, [theirs.service_id]),
        ):
            with pytest.raises(NotAllowed), writing():
                act()
    officer = _actor(a_user(Role.FIELD_OFFICER, own))
    for act in (
        lambda: commands.use_evening(officer, operation),
        lambda: commands.copy_day(officer, operation, FIRST, [FIRST + DAY]),
        lambda: commands.copy_pattern(officer, operation, operation),
        lambda: commands.problems_of(officer, operation),
    ):
        with pytest.raises(NotAllowed), writing():
            act()
    assert _tags() == [] and [r.version for r in shifts.shifts_of(operation.id)] == [1]


def test_an_archived_operation_takes_no_shift(app: Any) -> None:
    operation = an_operation(status=OperationStatus.ARCHIVED)
    team = a_team(a_participation(operation))
    for act in (
        lambda: commands.add_shift(SYSTEM, operation, team, _draft()),
        lambda: commands.publish(SYSTEM, operation, [team.service_id]),
        lambda: commands.use_evening(SYSTEM, operation),
    ):
        with pytest.raises(NotAllowed), writing():
            act()


def test_a_shift_of_another_operation_is_not_found(app: Any) -> None:
    operation = an_operation()
    row = a_shift(a_team(a_participation(operation)), EVENING)
    with pytest.raises(NotFound), writing():
        commands.cancel_shift(SYSTEM, an_operation(), row)


def test_a_team_is_not_out_twice_at_a_time(app: Any) -> None:
    operation = an_operation()
    taking_part = a_participation(operation)
    team, other = a_team(taking_part), a_team(taking_part, name="Team 2")
    with writing():
        row = commands.add_shift(SYSTEM, operation, team, _draft())
        commands.add_shift(SYSTEM, operation, other, _draft())
        commands.add_shift(SYSTEM, operation, team, _draft(4, EVENING + 8 * HOUR))
    for starts_at in (EVENING + 7 * HOUR, EVENING - HOUR, EVENING):
        with pytest.raises(Invalid) as caught, writing():
            commands.add_shift(SYSTEM, operation, team, _draft(2, starts_at))
        assert [finding.where for finding in caught.value.findings] == ["starts_at"]
    with writing():
        commands.cancel_shift(SYSTEM, operation, row)
        commands.add_shift(SYSTEM, operation, team, _draft(2, EVENING + HOUR))
    with pytest.raises(Invalid), writing():
        commands.restore_shift(SYSTEM, operation, row)
    assert len(shifts.shifts_of(operation.id)) == 4


def test_the_crew_is_of_the_team_and_a_cancelled_team_takes_no_shift(app: Any) -> None:
    operation = an_operation()
    taking_part = a_participation(operation)
    team, other = a_team(taking_part, a_user(), a_user()), a_team(taking_part, a_user(), name="Team 2")
    ana, ben = _staff(team)
    with writing():
        row = commands.add_shift(SYSTEM, operation, team, _draft(crew=(ben, ana, ben)))
    assert row.crew == tuple(sorted((ana, ben)))
    with pytest.raises(Invalid), writing():
        commands.change_shift(SYSTEM, operation, row, _draft(crew=(ana, *_staff(other))), 1)
    with writing():
        team_commands.cancel_team(SYSTEM, operation, team)
    with pytest.raises(Invalid), writing():
        commands.add_shift(SYSTEM, operation, team, _draft(starts_at=EVENING + DAY))
    with writing():
        assert commands.cancel_shift(SYSTEM, operation, row)


@pytest.mark.parametrize(
    "draft",
    [
        ShiftDraft(EVENING, EVENING),
        ShiftDraft(EVENING, EVENING - HOUR),
        ShiftDraft(EVENING, EVENING + 17 * HOUR),
        ShiftDraft(EVENING, None),
        ShiftDraft(None, None),
        ShiftDraft(EVENING + 400 * DAY, EVENING + 400 * DAY + HOUR),
        ShiftDraft(EVENING, EVENING + HOUR, places=100),
        ShiftDraft(EVENING, EVENING + HOUR, place="x" * 5000),
        ShiftDraft(EVENING, EVENING + HOUR, crew=(999_999,)),
    ],
)
def test_what_cannot_be_a_shift_is_refused_and_leaves_nothing(app: Any, draft: ShiftDraft) -> None:
    operation = an_operation()
    team = a_team(a_participation(operation))
    with pytest.raises(Invalid), writing():
        commands.add_shift(SYSTEM, operation, team, draft)
    assert shifts.shifts_of(operation.id) == [] and _tags() == []


def _at_once(app: Any, act: Any, times: int = 4) -> list[str]:
    """What became of ``act`` in as many threads at once, each in a write of its own."""
    outcomes: list[str] = []

    def one() -> None:
        with app.app_context():
            try:
                with writing():
                    act()
                outcomes.append("done")
            except (Changed, Invalid) as refused:
                outcomes.append(refused.code)
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_of_several_at_once_one_adds_and_one_changes_a_shift(app: Any) -> None:
    operation = an_operation()
    team = a_team(a_participation(operation))
    operation_id, team_id = operation.id, team.id

    def add() -> None:
        commands.add_shift(SYSTEM, operations.by_id(operation_id), teams.team(team_id), _draft())

    assert _at_once(app, add) == ["done", "invalid", "invalid", "invalid"]
    (row,) = shifts.shifts_of(operation_id)

    def change() -> None:
        commands.change_shift(SYSTEM, operations.by_id(operation_id), row, _draft(6), 1)

    assert _at_once(app, change) == ["changed", "changed", "changed", "done"]
    assert shifts.shift(row.uid).version == 2


# --- draft and published ----------------------------------------------------------------------------------------------


def test_a_draft_never_changes_what_officers_see_until_it_is_published(app: Any) -> None:
    operation, officer = an_operation(), a_user()
    team = a_team(a_participation(operation), officer)
    service = team.service_id

    def seen() -> list[tuple[str, float]]:
        own = [row for row, _ in shifts.roster_of_user(officer.id)]
        assert own == shifts.roster_of(operation.id)
        return _hours(own)

    with writing():
        row = commands.add_shift(SYSTEM, operation, team, _draft())
    assert seen() == []
    before = operations.by_id(operation.id).changes
    with writing():
        assert commands.publish(SYSTEM, operation, [service]) == 1
    assert seen() == [("10-10 22:00", 8)] and shifts.shift(row.uid).published
    with writing():
        commands.change_shift(SYSTEM, operation, row, _draft(6), 1)
    (planned,) = shifts.shifts_of(operation.id)
    assert seen() == [("10-10 22:00", 8)] and planned.pending and planned.on_roster and not planned.published
    with writing():
        assert commands.publish(SYSTEM, operation, [service]) == 1
        assert commands.publish(SYSTEM, operation, [service]) == 0
    assert seen() == [("10-10 22:00", 6)]
    with writing():
        commands.cancel_shift(SYSTEM, operation, row)
    assert seen() == [("10-10 22:00", 6)]
    with writing():
        assert commands.publish(SYSTEM, operation, [service]) == 1
    assert seen() == [] and not shifts.shifts_of(operation.id)[0].pending
    with writing():
        commands.restore_shift(SYSTEM, operation, row)
    assert seen() == []
    with writing():
        commands.publish(SYSTEM, operation, [service])
    assert seen() == [("10-10 22:00", 6)]
    standing = db.session.scalars(
        select(ShiftVersion).where(ShiftVersion.published_at.is_not(None), ShiftVersion.unpublished_at.is_(None))
    ).all()
    assert [version.version for version in standing] == [4]
    assert _tags().count("plan.roster.publish") == 4
    db.session.expire_all()
    assert db.session.get(Operation, operation.id).changes == before + 4


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_drafted_the_roster_is_what_stood_when_it_was_published(app: Any, seed: int) -> None:
    """Forty steps at random against a plain model: what is planned, and a copy of it at each publishing."""
    chance = random.Random(seed)
    operation = an_operation()
    team = a_team(a_participation(operation))
    planned: dict[str, tuple[int, float, bool]] = {}  # evening, hours, cancelled
    published: list[tuple[str, float]] = []
    for _ in range(40):
        row = shifts.shift(chance.choice(list(planned))) if planned else None
        step = chance.choice(("add", "change", "cancel", "restore", "publish"))
        with writing():
            if step == "add" and len(planned) < 7:
                evening, hours = len(planned), chance.randint(1, 8)
                added = commands.add_shift(SYSTEM, operation, team, _draft(hours, EVENING + evening * DAY))
                planned[added.uid] = (evening, hours, False)
            elif step == "publish":
                commands.publish(SYSTEM, operation, [team.service_id])
                published = sorted(
                    (f"{EVENING + evening * DAY:%m-%d %H:%M}", hours)
                    for evening, hours, cancelled in planned.values()
                    if not cancelled
                )
            elif row is not None:
                evening, hours, cancelled = planned[row.uid]
                if step == "change" and not cancelled:
                    hours = chance.randint(1, 8)
                    commands.change_shift(SYSTEM, operation, row, _draft(hours, EVENING + evening * DAY), row.version)
                elif step == "cancel":
                    commands.cancel_shift(SYSTEM, operation, row)
                    cancelled = True
                elif step == "restore":
                    commands.restore_shift(SYSTEM, operation, row)
                    cancelled = False
                planned[row.uid] = (evening, hours, cancelled)
        assert _hours(shifts.roster_of(operation.id)) == published, step


def test_a_shift_cancelled_before_anybody_saw_it_is_never_published(app: Any) -> None:
    operation = an_operation()
    team = a_team(a_participation(operation))
    with writing():
        row = commands.add_shift(SYSTEM, operation, team, _draft())
        commands.cancel_shift(SYSTEM, operation, row)
        assert commands.publish(SYSTEM, operation, [team.service_id]) == 0
    assert db.session.scalars(select(ShiftVersion.published_at)).all() == [None, None]
    assert "plan.roster.publish" not in _tags()


def test_publishing_one_service_leaves_the_others_as_they_were(app: Any) -> None:
    operation = an_operation()
    first, second = a_team(a_participation(operation)), a_team(a_participation(operation))
    actor = _actor(a_user(Role.SERVICE_COORDINATOR, teams.service(first.service_id)))
    a_shift(first, EVENING)
    a_shift(second, EVENING)
    with writing():
        assert commands.publish(actor, operation, [first.service_id]) == 1
    assert [row.team_id for row in shifts.roster_of(operation.id)] == [first.id]
    assert shifts.roster_of(operation.id, [second.service_id]) == []
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.tag == "plan.roster.publish")).one()
    assert (entry.service_id, entry.details) == (first.service_id, {"rows": 1})
    with pytest.raises(Invalid), writing():
        commands.publish(actor, operation, [])


def test_what_blocks_is_listed_and_nothing_is_published(app: Any) -> None:
    operation, ana = an_operation(), a_user()
    first, second = a_team(a_participation(operation), ana), a_team(a_participation(operation), ana)
    a_shift(first, EVENING)
    a_shift(second, EVENING + HOUR)
    with pytest.raises(Invalid) as caught, writing():
        commands.publish(SYSTEM, operation, [first.service_id])
    (finding,) = caught.value.findings
    assert finding.where == "services" and "two places at once" in finding.english()
    own = _actor(a_user(Role.SERVICE_COORDINATOR, teams.service(second.service_id)))
    with pytest.raises(Invalid) as caught, writing():
        commands.publish(own, operation, [second.service_id])
    assert "already rostered elsewhere 18:00–02:00" in caught.value.findings[0].english()
    assert shifts.roster_of(operation.id) == [] and _tags() == []


def test_of_many_that_block_the_first_are_listed_and_the_rest_counted(app: Any) -> None:
    operation = an_operation(days=30)
    team = a_team(a_participation(operation), a_user())
    other = a_team(a_participation(operation), db.session.get(User, _users(team)[0]))
    for number in range(22):
        a_shift(team, EVENING + number * DAY)
        a_shift(other, EVENING + number * DAY)
    with pytest.raises(Invalid) as caught, writing():
        commands.publish(SYSTEM, operation, [team.service_id])
    assert len(caught.value.findings) == 21 and caught.value.findings[-1].params == {"count": 2}


def test_a_published_shift_that_its_draft_moved_still_keeps_its_people(app: Any) -> None:
    """Publishing another service must not put somebody into two places on what officers see."""
    operation, ana = an_operation(), a_user()
    first, second = a_team(a_participation(operation), ana), a_team(a_participation(operation), ana)
    with writing():
        row = commands.add_shift(SYSTEM, operation, first, _draft(4))
        commands.publish(SYSTEM, operation, [first.service_id])
        commands.change_shift(SYSTEM, operation, row, _draft(4, EVENING + 2 * DAY), 1)
    a_shift(second, EVENING + HOUR, 2)
    with pytest.raises(Invalid), writing():
        commands.publish(SYSTEM, operation, [second.service_id])
    with writing():
        assert commands.publish(SYSTEM, operation, [first.service_id, second.service_id]) == 2


def test_a_cancelled_team_a_service_that_left_and_a_member_who_left_are_not_on_the_roster(app: Any) -> None:
    operation, officer, former = an_operation(), a_user(), a_user()
    taking_part = a_participation(operation)
    team = a_team(taking_part, officer, former)
    a_shift(team, EVENING, published=True)
    a_shift(team, EVENING + DAY, published=True, crew=[_staff(team)[1]])
    assert len(shifts.roster_of_user(officer.id)) == 1 and len(shifts.roster_of_user(former.id)) == 2
    (member,) = [one for one, staff in teams.members_of(operation.id, team.id) if staff.user_id == former.id]
    with writing():
        team_commands.remove_member(SYSTEM, operation, team, member)
    assert shifts.roster_of_user(former.id) == []
    with writing():
        team_commands.cancel_team(SYSTEM, operation, team)
    assert shifts.roster_of(operation.id) == shifts.roster_of_user(officer.id) == []
    with writing():
        team_commands.cancel_team(SYSTEM, operation, team, cancelled=False)
    assert len(shifts.roster_of(operation.id)) == 2
    with writing():
        version = operations.current_participation(taking_part.id)
        plan.add_participation_version(version, None, status=ParticipationStatus.WITHDRAWN.value)
    assert shifts.roster_of(operation.id) == []


def test_officers_see_nothing_of_a_draft_operation_nor_of_an_archive(app: Any) -> None:
    officer = a_user()
    found = {}
    for status in OperationStatus:
        operation = an_operation(status=status)
        a_shift(a_team(a_participation(operation), officer), EVENING, published=True)
        found[operation.id] = status
    seen = {found[operation.id] for _, operation in shifts.roster_of_user(officer.id)}
    assert seen == set(OperationStatus) - {OperationStatus.DRAFT, OperationStatus.ARCHIVED}


# --- many shifts ------------------------------------------------------------------------------------------------------


def test_a_day_is_copied_to_others_for_the_services_that_the_actor_may_change(app: Any) -> None:
    operation, service = an_operation(), a_service()
    own, theirs = a_team(a_participation(operation, service), a_user()), a_team(a_participation(operation))
    row = a_shift(own, EVENING, published=True, place="Hall", places=2, crew=_staff(own))
    a_shift(own, EVENING + DAY)
    a_shift(theirs, EVENING)
    a_shift(own, EVENING + 4 * HOUR, 1, cancelled=True)
    actor = _actor(a_user(Role.SERVICE_COORDINATOR, service))
    days = [FIRST + n * DAY for n in (0, 1, 2, 30)]
    with writing():
        done = commands.copy_day(actor, operation, FIRST, days)
    assert (done.added, done.there, [note.code for note in done.notes]) == (1, 1, ["outside"])
    copy = shifts.shift(done.uids[0])
    assert copy is not None and copy.starts_at == EVENING + 2 * DAY and not copy.published
    assert (copy.place, copy.places, copy.crew) == ("Hall", 2, row.crew)
    assert _hours(shifts.roster_of(operation.id)) == [("10-10 22:00", 8)]
    with writing():
        assert commands.copy_day(actor, operation, FIRST, days).added == 0
    assert _tags() == ["plan.shift.copy"]
    with pytest.raises(Invalid), writing():
        commands.copy_day(actor, operation, FIRST, [FIRST])
    with pytest.raises(Invalid), writing():
        commands.copy_day(actor, operation, FIRST, [FIRST + n * DAY for n in range(94)])


def test_a_copy_over_the_change_of_clocks_keeps_what_they_show(app: Any) -> None:
    operation = an_operation(starts_at=dt.datetime(2017, 11, 3, 10, tzinfo=dt.UTC), days=4)
    team = a_team(a_participation(operation))
    evening = dt.datetime(2017, 11, 3, 22, 0, tzinfo=dt.UTC)
    a_shift(team, evening)
    a_shift(team, evening + 12 * HOUR, 2)  # 06:00 in the morning: the next operational day
    with writing():
        done = commands.copy_day(SYSTEM, operation, evening.date(), [evening.date() + n * DAY for n in (1, 2)])
    assert done.added == 2 and done.notes == ()
    assert _hours(shifts.shifts_of(operation.id)) == [
        ("11-03 22:00", 8), ("11-04 10:00", 2), ("11-04 22:00", 9), ("11-05 23:00", 8),
    ]  # fmt: skip


def test_a_time_that_the_clocks_skip_moves_forward_and_is_told(app: Any) -> None:
    operation = an_operation(starts_at=dt.datetime(2017, 3, 9, 10, tzinfo=dt.UTC), days=5)
    team = a_team(a_participation(operation))
    a_shift(team, dt.datetime(2017, 3, 11, 7, 30, tzinfo=dt.UTC), 2)  # 02:30, the night of the 10th
    with writing():
        done = commands.copy_day(SYSTEM, operation, dt.date(2017, 3, 10), [dt.date(2017, 3, 11)])
    assert [(note.code, note.params["begins"], note.params["ends"]) for note in done.notes] == [
        ("moved", "03:30", "04:30")
    ]
    assert _hours(shifts.shifts_of(operation.id))[1] == ("03-12 07:30", 1)


def test_the_pattern_of_the_last_edition_comes_over_by_service_team_and_day_of_the_window(app: Any) -> None:
    old = an_operation(status=OperationStatus.ARCHIVED)
    new = an_operation(starts_at=dt.datetime(2018, 1, 15, 11, tzinfo=dt.UTC), days=5, status=OperationStatus.DRAFT)
    stays, leaves, officer = a_service(), a_service(), a_user()
    before = a_team(a_participation(old, stays), officer, name="Night east")
    a_shift(before, EVENING, published=True, place="Hall", crew=_staff(before))
    a_shift(before, EVENING + 6 * DAY)  # the seventh day; the new window has five
    a_shift(a_team(a_participation(old, leaves)), EVENING)
    a_shift(a_team(a_participation(old, a_service()), name="Other"), EVENING, cancelled=True)
    team = a_team(a_participation(new, stays), name="night EAST")
    with writing():
        done = commands.copy_pattern(SYSTEM, new, old)
    assert (done.added, [note.code for note in done.notes]) == (1, ["outside"])
    (row,) = shifts.shifts_of(new.id)
    assert (row.team_id, row.place, row.crew, row.published) == (team.id, "Hall", None, False)
    assert _hours([row]) == [("01-15 23:00", 8)]  # 18:00 in winter
    with writing():
        again = commands.copy_pattern(SYSTEM, new, old)
    assert (again.added, again.there) == (0, 1)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.tag == "plan.shift.copy")).one()
    assert (entry.service_id, entry.details) == (stays.id, {"rows": 1, "source": old.id})


def test_a_pattern_of_an_operation_that_the_actor_may_not_see_or_without_a_window_is_refused(app: Any) -> None:
    service = a_service()
    operation, foreign, unknown = an_operation(), an_operation(), an_operation(starts_at=None)
    a_participation(operation, service)
    a_participation(unknown, service)
    actor = _actor(a_user(Role.SERVICE_COORDINATOR, service))
    with pytest.raises(NotAllowed), writing():
        commands.copy_pattern(actor, operation, foreign)
    with pytest.raises(Blocked), writing():
        commands.copy_pattern(actor, operation, unknown)


def test_every_service_with_nothing_planned_gets_an_evening_team(app: Any) -> None:
    operation = an_operation(days=3)
    empty, partly, planned = a_participation(operation), a_participation(operation), a_participation(operation)
    a_team(partly, name="Team 7")
    a_shift(a_team(planned), EVENING)
    a_participation(operation, entry_mode=EntryMode.DAILY_TOTALS)
    a_participation(operation, status=ParticipationStatus.INVITED)
    short = a_participation(operation, starts_at=EVENING + 2 * HOUR, ends_at=EVENING + 26 * HOUR)
    with writing():
        done = commands.use_evening(SYSTEM, operation)
    assert (done.added, done.notes) == (3 + 3 + 2, ())
    rows = shifts.shifts_of(operation.id)
    by_service = {p.service_id: [r for r in rows if r.service_id == p.service_id] for p in (empty, partly, short)}
    assert {r.team_name for r in by_service[empty.service_id]} == {"Evening team"}
    assert {r.team_name for r in by_service[partly.service_id]} == {"Team 7"}
    assert _hours(by_service[empty.service_id]) == [("10-10 22:00", 8), ("10-11 22:00", 8), ("10-12 22:00", 8)]
    assert _hours(by_service[short.service_id]) == [("10-11 00:00", 6), ("10-11 22:00", 2)]
    assert {r.service_id for r in rows} == {p.service_id for p in (empty, partly, planned, short)}
    assert _tags() == ["plan.shift.copy"] * 3
    with writing():
        assert commands.use_evening(SYSTEM, operation).added == 0


def test_two_evening_teams_for_each_service_at_the_hours_given(app: Any) -> None:
    operation = an_operation(days=2)
    taking_part = a_participation(operation)
    a_team(taking_part, name="Evening team 1")
    with writing():
        done = commands.use_evening(
            SYSTEM, operation, per_service=2, starts_minutes=20 * 60, ends_minutes=23 * 60, places=4
        )
    rows = shifts.shifts_of(operation.id)
    assert done.added == 4 and {row.team_name for row in rows} == {"Evening team 1", "Evening team 2"}
    assert {row.places for row in rows} == {4} and _hours(rows)[0] == ("10-11 00:00", 3)
    with pytest.raises(Invalid), writing():
        commands.use_evening(SYSTEM, operation, per_service=0)


def test_without_a_window_there_is_no_evening(app: Any) -> None:
    operation = an_operation(starts_at=None)
    a_participation(operation)
    with pytest.raises(Blocked), writing():
        commands.use_evening(SYSTEM, operation)
    assert teams.teams_of(operation.id) == []


# --- problems ---------------------------------------------------------------------------------------------------------


def _problems(actor: Any, operation: Operation) -> dict[str, int]:
    found: dict[str, int] = {}
    for problem in commands.problems_of(actor, operation):
        assert problem.message % problem.params
        found[problem.code] = found.get(problem.code, 0) + 1
    return found


def test_a_service_coordinator_gets_the_problems_of_her_service_and_no_roster_of_others(app: Any) -> None:
    operation, service, ana = an_operation(days=2), a_service(municipality="Windsor"), a_user()
    own = a_team(a_participation(operation, service), ana)
    theirs = a_team(a_participation(operation, a_service("Secret Police")), ana, name="Secret team")
    a_shift(own, EVENING)
    a_shift(theirs, EVENING, 4, place="Secret place")
    actor = _actor(a_user(Role.SERVICE_COORDINATOR, service))
    assert _problems(actor, operation) == {"elsewhere": 1, "no_victim_worker": 1, "no_lead": 1}
    assert "Secret" not in str(commands.problems_of(actor, operation))
    whole = _problems(SYSTEM, operation)
    assert whole["clash"] == 1 and whole["gap"] == 1 and whole["uncovered"] == 1 and whole["no_lead"] == 2


@pytest.mark.parametrize("by_account", [True, False])
def test_a_person_is_found_in_a_child_and_in_any_other_running_operation(app: Any, by_account: bool) -> None:
    parent = an_operation()
    child, other = an_operation(parent=parent, status=OperationStatus.DRAFT), an_operation()
    service, ana = a_service(), a_user()
    team = a_team(a_participation(parent, service), ana)
    (staff,) = _staff(team)
    if not by_account:
        with writing():
            db.session.get(Staff, staff).user_id = None
    for place, operation in enumerate((child, other)):
        if by_account:
            elsewhere = a_team(a_participation(operation), ana)
        else:
            elsewhere = a_team(a_participation(operation, service))
            with writing():
                teams.add_member(elsewhere.id, db.session.get(Staff, staff), "police", False, by=None, now=EVENING)
        a_shift(elsewhere, EVENING + place * DAY, 4)
        a_shift(team, EVENING + place * DAY + 2 * HOUR)
    found = [p for p in commands.problems_of(SYSTEM, parent) if p.code == "elsewhere"]
    assert len(found) == 2 and {p.params["other_begins"] for p in found} == {"18:00"}
    assert "clash" not in _problems(SYSTEM, parent)
    with pytest.raises(Invalid), writing():
        commands.publish(SYSTEM, parent, [service.id])


def test_what_is_over_cancelled_rehearsed_or_of_other_people_is_not_elsewhere(app: Any) -> None:
    operation, ana = an_operation(), a_user()
    team = a_team(a_participation(operation), ana)
    a_shift(team, EVENING)
    for status, more in (
        (OperationStatus.CLOSED, {}),
        (OperationStatus.DRAFT, {}),
        (OperationStatus.ACTIVE, {"is_rehearsal": True}),
    ):
        a_shift(a_team(a_participation(an_operation(status=status, **more)), ana), EVENING)
    called_off_operation = an_operation()
    running = a_participation(called_off_operation)
    a_shift(a_team(running, ana), EVENING, cancelled=True)
    a_shift(a_team(running, a_user(), name="Team 2"), EVENING)
    called_off = a_team(a_participation(called_off_operation), ana)
    a_shift(called_off, EVENING)
    with writing():
        team_commands.cancel_team(SYSTEM, called_off_operation, called_off)
    assert "elsewhere" not in _problems(SYSTEM, operation)


def test_what_is_published_elsewhere_counts_until_its_change_is_published(app: Any) -> None:
    operation, other, ana = an_operation(), an_operation(), a_user()
    a_shift(a_team(a_participation(operation), ana), EVENING)
    row = a_shift(a_team(a_participation(other), ana), EVENING + HOUR, 2, published=True)
    with writing():
        commands.cancel_shift(SYSTEM, other, row)
    assert _problems(SYSTEM, operation)["elsewhere"] == 1
    with writing():
        commands.publish(SYSTEM, other, [row.service_id])
    assert "elsewhere" not in _problems(SYSTEM, operation)


def test_somebody_disabled_removed_or_deleted_is_told(app: Any) -> None:
    operation, officer = an_operation(), a_user()
    team = a_team(a_participation(operation), officer, a_user(), a_user())
    first, second, third = _staff(team)
    a_shift(team, EVENING, crew=[first, second, third])
    (member,) = [one for one, staff in teams.members_of(operation.id, team.id) if staff.id == second]
    with writing():
        team_commands.remove_member(SYSTEM, operation, team, member)
        db.session.delete(db.session.get(Staff, third))
        account = db.session.get(User, db.session.get(Staff, first).user_id)
        account.active = False
    found = [p.message for p in commands.problems_of(SYSTEM, operation) if p.code == "gone"]
    assert len(found) == 3 and len(set(found)) == 3
    assert any("deleted" in words for words in found) and any("disabled" in words for words in found)


def test_the_problems_of_many_teams_take_as_many_queries_as_those_of_one(app: Any) -> None:
    def asked(number: int) -> int:
        operation = an_operation(days=2)
        for _ in range(number):
            taking_part = a_participation(operation)
            team = a_team(taking_part, a_user())
            a_shift(team, EVENING, crew=[*_staff(team), 999_999])
        statements: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert commands.problems_of(SYSTEM, operation)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(statements)

    assert asked(1) == asked(6) <= 15
