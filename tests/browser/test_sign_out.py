"""Signing out, an ended session and another person on the same phone, in a real Chromium: nothing is lost or read."""

from __future__ import annotations

import contextlib

import pytest
from playwright.sync_api import Page
from pysqlite3 import dbapi2 as sqlite

from .conftest import PATIENCE, PHONE, follow
from .phones import SAVE, gate, officer_state, phone, ready, shows_my_shift, sign_in, unsent, until, with_modules

pytestmark = pytest.mark.browser
__all__ = ["gate", "officer_state", "phone"]

PLANTED = "Ottoline waits at the Riverside Motor Inn"
# Every row of the phone's database, as text, and what its keys may be used for.
EVERYTHING = """async () => {
  const asked = indexedDB.open('outreach-field');
  const db = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  const kept = {};
  for (const name of db.objectStoreNames) {
    const all = db.transaction(name).objectStore(name).getAll();
    kept[name] = await new Promise((done) => { all.onsuccess = () => done(all.result); });
  }
  db.close();
  return kept;
}"""
DRAFT = """(note) => m.pack().then((pack) => m.keepDraft(
  crypto.randomUUID(), { team: pack.teams[0].uid, note, begun: new Date().toISOString() },
))"""


@pytest.fixture
def fresh(gate, site, chromium):
    """A phone of its own session: signing out ends no other test's."""
    context = chromium.new_context(viewport=PHONE, locale="en-CA")
    sign_in(context.new_page(), gate, site)
    page = ready(context, gate)
    yield page
    context.close()


def press_sign_out(page: Page) -> None:
    page.goto(page.url.partition("/field")[0] + "/account")
    page.get_by_role("button", name="Sign out", exact=True).click()


def test_signing_out_stops_for_what_is_not_sent_and_sends_it_when_asked(fresh, gate):
    gate.refused.add("/field/sealed")
    for note in (PLANTED, PLANTED):
        fresh.evaluate(SAVE, note)
    press_sign_out(fresh)
    notice = fresh.locator("#leave")
    notice.wait_for()
    assert "2 contacts on this phone are not sent. The oldest was saved" in notice.inner_text()
    assert "Only you can send it" in notice.inner_text() and fresh.url.endswith("/account")
    fresh.get_by_role("button", name="Send now").click()
    fresh.get_by_text("It did not go").wait_for()
    gate.open()
    fresh.get_by_role("button", name="Send now").click()
    fresh.get_by_text("Everything is sent.").wait_for()
    follow(fresh, fresh.locator("#leave-go"))
    assert fresh.url == gate.url + "/sign-in"
    left = fresh.evaluate(EVERYTHING)
    assert [left[name] for name in ("session", "pack", "drafts", "outbox", "sent")] == [[], [], [], [], []]


def test_after_signing_out_a_draft_can_not_be_read_by_anybody(fresh, gate):
    fresh.evaluate(DRAFT, PLANTED)
    before = fresh.evaluate(EVERYTHING)
    assert len(before["drafts"]) == 1 and PLANTED not in str(before)
    press_sign_out(fresh)
    fresh.get_by_text("One contact is begun and not saved.").wait_for()
    assert fresh.get_by_role("button", name="Send now").count() == 0
    follow(fresh, fresh.get_by_role("button", name="Sign out all the same"))
    left = fresh.evaluate(EVERYTHING)
    assert left["drafts"] == left["session"] == left["pack"] == []
    fresh.goto(gate.url + "/field/app")
    assert fresh.url.startswith(gate.url + "/sign-in")
    gate.shut = True
    fresh.goto(gate.url + "/field/app")
    fresh.get_by_role("heading", name="Open this phone with signal first").wait_for()


def test_another_person_on_the_phone_can_neither_read_nor_send_what_waits_for_the_first(fresh, gate, site):
    gate.refused.add("/field/sealed")
    uid = fresh.evaluate(SAVE, PLANTED)["uid"]
    press_sign_out(fresh)
    follow(fresh, fresh.get_by_role("button", name="Sign out all the same"))
    gate.open()
    sign_in(fresh, gate, site, "windsor")
    fresh.goto(gate.url + "/field")
    with_modules(fresh)
    until(fresh, "m.counts().then(({ waiting, needsYou, others }) => [waiting, needsYou, others])", [0, 0, 1])
    assert fresh.evaluate("m.waiting()") == [] and PLANTED not in str(fresh.evaluate(EVERYTHING))
    fresh.evaluate("m.sendNow()")
    assert fresh.evaluate(EVERYTHING)["outbox"][0]["uid"] == uid
    fresh.goto(gate.url + "/field/app#/phone")
    fresh.get_by_text("wait on this phone: 1").wait_for()
    press_sign_out(fresh)  # nothing of hers waits: nothing is asked
    fresh.wait_for_url(gate.url + "/sign-in")
    assert fresh.evaluate(EVERYTHING)["session"] == []
    sign_in(fresh, gate, site)
    fresh.goto(gate.url + "/field")
    with_modules(fresh)
    until(fresh, "m.counts().then(({ waiting, needsYou, others }) => [waiting, needsYou, others])", [0, 0, 0])
    assert fresh.goto(f"{gate.url}/field/contacts/{uid}").status == 200


def test_an_ended_session_keeps_the_queue_and_signing_in_again_sends_it(phone, gate, site):
    page = ready(phone, gate)
    gate.refused.add("/field/sealed")
    page.evaluate(SAVE, PLANTED)
    page.goto(gate.url + "/field/app#/phone")
    page.get_by_role("button", name="Send now").wait_for()
    with_modules(page)
    phone.clear_cookies()
    gate.open()
    page.evaluate("m.sendNow()")  # or the app does by itself
    link = page.get_by_role("link", name="Sign in", exact=True)
    link.wait_for()
    follow(page, link)
    assert page.url.startswith(gate.url + "/sign-in")
    sign_in(page, gate, site)
    assert page.url.startswith(gate.url + "/field"), "back where the queue is sent from"
    with_modules(page)
    unsent(page, 0)
    until(page, "m.counts().then(({ others }) => others)", 0)


def test_a_session_revoked_elsewhere_ends_on_the_phone_and_what_waits_goes_after_signing_in(fresh, gate, site):
    gate.refused.add("/field/sealed")
    fresh.evaluate(DRAFT, PLANTED)
    uid = fresh.evaluate(SAVE, PLANTED)["uid"]
    fresh.goto(gate.url + "/field/app")
    shows_my_shift(fresh)
    fresh.get_by_text("A contact is not saved yet.").wait_for()
    with contextlib.closing(sqlite.connect(site.instance / "outreach.sqlite3", timeout=PATIENCE // 1000)) as database:
        last = "SELECT max(id) FROM session_record"  # of the phone that signed in last
        database.execute(f"UPDATE session_record SET revoked_at = seen_at WHERE id = ({last})")
        database.commit()
    fresh.evaluate("dispatchEvent(new Event('focus'))")  # as an officer does who takes it out
    fresh.wait_for_url(gate.url + "/sign-in**")
    left = fresh.evaluate(EVERYTHING)
    assert left["session"] == left["pack"] == left["drafts"] == []
    assert [row["uid"] for row in left["outbox"]] == [uid]
    gate.open()
    sign_in(fresh, gate, site)
    fresh.goto(gate.url + "/field")
    with_modules(fresh)
    until(fresh, "m.counts().then(({ waiting, needsYou, others }) => [waiting, needsYou, others])", [0, 0, 0])
    assert fresh.goto(f"{gate.url}/field/contacts/{uid}").status == 200


def test_ending_the_shift_stops_for_what_is_not_sent(phone, gate):
    page = ready(phone, gate)
    start = page.get_by_role("button", name="Start my shift")
    if start.count():
        follow(page, start)
    with_modules(page)
    gate.refused.add("/field/sealed")
    page.evaluate(SAVE, PLANTED)
    page.get_by_role("button", name="End my shift").click()
    page.get_by_text("1 contact on this phone is not sent.").wait_for()
    follow(page, page.get_by_role("button", name="End my shift all the same"))
    page.get_by_text("Checked in at").wait_for()
    gate.open()
    with_modules(page)
    page.evaluate("m.sendNow()")
    unsent(page, 0)


def test_my_shift_says_that_the_browser_threw_away_what_was_kept(phone, gate):
    page = ready(phone, gate)
    page.goto(gate.url + "/static/icons/mark.svg")  # nothing of ours has the store open here
    page.evaluate("new Promise((done) => { indexedDB.deleteDatabase('outreach-field').onsuccess = () => done(null); })")
    page.goto(gate.url + "/field")
    page.get_by_text("The browser erased what this phone kept").wait_for()
    page.get_by_role("button", name="I have seen this").click()
    page.reload()
    with_modules(page)
    until(page, "m.ready().then(({ ok, evicted }) => ok && !evicted)")


def test_log_a_contact_on_my_shift_is_the_app_and_a_draft_is_offered_again(phone, gate):
    page = ready(phone, gate)
    page.get_by_role("button", name="Log a contact").click()
    page.get_by_role("heading", name="What happened").wait_for()
    assert "/field/app#/log/" in page.url
    page.goto(gate.url + "/field")
    page.get_by_role("link", name="Continue the contact you began").click()
    page.wait_for_url("**/field/app#/log/**")
    page.goto(gate.url + "/field/app")
    shows_my_shift(page)
