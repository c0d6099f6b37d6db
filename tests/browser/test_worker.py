"""The app without signal, in a real Chromium: what its worker keeps and lets through, what a new version leaves."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest
from playwright.sync_api import Page

from outreach.field import phone_files

from .conftest import FLAGS, PATIENCE, PHONE, follow
from .phones import SAVE, gate, officer_state, phone, ready, shows_my_shift, unsent, until, with_modules

pytestmark = pytest.mark.browser
__all__ = ["gate", "officer_state", "phone"]

FIRST_LOAD, KEPT = 60_000, 200_000


def kept(page: Page) -> dict[str, list[str]]:
    """Cache → addresses in it, of the app's caches."""
    return page.evaluate(
        """async () => {
          const found = {};
          for (const name of await caches.keys()) {
            if (!name.startsWith('outreach-field-')) continue;
            found[name] = (await (await caches.open(name)).keys()).map((r) => r.url.slice(location.origin.length));
          }
          return found;
        }"""
    )


def told(page: Page) -> dict[str, Any]:
    """What the server tells the worker to keep."""
    found = re.search(r"^const TOLD = (.*);$", page.evaluate("fetch('/worker.js').then((a) => a.text())"), re.M)
    assert found
    return dict(json.loads(found[1]))


# --- opening without signal -------------------------------------------------------------------------------------------


def test_after_one_visit_the_app_opens_from_any_of_its_addresses_without_signal_or_site(phone, gate):
    gate.patient = False
    page = ready(phone, gate)
    gate.shut = True
    for path in ("/field", "/field/app", "/field/roster"):
        page.goto(gate.url + path)
        shows_my_shift(page)
        assert ("needs signal" in page.locator("main").inner_text()) == (path != "/field/app")
    gate.open()
    gate.slow["/field"] = 600
    page.goto(gate.url + "/field")
    shows_my_shift(page)
    gate.open()
    gate.down["/field/app"] = 502
    page.goto(gate.url + "/field/app")
    shows_my_shift(page)


def test_it_opens_without_signal_when_the_browser_was_closed_in_between(gate, officer_state, tmp_path, chromium):
    path = next(p for p in ("chromium", "chromium-browser", "google-chrome") if shutil.which(p))
    how = {"executable_path": shutil.which(path), "args": FLAGS, "viewport": PHONE, "locale": "en-CA"}
    start = chromium.browser_type.launch_persistent_context
    with start(tmp_path / "profile", **how) as context:
        context.add_cookies(officer_state["cookies"])
        ready(context, gate)
    gate.shut = True
    with start(tmp_path / "profile", **how) as context:
        page = context.new_page()
        page.goto(gate.url + "/field/app")
        shows_my_shift(page)


def test_only_the_page_of_the_app_and_its_files_are_kept_and_all_else_is_passed_on(phone, gate):
    page = ready(phone, gate)
    for path in ("/field", "/account", "/field/roster"):
        page.goto(gate.url + path)
    assert page.locator("h1").inner_text() == "My shifts", "with signal the site's own page"
    page.goto(gate.url + "/field/app")
    with_modules(page)
    assert page.evaluate("m.refreshPack().then(({ ok }) => ok)")
    with page.expect_response("**/field/check-in") as posted:
        page.evaluate("fetch('/field/check-in', { method: 'POST', body: 'x' }).then(() => null)")
    with page.expect_response("**/seal.js") as kept_file:
        page.evaluate(f"fetch('{told(page)['modules']}seal.js').then(() => null)")
    assert kept_file.value.from_service_worker and not posted.value.from_service_worker
    assert page.goto(gate.url + "/field/contacts/00000000-0000-4000-8000-000000000000").status == 404
    phone.clear_cookies()
    for path in ("/field/roster", "/field/app"):
        page.goto(gate.url + path)
        assert page.url.startswith(gate.url + "/sign-in"), "a redirect is passed on, and not kept"
    (addresses,) = kept(page).values()
    assert sorted(addresses) == sorted([told(page)["shell"], *(address for address, _ in told(page)["files"])])


def test_the_page_that_is_kept_follows_language_and_theme(phone, gate):
    page = ready(phone, gate)
    follow(page, page.locator('form[action$="/language"] button'))
    follow(page, page.locator('form[action$="/theme"] button'))
    until(
        page,
        """caches.match('/field/app').then((kept) => kept.text())
             .then((text) => text.includes('<html lang="fr" class="night">'))""",
    )
    gate.shut = True
    page.goto(gate.url + "/field/app")
    page.get_by_role("button", name="Consigner un contact").wait_for()
    gate.open()
    page.goto(gate.url + "/field")
    follow(page, page.locator('form[action$="/language"] button'))
    follow(page, page.locator('form[action$="/theme"] button'))


def test_the_browser_finds_nothing_that_keeps_it_from_being_installed(phone, gate):
    page = ready(phone, gate)
    for path in ("/field", "/field/app"):
        page.goto(gate.url + path)
        session = phone.new_cdp_session(page)
        errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert [one["errorId"] for one in errors if one["errorId"] != "in-incognito"] == []
        manifest = session.send("Page.getAppManifest")
        assert manifest["errors"] == [] and json.loads(manifest["data"])["name"] == "Shift"


# --- a new version ----------------------------------------------------------------------------------------------------


def another(text: bytes, version: str = "feedfacecafe") -> bytes:
    """The worker of a later version."""
    return re.sub(rb'("version": ")\w+', rb"\g<1>" + version.encode(), text)


def test_a_new_version_with_records_waiting_loses_nothing_and_breaks_no_open_page(phone, gate):
    page = ready(phone, gate)
    gate.refused.add("/field/sealed")
    saved = page.evaluate(SAVE, "before the new version")
    (first,) = kept(page)
    gate.changed["/worker.js"] = another
    page.evaluate("navigator.serviceWorker.getRegistration('/field').then((r) => r.update())")
    until(page, "caches.has('outreach-field-feedfacecafe')")
    until(page, "navigator.serviceWorker.getRegistration('/field').then((r) => !r.installing && !r.waiting)")
    assert list(kept(page)) == [first, "outreach-field-feedfacecafe"], "the version of the open page stays for it"
    assert page.evaluate("m.waiting()")[0]["hash"] == saved["hash"]
    gate.changed["/worker.js"] = lambda text: another(text, "0123456789ab")
    page.evaluate("navigator.serviceWorker.getRegistration('/field').then((r) => r.update())")
    until(page, f"caches.has('{first}').then((has) => !has)")
    gate.refused.clear()
    page.goto(gate.url + "/field")
    with_modules(page)
    unsent(page, 0)


def test_a_new_version_that_does_not_arrive_whole_leaves_the_old_one_in_charge(phone, gate):
    page = ready(phone, gate)
    (first,) = kept(page)
    gate.changed["/worker.js"] = lambda text: re.sub(rb"sha256-\w{8}", b"sha256-AAAAAAAA", another(text), count=1)
    page.evaluate(
        """navigator.serviceWorker.getRegistration('/field').then((r) => r.update()).then((r) => new Promise((done) => {
             const made = r.installing;
             if (!made) return done();
             return made.addEventListener('statechange', () => made.state === 'redundant' && done());
           }))"""
    )
    assert list(kept(page)) == [first]
    gate.shut = True
    page.goto(gate.url + "/field/app")
    shows_my_shift(page)


def test_the_browser_sends_what_waits_when_the_app_is_closed(phone, gate):
    page = ready(phone, gate)
    gate.refused.add("/field/sealed")
    page.evaluate(SAVE, "for the worker to send")
    found: list[str] = []
    session = phone.new_cdp_session(page)
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(
            r["registrationId"] for r in event["registrations"] if r["scopeURL"].startswith(gate.url)
        ),
    )
    session.send("ServiceWorker.enable")
    page.goto(gate.url + "/static/icons/mark.svg")  # nothing of ours runs here
    gate.open()
    for _ in range(PATIENCE // 50):
        page.wait_for_timeout(50)
        if found:
            break
    session.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": gate.url, "registrationId": found[-1], "tag": "outreach-send", "lastChance": False},
    )
    with_modules(page)
    unsent(page, 0)


# --- how much it weighs -----------------------------------------------------------------------------------------------


@pytest.fixture
def first_visit(site, chromium, officer_state):
    """The app opened for the first time while nothing comes through but what its first screen needs, and the addresses
    of what is cut off. No worker: it would go past the test."""
    late = set(phone_files.modules("app.js")) - set(phone_files.modules("app.js", at_once=True))
    context = chromium.new_context(viewport=PHONE, service_workers="block", storage_state=officer_state)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.route("**/files/**", lambda r: r.abort() if r.request.url.rpartition("/")[2] in late else r.continue_())
    yield page, late
    context.close()
    assert wrong == []


def test_when_the_signal_goes_in_the_middle_of_the_first_visit_my_shift_stays_and_a_tap_tries_again(first_visit, site):
    page, _late = first_visit
    page.goto(site.url + "/field/app", wait_until="networkidle")
    shows_my_shift(page)
    for tap in (page.get_by_role("button", name="Log a contact"), page.get_by_role("link", name="On this phone").last):
        tap.click()
        page.wait_for_url(re.compile(r"/field/app(#/)?$"))
        page.get_by_role("alert").get_by_text("has not come to this phone yet").wait_for()
        shows_my_shift(page)
    page.unroute("**/files/**")
    page.get_by_role("button", name="Log a contact").click()
    page.get_by_role("heading", name="What happened").wait_for()


def test_the_first_load_of_the_app_and_all_that_is_kept_are_light(first_visit, site):
    """Bodies as the server compresses them for this browser, without heads. The first screen works with the first load
    alone: what comes after it is cut off here, then let through and counted with the rest."""
    page, late = first_visit
    sizes: dict[str, int] = {}
    heads: dict[str, tuple[str, int]] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def begun(event: dict[str, Any]) -> None:
        heads[event["requestId"]] = event["response"]["url"], int(event["response"]["encodedDataLength"])

    def done(event: dict[str, Any]) -> None:
        url, head = heads[event["requestId"]]
        sizes[url.removeprefix(site.url).partition("?")[0]] = int(event["encodedDataLength"]) - head

    session.on("Network.responseReceived", begun)
    session.on("Network.loadingFinished", done)

    def opened(number: int) -> dict[str, int]:
        """Address → bytes of the page and its files, once so many of them are here."""
        page.goto(site.url + "/field/app", wait_until="networkidle")
        shows_my_shift(page)
        for _ in range(PATIENCE // 50):
            found = {path: size for path, size in sizes.items() if path not in ("/field/app/pack", "/field/heartbeat")}
            if len(found) == number:
                break
            page.wait_for_timeout(50)
        return found

    expected = 4 + len(phone_files.modules("app.js", at_once=True))
    first = opened(expected)
    assert len(first) == expected, "page, style, font, mark, modules"
    page.unroute("**/files/**")
    whole = opened(expected + len(late))
    assert late == {path.rpartition("/")[2] for path in whole} - {path.rpartition("/")[2] for path in first}
    print(f"first load {sum(first.values())} bytes of {len(first)} files; kept {sum(whole.values())} of {len(whole)}")
    assert 40_000 < sum(first.values()) <= FIRST_LOAD
    assert sum(whole.values()) <= KEPT
