"""Days as a reader of each language writes them."""

import datetime as dt

import pytest
from flask_babel import force_locale

from outreach.web import clock

FIRST, EIGHTH = dt.date(2026, 12, 1), dt.date(2026, 12, 8)


@pytest.mark.parametrize(
    ("language", "day", "span"),
    [("en", "1 December 2026", "1 to 8 December 2026"), ("fr", "1er décembre 2026", "1er au 8 décembre 2026")],
)
def test_french_writes_the_first_of_a_month_as_an_ordinal(app, language, day, span):
    with app.test_request_context("/"), force_locale(language):
        assert clock.long_day(FIRST) == day
        assert clock.long_span(FIRST, EIGHTH) == span
        assert clock.long_day(EIGHTH)[0] == "8"


@pytest.mark.parametrize("at", [dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC)])
@pytest.mark.parametrize("zone", ["America/Toronto", "Asia/Tokyo"])
def test_an_end_of_the_calendar_is_shown_as_it_is(app, at, zone):
    with app.test_request_context("/"):
        assert clock.local_text(at, zone)[-5:] == clock.hour_minute(at, zone) == clock.spoken_time(at, zone)
        assert clock.spoken_moment(at, zone) and clock.local(at, zone)


def test_an_hour_that_is_not_todays_has_its_day(app):
    now = dt.datetime(2017, 10, 12, 22, 0, tzinfo=dt.UTC)
    with app.test_request_context("/"):
        said = [clock.spoken_when(now + dt.timedelta(hours=hours), now, "America/Toronto") for hours in (4, 24)]
    assert said == ["22:00", "Fri 13 Oct, 18:00"]
