"""Kits in a real browser without script: sent to all with one number, confirmed on a phone, taken back."""

import pytest

from tests.browser.conftest import PHONE, follow

pytestmark = pytest.mark.browser

KITS = "/operations/ONS-2017-WEC/kits"


def test_kits_are_sent_to_all_and_confirmed_on_a_phone_without_script(open_page, site):
    desk = open_page("coordinator", script=False)
    desk.goto(site.url + KITS)
    follow(desk, desk.get_by_role("link", name="Send kits"))
    follow(desk, desk.get_by_role("button", name="Send to all 6 services"))
    assert desk.title().startswith("Error:") and desk.locator("#each-error").is_visible()
    desk.fill("#each", "25")
    follow(desk, desk.get_by_role("button", name="Send to all 6 services"))
    assert "Sent to 6 services." in desk.inner_text("main")

    phone = open_page("windsor", PHONE, script=False)
    phone.goto(site.url + KITS)
    assert phone.input_value("input[name=count] >> nth=0") == "25"
    follow(phone, phone.get_by_role("button", name="Confirm receipt Prevention kit (invented)"))
    assert "Recorded." in phone.inner_text("main") and "Chatham" not in phone.inner_text("main")
    row = phone.locator("#history tbody tr").first
    assert "Received by the service" in row.inner_text() and "25" in row.inner_text()
    follow(phone, row.get_by_role("button"))
    assert "Taken back: it counts no more." in phone.inner_text("main")
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
