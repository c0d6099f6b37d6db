"""Reading the municipalities that phones offer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.errors import Invalid
from outreach.plan import place_rules as rules

SHAPE = "Line 1: write %s; latitude; longitude, for example 42.3149; -83.0364, or the name alone."


def wrong(text: str) -> list[str]:
    with pytest.raises(Invalid) as problem:
        rules.read_places(text)
    assert {f.where for f in problem.value.findings} == {"places"}
    return [f.english() for f in problem.value.findings]


def test_a_line_is_a_name_alone_or_with_coordinates_also_in_french_and_from_cells():
    text = (
        "Windsor; 42.3149; -83.0364\n\n  Chatham-Kent  \nLaSalle\t42,24\t\u221283,06\nTecumseh;;\nEssex; 42.1; -82.8;"
    )
    assert rules.read_places(text) == [
        ["Windsor", 42.3149, -83.0364],
        ["Chatham-Kent", None, None],
        ["LaSalle", 42.24, -83.06],
        ["Tecumseh", None, None],
        ["Essex", 42.1, -82.8],
    ]
    assert rules.read_places("") == []


def test_coordinates_are_those_of_a_municipality_and_no_finer():
    assert rules.read_places("Windsor; 42.31494999; -83.03641111") == [["Windsor", 42.3149, -83.0364]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("; 42; -83", "Line 1: begin with the name of the municipality."),
        ("42.3; -83.0", SHAPE % "42.3"),
        ("Windsor; 91; -83", "Line 1: the latitude of Windsor is between -90 and 90."),
        ("Windsor; 42; -183", "Line 1: the longitude of Windsor is between -180 and 180."),
        ("Windsor\n\nWINDSOR", "Line 3: WINDSOR stands in line 1 already."),
        ("x" * 81, "Line 1: write the name in 80 characters or fewer."),
        ("Foo; Bar\t1\t2", SHAPE % "Foo"),
        *((f"Windsor; {at}; -83", SHAPE % "Windsor") for at in ("", "nan", "1e1", "north", "42°18'", "1" * 30)),
    ],
)
def test_a_line_that_cannot_be_read_says_which_and_how_to_put_it_right(text, said):
    assert wrong(text) == [said]


def test_every_line_that_is_wrong_is_named_but_never_a_page_full():
    assert len(wrong("\n".join(f"Place {n}; 99; 0" for n in range(3)))) == 3
    said = wrong("\n".join(f"Place {n}; 99; 0" for n in range(150)))
    assert len(said) == 11 and said[-1] == "Lines with a problem beside these: 140"


def test_two_hundred_are_taken_and_one_more_is_not():
    many = [f"Place {n}" for n in range(201)]
    assert len(rules.read_places("\n".join(many[:200]))) == 200
    assert wrong("\n".join(many)) == ["That is more than 200 municipalities. Leave some out."]
    assert wrong("x" * 50_000) == ["That is more than 200 municipalities. Leave some out."]


def test_a_phone_can_tell_where_it_is_only_with_coordinates():
    assert rules.may_ask([["Windsor", 0.0, 0.0]]) and not rules.may_ask([["Windsor", None, None]])


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_and_what_is_read_is_read_again_the_same(text):
    try:
        found = rules.read_places(text)
    except Invalid:
        return
    assert rules.read_places(rules.written(found)) == found


@given(NAMES, st.floats(-90, 90), st.floats(-180, 180))
def test_what_is_written_into_the_form_is_what_was_stored(name, latitude, longitude):
    try:
        found = rules.read_places(f"{name}; {latitude:.6f}; {longitude:.6f}")
    except Invalid:
        return
    assert rules.read_places(rules.written(found)) == found
