"""The catalogue: what is defined, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from outreach.rollup.facts import COLUMNS
from outreach.rollup.measures import (
    CATALOGUE,
    DERIVED,
    FOLLOWED,
    STANDARD,
    Measure,
    NoSuchMeasure,
    NotABandEdge,
    measure,
    under,
)
from outreach.vocab import AgeBand


@pytest.mark.parametrize("found", [*CATALOGUE, *DERIVED], ids=lambda found: found.code)
def test_a_measure_says_what_it_counts_by_which_rule_and_from_where(found: Measure) -> None:
    assert found.label and found.unit and found.definition and found.rule and found.source and found.version >= 1
    assert found.frame in COLUMNS
    assert (found.label + found.definition) % found.params
    assert found.distinct is None or found.total is None
    if found.distinct or found.total:
        assert (found.distinct or found.total) in COLUMNS[found.frame]


def test_codes_are_unique_and_the_printed_ones_are_in_the_catalogue() -> None:
    codes = [found.code for found in CATALOGUE]
    assert len(set(codes)) == len(codes)
    assert set(STANDARD) < set(codes)
    assert len(STANDARD) == 17
    assert set(FOLLOWED) < set(codes) and not set(FOLLOWED) & set(STANDARD)


def test_only_counts_of_things_that_happen_once_may_be_added() -> None:
    assert {found.code for found in CATALOGUE if found.additive} == {
        "contacts", "attempts", "referrals_made", "referrals_received", "referrals_reached", "referrals_engaged",
        "charges", "kits_handed_out", "outcomes", "referrals_direct",
        *(f"referrals_{part}_{days}" for part in ("due", "engaged") for days in (7, 30, 90))}


@pytest.mark.parametrize("age", AgeBand.edges())
def test_a_threshold_on_a_band_edge_makes_a_measure(age: int) -> None:
    assert measure(f"persons_under_{age}") == under(age)
    assert under(age).params == {"age": age}
    assert under(age).place_code == "persons_under_18"


@pytest.mark.parametrize("age", [0, 13, 17, 20, 21, 46, 200])
def test_a_threshold_off_a_band_edge_is_refused_and_the_edges_are_named(age: int) -> None:
    with pytest.raises(NotABandEdge) as refused:
        under(age)
    assert refused.value.params["edges"] == "12, 14, 16, 18, 19, 25, 35, 45"


@pytest.mark.parametrize("code", ["", "persons", "persons_under_", "persons_under_x", "PERSONS_MET",
                                  "persons_under_1234", "acceptance_"])
def test_a_code_that_is_not_in_the_catalogue_is_refused(code: str) -> None:
    with pytest.raises(NoSuchMeasure):
        measure(code)


def test_the_catalogue_can_be_read_without_pandas() -> None:
    code = "import sys, outreach.rollup.measures, outreach.rollup.totals, outreach.rollup.checks; " \
           "sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_age_lies_in_one_band() -> None:
    known = [band for band in AgeBand if band.youngest is not None]
    for age in range(100):
        assert sum((band.youngest or 0) <= age < (band.below_age or 1000) for band in known) == 1
