"""What may be typed into daily totals, and what contradicts what."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.returns import rules
from outreach.returns.rules import Change, Row, Said, Sheet, Slot
from outreach.rollup.measures import measure

DAYS = tuple(dt.date(2017, 10, day) for day in (10, 11, 12))


def said(text):
    return rules.read(text)


def a_sheet(told=None, measures=rules.DAILY, accepts="any"):
    told = {key: said(text) for key, text in (told or {}).items()}
    rows = [
        Row(measure(code), "", tuple(Slot(code, day, said=told.get((code, day, "")), accepts=accepts) for day in DAYS))
        for code in measures
    ]
    once = [
        Row(measure(code), "", (Slot(code, None, said=told.get((code, None, ""))),))
        for code in ("persons_arrested", "persons_charged")
    ]
    return Sheet(DAYS, "daily_totals", tuple(rows), tuple(once), told)


def at(code, day=0):
    return (code, None if day is None else DAYS[day], "")


def contradictions(sheet, typed):
    made = [Change(key, said(text)) for key, text in typed.items()]
    return [finding.where for finding in rules.contradictions(sheet, made)]


@pytest.mark.parametrize(
    ("typed", "state", "value"),
    [("4", "number", 4), (" 12 ", "number", 12), ("0", "zero", 0), ("00", "zero", 0), ("D", "declined", None),
     ("Refus", "declined", None), ("declined", "declined", None)],
)  # fmt: skip
def test_a_cell_is_a_number_a_zero_or_declined(typed, state, value):
    assert rules.read(typed) == Said(state, value)


def test_a_blank_says_nothing():
    assert rules.read("") is None and rules.read("  ") is None


@pytest.mark.parametrize("typed", ["-1", "3.5", "1,000", "four", "100000", "٤", "1e3", "?", "=1+1"])
def test_anything_else_is_refused(typed):
    with pytest.raises(ValueError, match=r"."):
        rules.read(typed)


@given(st.integers(0, rules.MOST))
def test_what_is_shown_in_a_cell_reads_back_as_what_stands(number):
    assert rules.read(rules.read(str(number)).sign) == rules.read(str(number))


def test_only_cells_that_differ_change_and_cells_not_sent_stay():
    sheet = a_sheet({at("contacts"): "4", at("contacts", 1): "0"})
    typed = {"cell-contacts-2017-10-10": "4", "cell-contacts-2017-10-12": "d"}
    made, wrong = rules.changes(sheet, typed, clear=False)
    assert wrong == [] and made == [Change(at("contacts", 2), Said("declined"))]


def test_emptying_a_cell_asks_first_and_then_ends_it():
    sheet = a_sheet({at("contacts"): "4"})
    made, wrong = rules.changes(sheet, {"cell-contacts-2017-10-10": ""}, clear=False)
    assert made == [] and [f.where for f in wrong] == ["cell-contacts-2017-10-10"]
    made, wrong = rules.changes(sheet, {"cell-contacts-2017-10-10": ""}, clear=True)
    assert wrong == [] and made == [Change(at("contacts"), None)]


def test_a_day_of_a_service_that_logs_contacts_takes_only_zero_or_declined():
    sheet = a_sheet(measures=("contacts",), accepts="silence")
    assert rules.changes(sheet, {"cell-contacts-2017-10-10": "0"}, clear=False)[1] == []
    assert rules.changes(sheet, {"cell-contacts-2017-10-10": "3"}, clear=False)[1]


def test_cells_that_accept_nothing_ignore_what_is_sent():
    sheet = a_sheet(accepts="nothing")
    assert rules.changes(sheet, {"cell-contacts-2017-10-10": "3"}, clear=True) == ([], [])


def test_more_accepted_than_offered_and_more_offered_than_met_are_refused_at_the_cell():
    assert contradictions(a_sheet(), {at("support_offered"): "2", at("support_accepted"): "3"}) == [
        "cell-support_accepted-2017-10-10"
    ]
    assert contradictions(a_sheet(), {at("persons_met"): "1", at("support_offered"): "2"}) == [
        "cell-support_offered-2017-10-10"
    ]
    assert contradictions(a_sheet(), {at("persons_met"): "0", at("persons_under_18"): "1"}) == [
        "cell-persons_under_18-2017-10-10"
    ]


def test_a_person_offered_support_one_day_may_accept_it_the_next():
    told = {at("support_offered"): "1", at("support_accepted"): "0"}
    assert contradictions(a_sheet(told), {at("support_offered", 1): "0", at("support_accepted", 1): "1"}) == []
    more = {at("support_offered", 1): "0", at("support_accepted", 1): "2"}
    assert contradictions(a_sheet(told), more) == ["cell-support_accepted-2017-10-11"]


def test_what_is_not_known_contradicts_nothing():
    assert contradictions(a_sheet(), {at("support_accepted"): "3"}) == []
    assert contradictions(a_sheet({at("support_offered"): "d"}), {at("support_accepted", 0): "3"}) == []


def test_older_trouble_does_not_stop_an_unrelated_cell():
    told = {at("persons_met"): "1", at("support_offered"): "5"}
    assert contradictions(a_sheet(told), {at("kits_handed_out"): "9"}) == []


def test_charges_need_a_person_charged():
    assert contradictions(a_sheet(), {at("charges", 1): "2"}) == ["cell-charges-2017-10-11"]
    assert contradictions(a_sheet({at("charges"): "2", at("persons_charged", None): "1"}),
                          {at("persons_charged", None): "0"}) == ["cell-charges-2017-10-10"]  # fmt: skip
    assert contradictions(a_sheet(), {at("charges", 1): "2", at("persons_charged", None): "1"}) == []
    assert contradictions(a_sheet({at("persons_charged", None): "d"}), {at("charges"): "2"}) == []


def test_the_mark_changes_with_anything_that_stands():
    marks = {a_sheet(told).mark for told in ({}, {at("contacts"): "1"}, {at("contacts"): "2"}, {at("contacts"): "d"})}
    assert len(marks) == 4
