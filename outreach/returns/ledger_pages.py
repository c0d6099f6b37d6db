"""What the pages of reconciliation show: lines as rows of a table, sources in words, lists of what was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import format_decimal, gettext, pgettext
from markupsafe import Markup

from outreach.rollup.measures import Measure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.reconcile import RECONCILED, Line, Said, Source
from outreach.storage.days import day_number
from outreach.storage.queries import ledger as rows
from outreach.storage.queries import report as names_of
from outreach.storage.types import EPOCH_DAY
from outreach.vocab import Basis, CellState

from . import ledger_commands as commands
from . import ledger_rules as rules
from .figures import figures_of
from .range_words import assumption
from .sign_pages import with_bound

SHOWN = ("differs", "explained", "all")


@dataclass(frozen=True)
class Book:
    """The lines of an operation and what stands beside them, read once for a page."""

    operation: Any
    lines: tuple[Line, ...]
    explained: Mapping[int, list[tuple[str, int, Mapping[str, Any]]]]
    names: Mapping[int, Any]
    codes: Mapping[int, tuple[str, str]]

    def state(self, line: Line) -> str:
        """differs, explained or ''."""
        if not line.open:
            return ""
        return "explained" if rules.explained(line, self.explained.get(line.service, ())) else "differs"

    def name(self, service: int) -> str:
        return self.names[service].name if service in self.names else str(service)

    def here(self, line: Line) -> bool:
        """Whether this very operation counts the figure."""
        return not any(one.source is Source.ELSEWHERE and one.value is None for one in line.said)


def book_of(operation: Any) -> Book:
    return Book(
        operation,
        commands.lines_of(operation),
        commands.explanations_of(operation),
        names_of.service_names(),
        names_of.operation_names(),
    )


def label(code: str) -> str:
    measure = measure_of(code)
    return gettext(measure.label, **measure.params) if measure.params else gettext(measure.label)


def day_words(day: int) -> str:
    return gettext("Whole window") if day < 0 else (EPOCH_DAY + dt.timedelta(days=day)).isoformat()


def number(value: int | None) -> str:
    return pgettext("figure", "not known") if value is None else str(format_decimal(value))


def signed(value: int) -> str:
    """``+2``, ``−3``."""
    return f"{'+' if value > 0 else '−'}{format_decimal(abs(value))}"


# Sources --------------------------------------------------------------------------------------------------------------


def source_words(one: Said, book: Book) -> str:
    """The name of a source."""
    if one.source is Source.JOINT:
        return gettext("Joint team of %(service)s", service=book.name(one.lead or 0))
    if one.source is Source.ELSEWHERE:
        code = book.codes.get(one.operation or 0, ("", ""))[0]
        return (
            gettext("Entered in %(code)s", code=code)
            if one.value is not None
            else gettext("Counted in %(code)s", code=code)
        )
    return {
        Source.RECORDS: gettext("Records"),
        Source.TOTALS: gettext("Daily totals"),
        Source.ADJUSTMENTS: gettext("Adjustments"),
        Source.SIGNED: gettext("Signed"),
    }[one.source]


def why(line: Line, book: Book) -> str:
    """Which source counts, and why."""
    if line.value is None:
        lead = line.of(Source.JOINT)
        if lead is not None:
            return gettext("Counted by %(service)s (joint team).", service=book.name(lead.lead or 0))
        elsewhere = next((one for one in line.said if one.source is Source.ELSEWHERE and one.value is None), None)
        if elsewhere is not None:
            return gettext("Counted in %(code)s.", code=book.codes.get(elsewhere.operation or 0, ("", ""))[0])
        if line.of(Source.TOTALS) is not None:
            return gettext("The service declines to report it.")
        return gettext("Nothing was heard.")
    records = line.of(Source.RECORDS)
    if records is not None and records.counts:
        words = gettext("Records count: the service logs its contacts here.")
        if measure_of(line.measure).family.whole_window:
            words = gettext("Records count wherever there are any.")
    else:
        words = gettext("Daily totals count: the service sends them.")
    return words if line.basis is not Basis.ADJUSTED else f"{words} {gettext('Adjustments are added.')}"


def cell(line: Line, source: Source, book: Book) -> Any:
    """What one source says, for a column; what counts is bold."""
    if source is Source.ELSEWHERE:
        found = [one for one in line.said if one.source in (Source.ELSEWHERE, Source.JOINT)]
        return "; ".join(
            source_words(one, book)
            + (f"{pgettext('after a name', ':')} {number(one.value)}" if one.value is not None else "")
            for one in found
        )
    one = line.of(source)
    if one is None:
        return ""
    if one.value is None:
        return gettext(CellState.DECLINED.label)
    text = signed(one.value) if source is Source.ADJUSTMENTS and one.value else number(one.value)
    if source is Source.ADJUSTMENTS and not one.counts:
        return Markup('<span class="quiet">{}</span>').format(text)
    return Markup("<b>{}</b>").format(text) if one.counts else text


COLUMNS = (Source.RECORDS, Source.TOTALS, Source.ADJUSTMENTS, Source.SIGNED, Source.ELSEWHERE)


def columns() -> list[dict[str, Any]]:
    """The columns of every table of sources."""
    titles = {
        Source.RECORDS: gettext("Records"),
        Source.TOTALS: gettext("Daily totals"),
        Source.ADJUSTMENTS: gettext("Adjustments"),
        Source.SIGNED: gettext("Signed"),
        Source.ELSEWHERE: pgettext("column", "Elsewhere"),
    }
    return [
        *({"key": one.value, "label": titles[one], "numeric": one is not Source.ELSEWHERE} for one in COLUMNS),
        {"key": "counts", "label": pgettext("column", "What counts"), "numeric": True},
        {"key": "state", "label": gettext("State")},
    ]


def row(line: Line, book: Book, **more: Any) -> dict[str, Any]:
    """One line for the table macro."""
    state = book.state(line)
    words = {"differs": gettext("Differs"), "explained": gettext("Explained"), "": ""}[state]
    return {
        **{source.value: cell(line, source, book) for source in COLUMNS},
        "counts": Markup("<b>{}</b>").format(with_bound(line.value, line.bound))
        if line.value is not None
        else number(None),
        "state": Markup('<span class="tag tag--{}">{}</span>').format(
            "overdue" if state == "differs" else "plain", words
        )
        if words
        else "",
        "needs": state == "differs",
        **more,
    }


# The operation --------------------------------------------------------------------------------------------------------


def shown_lines(book: Book, show: str, code: str) -> list[Line]:
    """Lines of one filter, worst first; all lines are those of one measure."""
    settled = [line for line in book.lines if book.state(line) == "explained"]
    if show == "all":
        kept = [line for line in book.lines if line.measure == code]
    else:
        kept = [line for line in book.lines if book.state(line) == show]
    return rules.worst_first(
        kept, {service: book.name(service) for service in {line.service for line in kept}}, settled
    )


def filter_items(book: Book, show: str, url: Any) -> list[dict[str, Any]]:
    states = [book.state(line) for line in book.lines]
    words = {
        "differs": gettext("with a difference"),
        "explained": gettext("explained"),
        "all": gettext("figures in all"),
    }
    return [
        {
            "count": len(states) if one == "all" else states.count(one),
            "label": words[one],
            "url": url(one),
            "current": one == show,
            "kind": "overdue" if one == "differs" else "",
        }
        for one in SHOWN
    ]


def ranges(operation: Any, names: Mapping[int, Any]) -> list[dict[str, Any]]:
    """Figures of persons whose overlap is not known, in words, with a service whose page declares it."""
    found = figures_of(operation.id)
    out = []
    for code in rules.SHARED:
        figure = found.one(code)
        if figure.least is not None:
            services = [one for one in figure.between if one in names]
            out.append(
                {
                    "label": label(code),
                    "words": assumption(figure, {one: named.label for one, named in names.items()}),
                    "url": url_for(
                        "returns.overlap_page",
                        code=operation.code,
                        service_id=services[0],
                        other=services[1] if len(services) > 1 else None,
                        measure=code,
                    )
                    if services
                    else "",
                }
            )
    return out


def overlaps(operation: Any, book_names: Mapping[int, Any], service: int | None = None) -> list[dict[str, Any]]:
    """Overlaps that were declared, for a table."""
    out = []
    for one in rows.overlaps(operation.id, service):
        pair = [one.row.service_id, one.row.other_service_id]
        first, second = pair if service in (None, pair[0]) else pair[::-1]
        out.append(
            {
                "service": book_names[first].name,
                "other": book_names[second].name,
                "measure": label(one.row.measure),
                "persons": number(one.row.persons),
                "how": one.row.reason or "",
                "by": one.by,
                "at": one.row.recorded_at,
                "url": url_for(
                    "returns.overlap_page",
                    code=operation.code,
                    service_id=first,
                    other=second,
                    measure=one.row.measure,
                ),
            }
        )
    return out


# One service ----------------------------------------------------------------------------------------------------------


def adjustments(operation: Any, service: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Those that stand, and those that were taken back, with who and why."""
    standing = [
        {
            "uid": one.row.uid,
            "measure": label(one.row.measure),
            "day": day_words(day_number(one.row.day)),
            "amount": signed(one.row.amount),
            "reason": one.row.reason,
            "by": one.by,
            "at": one.row.recorded_at,
        }
        for one in rows.adjustments(operation.id, service)
    ]
    ended = [
        {
            "measure": label(last.row.measure),
            "day": day_words(day_number(last.row.day)),
            "amount": signed(last.row.amount),
            "reason": last.row.reason,
            "by": last.by,
            "at": last.row.recorded_at,
            "back_reason": back.row.reason,
            "back_by": back.by,
            "back_at": back.row.recorded_at,
        }
        for last, back in rows.adjustments_ended(operation.id, service)
    ]
    return standing, ended


def explanations(book: Book, service: int) -> list[dict[str, Any]]:
    """What was explained, and whether it still holds."""
    lines = {
        (line.measure, one.day): one for line in book.lines if line.service == service for one in (line, *line.days)
    }
    out = []
    for one in rows.explanations(book.operation.id, service):
        line = lines.get((one.row.measure, day_number(one.row.day)))
        out.append(
            {
                "measure": label(one.row.measure),
                "day": day_words(day_number(one.row.day)),
                "text": one.row.reason,
                "by": one.by,
                "at": one.row.recorded_at,
                "holds": line is not None and line.open and rules.same(one.row.said, line),
                "settled": line is None or not line.open,
            }
        )
    return out


def adjustable(book: Book, service: int) -> list[Line]:
    """Figures of the service that are known and counted in this operation."""
    return [line for line in book.lines if line.service == service and line.value is not None and book.here(line)]


def measure_choices(lines: Iterable[Line]) -> list[tuple[str, str]]:
    known = {line.measure for line in lines}
    return [("", gettext("Choose a figure")), *((one.code, label(one.code)) for one in RECONCILED if one.code in known)]


def day_choices(lines: Iterable[Line]) -> list[tuple[str, str]]:
    days = sorted({day.day for line in lines for day in line.days if day.value is not None})
    return [("", gettext("Whole window")), *((day_words(day), day_words(day)) for day in days)]


def shared_measures() -> list[Measure]:
    return [measure_of(code) for code in rules.SHARED]
