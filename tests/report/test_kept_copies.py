"""A publication copy of a version is the same for ever: what the first one withheld is kept; nothing chooses again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from outreach.errors import Blocked, NotAllowed
from outreach.report import release_rules, release_work, workbook
from outreach.report.workbook import export, leaving
from outreach.report.workbook.leaving import left_before, need_locked, told_of
from outreach.report.workbook.public_source import prepared, public_of
from outreach.rollup.attack import attack
from outreach.rollup.protection import Told, Why
from outreach.storage import db, writing
from outreach.storage.queries import access, operations
from outreach.storage.queries.removal import remove_operations
from outreach.storage.tables import AuditEntry, PublicationCopy, Service
from outreach.vocab import Role
from tests.factories import a_user
from tests.report.releases import World, a_release
from tests.report.workbook_file import parts_of

SMALL = {"Fox River Police": (30, 12), "Quarry Town Police": (3, 2), "Reed Town Police": (41, 0)}


@pytest.fixture
def world(app) -> World:
    made = World("OP-KEPT", SMALL)
    made.sign()
    made.lock()
    return made


def taken(world: World, language: str = "en") -> dict[str, bytes]:
    made = export(world.people["commander"], operations.by_code(world.code), language, None, "publication")
    db.session.rollback()
    return parts_of(made)


def otherwise(true, policy, earlier=(), **more) -> Told:
    """A program of later: it withholds everything but what the one before withheld."""
    return Told(more["version"], true, {key: Why.SMALL for key, number in true.items() if number > 5}, policy=policy)


def test_another_program_takes_the_same_copy_and_attacks_what_left(world, monkeypatch):
    operation, found = world.operation.id, need_locked(world.operation.id)
    chosen = told_of(found)
    first = {language: taken(world, language) for language in ("en", "fr")}
    assert chosen.hidden and chosen.true.keys() - chosen.hidden.keys() and told_of(found) == chosen
    with writing():
        for service in db.session.query(Service):
            service.name = f"{service.name} and District"
    asked: list[list[Told]] = []
    monkeypatch.setattr(leaving, "protect", otherwise)
    monkeypatch.setattr(leaving, "_SHELF", leaving._Shelf(8))
    monkeypatch.setattr(leaving, "IN_ALL", ("charges",))
    monkeypatch.setattr(release_work, "attack", lambda told: asked.append(list(told)) or attack(told))
    assert {language: taken(world, language) for language in ("en", "fr")} == first
    assert left_before(operation) == [chosen] and told_of(need_locked(operation)) == chosen
    release_work.weigh(operations.by_id(operation), need_locked(operation), release_rules.Scope())
    assert chosen in asked[0]


def test_the_first_copy_keeps_what_it_tells_and_no_number_that_it_withholds(world):
    chosen = told_of(need_locked(world.operation.id))
    taken(world)
    taken(world, "fr")
    row = db.session.query(PublicationCopy).one()
    entry = db.session.query(AuditEntry).filter_by(tag="report.workbook.export").first()
    assert (entry.operation_id, entry.details["version"]) == (row.operation_id, 1)
    cells = {tuple(cell[:3]): cell[3:] for cell in row.cells}
    assert {key for key, (number, why) in cells.items() if number is None and why} == chosen.hidden.keys()
    assert {key: number for key, (number, why) in cells.items() if not why} == {
        key: number for key, number in chosen.true.items() if key not in chosen.hidden
    }


def test_what_the_first_copy_did_not_weigh_is_in_no_later_one(world):
    taken(world)
    made = prepared(operations.by_code(world.code))
    key = next(key for key in made.told.true if key not in made.told.hidden)
    true = {other: number for other, number in made.told.true.items() if other != key}
    source = public_of(replace(made, told=replace(made.told, true=true)))
    assert public_of(made).shown(*key) == made.told.true[key]
    assert source.shown(*key) is None and source.cell(*key) == "..."


def test_somebody_who_takes_the_first_copy_meanwhile_takes_the_one_for_all(world, monkeypatch):
    make, first = workbook._publication, []

    def overtaken(*args):
        made = make(*args)
        if not first:
            first.append(None)
            monkeypatch.setattr(leaving, "protect", otherwise)
            first[0] = taken(world)
        return made

    monkeypatch.setattr(workbook, "_publication", overtaken)
    assert taken(world) == first[0]
    assert db.session.query(PublicationCopy).count() == 1
    assert db.session.query(AuditEntry).filter_by(tag="report.workbook.export").count() == 2


def test_a_later_copy_of_what_left_is_handed_out_whatever_was_published_since(world):
    first = taken(world)
    a_release(world.operation, 1)
    assert taken(world) == first


def test_nothing_is_kept_for_who_may_not_take_it_nor_of_what_is_not_safe(world, monkeypatch):
    outsider = access.actor_of(a_user(Role.FIELD_OFFICER))
    with pytest.raises(NotAllowed):
        export(outsider, operations.by_code(world.code), "en", None, "publication")
    monkeypatch.setattr(leaving, "attack", lambda told: replace(attack(told), finished=False))
    with pytest.raises(Blocked):
        taken(world)
    assert db.session.query(PublicationCopy).count() == 0


def test_what_was_changed_past_the_program_is_neither_handed_out_nor_counted_on(world):
    taken(world)
    with writing():
        db.session.execute(text("UPDATE publication_copy SET cells = '[]'"))
    with pytest.raises(Blocked, match="not what was locked"):
        taken(world)
    with pytest.raises(Blocked, match="not what was locked"):
        left_before(world.operation.id)


def test_it_goes_with_its_operation(world):
    taken(world)
    with writing():
        remove_operations([world.operation.id])
    assert db.session.query(PublicationCopy).count() == 0
