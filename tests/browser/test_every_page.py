"""Every page that a role reaches: axe-core finds nothing, no sideways scroll, no policy violation; two languages, two
themes, phone and desk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser.conftest import DESK, PHONE, SCREENS, axe_findings, follow, picture

pytestmark = pytest.mark.browser

ONTARIO, WINDSOR = "/operations/ONS-2017-ON", "/operations/ONS-2017-WEC"
PAGES = {
    "coordinator": [
        "/",
        "/plan",
        "/services",
        "/services/new",
        "/agencies",
        "/agencies/6",
        "/agencies/6/edit",
        "/agencies/paste",
        "/agencies/rows",
        "/operations/new",
        "/report",
        "/returns",
        "/account",
        "/plan/workbook",
        ONTARIO,
        "/operations/ONS-2017-CA",
        ONTARIO + "/plan",
        WINDSOR + "/rehearsal",
        ONTARIO + "/plan/edit",
        ONTARIO + "/plan/services",
        ONTARIO + "/plan/services/paste",
        ONTARIO + "/plan/workbook",
        WINDSOR + "/plan/places",
        WINDSOR + "/plan/teams",
        WINDSOR + "/briefing",
        WINDSOR + "/briefing/edit",
        WINDSOR + "/briefing/readers",
        WINDSOR + "/sheets",
        WINDSOR + "/plan/shifts",
        WINDSOR + "/plan/shifts/evening",
        WINDSOR + "/plan/shifts/copy-day",
        WINDSOR + "/plan/shifts/copy-pattern",
        WINDSOR + "/plan/shifts/publish",
        WINDSOR + "/plan/shifts/changes",
        ONTARIO + "/plan/invitations",
        "/operations/ONS-2017-CA/plan/nested",
        ONTARIO + "/plan/nested",
        WINDSOR + "/kits",
        WINDSOR + "/kits/send",
        ONTARIO + "/ready",
        ONTARIO + "/sessions",
        ONTARIO + "/sessions/new",
        "/report/history",
        "/report/history/1",
        "/report/history/new",
        "/report/history/workbook",
        "/report/history/check",
        ONTARIO + "/editions",
        ONTARIO + "/data",
        "/report/dictionary",
        ONTARIO + "/page",
        ONTARIO + "/dashboard",
        WINDSOR + "/pivot?rows=age&cols=day",
        ONTARIO + "/wall-links",
        ONTARIO + "/figures",
        ONTARIO + "/figures?by=service",
        WINDSOR + "/support",
        WINDSOR + "/months",
        ONTARIO + "/figures/persons_met",
        ONTARIO + "/totals",
        ONTARIO + "/reconciliation",
        ONTARIO + "/services/7/reconciliation?measure=persons_met",
        ONTARIO + "/services/7/reconciliation/adjust?measure=persons_met",
        ONTARIO + "/services/7/reconciliation/overlap",
        ONTARIO + "/returns",
        ONTARIO + "/services/9/return",
        ONTARIO + "/move",
        ONTARIO + "/disclosure",
        ONTARIO + "/counting",
        ONTARIO + "/counting/charges",
        ONTARIO + "/close-out",
        ONTARIO + "/lock",
        ONTARIO + "/versions",
        ONTARIO + "/versions/1?by=service",
        ONTARIO + "/versions/compare?from=1&to=now",
        ONTARIO + "/releases",
        ONTARIO + "/releases/new",
        ONTARIO + "/releases/1",
        ONTARIO + "/releases/1/edit",
        ONTARIO + "/releases/1/openings",
        ONTARIO + "/releases/1/erratum",
        ONTARIO + "/services/8/figures",
        ONTARIO + "/services/8/sign",
        ONTARIO + "/live",
        WINDSOR + "/live/phones",
        WINDSOR + "/referrals",
        "/referrals",
        "/referrals/unowned",
        "/operations/NOWHERE",
    ],
    "windsor": [
        "/field",
        "/field/roster",
        WINDSOR + "/live",
        WINDSOR + "/live/phones",
        WINDSOR + "/services/1/held",
        WINDSOR + "/services/1/figures",
        WINDSOR + "/services/1/sign",
        WINDSOR + "/services/1/cards",
        WINDSOR + "/services/1/return",
        "/returns",
        "/referrals",
        WINDSOR + "/kits",
        WINDSOR + "/ready",
        WINDSOR + "/sessions",
    ],
    "officer": [WINDSOR + "/briefing", "/field", "/field/roster", "/field/hidden"],
    "liaison": [
        "/referrals",
        "/referrals?list=mine",
        "/referrals/ended",
        "/referrals/new",
        "/referrals/due",
        "/referrals/app",
        "/referrals/notes",
        "/referrals/htcds",
        "/agencies/6/figures",
    ],
    "commander": [
        "/",
        WINDSOR + "/pivot?rows=age",
        ONTARIO + "/live",
        ONTARIO,
        WINDSOR + "/page",
        WINDSOR + "/support",
        WINDSOR + "/dashboard",
    ],
    "analyst": [WINDSOR + "/figures/persons_met"],
    "admin": ["/people", "/people/new", "/journal", "/lists", "/sample/remove", "/account"],
}
LOOKS = [("en", "day"), ("fr", "night"), ("en", "night"), ("fr", "day")]


# Each person in both languages, both themes and both sizes; every other one the other way round.
VISITS = [(who, look + 2 * (place % 2)) for place, who in enumerate(PAGES) for look in (0, 1)]


@pytest.mark.parametrize(("who", "number"), VISITS, ids=["-".join([who, *LOOKS[look]]) for who, look in VISITS])
def test_axe_finds_nothing_in_both_languages_and_themes(open_page, site, who, number):
    wrong = []
    lang, theme = LOOKS[number]
    page = open_page(who, PHONE if number % 2 else DESK, lang=lang, theme=theme)
    for path in PAGES[who]:
        page.goto(site.url + path)
        where = f"{path} {lang} {theme} {'phone' if number % 2 else 'desk'}"
        wrong += [f"{where}: {line}" for line in axe_findings(page)]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > page.viewport_size["width"]:
            wrong.append(f"{where}: scrolls sideways ({width} px)")
        picture(page, f"{who}{path}-{lang}-{theme}".replace("/", "_").replace("?", "_"), full=bool(number % 2))
    assert wrong == []


def test_the_sign_in_page_before_anybody_is_known(site, chromium):
    page = chromium.new_page(viewport=PHONE)
    page.goto(site.url + "/sign-in")
    assert axe_findings(page) == []
    page.fill("input[name=email]", "nobody@example.org")
    page.fill("input[name=password]", "a wrong password, long enough")
    follow(page, page.locator("main button[type=submit]"))
    assert page.title().startswith("Error:")
    assert axe_findings(page) == []
    page.close()


def test_the_first_useful_page_is_light(site, open_page):
    """At most 60 KB and four requests besides the icon, as transferred."""
    page = open_page("coordinator", DESK)
    page.wait_for_load_state("networkidle")  # what the page before still asks for is not counted
    sizes = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(site.url + ONTARIO, wait_until="networkidle")
    assert len(sizes) <= 5
    assert sum(sizes) <= 60_000, sizes


def test_the_picture_in_the_readme_is_this_page(site, open_page):
    """Made anew at each run; a person copies it into docs/ when the page has changed."""
    page = open_page("coordinator", DESK)
    page.goto(site.url + ONTARIO)
    made = picture(page, "operation-page")
    assert made.stat().st_size > 20_000
    kept = Path(__file__).resolve().parents[2] / "docs" / "operation-page.png"
    assert kept.exists(), f"copy {made.relative_to(SCREENS.parents[1])} to docs/"
    shutil.copy(made, SCREENS / "readme.png")
