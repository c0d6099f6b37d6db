"""Releases of one tree of operations at the same moment, where the database lets two persons write at a time."""

from __future__ import annotations

import threading
from contextlib import nullcontext, suppress

import pytest

from outreach.errors import Blocked, Changed
from outreach.report import release_approval_commands as approving
from outreach.report import release_commands as commands
from outreach.report.workbook import export
from outreach.storage import db, engine, writing
from outreach.storage.queries import operations
from outreach.storage.queries import releases as rows
from tests.report.releases import World
from tests.report.workbook_file import parts_of


@pytest.fixture
def worlds(app) -> list[World]:
    """An operation and one within it, each with a release that lacks one approval."""
    above, within = World("OP-ABOVE"), World("OP-WITHIN", met={"Reed Town Police": (40, 15)})
    with writing():
        child = operations.by_code("OP-WITHIN")
        child.parent_id = child.root_id = above.operation.id
        operations.note_change(child.id)
    for world in (above, within):
        world.sign()
    for world in (within, above):
        world.lock(provisional=True)
        row = world.draft()
        commands.send(world.people["coordinator"], row, seen=row.content_hash)
        approving.approve(world.people["coordinator"], row)
    return [above, within]


@pytest.fixture(autouse=True)
def as_in_processes_of_their_own(monkeypatch):
    """Threads of one process wait for each other before they ask the database; processes do not."""
    monkeypatch.setattr(engine._queue, "turn", nullcontext)


def at_once(app, *steps) -> list[Exception]:
    """Do the steps in threads of their own; what went wrong."""
    wrong: list[Exception] = []

    def one(step) -> None:
        with app.app_context():
            try:
                step()
            except (Blocked, Changed) as problem:
                wrong.append(problem)
            finally:
                db.session.remove()

    db.session.rollback()
    threads = [threading.Thread(target=one, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong


def meet_in(monkeypatch, module, name: str, meet: threading.Barrier) -> None:
    """Whoever comes to that function waits there for the other one, as long as there is hope that she comes."""
    real = getattr(module, name)

    def together(*args, **more):
        with suppress(threading.BrokenBarrierError):
            meet.wait(2)
        return real(*args, **more)

    monkeypatch.setattr(module, name, together)


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_two_operations_of_one_tree_do_not_publish_what_was_never_held_against_each_other(app, worlds, monkeypatch):
    meet_in(monkeypatch, approving, "publish", threading.Barrier(2))
    numbers = [(world, world.row().id) for world in worlds]
    wrong = at_once(
        app, *(lambda one=one: approving.approve(one[0].people["commander"], rows.by_id(one[1])) for one in numbers)
    )
    assert sorted(world.row().state for world in worlds) == ["published", "sent"]
    assert len(wrong) == 1 and "since this one was checked" in wrong[0].message


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_a_publication_copy_and_a_release_within_do_not_leave_at_the_same_moment(app, worlds, monkeypatch):
    from outreach import audit

    above, within = worlds
    meet_in(monkeypatch, audit, "record", threading.Barrier(2))
    people, number = [world.people["commander"] for world in worlds], within.row().id
    wrong = at_once(
        app,
        lambda: export(people[0], operations.by_code("OP-ABOVE"), "en", None, "publication"),
        lambda: approving.approve(people[1], rows.by_id(number)),
    )
    left = [within.row().state == "published", bool(rows.publication_copies([above.operation.id]))]
    assert sorted(left) == [False, True] and len(wrong) == 1


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_two_first_copies_of_a_version_at_once_are_one_copy(app, worlds, monkeypatch):
    person, made = worlds[0].people["commander"], []
    meet_in(monkeypatch, rows, "hold_tree", threading.Barrier(2))

    def take() -> None:
        made.append(export(person, operations.by_code("OP-ABOVE"), "en", None, "publication"))

    assert at_once(app, take, take) == []
    assert len(rows.publication_copies([worlds[0].operation.id])) == 1
    assert len(made) == 2 and parts_of(made[0]) == parts_of(made[1])
