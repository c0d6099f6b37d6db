"""Counting rules: named, versioned, and one set of facts yields each of them."""

from __future__ import annotations

import pytest

from outreach.rollup.counting import RULED, RULES, chosen, definitions, rules_of
from outreach.rollup.measures import CATALOGUE, NoSuchRule, counted_by, measure


@pytest.mark.parametrize("code", RULED)
def test_every_measure_with_rules_has_one_standard_rule_and_it_says_what_the_catalogue_says(code: str) -> None:
    [standard] = [rule for rule in rules_of(code) if rule.standard]
    base = measure(code)
    assert rules_of(code)[0] is standard
    assert (standard.text, standard.where, standard.version, standard.source) == (
        base.rule, base.where, base.version, base.source)


def test_a_rule_is_asked_for_by_its_name_and_changes_nothing_but_which_rows_count() -> None:
    strict, base = measure("persons_made_safe:strict"), measure("persons_made_safe")
    assert strict.code == "persons_made_safe:strict" and strict.base == base.code
    assert strict.place_code == base.place_code and strict.label == base.label and strict.family is base.family
    assert strict.where != base.where and strict.definition != base.definition
    assert strict.fixed and not base.fixed
    assert len({rule.code for rule in RULES}) == len(RULES)


def test_a_rule_that_is_not_there_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(NoSuchRule) as refused:
        measure("charges:some")
    assert refused.value.params["known"] == "standing, ever"


def test_what_an_operation_chose_counts_unless_the_code_names_its_rule() -> None:
    choice = {"persons_made_safe": "strict", "charges": "a rule of an older version"}
    assert counted_by("persons_made_safe", choice).variant == "strict"
    assert counted_by("persons_made_safe", choice).code == "persons_made_safe"
    assert counted_by("persons_made_safe:wide", choice).variant == "wide"
    assert counted_by("charges", choice).variant == "standing"
    assert counted_by("persons_met", choice) == measure("persons_met")
    assert chosen("persons_met", choice) is None


def test_frozen_figures_keep_rule_version_and_definition() -> None:
    found = definitions([one.code for one in CATALOGUE], {"charges": "ever"})
    assert set(found) == {one.code for one in CATALOGUE}
    assert found["charges"]["rule"] == "ever" and found["charges"]["version"] == 1
    assert found["persons_met"]["rule"] == "" and found["persons_met"]["definition"]
    assert "18" in found["persons_under_18"]["definition"] and "%(" not in str(found)
