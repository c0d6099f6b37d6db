"""The charts of the dashboard, each with the sentence that it says: pace, steps, hours, waiting, offences.

Here belong sentences and rows. Every number comes from ``returns.figures``; how a chart is drawn is in ``charts``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext, pgettext
from markupsafe import Markup

from outreach.errors import N_
from outreach.returns import figures as made
from outreach.returns.figures import Board, Figures
from outreach.rollup.filters import told_apart
from outreach.rollup.hours import Hours
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.months import as_figure
from outreach.rollup.pace import Beside, Step, beside, last_known, steps
from outreach.rollup.splits import Offence
from outreach.rollup.totals import Figure
from outreach.rollup.waits import Waits
from outreach.storage.tables import Operation
from outreach.vocab import Bound

from . import charts, words
from .charts import Chart, Row
from .dashboard_pages import Reading

STEPS = ("persons_met", "support_offered", "support_accepted", "persons_referred", "persons_received")
"""From met to picked up by an agency; what becomes of it after that has a page of its own."""
OFFENCES = 10
"""Offences drawn; the table has them all."""
MONTHS = 12
UNKNOWN = N_("Nobody knows yet how many persons were met.")
DAY_MINUTES = 1440


def pace(reading: Reading, board: Board, before: Operation | None) -> Chart:
    """Persons met up to each day, beside the edition that this one was copied from."""
    if reading.operation.standing:
        return _months(reading)
    title = gettext("Persons met so far")
    figures = reading.figures(("day",)).of("persons_met")
    now = steps(figures, board.days, board.today)
    if last_known(now) is None:
        return charts.nothing("pace", title, gettext(UNKNOWN))
    earlier = _earlier(before) if before is not None else ()
    series = [(gettext("This edition"), _pairs(now), False)]
    name = "" if before is None else words.apart(before.edition or before.name)
    if earlier:
        series.append((name, _pairs(earlier), True))
    length = max(len(now), len(earlier))
    ticks = [(number, gettext("Day %(number)s", number=number)) for number in range(1, length + 1)]
    return charts.lines(
        "pace",
        _pace_title(now, earlier, name),
        gettext("Persons met up to each day of the window, each person counted once"),
        series,
        ticks,
        url=reading.url("persons_met"),
        twin=_pace_twin(reading, now, earlier, name),
        description=_pace_said(now, earlier, name),
        note=" ".join(filter(None, (charts.without_day(figures), _pace_note(now, before, len(series) > 1)))),
    )


def _earlier(before: Operation) -> tuple[Step, ...]:
    """The steps of an earlier edition; none where nothing is known of it."""
    found = made.figures_of(before.id, None, ("day",)).of("persons_met")
    board = made.board_of(before.id)
    made_of = steps(found, board.days, board.today)
    return made_of if last_known(made_of) is not None else ()


def _pairs(found: Sequence[Step]) -> list[tuple[int, int]]:
    return [(step.number, step.value) for step in found if step.value is not None]


def _pace_title(now: Sequence[Step], earlier: Sequence[Step], name: str) -> str:
    last, both = last_known(now), beside(now, earlier)
    if last is None:
        return ""
    said = _pace_finding(now, last, both, name)
    return _partly(said) if (last.open if both is None else both.open) else said


def _pace_finding(now: Sequence[Step], last: Step, both: Beside | None, name: str) -> str:
    if both is None:
        return ngettext(
            "Day %(day)s of %(days)s: %(many)s person met",
            "Day %(day)s of %(days)s: %(many)s persons met",
            last.value or 0,
            many=words.number(last.value or 0),
            day=last.number,
            days=len(now),
        )
    told = {"day": both.number, "met": words.number(both.value), "edition": name}
    if not both.more:
        return gettext("Day %(day)s: %(met)s met, as many as in %(edition)s", **told)
    if both.more > 0:
        return ngettext(
            "Day %(day)s: %(met)s met, %(many)s more than in %(edition)s",
            "Day %(day)s: %(met)s met, %(many)s more than in %(edition)s",
            both.apart,
            many=words.number(both.apart),
            **told,
        )
    return ngettext(
        "Day %(day)s: %(met)s met, %(many)s fewer than in %(edition)s",
        "Day %(day)s: %(met)s met, %(many)s fewer than in %(edition)s",
        both.apart,
        many=words.number(both.apart),
        **told,
    )


def _pace_twin(reading: Reading, now: Sequence[Step], earlier: Sequence[Step], name: str) -> charts.Twin:
    known = {step.number: step.value for step in earlier}
    head = [gettext("Day"), gettext("Date"), gettext("This edition"), *([name] if known else [])]
    rows = []
    for step in now:
        other = [_cell(known.get(step.number))] if known else []
        rows.append((str(step.number), words.day_words(step.day), _cell(step.value), *other))
    for step in earlier[len(now) :]:
        rows.append((str(step.number), "…", "…", _cell(step.value)))
    return charts.Twin(tuple(head), tuple(rows))


def _cell(value: int | None) -> Any:
    return "…" if value is None else value


def _pace_said(now: Sequence[Step], earlier: Sequence[Step], name: str) -> str:
    said = [
        (gettext("Day %(number)s", number=step.number), words.number(step.value))
        for step in now
        if step.value is not None
    ]
    text = charts.spoken(said)
    if last := last_known(earlier):
        text += ". " + gettext(
            "%(edition)s had %(met)s at the end of day %(day)s.",
            edition=name,
            met=words.number(last.value),
            day=last.number,
        )
    return text


def _pace_note(now: Sequence[Step], before: Operation | None, drawn: bool) -> str:
    told = []
    if any(step.most for step in now):
        told.append(gettext("Upper ends: nobody knows how many persons several services met."))
    if any(step.wrong for step in now):
        told.append(gettext("Some days do not add up: adjustments take away more than is counted."))
    if drawn:
        told.append(gettext("Raw figures: services and days of the two editions may differ."))
    elif before is not None:
        told.append(gettext("Nothing is known of the edition before."))
    return " ".join(told)


def _months(reading: Reading) -> Chart:
    """A standing unit has no days to count from: its last twelve months."""
    found = made.months_of(reading.operation.id, ("persons_met",), reading.as_of, **reading.narrowed)
    shown = [month for month in found if len(month.name) == 7][:MONTHS][::-1]
    if not shown:
        return charts.nothing("pace", gettext("Persons met by month"), gettext("Nothing is recorded yet."))
    whole = reading.figures(()).one("persons_met")
    figures = {m.name: as_figure(m.name, m.values.get("persons_met"), whole) for m in shown}
    named = [(words.month_words(m.name), m.values.get("persons_met"), m.name) for m in shown]
    most = max(named, key=lambda month: month[1] or 0)
    title = gettext("Most persons met in %(month)s: %(met)s", month=most[0], met=words.number(most[1]))
    title = _as_known(title, whole)
    if (most[1] or 0) <= 0:
        known = all(met is not None for _, met, _ in named)
        title = _as_known(gettext("Nobody was met in these months"), whole)
        title = title if known else gettext("Not known yet by month")
        title = gettext("Persons met by month") if any((met or 0) < 0 for _, met, _ in named) else title
    twin = charts.Twin(
        (gettext("Month"), gettext("Persons met")),
        tuple((_linked(reading, name, code), words.short(figures[code])) for name, _, code in reversed(named)),
    )
    return charts.columns(
        "pace",
        title,
        gettext("Persons met by month of the first meeting"),
        [Row(words.short_month(code), met, _said(figures[code])) for _, met, code in named],
        twin=twin,
        url=reading.url("persons_met"),
    )


def _linked(reading: Reading, name: str, month: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(reading.url("persons_met", day=month), name)


def funnel(reading: Reading, whole: Figures) -> Chart:
    """Where help is lost: persons met, offered, accepted, referred, picked up by an agency."""
    found, title = [whole.one(code) for code in STEPS], gettext("From met to an agency")
    subtitle = gettext("Persons with at least one, from met to picked up by an agency")
    if not any(figure.value for figure in found):
        known = found[0].value is not None
        said = gettext("Nobody was met yet, as far as is known.") if known else gettext(UNKNOWN)
        return charts.nothing("steps", title, said)
    rows = []
    for figure in found:
        meant = measure_of(figure.measure)
        if not told_apart(meant, reading.only):
            continue
        rows.append(
            Row(words.label(meant), None if figure.value is None else int(figure.value), _said(figure),
                reading.url(figure.measure), words.definition(meant), drawn=words.short(figure))
        )  # fmt: skip
    # Of the services that know both: those of two figures may be others.
    both, ranged = whole.one("acceptance"), whole.one("support_offered").least or whole.one("support_accepted").least
    if both.denominator and 0 <= (both.numerator or 0) <= both.denominator and not ranged:
        title = ngettext(
            "%(accepted)s of %(many)s person offered support accepted it",
            "%(accepted)s of %(many)s persons offered support accepted it",
            both.denominator,
            many=words.number(both.denominator),
            accepted=words.number(both.numerator),
        )
        if not both.numerator:
            title = ngettext(
                "The only person offered support did not accept it",
                "None of %(many)s persons offered support accepted it",
                both.denominator,
                many=words.number(both.denominator),
            )
        title = _as_known(title, both)
    return charts.bars("steps", title, subtitle, rows)


def _as_known(title: str, figure: Figure) -> str:
    """The title, with a word that it is not of everything where the figure is not."""
    return title if figure.bound == Bound.EXACT else _partly(title)


def _partly(title: str) -> str:
    return gettext("%(finding)s, as far as is known", finding=title)


def _said(figure: Figure) -> str:
    """What stands at the bar where the number alone would say too much."""
    return "" if figure.bound == Bound.EXACT else words.said(figure)


def hours(reading: Reading, found: Hours) -> Chart:
    """When persons are met, for tomorrow's teams."""
    title = gettext("Contacts by hour")
    if not told_apart(measure_of("contacts"), reading.only):
        return charts.nothing("hours", title, gettext("Contacts are not told apart by this filter."))
    if found.busiest is None:
        return charts.nothing("hours", title, gettext("No contact was logged with its hour yet."))
    most = found.by_hour[found.busiest]
    title = gettext(
        "Most contacts from %(from)s to %(to)s: %(most)s of %(all)s",
        **{"from": _hour(found.busiest), "to": _hour((found.busiest + 1) % 24)},
        most=words.number(most),
        all=words.number(found.logged),
    )
    title = title if found.whole else _partly(title)
    rows = [Row(_span_of(hour), found.by_hour.get(hour, 0)) for hour in found.hours]
    twin = charts.Twin(
        (gettext("Evening"), *(_span_of(hour) for hour in found.hours), gettext("In all")),
        tuple(
            (words.day_words(day), *(found.counts.get((day, hour), 0) for hour in found.hours), found.by_day[day])
            for day in found.days
        ),
    )
    note = ""
    if found.of is None:
        note = gettext("Only contacts that were logged here have an hour.")
    elif found.of != found.logged:
        note = ngettext(
            "%(logged)s of %(all)s contacts was logged with its hour; the others were told as totals.",
            "%(logged)s of %(all)s contacts were logged with their hour; the others were told as totals.",
            found.logged,
            logged=words.number(found.logged),
            all=words.number(found.of),
        )
    subtitle = gettext("Contacts by hour of the clock, all evenings; the table has each evening")
    return charts.columns("hours", title, subtitle, rows, twin=twin, note=note, url=reading.url("contacts"))


def _hour(hour: int) -> str:
    return gettext("%(hour)s:%(minute)s", hour=f"{hour:02d}", minute="00")


def _span_of(hour: int) -> str:
    return f"{hour:02d}–{(hour + 1) % 24:02d}"


def edges(operation: Operation) -> tuple[int, int, int]:
    """Ends of the spans of waiting: the limits of the operation, and three days (or three times the limit)."""
    first, second = sorted((operation.urgent_limit_minutes, operation.limit_minutes))
    return first, second, max(3 * DAY_MINUTES, 3 * second)


def waiting(reading: Reading, found: Waits, median: Figure) -> Chart:
    """Who waits: referrals by how long they waited for an agency, or have been waiting."""
    url = url_for("report.support", code=reading.operation.code, **reading.link)
    title = gettext("How long referrals wait")
    if found.withheld:
        return charts.nothing("waits", title, gettext("Withheld: some of the numbers are small."), url)
    if not found.made:
        return charts.nothing("waits", title, gettext("No referral was made yet."), url)
    if not found.still:
        title = gettext("No referral is waiting")
    elif found.over:
        title = ngettext(
            "%(many)s referral has waited longer than %(limit)s",
            "%(many)s referrals have waited longer than %(limit)s",
            found.over,
            many=words.number(found.over),
            limit=_span(found.edges[1]),
        )
    else:
        title = ngettext(
            "%(many)s referral waits, not longer than %(limit)s",
            "%(many)s referrals wait, none longer than %(limit)s",
            found.still,
            many=words.number(found.still),
            limit=_span(found.edges[1]),
        )
    spans = _spans(found.edges)
    still, picked = gettext("Still waiting"), gettext("Picked up")
    rows = [Row(name, number, heading=still) for name, number in zip(spans, found.waiting, strict=True)]
    rows += [Row(name, number, soft=True, heading=picked) for name, number in zip(spans, found.picked_up, strict=True)]
    twin = charts.Twin(
        (gettext("How long"), still, picked),
        tuple(zip(spans, found.waiting, found.picked_up, strict=True)),
    )
    note = ""
    if median.value is not None and not median.withheld:
        note = gettext("Half of those picked up waited no longer than %(hours)s.", hours=words.value(median))
        if 0 <= median.value < 1:
            note = gettext("Half of those picked up waited less than one hour.")
    subtitle = gettext("Referrals made by police, by how long they waited for an agency")
    return charts.bars("waits", title, subtitle, rows, twin=twin, note=note, url=url, beside=True)


def _spans(limits: Sequence[int]) -> list[str]:
    first, second, third = limits
    return [
        gettext("under %(limit)s", limit=_span(first)),
        gettext("%(limit)s to %(next)s", limit=_span(first), next=_span(second)),
        gettext("%(limit)s to %(next)s", limit=_span(second), next=_span(third)),
        gettext("longer than %(limit)s", limit=_span(third)),
    ]


def _span(minutes: int) -> str:
    if minutes % DAY_MINUTES == 0 and minutes > DAY_MINUTES:
        return ngettext("%(num)s day", "%(num)s days", minutes // DAY_MINUTES)
    if minutes % 60 == 0:
        return gettext("%(hours)s h", hours=minutes // 60)
    return gettext("%(minutes)s min", minutes=minutes)


def offences(
    reading: Reading, found: Sequence[Offence], titles: Mapping[str, str], charges: Figure, adjusted: int = 0
) -> Chart:
    """What police did: charges by offence, most first. ``adjusted``: what adjustments add, without an offence."""
    title = gettext("Charges by offence")
    if not told_apart(measure_of("charges"), reading.only):
        return charts.nothing("offences", title, gettext("Charges are not told apart by this filter."))
    if charges.contradicts:
        return charts.nothing("offences", title, words.said(charges))
    if not found or not charges.value:
        unknown = gettext("Nobody knows yet which charges were laid.")
        empty = gettext("No charge is laid.") if charges.value == 0 else unknown
        return charts.nothing("offences", title, empty)
    named, meaning = [(_offence(one, titles), one) for one in found], words.definition(measure_of("charges"))
    first = next((pair for pair in named if not pair[1].told), None)
    if first is not None:
        title = ngettext(
            "Most often: %(offence)s, %(first)s of %(many)s charge",
            "Most often: %(offence)s, %(first)s of %(many)s charges",
            int(charges.value),
            many=words.number(int(charges.value)),
            offence=first[0],
            first=words.number(first[1].charges),
        )
        title = _as_known(title, charges)
    url = reading.url("charges")
    rows = [Row(name, one.charges, "", url, meaning, soft=one.told) for name, one in named[:OFFENCES]]
    lines = [(name, "…" if one.persons is None else one.persons, one.charges) for name, one in named]
    if adjusted:
        lines.append((gettext("Adjusted, without an offence"), "…", adjusted))
    twin = charts.Twin((gettext("Offence"), pgettext("column", "Persons"), gettext("Charges")), tuple(lines))
    note = gettext("A person charged with several offences stands in each of them.")
    if len(named) > OFFENCES:
        note = gettext("The %(num)s most frequent; the table has all.", num=OFFENCES) + " " + note
    subtitle = gettext("Charges laid, by offence")
    return charts.bars("offences", title, subtitle, rows, twin=twin, note=note)


def _offence(one: Offence, titles: Mapping[str, str]) -> str:
    if one.told:
        return gettext("Told without an offence")
    return titles.get(one.code) or one.label or one.code or gettext("Other offences, written by hand")
