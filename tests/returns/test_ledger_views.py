"""Pages of reconciliation: who sees what, what is shown, what is refused at its field, and the ranges in words."""

import re

import pytest

from outreach.returns import commands
from outreach.storage import db, writing
from outreach.storage.queries import access, operations
from outreach.storage.tables import Adjustment, Explanation, Overlap, SignOff, Tally
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, Role
from tests.factories import a_participation, a_service, a_user, an_operation

BASE = "/operations/OP-R"


@pytest.fixture
def place(app):
    """Two services told their totals; the first signed 4 where 5 count now."""
    operation = an_operation("OP-R")
    services = []
    for name, met in (("Port Linden Police", 5), ("Quarry Town Police", 8)):
        service = a_service(name)
        part = a_participation(operation, service, entry_mode=EntryMode.DAILY_TOTALS)
        actor = access.actor_of(a_user(Role.SERVICE_COORDINATOR, service))
        with writing():
            seen = commands.sheet_of(operation, part).mark
            typed = {f"cell-persons_met-2017-10-{day}": "0" for day in range(11, 17)}
            commands.save_totals(actor, operation, part, typed | {"cell-persons_met-2017-10-10": str(met)}, seen=seen)
        services.append((service, part))
    with writing():
        db.session.add(
            SignOff(
                participation_id=services[0][1].id,
                version=1,
                signed_at=utc_now(),
                figures={"persons_met": 4, "days": {}},
                figures_hash="0" * 64,
                reopened_at=utc_now(),
            )
        )
    return operation, *(service for service, _ in services), services[0][1]


def test_a_figure_that_agrees_but_for_a_silent_day_says_so(place, own):
    """Signed 5, and now as many with a day that nobody told: the two numbers alone would look the same."""
    with writing():
        db.session.query(SignOff).one().figures = {"persons_met": 5, "days": {}}
        cell = db.session.query(Tally).filter_by(participation_id=place[3].id, measure="persons_met", value=0).first()
        operations.note_change(place[0].id)
        db.session.delete(cell)
    page = _page(own.get(f"{BASE}/services/{place[1].id}/reconciliation").text)
    assert "at least 5" in page


def _page(text):
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.fixture
def own(place, signed_in):
    return signed_in(a_user(Role.SERVICE_COORDINATOR, place[1]))


def test_a_service_adjusts_its_figure_and_takes_it_back(place, own, post):
    url = f"{BASE}/services/{place[1].id}/reconciliation"
    page = own.get(url)
    assert page.status_code == 200
    assert "Persons met – 5 – 4 5 Differs" in _page(page.text) or "Differs" in page.text
    wrong = post(own, f"{url}/adjust", {"measure": "persons_met", "day": "2017-10-10", "amount": "-6", "reason": "x"})
    assert wrong.status_code == 422
    assert (
        "it cannot go below 0" in wrong.text and 'value="-6"' in wrong.text and "Say why, in a few words" in wrong.text
    )
    data = {"measure": "persons_met", "day": "2017-10-10", "amount": "-1", "reason": "One was counted on both days."}
    answer = post(own, f"{url}/adjust", data)
    assert (answer.status_code, answer.location) == (303, f"{url}?measure=persons_met")
    page = own.get(url).text
    assert "One was counted on both days." in page and "−1" in page
    assert "Differs" not in page
    uid = db.session.query(Adjustment).one().uid
    assert post(own, f"{url}/take-back", {"adjustment": uid, "reason": ""}).status_code == 422
    assert post(own, f"{url}/take-back", {"adjustment": uid, "reason": "It was right."}).status_code == 303
    page = own.get(url).text
    assert "1 adjustment was taken back" in page and "It was right." in page
    assert post(own, f"{url}/take-back", {"adjustment": uid, "reason": "Again."}).location == url


def test_a_difference_is_explained_with_what_was_shown(place, own, post):
    url = f"{BASE}/services/{place[1].id}/reconciliation/explain"
    page = own.get(f"{url}?measure=persons_met")
    seen = re.search(r'name="seen"[^>]*value="(\w+)"', page.text) or re.search(
        r'value="(\w{16})"[^>]*name="seen"', page.text
    )
    data = {"measure": "persons_met", "day": "", "text": "One more came late."}
    assert post(own, url, {**data, "seen": "0" * 16}).status_code == 409
    assert post(own, url, {**data, "seen": seen[1], "text": ""}).status_code == 422
    assert post(own, url, {**data, "seen": seen[1]}).status_code == 303
    assert db.session.query(Explanation).one().reason == "One more came late."
    assert own.get(f"{url}?measure=nothing").location == url.removesuffix("/explain")
    assert own.get(f"{url}?measure=persons_met&day=2017-13-40").location == url.removesuffix("/explain")


def test_the_operation_s_page_lists_what_differs_worst_first_and_the_range_in_words(place, signed_in, post):
    steers = signed_in(a_user(Role.OPERATION_COORDINATOR))
    page = steers.get(f"{BASE}/reconciliation").text
    assert "Port Linden Police" in page and "Differs" in page
    assert re.search(r"Overlap between \S.* and \S.* not known: between 8 and 13\.", page)
    for show in ("explained", "all&amp;measure=charges", "all&measure=persons_met"):
        assert steers.get(f"{BASE}/reconciliation?show={show}").status_code == 200
    assert steers.get(f"{BASE}/reconciliation?show=everything").status_code == 404
    assert "between 8 and 13" in steers.get(f"{BASE}/figures/persons_met").text
    assert "8 to 13" in steers.get(f"{BASE}/figures").text
    url = f"{BASE}/services/{place[1].id}/reconciliation/overlap"
    data = {"other": str(place[2].id), "measure": "persons_met", "persons": "6"}
    assert "at most: that is all" in post(steers, url, data).text
    assert post(steers, url, {**data, "other": "99"}).status_code == 404
    assert post(steers, url, {**data, "other": "x"}).status_code == 422
    assert post(steers, url, {**data, "persons": "3"}).status_code == 303
    assert db.session.query(Overlap).one().persons == 3
    page = steers.get(f"{BASE}/reconciliation").text
    assert "No figure is a range." in page and "Declared overlap" in page
    assert ">10<" in steers.get(f"{BASE}").text
    french = steers.get(f"{BASE}/reconciliation", headers={"Accept-Language": "fr"})
    assert french.status_code == 200


def test_a_foreign_service_and_the_operation_s_page_do_not_exist_for_a_service(place, own, post):
    url = f"{BASE}/services/{place[2].id}/reconciliation"
    assert own.get(url).status_code == 404
    assert own.get(f"{url}/adjust").status_code == 404
    assert (
        post(own, f"{url}/adjust", {"measure": "persons_met", "amount": "1", "reason": "Why not."}).status_code == 404
    )
    assert own.get(f"{BASE}/reconciliation").status_code == 404
    assert db.session.query(Adjustment).count() == 0
