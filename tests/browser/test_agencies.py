"""Whom to call first on a phone: the site and the phone work out the same, and the screens of a contact say it."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from outreach.plan import agency_rules as rules
from outreach.plan import agency_text_rules as text
from outreach.plan.agency_rules import Agency, Span
from outreach.vocab import AgeBand, Need

from .conftest import PHONE, Site, axe_findings, follow, picture

pytestmark = pytest.mark.browser

ZONES = ("America/Toronto", "America/Winnipeg", "America/St_Johns", "America/Vancouver", "UTC")
PLACES = ("Windsor", "Saint-Jérôme", "LaSalle", "Sault Ste. Marie")
# Around the nights on which clocks change, and any other day.
BEGIN = dt.datetime(2017, 3, 9, tzinfo=dt.UTC)

THEIRS = """async (cases) => {
  const { agenciesOf, ranked, sameClock } = await import('/static/field/agencies.js');
  return cases.map(([team, agencies, at, about, zones]) => ({
    found: ranked(agenciesOf(team, { agencies }), new Date(at), about).map(
      ({ agency, state, fits, reasons, callable }) => [agency.id, state, fits, reasons, callable]),
    same: sameClock(zones[0], zones[1], new Date(at)),
  }));
}"""


def some_agency(dice: random.Random, id: int) -> Agency:  # noqa: A002 - the field is called so
    always = dice.random() < 0.15
    number = 0 if always else dice.choice([0, 1, 3, 8])
    spans = [Span(dice.randrange(7), dice.randrange(0, 1440, 30), dice.randrange(0, 1440, 30)) for _ in range(number)]
    days = [(BEGIN + dt.timedelta(days=dice.randrange(300))).date().isoformat() for _ in range(dice.randrange(40))]
    return Agency(
        id,
        f"Agency {id}",
        zone=dice.choice(ZONES),
        always=always,
        hours=tuple(spans),
        closed_on=tuple(days),
        needs=tuple(dice.sample(Need.values(), dice.randrange(5))),
        areas=tuple(dice.sample(PLACES, dice.randrange(4))),
        languages=tuple(dice.sample(("en", "fr", "es"), dice.randrange(3))),
        age_from=dice.choice([None, None, 12, 16, 18]),
        age_to=dice.choice([None, None, 17, 24]),
        taking=dice.random() < 0.9,
        room=dice.choice([None, True, False]),
        call_order=dice.choice([1, 5, 100, 100]),
    )


def some_case(dice: random.Random) -> tuple[list[Agency], dt.datetime, dict[str, Any]]:
    near = dice.choice([dt.timedelta(days=3), dt.timedelta(days=241), dt.timedelta(days=dice.randrange(300))])
    at = BEGIN + near + dt.timedelta(minutes=dice.randrange(3 * 1440))
    about = {
        "band": dice.choice(["", *AgeBand.values()]),
        "needs": dice.sample(Need.values(), dice.randrange(3)),
        "area": dice.choice(["", "windsor", "SAINT JEROME", *PLACES]),
        "language": dice.choice(["", "", "fr"]),
    }
    return [some_agency(dice, n) for n in range(1, dice.randrange(2, 7))], at, about


def test_phone_and_site_call_the_same_agency_first_for_the_same_reasons(site: Site, chromium: Browser):
    dice = random.Random(11)
    cases = [some_case(dice) for _ in range(250)]
    pairs = [dice.sample(ZONES, 2) for _ in cases]
    sent = []
    for (agencies, at, about), zones in zip(cases, pairs, strict=True):
        facts = {str(one.id): text.carried_facts(one, at.date()) for one in agencies}
        team = {"agencies": [[one.id, one.name] for one in agencies]}
        sent.append([team, facts, at.isoformat(), about, zones])
    page = chromium.new_page()
    page.goto(site.url + "/sign-in")
    for (agencies, at, about), zones, theirs in zip(cases, pairs, page.evaluate(THEIRS, sent), strict=True):
        ours = [
            [one.agency.id, one.state, one.fits, [[code, said] for code, said in one.reasons], one.can_be_called]
            for one in rules.ranked(agencies, at, **about)
        ]
        assert theirs == {"found": ours, "same": rules.same_clock(*zones, at)}, (agencies, at, about)
    odd = [
        {"agencies": [[1, "One"]]},
        {"1": {"zone": "Mars/Olympus", "always": True}},
        BEGIN.isoformat(),
        {},
        ["UTC"] * 2,
    ]
    (found,) = page.evaluate(THEIRS, [odd])
    assert found["found"] == [[1, "not_said", True, [["hours_not_said", {}]], True]], "an old phone goes on"
    page.close()


def with_two_agencies(route: Route) -> None:
    """The pack, as if a second agency took part that is open day and night, and the first were not there."""
    pack = json.loads(route.fetch().text())
    for team in pack["teams"]:
        team["agencies"].append([9999, "Lantern House"])
    known = pack["agencies"]
    (wefight,) = (one for one in known if one != "9999")
    known[wefight] |= {"closed": [(dt.date.today() + dt.timedelta(days=n)).isoformat() for n in range(-2, 3)]}
    known["9999"] = {"zone": "America/Toronto", "always": True, "needs": ["shelter"], "from": 16, "dial": "5195550177"}
    known["9999"]["telephone"] = "519 555 0177"
    route.fulfill(json=pack)


def test_the_question_and_the_card_name_whom_to_call_and_another_one_can_be_chosen(site: Site, chromium: Browser):
    context = chromium.new_context(viewport=PHONE, locale="en-CA", service_workers="block")
    page = context.new_page()
    page.goto(site.url + "/sign-in")
    email, password = site.people["officer"]
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    follow(page, page.locator("main button[type=submit]"))
    page.route("**/field/app/pack*", with_two_agencies)
    page.goto(site.url + "/field/app")
    page.click("#log")
    for answer in ("met", "19_24", "woman_girl", "accepted"):
        page.click(f'main button[name=answer][value="{answer}"]')
    first = page.locator("main .screen__top")
    expect(first).to_contain_text("Call first: Lantern House")
    expect(first).to_contain_text("Open now, day and night")
    assert first.locator("a").get_attribute("href") == "tel:5195550177"
    picture(page, "call-first-question")
    assert axe_findings(page) == []
    for answer in ("they_call", "no"):
        page.click(f'main button[name=answer][value="{answer}"]')
    card, select = page.locator("[data-call]"), page.locator("#agency-1")
    expect(card).to_contain_text("Call first: Lantern House")
    page.click("[data-call] [data-change]")
    assert select.evaluate("s => [...s.options].map((o) => o.text.split(' · ')[0])") == ["Lantern House", "WEFiGHT"]
    page.check("input[name=needs-1][value=legal]")
    expect(card).to_contain_text("First to open: WEFiGHT")
    select.select_option(label="Lantern House · Does not offer everything that is asked")
    expect(card).to_contain_text("The referral goes to Lantern House")
    page.uncheck("input[name=needs-1][value=legal]")
    assert select.input_value() == "9999", "what she chose herself stays"
    assert axe_findings(page) == []
    picture(page, "call-first-card", full=True)
    context.close()
