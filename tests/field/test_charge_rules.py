"""Codes, dates and offences of charges, as plain values."""

import datetime as dt

import pytest

from outreach.field import charge_rules as rules

TODAY = dt.date(2017, 10, 12)


def where(findings):
    return [finding.where for finding in findings]


def test_the_next_code_follows_the_highest_of_the_pattern_and_ignores_others():
    assert rules.propose_code([]) == "A-01"
    assert rules.propose_code(["A-01", "A-09", "XY7", "A-003"]) == "A-10"


@pytest.mark.parametrize(("typed", "code"), [(" a-01 ", "A-01"), ("A 12", "A12"), ("w17-4", "W17-4")])
def test_codes_are_read_whatever_their_case_and_spaces(typed, code):
    assert rules.read_code(typed) == code


@pytest.mark.parametrize("typed", ["", "John", "A-", "-1", "A_1", "É1", "A" * 20 + "1"])
def test_what_could_be_a_name_is_no_code(typed):
    assert rules.read_code(typed) is None


def test_an_arrest_has_its_day_not_in_the_future_and_no_arrest_has_none():
    assert rules.check_arrest(True, TODAY, TODAY) == [] == rules.check_arrest(False, None, TODAY)
    assert where(rules.check_arrest(None, None, TODAY)) == ["arrested"]
    for bad in ((True, None), (False, TODAY), (True, TODAY + dt.timedelta(days=1))):
        assert where(rules.check_arrest(*bad, TODAY)) == ["arrested_on"]


@pytest.mark.parametrize("counts", [None, 0, -1, 1000])
def test_counts_are_at_least_one(counts):
    assert where(rules.check_counts(counts)) == ["counts"]
    assert rules.check_counts(1) == []


def test_a_charge_names_an_offence_in_force_or_a_label_with_its_statute():
    def check(offence="", label="", statute="", known=True, in_force=True):
        return where(rules.check_offence(
            offence, label, statute, known=known, in_force=in_force, section="212", laid_on=TODAY))  # fmt: skip

    assert check(offence="cc-212") == [] == check(label="Trafficking in a substance", statute="CDSA")
    assert check() == ["offence"] == check(offence="cc-1", known=False) == check(offence="cc-212", in_force=False)
    assert check(label="Trafficking") == ["statute"]
    assert check(offence="cc-212", label="also") == ["label"]


def test_a_charge_is_laid_on_a_day_that_has_come():
    assert rules.check_laid_on(TODAY, TODAY) == []
    assert where(rules.check_laid_on(None, TODAY)) == where(rules.check_laid_on(dt.date(2017, 10, 13), TODAY))


def test_a_substituted_charge_cannot_stand_again_beside_its_substitute():
    assert rules.check_status("substituted", "laid", substitute_stands=False) == []
    assert where(rules.check_status("substituted", "laid", substitute_stands=True)) == ["status"]
    assert where(rules.check_status("laid", "acquitted", substitute_stands=False)) == ["status"]


def test_the_day_of_a_charge_is_the_calendar_day_where_the_operation_is():
    assert rules.local_day(dt.datetime(2017, 10, 12, 3, 30, tzinfo=dt.UTC), "America/Toronto") == dt.date(2017, 10, 11)
