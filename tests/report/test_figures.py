"""Figures are worked out again when, and only when, something under them changed."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from outreach.app import create_app
from outreach.returns import remembering
from outreach.returns.figures import board_of, figures_of, rows_of
from outreach.storage import db, writing
from outreach.storage.queries.operations import note_change
from outreach.storage.types import utc_now
from outreach.vocab import CellState, EntryMode
from tests import factories as site
from tests.conftest import settings
from tests.report import factories as facts


@pytest.fixture
def readings(monkeypatch):
    """Operation and moment of each reading of facts from the database."""
    seen = []
    real = remembering.facts_of

    def counted(operation_id, as_of=None):
        seen.append((operation_id, as_of))
        return real(operation_id, as_of)

    monkeypatch.setattr(remembering, "facts_of", counted)
    return seen


def met(operation_id: int, as_of: dt.datetime | None = None) -> object:
    return figures_of(operation_id, as_of).one("persons_met").value


@pytest.mark.any_database
def test_nothing_is_read_twice_until_something_changes(app, readings):
    part = site.a_participation(site.an_operation())
    facts.a_contact(part, {})
    assert [met(part.operation_id) for _ in range(3)] == [1, 1, 1]
    board_of(part.operation_id)
    figures_of(part.operation_id, by=("service", "day"))
    assert len(readings) == 1
    facts.a_contact(part, {})
    assert met(part.operation_id) == 2 and len(readings) == 2


@pytest.mark.any_database
def test_a_change_below_changes_the_figures_above(app):
    parent = site.an_operation()
    part = site.a_participation(site.an_operation(parent=parent))
    assert met(parent.id) is None
    facts.a_contact(part, {})
    assert met(parent.id) == 1


def test_a_place_chosen_above_changes_the_figures_below(app):
    parent = site.an_operation()
    child, service = site.an_operation(parent=parent), site.a_service()
    part = site.a_participation(child, service)
    facts.a_contact(part, {})
    assert met(child.id) == 1
    site.a_participation(parent, service, counted_in={"persons_met": parent.id})
    with writing():
        note_change(parent.id)
    assert met(child.id) is None


@pytest.mark.any_database
def test_another_server_process_sees_a_change_at_once(app, readings):
    part = site.a_participation(site.an_operation())
    facts.a_contact(part, {})
    options = app.config["OUTREACH"]
    other = create_app(settings(options.instance_dir, options.database_url))
    operation_id = part.operation_id
    with other.app_context():
        assert met(operation_id) == 1
        db.session.remove()
    assert met(operation_id) == 1 and len(readings) == 2  # each process worked it out for itself
    facts.a_contact(part, {})
    with other.app_context():
        assert met(operation_id) == 2
        db.session.remove()
        db.engine.dispose()


@pytest.mark.any_database
def test_nothing_is_remembered_of_a_write_that_is_taken_back(app):
    part = site.a_participation(site.an_operation())
    facts.a_contact(part, {})
    with pytest.raises(ZeroDivisionError), writing():  # noqa: PT012 - the write fails after the figures were asked
        facts.a_contact(part, {}, {})
        assert met(part.operation_id) == 3
        raise ZeroDivisionError
    facts.a_contact(part, {})
    assert met(part.operation_id) == 2


def test_a_silent_service_becomes_overdue_although_nothing_changed(app):
    part = site.a_participation(site.an_operation(), entry_mode=EntryMode.DAILY_TOTALS)

    def state() -> str:
        return next(cell.state for cell in board_of(part.operation_id).cells if cell.day == 17449)

    moments = {
        facts.evening(0, 15): CellState.LATER,
        facts.evening(0, 19): CellState.SILENT,
        facts.evening(1, 15): CellState.SILENT,
        facts.evening(1, 19): CellState.OVERDUE,
    }
    for at, expected in moments.items():
        with time_machine.travel(at, tick=False):
            assert state() == expected, at


def test_past_moments_are_replayed_in_any_order(app):
    part = site.a_participation(site.an_operation())
    history = []
    first = facts.a_contact(part, {}, {})
    history.append((utc_now(), 2))
    facts.withdraw(first)
    history.append((utc_now(), 0))
    facts.a_contact(part, {}, {}, {})
    history.append((utc_now(), 3))
    assert [met(part.operation_id, at) or 0 for at, _ in reversed(history)] == [3, 0, 2]
    assert met(part.operation_id) == 3


@pytest.mark.parametrize("code", ["contacts", "persons_met", "support_accepted", "persons_charged", "kits_handed_out"])
def test_the_list_is_as_long_as_the_figure(app, code):
    part = site.a_participation(site.an_operation())
    with writing():
        again = facts.a_person(db.session.get(site.Operation, part.operation_id))
    facts.a_contact(part, {"person": again, "answer": "accepted"}, {}, kits=1)
    facts.a_contact(part, {"person": again, "answer": "declined"}, {"answer": "accepted"}, day=1, kits=1)
    facts.an_accused(part, counts=(2, 1))
    rows = rows_of(part.operation_id, code)
    assert len(rows) == rows["counted"].sum() == figures_of(part.operation_id).one(code).value
    by_service = figures_of(part.operation_id, by=("service",)).one(code, service=part.service_id)
    assert len(rows_of(part.operation_id, code, service=part.service_id)) == by_service.value


def test_what_is_remembered_is_bounded(app, monkeypatch):
    part = site.a_participation(site.an_operation())
    store = remembering._store()
    store.made.room = 100
    for minute in range(12):
        figures_of(part.operation_id, utc_now() - dt.timedelta(microseconds=minute))
    assert 0 < store.made.taken <= 100
    assert store.made.taken == sum(entry.cost for entry in store.made.entries.values())
