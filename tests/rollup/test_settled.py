"""Until when figures stand that nobody changes, also in the nights in which clocks are changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
import time_machine

from outreach.returns.figures import board_of
from outreach.rollup.settled import next_moment
from outreach.storage import db, writing
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import Operation
from tests import factories as site
from tests.rollup.small import DAY, Small


@pytest.mark.parametrize(
    ("hours", "next_hours"),
    [(0, 12), (12, 23), (22.9, 23), (23, 23.25), (23.5, 23.75), (24, 24.25), (24.9, 25), (25.5, 25.75)],
)
def test_the_next_moment_lies_ahead_however_long_the_day_is(hours: float, next_hours: float) -> None:
    small = Small(now=200 * DAY).facts()
    assert (
        next_moment(replace(small, now=200 * DAY + int(hours * 3600), remembered={})) == 200 * DAY + next_hours * 3600
    )


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        ("America/Toronto", dt.datetime(2017, 11, 4, 10, tzinfo=dt.UTC)),  # 25 hours
        ("America/St_Johns", dt.datetime(2018, 3, 10, 9, 30, tzinfo=dt.UTC)),  # 23 hours
        ("Australia/Lord_Howe", dt.datetime(2017, 3, 31, 19, tzinfo=dt.UTC)),  # 24 hours and a half
    ],
)
def test_the_night_in_which_clocks_change_has_figures_in_every_half_hour_and_the_day_of_its_clock(app, zone, night):
    operation = site.an_operation("NIGHT", starts_at=night, days=2)
    with writing():
        db.session.get_one(Operation, operation.id).time_zone = zone
        note_change(operation.id)
    site.a_participation(operation)
    for minutes in range(22 * 60, 27 * 60, 30):
        now = night + dt.timedelta(minutes=minutes)
        with time_machine.travel(now, tick=False):
            found = board_of(operation.id)
        evening = (now.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - dt.timedelta(hours=6)).date()
        assert dt.date(1970, 1, 1) + dt.timedelta(days=found.today) == evening, now
