"""The one page in a real browser: printed from it on one Letter page in either language, and what axe finds."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from tests.browser.conftest import DESK, SCREENS, axe_findings, choose, picture

pytestmark = pytest.mark.browser

ONTARIO, WINDSOR = "/operations/ONS-2017-ON", "/operations/ONS-2017-WEC"


def printed(page, name: str) -> tuple[int, tuple[float, ...], str]:
    """Pages, size of the first and text of what the browser's own print gives."""
    content = page.pdf(prefer_css_page_size=True)
    SCREENS.mkdir(parents=True, exist_ok=True)
    (SCREENS / f"one-page-{name}.pdf").write_bytes(content)
    pages = PdfReader(io.BytesIO(content)).pages
    return len(pages), tuple(map(float, pages[0].mediabox[2:])), " ".join(pages[0].extract_text().split())


def test_it_prints_on_one_letter_page_in_either_language_and_theme(site, open_page):
    page = open_page("coordinator", DESK)
    for lang, theme, said in (("en", "day", "Before you quote"), ("fr", "night", "Avant de citer")):
        page.goto(site.url + ONTARIO + "/page")
        choose(page, lang, theme)
        assert axe_findings(page) == []
        picture(page, f"one-page-{lang}-{theme}", full=True)
        for path in (ONTARIO, WINDSOR):
            page.goto(site.url + path + "/page")
            pages, size, words = printed(page, f"{path[-3:]}-{lang}")
            assert (pages, size) == (1, (612.0, 792.0)), (path, lang)
            assert said in words and "Dashboard" not in words and "An earlier moment" not in words
    found = page.evaluate("document.querySelectorAll('.one-page .tile').length")
    assert found == 7


def test_from_the_operation_page_it_is_one_press_and_its_pdf_another(site, open_page):
    page = open_page("commander", DESK)
    page.goto(site.url + ONTARIO)
    met = page.locator(".tile__number").nth(2).inner_text()  # other tests meet people too
    page.get_by_role("link", name="One page", exact=True).click()
    page.wait_for_url("**/page")
    assert page.locator(".tile__number").nth(2).inner_text() == met and int(met) >= 198
    address = page.get_by_role("link", name="Print or PDF").get_attribute("href")
    answer = page.request.get(site.url + address)
    assert answer.headers["content-type"] == "application/pdf"
    assert len(PdfReader(io.BytesIO(answer.body())).pages) == 1
