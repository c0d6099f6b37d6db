"""A liaison without signal, in a real Chromium: her list opens, a note is saved, and is in the case once it went."""

from __future__ import annotations

import contextlib

import pytest
from pysqlite3 import dbapi2 as sqlite

from .conftest import PATIENCE, PHONE, axe_findings, picture
from .gate import a_gate
from .phones import TAKEN_OVER, sign_in, until, with_modules

pytestmark = pytest.mark.browser

NOTE = "Plantedoffline: she has a room (invented)"
GOAL = "A door that locks, plantedgoal (invented)"


def revoke(site, who):
    """End every session of an account from elsewhere."""
    whose = f"(SELECT id FROM user WHERE email = '{site.people[who][0]}')"
    with contextlib.closing(sqlite.connect(site.instance / "outreach.sqlite3", timeout=PATIENCE // 1000)) as database:
        database.execute(f"UPDATE session_record SET revoked_at = seen_at WHERE user_id = {whose}")
        database.commit()


def settled(page, words):
    page.locator("#state", has_text=words).wait_for()


def test_after_one_visit_a_note_written_without_signal_is_saved_sent_once_and_stands_in_the_case(site, chromium):
    with a_gate(site.url) as gate:
        context = chromium.new_context(viewport=PHONE, locale="en-CA")
        page = context.new_page()
        sign_in(page, gate, site, "liaison")
        page.goto(f"{gate.url}/referrals/due")
        page.get_by_role("link", name="also without signal").click()
        page.locator("h1", has_text="Due").wait_for()
        page.locator(".sent-list a").first.wait_for()
        until(page, TAKEN_OVER)

        gate.shut = True
        page.goto(f"{gate.url}/referrals/due")
        page.get_by_text("This page needs signal.").wait_for()
        picture(page, "liaison-due-offline", full=True)
        assert axe_findings(page) == []
        page.locator(".sent-list a").first.click()
        page.get_by_role("link", name="Record contact").wait_for()
        assert "needs signal" in page.inner_text("main") and page.locator("a[href^='tel:']").count() == 0
        picture(page, "liaison-case-offline", full=True)
        case = page.get_by_role("link", name="Open it on the site").get_attribute("href")
        page.get_by_role("link", name="Record contact").click()
        page.get_by_label("Spoke together", exact=True).check()
        page.get_by_role("button", name="Save on this phone").click()
        assert "Ask whether this way is still safe" in page.inner_text(".error-summary")
        picture(page, "liaison-record-offline", full=True)
        assert axe_findings(page) == []
        page.get_by_label("Yes, the person says so").check()
        page.get_by_label("Note", exact=True).fill(NOTE)
        page.get_by_label("In a week").check()
        page.get_by_role("button", name="Save on this phone").click()
        page.get_by_role("heading", name="Saved on this phone.").wait_for()
        settled(page, "Not sent yet")
        page.get_by_role("link", name="Back to what is due").click()
        page.locator(".sent-list a").first.click()
        page.locator("a[href^='#/goal/']").first.click()
        page.get_by_label("Goal, in the person’s words").fill(GOAL)
        page.get_by_role("button", name="Save on this phone").click()
        page.get_by_role("heading", name="Saved on this phone.").wait_for()
        page.goto(f"{gate.url}/referrals/app#/phone")
        page.get_by_text("Record of a contact").wait_for()

        gate.open()
        page.evaluate("dispatchEvent(new Event('online'))")  # what a browser says; it would go a moment later too
        page.get_by_text("Everything is sent.").wait_for()
        page.goto(gate.url + case)
        assert page.inner_text("main").count(NOTE) == 1
        assert page.inner_text("#plan").count(GOAL) == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

        page.goto(f"{gate.url}/account")
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url(gate.url + "/sign-in**")
        gate.shut = True
        page.goto(f"{gate.url}/referrals/app")
        page.get_by_text("Nothing is kept on this phone").wait_for()
        gate.open()
        sign_in(page, gate, site, "liaison")
        page.goto(f"{gate.url}/referrals/app")
        page.locator(".sent-list a").first.wait_for()
        with_modules(page)
        revoke(site, "liaison")
        page.evaluate("void m.heartbeat()")  # as each minute
        page.wait_for_url(gate.url + "/sign-in**")
        assert page.evaluate("caches.open('outreach-halves').then((c) => c.keys()).then((k) => k.length)") == 0
        context.close()
