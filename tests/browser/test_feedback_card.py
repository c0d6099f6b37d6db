"""A card in somebody's hand: the picture brings the code, four taps, nothing stays in the browser but one address."""

from __future__ import annotations

import pytest

from outreach.referrals import feedback_rules as rules
from tests.browser.conftest import PHONE, Watch, axe_findings, picture

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("lang", "theme", "script"), [("en", "night", True), ("fr", "day", False)])
def test_four_taps_leave_no_cookie_and_no_answer_in_an_address(site, chromium, lang, theme, script):
    context = chromium.new_context(viewport=PHONE, locale=f"{lang}-CA", java_script_enabled=script)
    page, watch, asked = context.new_page(), Watch([]), []
    watch.over(page, site.url)
    page.on("request", lambda request: asked.append(request.url))
    code = rules.make_codes(1)[0]
    page.goto(f"{site.url}/qr#{code}")
    if script:
        assert page.input_value("#code") == code and page.url == site.url + "/qr"
    else:
        page.fill("#code", rules.shown_code(code))
    if theme == "night":
        page.click("footer button >> nth=1")
        page.wait_for_selector("html.night")
    wrong = []
    page.click(".screen__actions button")
    for number, question in enumerate(rules.QUESTIONS):
        page.wait_for_selector(f"button[name={question.code}]")
        if script and number in (0, 3):
            wrong += axe_findings(page)
        if number == 3:
            picture(page, f"feedback-question-{lang}-{theme}")
        page.click(f"button[name={question.code}] >> nth={number % 4}")
    page.wait_for_selector('a[href^="tel:"]')
    picture(page, f"feedback-thanks-{lang}-{theme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert wrong == watch.wrong == [] and context.cookies() == []
    assert {url.removeprefix(site.url) for url in asked if "/static/" not in url} <= {"/qr", "/say", "/dire"} | {
        f"/qr#{code}"
    }
    log = (site.instance / "server.log").read_text()
    assert code not in log and "/say" not in log and "/dire" not in log
    context.close()
