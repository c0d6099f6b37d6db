"""Locked figures: refused, made, found again by their hash; they never move; what comes later is the next version."""

import datetime as dt
import hashlib
import json
import threading

import pytest
from sqlalchemy import delete, update

from outreach.errors import Blocked, Changed, Invalid, NotAllowed
from outreach.returns import set_commands as commands
from outreach.returns import set_rules as rules
from outreach.storage import db, writing
from outreach.storage.queries import access, operations, removal
from outreach.storage.queries import figure_sets as rows
from outreach.storage.tables import AuditEntry, FigureSet, SignOff, Tally
from outreach.storage.tables.locked import Locked
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus, Role
from tests.factories import a_participation, a_service, a_user, an_operation


class World:
    """An operation with two services that send totals, and its coordinator."""

    def __init__(self):
        self.operation = an_operation("OP-LOCK", days=2)
        self.parts = [
            a_participation(self.operation, a_service(name), entry_mode=EntryMode.DAILY_TOTALS)
            for name in ("Fox River Police", "Quarry Town Police")
        ]
        self.actor = access.actor_of(a_user(Role.OPERATION_COORDINATOR))

    def tell(self, part, met, day=10):
        with writing():
            now = utc_now()
            day = dt.date(2017, 10, day)
            old = db.session.query(Tally).filter_by(participation_id=part.id, day=day, superseded_at=None).first()
            if old is not None:
                old.superseded_at = now
            db.session.add(
                Tally(
                    operation_id=part.operation_id,
                    participation_id=part.id,
                    service_id=part.service_id,
                    measure="persons_met",
                    day=day,
                    state="number" if met else "zero",
                    value=met,
                    version=old.version + 1 if old else 1,
                    recorded_at=now,
                )
            )
            operations.note_change(part.operation_id)

    def sign(self, *parts, **more):
        with writing():
            for part in parts:
                version = db.session.query(SignOff).filter_by(participation_id=part.id).count() + 1
                db.session.add(
                    SignOff(
                        participation_id=part.id,
                        version=version,
                        signed_at=utc_now(),
                        as_of=utc_now(),
                        typed_name="Robin",
                        figures={"persons_met": 1},
                        figures_hash="ab" * 32,
                        **more,
                    )
                )

    def lock(self, **more):
        with db.session.no_autoflush:
            return commands.lock(self.actor, operations.by_code("OP-LOCK"), **{"provisional": False, **more})


@pytest.fixture
def world(app):
    return World()


@pytest.mark.any_database
def test_figures_are_locked_signed_when_every_service_stands_and_found_again_by_their_hash(world):
    one, two = world.parts
    world.tell(one, 3), world.tell(two, 0)
    world.sign(one)
    with pytest.raises(Invalid) as refused:
        world.lock()
    assert [finding.where for finding in refused.value.findings] == ["kind"]
    assert db.session.query(FigureSet).count() == 0
    world.sign(two)
    made = world.lock()
    db.session.expire_all()
    found = rows.find(world.operation.id, 1)
    assert (found.kind, found.version, found.reported, found.expected) == ("signed", 1, 2, 2)
    assert found.hash == made.hash and commands.intact(found)
    # Anybody works the hash out again from the download alone, without this program.
    export = json.loads(json.dumps({"locked": commands.document_of(found)}, indent=1))
    text = json.dumps(export["locked"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode("utf-8")).hexdigest() == found.hash
    met = {rules.said_of(row)[0]: row[3] for row in found.figures if row[0] == "persons_met"}
    service = one.service_id
    assert met[("persons_met", None, None)] == 3 == met[("persons_met", service, None)]
    assert met[("persons_met", service, "2017-10-10")] == 3 == met[("persons_met", None, "2017-10-10")]
    assert ("persons_met", two.service_id, "2017-10-11") not in met
    assert found.definitions["persons_met"]["version"] == 1 and found.definitions["persons_met"]["rule"]
    assert {one["state"] for one in found.signed.values()} == {"signed"}
    (entry,) = db.session.query(AuditEntry).filter_by(tag="returns.figures.lock").all()
    assert entry.details == {"version": 1, "state": "signed", "services": 2}


@pytest.mark.any_database
def test_locked_figures_never_move_and_what_comes_later_enters_the_next_version(world):
    one, two = world.parts
    world.tell(one, 3), world.tell(two, 1)
    with pytest.raises(Invalid) as refused:
        world.lock(provisional=True, reason=" \u200b")
    assert [finding.where for finding in refused.value.findings] == ["reason"]
    first = world.lock(provisional=True, reason="The minister asks today")
    with pytest.raises(Blocked):
        world.lock(provisional=True, reason="Again")
    before, kept = first.hash, json.dumps(first.figures)
    world.tell(one, 5)
    _, moved = commands.changed_since(world.operation)
    assert {d.key[0]: (d.before.value, d.after.value) for d in moved}["persons_met"] == (4, 6)
    with pytest.raises(Changed):
        world.lock(provisional=True, reason="From an old page", after=0)
    second = world.lock(provisional=True, reason="One more came", after=1)
    db.session.expire_all()
    first, second = rows.find(world.operation.id, 1), rows.find(world.operation.id, 2)
    assert (first.hash, json.dumps(first.figures)) == (before, kept) and second.hash != first.hash
    assert [listed.row.version for listed in rows.sets_of(world.operation.id)] == [2, 1]
    assert commands.changed_since(world.operation)[1] == []


@pytest.mark.any_database
def test_the_session_refuses_to_change_or_delete_locked_figures_unless_the_operation_goes(world):
    world.tell(world.parts[0], 3)
    world.lock(provisional=True, reason="For the test")
    table = FigureSet.__table__

    def done(step):
        with writing():
            step()
            db.session.flush()

    for step in (
        lambda: setattr(db.session.query(FigureSet).one(), "reported", 9),
        lambda: db.session.delete(db.session.query(FigureSet).one()),
        lambda: db.session.execute(update(FigureSet).values(reported=9)),
        lambda: db.session.execute(update(table).values(reported=9)),
        lambda: db.session.execute(delete(table)),
        lambda: db.session.query(FigureSet).delete(),
    ):
        with pytest.raises(Locked):
            done(step)
    assert commands.intact(db.session.query(FigureSet).one())
    with writing():
        removal.remove_operations([world.operation.id])
    assert db.session.query(FigureSet).count() == 0


def test_nothing_in_a_draft_a_rehearsal_an_archive_and_a_stranger_are_refused(world):
    with pytest.raises(Blocked):
        world.lock(provisional=True, reason="Nothing is in")
    world.tell(world.parts[0], 3)
    stranger = access.actor_of(a_user(Role.COMMANDER))
    for actor in (stranger, access.actor_of(a_user(Role.SERVICE_COORDINATOR, a_service()))):
        with pytest.raises(NotAllowed):
            commands.lock(actor, world.operation, provisional=True, reason="Not mine")
    for status, problem in (("draft", Blocked), ("planned", Blocked), ("archived", NotAllowed)):
        with writing():
            operations.by_code("OP-LOCK").status = OperationStatus(status).value
        with pytest.raises(problem):
            world.lock(provisional=True, reason="Too early or too late")
    with writing():
        operations.by_code("OP-LOCK").status = OperationStatus.ACTIVE.value
        operations.by_code("OP-LOCK").is_rehearsal = True
    with pytest.raises(Blocked):
        world.lock(provisional=True, reason="A rehearsal")
    assert db.session.query(FigureSet).count() == 0


@pytest.mark.any_database
def test_a_service_that_reopens_while_figures_are_being_locked_is_not_locked_as_signed(app, world, monkeypatch):
    """The other write is under way when the lock begins, and is committed before it ends."""
    one, two = world.parts
    world.tell(one, 3), world.tell(two, 1)
    world.sign(one, two)
    operation_id, ready, done = world.operation.id, threading.Event(), threading.Event()

    def reopen():
        with app.app_context(), writing():
            operations.note_change(operation_id)
            signature = db.session.query(SignOff).filter_by(participation_id=one.id).one()
            signature.reopened_at = utc_now()
            ready.set()
            assert done.wait(20)

    other = threading.Thread(target=reopen)

    def between(_taken, _kind, _reason):
        other.start()
        assert ready.wait(20)
        threading.Timer(0.1, done.set).start()
        return []

    monkeypatch.setattr(commands, "_findings", between)
    with pytest.raises(Changed):
        world.lock()
    other.join(20)
    db.session.rollback()
    assert db.session.query(FigureSet).count() == 0
