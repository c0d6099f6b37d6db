"""What cannot be true together among printed figures: exact on every qualifier, and nothing possible is named."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from outreach.rollup.contradictions import (
    ANSWERS,
    ORDER,
    Contradiction,
    Rule,
    Statement,
    contradictions,
)
from outreach.rollup.intervals import Interval, allowed
from outreach.vocab import Qualifier


def said(value: int | None, measure: str = "persons_met", qualifier: str = "exact", **more: object) -> Statement:
    values: dict = {"series": "spotlight", "edition": "2017", "level": "national", "places": ("canada",)} | more
    key = values.pop("key", f"{measure}/{values.get('part', '')}/{qualifier} {value}/{values.get('by', '')}")
    return Statement(key, measure=measure, interval=allowed(value, qualifier), **values)


def found(*statements: Statement) -> list[tuple[Rule, bool]]:
    return [(one.rule, one.certain) for one in contradictions(statements)]


@pytest.mark.parametrize(
    ("value", "qualifier", "low", "high"),
    [
        (10, "exact", 10, 10),
        (10, "more_than", 11, None),
        (10, "at_least", 10, None),
        (10, "fewer_than", 0, 9),
        (10, "at_most", 0, 10),
        (10, "about", 9, 11),
        (350, "about", 315, 385),
        (11, "about", 9, 13),
        (0, "about", 0, 0),
        (0, "exact", 0, 0),
    ],
)
def test_a_qualifier_allows_just_these_numbers(value, qualifier, low, high):
    assert allowed(value, qualifier) == Interval(low, high)


def test_a_figure_that_was_not_published_allows_everything_and_contradicts_nothing():
    assert allowed(None, "exact") is None and allowed(0, "fewer_than") is None
    assert found(said(None, by="a"), said(7, by="b"), said(3, "support_accepted")) == []


def test_more_than_ten_and_ten_contradict_each_other_and_at_least_ten_does_not():
    assert found(said(10, by="a"), said(10, qualifier="more_than", by="b")) == [(Rule.VERSIONS, True)]
    assert found(said(10, by="a"), said(10, qualifier="at_least", by="b")) == []
    assert found(said(11, by="a"), said(10, qualifier="more_than", by="b")) == []
    assert found(said(10, by="a"), said(10, qualifier="fewer_than", by="b")) == [(Rule.VERSIONS, True)]


def test_accepted_may_be_more_than_offered_only_where_a_number_allows_it():
    assert found(said(11, "support_accepted"), said(10, "support_offered")) == [(Rule.ORDER, True)]
    assert found(said(11, "support_accepted"), said(10, "support_offered", "about")) == []
    assert found(said(11, "support_accepted"), said(10, "support_offered", "more_than")) == []
    assert found(said(10, "support_accepted", "more_than"), said(10, "support_offered")) == [(Rule.ORDER, True)]
    assert found(said(10, "support_accepted", "at_most"), said(3, "support_offered")) == []


@pytest.mark.parametrize(("smaller", "larger"), ORDER)
def test_every_order_is_kept_and_named(smaller, larger):
    names = [one.of for one in contradictions([said(2, smaller), said(1, larger)]) if one.rule is Rule.ORDER]
    assert names == [(smaller, larger)]
    assert Rule.ORDER not in [rule for rule, _ in found(said(1, smaller), said(1, larger))]


def test_the_two_languages_of_one_release_are_told_from_two_publishers():
    english = said(14, "persons_charged", by="rcmp", as_of="2017-10-18", language="en", key="en")
    french = said(8, "persons_charged", by="rcmp", as_of="2017-10-18", language="fr", key="fr")
    (one,) = contradictions([english, french])
    assert (one.rule, one.certain, [side.keys for side in one.sides]) == (Rule.LANGUAGES, True, [("fr",), ("en",)])
    silent = said(None, "persons_charged", by="rcmp", as_of="2017-10-18", language="en", key="en")
    assert found(silent, french) == [(Rule.ONE_LANGUAGE, False)]
    other = said(8, "persons_charged", by="opp", as_of="2017-10-18", language="fr")
    assert found(english, other) == [(Rule.VERSIONS, True)]


def test_a_later_restatement_is_a_question():
    assert found(said(7, by="a", as_of="2017-10-18"), said(8, by="a", as_of="2017-11-02")) == [(Rule.RESTATED, False)]


def test_figures_that_say_the_same_stand_on_one_side():
    (one,) = contradictions([said(9, by="a", key="1"), said(9, by="b", key="2"), said(7, by="c", key="3")])
    assert [side.keys for side in one.sides] == [("3",), ("1", "2")]


def test_under_age_is_part_of_all_and_of_those_under_a_higher_age():
    assert found(said(5, "persons_under_18"), said(4)) == [(Rule.UNDER_AGE, True)]
    assert found(said(5, "persons_made_safe", threshold=16), said(4, "persons_made_safe", threshold=18)) == [
        (Rule.AGES, True)
    ]
    assert found(said(2, "persons_made_safe", threshold=16), said(2, "persons_made_safe", threshold=18)) == []
    assert found(said(3, "persons_under_18"), said(2, threshold=18, by="b")) == [(Rule.VERSIONS, True)]


def test_parts_that_add_up_to_more_are_certain_where_the_measure_adds_up():
    services = [said(40, "services", part="Ontario", by="hrp"), said(15, "services", part="elsewhere", by="hrp")]
    (one,) = contradictions([*services, said(53, "services", by="hrp")])
    assert (one.rule, one.certain, one.sum, len(one.sides)) == (Rule.PARTS, True, Interval(55, 55), 3)
    people = [said(9, part="Peel", by="opp"), said(4, part="Ottawa", by="opp")]
    assert found(*people, said(12, by="opp")) == [(Rule.PARTS, False)]
    assert found(*people, said(12, qualifier="at_least", by="opp")) == []
    assert found(*people, said(13, by="opp")) == []
    assert found(*people, said(8, by="opp")) == [(Rule.PART, True)]


def test_parts_of_two_sources_are_not_added():
    assert (
        found(said(9, "charges", part="Peel", by="a"), said(9, "charges", part="Peel", by="b"), said(10, "charges"))
        == []
    )
    assert (
        found(said(9, "charges", part="Peel", by="a"), said(9, "charges", part="York", by="b"), said(10, "charges"))
        == []
    )


def test_answers_make_the_offers():
    offered = said(20, "support_offered")
    three = [said(n, code) for n, code in zip((11, 5, 4), ANSWERS, strict=True)]
    assert found(*three, offered) == []
    assert found(*three[:2], said(3, "support_undecided"), offered) == [(Rule.ANSWERS, True)]
    assert found(*three[:2], said(2, "support_undecided", "at_least"), offered) == []
    assert found(*three[:2], offered) == []  # who is undecided is not said
    assert found(said(15, "support_accepted"), said(6, "support_declined"), offered) == [(Rule.ANSWERS, True)]


def test_charges_against_nobody_and_persons_without_charges():
    assert found(said(3, "charges"), said(0, "persons_charged")) == [(Rule.NOBODY_CHARGED, True)]
    assert found(said(0, "charges"), said(2, "persons_charged")) == [(Rule.ORDER, True)]
    assert found(said(3, "charges"), said(2, "persons_charged")) == []
    assert found(said(22, "persons_charged"), said(20, "persons_arrested")) == []  # charged may exceed arrested


ONTARIO = {"level": "provincial", "places": ("ontario",)}
QUEBEC = {"level": "provincial", "places": ("quebec",)}


def test_a_province_has_no_more_than_the_country():
    assert found(said(8, "persons_charged"), said(12, "persons_charged", **ONTARIO)) == [(Rule.LEVEL, True)]
    assert found(said(8, "persons_charged", "at_least"), said(12, "persons_charged", **ONTARIO)) == []
    assert found(said(8, "persons_charged", edition="2016"), said(12, "persons_charged", **ONTARIO)) == []


def test_provinces_together_have_no_more_than_the_country():
    both = [said(12, "charges", **ONTARIO), said(10, "charges", **QUEBEC)]
    (one,) = contradictions([*both, said(21, "charges")])
    assert (one.rule, one.certain, one.sum) == (Rule.LEVELS, True, Interval(22, 22))
    assert found(*both, said(22, "charges")) == []


def test_a_place_lies_only_in_the_province_that_it_names():
    windsor = said(13, level="local", places=("windsor", "ontario"))
    assert found(windsor, said(12, **ONTARIO)) == [(Rule.LEVEL, True)]
    assert found(windsor, said(12, **QUEBEC)) == []
    halifax = said(13, level="local", places=("halifax",))
    assert found(halifax, said(12, **ONTARIO)) == []


def test_counted_here_against_what_was_published():
    (one,) = contradictions([said(12, "charges", own=True, key="own"), said(21, "charges", by="opp", key="opp")])
    assert (one.rule, one.sides[0].keys) == (Rule.OWN, ("own",))
    assert found(said(12, "charges", "at_least", own=True), said(21, "charges", by="opp")) == []


def test_a_measure_that_nobody_knows_is_compared_with_itself_alone():
    assert found(said(3, "", by="a"), said(4, "", by="b")) == []
    assert found(said(3, "brochures", by="a"), said(4, "brochures", by="b")) == [(Rule.VERSIONS, True)]


def test_hundreds_of_versions_do_not_take_forever():
    many = [said(number, by=f"source {number}", key=str(number)) for number in range(3_000)]
    assert len(contradictions(many)) == 60 * 59 // 2


QUALIFIERS = [qualifier.value for qualifier in Qualifier]


@pytest.mark.parametrize("seed", range(40))
def test_figures_of_a_possible_world_never_contradict_each_other_and_what_is_named_fits_no_world(seed):
    """Figures drawn from true numbers, each put with a true qualifier, give nothing that is certain."""
    random = Random(seed)
    offered = [random.randrange(12) for _ in ANSWERS]
    under = random.randrange(4)
    true = dict(zip(ANSWERS, offered, strict=True)) | {"support_offered": sum(offered), "persons_met": sum(offered) + 9}
    true |= {"persons_under_18": under, "charges": random.randrange(1, 9), "persons_charged": 1}
    statements = [
        said(value, code, qualifier, by=f"{place}")
        for place, (code, number) in enumerate(sorted(true.items()))
        for qualifier, value in _true_ways(number, random)
    ]
    statements += [
        said(number + random.randrange(3), code, level="international", places=("world",))
        for code, number in true.items()
        if code in ("persons_met", "charges")
    ]
    assert [one for one in contradictions(statements) if one.certain] == []


def _true_ways(number: int, random: Random) -> list[tuple[str, int]]:
    ways = [
        ("exact", number),
        ("about", number),
        ("at_least", number - random.randrange(3)),
        ("at_most", number + random.randrange(3)),
        ("more_than", number - 1),
        ("fewer_than", number + 1),
    ]
    return [way for way in random.sample(ways, 3) if way[1] >= 0]


@pytest.mark.parametrize("seed", range(25))
def test_two_figures_of_one_order_are_named_just_when_no_two_numbers_fit(seed):
    """By force: every pair of numbers up to 30 that the two allow."""
    random = Random(seed)
    for _ in range(20):
        values, ways = [random.randrange(0, 9) for _ in "ab"], [random.choice(QUALIFIERS) for _ in "ab"]
        small, large = said(values[0], "persons_charged", ways[0]), said(values[1], "charges", ways[1])
        fits = [_numbers(one.interval) for one in (small, large)]
        possible = any(a <= b for a, b in itertools.product(*fits))
        named = [one for one in contradictions([small, large]) if one.rule is Rule.ORDER]
        assert bool(named) == (not possible and small.interval is not None and large.interval is not None)


def _numbers(interval: Interval | None) -> list[int]:
    if interval is None:
        return list(range(31))
    return list(range(interval.low, 31 if interval.high is None else interval.high + 1))


def test_order_of_what_is_said_does_not_matter_for_what_is_found():
    random = Random(7)
    statements = [said(n, code, by=str(n), key=f"{code}{n}") for code in ("charges", "persons_charged") for n in (3, 9)]
    statements += [said(n, "charges", key=f"on{n}", **ONTARIO) for n in (4, 11)]
    whole = _names(contradictions(statements))
    for _ in range(10):
        random.shuffle(statements)
        assert _names(contradictions(statements)) == whole


def _names(found: list[Contradiction]) -> set[tuple]:
    return {(one.rule, tuple(frozenset(side.keys) for side in one.sides)) for one in found}
