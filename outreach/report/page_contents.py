"""What stands on the one page, in the language that is set: the same words for the screen and for the typesetter.

Here belongs gathering and wording. Numbers come from ``returns.figures`` and, of what became of referrals, from
``followed``, which knows what this reader may see.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale, gettext, ngettext, pgettext

from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.returns.figures import Figures, figures_of, measure_in, months_of
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.totals import Figure
from outreach.storage.days import operational_day, window_days
from outreach.storage.queries import releases, sign_offs
from outreach.storage.queries import report as rows
from outreach.storage.tables import Operation
from outreach.storage.types import EPOCH_DAY
from outreach.vocab import Bound, ReleaseKind, SignState
from outreach.web import clock

from . import charts, followed, page_rules, sentence_rules, words

TILES = ("services", "personnel", "persons_met", "support_accepted", "persons_made_safe", "persons_charged", "charges")
ALSO = ("persons_referred", "persons_received", "persons_engaged", "kits_handed_out")
ANSWERS = ("persons_met", "support_offered", "support_accepted", "support_declined", "support_undecided")
SOFT = ("support_declined", "support_undecided")
NAMED = 8
"""Services to come that are named; the page has to stay one."""
LONG = 400
"""Letters of the sentence and of who is to come, beyond which a browser prints the page in smaller type."""
DAYS = 31
"""Columns at most; a longer window is drawn by month."""
MONTHS = 12


@dataclass(frozen=True)
class Asked:
    """Whose page it is, and of which moment (``as_of`` None: now)."""

    actor: Actor
    target: Target
    operation: Operation
    as_of: dt.datetime | None
    now: dt.datetime
    link: Mapping[str, str]


@dataclass(frozen=True)
class Contents:
    """The page. ``opens``: a sentence in place of everything else while nothing can have been recorded."""

    name: str
    status: str
    as_of: str
    provisional: bool
    opens: str
    sentences: tuple[str, ...]
    tiles: tuple[dict[str, Any], ...]
    reported: int
    expected: int | None
    coverage: str
    to_come: str
    by_day: charts.Chart
    answers: charts.Chart
    also: tuple[tuple[str, str], ...]
    counted: tuple[str, ...]
    quote: tuple[str, ...]
    rules: str
    sample: str

    @property
    def full(self) -> bool:
        """Whether it has so much to say that a browser's print needs smaller type."""
        return len(" ".join(self.sentences)) + len(self.to_come) > LONG

    @property
    def mark(self) -> str:
        """What stands across the page while it is not final."""
        return gettext("Provisional, %(coverage)s", coverage=self.coverage) if self.provisional else ""


def contents(asked: Asked) -> Contents:
    """Everything that the page says."""
    operation = asked.operation
    whole = figures_of(operation.id, asked.as_of)
    standing = list(sign_offs.standing(operation.id, asked.as_of).values())
    covers = whole.coverage
    signed = [one.state is SignState.SIGNED for one in standing]
    final = page_rules.final(operation.status, covers.reported, covers.expected, signed)
    missing = _missing(asked)
    return Contents(
        name=operation.name,
        status=pgettext("figures", "Final") if final else pgettext("figures", "Provisional"),
        as_of=moment(asked),
        provisional=not final,
        opens=_opens(asked, whole),
        sentences=sentence_rules.sentences(_facts(asked, whole, len(missing)), str(get_locale())),
        tiles=tuple(_tile(asked, whole, code) for code in TILES),
        reported=covers.reported,
        expected=covers.expected,
        coverage=words.covered(covers),
        to_come=_to_come(asked, missing),
        by_day=_by_day(asked),
        answers=_answers(whole),
        also=_also(asked),
        counted=_counted(whole),
        quote=_quote(asked, final, [one.stands for one in standing]),
        rules=_rules(asked),
        sample=gettext("Sample operation: totals as published for 2017, everything else invented")
        if operation.is_sample
        else "",
    )


def moment(asked: Asked) -> str:
    """``as of 18 October 2017, 12:10``, local."""
    zone = asked.operation.time_zone
    return gettext(
        "as of %(day)s, %(time)s",
        day=clock.long_day(clock.local(asked.now, zone)),
        time=clock.spoken_time(asked.now, zone),
    )


def _window(operation: Operation) -> tuple[dt.date | None, dt.date | None]:
    return window_days(operation.starts_at, operation.ends_at, operation.time_zone, operation.day_starts_minutes)


def _opens(asked: Asked, whole: Figures) -> str:
    """The empty page: before the window, while nothing was told."""
    first, _ = _window(asked.operation)
    if first is None or asked.operation.starts_at is None or asked.now >= asked.operation.starts_at:
        return ""
    if whole.coverage.reported or whole.one("persons_met").value:
        return ""
    return gettext("Window opens %(day)s", day=clock.long_day(first))


# Words of figures -----------------------------------------------------------------------------------------------------


def _facts(asked: Asked, whole: Figures, missing: int) -> sentence_rules.Facts:
    operation = asked.operation
    first, last = _window(operation)
    today = operational_day(asked.now, operation.time_zone, operation.day_starts_minutes)
    begun = first is not None and first <= today

    def number(code: str) -> sentence_rules.Number:
        found = whole.one(code)
        value = None if found.withheld or found.value is None else int(found.value)
        told = None if found.coverage.expected is None else (found.coverage.reported, found.coverage.expected)
        return sentence_rules.Number(value, found.bound, found.least, told)

    return sentence_rules.Facts(
        first=first,
        last=last,
        open=begun and (last is None or today < last),
        services=number("services"),
        met=number("persons_met"),
        offered=number("support_offered"),
        accepted=number("support_accepted"),
        made_safe=number("persons_made_safe"),
        charged=number("persons_charged"),
        charges=number("charges"),
        missing=missing if whole.coverage.expected is not None else None,
        told=None if whole.coverage.expected is None else (whole.coverage.reported, whole.coverage.expected),
    )


def _tile(asked: Asked, whole: Figures, code: str) -> dict[str, Any]:
    """Number, label and one line of context; ``said`` is the number in words for the typesetter."""
    figure = whole.one(code)
    names = {
        "services": gettext("services"),
        "personnel": gettext("personnel"),
        "persons_met": gettext("persons met"),
        "support_accepted": gettext("accepted support"),
        "persons_made_safe": gettext("made safe"),
        "persons_charged": gettext("people charged"),
        "charges": gettext("charges"),
    }
    contexts = {
        "services": pgettext("services", "taking part"),
        "personnel": _staff(asked) if code == "personnel" else "",
        "persons_met": gettext("each counted once"),
        "support_accepted": gettext(
            "of %(offered)s offered", offered=words.short(_but_partial(whole.one("support_offered")))
        ),
        "charges": pgettext("charges", "laid"),
    }
    known = figure.value is not None
    context = [contexts.get(code, ""), words.bound(figure) if figure.bound is Bound.PARTIAL else ""] if known else []
    bounds = {Bound.AT_LEAST: gettext("at least"), Bound.AT_MOST: "" if figure.least else gettext("at most")}
    return {
        "code": code,
        "value": figure.value,
        "least": figure.least,
        "bound": str(figure.bound),
        "label": names[code],
        "context": " · ".join(filter(None, (*context, words.rule_name(figure)))),
        "said": words.short(_plain(figure)) if known else gettext("Not known"),
        "bound_words": bounds.get(figure.bound, "") if known else "",
        "known": known,
    }


def _but_partial(figure: Figure) -> Figure:
    """The figure with a bound of its own, but for how many services told it: that stands beside it."""
    return _plain(figure) if figure.bound is Bound.PARTIAL else figure


def _plain(figure: Figure) -> Figure:
    """The figure without the words of its bound, which stand beside it."""
    bound = Bound.AT_MOST if figure.least else Bound.EXACT
    return Figure(figure.measure, figure.key, figure.value, bound, least=figure.least)


def _staff(asked: Asked) -> str:
    return words.staff_parts(figures_of(asked.operation.id, asked.as_of, ("category",)).of("personnel"))


def _missing(asked: Asked) -> list[str]:
    split = figures_of(asked.operation.id, asked.as_of, ("service",))
    names = {service: named.label for service, named in rows.service_names().items()}
    return page_rules.to_come(split.figures, names)


def _to_come(asked: Asked, missing: list[str]) -> str:
    """How many are to come; who they are stands there for the operation's coordinators alone."""
    if not missing:
        return ""
    said = ngettext("%(num)s to come; figures may rise", "%(num)s to come; figures may rise", len(missing))
    if not may(asked.actor, "close.see", asked.target):
        return said
    named = "; ".join(missing[:NAMED])
    rest = missing[NAMED:]
    if rest:
        named = ngettext("%(names)s; %(num)s more", "%(names)s; %(num)s more", len(rest), names=named)
    return gettext("%(said)s: %(names)s", said=said, names=named)


# Charts ---------------------------------------------------------------------------------------------------------------


def _by_day(asked: Asked) -> charts.Chart:
    """Persons met by the day on which each was first met; by month where there are too many days."""
    operation = asked.operation
    found = figures_of(operation.id, asked.as_of, ("day",)).of("persons_met")
    days: list[tuple[Any, int | None]] = [
        (one.key["day"], None if one.value is None else int(one.value))
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
    return gettext(
        "Between %(least)s and %(most)s persons a day", least=words.number(peak.least), most=words.number(peak.most)
    )


def _spoken(day: dt.date, short: bool = False) -> str:
    number = pgettext("day of a month", "1") if day.day == 1 else str(day.day)
    return number if short else f"{number} {format_date(day, 'MMMM', locale=get_locale())}"


def _by_month(asked: Asked) -> charts.Chart:
    """The last months; of an operation that ends, those of its window."""
    every = [one for one in months_of(asked.operation.id, ("persons_met",), asked.as_of) if len(one.name) == 7]
    first, last = _window(asked.operation)
    if first is not None and last is not None and not asked.operation.standing:
        every = [one for one in every if f"{first:%Y-%m}" <= one.name <= f"{last:%Y-%m}"]
    shown = [(one.name, one.values["persons_met"]) for one in reversed(every[:MONTHS])]
    peak = page_rules.peak(shown)
    named = [words.month_words(str(month)) for month in peak.days] if peak else []
    title = gettext("Most in %(month)s", month=named[0]) if named else gettext("Not known yet by month")
    subtitle = gettext("Persons met, by month first met")
    if not shown:
        return charts.nothing("by-day", title, gettext("There are no months to show."))
    return charts.columns(
        "by-day", title, subtitle, [charts.Row(words.short_month(name), value) for name, value in shown]
    )


def _answers(whole: Figures) -> charts.Chart:
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


# Notes ----------------------------------------------------------------------------------------------------------------


def _also(asked: Asked) -> tuple[tuple[str, str], ...]:
    """Further totals as this reader may see them; what nobody knows is left out."""
    seen = followed.seen(asked.actor, asked.target, asked.operation, asked.as_of, asked.now)
    names = {
        "persons_referred": gettext("Referred to an agency"),
        "persons_received": gettext("Picked up by an agency"),
        "persons_engaged": gettext("Work with an agency"),
        "kits_handed_out": words.label(measure_of("kits_handed_out")),
    }
    found = [(names[code], seen.one(code)) for code in ALSO]
    return tuple(
        (name, words.short(figure) if not figure.withheld else words.said(figure))
        for name, figure in found
        if figure.value is not None or figure.withheld
    )


def _counted(whole: Figures) -> tuple[str, ...]:
    lines = [
        gettext("A person met twice counts once."),
        gettext("Charged persons and charges belong to services, never to a person met."),
        gettext("Refusal is a normal answer."),
    ]
    if any(whole.one(code).bound is Bound.AT_MOST or whole.one(code).least for code in TILES):
        lines.append(gettext("At most, or a range: several services may have counted the same person."))
    return tuple(lines)


def _quote(asked: Asked, final: bool, signed: list[bool]) -> tuple[str, ...]:
    lines = [_released(asked)]
    if final:
        lines.append(gettext("Every service has signed its figures."))
    elif signed:
        lines.append(
            ngettext(
                "Figures become final when the service has signed (so far %(signed)s).",
                "Figures become final when all %(num)s services have signed (so far %(signed)s).",
                len(signed),
                signed=signed.count(True),
            )
        )
    return (*lines, gettext("Small numbers by service are withheld outside."))


def _released(asked: Asked) -> str:
    found = [
        row
        for row, _ in releases.published([asked.operation.id])
        if row.kind == ReleaseKind.RELEASE and row.published_at is not None and row.published_at <= asked.now
    ]
    if not found:
        return gettext("Not released.")
    day = clock.long_day(clock.local(found[-1].published_at, asked.operation.time_zone))
    return gettext("Release %(number)s was published on %(day)s: quote that.", number=found[-1].number, day=day)


def _rules(asked: Asked) -> str:
    """The code, the newest version among the counting rules of what is shown, and the zone of its times."""
    measures = [measure_in(asked.operation.id, code, asked.as_of) for code in TILES]
    version = max(measure.version for measure in measures)
    said = gettext("%(code)s · counting rules version %(version)s", code=asked.operation.code, version=version)
    return f"{said} · {asked.operation.time_zone}"
