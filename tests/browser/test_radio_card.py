"""The coded card from a phone to a desk: both ends write the same signs, and what one shows the other reads."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import expect

from outreach.app import create_app
from outreach.field import radio_card_rules, rules
from outreach.storage import db
from outreach.storage.tables import Contact, ContactVersion, RadioCard
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import EntryMode, Role, ServiceKind
from tests.browser.conftest import PHONE, axe_findings, follow, picture
from tests.conftest import settings
from tests.factories import PASSWORD, a_participation, a_service, a_shift, a_user, an_operation
from tests.field.factories import a_night

pytestmark = pytest.mark.browser

# Zones with the clocks of Canada, with half an hour of summer time, and with none; days on which clocks change there.
ZONES = ("America/Toronto", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
CHANGES = ("2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04")
CARDS = """async (cases) => {
  const { cardOf } = await import('/static/field/radio_card.js');
  return cases.map(([fields, zone]) => cardOf(fields, fields.uid[0], zone).map((line) => line.signs));
}"""
SPELLED = "async (signs) => (await import('/static/field/radio_card.js')).spelled(signs)"


@pytest.fixture(scope="module")
def night(site) -> Iterator[SimpleNamespace]:
    app = create_app(settings(site.instance))
    with app.app_context():
        now = utc_now()
        made = a_night(an_operation("CARD-1", starts_at=now - dt.timedelta(days=1)))
        a_shift(made.team, now - dt.timedelta(hours=4), published=True)
        house = a_service("Lakeshore House", ServiceKind.VICTIM_SERVICES)
        a_participation(made.operation, house, entry_mode=EntryMode.NONE)
        desk = a_user(Role.OPERATION_COORDINATOR, operation=made.operation)
        site.people["card desk"] = (desk.email, PASSWORD)
        site.people["card officer"] = (made.officer.email, PASSWORD)
        yield SimpleNamespace(board=f"{site.url}/operations/CARD-1/live", row=f"#team-{made.team.uid}")
        db.session.remove()
        db.engine.dispose()


def some_person(chance: random.Random, n: int) -> dict[str, list[str]]:
    """The fields of one person, as the check card posts them."""
    agreed = [what for what in rules.AGREEMENTS if chance.random() < (0.1 if what == "talk" else 0.7)]
    values: dict[str, Any] = {
        "code": rules.make_code(),
        "met_before": rules.shown_code(rules.make_code()).lower() if chance.random() < 0.2 else "",
        "age": chance.choice(radio_card_rules.AGES),
        "gender": chance.choice(radio_card_rules.GENDERS),
        "answer": chance.choice(["accepted", "accepted", *radio_card_rules.OTHER_ANSWERS]),
        "agreed": agreed,
        "reach_by": chance.choice(["", *rules.REACH_BY]),
        "safe_way": "519-555-0100",
        "urgent": chance.choice(["", "yes"]),
        "made_safe": chance.choice(["", "no", "yes"]),
        "age_said": chance.choice(["not_known", "not_known", "18"]),
        "needs": chance.choice([[], [], ["housing"]]),
        "indicators": chance.choice([[], [], [""]]),
    }
    return {f"{name}-{n}": value if isinstance(value, list) else [value] for name, value in values.items()}


def some_contact(chance: random.Random, number: int) -> tuple[dict[str, list[str]], str]:
    result = chance.choice(["met", "met", "met", *radio_card_rules.OTHER_RESULTS])
    count = (chance.choice([1, 1, 2, 3, 20]) if result == "met" else 0) if number else 20
    day = chance.choice(CHANGES) if number % 3 else f"20{chance.randrange(10, 36)}-0{chance.randrange(1, 10)}-17"
    typed = f"{day} {chance.randrange(5) if number % 3 else chance.randrange(24):02}:{chance.randrange(60):02}"
    fields = {
        "uid": [new_uid()],
        "result": ["met" if not number else result],
        "met_at": [typed if number % 4 else typed.replace(" ", "T") + ":07.123Z"],
        "persons": [str(count)],
        "kits": [chance.choice(["", "0", "2"])],
        "note": [chance.choice(["", "", "red door", "  "])],
    }
    for n in range(1, count + 1):
        fields |= some_person(chance, n)
    return fields, chance.choice(ZONES)


def test_the_phone_writes_the_signs_that_the_site_writes_and_reads(open_page, night):
    chance = random.Random(20171016)
    cases = [some_contact(chance, number) for number in range(360)]
    page = open_page("card desk")
    written = page.evaluate(CARDS, cases)
    for (fields, zone), lines in zip(cases, written, strict=True):
        entry = rules.read_entry(fields, zone, lambda _list, _code: True)
        assert lines == radio_card_rules.card_of(entry), json.dumps([fields, zone])
        card = radio_card_rules.read_card("\n".join(lines), entry.met_at + dt.timedelta(hours=3))
        assert radio_card_rules.agree(card.entry(entry.uid), entry.kept())
    spoken = page.evaluate(SPELLED, f"{rules.CODE_SIGNS}-{rules.CODE_SIGNS}")
    assert spoken == [radio_card_rules.SPOKEN.get(sign, sign) for sign in rules.CODE_SIGNS] * 2


FULL = """const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...given) {
  if (window.full && this.name === 'outbox') throw new DOMException('full', 'QuotaExceededError');
  return put.apply(this, given);
};"""
ACCEPTED = ("met", "25_34", "woman_girl", "accepted", "they_call", "yes")


def test_what_a_full_phone_shows_is_entered_at_a_desk_and_counts_once_when_the_phone_sends_it(open_page, night, site):
    phone = open_page("card officer", PHONE)
    phone.add_init_script(FULL)
    phone.goto(site.url + "/field/app")
    phone.click("#log")
    for answer in ACCEPTED:
        phone.click(f'main button[name=answer][value="{answer}"]')
    phone.locator("details", has=phone.locator("#note")).locator("summary").first.click()
    phone.fill("#note", "red door")
    phone.evaluate("window.full = true")
    phone.click("#save")
    shown = phone.locator(".ticket__code--long")
    expect(shown).to_have_count(2)
    lines = shown.all_inner_texts()

    desk = open_page("card desk", PHONE, lang="fr", theme="night")
    desk.goto(night.board)
    follow(desk, desk.locator(night.row).locator("a[href$='/card']"))
    box, send = desk.locator("textarea[name=lines]"), desk.locator("main form button.button--primary")
    heard = [line.lower().replace("-", " ") for line in lines]
    box.fill("\n".join([("c" if heard[0][0] == "a" else "a") + heard[0][1:], *heard[1:]]))
    follow(desk, send)
    expect(desk.locator(".error-summary")).to_contain_text("Ligne 1, groupe 1")
    expect(desk.locator(".tag--problem")).to_have_count(1)
    looked_at(desk, "wrong")
    box.fill("\n".join(heard))
    follow(desk, send)
    expect(desk.locator("main")).to_contain_text(lines[1][5:])
    expect(desk.locator("main")).to_contain_text("25–34")
    looked_at(desk, "read")
    follow(desk, send)
    expect(desk.get_by_role("status").first).to_contain_text("Reçu à")
    assert versions() == [1]

    phone.evaluate("window.full = false")
    phone.click("#again")
    expect(phone.locator("#question")).to_have_text("Saved on this phone")
    phone.evaluate("location.hash = '#/phone'")
    expect(phone.locator("main")).to_contain_text("Everything is sent.")
    assert versions() == [1, 2]
    assert db.session.query(RadioCard.merged_uid).one()[0] is not None


def looked_at(page, state: str) -> None:
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(page, f"radio-card-{state}", full=True)


def versions() -> list[int]:
    """Of the one contact that there is."""
    db.session.rollback()  # a read that began before would not see it
    assert db.session.query(Contact).join(RadioCard, RadioCard.team_id == Contact.team_id).count() == 1
    query = db.session.query(ContactVersion.version).join(RadioCard, RadioCard.team_id == ContactVersion.team_id)
    return [version for (version,) in query.order_by(ContactVersion.id)]
