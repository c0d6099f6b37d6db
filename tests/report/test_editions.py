"""An operation beside its earlier editions: raw figures always, comparison only where definitions and scope match."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from outreach.auth.actors import SYSTEM
from outreach.report import history_commands
from outreach.report.edition_rules import place_of, printed_of, rows_shown, series_of
from outreach.report.editions import edition_of
from outreach.report.history_reading_rules import entries_of
from outreach.storage import db, writing
from outreach.storage.queries import history as rows
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import Operation
from outreach.vocab import EntryMode, OperationStatus, Role
from tests import factories as site
from tests.report import factories as facts
from tests.report.published import an_entry

RELEASES = json.loads((Path(__file__).parents[2] / "outreach" / "published_history.json").read_text())


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def section(answer: Any, caption: str) -> str:
    """The text of the table with that caption."""
    tables = re.findall(r"<table.*?</table>", answer.text, re.DOTALL)
    found = next(one for one in tables if f">{caption}</caption>" in one)
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def an_edition(code: str, year: str, before: Operation | None = None, **more: Any) -> Operation:
    operation = site.an_operation(
        code, edition=year, copied_from_id=before.id if before else None, status=OperationStatus.ACTIVE, **more
    )
    with writing():
        operation.name = f"Operation Northern Spotlight {year}, Ontario"
    return operation


@pytest.fixture
def two(app) -> Any:
    """Two editions: five services in either, four of them in both; more met in the later one."""
    services = [site.a_service(f"Police {letter}") for letter in "ABCDEF"]
    first = an_edition("ONE", "2016", days=4)
    second = an_edition("TWO", "2017", first)
    for operation, taking_part, met in ((first, services[:5], 5), (second, services[1:], 9)):
        for service in taking_part:
            part = site.a_participation(operation, service)
            facts.a_contact(part, *({"answer": "accepted"} for _ in range(met)))
            for day in range(1, operation_days(operation)):
                facts.a_tally(part, "contacts", 0, day)
        note_change_in(operation)
    return first, second


def operation_days(operation: Operation) -> int:
    assert operation.starts_at and operation.ends_at
    return (operation.ends_at - operation.starts_at).days


def note_change_in(operation: Operation) -> None:
    with writing():
        note_change(operation.id)


def test_raw_figures_stand_side_by_side_and_rates_where_definitions_match(two, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    page = client.get("/operations/TWO/editions")
    raw = section(page, "Side by side")
    assert "Figure This edition (2017) 2016" in raw and "Days 7 4" in raw and "Persons met 45 25" in raw, raw
    rates = section(page, "A service-day")
    assert "Persons met 1.29 45 in 35 service-days 1.25 25 in 20 service-days +3%" in rates, rates
    common = section(page, "Services of both editions: 4")
    assert "Persons met 36 20 4 +80%" in common, common
    assert "Persons charged Not comparable" in rates and "One of the editions does not know the figure." in rates
    facts.a_tally(site.a_participation(two[1], entry_mode=EntryMode.DAILY_TOTALS), "contacts", 30)  # of no day
    rates = section(client.get("/operations/TWO/editions"), "A service-day")
    assert re.search("Contacts Not comparable.{0,20} Part of it was told without a day.", rates), rates


def test_an_earlier_edition_that_is_not_ones_own_is_not_there(two, signed_in):
    _, second = two
    page = signed_in(site.a_user(Role.COMMANDER, operation=second)).get("/operations/TWO/editions")
    assert page.status_code == 200 and "2016" not in text_of(page)
    assert "Outreach knows of no earlier edition." in text_of(page)
    stranger = signed_in(site.a_user(Role.COMMANDER, operation=site.an_operation("ELSE")))
    assert stranger.get("/operations/TWO/editions").status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"level": "provincial"}, "The editions are of different levels."),
        ({"services_known": False}, "It is not known which services took part."),
        ({"counting": {"persons_made_safe": "strict"}}, ""),
    ],
)
def test_another_scope_or_rule_is_not_comparable_and_says_why(two, signed_in, change, words):
    first, _ = two
    with writing():
        operation = db.session.get(Operation, first.id)
        for name, value in change.items():
            setattr(operation, name, value)
        note_change(first.id)
    page = signed_in(site.a_user(Role.ANALYST)).get("/operations/TWO/editions")
    if words:
        assert words in text_of(page) and "A service-day" not in text_of(page)
    else:
        row = re.search(r"Persons made safe.*?(?=Referrals made|Persons charged)", section(page, "A service-day"))
        assert row and "It was counted by another rule." in row[0], section(page, "A service-day")


def test_a_copy_under_another_operation_lies_in_another_place(two):
    first, second = two
    above, apart = an_edition("ABOVE", "2016"), site.an_operation("APART")
    later = an_edition("ABOVE-17", "2017", above)
    for child, parent in ((first, above), (second, later)):
        with writing():
            db.session.get(Operation, child.id).parent_id = parent.id
    assert (
        edition_of(db.session.get(Operation, first.id)).above == edition_of(db.session.get(Operation, second.id)).above
    )
    with writing():
        db.session.get(Operation, second.id).parent_id = apart.id
    assert (
        edition_of(db.session.get(Operation, first.id)).above != edition_of(db.session.get(Operation, second.id)).above
    )


def test_editions_that_copy_each_other_in_a_circle_end(two):
    first, second = two
    with writing():
        db.session.get(Operation, first.id).copied_from_id = second.id
    assert [one.code for one in rows.editions_before(second.id)] == ["ONE"]


def test_printed_editions_stand_beside_with_their_words_and_are_not_compared(app, signed_in):
    ontario = site.an_operation("ONS-2017-ON", level="provincial", edition="2017")
    for code in ("ONS-2017-CA", "ONS-2017-WEC"):
        site.an_operation(code)
    with writing():
        history_commands.put_sample(SYSTEM, entries_of(RELEASES))
        history_commands.add(SYSTEM, an_entry(measure="services", word="<i>=1+1</i>", level="provincial",
                                              series="Operation Northern Spotlight", edition="2016",
                                              scope="Ontario", value=None))  # fmt: skip
    assert ontario.name == "Invented operation"
    client = signed_in(site.a_user(Role.COMMANDER, operation=ontario))
    page = client.get("/operations/ONS-2017-ON/editions")
    raw = section(page, "Side by side")
    assert "Figure This edition (2017) 2018, as printed 2017, as printed 2016, as printed" in raw
    assert "Days 7 7 7 6" in raw, raw
    assert "36 police services, services de police 40 police agencies from Ontario not published" in raw, raw
    assert "Persons made safe under 16" in raw and "<i>=1" not in page.text
    assert "no rate is made of them" in text_of(page) and "A service-day" not in page.text
    assert client.get("/operations/ONS-2017-ON/editions?place=Nowhere&with=NOBODY").status_code == 200


def test_small_numbers_of_what_became_of_referrals_stay_withheld(two, signed_in):
    with writing():
        history_commands.add(
            SYSTEM, an_entry(measure="referrals_engaged", value=4, operation="TWO", level="local", scope="Ontario")
        )
    for role, words in ((Role.COMMANDER, "not known not known 4"), (Role.ANALYST, "0 0 4")):  # outsiders: since morning
        raw = section(signed_in(site.a_user(role)).get("/operations/TWO/editions"), "Side by side")
        assert f"Referrals engaged {words} Persons arrested" in raw, raw


def test_an_operation_without_anything_says_so_and_a_rehearsal_has_no_figures(app, signed_in):
    site.an_operation("BARE", status=OperationStatus.DRAFT, starts_at=None, services_known=False)
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    page = client.get("/operations/BARE/editions")
    assert page.status_code == 200 and "Outreach knows of no earlier edition." in text_of(page)


def test_the_series_and_the_place_are_found_by_name_where_nothing_is_linked():
    assert series_of("Operation Northern Spotlight 2018, Ontario", [], ["Spotlight", "Operation Northern"]) == [
        "Spotlight", "Operation Northern"]  # fmt: skip
    assert series_of("Operation Daylight", [], ["Light"]) == [] and series_of("X", ["A"], ["X"]) == ["A"]
    known = [("provincial", "Ontario"), ("local", "Ontario East"), ("provincial", "")]
    assert place_of("Spotlight, Ontario East", "provincial", [], known) == "Ontario"
    assert place_of("Spotlight", "provincial", [("local", "A"), ("provincial", "B")], known) == "B"
    assert place_of("Spotlight", "provincial", [], known) == ""


def test_printed_editions_come_newest_first_and_a_part_is_not_the_whole():
    told = [an_entry(edition=year, scope="Ontario", level="provincial", value=value, part=part)
            for year, value, part in (("2016", 1, ""), ("2018", 2, ""), ("2018", 3, "Peel"))]  # fmt: skip
    found = printed_of(told, "provincial", "ONTARIO")
    assert [one.edition for one in found] == ["2018", "2016"]
    assert [len(one.figures["persons_met", None]) for one in found] == [1, 1]
    assert ("persons_met", None) in rows_shown([], found) and rows_shown(["charges"], [])[0] == ("charges", None)
