"""The dashboard: what its tiles and charts say, to whom, under which filter, and where each number leads."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine

from outreach.storage import db
from outreach.vocab import EntryMode, OperationStatus, Role, ServiceKind
from tests import factories as site
from tests.report import factories as facts
from tests.report.followed import a_referral
from tests.report.test_views import members_listed, text_of

PAGE = "/operations/ONS-1/dashboard"


@pytest.fixture
def operation(app) -> Any:
    """Two services: Windsor logs contacts in two teams, Fox River sends totals; a last edition, three met in it."""
    before = site.an_operation("ONS-0", edition="2016", starts_at=dt.datetime(2016, 10, 11, 10, tzinfo=dt.UTC))
    part = site.a_participation(before, site.a_service("Old Mill Police"), entry_mode=EntryMode.DAILY_TOTALS)
    facts.a_tally(part, "persons_met", None)
    operation = site.an_operation("ONS-1", edition="2017", overlap_nil=True, copied_from_id=before.id)
    windsor = site.a_participation(operation, site.a_service("Windsor Police"))
    fox = site.a_participation(operation, site.a_service("Fox River Police"), entry_mode=EntryMode.DAILY_TOTALS)
    team = site.a_team(windsor, name="Alpha")
    facts.a_contact(windsor, {"answer": "accepted", "age_said": "25_34"}, {"answer": "declined"}, team_id=team.id)
    facts.a_contact(windsor, {"answer": "undecided", "age_said": "16_17"}, day=1, hour=23)
    facts.a_tally(fox, "persons_met", 4, 0)
    facts.an_accused(windsor, counts=(2, 1))
    operation.windsor, operation.fox, operation.team, operation.before = windsor.service_id, fox.service_id, team.id, part
    return operation


@pytest.fixture
def evening():
    with time_machine.travel(facts.evening(1, 23), tick=True):
        yield


def test_tiles_and_charts_say_what_is_known_and_lead_to_it(operation, signed_in, evening):
    client = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    page = client.get(PAGE)
    words = text_of(page)
    assert page.status_code == 200
    assert "7 persons met" in words and "1 accepted support" in words and "of 3 (1/2) offered" in words
    assert "Day 2: 7 persons met so far" in words
    assert "1 of 3 persons offered support accepted it" in words
    assert "Most contacts from 21:00 to 22:00: 1 of 2" in words
    assert "Most often: Luring, 3 of 3 charges" in words
    assert "No referral was made yet." in words
    assert "%" not in words  # no share of a base under twenty
    assert f'href="{PAGE}' in client.get("/operations/ONS-1").text
