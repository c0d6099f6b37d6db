"""The pivot page: what it shows, to whom, and what leaves by it."""

from __future__ import annotations

import datetime as dt
import html
import io
import re

import pytest
import time_machine
from openpyxl import load_workbook

from outreach.storage import db, writing
from outreach.storage.tables import AuditEntry, Service
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, Role
from tests import factories as site
from tests.report import factories as facts

AT = "/operations/ONS-1/pivot"


@pytest.fixture
def operation(app):
    """Two services that log contacts met one person both; a third sends daily totals."""
    operation = site.an_operation("ONS-1")
    windsor = site.a_participation(operation, site.a_service("Windsor Police"))
    other = site.a_participation(operation, site.a_service("=1+1 🙂 شرطة"))
    fox = site.a_participation(operation, site.a_service("Fox River Police"), entry_mode=EntryMode.DAILY_TOTALS)
    with writing():
        again = facts.a_person(operation)
        db.session.get(Service, windsor.service_id).region = "Essex"
    facts.a_contact(windsor, {"person": again, "age_said": "16_17"}, {"age_said": "19_24"})
    facts.a_contact(other, {"person": again}, day=1)
    facts.a_tally(fox, "persons_met", 4, 0)
    for part in (windsor, other):
        facts.a_tally(part, "contacts", 0)  # nobody on any other day
    operation.windsor = windsor.service_id
    return operation


def table_of(page) -> list[list[str]]:
    """The cells of the table as text, row by row, the head first."""
    found = re.search(r'<table[^>]*id="pivot".*?</table>', page.text, re.S)
    assert found, page.text[:2000]
    rows = re.findall(r"<tr.*?</tr>", found[0], re.S)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)] for row in rows
    ]


def test_each_cell_and_each_total_is_a_figure_of_its_own(operation, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    page = client.get(AT + "?rows=service&cols=age")
    assert page.status_code == 200
    found = {row[0]: row[1:] for row in table_of(page)}
    heads = found["Service"]
    assert found["Windsor"][heads.index("16 to 17")] == "1"
    assert found["=1+1"][heads.index("16 to 17")] == "1"
    whole = found["All, each person once"]
    assert whole[heads.index("16 to 17")].startswith("1 (2/3)")  # one person, two services; the third only tells
    assert "cells need not add up" in page.text and "Some services send daily totals" in page.text
    turned = re.search(r'href="([^"]*)">Swap rows', page.text)[1].replace("&amp;", "&")
    again = table_of(client.get(turned))
    assert [list(column) for column in zip(*again, strict=True)][1:] == [
        row for row in [["Service", *heads], *table_of(page)[1:]] if row[0] != "Service"
    ]
    assert table_of(client.get(AT + "?rows=service&cols=age&service=" + str(operation.windsor)))[1][0] == "Windsor"
    assert table_of(client.get(AT + "?rows=region&cols=&measure=contacts"))[-1] == ["In all", "2 (2/3)"]
    assert len(table_of(client.get(AT + "?measure=personnel&rows=kind&cols="))) >= 2


def test_what_cannot_be_asked_is_said_and_something_else_shown(operation, signed_in):
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    for query, words in (
        ("?measure=nothing", "a figure that there is not"),
        ("?measure=charges&rows=age", "cannot be split as the address asks"),
        ("?rows=service&cols=service", "cannot be split"),
        ("?rows=%3Cb%3E&cols=day", "cannot be split"),
        ("?service=99999&age=17", "There is nothing called"),
    ):
        page = client.get(AT + query)
        assert page.status_code == 200 and words in page.text, query
        assert table_of(page)[-1][0] == "All, each person once" or "charges" in query


def test_who_may_not_see_small_numbers_splits_by_service_and_day_alone(operation, signed_in):
    client = signed_in(site.a_user(Role.COMMANDER))
    assert table_of(client.get(AT + "?rows=day&cols=region"))[0][0] == "Day"
    for query in ("?rows=age&cols=", "?rows=service&cols=team", "?rows=place", "?rows=gender&cols="):
        refused = client.get(AT + query)
        assert refused.status_code == 403 and "would show small numbers" in refused.text, query
        assert 'id="pivot"' not in refused.text and "file?" not in refused.text
        assert client.get(AT + "/file" + query + "&form=csv").status_code == 403
        instead = html.unescape(refused.text.partition("Show instead")[0].rpartition('href="')[2].partition('"')[0])
        assert table_of(client.get(instead))[0][0] == ("Day" if query == "?rows=place" else "Service"), query
    filtered = client.get(AT + "?rows=service&cols=day&age=16_17")
    assert "You may see figures by service and by day" in filtered.text
    assert table_of(filtered) == table_of(client.get(AT + "?rows=service&cols=day"))
    assert "referrals_reached" not in filtered.text
    assert "a figure that there is not" in client.get(AT + "?measure=referrals_reached").text


def test_the_one_table_for_everybody_has_nothing_small_in_it(app, signed_in):
    operation = site.an_operation("ONS-1")
    part = site.a_participation(operation, site.a_service("Windsor Police"))
    for day in range(7):
        facts.a_contact(part, *({"gender_said": "woman_girl"} for _ in range(4)), day=day)
    facts.a_contact(part, *({"gender_said": "man_boy"} for _ in range(3)), day=2)
    query = "?rows=gender&cols="
    now = signed_in(site.a_user(Role.COMMANDER)).get(AT + query)
    assert now.status_code == 403  # others see what stood when the day began: nothing
    with time_machine.travel(utc_now() + dt.timedelta(days=2), tick=True):
        client = signed_in(site.a_user(Role.COMMANDER))
        page = client.get(AT + query)
        shown = {row[0]: row[1] for row in table_of(page)}
        assert (shown["Man or boy"], shown["All, each person once"]) == ("x, withheld", "31")
        assert "3" not in set(shown.values())
        text = client.get(AT + "/file" + query + "&form=csv").text
        assert "Man or boy,x" in text and "28" not in text
        assert client.get(AT + query + "&measure=contacts").status_code in (200, 403)
        site.an_operation("ONS-2", parent=operation)
        assert client.get(AT + query).status_code == 403  # with one within, two tables would tell a third


def test_a_file_is_what_is_seen_and_is_entered_in_the_journal(operation, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    query = "?rows=service&cols=age&measure=persons_met"
    text = client.get(AT + "/file" + query + "&form=csv")
    lines = text.data.decode("utf-8").removeprefix("\ufeff").splitlines()
    shown = table_of(client.get(AT + query))
    assert text.data.startswith(b"\xef\xbb\xbf") and len(lines) == len(shown)
    assert any(line.startswith("'=1+1") for line in lines)
    book = load_workbook(io.BytesIO(client.get(AT + "/file" + query + "&form=xlsx").data))
    sheet = book.worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]
    assert [row[0] for row in rows] == [row[0] for row in shown]
    assert "Not to be passed on." in sheet["A2"].value
    windsor = next(row for row in rows if row[0] == "Windsor")
    assert windsor[rows[0].index("16 to 17")] == 1 and all(cell.data_type != "f" for row in sheet for cell in row)
    entries = [one for one in db.session.query(AuditEntry) if one.tag == "report.pivot.export"]
    assert [(one.details["measure"], one.details["part"], one.details["how"]) for one in entries] == [
        ("persons_met", "service, age", "csv"),
        ("persons_met", "service, age", "xlsx"),
    ]
    assert client.get(AT + "/file" + query + "&form=ods").status_code == 404


def test_an_operation_without_anything_has_an_empty_table(app, signed_in):
    site.an_operation("ONS-1")
    page = signed_in(site.a_user(Role.ANALYST)).get(AT + "?rows=service&cols=")
    assert page.status_code == 200 and "Nothing to split yet" in page.text


def test_a_number_leads_to_as_many_rows(operation, signed_in):
    client = signed_in(site.a_user(Role.ANALYST))
    page = client.get(AT + "?rows=service&cols=age&place=hotel")
    links = re.findall(r'<td[^>]*class="numeric"[^>]*><a href="([^"]+)">(\d+)[ <]', page.text)
    assert len(links) > 6
    for link, number in links[:12]:
        found = client.get(link.replace("&amp;", "&"))
        assert found.status_code == 200
        listed = re.search(r'<table[^>]*id="members".*?</table>', found.text, re.S)
        assert (len(re.findall(r'<tr role="row"><th scope="row"', listed[0])) if listed else 0) == int(number), link
    by_kind = re.search(r'<table[^>]*id="pivot".*?<tfoot', client.get(AT + "?rows=kind&cols=").text, re.S)
    assert by_kind and "<a href" not in by_kind[0]
