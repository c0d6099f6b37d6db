"""From a draft to the public page: two persons approve, a reader without an account reads it without a cookie; every
number is one click away from the locked figures, and its meaning another."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import follow

pytestmark = pytest.mark.browser

RELEASES = "/operations/ONS-2017-WEC/releases"


def test_a_release_is_drafted_approved_by_two_and_read_by_anybody(site, open_page, chromium):
    page = open_page("coordinator")
    page.goto(site.url + "/operations/ONS-2017-WEC/lock")
    page.get_by_label("Reason").fill("The release is today.")
    follow(page, page.get_by_role("button", name="Take provisional figures"))
    page.goto(site.url + RELEASES + "/new")
    # Two figures of which nothing is left over that others of these tests could make small: one is shown, one is small.
    for box in page.locator("table input[type=checkbox]").all():
        box.uncheck()
    for figure in ("Persons met", "Support undecided"):
        page.get_by_role("checkbox", name=f"{figure}: In all").check()
    follow(page, page.get_by_role("button", name="Draft the release"))
    expect(page.locator("main")).to_contain_text("Safe: no withheld number can be worked out.")
    expect(page.locator("#withheld")).to_contain_text("Support undecided")
    met = page.locator("#figure-persons_met td").first.inner_text()  # other tests meet people too
    assert int(met) >= 13
    # Two clicks from a number to the signed version, and back to what it means.
    follow(page, page.locator("#figure-persons_met").get_by_role("link", name="Version 1"))
    expect(page.locator("h1")).to_contain_text("Version 1")
    expect(page.locator("#figures")).to_contain_text(met)
    page.go_back()
    follow(page, page.get_by_role("link", name="Edit the texts"))
    page.locator("#text_en").fill("In all 7777 persons were met.")
    follow(page, page.get_by_role("button", name="Save the texts"))
    expect(page.locator("#error-summary")).to_contain_text("they do not show “7777”")
    page.locator("#text_en").fill(f"In all {met} persons were met.")
    follow(page, page.get_by_role("button", name="Save the texts"))
    follow(page, page.get_by_role("button", name="Send for approval"))
    follow(page, page.get_by_role("button", name="Approve release"))
    check = page.url
    planner = open_page("planner")
    planner.goto(site.url + "/report")
    follow(planner, planner.get_by_role("link", name="ONS-2017-WEC, Release"))
    follow(planner, planner.get_by_role("button", name="Approve release"))
    expect(planner.locator("main")).to_contain_text("Unchanged since it was published.")
    page.goto(check)
    follow(page, page.get_by_role("button", name="Open a public address"))
    address = page.locator("a[href*='/p/']").first.get_attribute("href")
    reader = chromium.new_context()
    public = reader.new_page()
    answer = public.goto(site.url + address)
    assert answer.status == 200 and reader.cookies() == []
    assert f"In all {met} persons were met." in public.locator("main").inner_text()
    assert public.locator("script").count() == 0
    follow(public, public.locator("a[hreflang=fr]"))
    assert met in public.locator("main").inner_text() and reader.cookies() == []
    follow(page, page.get_by_role("button", name="End the public address"))
    reader.close()
    with chromium.new_context() as another:  # the first reader's browser may show what it has for a minute
        assert another.new_page().goto(site.url + address).status == 410
