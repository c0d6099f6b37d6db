"""Addresses that filter figures, and what they ask for."""

from __future__ import annotations

import pytest

from outreach.report.filter_rules import Choices, choices, read
from outreach.rollup.filters import Filter
from outreach.storage.queries.filters import ServiceChoice, TeamChoice

HERE = Choices(frozenset({1, 2, 3}), {"Essex": frozenset({1, 2}), "نص 🙂": frozenset({3})}, {7: 1, 8: 2})


def test_an_address_without_filters_asks_for_everything():
    asked = read({"measure": ["persons_met"], "service": [""]}, HERE)
    assert (asked.only, asked.link, asked.findings, asked.fine) == (None, {}, (), False)


def test_several_values_of_a_name_are_joined_and_several_names_must_all_hold():
    asked = read({"service": ["01", "3", "1"], "region": ["Essex"], "day": ["2017-10-11", "before"]}, HERE)
    assert asked.only == Filter(services=frozenset({1}), days=frozenset({17450, "before"}))
    assert asked.link == {"service": ["1", "3"], "region": ["Essex"], "day": ["2017-10-11", "before"]}
    assert read(asked.link, HERE) == asked


def test_a_team_brings_its_service_and_no_team_brings_none():
    assert read({"team": ["7"]}, HERE).only == Filter(services=frozenset({1}), teams=frozenset({7}))
    assert read({"team": ["none", "7"]}, HERE).only == Filter(teams=frozenset({-1, 7}))
    assert read({"team": ["7"], "service": ["2"]}, HERE).only.services == frozenset()


def test_place_and_age_are_those_of_the_lists():
    asked = read({"place": ["hotel"], "age": ["16_17", "not_known"]}, HERE)
    assert asked.fine
    assert asked.only == Filter(place_kinds=frozenset({"hotel"}), ages=frozenset({"16_17", "not_known"}))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("service", "4"), ("service", "-1"), ("service", "١"), ("service", "9" * 30), ("service", "1;drop"),
        ("region", "essex"), ("region", "=1+1"), ("day", "2017-02-30"), ("day", "10/11/2017"), ("day", "20171011"),
        ("day", "1969-12-31"), ("team", "9"), ("team", "-1"), ("place", "Hotel"), ("age", "17"), ("age", "x" * 5000),
    ],
)  # fmt: skip
def test_nonsense_is_left_out_and_said(name, text):
    asked = read({name: [text]}, HERE)
    assert (asked.only, asked.link) == (None, {})
    assert [(finding.where, len(str(finding.params["text"])) <= 40) for finding in asked.findings] == [(name, True)]


def test_who_may_not_see_small_numbers_filters_by_service_and_day_alone():
    asked = read({"service": ["1"], "age": ["16_17"], "team": ["7"], "place": ["hotel"]}, HERE, fine=False)
    assert asked.only == Filter(services=frozenset({1}))
    assert [finding.where for finding in asked.findings] == ["team", "place", "age"]


def test_an_endless_address_is_cut_short():
    asked = read({"day": ["2017-10-11"] * 5000}, HERE)
    assert asked.link == {"day": ["2017-10-11"]} and len(asked.findings) == 1


def test_choices_are_those_of_the_services_and_teams_that_take_part():
    services = [ServiceChoice(1, "Windsor", " Essex ", "police_municipal"), ServiceChoice(2, "Ōkāria 🙂", "", "health")]
    made = choices(services, [TeamChoice(7, "A", 1)])
    assert made == Choices(frozenset({1, 2}), {"Essex": frozenset({1})}, {7: 1})
