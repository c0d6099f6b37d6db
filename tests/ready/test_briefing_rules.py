"""Sections of a briefing, what changed, numbers to tap."""

import pytest

from outreach.ready import briefing_rules as rules


def test_a_briefing_needs_a_section_and_each_is_no_longer_than_its_bound():
    assert [f.where for f in rules.check_sections({"safety": "Two together."})] == []
    assert [f.where for f in rules.check_sections({"safety": "  \n "})] == ["contacts"]
    assert [f.where for f in rules.check_sections({"radio": "x" * 4001})] == ["radio"]


def test_what_changed_is_named_in_reading_order_and_space_at_the_ends_is_nothing():
    assert rules.changed({"radio": "a", "safety": "b"}, {"radio": "a\n", "safety": "c", "contacts": "d"}) == [
        "contacts",
        "safety",
    ]
    assert rules.changed({"safety": "b"}, {}) == ["safety"]


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("Command post 519-555-0142", ["+15195550142"]),
        ("Night: (519) 555-0142 or 1 226 555 0199.", ["+15195550142", "+12265550199"]),
        ("Emergency 911, crisis 211", ["911", "211"]),
        ("On 2017-10-18 from 18:00 to 02:00", []),
        ("Channel 4, room 212, file 2017-104455", []),
        ("9" * 60, []),
        ("", []),
    ],
)
def test_telephone_numbers_can_be_tapped_and_days_are_none(line, numbers):
    pieces = rules.pieces(line)
    assert "".join(words for words, _ in pieces) == line
    assert [number for _, number in pieces if number] == numbers
