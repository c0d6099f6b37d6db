"""The grid of shifts under real keys: arrows, copy, paste, cancel, undo; and the same by forms, on a phone too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, axe_findings, follow, picture
from tests.browser.test_one_operation import create, press

pytestmark = pytest.mark.browser

ROWS = "Alder Bay\tMunicipal or regional police\nQuarry Town\tMunicipal or regional police"


def a_plan(page: Page, site, code: str) -> str:
    """Two confirmed services with an evening team each on every day; gives the address of their shifts."""
    create(page, code, site.url)
    page.goto(f"{site.url}/operations/{code}/plan/services/paste")
    page.fill("textarea#rows", ROWS)
    press(page, "Check the rows")
    press(page, re.compile("^(Add|Save)"))
    press(page, re.compile("^Confirm all"))
    page.goto(f"{site.url}/operations/{code}/plan/shifts")
    press(page, "Set up the evening teams")
    expect(page.locator("main")).to_contain_text("14 shifts are added.")
    return f"{site.url}/operations/{code}/plan/shifts"


def test_the_grid_answers_to_keys_and_says_what_they_did(open_page, site):
    page = open_page("planner", DESK)
    a_plan(page, site, "KEYS-1")
    said = page.locator("body > [role=status]")
    first = page.locator("#shifts tbody tr").first.locator("td a")
    expect(page.locator('#shifts tbody a[tabindex="0"]')).to_have_count(1)
    assert axe_findings(page) == []
    first.first.focus()
    page.keyboard.press("Delete")
    expect(said).to_have_text("The shift is cancelled.")
    expect(page.locator("#shifts .x")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+c")
    expect(said).to_contain_text("Copied: 18:00–02:00")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+v")
    expect(said).to_have_text("The shift is copied.")
    expect(page.locator(":focus")).to_contain_text("18:00–02:00")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+v")
    expect(said).to_contain_text("has a shift from 18:00 to 02:00 already")
    page.keyboard.press("Control+z")
    expect(said).to_have_text("Undone: 1 shift.")
    page.keyboard.press("Control+z")
    expect(said).to_have_text("Undone: 1 shift.")
    expect(page.locator("#shifts .x")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_contain_text("Ctrl+Z")
    assert axe_findings(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    expect(page.locator(":focus")).to_have_text(re.compile("Evening team"))
    page.keyboard.press("ArrowRight")
    follow_by_enter(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Shift of Evening team")


def follow_by_enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_forms_and_links_do_the_same_without_script_on_a_phone(open_page, site):
    page = open_page("planner", PHONE, script=False)
    url = a_plan(page, site, "KEYS-2")
    picture(page, "shifts-phone", full=True)
    follow(page, page.locator("#shifts tbody td a").first)
    page.fill("[name=ends_at]", "03:00")
    press(page, "Save the shift")
    expect(page.locator("#shifts")).to_contain_text("18:00–03:00")
    press(page, re.compile("^Undo"))
    expect(page.locator("#shifts")).not_to_contain_text("18:00–03:00")
    follow(page, page.locator("#shifts tbody th a").first)
    page.get_by_role("textbox", name=re.compile("^Start, Tue 13")).fill("26:00")
    press(page, "Save all days")
    assert page.title().startswith("Error:")
    page.goto(url)
    follow(page, page.get_by_role("link", name="Publish"))
    press(page, "Publish the ticked services")
    expect(page.locator("main")).to_contain_text("14 shifts are published.")
