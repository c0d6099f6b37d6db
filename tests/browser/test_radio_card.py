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
from outreach.storage.tables import RadioCard
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
        zone = made.operation.time_zone
        yield SimpleNamespace(board=f"{site.url}/operations/CARD-1/live", row=f"#team-{made.team.uid}", zone=zone)
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
        "reach_by": chance.choice(radio_card_rules.REACHES),
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


def read_out(page, night, persons: int) -> list[str]:
    """What a phone shows for a contact of now."""
    chance = random.Random(persons)
    fields, _ = some_contact(chance, 1)
    fields |= {"result": ["met"], "persons": [str(persons)], "met_at": [utc_now().isoformat().replace("+00:00", "Z")]}
    for n in range(1, persons + 1):
        fields |= some_person(chance, n) | {f"agreed-{n}": ["record", "refer"], f"answer-{n}": ["accepted"]}
    if persons > 1:
        fields["agreed-2"] = []
    lines: list[str] = page.evaluate(CARDS, [[fields, night.zone]])[0]
    return lines


def test_a_card_is_typed_corrected_read_back_and_saved_once(open_page, night):
    page = open_page("card desk", PHONE, lang="fr", theme="night")
    lines = read_out(page, night, 2)
    page.goto(night.board)

    def looked_at(state: str) -> None:
        assert axe_findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        picture(page, f"radio-card-{state}", full=True)

    follow(page, page.locator(night.row).locator("a[href$='/card']"))
    box, send = page.locator("textarea[name=lines]"), page.locator("main form button.button--primary")
    typed = [line.lower().replace("-", " ") for line in lines]
    wrong = ("c" if typed[0][0] == "a" else "a") + typed[0][1:]
    box.fill("\n".join([wrong, *typed[1:]]))
    follow(page, send)
    expect(page.locator(".error-summary")).to_contain_text("1, grou")
    expect(page.locator(".tag--problem")).to_have_count(1)
    looked_at("wrong")
    box.fill("\n".join(typed))
    follow(page, send)
    expect(page.locator("main")).to_contain_text(lines[1][5:])
    looked_at("read")
    follow(page, send)
    expect(page.get_by_role("status").first).to_contain_text("Reçu à")
    db.session.rollback()  # a read that began before would not see it
    assert db.session.query(RadioCard).count() == 1
