"""Signing in a real browser without script, on a phone: from the front page to a signed version in four presses."""

import pytest

from tests.browser.conftest import PHONE, follow

pytestmark = pytest.mark.browser


def test_a_service_signs_on_a_phone_without_script(open_page, site):
    phone = open_page("windsor", PHONE, script=False)
    phone.goto(site.url + "/returns")
    follow(phone, phone.get_by_role("link", name="Our figures ONS-2017-ON"))
    assert "Personnel" in phone.inner_text("main")
    follow(phone, phone.get_by_role("link", name="Check and sign"))
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    follow(phone, phone.get_by_role("button", name="Sign figures for Windsor"))
    assert phone.title().startswith("Error:") and "Type your name" in phone.inner_text(".error-summary")
    phone.fill("#name", "Sam Windsor")
    follow(phone, phone.get_by_role("button", name="Sign figures for Windsor"))
    assert "Version 1 is signed." in phone.inner_text("main") and "Hash" in phone.inner_text("main")
    phone.fill("#why", "A charge is missing")
    follow(phone, phone.get_by_role("button", name="Reopen these figures"))
    assert "A charge is missing" in phone.inner_text("main") and "No figure differs." in phone.inner_text("main")
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
