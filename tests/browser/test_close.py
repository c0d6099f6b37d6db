"""Closing by keyboard and without script: tick with Space, letters to copy, provisional figures locked and compared."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import follow

pytestmark = pytest.mark.browser

CLOSE = "/operations/ONS-2017-ON/close-out"


def test_services_are_ticked_with_space_reminded_and_provisional_figures_locked(site, open_page):
    page = open_page("coordinator")
    page.goto(site.url + CLOSE)
    expect(page.locator("#services tbody tr")).to_have_count(46)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    ticks = page.locator("#services tbody .tick")
    ticks.nth(0).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    ticks.nth(2).press("Space")
    assert [ticks.nth(n).is_checked() for n in range(3)] == [True, False, True]
    follow(page, page.get_by_role("button", name="Letters for the selected"))
    expect(page.locator("h1")).to_have_text("2 letters to copy")
    follow(page, page.get_by_role("button", name="Note them as sent"))
    expect(page.get_by_role("status").first).to_contain_text("2 reminders are noted as sent.")
    page.get_by_label("Select all").check()
    assert ticks.nth(45).is_checked()
    follow(page, page.get_by_role("link", name="Take provisional figures"))
    follow(page, page.get_by_role("button", name="Take provisional figures"))
    expect(page.locator("#error-summary")).to_contain_text("Say why provisional figures are taken")
    page.get_by_label("Reason").fill("The release is today.")
    follow(page, page.get_by_role("button", name="Take provisional figures"))
    expect(page.locator("h1")).to_contain_text("Provisional")
    expect(page.locator("#signatures")).to_contain_text("Not signed")
    follow(page, page.get_by_role("link", name="Locked versions"))
    follow(page, page.get_by_role("link", name="Compared with 1"))
    expect(page.locator("#figures")).to_contain_text("+13")


def test_without_script_a_filter_a_tick_and_a_letter_work_as_links_and_forms(site, open_page):
    page = open_page("coordinator", script=False)
    page.goto(site.url + CLOSE + "?state=signed")
    shown = page.locator("#services tbody tr").count()
    assert 0 < shown < 46
    page.locator("#services tbody .tick").first.check()
    follow(page, page.get_by_role("button", name="Letters for the selected"))
    expect(page.locator("h1")).to_have_text("1 letter to copy")
