"""A record that waits: what its form shows and what it keeps to itself, and two texts side by side."""

import pytest

from outreach.field import held_rules, rules
from outreach.field.held_rules import Compared, compared, completed, count_of, shown

CODE = rules.make_code()
PHONE = {
    "persons": ["2"],
    "age-1": ["18"],
    "code-1": [CODE],
    "safe_way-1": ["519 555 0123"],
    "safe_way-2": ["519 555 0199"],
    "note": ["seen"],
}


def test_the_form_shows_what_the_phone_said_without_codes_and_safe_numbers():
    assert shown(PHONE) == {"persons": ["2"], "age-1": ["18"], "note": ["seen"]}


def test_what_only_the_phone_said_comes_back_with_what_was_typed():
    typed = {"persons": ["2"], "age-1": ["19_24"], "safe_way-1": [" "], "safe_way-2": ["613 555 0100"], "uid": ["x"]}
    made = completed(typed, PHONE, "the-record")
    assert made["uid"] == ["the-record"], "a form names no other record"
    assert (made["age-1"], made["code-1"], made["code-2"]) == (["19_24"], [CODE], [])
    assert made["safe_way-1"] == ["519 555 0123"]
    assert made["safe_way-2"] == ["613 555 0100"], "a number that was put right replaces the phone's"


def test_a_code_that_cannot_be_one_is_left_out_and_one_that_was_typed_in_is_not_taken():
    made = completed({"persons": ["1"], "code-1": [CODE]}, {"code-1": ["K7QM4R2Y9"]}, "u")
    assert made["code-1"] == []


@pytest.mark.parametrize(
    ("said", "number"),
    [("", 1), ("0", 1), ("3", 3), ("21", rules.MOST_PERSONS), ("9" * 40, 1), ("-2", 1), ("two", 1), ("٣", 1)],
)
def test_a_form_has_places_for_as_many_persons_as_can_be(said, number):
    assert count_of({"persons": [said]}) == number
    assert count_of({}) == 1


def test_two_texts_stand_line_by_line_and_differ_where_they_do():
    stands = [{"key": "Kits", "value": "1"}, {"key": "Place", "value": "Motel"}]
    says = [{"key": "Kits", "value": "7"}, {"key": "Place", "value": "Motel"}, {"key": "Age", "value": "18"}]
    lines = compared(stands, says, "Not said")
    assert lines == [
        Compared("Kits", "1", "7"),
        Compared("Place", "Motel", "Motel"),
        Compared("Age", "Not said", "18"),
    ]
    assert [line.differs for line in lines] == [True, False, True]
    assert held_rules.compared([], [], "–") == []
