"""`outreach figures`: the promise to scripts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from outreach.cli import cli
from outreach.rollup.measures import STANDARD
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode
from tests import factories as site
from tests.report import factories as facts


@pytest.fixture
def outreach(app) -> Callable[..., Any]:
    def run(*words: str) -> Any:
        return CliRunner().invoke(cli, words, obj=lambda: app)

    return run


@pytest.fixture
def operation(app):
    operation = site.an_operation("ONS-1")
    part = site.a_participation(operation, site.a_service("=Quarry Town Police"))
    totals = site.a_participation(operation, site.a_service("Fox River Police"), entry_mode=EntryMode.DAILY_TOTALS)
    facts.a_contact(part, {"answer": "accepted"}, {"answer": "declined"})
    facts.a_contact(part, {"answer": "not_offered"}, day=1)
    facts.a_tally(totals, "persons_met", 4, 0)
    return operation


def test_json_has_the_shape_that_scripts_rely_on(outreach, operation):
    answer = outreach("figures", "ONS-1", "--format", "json")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.output)
    assert set(found) == {"operation", "as_of", "coverage", "figures"} and found["operation"] == "ONS-1"
    assert found["coverage"] == {"reported": 2, "expected": 2}
    assert [figure["measure"] for figure in found["figures"]] == list(STANDARD)
    for figure in found["figures"]:
        assert set(figure) == {"measure", "rule", "rule_version", "least", "value", "bound", "basis", "coverage", "by"}
        assert set(figure["coverage"]) == {"reported", "expected"} and figure["by"] == {}
    by_code = {figure["measure"]: figure for figure in found["figures"]}
    assert by_code["persons_met"]["value"] == 7 and by_code["persons_met"]["basis"] == "mixed"
    assert by_code["support_accepted"] == {
        "measure": "support_accepted",
        "rule": None,
        "rule_version": 1,
        "least": None,
        "value": 1,
        "bound": "partial",
        "basis": "records",
        "coverage": {"reported": 1, "expected": 2},
        "by": {},
    }


def test_what_nobody_knows_is_null_and_never_zero(outreach, operation):
    found = json.loads(outreach("figures", "ONS-1", "--format", "json").output)
    charges = next(figure for figure in found["figures"] if figure["measure"] == "charges")
    assert (charges["value"], charges["bound"], charges["basis"]) == (None, "unknown", None)
    assert "charges" in outreach("figures", "ONS-1").output and "not known" in outreach("figures", "ONS-1").output


def test_figures_by_service_and_day_name_both(outreach, operation):
    found = json.loads(outreach("figures", "ONS-1", "--by", "service,day", "--format", "json").output)
    met = {
        (figure["by"]["service"], figure["by"]["day"]): figure["value"]
        for figure in found["figures"]
        if figure["measure"] == "persons_met"
    }
    assert met["=Quarry Town Police", "2017-10-10"] == 2 and met["=Quarry Town Police", "2017-10-11"] == 1
    assert met["Fox River Police", "2017-10-10"] == 4 and met["Fox River Police", "2017-10-11"] is None


def test_csv_never_starts_a_formula(outreach, operation):
    lines = list(csv.DictReader(io.StringIO(outreach("figures", "ONS-1", "--by", "service", "--format", "csv").output)))
    assert {line["service"] for line in lines} == {"'=Quarry Town Police", "Fox River Police"}
    met = {line["service"]: line["value"] for line in lines if line["measure"] == "persons_met"}
    assert met == {"'=Quarry Town Police": "3", "Fox River Police": "4"}


def test_a_past_moment_gives_what_the_site_showed_then(outreach, operation):
    part = site.a_participation(operation)
    before = json.loads(outreach("figures", "ONS-1", "--format", "json").output)
    facts.a_contact(part, {})
    after = json.loads(outreach("figures", "ONS-1", "--format", "json").output)
    replayed = json.loads(outreach("figures", "ONS-1", "--as-of", before["as_of"], "--format", "json").output)
    assert replayed["figures"] == before["figures"] != after["figures"]


@pytest.mark.parametrize(
    "words",
    [
        ("--by", "week"),
        ("--by", "service,service,week"),
        ("--format", "xml"),
        ("--as-of", "yesterday"),
        ("--as-of", "2999-01-01T00:00Z"),
        ("--as-of", "0001-01-01T00:00+23:00"),
        ("too", "many"),
    ],
)
def test_wrong_usage_is_2_and_says_what(outreach, operation, words):
    answer = outreach("figures", "ONS-1", *words)
    assert answer.exit_code == 2 and "Usage:" in answer.output


def test_an_unknown_operation_is_1_with_one_line(outreach, operation):
    answer = outreach("figures", "ONS-2")
    assert answer.exit_code == 1
    assert answer.output.strip() == "There is no operation with the code “ONS-2”. Known codes: ONS-1."


def test_a_day_alone_means_its_end(outreach, operation):
    today = utc_now().astimezone(ZoneInfo(facts.ZONE)).date().isoformat()
    assert outreach("figures", "ONS-1", "--as-of", today).exit_code == 0
