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
