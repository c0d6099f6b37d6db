"""Counting rules: named, versioned, and one set of facts yields each of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outreach.rollup.cells import cells
from outreach.rollup.checks import checks
from outreach.rollup.counting import RULED, RULES, chosen, definitions, rules_of
from outreach.rollup.facts import Facts
from outreach.rollup.measures import CATALOGUE, NoSuchRule, counted_by, measure
from outreach.rollup.members import members
from outreach.rollup.totals import Coverage, Figure, total, totals
from outreach.vocab import Bound
from tests.rollup.small import DAY, Small


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


# Counting -------------------------------------------------------------------------------------------------------------


def by_rule(small: Small, code: str, **choice: str) -> Figure:
    return total(replace(small.facts(), counting=choice, remembered={}), measure(code))


def told_in(small: Small, **rows: str) -> Facts:
    """The facts with the rule under which each number was told, measure by measure."""
    facts = small.facts()
    under = [rows.get(code, "") for code in facts.tallies["measure"].tolist()]
    return replace(facts, tallies=facts.tallies.assign(rule=under), remembered={})


def test_one_set_of_records_yields_both_rules_and_each_figure_names_its_own() -> None:
    small = Small().contact(100, {"made_safe": True, "answer": "declined"}, {"person": 2, "made_safe": True}).contact(
        101, {"person": 3, "made_safe": True, "answer": "accepted"}, {"person": 4, "answer": "accepted"})
    wide, strict = (by_rule(small, f"persons_made_safe:{rule}") for rule in ("wide", "strict"))
    assert (wide.value, strict.value) == (3, 1)
    assert (wide.rule, strict.rule) == ("wide", "strict")
    assert strict.measure == "persons_made_safe:strict"
    usual, chosen_one = by_rule(small, "persons_made_safe"), by_rule(
        small, "persons_made_safe", persons_made_safe="strict")
    assert (usual.value, usual.rule, usual.measure) == (3, "wide", "persons_made_safe")
    assert (chosen_one.value, chosen_one.rule, chosen_one.measure) == (1, "strict", "persons_made_safe")
    assert by_rule(small, "persons_met", persons_made_safe="strict").rule == ""


def test_charges_ever_laid_hold_those_withdrawn_and_replaced_since() -> None:
    small = Small().add("accused").add("accused", arrested=False)
    small.add("charges", accused=1, count=2).add("charges", accused=1, status="substituted", count=3)
    small.add("charges", accused=2, status="withdrawn", day=101)
    assert [by_rule(small, f"charges:{rule}").value for rule in ("standing", "ever")] == [2, 6]
    assert [by_rule(small, f"persons_charged:{rule}").value for rule in ("standing", "ever")] == [1, 2]
    split = totals(small.facts(), ("service", "day"), [measure("charges:ever")])
    assert {figure.key["day"]: figure.value for figure in split if figure.value} == {100: 5, 101: 1}


def test_attempts_count_as_contacts_only_by_the_rule_that_says_so() -> None:
    small = Small().contact(100, {}).contact(100).contact(101)
    assert [by_rule(small, f"contacts:{rule}").value for rule in ("met", "every")] == [1, 3]
    facts = small.facts()
    assert len(members(facts, measure("contacts"))) == 1
    assert len(members(facts, measure("contacts:every"))) == 3
    assert {cell.day: cell.value for cell in cells(facts, measure("contacts:every")) if cell.known} == {100: 2, 101: 1}


def test_a_number_counts_only_under_the_rule_under_which_it_was_told() -> None:
    small = Small()
    small.rows["participations"][0] |= {"entry_mode": "daily_totals"}
    small.add("tallies", measure="persons_made_safe", day=100, value=4)
    facts = told_in(small)
    assert total(facts, measure("persons_made_safe")).value == 4
    strict = total(facts, measure("persons_made_safe:strict"))
    assert (strict.value, strict.bound, strict.coverage) == (None, Bound.UNKNOWN, Coverage(0, 1))
    facts = told_in(small, persons_made_safe="strict")
    assert total(facts, measure("persons_made_safe")).value is None
    assert total(facts, measure("persons_made_safe:strict")).value == 4
    assert total(replace(facts, counting={"persons_made_safe": "strict"}, remembered={}),
                 measure("persons_made_safe")).value == 4


def test_beside_records_a_number_told_under_another_rule_leaves_the_figure_partial_and_is_said() -> None:
    small = Small().add("participations", service=11, entry_mode="daily_totals")
    small.contact(100, {"made_safe": True, "answer": "accepted"})
    small.add("tallies", service=11, measure="persons_made_safe", day=100, value=4)
    facts = replace(told_in(small), counting={"persons_made_safe": "strict"}, remembered={})
    figure = total(facts, measure("persons_made_safe"))
    assert (figure.value, figure.bound, figure.coverage) == (1, Bound.PARTIAL, Coverage(1, 2))
    [check] = [check for check in checks(facts) if check.code == "told_under_another_rule"]
    assert check.where == {"service": 11, "measure": "persons_made_safe"} and check.params == {"tallies": 1}
    assert not [check for check in checks(told_in(small)) if check.code == "told_under_another_rule"]


def test_that_nobody_was_met_says_nothing_against_records_by_another_rule() -> None:
    small = Small().contact(100, {}).contact(101)
    small.add("tallies", measure="contacts", day=102, state="zero")
    assert by_rule(small, "contacts", contacts="every").bound == Bound.EXACT
    assert by_rule(small, "contacts:every").value == 2


def test_days_told_under_another_rule_make_what_else_was_told_at_least() -> None:
    small = Small(now=101 * DAY)
    small.rows["participations"][0] |= {"entry_mode": "daily_totals"}
    small.add("tallies", measure="persons_made_safe", day=100, value=4)
    small.add("tallies", measure="persons_made_safe", day=101, value=1)
    facts = small.facts()
    facts = replace(facts, tallies=facts.tallies.assign(rule=["", "strict"]), remembered={})
    for by in ((), ("service",)):
        [figure] = totals(facts, by, [measure("persons_made_safe:strict")])
        assert (figure.value, figure.bound) == (1, Bound.AT_LEAST)


def test_charges_by_one_rule_and_persons_charged_by_another_contradict_nothing() -> None:
    small = Small().add("accused").add("charges", accused=1, status="withdrawn")
    mixed = replace(small.facts(), counting={"charges": "ever"}, remembered={})
    assert "charges_without_person" not in {check.code for check in checks(mixed)}
