"""Picking up on a phone: a tap anywhere on the card opens it, a second one picks it up; or one tap on its button."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, follow

pytestmark = pytest.mark.browser


def test_who_waits_is_picked_up_within_two_taps(site, open_page):
    page = open_page("liaison", PHONE)
    page.goto(site.url + "/referrals")
    card = page.locator("#waiting tbody tr").first
    code = card.locator("th a").inner_text()
    box = card.bounding_box()
    with page.expect_navigation():
        page.mouse.click(box["x"] + 60, box["y"] + box["height"] / 2)  # on none of its words and buttons
    expect(page.locator("h1")).to_contain_text(code)
    follow(page, page.get_by_role("button", name="Pick up"))
    page.goto(site.url + "/referrals?list=mine")
    expect(page.locator("#waiting")).to_contain_text(code)
    page.goto(site.url + "/referrals")
    second = page.locator("#waiting tbody tr").first
    code = second.locator("th a").inner_text()
    follow(page, second.get_by_role("button", name="Pick up"))
    expect(page.locator("h1")).to_contain_text(code)
