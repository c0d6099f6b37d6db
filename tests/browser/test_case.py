"""A follow-up on the liaison's screens, counted in actions; the keyboard saves; without script nothing is missing."""

from __future__ import annotations

import time

import pytest

from tests.browser.conftest import DESK, PHONE, axe_findings, follow, picture

pytestmark = pytest.mark.browser

ACTIONS = 7
"""What recording a follow-up may take at most: the first due, three answers, what it found, the next day, Save."""


def test_a_follow_up_takes_few_actions_and_the_keyboard_saves(open_page, site):
    page = open_page("liaison", PHONE)
    page.goto(f"{site.url}/referrals/due")
    actions, began = 0, time.perf_counter()
    follow(page, page.get_by_role("link", name="Follow-up after 7 days").first)
    actions += 1
    for words in ("Spoke together", "Yes, the person says so", "Still with the agency", "In a week"):
        page.get_by_label(words, exact=True).check()
        actions += 1
    follow(page, page.get_by_role("button", name="Save"))
    actions += 1
    print(f"a follow-up: {actions} actions, {time.perf_counter() - began:.1f} s of a script that does not think")
    assert actions <= ACTIONS
    assert page.url == f"{site.url}/referrals/due" and "Recorded." in page.inner_text("main")

    follow(page, page.locator("tbody th a").first)
    picture(page, "case", full=True)
    assert axe_findings(page) == []
    follow(page, page.get_by_role("link", name="Add a goal"))
    page.get_by_label("Health", exact=True).check()
    page.get_by_label("Goal, in the person’s words").fill("See a doctor (invented)")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert "See a doctor (invented)" in page.inner_text("#plan")
    follow(page, page.get_by_role("link", name="Record contact"))
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_script_an_unsafe_way_asks_and_the_end_asks(open_page, site):
    page = open_page("liaison", DESK, script=False, lang="fr")
    page.goto(f"{site.url}/referrals/due?whose=all")
    follow(page, page.locator("tbody th a").first)
    case = page.url.split("#")[0]
    page.goto(f"{case}/record")
    page.get_by_label("Ce moyen n’est plus sûr", exact=False).check()
    page.get_by_label("Non, plus maintenant").check()
    follow(page, page.get_by_role("button", name="Enregistrer"))
    assert page.locator("a[href^='tel:']").count() == 0
    follow(page, page.get_by_role("link", name="appeler quand même"))
    assert page.locator("a[href^='tel:']").count() <= 1 and "danger" in page.inner_text("main")
    page.goto(f"{case}/close")
    follow(page, page.get_by_role("button", name="Terminer"))
    assert page.title().startswith("Erreur") and page.get_by_role("alert").count() == 1
