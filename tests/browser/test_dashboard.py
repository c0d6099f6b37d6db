"""The dashboard and the wall in a browser: their weight, a minute without news, filters, tips, a link that is ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, Response, expect

from outreach.app import create_app
from outreach.report import wall_commands
from outreach.storage import db, writing
from outreach.storage.queries import walls
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, Role
from tests.browser.conftest import DESK, MINUTE, another_minute, axe_findings, follow, picture
from tests.conftest import settings
from tests.factories import PASSWORD, a_participation, a_service, a_user, an_operation
from tests.report.factories import a_tally

pytestmark = pytest.mark.browser

UNCHANGED = 2048
WALL = {"width": 1920, "height": 1080}
SMALLEST = """() => Math.min(...[...document.querySelectorAll('body *')]
  .filter((one) => one.checkVisibility() && [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
TARGETS = """() => Math.min(...[...document.querySelectorAll('.days .cell-link')].flatMap((one) => {
  const box = one.getBoundingClientRect();
  return [box.width, box.height];
}))"""
CUT_OFF = """() => [...document.querySelectorAll('.wall__figure, .wall__states, main')]
  .filter((one) => one.scrollHeight > one.clientHeight + 1).map((one) => one.className || one.tagName)"""


@pytest.fixture(scope="module")
def evening(site) -> Iterator[SimpleNamespace]:
    """An operation of two services that send totals; ``tell`` says more of the first, ``link`` leads to its wall."""
    app = create_app(settings(site.instance))
    with app.app_context():
        operation = an_operation("DASH-1", starts_at=dt.datetime(2017, 10, 10, 10, tzinfo=dt.UTC), overlap_nil=True)
        first, _second = (
            a_participation(operation, a_service(name), entry_mode=EntryMode.DAILY_TOTALS)
            for name in ("Dash Police", "Dot Police")
        )
        desk = a_user(Role.OPERATION_COORDINATOR, operation=operation)
        site.people["dash desk"] = (desk.email, PASSWORD)
        a_tally(first, "persons_met", 12, 0)
        with writing():
            link = walls.add(operation.id, desk.id, "", utc_now() + dt.timedelta(hours=1))
            token, uid = wall_commands.token_of(link), link.id

        def end() -> None:
            with writing():
                walls.revoke(uid)

        yield SimpleNamespace(
            url=f"{site.url}/operations/DASH-1/dashboard",
            link=f"{site.url}/w/{token}?lang=en",
            tell=lambda number, day: a_tally(first, "persons_met", number, day),
            end=end,
        )
        db.session.remove()
        db.engine.dispose()


def a_minute_later(page: Page, part: str) -> tuple[int, int]:
    """Let a minute pass for the page; status of what it asked then, and its bytes where nothing had changed."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if part in answer.url else None)
    another_minute(page, lambda: bool(answers))
    answer = answers[0]
    if answer.status != 304:
        return answer.status, 0
    answer.finished()
    sizes = answer.request.sizes()
    return answer.status, sizes["responseHeadersSize"] + sizes["responseBodySize"]


def test_the_dashboard_of_46_services_is_light(site, open_page):
    """At most 60 KB as transferred: the page, two style sheets, the font, the icon, and a script in two modules."""
    page = open_page("coordinator", DESK)
    page.wait_for_load_state("networkidle")
    sizes = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(site.url + "/operations/ONS-2017-ON/dashboard", wait_until="networkidle")
    assert len(sizes) <= 7
    assert sum(sizes) <= 60_000, sizes
    # On a phone, the grid of 46 services keeps its columns, nothing moves sideways, and unset filters are folded.
    page.set_viewport_size({"width": 390, "height": 844})
    wide, tall = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert wide <= 390 and tall <= 5_400, (wide, tall)
    assert page.evaluate(TARGETS) >= 24
    expect(page.locator("[data-filters]")).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    expect(page.locator("[data-filters]")).to_be_visible()


def test_a_minute_without_news_costs_little_and_news_come_by_themselves(open_page, evening):
    page = open_page("dash desk", DESK)
    page.clock.install()
    page.goto(evening.url)
    status, size = a_minute_later(page, "/dashboard/figures")
    assert status == 304 and size <= UNCHANGED, f"{size} bytes"
    expect(page.locator("[data-live-status]")).to_contain_text("Updated")
    page.locator("#pace-twin summary").click()
    evening.tell(5, 1)
    assert a_minute_later(page, "/dashboard/figures")[0] == 200
    expect(page.locator(".tiles")).to_contain_text("17")
    expect(page.locator("#pace-twin table")).to_be_visible()

    page.locator("#pace [data-tip]").last.hover()
    expect(page.locator(".tip")).to_have_text("This edition, Day 2: 17")
    page.keyboard.press("Escape")
    expect(page.locator(".tip")).to_be_hidden()

    waiting = []
    page.route("**/dashboard/figures*", lambda route: waiting.append(route))  # a server that says nothing
    for _ in range(4):
        page.clock.fast_forward(MINUTE)
        page.wait_for_timeout(30)
    expect(page.get_by_role("alert")).to_contain_text("What you see is from")
    assert page.locator(".tile--stale").count() == page.locator(".tile").count()
    expect(page.locator(".tiles")).to_contain_text("17")
    for route in waiting:
        route.fulfill(status=204)


def test_a_filter_is_sent_as_it_is_chosen_and_with_a_button_where_there_is_no_script(open_page, evening):
    page = open_page("dash desk", DESK)
    page.goto(evening.url)
    expect(page.get_by_role("button", name="Show these")).to_be_hidden()
    with page.expect_navigation():
        page.get_by_label("Day", exact=True).select_option("2017-10-10")
    assert page.url.endswith("/dashboard?day=2017-10-10")
    expect(page.locator(".tiles")).to_contain_text("12")
    plain = open_page("dash desk", DESK, script=False)
    plain.goto(evening.url)
    plain.get_by_label("Service", exact=True).select_option(label="Dot")
    follow(plain, plain.get_by_role("button", name="Show these"))
    expect(plain.locator(".grid tbody tr")).to_have_count(1)


def test_the_wall_fits_its_screen_is_read_from_afar_and_goes_blank_when_its_link_is_ended(chromium, evening, site):
    context = chromium.new_context(viewport=WALL, locale="en-CA")
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.goto(evening.link)
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
        1920,
        1080,
    ]
    assert page.evaluate(SMALLEST) >= 32
    assert page.evaluate(CUT_OFF) == []
    assert axe_findings(page) == []
    picture(page, "wall")
    status, size = a_minute_later(page, "/w/")
    assert status == 304 and size <= UNCHANGED, f"{size} bytes"
    assert context.cookies() == []
    evening.tell(1, 2)
    assert a_minute_later(page, "/w/")[0] == 200
    expect(page.locator(".wall__figures")).to_contain_text("18")
    evening.end()
    assert a_minute_later(page, "/w/")[0] == 404
    expect(page.get_by_role("alert")).to_have_text("This link no longer works.")
    expect(page.locator(".wall__figures")).to_have_count(0)
    assert {url.split("/")[3].split("?")[0] for url in asked} == {"w", "static"}
    context.close()
