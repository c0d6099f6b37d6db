"""The live board while a night goes on, and an officer's phone: counted bytes, a hidden tab, a server that is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from outreach.app import create_app
from outreach.field import check_in_commands
from outreach.storage import db, writing
from outreach.storage.types import utc_now
from outreach.vocab import Role
from tests.browser.conftest import DESK, MINUTE, PATIENCE, PHONE, another_minute, axe_findings, follow, picture
from tests.conftest import settings
from tests.factories import PASSWORD, a_shift, a_user, an_operation
from tests.field.factories import a_night, actor_of

pytestmark = pytest.mark.browser

UNCHANGED = 2048  # bytes that asking again may cost while nothing happened


@pytest.fixture(scope="module")
def night(site) -> Iterator[SimpleNamespace]:
    """Two teams on the running site: one checked in (``say`` does it), and one of which nothing is heard."""
    app = create_app(settings(site.instance))
    with app.app_context():
        now = utc_now()
        made = a_night(an_operation("BOARD-1", starts_at=now - dt.timedelta(days=1)))
        quiet = a_night(made.operation)
        for one in (made, quiet):
            a_shift(one.team, now - dt.timedelta(hours=4), published=True, place="Riverside", channel="Tac 4")
        desk = a_user(Role.OPERATION_COORDINATOR, operation=made.operation)
        site.people["night desk"] = (desk.email, PASSWORD)
        site.people["night officer"] = (made.officer.email, PASSWORD)

        def say(kind: str) -> None:
            with writing():
                check_in_commands.check_in(actor_of(made.officer), made.place, kind)

        say("start")
        row = f"#team-{made.team.uid}"
        yield SimpleNamespace(
            url=f"{site.url}/operations/BOARD-1/live", say=say, row=row, quiet=f"#team-{quiet.team.uid}"
        )
        db.session.remove()
        db.engine.dispose()


class Wire:
    """What the page asked of the board, as counted by the browser: (status, bytes on the wire)."""

    def __init__(self, page: Page) -> None:
        self.asked: list[tuple[int, int]] = []
        self._known: dict[str, int] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)

    def _answered(self, event) -> None:
        if event["response"]["url"].endswith("/live/rows"):
            self._known[event["requestId"]] = event["response"]["status"]

    def _finished(self, event) -> None:
        if event["requestId"] in self._known:
            self.asked.append((self._known[event["requestId"]], int(event["encodedDataLength"])))


def a_minute_later(page: Page, wire: Wire) -> tuple[int, int]:
    """Let a minute pass for the page, and give what it asked then."""
    before = len(wire.asked)
    another_minute(page, lambda: len(wire.asked) > before)
    return wire.asked[before]


def open_board(open_page, night, **more) -> tuple[Page, Wire]:
    page = open_page("night desk", DESK, **more)
    page.clock.install()
    wire = Wire(page)
    page.goto(night.url)
    return page, wire


def test_a_minute_without_news_costs_little_and_news_come_by_themselves(open_page, night):
    page, wire = open_board(open_page, night)
    expect(page.locator("tbody tr").first).to_contain_text("Nothing heard")
    picture(page, "board-day")
    assert axe_findings(page) == []
    status, size = a_minute_later(page, wire)
    assert status == 304 and size <= UNCHANGED, f"{size} bytes"
    expect(page.locator("[data-board-status]")).to_contain_text("Updated")

    link = page.locator(night.row).get_by_role("link", name="Log for this team")
    link.focus()
    page.fill("#teams-filter", "Team")
    link.focus()
    night.say("end")
    status, size = a_minute_later(page, wire)
    assert status == 200
    expect(page.locator(night.row)).to_contain_text("Off shift")
    expect(page.locator(night.row).get_by_role("link", name="Log for this team")).to_be_focused()
    expect(page.locator("#teams-filter")).to_have_value("Team")
    assert a_minute_later(page, wire)[0] == 304, "and the new page is known again"
    night.say("start")


def test_without_script_nothing_is_offered_that_only_script_can_do(open_page, night):
    page = open_page("night desk", DESK, script=False)
    page.goto(night.url)
    expect(page.get_by_role("link", name="Reload")).to_be_visible()
    expect(page.locator("[data-board-pause]")).to_be_hidden()


def test_a_hidden_tab_asks_nothing_and_asks_at_once_when_it_is_seen(open_page, night):
    page, wire = open_board(open_page, night)
    hide = """(hidden) => {
      Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    page.evaluate(hide, True)
    page.clock.fast_forward(10 * MINUTE)
    page.wait_for_timeout(300)
    assert wire.asked == []
    page.evaluate(hide, False)
    expect(page.locator("[data-board-status]")).to_contain_text("Updated")
    for _ in range(PATIENCE // 50):  # the wire tells of it a moment after the page
        page.wait_for_timeout(50)
        if wire.asked:
            break
    assert len(wire.asked) == 1


def test_pause_stops_the_asking_until_it_goes_on(open_page, night):
    page, wire = open_board(open_page, night)
    page.get_by_role("button", name="Pause").click()
    page.clock.fast_forward(5 * MINUTE)
    page.wait_for_timeout(300)
    assert wire.asked == []
    expect(page.locator("[data-board-stale]")).to_be_hidden()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("[data-board-status]")).to_contain_text("Updated")


def test_a_server_that_is_gone_leaves_the_last_board_marked_as_old(site, chromium, night):
    context = chromium.new_context(viewport=DESK, locale="en-CA")
    page = context.new_page()
    page.goto(site.url + "/sign-in")
    email, password = site.people["night desk"]
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    follow(page, page.locator("main button[type=submit]"))
    page.clock.install()
    page.goto(night.url)
    stale = page.locator("[data-board-stale]")
    context.set_offline(True)
    for _ in range(2):
        page.clock.fast_forward(MINUTE)
        page.wait_for_timeout(100)
    expect(stale).to_be_hidden()
    page.clock.fast_forward(MINUTE)
    expect(stale).to_contain_text("No new data for 3 minutes. What you see is from")
    assert "Nothing heard" in page.locator(night.quiet).inner_text(), "the last figures stay"
    picture(page, "board-stale")
    context.set_offline(False)
    another_minute(page, stale.is_hidden)

    context.clear_cookies()
    another_minute(page, stale.is_visible)
    expect(stale).to_contain_text("You are signed out.")
    context.close()


def test_j_and_k_walk_the_rows_and_slash_finds_the_filter(open_page, night):
    page, _ = open_board(open_page, night)
    page.keyboard.press("j")
    expect(page.locator("tbody tr").nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("tbody tr").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("tbody tr").nth(0)).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("jk")
    expect(page.locator("#teams-filter")).to_have_value("jk")
    expect(page.locator("tbody tr:visible")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_desk_logs_for_a_team_and_checks_it_in(open_page, night, script):
    page = open_page("night desk", DESK, script=script)
    page.goto(night.url)
    row = page.locator(night.row)
    follow(page, row.get_by_role("link", name="Log for this team"))
    assert not script or axe_findings(page) == []
    picture(page, "radio", full=True)
    follow(page, page.get_by_role("button", name="Save for this team"))
    expect(page.get_by_role("status").first).to_contain_text("Received at")
    follow(page, row.get_by_role("button", name="All well"))
    expect(page.get_by_role("status").first).to_contain_text("All well.")


@pytest.mark.parametrize(("lang", "theme"), [("en", "night"), ("fr", "day")])
def test_my_shift_on_a_phone_shows_the_roster_and_checks_in(open_page, site, night, lang, theme):
    phone = open_page("night officer", PHONE, lang=lang, theme=theme)
    phone.goto(site.url + "/field")
    expect(phone.locator("main")).to_contain_text("Riverside")
    expect(phone.locator("main")).to_contain_text("Tac 4")
    assert axe_findings(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(phone, f"my-shift-{lang}-{theme}", full=True)
    if lang == "en":
        follow(phone, phone.get_by_role("button", name="I have seen this"))
        expect(phone.get_by_role("button", name="I have seen this")).to_have_count(0)
        phone.goto(site.url + "/field")
        follow(phone, phone.get_by_role("button", name="All well"))
        expect(phone.get_by_role("status").filter(has_text="Checked in")).to_be_visible()
        phone.goto(site.url + "/field/roster")
    follow(
        phone, phone.get_by_role("link", name="My shifts" if lang == "en" else "Mes quarts")
    ) if lang == "fr" else None
    picture(phone, f"roster-{lang}-{theme}", full=True)
    assert axe_findings(phone) == []
