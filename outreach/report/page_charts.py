"""The two charts of the one page, each with the sentence that it says: persons met by day, and what they said.

Here belong sentences and rows; numbers come from ``returns.figures``, and which days stand out from ``page_rules``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale, gettext, ngettext, pgettext

from outreach.returns.figures import Figures, figures_of, months_of
from outreach.rollup.months import as_figure
from outreach.rollup.totals import Figure
from outreach.storage.types import EPOCH_DAY
from outreach.vocab import Bound

from . import charts, page_rules, words
from .page_asked import Asked, window

ANSWERS = ("persons_met", "support_offered", "support_accepted", "support_declined", "support_undecided")
SOFT = ("support_declined", "support_undecided")
DAYS = 31
"""Columns at most; a longer window is drawn by month."""
MONTHS = 12


def by_day(asked: Asked) -> charts.Chart:
    """Persons met by the day on which each was first met; by month where there are too many days."""
    operation = asked.operation
    found = figures_of(operation.id, asked.as_of, ("day",)).of("persons_met")
    days: list[tuple[Any, int | None]] = [
        (one.key["day"], None if one.value is None or one.contradicts else int(one.value))
        for one in found
        if isinstance(one.key["day"], int) or (one.value and one.key["day"] != "undated")
    ]
    if operation.standing or len(days) > DAYS:
        return _by_month(asked)
    if not days:
        return charts.nothing("by-day", gettext("Persons met, by day first met"), gettext("There are no days to show."))
    return charts.columns(
        "by-day",
        _day_title(page_rules.peak([(day, value) for day, value in days if isinstance(day, int)])),
        gettext("Persons met, by day first met"),
        [charts.Row(_day_label(place, day), value) for place, (day, value) in enumerate(days)],
        note=charts.without_day(found),
    )


def _day_label(place: int, day: int | str) -> str:
    if isinstance(day, str):
        return words.short_day(day)
    on = EPOCH_DAY + dt.timedelta(days=day)
    return str(format_date(on, "d MMM" if not place or on.day == 1 else "d", locale=get_locale()))


def _day_title(peak: page_rules.Peak | None) -> str:
    if peak is None:
        return gettext("Not known yet by day")
    days = [EPOCH_DAY + dt.timedelta(days=day) for day in peak.days if isinstance(day, int)]
    if not days:
        return gettext("Nobody met on these days")
    if peak.known == 1:
        return ngettext(
            "%(many)s person met on %(day)s",
            "%(many)s persons met on %(day)s",
            peak.most,
            many=words.number(peak.most),
            day=_spoken(days[0]),
        )
    if len(days) == 1:
        return gettext("Busiest on %(day)s", day=_spoken(days[0]))
    if len(days) == 2:
        short = days[0].month == days[1].month
        return gettext("Busiest on %(first)s and %(second)s", first=_spoken(days[0], short), second=_spoken(days[1]))
    if peak.least == peak.most:
        return ngettext("One person each day", "%(many)s persons each day", peak.most, many=words.number(peak.most))
    return gettext(
        "Between %(least)s and %(most)s persons a day", least=words.number(peak.least), most=words.number(peak.most)
    )


def _spoken(day: dt.date, short: bool = False) -> str:
    number = pgettext("day of a month", "1") if day.day == 1 else str(day.day)
    return number if short else f"{number} {format_date(day, 'MMMM', locale=get_locale())}"


def _by_month(asked: Asked) -> charts.Chart:
    """The last months; of an operation that ends, those of its window."""
    every = [one for one in months_of(asked.operation.id, ("persons_met",), asked.as_of) if len(one.name) == 7]
    first, last = window(asked.operation)
    if first is not None and last is not None and not asked.operation.standing:
        every = [one for one in every if f"{first:%Y-%m}" <= one.name <= f"{last:%Y-%m}"]
    shown = [(one.name, one.values["persons_met"]) for one in reversed(every[:MONTHS])]
    peak = page_rules.peak(shown)
    named = [words.month_words(str(month)) for month in peak.days] if peak else []
    whole = figures_of(asked.operation.id, asked.as_of).one("persons_met")
    sure = {name: as_figure(name, value, whole) for name, value in shown}
    title = gettext("Most in %(month)s", month=named[0]) if named else gettext("Not known yet by month")
    subtitle = gettext("Persons met, by month first met")
    if not shown:
        return charts.nothing("by-day", title, gettext("There are no months to show."))
    return charts.columns(
        "by-day",
        title,
        subtitle,
        [charts.Row(words.short_month(name), value, words.said(sure[name])) for name, value in shown],
    )


def answers(whole: Figures) -> charts.Chart:
    names = {
        "persons_met": pgettext("persons", "Met"),
        "support_offered": pgettext("persons", "Offered support"),
        "support_accepted": pgettext("persons", "Accepted"),
        "support_declined": pgettext("persons", "Declined"),
        "support_undecided": pgettext("persons", "Undecided"),
    }
    return charts.bars(
        "answers",
        _offer_title(whole),
        gettext("Persons, by last answer given"),
        [
            charts.Row(names[code], _whole(whole.one(code)), words.short(whole.one(code)), soft=code in SOFT)
            for code in ANSWERS
        ],
    )


def _whole(figure: Figure) -> int | None:
    return None if figure.value is None else int(figure.value)


def _offer_title(whole: Figures) -> str:
    offered, accepted, share = (whole.one(code) for code in ("support_offered", "support_accepted", "acceptance"))
    loose = {offered.bound, accepted.bound} - {Bound.EXACT, Bound.PARTIAL} or offered.least or accepted.least
    if offered.value == 0 and offered.bound is Bound.EXACT and accepted.value is not None:
        return gettext("Nobody was offered support yet")
    # The parts of the share are of the services that know both; the two figures may be of others.
    if loose or not share.denominator or not 0 <= (share.numerator or 0) <= share.denominator:
        return gettext("Who was offered support, and what they said")
    found = page_rules.fraction(share.value, share.denominator)
    if not share.numerator:
        return gettext("Nobody took up the offer")
    if found is None:
        return gettext(
            "%(accepted)s of %(offered)s took up the offer",
            accepted=words.number(share.numerator),
            offered=words.number(share.denominator),
        )
    return {
        (1, 1): gettext("All took up the offer"),
        (9, 10): gettext("Nine in ten took up the offer"),
        (4, 5): gettext("Four in five took up the offer"),
        (3, 4): gettext("Three in four took up the offer"),
        (2, 3): gettext("Two in three took up the offer"),
        (3, 5): gettext("Three in five took up the offer"),
        (1, 2): gettext("Half took up the offer"),
        (2, 5): gettext("Two in five took up the offer"),
        (1, 3): gettext("One in three took up the offer"),
        (1, 4): gettext("One in four took up the offer"),
        (1, 5): gettext("One in five took up the offer"),
        (1, 10): gettext("One in ten took up the offer"),
        (0, 1): gettext("Nobody took up the offer"),
    }[found]
