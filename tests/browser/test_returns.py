"""Returns in a real browser: five files dropped at once, and a service that sends its own by a link, on a phone."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import DESK, PHONE, axe_findings, follow, picture
from tests.returns.filled import filled

pytestmark = pytest.mark.browser

OPERATION = "/operations/ONS-2017-ON"


def test_five_files_are_dropped_and_a_service_sends_one_by_its_link(open_page, site, chromium, tmp_path):
    """Nothing that is taken here says anything new: the published figures stay as they are."""
    page = open_page("coordinator", DESK)
    page.goto(site.url + OPERATION + "/totals")
    telling = page.locator("#services tbody tr", has_text="Sends daily totals").get_by_role("link", name="Workbook")
    addresses = telling.evaluate_all("links => links.slice(0, 3).map(a => a.getAttribute('href'))")
    books = [page.request.get(site.url + address + ".xlsx").body() for address in addresses]
    faulty = filled(books[2], {"2017-10-12": {"persons_met": "four"}})
    contents = {"one": books[0], "two": books[1], "faulty": faulty, "hostile": b"PK\x03\x04" + b"\xff" * 2000}
    files = [{"name": f"{n}.xlsx", "mimeType": "", "buffer": content} for n, content in contents.items()]
    files.append({"name": "again.xlsx", "mimeType": "", "buffer": books[0]})
    page.goto(site.url + OPERATION + "/returns")
    page.set_input_files("#workbooks", files)
    page.get_by_role("button", name="Send the workbooks").click()
    page.wait_for_url(re.compile(r"/returns/[0-9a-f-]{36}$"))
    page.locator('#progress[data-waiting="0"]').wait_for(state="attached", timeout=60_000)
    said = page.locator("#dropped").inner_text()
    for words in ("Has rows to fix", "Not read", "in this drop already", "Ready to take"):
        assert words in said, said
    assert axe_findings(page) == []
    picture(page, "returns-dropped")
    page.get_by_role("button", name="Take the 2 that are ready").click()
    page.get_by_text("2 files are taken; their figures stand.").wait_for(timeout=60_000)

    page.goto(site.url + addresses[2])
    follow(page, page.locator("button[name=do][value=make]"))  # a reminder may have made one before
    link = page.locator("#link").input_value()
    phone = chromium.new_page(viewport=PHONE, locale="fr-CA")
    phone.goto(link)
    phone.set_input_files("#workbook", files[2] | {"buffer": filled(books[2], {"2017-10-12": {"persons_met": "5-6"}})})
    follow(phone, phone.get_by_role("button", name="Vérifier le classeur"))
    phone.get_by_text("5-6").wait_for(timeout=60_000)
    assert axe_findings(phone) == [] and phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(phone, "returns-link-phone")
    follow(phone, phone.locator(".page-crumbs a"))
    assert phone.locator("nav.rooms").count() == 0 and axe_findings(phone) == []
    phone.close()
    follow(page, page.get_by_role("link", name="Back to the return"))
    follow(page, page.get_by_role("button", name="Revoke the link"))
    assert page.request.get(link).status == 404
