"""Figures of a closed operation are kept and served without looking at a single record."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import pytest
import time_machine

from outreach.app import create_app
from outreach.report import freezing
from outreach.report.commands import figures_text
from outreach.report.months_views import MONTHLY
from outreach.returns import figures, freeze_commands, freeze_rules, remembering
from outreach.returns.figure_kinds import FROZEN
from outreach.rollup.measures import CATALOGUE
from outreach.rollup.totals import Coverage, Figure
from outreach.storage import db, writing
from outreach.storage.queries import frozen
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import FrozenFigures, Operation, OperationStep
from outreach.storage.types import utc_now
from outreach.vocab import Basis, Bound, EntryMode, OperationStatus, Role
from tests import factories as site
from tests.conftest import settings
from tests.report import factories as facts

LATER = facts.evening(60)


class Looked(AssertionError):
    """Somebody looked at the records."""


@pytest.fixture
def nobody_looks(monkeypatch):
    """From when it is called on, working anything out from records fails."""

    def begin() -> None:
        def refused(*asked: Any) -> Any:
            raise Looked(asked)

        monkeypatch.setattr(remembering, "facts_of", refused)

    return begin


def a_closed_operation(code: str = "ONS-1") -> Operation:
    """Records, totals, charges, an adjustment’s worth of questions; over since weeks."""
    operation = site.an_operation(code)
    windsor = site.a_participation(operation, site.a_service("Windsor Police"))
    fox = site.a_participation(operation, site.a_service("Fox River Police"), entry_mode=EntryMode.DAILY_TOTALS)
    facts.a_contact(windsor, {"answer": "accepted", "age_said": "16_17"}, {"answer": "declined"}, day=0)
    facts.a_contact(windsor, {}, day=3, kits=2)
    facts.a_tally(fox, "persons_met", 4, 0)
    facts.an_accused(windsor, counts=(1, 2))
    close(operation)
    return operation


def close(operation: Operation, status: OperationStatus = OperationStatus.CLOSED) -> None:
    with writing():
        row = db.session.get_one(Operation, operation.id)
        step = OperationStep(operation_id=row.id, from_status=row.status, to_status=status.value, at=utc_now())
        row.status, row.version = status.value, row.version + 1
        db.session.add(step)


def forget() -> None:
    """As in a process that has just begun."""
    remembering._stores.clear()
    db.session.expire_all()


def everything(operation: Operation) -> list[Any]:
    number = operation.id
    return [
        *(figures.figures_of(number, by=by).figures for by in freezing.SPLITS),
        figures.board_of(number),
        figures.by_rule(number),
        figures.completeness_of(number),
        figures.outcomes_of(number),
        figures.offences_of(number),
        figures.hours_of(operation),
        figures.months_of(number, MONTHLY),
        *(figures.cells_of(number, one.code) for one in CATALOGUE if one.by_day and one.family.owed),
    ]


@pytest.mark.any_database
def test_pages_of_a_closed_operation_look_at_no_record(app, signed_in, nobody_looks):
    operation = a_closed_operation()
    with time_machine.travel(utc_now() + dt.timedelta(days=1), tick=True):
        before = everything(operation)
        assert freezing.freeze_due() == 1 and freezing.freeze_due() == 0
        forget()
        nobody_looks()
        assert everything(operation) == before
    with time_machine.travel(utc_now() + dt.timedelta(days=9), tick=True):
        forget()
        for role in (Role.OPERATION_COORDINATOR, Role.COMMANDER):
            client = signed_in(site.a_user(role))
            at = "/operations/ONS-1"
            for path in (
                "",
                "/figures",
                "/figures?by=service",
                "/figures?by=day",
                "/figures?by=service,day",
            ):
                page = client.get(at + path)
                assert page.status_code == 200, (role, path)
            assert client.get(at + "/dashboard").status_code == 200
        text = json.loads(figures_text("ONS-1", by=("service", "day"), form="json"))
        assert {one["value"] for one in text["figures"] if one["measure"] == "persons_met"} >= {2, 4}
        assert figures.board_of(operation.id).today == before[6].today + 8
        with pytest.raises(Looked):
            figures.rows_of(operation.id, "persons_met")


def test_a_fresh_process_serves_them_too(app, nobody_looks):
    operation = a_closed_operation()
    number, options = operation.id, app.config["OUTREACH"]
    freezing.freeze(operation)
    nobody_looks()
    other = create_app(settings(options.instance_dir, options.database_url))
    with other.app_context():
        assert figures.figures_of(number).one("charges").value == 3
        db.session.remove()
        db.engine.dispose()


def test_what_changes_makes_them_worthless_until_the_next_round(app, nobody_looks):
    operation = a_closed_operation()
    freezing.one_round()
    with writing():
        note_change(operation.id)
    forget()
    assert freeze_commands.due(operation.id)
    freezing.one_round()
    assert not freeze_commands.due(operation.id)
    forget()
    nobody_looks()
    assert figures.figures_of(operation.id).one("charges").value == 3
    close(operation, OperationStatus.REPORTING)
    with pytest.raises(Looked):
        figures.figures_of(operation.id)
    assert not freeze_commands.due(operation.id)


@pytest.mark.parametrize("damage", ["content", "hash", "version", "not json", "another shape"])
def test_a_damaged_row_is_left_aside_and_worked_out_again(app, damage, nobody_looks, monkeypatch):
    operation = a_closed_operation()
    freezing.freeze(operation)
    with writing():
        row = frozen.row(operation.id, '["figures",[]]')
        if damage == "content":
            row.content = row.content[:-4]
        elif damage == "hash":
            row.hash = "0" * 64
        elif damage == "not json":
            row.content = b"\x80\x04."
            row.hash = freeze_rules.digest(row.content)
        elif damage == "another shape":
            value = {"shape": freeze_rules.shape(FROZEN), "until": None, "value": ["Figure", 1]}
            row.content = freeze_rules.zlib.compress(json.dumps(value).encode())
            row.hash = freeze_rules.digest(row.content)
    if damage == "version":
        monkeypatch.setattr(freeze_rules, "__version__", "0.0.0")
    forget()
    assert figures.figures_of(operation.id).one("charges").value == 3
    forget()
    nobody_looks()
    with pytest.raises(Looked):
        figures.figures_of(operation.id)
    if damage != "version":
        assert figures.board_of(operation.id).cells


def test_states_that_time_changes_stay_right(app, nobody_looks):
    """Closed on the second day: what waits then is overdue later, and no row says otherwise."""
    operation = site.an_operation("ONS-1")
    part = site.a_participation(operation, entry_mode=EntryMode.DAILY_TOTALS)

    def state(day: int) -> str:
        return next(cell.state for cell in figures.board_of(part.operation_id).cells if cell.day == day).value

    with time_machine.travel(facts.evening(1, 15), tick=False):
        close(operation)
        freezing.freeze(operation)
        forget()
        assert (state(17449), state(17450)) == ("silent", "later")
    with time_machine.travel(facts.evening(1, 19), tick=False):
        forget()
        assert (state(17449), state(17450)) == ("overdue", "silent")
        assert freeze_commands.due(operation.id)
    with time_machine.travel(facts.evening(20), tick=False):
        freezing.freeze(operation)
    with time_machine.travel(facts.evening(400), tick=False):
        forget()
        nobody_looks()
        assert state(17450) == "overdue"
        assert not freeze_commands.due(operation.id)


def test_an_open_operation_and_a_rehearsal_keep_nothing(app):
    site.an_operation("ONS-1")
    rehearsal = site.an_operation("ONS-2", is_rehearsal=True)
    close(rehearsal)
    assert freezing.freeze_due() == 0
    assert db.session.query(FrozenFigures).count() == 0


def test_a_change_while_they_are_worked_out_keeps_nothing(app, monkeypatch):
    operation = a_closed_operation()
    real = freezing.ask

    def meanwhile(of: Operation) -> None:
        real(of)
        with writing():
            note_change(of.id)

    monkeypatch.setattr(freezing, "ask", meanwhile)
    assert freezing.freeze(operation) == 0
    assert db.session.query(FrozenFigures).count() == 0


def test_trouble_with_one_operation_keeps_no_round_from_going_on(app, monkeypatch, caplog):
    a_closed_operation()
    monkeypatch.setattr(freezing, "ask", lambda operation: 1 / 0)
    freezing.one_round()
    assert "could not be kept" in caplog.text


def test_what_is_kept_goes_with_its_operation(app):
    operation = a_closed_operation()
    freezing.freeze(operation)
    assert db.session.query(FrozenFigures).count() > 30
    assert FrozenFigures.__table__.c.operation_id.foreign_keys.copy().pop().ondelete == "CASCADE"


# The text of a row ----------------------------------------------------------------------------------------------------

TYPES = {"Figure": Figure, "Coverage": Coverage, "Bound": Bound, "Basis": Basis}
ONE = Figure(
    "persons_met", {"day": "before"}, 3, Bound.AT_MOST, Basis.MIXED, Coverage(1, None), least=1, between=(0, 7)
)


def test_figures_come_back_as_they_were():
    value = {("a", 1): [ONE, None, 0.5, True], "set": frozenset({1, 2}), "at": (utc_now(),)}
    made = freeze_rules.closed(value, math.inf, TYPES)
    found = freeze_rules.opened(made, freeze_rules.digest(made), TYPES)
    assert found == freeze_rules.Opened(value, math.inf)
    assert type(found.value["a", 1][0].bound) is Bound


def test_nothing_but_figures_is_kept():
    for stranger in (object(), b"bytes", {1: object()}, Operation):
        with pytest.raises(TypeError):
            freeze_rules.closed(stranger, 1.0, TYPES)
    assert freeze_rules.written(("service", 4)) is None
    names = [freeze_rules.written(("cells", "x" * long)) for long in (9, 500, 501)]
    assert len(set(names)) == 3 and all(len(name) <= freeze_rules.LONGEST_NAME for name in names)
    made = freeze_rules.closed(ONE, 5.0, TYPES)
    assert freeze_rules.opened(made, freeze_rules.digest(made), {"Figure": Coverage}) is None
