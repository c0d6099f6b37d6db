"""From nothing to 46 services with two teams each on seven days, counted in clicks and pastes: sixty at most in all."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DESK, follow, picture

pytestmark = pytest.mark.browser

KIND = "Municipal or regional police"
FIRST = (
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Gale",
    "Hazel",
    "Ivy",
    "Juniper",
    "Kelp",
    "Larch",
    "Maple",
)
LAST = ("Bay", "Falls", "Harbour", "Ridge")
NAMES = [f"{one} {other}" for other in LAST for one in FIRST][:46]
ROWS = "\n".join(f"{name}\t{KIND}\tRegion {n % 4}\tdesk{n}@example.org" for n, name in enumerate(NAMES))
MOST = 60


class Hand:
    """Does what a coordinator's hand does, and counts: a click, a field filled or pasted, a list chosen from."""

    def __init__(self, page: Page) -> None:
        self.page, self.actions = page, 0

    def open(self, link: Locator) -> None:
        self.actions += 1
        follow(self.page, link)

    def press(self, name: str) -> None:
        self.open(self.page.get_by_role("button", name=re.compile(name)).first)

    def go(self, name: str) -> None:
        self.open(self.page.get_by_role("link", name=re.compile(name)).first)

    def fill(self, field: str, text: str) -> None:
        self.actions += 1
        self.page.fill(field, text)

    def choose(self, field: str, value: str) -> None:
        self.actions += 1
        self.page.select_option(field, value)


def test_46_services_seven_days_and_two_teams_take_at_most_sixty_clicks_and_pastes(open_page, site):
    page = open_page("planner", DESK)
    hand = Hand(page)
    page.goto(site.url + "/")
    hand.go("^Plan$")
    hand.go("Start|New operation")
    for field, text in (
        ("code", "SIXTY"),
        ("name", "Operation Sixty"),
        ("starts_on", "2026-10-13"),
        ("starts_at", "06:00"),
        ("ends_on", "2026-10-19"),
        ("ends_at", "24:00"),
    ):
        hand.fill(f"[name={field}]", text)
    hand.press("^Create the draft")
    hand.go("^Services")
    hand.go("^Paste services")
    hand.fill("textarea#rows", ROWS)
    hand.press("^Check the rows")
    for _ in range(MOST):
        different = page.get_by_role("button", name=re.compile("^Different"))
        if not different.count():
            break
        hand.open(different.first)
    hand.press("^Add 46 services")
    hand.press("^Confirm all 46 invited")
    hand.go("Operation Sixty")
    hand.go("^Teams")
    hand.go("^Shifts$")
    hand.choose("[name=teams]", "2")
    hand.press("^Set up the evening teams")
    expect(page.locator("main")).to_contain_text("644 shifts are added.")
    expect(page.locator("#shifts tbody tr")).to_have_count(92)
    expect(page.locator("#shifts tbody td a.d")).to_have_count(644)
    picture(page, "plan-in-sixty")
    hand.go("^Publish$")
    hand.press("^Publish the ticked services")
    expect(page.locator("main")).to_contain_text("644 shifts are published.")
    print(f"planned in {hand.actions} clicks and pastes")
    assert hand.actions <= MOST
