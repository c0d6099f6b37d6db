"""What stands on the one page, in the language that is set: the same words for the screen and for the typesetter.

Here belongs gathering and wording. Numbers come from ``returns.figures`` and, of what became of referrals, from
``followed``, which knows what this reader may see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import get_locale, gettext, ngettext, pgettext

from outreach.auth.permissions import may
from outreach.returns.figures import Figures, figures_of
from outreach.rollup.totals import Figure
from outreach.storage.days import operational_day
from outreach.storage.queries import report as rows
from outreach.storage.queries import sign_offs
from outreach.vocab import Bound, SignState
from outreach.web import clock

from . import charts, page_charts, page_notes, page_rules, sentence_rules, tile_words, words
from .page_asked import Asked, moment, window

NAMED = 8
"""Services to come that are named; the page has to stay one."""
LONG = 400
"""Letters of the sentence and of who is to come, beyond which a browser prints the page in smaller type."""


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
        if not self.provisional:
            return ""
        return gettext("Provisional, %(coverage)s", coverage=self.coverage) if self.expected else self.status


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
        tiles=tuple(_tile(asked, whole, code) for code in tile_words.TILES),
        reported=covers.reported,
        expected=covers.expected,
        coverage=words.covered(covers),
        to_come=_to_come(asked, missing),
        by_day=page_charts.by_day(asked),
        answers=page_charts.answers(whole),
        also=page_notes.also(asked),
        counted=page_notes.counted(whole),
        quote=page_notes.quote(asked, final, [one.stands for one in standing]),
        rules=page_notes.rules(asked),
        sample=gettext("Sample operation: totals as published for 2017, everything else invented")
        if operation.is_sample
        else "",
    )


def _opens(asked: Asked, whole: Figures) -> str:
    """The empty page: before the window, while nothing was told."""
    first, _ = window(asked.operation)
    if first is None or asked.operation.starts_at is None or asked.now >= asked.operation.starts_at:
        return ""
    if whole.coverage.reported or whole.one("persons_met").value:
        return ""
    return gettext("Window opens %(day)s", day=clock.long_day(first))


# Words of figures -----------------------------------------------------------------------------------------------------


def _facts(asked: Asked, whole: Figures, missing: int) -> sentence_rules.Facts:
    operation = asked.operation
    first, last = window(operation)
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
    figure, offered = whole.one(code), whole.one("support_offered")
    contexts = {
        "services": tile_words.taking_part(figure) if code == "services" else "",
        "personnel": _staff(asked) if code == "personnel" else "",
        "persons_met": gettext("each counted once"),
        "support_accepted": tile_words.of_offered(offered, words.short(_but_partial(offered))),
        "charges": tile_words.laid(figure) if code == "charges" else "",
    }
    known = figure.value is not None and not figure.contradicts
    context = [contexts.get(code, ""), words.bound(figure) if figure.bound is Bound.PARTIAL else ""] if known else []
    bounds = {Bound.AT_LEAST: gettext("at least"), Bound.AT_MOST: "" if figure.least else gettext("at most")}
    return {
        "code": code,
        "value": figure.value if known else None,
        "least": figure.least,
        "bound": str(figure.bound),
        "label": tile_words.name(figure),
        "context": " · ".join(filter(None, (*context, words.rule_name(figure)))),
        "said": gettext("Not known") if figure.value is None else words.short(_plain(figure)),
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
    named = "; ".join(map(words.apart, missing[:NAMED]))
    rest = missing[NAMED:]
    if rest:
        named = ngettext("%(names)s; %(num)s more", "%(names)s; %(num)s more", len(rest), names=named)
    return gettext("%(said)s: %(names)s", said=said, names=named)
