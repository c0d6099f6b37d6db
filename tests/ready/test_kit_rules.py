"""What may be entered about kits: numbers, names, moves, and who is sent how many."""

from __future__ import annotations

import pytest

from outreach.errors import Invalid
from outreach.ready.kit_rules import check_item, check_move, check_note, plan_send, read_count, rows_of, state_of
from outreach.rollup.stock import Stock


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("50", 50),
        (" 1 000 ", 1000),
        ("1\u00a0000", 1000),
        ("0", 0),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("1,000", None),
        ("1e3", None),
        ("٣", None),
        ("fifty", None),
        ("9" * 40, None),
    ],
)
def test_a_number_is_whole_or_it_is_none(typed, read):
    assert read_count(typed) == read


@pytest.mark.parametrize("count", [None, 0, -1, 100_001])
def test_a_count_is_from_one_to_a_hundred_thousand(count):
    held = Stock(sent=200_000)
    assert [(f.where, f.english()) for f in check_move("received", count, held)] == [
        ("count", "Enter a whole number from 1 to 100,000.")
    ]


def test_the_largest_count_may_be_entered():
    assert check_move("received", 100_000, Stock(sent=100_000)) == []


@pytest.mark.parametrize("kind", ["", "sent", "stolen"])
def test_a_service_says_only_what_is_its_to_say(kind):
    assert [f.where for f in check_move(kind, 1, Stock(sent=5))] == ["kind"]


ON_THE_WAY = Stock(sent=50, received=40)  # 10 on the way, 40 held


@pytest.mark.parametrize(
    ("kind", "count", "words"),
    [
        ("received", 11, "10 are on the way. Count again, or tick that more came than was sent."),
        ("lost_on_way", 11, "10 are on the way: no more can be lost there."),
        ("handed_out", 41, "40 remain. If more have come, confirm that they were received first."),
        ("returned", 41, "40 remain. If more have come, confirm that they were received first."),
        ("lost", 41, "40 remain. If more have come, confirm that they were received first."),
    ],
)
def test_what_is_plainly_wrong_is_refused_at_the_number(kind, count, words):
    assert [(f.where, f.english()) for f in check_move(kind, count, ON_THE_WAY)] == [("count", words)]
    assert check_move(kind, count - 1, ON_THE_WAY) == []


def test_more_may_come_than_was_sent_where_somebody_says_so():
    assert check_move("received", 11, ON_THE_WAY, more_came=True) == []


def test_saying_so_lets_nothing_else_through():
    assert check_move("lost_on_way", 11, ON_THE_WAY, more_came=True)
    assert check_move("returned", 41, ON_THE_WAY, more_came=True)


def test_an_impossible_stock_says_that_none_are_there_and_not_less_than_none():
    broken = Stock(sent=5, received=9, handed_by_contacts=30)
    assert check_move("lost_on_way", 1, broken)[0].params == {"there": 0}
    assert check_move("returned", 1, broken)[0].params == {"there": 0}


def test_a_kit_has_an_english_name_of_its_own():
    assert [f.where for f in check_item(" ", "", [])] == ["name_en"]
    assert [f.where for f in check_item("prevention  KIT", "", ["Prevention kit"])] == ["name_en"]
    assert check_item("Hotline cards", "", ["Prevention kit"]) == []


def test_names_and_notes_have_a_length():
    assert [f.where for f in check_item("x" * 121, "é" * 121, [])] == ["name_en", "name_fr"]
    assert [f.where for f in check_note("x" * 201)] == ["note"] and check_note("x" * 200) == []


def test_ticked_services_get_the_number_for_all_and_a_number_beside_one_goes_first():
    assert plan_send("50", {1, 2}, {2: "20", 3: "1 000", 4: ""}, {1, 2, 3, 4}) == {1: 50, 2: 20, 3: 1000}


def test_the_number_for_all_is_not_needed_where_every_ticked_one_has_its_own():
    assert plan_send("", {2}, {2: "20"}, {1, 2}) == {2: 20}


@pytest.mark.parametrize(
    ("each", "ticked", "own", "where"),
    [
        ("50", set(), {}, ["service"]),
        ("", {1}, {}, ["each"]),
        ("0", {1}, {}, ["each"]),
        ("many", {1, 2}, {2: "-1"}, ["each", "own-2"]),
        ("50", {1}, {2: "100001", 3: "x"}, ["own-2", "own-3"]),
        ("50", {99}, {}, ["service"]),
        ("50", set(), {99: "5"}, ["service"]),
    ],
)
def test_a_wrong_number_is_refused_where_it_stands(each, ticked, own, where):
    with pytest.raises(Invalid) as refused:
        plan_send(each, ticked, own, {1, 2, 3})
    assert [finding.where for finding in refused.value.findings] == where


def test_problems_stand_first_then_who_has_none_then_who_has_some():
    stocks = {
        1: Stock(sent=5, received=5),
        2: Stock(),
        3: Stock(sent=5),
        4: Stock(sent=5, received=5, handed_by_contacts=9),
        5: Stock(sent=5, received=6),
    }
    names = {1: "Amherst", 2: "Zurich", 3: "Bruce", 4: "Windsor", 5: "Chatham", 6: "Aylmer"}
    found = [(row.name, row.state) for row in rows_of(names, stocks)]
    assert found == [
        ("Chatham", "problem"),
        ("Windsor", "problem"),
        ("Aylmer", "nothing"),
        ("Zurich", "nothing"),
        ("Bruce", "way"),
        ("Amherst", "has"),
    ]


def test_a_service_that_lost_all_on_the_way_still_has_none():
    stock = Stock(sent=5, lost_on_way=5)
    assert state_of(stock) == "nothing" and stock.has_none_yet
