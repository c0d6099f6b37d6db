"""Taking the rows of Charges: accused, arrests, charges, what replaced them, and what the site changed meanwhile."""

import datetime as dt

import pytest

from outreach.field import charge_commands
from outreach.returns import return_rules as book
from outreach.returns.take_rules import NotWhole
from outreach.storage import db, writing
from outreach.storage.queries import charges
from outreach.storage.tables import Accused, AccusedVersion, Charge, ChargeVersion, ReturnRow
from outreach.vocab import EntryMode, ServiceKind
from tests.factories import a_participation, a_service
from tests.returns.books import Said
from tests.returns.test_take_commands import World, kinds

LAID = {"label": "Human trafficking", "statute": "IRPA", "counts": 2, "laid_on": dt.date(2017, 10, 12)}
OTHER = {"label": "Procuring", "statute": "Criminal Code", "counts": 1, "laid_on": dt.date(2017, 10, 13)}
ARREST = {"arrested": "yes", "arrested_on": dt.date(2017, 10, 11)}


@pytest.fixture
def world(app):
    return World()


def stands(world):
    """Code → (arrested, [(label, counts, status)]) of everybody whose entry stands."""
    db.session.rollback()
    return {
        one.accused.code: (
            one.version.arrested,
            sorted((row.version.label, row.version.counts, row.version.status) for row in one.charges),
        )
        for one in charges.accused_of(world.operation.id, world.service.id)
        if not one.version.withdrawn
    }


def test_rows_become_accused_arrests_and_charges_and_sent_again_change_nothing(world):
    said = world.said().charge(1, **ARREST, **LAID).charge(2, **OTHER).charge(3, "B-2", **ARREST)
    shown = world.preview(said)
    taken = world.take(said)
    assert taken.done.steps == shown.done.steps and kinds(taken.done) == {"new": 3}
    assert stands(world) == {
        "A-01": (True, [("Human trafficking", 2, "laid"), ("Procuring", 1, "laid")]),
        "B-2": (True, []),
    }
    after = {one.measure: one.after for one in shown.figures if one.day is None}
    for code, value in (("charges", 3), ("persons_charged", 1), ("persons_arrested", 2)):
        assert after[code] == world.figure(code) == value
    changes = world.changes()
    assert kinds(world.take(said).done) == kinds(world.take(world.said()).done) == {"same": 3}
    assert world.changes() == changes and db.session.query(ChargeVersion).count() == 2


def test_counts_are_corrected_another_offence_is_another_charge_and_what_goes_is_withdrawn(world):
    said = world.said().charge(1, **ARREST, **LAID).charge(2, "B-2", **{**ARREST, **OTHER})
    world.take(said)
    world.take(said.charge(1, **ARREST, **{**LAID, "counts": 3}))
    assert db.session.query(Charge).count() == 2
    assert [v.reason for v in db.session.query(ChargeVersion).filter_by(version=2)] == ["Return issue 1"]
    world.take(said.charge(1, **ARREST, **OTHER).without(2, book.CHARGES))
    assert stands(world) == {"A-01": (True, [("Human trafficking", 3, "withdrawn"), ("Procuring", 1, "laid")])}
    assert db.session.query(ReturnRow).count() == 1
    world.take(said.charge(1, "C-3", **ARREST, **OTHER))
    assert set(stands(world)) == {"C-3"}
    world.take(said.charge(2, "B-2", **ARREST))  # the code comes again
    assert stands(world)["B-2"] == (True, [("Procuring", 1, "withdrawn")])


def test_a_charge_that_was_replaced_names_what_replaced_it(world):
    said = world.said().charge(1, **ARREST, **LAID)
    world.take(said)
    with pytest.raises(NotWhole) as refused:
        world.take(said.charge(1, **ARREST, **LAID, status="substituted"))
    assert [(fault.cell, fault.column) for fault in refused.value.done.faults] == [("K3", "status")]
    world.take(said.charge(2, **OTHER))
    first, second = db.session.query(Charge).order_by(Charge.id).all()
    assert second.substitute_for_id == first.id and world.figure("charges") == 1
    assert kinds(world.take(said).done) == {"same": 2}


def test_what_replaced_a_charge_may_have_come_before(world):
    said = world.said().charge(1, **ARREST, **LAID).charge(2, **OTHER)
    world.take(said)
    world.take(said.charge(1, **ARREST, **LAID, status="substituted"))
    first, second = db.session.query(Charge).order_by(Charge.id).all()
    assert second.substitute_for_id == first.id and world.figure("charges") == 1


def test_what_a_command_refuses_stands_at_its_cell_and_nothing_of_the_file_is_taken(world):
    said = (
        world.said()
        .charge(1, **ARREST, **LAID)
        .charge(2, "B-2", **ARREST, offence="nowhere", counts=1, laid_on=LAID["laid_on"])
    )
    with pytest.raises(NotWhole) as refused:
        world.take(said.contact(1))
    (fault,) = refused.value.done.faults
    assert (fault.sheet, fault.cell, fault.wrote, fault.row_id) == (
        "charges",
        "F4",
        "nowhere",
        said.number(2, "charges"),
    )
    assert db.session.query(Accused).count() == 0 and world.figure("contacts") is None
    world.take(said, good_only=True)
    assert set(stands(world)) == {"A-01"} and world.figure("contacts") == 1


def test_what_the_site_says_of_an_accused_is_not_overwritten_unseen(world):
    with writing():
        charge_commands.add_accused(world.actor, world.operation, world.service.id, "A-01", False, None)
    said = world.said().charge(1, **ARREST, **LAID)
    with pytest.raises(NotWhole) as refused:
        world.take(said)
    assert [one.cell for one in refused.value.done.conflicts] == ["D3"]
    world.take(said, overwrite=())
    assert stands(world)["A-01"][0] is False and world.figure("charges") == 2
    (charge,) = db.session.query(Charge).all()
    with writing():
        charge_commands.amend_charge(world.actor, charge, 1, status="laid", counts=5, reason="Counted again")
    assert [one.conflict for one in world.take(said).done.newer] == [False]
    assert world.figure("charges") == 5
    with pytest.raises(NotWhole):
        world.take(said.charge(1, **ARREST, **{**LAID, "counts": 4}))
    world.take(said, overwrite=True)
    assert world.figure("charges") == 4 and stands(world)["A-01"][0] is True


def test_a_service_that_lays_no_charges_is_told_so(world):
    agency = a_service("Harbour House", kind=ServiceKind.ADVOCACY)
    world.service, world.participation = agency, a_participation(world.operation, agency)
    from outreach.auth.actors import SYSTEM

    with pytest.raises(NotWhole) as refused:
        world.take(Said(world.operation, world.participation).charge(1, **ARREST), actor=SYSTEM)
    assert [fault.sheet for fault in refused.value.done.faults] == ["charges"]


def test_charges_of_a_service_that_sends_totals_say_by_which_offence(app):
    world = World(EntryMode.DAILY_TOTALS)
    said = (
        world.said()
        .charge(1, **ARREST, **LAID)
        .total("cell-charges-2017-10-12", "4")
        .total("cell-persons_charged-window", "1")
    )
    world.take(said)
    assert world.figure("charges") == 4 and db.session.query(AccusedVersion).count() == 1
