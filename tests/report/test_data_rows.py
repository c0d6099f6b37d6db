"""The rows of the long tables: those of the figures, whoever asks, however many portions they are read in."""

from __future__ import annotations

import datetime as dt

import pytest
from flask_babel import force_locale

from outreach.report import data_rows
from outreach.report.data_rows import rows_of
from outreach.report.data_rules import Scope
from outreach.report.dictionary_rules import BY_CODE
from outreach.returns.figures import figures_of
from outreach.storage import db, frames, writing
from outreach.storage.tables import Operation
from outreach.vocab import OperationStatus
from tests import factories as site
from tests.report import factories as facts


@pytest.fixture
def operation(app) -> Operation:
    """Two services; persons met by both, two who were found to be one, attempts, charges."""
    operation = site.an_operation("ONS-1", status=OperationStatus.REPORTING)
    first, second = (site.a_participation(operation, site.a_service(name)) for name in ("Bay Police", "Ash Police"))
    with writing():
        again, one, same = (facts.a_person(operation) for _ in range(3))
    facts.a_contact(first, {"answer": "accepted", "person": again, "age_said": "25_34", "gender_said": "woman_girl"})
    facts.a_contact(second, {"answer": "declined", "person": again, "age_said": "25_34"}, day=1, hour=23)
    facts.a_contact(first, {"person": one}, {"age_said": "16_17"}, {}, day=2)
    facts.a_contact(second, {"person": same}, day=3)
    facts.merge(operation, same, one)
    for day in range(4):
        facts.a_contact(second, day=day, result="no_answer")
    facts.an_accused(first, counts=(2, 1))
    facts.an_accused(first, counts=(1,))
    db.session.expire_all()
    return operation


def test_contacts_hold_each_person_met_once_and_each_attempt(operation):
    rows = list(rows_of("contacts", operation, Scope(), "en"))

    met = [row for row in rows if row[4] == "met"]
    assert len(met) == figures_of(operation.id).one("persons_met").value == 4
    assert len(rows) - len(met) == figures_of(operation.id).one("attempts").value == 4
    assert rows[0] == (1, dt.date(2017, 10, 10), "21:00–23:59", "Ash Police", "no_answer", *[None] * 4)
    assert rows[1] == (
        2, dt.date(2017, 10, 10), "21:00–23:59", "Bay Police", "met", "25_34", "woman_girl", "accepted", "hotel"
    )  # fmt: skip
    assert [row[0] for row in rows] == list(range(1, 9))


def test_portions_hold_together_what_is_one_person(operation, monkeypatch):
    whole = list(rows_of("contacts", operation, Scope(), "en"))
    monkeypatch.setattr(frames, "_PORTION", 2)
    small = frames.in_portions
    monkeypatch.setattr(frames, "in_portions", lambda operation_id, as_of: small(operation_id, as_of, 2))

    assert list(rows_of("contacts", operation, Scope(), "en")) == whole
    assert len(list(small(operation.id, None, 2))) > 3


def test_a_service_takes_its_own_persons_as_it_met_them(operation):
    bay, ash = (site_id for site_id, name in sorted(
        ((s.id, s.name) for s in db.session.query(site.Service)), key=lambda one: one[1], reverse=True))  # fmt: skip

    rows = list(rows_of("contacts", operation, Scope(frozenset({ash})), "en"))

    assert {row[3] for row in rows} == {"Ash Police"}
    assert len([row for row in rows if row[4] == "met"]) == 2
    assert len(list(rows_of("charges", operation, Scope(frozenset({bay})), "en"))) == 2
    assert list(rows_of("charges", operation, Scope(frozenset({ash})), "en")) == []


def test_charges_number_persons_within_a_service_by_what_they_are_charged_with(operation):
    rows = list(rows_of("charges", operation, Scope(), "en"))

    assert sorted((row[4], row[7]) for row in rows) == [(1, 1), (2, 3)]
    assert {row[5] for row in rows} == {"Luring"} and {row[8] for row in rows} == {"records"}
    assert [row[0] for row in rows] == [1, 2]
    assert figures_of(operation.id).one("charges").value == 4


def test_every_table_has_as_many_cells_in_a_row_as_columns(operation):
    with force_locale("en"):
        for code, table in BY_CODE.items():
            for row in rows_of(code, operation, Scope(), "en"):
                assert len(row) == len(table.columns), code


def test_figures_from_outside_hold_of_what_became_of_referrals_the_total_alone(operation):
    with force_locale("en"):
        inside, outside = (list(rows_of("figures", operation, Scope(outside=out), "en")) for out in (False, True))

    assert {row[2] for row in inside if row[0] == "referrals_reached"} == {"all", "service", "day", "service_day"}
    assert {row[2] for row in outside if row[0] == "referrals_reached"} == {"all"}
    met = [row for row in outside if row[0] == "persons_met" and row[2] == "all"]
    assert met[0][7] == 4


@pytest.mark.parametrize(
    ("made", "reader", "allowed"),
    [
        (Scope(), Scope(), True),
        (Scope(), Scope(frozenset({1})), False),
        (Scope(frozenset({1})), Scope(frozenset({1, 2})), True),
        (Scope(frozenset({1, 3})), Scope(frozenset({1, 2})), False),
        (Scope(outside=False), Scope(outside=True), False),
        (Scope(outside=True), Scope(outside=False), True),
    ],
)
def test_what_was_made_for_more_than_the_reader_may_see_is_not_hers(made, reader, allowed):
    assert Scope.of(made.kept()).within(reader) is allowed


def test_an_empty_operation_has_empty_tables(app):
    operation = site.an_operation("ONS-2", status=OperationStatus.REPORTING)

    for code in ("contacts", "referrals", "charges"):
        assert list(data_rows.rows_of(code, operation, Scope(), "en")) == []
