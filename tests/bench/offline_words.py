"""Words planted in the field app, searched in everything that a real browser left on the disk.

A shift without signal and with it: a contact saved, another in the middle of its questions, a page typed into and not
saved; then a kill, a night on, a kill, the contacts sent, and signing out. After each the profile is searched.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserType

from outreach.storage import db, writing
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, Role, ServiceKind
from tests import factories as site
from tests.bench.fault_proxy import FaultProxy
from tests.bench.field_app import FieldApp
from tests.bench.profile_search import Found, search_profile
from tests.bench.real_browser import real_browser
from tests.bench.sealed_phones import Place, application
from tests.bench.table import exactly, row
from tests.ready.briefing_factories import a_briefing

NOTE, UNSAVED, CHANGE = "Quetzal in the corner room", "Tapir near the lift", "Pangolin by the window"
SAFE, SECOND_SAFE = "5195554711", "5195558822"
TYPED, LISTED = "Ocelotville", "Narwhalton"
TEAM, OFFICER = "Axolotl Seven", "Wilhelmina Quokkason"
NUMBERS, DIALLED = "519-555-0142", "Okapi command post"
WRITTEN = (NOTE, UNSAVED, CHANGE, SAFE, SECOND_SAFE, TYPED)
GIVEN = (LISTED, TEAM, OFFICER, NUMBERS, NUMBERS.replace("-", ""), DIALLED)
EXAMPLE = "K7QM-4R2X"  # stands in the shell for everybody
CONTROL = "phone-head__where"
"""Stands in the style sheet, which may be kept: the search finds what is there."""


def rows(place: Place) -> list[dict[str, Any]]:
    return search(place)[0]


def search(
    place: Place, kind: BrowserType | None = None, *, whole: bool = True
) -> tuple[list[dict[str, Any]], dict[str, list[Found]]]:
    """The rows, and what was found after each step; without ``whole`` only the least of a shift."""
    email = _a_night(place.instance)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        FaultProxy(place.port).running() as proxy,
        real_browser(Path(profile), kind) as browser,
    ):
        shift = Shift(FieldApp(browser, proxy, email), Path(profile))
        if whole:
            shift.goes_on()
        else:
            shift.in_short()
    found = {step: [one for one in all_ if one.word != CONTROL] for step, all_ in shift.found.items()}
    controls = sum(1 for all_ in shift.found.values() if any(one.word == CONTROL for one in all_))
    for step, all_ in found.items():
        for one in all_:
            print(f"{step}: “{one.word}” in {one.path} ({one.how})", file=sys.stderr)
    words = len({(step, one.word) for step, all_ in found.items() for one in all_})
    unit = f"of {len(shift.words)} words after {len(found)} steps; {shift.files} files, {shift.megabytes:.0f} MB"
    return [
        exactly("words_found_in_profile", words, 0, unit),
        row("words_control_found", controls, "steps after which a word that may stay was seen", 1, controls > 0),
    ], found


def _a_night(instance: Path) -> str:
    """A site whose every name is a planted word; the officer's address, which is none."""
    with application(instance):
        operation = site.an_operation(
            starts_at=utc_now() - dt.timedelta(days=1), municipalities=[[LISTED, 42.3, -83.0]], positions=False
        )
        service = site.a_service()
        officer = site.a_user(Role.FIELD_OFFICER, service, operation)
        with writing():
            officer.name = OFFICER
        team = site.a_team(site.a_participation(operation, service), officer, name=TEAM)
        site.a_shift(team, utc_now() - dt.timedelta(hours=1), published=True)
        agency = site.a_service("Agency", ServiceKind.VICTIM_SERVICES)
        site.a_participation(operation, agency, entry_mode=EntryMode.NONE)
        a_briefing(operation, contacts=f"{DIALLED} {NUMBERS}")
        db.session.commit()
        return str(officer.email)


class Shift:
    """One officer's shift, and what the profile held after each of its steps."""

    def __init__(self, app: FieldApp, profile: Path) -> None:
        self.app, self.profile = app, profile
        self.words = {*WRITTEN, *GIVEN}
        self.found: dict[str, list[Found]] = {}
        self.files, self.megabytes = 0, 0.0

    def goes_on(self) -> None:
        app = self.app
        app.start()
        app.sign_in()
        app.kept_for_later()
        self._looks_around()
        app.proxy.signal = False
        self._saves()
        self._begins_and_types()
        app.page.wait_for_timeout(3000)  # the browser writes its session, its history and its tables now and then
        app.browser.kill()
        self._search("saved without signal, killed")
        app.start(restore=True)
        app.open()
        app.page.wait_for_timeout(2000)
        app.browser.kill()
        self._search("opened without signal, killed")
        app.proxy.signal = True
        app.start(restore=True)
        app.open()
        if app.send_all():
            raise RuntimeError("not everything was sent")
        self._looks_around()
        self._reads_again()
        app.page.wait_for_timeout(3000)
        app.browser.kill()
        self._search("sent and read again, killed")
        app.start(restore=True)
        app.open()
        app.page.wait_for_timeout(2000)
        app.browser.quit()
        self._search("opened, closed")
        app.start()
        app.open()
        self._signs_out()
        app.page.wait_for_timeout(2000)
        app.browser.quit()
        self._search("signed out, closed")

    def in_short(self) -> None:
        """Saved and begun without signal, killed; sent, signed out, closed."""
        app = self.app
        app.start()
        app.sign_in()
        app.kept_for_later()
        app.proxy.signal = False
        self._saves()
        self._begins_and_types()
        app.page.wait_for_timeout(1000)
        app.browser.kill()
        self._search("saved without signal, killed")
        app.proxy.signal = True
        app.start(restore=True)
        app.open()
        if app.send_all():
            raise RuntimeError("not everything was sent")
        self._signs_out()
        app.browser.quit()
        self._search("signed out, closed")

    def _looks_around(self) -> None:
        """The pages of the site that an officer opens on her phone with signal."""
        for path in ("/field", "/field/app#/", "/field/app#/ready", "/field/app#/phone", "/field/roster", "/account"):
            self.app.page.goto(self.app.url + path)
            self.app.page.wait_for_timeout(300)

    def _saves(self) -> None:
        """A contact with a note, a safe number, a typed place."""
        app = self.app
        app.open()
        app.begin()
        app.answer_all("met", support="accepted", reach="safe_phone", phone=SAFE)
        self._type("#note", NOTE)
        self._type("#municipality", TYPED)
        self._reads_codes()
        app.save()
        self._reads_codes()

    def _begins_and_types(self) -> None:
        """Another one up to the check card: a number answered, a note typed, not saved."""
        app = self.app
        app.open()
        app.begin()
        app.answer_all("met", support="accepted", reach="safe_phone", phone=SECOND_SAFE)
        self._type("#note", UNSAVED)
        self._reads_codes()

    def _reads_again(self) -> None:
        """What was sent, on the site's own pages: the contact, and a change of its note that is typed and not saved."""
        page = self.app.page
        page.goto(f"{self.app.url}/field")
        page.goto(self.app.url + str(page.locator("a[href*='/field/contacts/']").first.get_attribute("href")))
        if NOTE not in page.locator("main").inner_text():
            raise RuntimeError("the contact's page does not show its note")
        page.goto(page.url.split("?")[0] + "/edit")
        self._type("#note", CHANGE)

    def _type(self, selector: str, text: str) -> None:
        self.app.open_more()
        field = self.app.page.locator(selector)
        if field.evaluate("(field) => field.tagName") == "SELECT":
            field.select_option(index=1)
        else:
            field.press_sequentially(text)

    def _reads_codes(self) -> None:
        codes = set(self.app.codes()) - {EXAMPLE}
        self.words |= {*codes, *(code.replace("-", "") for code in codes)}

    def _signs_out(self) -> None:
        """From her account's page, as she does; what is asked on the way is agreed to."""
        page = self.app.page
        page.goto(f"{self.app.url}/account")
        page.locator("form[action$='/sign-out'] button").first.click()
        page.get_by_role("button", name="Sign out all the same").click()  # a contact is begun and not saved
        page.wait_for_url("**/sign-in*")

    def _search(self, step: str) -> None:
        found = search_profile(self.profile, [*sorted(self.words), CONTROL])
        self.found[step] = found.found
        self.files = max(self.files, found.files)
        self.megabytes = max(self.megabytes, (found.raw + found.unpacked) / 1e6)
