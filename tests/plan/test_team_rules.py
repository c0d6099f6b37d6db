"""Teams, people and the invitation list, as plain values."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.errors import Invalid
from outreach.plan import team_rules as rules
from outreach.plan.team_rules import Known, TeamDraft

NIGHT = dt.datetime(2017, 10, 10, 22, 0, tzinfo=dt.UTC)
KNOWN = Known(
    people={"ana roy": "", "ben cote": "ben@example.org"},
    accounts=frozenset({"ben@example.org"}),
    foreign=frozenset({"boss@example.org"}),
    teams={"Team 1": 7, "Équipe de nuit": 8},
)


def _team(**more: object) -> list[str]:
    draft = TeamDraft(**{"name": "Team 1", **more})  # type: ignore[arg-type]
    found = rules.check_team(draft, service=1, taking_part={2, 3}, names_taken=("Team 2",))
    return [finding.where for finding in found]


def test_a_team_needs_no_more_than_a_name() -> None:
    assert _team() == []


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"name": "  "}, ["name"]),
        ({"name": "TEAM 2"}, ["name"]),
        ({"name": "T" * 81}, ["name"]),
        ({"area": "a" * 121}, ["area"]),
        ({"starts_at": NIGHT}, ["ends_on"]),
        ({"ends_at": NIGHT}, ["starts_on"]),
        ({"starts_at": NIGHT, "ends_at": NIGHT}, ["ends_on"]),
        ({"starts_at": NIGHT, "ends_at": NIGHT + dt.timedelta(days=365)}, ["ends_on"]),
        ({"partners": (1,)}, ["partners"]),
        ({"partners": (2, 9)}, ["partners"]),
    ],
)
def test_what_is_wrong_with_a_team_stands_at_its_field(more: dict[str, object], where: list[str]) -> None:
    assert _team(**more) == where


def test_a_day_without_a_time_is_asked_and_a_skipped_time_is_refused() -> None:
    with pytest.raises(Invalid) as no_time:
        rules.local_moment("starts", "2017-10-10", "", "America/Toronto")
    assert no_time.value.findings[0].where == "starts_at"
    with pytest.raises(Invalid) as skipped:
        rules.local_moment("starts", "2017-03-12", "02:30", "America/Toronto")
    assert skipped.value.findings[0].where == "starts_at"
    twice = rules.local_moment("starts", "2017-11-05", "01:30", "America/Toronto")
    assert twice == dt.datetime(2017, 11, 5, 5, 30, tzinfo=dt.UTC)


def test_a_pasted_list_is_read_with_its_header_in_either_language() -> None:
    english = "Name\tE-mail\tCategory\tTeam\nCleo Roy\tcleo@example.org\tOfficer\tTeam 1"
    french = "Équipe;Nom;Courriel;Catégorie\nTeam 1;Cleo Roy;cleo@example.org;Agente"
    for text in (english, french):
        (row,) = rules.read_invitations(text, KNOWN)
        assert (row.name, row.email, row.category, row.team_id) == ("Cleo Roy", "cleo@example.org", "police", 7)
        assert (row.state, row.row) == ("new", 2)


def test_without_a_header_the_column_with_addresses_is_found() -> None:
    (row,) = rules.read_invitations("cleo@example.org, Cleo Roy, interpreter, equipe de nuit", KNOWN)
    assert (row.name, row.category, row.team_id, row.row) == ("Cleo Roy", "interpreter", 8, 1)


def test_a_first_row_with_an_address_is_a_person_though_a_category_heads_columns_too() -> None:
    first, second = rules.read_invitations(
        "Cleo Roy\tcleo@example.org\tOfficer\tTeam 1\nDana Roy\tdana@example.org\tOfficer\tTeam 1", KNOWN
    )
    assert (first.row, first.name, first.category, first.state) == (1, "Cleo Roy", "police", "new")
    assert (second.row, second.name) == (2, "Dana Roy")


def test_people_and_accounts_of_the_service_match() -> None:
    rows = rules.read_invitations("ANA ROY\tana@example.org\nBen Côté\tBEN@example.org", KNOWN)
    assert [(row.state, row.email) for row in rows] == [("match", "ana@example.org"), ("match", "ben@example.org")]


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("\tcleo@example.org", ["name"]),
        ("Cleo Roy\tcleo", ["email"]),
        ("Cleo Roy\t", ["email"]),
        ("Cleo Roy\tboss@example.org", ["email"]),
        ("Ben Cote\tother@example.org", ["email"]),
        ("Cleo Roy\tcleo@example.org\tastronaut", ["category"]),
        ("Cleo Roy\tcleo@example.org\tofficer\tTeam 9", ["team"]),
        ("C" * 121 + "\tcleo@example.org", ["name"]),
    ],
)
def test_a_row_that_cannot_be_used_says_why(line: str, where: list[str]) -> None:
    rows = rules.read_invitations("Name\tE-mail\tCategory\tTeam\n" + line, KNOWN)
    assert [f.where for f in rows[0].findings] == where and rows[0].state == "problem"


def test_the_same_address_or_name_twice_is_a_problem_of_the_later_row() -> None:
    rows = rules.read_invitations(
        "Cleo Roy\tcleo@example.org\nCléo  Roy\tcleo2@example.org\nDan\tCLEO@example.org", Known()
    )
    assert [row.state for row in rows] == ["new", "problem", "problem"]


def test_a_list_that_is_none_or_too_long_is_refused() -> None:
    for text in ("", " \n\t\n", "a\tb\n" * 1001):
        with pytest.raises(Invalid):
            rules.read_invitations(text, Known())


def test_control_characters_do_not_reach_a_name() -> None:
    (row,) = rules.read_invitations("Cleo\x00\x07 R\u202eoy\tcleo@example.org", Known())
    assert row.name == "Cleo R oy"


@given(st.text(max_size=300))
def test_no_paste_breaks_the_reading(text: str) -> None:
    try:
        rows = rules.read_invitations(text, KNOWN)
    except Invalid:
        return
    assert all(row.state in ("new", "match", "problem") for row in rows)


@pytest.mark.parametrize("row", ["Ana Roy," * 200, "a" * 4_000_000, "x@y.ca\t" * 100_000])
def test_a_row_that_is_no_row_of_people_is_refused_at_once(row: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.read_invitations(f"Ana Roy,ana@example.org\n{row}", KNOWN)
    assert refused.value.findings[0].params["row"] == 2
