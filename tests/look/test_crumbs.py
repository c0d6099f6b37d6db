"""The way back above each page's heading."""

import pytest

from outreach import assets

ROOMS = ("plan", "ready")
PAGES = sorted(
    page
    for room in ROOMS
    for page in (assets.templates() / room).glob("*.html")
    if "breadcrumbs([" in page.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_every_page_of_a_plan_leads_back_to_the_plan_before_its_operation(page):
    words = page.read_text(encoding="utf-8")
    trails = words.count("(operation.name, url_for('plan.task_list', code=operation.code))")
    assert words.count("(_('Plan'), url_for('plan.front')), (operation.name, ") == trails
