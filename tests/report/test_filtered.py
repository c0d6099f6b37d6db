"""Figures of some of the facts, asked of the database and remembered."""

from __future__ import annotations

from outreach.returns import remembering
from outreach.returns.figures import board_of, cells_of, figures_of, rows_of
from outreach.rollup.filters import Filter
from outreach.storage import db, writing
from outreach.storage.queries.filters import services_in, teams_in
from outreach.storage.tables import ContactVersion
from tests import factories as site
from tests.report import factories as facts


def _one(operation_id: int, code: str, only: Filter | None) -> object:
    return figures_of(operation_id, only=only).one(code).value


def test_each_filter_has_its_own_figures_from_one_reading(app, monkeypatch):
    read = []
    real = remembering.facts_of
    monkeypatch.setattr(remembering, "facts_of", lambda *asked: read.append(asked) or real(*asked))
    operation = site.an_operation()
    part, other = site.a_participation(operation), site.a_participation(operation)
    facts.a_contact(part, {"age_said": "16_17"}, {"age_said": "19_24"}, team_id=None)
    contact = facts.a_contact(other, {"age_said": "16_17"}, day=1)
    with writing():
        db.session.query(ContactVersion).filter_by(contact_id=contact.id).update({"place_kind": "street"})
    facts.a_contact(other, day=1, result="no_answer")
    number, young = operation.id, Filter(ages=frozenset({"16_17"}))
    read.clear()
    for _ in range(2):
        assert [_one(number, "persons_met", only) for only in (None, young, Filter())] == [3, 2, 3]
        assert _one(number, "persons_met", young.both(Filter(services=frozenset({part.service_id})))) == 1
    assert [_one(number, "contacts", Filter(place_kinds=frozenset({place}))) for place in ("street", "motel")] == [1, 0]
    assert _one(number, "contacts", young) is None
    assert len(rows_of(number, "persons_met", only=young)) == 2
    assert {cell.service for cell in board_of(number, only=Filter(services=frozenset({other.service_id}))).cells} == {
        other.service_id
    }
    assert sum(cell.value or 0 for cell in cells_of(number, "persons_met", only=young)) == 2
    assert len(read) == 1


def test_choices_are_the_services_and_teams_of_the_whole_tree(app):
    parent = site.an_operation()
    child = site.an_operation(parent=parent)
    part = site.a_participation(child)
    assert [one.id for one in services_in(parent.id)] == [part.service_id]
    assert teams_in(parent.id) == []
