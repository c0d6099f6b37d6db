"""A release says of every number how much of it is known: in its sentence, its tables and their cells."""

from __future__ import annotations

import datetime as dt
from typing import Any

from outreach.auth.actors import SYSTEM
from outreach.report import release_work
from outreach.report.release_content import Content
from outreach.report.release_contents import contents_of
from outreach.report.workbook import export
from outreach.storage import db, writing
from outreach.storage.queries import figure_sets, operations
from outreach.storage.tables import Operation
from tests.factories import a_participation, a_service
from tests.report.releases import World
from tests.report.workbook_file import Opened

BY_DAY = {"by_day": ("persons_met", "charges")}


def changed(world: World, **values: Any) -> None:
    with writing():
        operation = db.session.get_one(Operation, world.operation.id)
        for name, value in values.items():
            setattr(operation, name, value)
        operations.note_change(operation.id)


def said(world: World, version: int, number: int = 1) -> tuple[Any, Content]:
    row = world.row(number)
    source = release_work.source_of(row, figure_sets.find(world.operation.id, version), operations.by_code(world.code))
    return row, contents_of(source)["en"]


def test_numbers_of_some_services_say_so_in_the_text_and_in_every_table(app):
    world = World(met={"Fox River Police": (30, 12), "Quarry Town Police": (3, 9)})
    a_participation(world.operation, a_service("Silent Police"))
    changed(world, overlap_nil=False)
    world.draft(world.lock(provisional=True), scope=BY_DAY)
    row, content = said(world, 1)
    assert row.texts["en"]["text"] == (
        "From 10 to 11 October 2017, between 30 and 33 persons were met. 21 charges were laid. "
        "Figures of one service are still to come."
    )
    (table,) = content.tables
    assert table.foot == ("In all", "30 to 33 (2/3)", "21 (2/3)")
    assert table.rows[1] == ("2017-10-10", "30 to 33 (2/3)", "21 (2/3)")
    assert table.rows[2] == ("2017-10-11", "..", ".."), "a day of which nothing is known is not left out"
    notes = " ".join(content.notes)
    assert "A number such as 11 (5/46) is of 5 of 46 services" in notes and "“..” stands for" in notes


def test_the_upper_end_of_a_range_whose_lower_end_is_small_is_not_said_as_the_number(app):
    world = World(met={"Fox River Police": (5, 12), "Quarry Town Police": (4, 9)})
    a_participation(world.operation, a_service("Silent Police"))
    changed(world, overlap_nil=False)
    world.draft(world.lock(provisional=True))
    row, content = said(world, 1)
    assert [cell[3:7] for cell in row.cells if cell[0] == "persons_met"] == [[9, "", "partial", 0]]
    assert content.lines[0].said == "at most 9" and "at most 9 persons were met" in row.texts["en"]["text"]
    assert '"5' not in str(row.cells) and "5 to" not in str(content)


def test_a_release_of_an_operation_whose_window_and_clock_changed_after_the_lock_tells_the_window_of_then(app):
    world = World()
    version = world.lock(provisional=True)
    changed(world, ends_at=world.operation.ends_at + dt.timedelta(days=5), day_starts_minutes=0)
    world.draft(version, scope=BY_DAY)
    row, content = said(world, version)
    assert content.window == "10 to 11 October 2017" and "From 10 to 11 October 2017" in row.texts["en"]["text"]
    assert [line[0] for line in content.tables[0].rows][1:3] == ["2017-10-10", "2017-10-11"]


def test_the_publication_copy_says_which_of_its_numbers_are_not_exact(app):
    world = World(met={"Fox River Police": (30, 12), "Quarry Town Police": (20, 9)})
    a_participation(world.operation, a_service("Silent Police"))
    changed(world, overlap_nil=False)
    world.lock(provisional=True)
    book = Opened(export(SYSTEM, operations.by_code(world.code), "en", None, "publication"))
    whole = {row["Figure"]: row for row in book.rows("tblSummary")}
    assert whole["Persons met"]["This edition"] == 50
    assert whole["Persons met"]["Coverage"] == "Partial, at most. 2 of 3 services in"
    services = {row["Service"]: row for row in book.rows("tblByService")}
    assert services["Fox River Police"]["Charges"] == 12
    assert services["Fox River Police"]["Note"].startswith("At least: Persons met, ")
    assert not services["Silent Police"]["Note"]
    day = book.rows("tblByDay")[0]
    assert "Partial, at most, 2 of 3 services in: Persons met" in day["Flag"]
    assert "Partial, 2 of 3 services in: Charges" in day["Flag"]


def test_what_left_is_known_to_the_attacker_in_the_order_in_which_it_left(app, monkeypatch):
    """By which rule a number was withheld first tells what it may be: a copy does not come after a later release."""
    world, seen = World(), []
    world.sign()
    world.lock()
    export(world.people["coordinator"], operations.by_code(world.code), "en", None, "publication")
    db.session.rollback()
    world.out(scope={"by_service": ("charges",)})
    real = release_work.attack
    monkeypatch.setattr(release_work, "attack", lambda told: seen.append(told) or real(told))
    row = world.draft(scope={"by_service": ("charges",)})
    assert [("contacts", None, None) in told.true or len(told.true) > 6 for told in seen[-1]] == [True, False, False]
    assert row.verdict["safe"]
