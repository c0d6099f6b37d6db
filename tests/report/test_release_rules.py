"""Numbers in texts, the scope and the cells of a release, its approvals: plain values, odd ones too."""

import datetime as dt
from types import SimpleNamespace as Row
from zoneinfo import ZoneInfo

import pytest

from outreach.report import release_rules as rules
from outreach.report import release_work as work
from outreach.report.release_contents import Source, contents_of, tables_of
from outreach.report.release_number_rules import foreign, numbers_in, with_next_word
from outreach.report.release_saying import Words
from outreach.report.release_work import texts_for
from outreach.rollup.protection import Policy, Told, Why

TEXTS = {
    "331 officers met 198 persons from 10 to 16 October 2017.": [331, 198],
    "1,234 kits; 1 234 trousses; 1\u202f234; 1’234": [1234, 1234, 1234, 1234],
    "12.5 % or 12,5 %": [12.5, 12.5],
    "Three hundred and thirty-one, twenty one, five and six": [331, 21, 5, 6],
    "Quatre-vingt-onze, soixante et onze, trois cent trente et un": [91, 71, 331],
    "One person; no one; one of them; each one.": [1],
    "Une personne dans une opération; un enfant.": [1, 1],
    "Un service a remis en retard le compte d’une nuit.": [],
    "A dozen, ٣ and ７, 2nd and x³": [12, 3, 7, 2, 3],
    "2017-10-12, 21:42, 21 h 42, le 1er octobre, Oct. 12, 2017": [],
    "5 0 0": [5, 0, 0],
    "9" * 5000: [-1],
    "111 " * 1400: [-1],
    "": [],
}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:30])
def test_every_number_of_a_text_is_found_and_no_date(text):
    assert sorted(number for _, number in numbers_in(text)) == sorted(TEXTS[text])


def test_names_are_left_alone_and_a_small_number_needs_its_own_word():
    names = ["Operation 7 Lakes", *with_next_word("In all 5 services took part; 21 charges")]
    assert names[1:] == ["5 services", "21 charges"]
    assert foreign("Operation 7 lakes: 5 services, 5 accused", {21}, names=names) == ["5"]
    assert foreign("75 services", set(), names=names) == ["75"]


def test_a_draft_starts_with_what_the_version_knows_and_zero_is_known():
    figures = [["persons_met", None, None, 0], ["charges", None, None, None], ["charges", 1, None, 4]]
    assert rules.usual_of(figures) == {"persons_met"}
    assert rules.usual_of([]) == rules.usual_of([["charges", None, None, None]]) == set(rules.USUAL)


def test_what_a_part_of_the_services_told_is_said_of_that_part_and_its_number_of_nothing_else():
    cell = rules.Cell("persons_made_safe", None, None, 0, "", "partial", None, 4, 46)
    texts = texts_for(source([cell], 46))
    assert "In 4 of 46 services, nobody was made safe." in texts["en"]["text"]
    assert "Dans 4 services sur 46, personne n" in texts["fr"]["text"]
    assert work.text_findings(source([cell], 46), texts) == []
    told = with_next_word("In 4 of 46 services, nobody was made safe.")
    assert foreign("4 of them", set(), names=told) == ["4"]
    assert with_next_word("Dans 3 services sur 5, personne") == ["3 services sur 5"]


def test_the_scope_is_in_the_order_of_the_catalogue_and_says_what_is_wrong():
    scope, wrong = rules.scope_of({"charges", "persons_met"}, {"charges"}, {"persons_met"})
    assert (scope.measures, scope.by_service, scope.by_day) == (
        ("persons_met", "charges"),
        ("charges",),
        ("persons_met",),
    )
    assert wrong == [] and rules.Scope.of(scope.as_json()) == scope
    for asked, where in (
        (((), (), ()), "measures"),
        ((("persons_engaged",), (), ()), "measures"),  # what became of a referral leaves in no release
        ((("acceptance",), (), ()), "measures"),
        ((("services",), ("services",), ()), "by_service"),
        ((("personnel",), (), ("personnel",)), "by_day"),
        ((("charges",), ("persons_met",), ()), "by_service"),
    ):
        assert where in [finding.where for finding in rules.scope_of(*map(set, asked))[1]]


def test_a_withheld_number_stands_nowhere_in_a_cell_nor_does_the_small_end_of_a_range():
    figures = [
        ["charges", 7, None, 3, "exact", "tallies", 1, 1],
        ["persons_met", None, None, 20, "at_most", "tallies", 2, 2, None, None, 4],
        ["persons_met", 7, None, None, "unknown", None, 0, 1],
        ["acceptance", None, None, 0.5, "exact", "records", 1, 1, 1, 2],
    ]
    scope = rules.Scope(("persons_met", "charges"), ("persons_met", "charges"))
    true = rules.true_of(figures, scope)
    assert true == {("charges", 7, None): 3, ("persons_met", None, None): 20}
    told = Told(1, true, {("charges", 7, None): Why.SMALL}, frozenset(), Policy())
    cells = {cell.key: cell for cell in rules.cells_of(figures, scope, told)}
    assert cells["charges", 7, None].number is None and 3 not in cells["charges", 7, None].as_json()
    assert cells["persons_met", None, None].number == 20 and cells["persons_met", None, None].least is None
    assert cells["persons_met", 7, None].number is None and not cells["persons_met", 7, None].withheld
    again = rules.told_again(figures, scope, [cell.as_json() for cell in cells.values()], Policy(), 1)
    assert again == told


def test_an_approval_counts_for_its_content_since_it_was_last_sent_and_once_a_person():
    def steps(*done):
        return [Row(what=what, by_id=who, content_hash=mark) for what, who, mark in done]

    one = ("approved", 1, "a")
    assert set(rules.approvals(steps(one, one, ("approved", 2, "b")), "a")) == {1}
    assert set(rules.approvals(steps(one, ("edited", 3, "b"), ("edited", 3, "a")), "a")) == set()
    assert set(rules.approvals(steps(one, ("sent", 3, "a"), ("approved", 2, "a")), "a")) == {2}
    assert set(rules.approvals(steps(one, ("retracted", 1, "a")), "a")) == set()
    assert rules.approvals(steps(("approved", None, "a")), "a") == {}


def source(cells, services=2, **named):
    signed = {
        str(n): {"service": n, "name": f"{n} =Name 🦊 אב", "version": 1, "hash": "a", "state": "signed"}
        for n in range(services)
    }
    found = Row(
        named={"name": "Operation 7 Lakes", "time_zone": "America/Toronto", **named},
        definitions={}, signed=signed, kind="signed", reported=services, expected=services, version=3, hash="b" * 64,
        as_of=dt.datetime(2017, 10, 16, 12, tzinfo=dt.UTC),
    )  # fmt: skip
    scope = rules.Scope(("persons_met", "charges"), ("charges",), ("charges",))
    release = Row(
        kind="release", number=1, texts={}, policy={"least": 6}, scope=scope.as_json(),
        cells=[cell.as_json() for cell in cells],
    )  # fmt: skip
    return Source(release, found, "OP-7", {n: one["name"] for n, one in enumerate(signed.values())})


@pytest.mark.parametrize("number", [None, 0, 12])
def test_nothing_known_all_zero_and_plain_numbers_are_said_in_both_languages(number):
    made = source([rules.Cell("persons_met", None, None, number), rules.Cell("charges", None, None, number)])
    texts, contents = texts_for(made), contents_of(made)
    assert all(texts[lang]["title"] and texts[lang]["text"] for lang in ("en", "fr"))
    assert contents["en"].window and contents["fr"].lines[0].said in ("inconnu", "non connu", "0", "12", "pas connu")
    assert contents["en"].lines[0].number == number and contents["en"].withheld == ""
    assert ("“..”" in "".join(contents["en"].notes)) == (number is None)


def test_four_hundred_services_stand_in_one_table_with_their_names_as_they_are():
    cells = [rules.Cell("charges", n, None, None if n % 3 else 12, "small" if n % 3 else "") for n in range(400)]
    (table,) = contents_of(source([rules.Cell("charges", None, None, 1608), *cells], 400))["fr"].tables
    assert len(table.rows) == 400 and {row[1] for row in table.rows} == {"x", 12}
    assert table.rows[0][0].endswith("=Name 🦊 אב") and table.foot[1] == 1608


def test_a_moment_names_its_zone_in_the_language_of_the_paper():
    at = dt.datetime(2017, 10, 19, 1, 42, tzinfo=dt.UTC)
    said = [Words(language).moment(at, ZoneInfo("America/Toronto")) for language in ("en", "fr")]
    assert said == ["2017-10-18 21:42 EDT", "2017-10-18 21:42 HAE"]


@pytest.mark.parametrize(("language", "word"), [("en", "partial"), ("fr", "partiel")])
def test_a_partial_number_that_every_service_told_is_not_printed_as_a_whole_one(language, word):
    """It has a lower and an upper bound at once: with “4 of 4 services in” beside it, it would be taken for exact."""
    words = Words(language)
    cells = [rules.Cell("charges", one, None, 9, "", "partial", None, 4 - one, 4) for one in (0, 2)]
    assert words.note(cells[0]) == word and "2" in words.note(cells[1])
    release = Row(scope=rules.Scope(("charges",), by_service=("charges",)).as_json())
    source = Row(release=release, cells=cells, found=Row(definitions={}), names={0: "A", 2: "B"})
    assert [row[1] for row in tables_of(source, words)[0].rows] == [f"9 ({word})", "9 (2/4)"]
