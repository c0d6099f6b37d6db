"""One operation from end to end, as a coordinator and an officer live it; with script and without."""

from __future__ import annotations

import re

import pysqlite3
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PATIENCE, PHONE, follow, picture

pytestmark = pytest.mark.browser

KINDS = ("Municipal or regional police", "Provincial police detachment", "Municipal or regional police")
PLACES = "Amberfield Birchmount Cloverdale Dunwich Eastlake Foxborough Goldstream Hawkesbury Ironbridge Juniper Kent"
MORE = "Kettleby Lambrook Moosehead Northgate Oxbow Pinecrest Quillfort Rosewater Saltmarsh Tamarack Umber Vinemount"


def rows(word: str) -> str:
    """46 services as they are pasted, three of them one letter away from another; ``word`` is in every name."""
    places = [*PLACES.split(), *MORE.split()]
    names = [f"{place} {word}{more}" for place in places for more in ("", " and District Falls")][:43]
    names += [f"Amberfeld {word}", f"Oxbov {word}", f"Tamarrack {word}"]
    return "\n".join(f"{name}\t{KINDS[n % 3]}\tRegion {n % 4}\tdesk{n}@example.org" for n, name in enumerate(names))


def press(page: Page, name: str | re.Pattern[str], *, exact: bool = False) -> None:
    follow(page, page.get_by_role("button", name=name, exact=exact).first)


def create(page: Page, code: str, origin: str) -> None:
    page.goto(origin + "/operations/new")
    page.fill("[name=code]", code)
    page.fill("[name=name]", f"Operation {code}")
    page.fill("[name=starts_on]", "2026-10-13")
    page.fill("[name=starts_at]", "06:00")
    page.fill("[name=ends_on]", "2026-10-19")
    page.fill("[name=ends_at]", "24:00")
    press(page, "Create the draft")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Operation {code}")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_coordinator_plans_46_services_from_one_paste(open_page, site, script):
    code = "PASTE-1" if script else "PASTE-2"
    page = open_page("planner", DESK, script=script)
    create(page, code, site.url)
    page.goto(f"{site.url}/operations/{code}/plan/services/paste")
    page.fill("textarea#rows", rows("Harbour" if script else "Landing"))
    press(page, "Check the rows")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check 46 services before adding")
    assert answer_every_problem(page) >= 3
    picture(page, f"paste-{code}")
    press(page, "Add 46 services")
    expect(page.get_by_role("rowheader")).to_have_count(46)
    assert site.figures(code)["persons_met"] is None


def answer_every_problem(page: Page) -> int:
    """Names that differ by one letter are look-alikes: each is answered "different" until none is left; how many."""
    for answered in range(60):
        different = page.get_by_role("button", name=re.compile("^Different"))
        if not different.count():
            return answered
        follow(page, different.first)
    raise AssertionError("look-alikes were not settled by their answers")


def log_one(page: Page, *answers: str) -> int:
    """Log a contact by tapping the answers; gives the number of taps, the first and the last included."""
    taps = 0
    for words in ("Log a contact", *answers, "Save"):
        follow(page, page.get_by_role("button", name=re.compile(f"^{re.escape(words)}")).last)
        taps += 1
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/saved" in page.url
    return taps


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_an_officer_logs_in_eight_taps_and_the_figures_and_the_workbook_follow(open_page, site, tmp_path, script):
    who, service = ("officer", "Windsor") if script else ("officer2", "Chatham-Kent")
    before = site.figures("ONS-2017-WEC")
    phone = open_page(who, PHONE, script=script)
    phone.goto(site.url + "/field")
    taps = log_one(phone, "Met one person", "25", "Woman or girl", "Yes, accepted", "The agency is here", "Not urgent")
    assert taps <= 8
    picture(phone, f"saved-{service}")
    phone.goto(site.url + "/field")
    assert log_one(phone, "Met one person", "Not known", "Not known", "No, declined") <= 8
    phone.goto(site.url + "/field")
    assert log_one(phone, "No answer") <= 8

    after = site.figures("ONS-2017-WEC")
    moved = {m: after[m] - before[m] for m in ("contacts", "persons_met", "support_offered", "support_accepted")}
    assert moved == {"contacts": 2, "persons_met": 2, "support_offered": 2, "support_accepted": 1}

    desk = open_page("coordinator", DESK, script=script)
    desk.goto(site.url + "/operations/ONS-2017-WEC")
    tile = desk.locator(".tile", has_text="persons met").first
    expect(tile).to_contain_text(str(after["persons_met"]))
    with desk.expect_download() as started:
        desk.get_by_role("link", name=re.compile("workbook", re.IGNORECASE)).first.click()
    path = tmp_path / "summary.xlsx"
    started.value.save_as(path)
    book = load_workbook(path)
    for measure in ("persons_met", "support_accepted", "contacts"):
        place = book.defined_names[measure].attr_text
        sheet, cell = place.replace("'", "").replace("$", "").split("!")
        assert book[sheet][cell].value == after[measure], measure


def test_a_double_tap_on_save_stores_once(open_page, site):
    phone = open_page("officer", PHONE)
    before = site.figures("ONS-2017-WEC")["contacts"]
    phone.goto(site.url + "/field")
    for words in ("Log a contact", "Met one person", "Not known", "Not known", "No, declined"):
        follow(phone, phone.get_by_role("button", name=re.compile(f"^{re.escape(words)}")).last)
    phone.get_by_role("button", name="Save").last.dblclick()
    expect(phone).to_have_url(re.compile("/saved$"))
    phone.go_back()
    if phone.get_by_role("button", name="Save").count():
        follow(phone, phone.get_by_role("button", name="Save").last)
    assert site.figures("ONS-2017-WEC")["contacts"] == before + 1


def run_out(site, email: str) -> None:
    """Let every session of that person have begun thirteen hours ago."""
    database = pysqlite3.connect(str(site.instance / "outreach.sqlite3"), timeout=PATIENCE // 1000)
    database.execute(
        "UPDATE session_record SET ends_at = ends_at - 13 * 3600 * 1000000"
        " WHERE user_id = (SELECT id FROM user WHERE email = ?)",
        (email,),
    )
    database.commit()
    database.close()


def test_typed_answers_survive_signing_in_again(open_page, site):
    """The session ends in the middle of a form; what was sent is offered again after signing in."""
    page = open_page("planner", DESK)
    page.goto(site.url + "/operations/new")
    page.fill("[name=code]", "KEPT-1")
    page.fill("[name=name]", "Kept over a sign-in")
    page.fill("[name=purpose]", "Typed before the session ended")
    run_out(site, "planner@example.org")
    press(page, "Create the draft")
    expect(page).to_have_url(re.compile("/sign-in"))
    email, password = site.people["planner"]
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    follow(page, page.locator("main button[type=submit]"))
    press(page, re.compile("Send it again"))
    expect(page.locator("main")).to_contain_text("Kept over a sign-in")
