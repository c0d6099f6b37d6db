"""Charges by offence and running totals, on the golden operation."""

from __future__ import annotations

from dataclasses import replace

from outreach.rollup.measures import measure
from outreach.rollup.splits import Offence, by_offence, running
from outreach.rollup.totals import Coverage, Figure, coverage, total, totals
from tests.golden.operation import golden


def test_offences_add_up_to_the_charges_with_what_was_told_without_one_last() -> None:
    found = by_offence(golden())
    assert found == [
        Offence("279.01", "", 1, 2), Offence("267", "", 1, 1), Offence("", "", None, 3, told=True)]
    assert sum(line.charges for line in found) == total(golden(), measure("charges")).value


def test_what_was_written_by_hand_is_one_line_where_its_words_are_not_to_be_read() -> None:
    facts = golden()
    frame = facts.charges
    said = [f"words {row % 2}" for row in range(len(frame))]
    facts = replace(facts, charges=frame.assign(offence=frame["offence"].where([False] * len(frame)), label=said))
    whole = by_offence(facts)
    assert {line.label for line in whole} == {"words 0", "words 1", ""}
    one, *told = by_offence(facts, labels=False)
    assert (one.code, one.label, one.told) == ("", "", False) and told == [line for line in whole if line.told]
    assert one.charges == sum(line.charges for line in whole if not line.told)


def test_a_running_total_ends_at_the_figure() -> None:
    found = running(totals(golden(), ("day",), [measure("persons_met")]))
    assert found == {"before": 0, 100: 4, 101: 6, 102: 9, 103: 10, 104: 11, "after": 11}


def test_a_running_total_stops_at_the_first_day_on_which_nothing_is_known() -> None:
    figures = [Figure("charges", {"day": day}, value) for day, value in ((1, 2), (2, None), (3, 4), ("before", 1))]
    assert running(figures) == {"before": 1, 1: 3, 2: None, 3: None}
    assert running([Figure("charges", {"day": "undated"}, 3)]) == {"undated": None}


def test_a_day_that_is_nobodys_day_adds_nothing_to_a_running_total_unless_nobody_owes_any() -> None:
    def figures(*owed: int) -> list[Figure]:
        told = ((9, None), (10, 3), (11, None))
        return [Figure("persons_met", {"day": day}, value, coverage=Coverage(owe, owe))
                for (day, value), owe in zip(told, owed, strict=True)]  # fmt: skip

    assert running(figures(0, 2, 0)) == {9: 0, 10: 3, 11: 3}
    assert running(figures(0, 2, 2)) == {9: 0, 10: 3, 11: None}
    assert running(figures(0, 0, 0)) == {9: None, 10: None, 11: None}


def test_taking_part_is_not_reporting() -> None:
    facts = golden()
    silent = facts.participations["service"] == 14
    without = type(facts)(**{**vars(facts), "remembered": {}, "tallies": facts.tallies[facts.tallies["service"] != 14]})
    assert silent.any() and (coverage(without).reported, coverage(without).expected) == (3, 4)
