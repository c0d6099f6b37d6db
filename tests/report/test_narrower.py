"""A release that cannot leave says what to leave out, and the next draft begins without it."""

from __future__ import annotations

import re

import pytest

from outreach.report import narrower_rules as narrower
from outreach.report.release_rules import Scope
from tests.report.releases import World

PAGE = "/operations/OP-OUT/releases"


@pytest.fixture
def world(app) -> World:
    made = World(met={"Fox River Police": (30, 3), "Quarry Town Police": (20, 6), "Reed Town Police": (8, 0)})
    made.sign()
    made.lock()
    return made


def ticked(page: str, part: str) -> set[str]:
    return set(re.findall(rf'name="{part}" value="(\w+)"[^>]* checked', page))


def test_a_release_blocked_by_what_was_printed_before_names_what_to_leave_out(world, signed_in):
    """9 charges were printed in all: by service, 6 or more of one would leave 1 to 3 of the other."""
    desk = signed_in(world.users["coordinator"])
    assert "choose every table now" in desk.get(PAGE + "/new").text
    world.out()
    assert "choose every table now" not in desk.get(PAGE + "/new").text
    row = world.draft(scope={"by_service": ("charges",), "by_day": ("persons_met",)})
    assert not row.verdict["safe"] and row.verdict["leave_out"] == [["by_service", "charges"]]
    page = desk.get(PAGE + "/2").text
    assert "It is safe without:" in page and "By service</li>" in page and 'instead=2">' in page
    assert "Draft one without it" not in signed_in(world.users["commander"]).get(PAGE + "/2").text
    again = desk.get(PAGE + "/new?instead=2").text
    assert ticked(again, "by_service") == set() and ticked(again, "by_day") == {"persons_met"}
    assert ticked(again, "measures") == {"persons_met", "charges"}
    assert world.draft(scope={"by_day": ("persons_met",)}).verdict["safe"]


def test_a_measure_is_left_out_with_its_splits():
    scope = Scope(("charges", "contacts"), ("charges",), ("contacts",), by_offence=("charges",))
    true = [
        ("charges", None, None),
        ("charges", 1, None),
        ("charges@279.01", None, None),
        ("contacts", None, "2026-10-13"),
    ]
    parts = narrower.parts_of(scope, true)
    assert list(parts) == [("by_day", "contacts"), ("by_service", "charges"), ("by_offence", "charges"),
                           ("measures", "charges"), ("measures", "contacts")]  # fmt: skip
    assert parts["measures", "charges"] == set(true[:3]) and parts["by_offence", "charges"] == {true[2]}
    left = narrower.without(scope.as_json(), [["measures", "charges"], ["by_day", "contacts"]])
    assert left == {"measures": {"contacts"}, "by_service": set(), "by_day": set(), "by_offence": set()}
