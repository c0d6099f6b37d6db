"""Changing and withdrawing a contact without signal, and places with one tap, in a real Chromium."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from outreach.app import create_app
from outreach.storage import db, writing
from outreach.storage.tables import Operation
from tests.browser.conftest import PHONE, Site, follow, picture
from tests.conftest import settings

pytestmark = pytest.mark.browser

WORDS = "Ottoline waits at the back door"
LATITUDE, LONGITUDE = 42.2431, -83.0871  # in LaSalle; planted, to be found nowhere
PLACES = [["Windsor", 42.3149, -83.0364], ["LaSalle", 42.2389, -83.0944], ["Tecumseh", None, None]]
LOAD = """async () => {
  const { src } = document.querySelector('script[src*="/field/app/files/"]');
  const names = ['database', 'store', 'outbox', 'send', 'places'];
  window.m = Object.assign({}, ...await Promise.all(names.map((name) => import(new URL(`${name}.js`, src)))));
}"""
LOG = """async () => {
  const uid = crypto.randomUUID();
  const fields = { uid: [uid], met_at: [new Date().toISOString()], result: ['no_answer'], municipality: ['Windsor'] };
  const team = (await m.pack()).teams[0].uid;
  await m.save({ fields, by_clock: true, taps: 4, seconds: 9 }, { kind: 'contact', uid, team });
  while ((await m.sendNow()).left) await new Promise((done) => setTimeout(done, 200));
  return uid;
}"""
KEPT = """async () => {
  const names = ['phone', 'session', 'pack', 'drafts', 'outbox', 'sent'];
  const all = (tx) => Promise.all(names.map((one) => m.ask(tx.objectStore(one).getAll())));
  const rows = await m.within(names, 'readonly', all);
  return JSON.stringify([rows, { ...localStorage }, { ...sessionStorage }, location.href]);
}"""

ANSWERS = """(way) => {
  const ways = {
    far: (take) => take({ coords: { latitude: 50, longitude: -83 } }),
    silent: (take, refuse) => refuse({ code: 1 }),
  };
  navigator.geolocation.getCurrentPosition = ways[way];
}"""


@pytest.fixture(scope="module")
def officer(site: Site, chromium: Browser) -> Iterator[BrowserContext]:
    """An officer's phone with its pack, on which no worker is in the way."""
    with _operation(site) as operation:
        before = operation.municipalities
        operation.municipalities, operation.positions = PLACES, True
    where = {"latitude": LATITUDE, "longitude": LONGITUDE}
    context = chromium.new_context(
        viewport=PHONE, service_workers="block", geolocation=where, permissions=["geolocation"]
    )
    page = context.new_page()
    page.goto(site.url + "/sign-in")
    email, password = site.people["officer"]
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    follow(page, page.locator("main button[type=submit]"))
    page.goto(site.url + "/field")
    page.evaluate(LOAD)
    assert page.evaluate("m.refreshPack()")["ok"]
    yield context
    context.close()
    with _operation(site) as operation:
        operation.municipalities, operation.positions = before, False


class _operation:
    """The sample's local operation, inside a write of the site's own database."""

    def __init__(self, site: Site) -> None:
        self.app = create_app(settings(site.instance)).app_context()
        self.write = writing()

    def __enter__(self) -> Operation:
        self.app.__enter__()
        self.write.__enter__()
        return db.session.query(Operation).filter_by(code="ONS-2017-WEC").one()

    def __exit__(self, *error: Any) -> None:
        self.write.__exit__(*error)
        db.session.remove()
        db.engine.dispose()
        self.app.__exit__(*error)


@pytest.fixture
def contact(officer: BrowserContext) -> str:
    """A contact that has arrived."""
    return str(officer.pages[0].evaluate(LOG))


def at(officer: BrowserContext, site: Site, path: str) -> Page:
    page = officer.new_page()
    page.goto(site.url + path)
    return page


def change(page: Page, note: str) -> None:
    page.fill("textarea[name=note]", note)
    page.get_by_role("button", name="Save the change").click()


def says(page: Page, words: str | re.Pattern[str]) -> None:
    page.get_by_text(words).first.wait_for()


def test_a_change_without_signal_is_sealed_and_stands_when_there_is_signal(officer, site, contact):
    page = at(officer, site, f"/field/contacts/{contact}/edit")
    page.evaluate(LOAD)
    officer.set_offline(True)
    change(page, WORDS)
    says(page, "Saved on this phone; it is sent when there is signal.")
    assert WORDS not in page.content() and page.locator("textarea").count() == 0
    assert page.evaluate("m.counts()")["waiting"] == 1
    assert "Ottoline" not in page.evaluate(KEPT)
    picture(page, "a-change-saved-on-the-phone")
    officer.set_offline(False)
    says(page, "Sent: it stands on the site.")
    page.goto(f"{site.url}/field/contacts/{contact}")
    assert WORDS in page.content() and "Version 2" in page.content()
    assert "A change was saved on the phone" in page.content()
    page.close()


def test_a_change_of_what_was_changed_meanwhile_waits_for_a_person_and_overwrites_nothing(officer, site, contact):
    away, here, late = (at(officer, site, f"/field/contacts/{contact}/edit") for _ in range(3))
    away.route("**/*", lambda route: route.abort())  # a hanging network: the browser believes that it is online
    change(here, "What stands")
    says(here, "The change is saved; what stood before is kept in the history.")
    change(away, WORDS)
    # Her other pages have signal, look every 30 s, and may have sent it before one can read that it is saved.
    says(away, re.compile("Saved on this phone|Sent, and waiting for your service coordinator"))
    away.unroute_all()
    away.evaluate("dispatchEvent(new Event('online'))")
    says(away, "Sent, and waiting for your service coordinator.")
    here.reload()
    assert "What stands" in here.content() and WORDS not in here.content() and "Version 3" not in here.content()
    # With signal the site shows both, as without script; saving again puts one in place of the other.
    change(late, "Typed late")
    says(late, "Somebody else changed this while you were working on it.")
    assert late.input_value("textarea[name=note]") == "Typed late" and late.url.endswith("/edit")
    late.get_by_role("button", name="Save the change").click()
    says(late, "The change is saved")
    assert "Typed late" in late.content() and "Version 3" in late.content()
    for page in (away, here, late):
        page.close()


def test_what_the_site_refuses_shows_at_its_field_with_everything_that_was_typed(officer, site, contact):
    page = at(officer, site, f"/field/contacts/{contact}/edit")
    page.fill("input[name=met_at]", "last night")
    change(page, "Kept")
    says(page, "Enter when it was as 2017-10-18 21:42.")
    assert page.title().startswith("Error:") and page.evaluate("document.activeElement.id") == "error-summary"
    assert page.input_value("textarea[name=note]") == "Kept"
    # Without signal the phone looks itself, and seals nothing that would only be sent back.
    page.evaluate(LOAD)
    officer.set_offline(True)
    page.locator("main button[type=submit]").click()
    says(page, "There is a problem")
    page.get_by_role("link", name="Enter when it was as 2017-10-18 21:42.").last.click()
    assert page.evaluate("document.activeElement.name") == "met_at"
    assert page.evaluate("m.counts()")["waiting"] == 0
    officer.set_offline(False)
    page.close()


def test_undo_without_signal_is_a_withdrawal_that_goes_by_itself(officer, site, contact):
    page = at(officer, site, "/field")
    officer.set_offline(True)
    page.get_by_role("button", name="Undo").first.click()
    says(page, "The withdrawal is saved on this phone; it is sent when there is signal.")
    picture(page, "a-withdrawal-saved-on-the-phone", full=True)
    officer.set_offline(False)
    says(page, "Sent: it stands on the site.")
    page.goto(f"{site.url}/field/contacts/{contact}")
    assert "This contact is withdrawn." in page.content()
    page.close()


def test_a_phone_that_keeps_nothing_says_so_at_once_and_what_was_typed_stays(officer, site, contact):
    page = officer.new_page()
    page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); }")
    page.goto(f"{site.url}/field/contacts/{contact}/edit")
    officer.set_offline(True)
    says(page, "There is no signal, and this phone cannot keep a change.")
    change(page, WORDS)
    says(page, "Not saved: there is no signal, and this phone cannot keep the change.")
    says(page, "perhaps this is a private window")
    assert page.input_value("textarea[name=note]") == WORDS
    picture(page, "a-change-not-saved", full=True)
    officer.set_offline(False)
    change(page, WORDS)
    says(page, "The change is saved")
    page.close()


# --- places ----------------------------------------------------------------------------------------------------------


def test_a_phone_tells_the_municipality_and_where_it_is_leaves_no_trace(officer, site):
    asked: list[str] = []
    page = officer.new_page()
    page.on("request", lambda r: asked.append(f"{r.url} {r.headers} {r.post_data}"))
    page.goto(site.url + "/field/app")
    page.click("#log")
    page.click("main button[value=nobody_there]")
    page.wait_for_selector("#save")
    page.evaluate("document.querySelector('#more').open = true")
    assert page.locator("[data-place=near] button").all_inner_texts() == ["Windsor", "LaSalle", "Tecumseh"]
    before = page.locator("[data-place=before] button").all_inner_texts()
    assert "Windsor" not in before, "it was used before, and is in the list"
    page.locator("[data-place=near]").get_by_role("button", name="Tecumseh").click()
    assert page.input_value("#municipality") == "Tecumseh"
    page.get_by_role("button", name="Where am I?").click()
    says(page, "The nearest municipality of the list: LaSalle.")
    assert page.input_value("#municipality") == "LaSalle"
    assert page.locator("[data-place=near] [aria-pressed=true]").all_inner_texts() == ["LaSalle"]
    page.evaluate(ANSWERS, "far")
    page.get_by_role("button", name="Where am I?").click()
    says(page, "No municipality of the list is near.")
    page.evaluate(ANSWERS, "silent")
    page.get_by_role("button", name="Where am I?").click()
    says(page, "The phone does not say where it is.")
    assert page.input_value("#municipality") == "LaSalle"
    page.evaluate(LOAD)
    kept = page.evaluate(KEPT)
    page.click("#save")
    page.wait_for_url("**#/saved")
    while page.evaluate("m.sendNow()")["left"]:
        page.wait_for_timeout(200)
    everything = json.dumps([asked, kept, page.evaluate(KEPT), page.content()])
    assert (
        "42.2431" not in everything and "83.0871" not in everything and "42.24" not in everything.replace("42.2389", "")
    )
    page.close()


def test_the_phone_measures_as_the_globe_is_round(officer):
    page = officer.pages[0]
    dice = random.Random(4)
    for _ in range(50):
        here, there = ([dice.uniform(-90, 90), dice.uniform(-180, 180)] for _ in range(2))
        far = page.evaluate("(p) => m.apart(...p)", [*here, *there])
        assert far == pytest.approx(_great_circle(*here, *there), abs=0.5)
    ask = "([list, at]) => m.nearest(list, ...at)"
    assert page.evaluate(ask, [PLACES, [42.30, -83.03]]) == "Windsor"
    assert page.evaluate(ask, [[["Nowhere", None, None]], [0, 0]]) is None
    assert page.evaluate(ask, [[["Suva", -18.14, 178.44]], [-18.1, -179.9]]) is None, "179 km over the date line"
    assert page.evaluate(ask, [[["Taveuni", -16.85, 179.98]], [-16.85, -179.98]]) == "Taveuni"


def _great_circle(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The same by another formula: the angle between two vectors."""
    one, two = (
        (math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a))
        for a, b in (
            (math.radians(latitude), math.radians(longitude)),
            (math.radians(other_latitude), math.radians(other_longitude)),
        )
    )
    cross = math.hypot(*(one[i - 2] * two[i - 1] - one[i - 1] * two[i - 2] for i in range(3)))
    return 6371 * math.atan2(cross, sum(x * y for x, y in zip(one, two, strict=True)))


def test_without_the_policy_no_page_may_ask_and_nothing_offers_to(officer, site):
    with _operation(site) as operation:
        operation.positions = False
    page = officer.new_page()
    answer = page.goto(site.url + "/field/app")
    assert "geolocation=()" in answer.headers["permissions-policy"]
    page.evaluate(LOAD)
    page.evaluate("m.refreshPack()")
    page.click("#log")
    page.click("main button[value=nobody_there]")
    page.wait_for_selector("#save")
    page.evaluate("document.querySelector('#more').open = true")
    assert page.locator("[data-place=here]").is_hidden() and page.locator("[data-place=near] button").count() == 3
    with _operation(site) as operation:
        operation.positions = True
    page.close()
