"""A phone before the site: its browser with a worker, a gate as its network, and what stands on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from .conftest import PATIENCE, PHONE, Site, follow
from .gate import Gate, a_gate

TAKEN_OVER = "navigator.serviceWorker.controller !== null"
# The modules as the app of this version has them.
MODULES = """async (names) => {
  const text = await (await fetch('/worker.js')).text();
  const { modules } = JSON.parse(/^const TOLD = (.*);$/m.exec(text)[1]);
  const found = await Promise.all(names.map((name) => import(`${modules}${name}.js`)));
  window.m = Object.assign({}, ...found);
}"""
SAVE = """(note) => m.pack().then((pack) => {
  const uid = crypto.randomUUID();
  const fields = { uid: [uid], team: [pack.teams[0].uid], result: ['no_answer'], persons: ['0'], note: [note] };
  fields.met_at = [new Date().toISOString()];
  return m.save({ fields, taps: 3, seconds: 9, by_clock: true }, { kind: 'contact', uid, team: pack.teams[0].uid });
})"""


@pytest.fixture(scope="module")
def officer_state(site: Site, chromium: Browser) -> Any:
    """The cookies of an officer who has signed in."""
    with a_gate(site.url) as gate:
        context = chromium.new_context(viewport=PHONE, locale="en-CA")
        sign_in(context.new_page(), gate, site)
        state = context.storage_state()
        context.close()
    return {"cookies": state["cookies"], "origins": []}


@pytest.fixture
def gate(site: Site) -> Iterator[Gate]:
    with a_gate(site.url) as gate:
        yield gate


@pytest.fixture
def phone(gate: Gate, chromium: Browser, officer_state: Any) -> Iterator[BrowserContext]:
    """A browser of the officer, signed in."""
    context = chromium.new_context(viewport=PHONE, locale="en-CA", storage_state=officer_state)
    yield context
    context.close()


def sign_in(page: Page, gate: Gate, site: Site, who: str = "officer") -> None:
    """As a person does, on whatever page asks for it."""
    if not page.url.startswith(gate.url + "/sign-in"):
        page.goto(gate.url + "/sign-in")
    email, password = site.people[who]
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    follow(page, page.locator("main button[type=submit]"))


def ready(context: BrowserContext, gate: Gate) -> Page:
    """A phone that has been on My shift once, with its worker in charge and the modules in ``m``."""
    page = context.new_page()
    page.goto(gate.url + "/field")
    until(page, TAKEN_OVER)
    with_modules(page)
    until(page, "m.session().then(Boolean)")
    return page


def with_modules(page: Page) -> None:
    page.evaluate(MODULES, ["store", "outbox", "send"])


def until(page: Page, said: str, value: Any = True) -> None:
    """Ask until it is so. (Waiting inside of the page would need ``eval``, which the policy forbids.)"""
    for _ in range(PATIENCE // 50):
        found = page.evaluate(said)
        if found == value:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{said}: {found!r}, not {value!r}")


def unsent(page: Page, number: int) -> None:
    until(page, "m.counts().then((c) => c.waiting + c.needsYou)", number)


def shows_my_shift(page: Page) -> None:
    page.get_by_role("button", name="Log a contact").wait_for()
