"""Tables of figures and the lists of rows behind them, ready for the table macro.

Here belongs which columns a reader sees of each kind of row: never a code, a note, a place or a time to the minute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, pgettext
from markupsafe import Markup, escape

from outreach.returns import ledger_pages as pages
from outreach.returns.figures import Figures, figures_for, months_of
from outreach.rollup.filters import Filter
from outreach.rollup.measures import Measure
from outreach.rollup.months import MONTH, as_figure
from outreach.rollup.totals import Figure
from outreach.storage.days import day_number
from outreach.storage.queries import ledger
from outreach.storage.queries.report import Named
from outreach.storage.tables import Operation
from outreach.vocab import (
    AgeBand,
    ChargeStatus,
    ContactResult,
    Gender,
    PlaceKind,
    ServiceKind,
    StaffCategory,
    SupportAnswer,
    Vocabulary,
)
from outreach.web import clock

from . import rules, words

STATES = ("number", "zero", "silent", "overdue", "declined", "later", "not_a_day", "elsewhere")
"""States of a cell in the order of the legend."""

Links = Callable[..., str]
Services = Mapping[int, Named]
HOURS_TOGETHER = 3


# Tables of figures ----------------------------------------------------------------------------------------------------


def states_in(grid: list[dict[str, Any]]) -> list[str]:
    """States that occur in the grid, in the order of the legend."""
    found = {cell["state"] for row in grid for cell in row["cells"]}
    return [state for state in STATES if state in found]


def across(
    whole: Figures, split: Figures, by: str, measures: list[Measure], services: Services, link: Links
) -> dict[str, Any]:
    """One row a service or day, one column a measure, and the whole below: each person counted once."""
    head = gettext("Service") if by == "service" else gettext("Day")
    columns = [{"key": "name", "label": head, "head": True}]
    columns += [
        {"key": measure.code, "label": words.label(measure), "numeric": True}
        for measure in measures
        if by == "service" or measure.by_day
    ]
    made: dict[Any, dict[str, Any]] = {}
    codes = {column["key"] for column in columns}
    for figure in split.figures:
        if figure.measure in codes:
            key = figure.key[by]
            row = made.setdefault(key, {"name": _name(key, by, services)})
            row[figure.measure] = _linked(
                figure, link(figure.measure, **{by: rules.day_text(key) if by == "day" else key})
            )
    found = list(made.values())
    if by == "service":
        found.sort(key=lambda row: str(row["name"]).casefold())
    foot = {"name": gettext("Operation, each person counted once")} | {
        code: words.short(whole.one(code)) for code in codes if code != "name"
    }
    return {"columns": columns, "rows": found, "foot": foot}


def _name(key: int | str, by: str, services: Services) -> str:
    if by == "day":
        return words.day_words(key)
    return services[int(key)].name if key in services else str(key)


def _linked(figure: Figure, url: str) -> Any:
    if figure.value is None and not figure.coverage.expected:
        return Markup('<span class="quiet">…</span>')  # it does not owe this
    if figure.value is None:
        return Markup('<span class="quiet">{}</span>').format(words.said(figure))
    return Markup('<a href="{}">{}</a>').format(url, words.short(figure))


def sources(figures: Iterable[Figure], services: Services, link: Links, measure: Measure) -> list[dict[str, Any]]:
    """Where a figure comes from, service by service; services that neither owe nor have it are left out."""
    found = []
    for figure in figures:
        service = figure.key["service"]
        if figure.value is None and not figure.coverage.expected:
            continue
        name = services[int(service)].name if service in services else str(service)
        found.append(
            {
                "name": Markup('<a href="{}">{}</a>').format(link(measure.code, service=service), name),
                "sort": name,
                "value": words.said(figure),
                "basis": words.source(figure),
                "needs": figure.value is None,
            }
        )
    return sorted(found, key=lambda row: (not row["needs"], str(row["sort"]).casefold()))


def adjusted(
    operation: Operation, measure: Measure, services: Services, sees: Callable[[int], bool]
) -> list[dict[str, Any]]:
    """Adjustments of the measure that stand in the operation, with reasons, of services that the reader may see."""
    return [
        {
            "name": services[one.row.service_id].name,
            "day": pages.day_words(day_number(one.row.day)),
            "amount": pages.signed(one.row.amount),
            "reason": one.row.reason,
            "by": f"{one.by}, {clock.local_text(one.row.recorded_at, operation.time_zone)}",
        }
        for one in ledger.adjustments(operation.id)
        if one.row.measure == measure.base and sees(one.row.service_id)
    ]


def picked(
    operation_id: int,
    measure: Measure,
    as_of: dt.datetime | None,
    service: int | None,
    day: int | str | None,
    only: Filter | None = None,
) -> Figure:
    """The figure of the service and day (or month) of the address."""
    if isinstance(day, str) and MONTH.fullmatch(day):
        found = months_of(operation_id, (measure.code,), as_of, service, only)
        value = next((month.values.get(measure.code) for month in found if month.name == day), None)
        by = () if service is None else ("service",)
        whole = figures_for(operation_id, measure.code, as_of, by, only).one(
            measure.code, **({} if service is None else {"service": service})
        )
        return as_figure(day, value, whole)
    by = tuple(name for name, value in (("service", service), ("day", day)) if value is not None)
    key = {name: value for name, value in (("service", service), ("day", day)) if value is not None}
    return figures_for(operation_id, measure.code, as_of, by, only).one(measure.code, **key)


# Rows -----------------------------------------------------------------------------------------------------------------


def rows_table(
    measure: Measure, rows: Any, before: int, services: Services, offences: Mapping[str, str], zone: str
) -> dict[str, Any]:
    """Columns and rows of one page of members; ``before`` rows stand on the pages before it."""
    columns, make = _KINDS[measure.frame]
    listed = []
    for place, row in enumerate(rows.to_dict("records"), start=before + 1):
        shown = make(row, offences, zone)
        service = row["service"]
        shown |= {
            "no": place,
            "service": services[service].name if service in services else "",
            "day": "" if row["counted_day"] < 0 else words.day_words(int(row["counted_day"])),
        }
        listed.append(shown)
    labels = _labels()
    plain = [{"key": "no", "label": pgettext("column", "No."), "head": True, "numeric": True}]
    plain += [
        {"key": key, "label": labels[key], "numeric": key in ("kits", "count", "meetings")}
        for key in ("day", "service", *columns)
        if key != "day" or measure.by_day
    ]
    return {"columns": plain, "rows": listed}


def _labels() -> dict[str, str]:
    return {
        "day": gettext("Day"),
        "service": gettext("Service"),
        "hours": gettext("Hours"),
        "age": gettext("Age"),
        "gender": gettext("Gender"),
        "support": pgettext("column", "Support"),
        "made_safe": gettext("Made safe"),
        "meetings": pgettext("column", "Meetings"),
        "place": gettext("Kind of place"),
        "result": pgettext("contact", "Result"),
        "kits": gettext("Kits"),
        "agency": gettext("Agency"),
        "steps": gettext("Steps"),
        "arrested": gettext("Arrested"),
        "offence": gettext("Offence"),
        "count": gettext("Counts"),
        "status": gettext("Status"),
        "category": pgettext("column", "Category"),
        "kind": gettext("Kind"),
    }


def _of(vocabulary: type[Vocabulary], value: Any) -> str:
    return gettext(vocabulary(value).label) if value in vocabulary.values() else ""


def _yes(value: bool) -> str:
    return pgettext("cell", "yes") if value else ""


def _hours(at: int, zone: str) -> str:
    hour = dt.datetime.fromtimestamp(at, ZoneInfo(zone)).hour // HOURS_TOGETHER * HOURS_TOGETHER
    return f"{hour:02d}–{hour + HOURS_TOGETHER:02d}"


def _meeting(row: dict[str, Any], _offences: Mapping[str, str], zone: str) -> dict[str, Any]:
    age = _of(AgeBand, row["age"])
    return {
        "hours": _hours(row["at"], zone),
        "gender": _of(Gender, row["gender"]),
        "place": _of(PlaceKind, row["place_kind"]),
        "age": gettext("%(age)s, statements differ", age=age) if row["conflict"] else age,
        "support": _of(SupportAnswer, row["support"]),
        "made_safe": _yes(row["made_safe"]),
        "meetings": row["meetings"],
    }


def _contact(row: dict[str, Any], _offences: Mapping[str, str], zone: str) -> dict[str, Any]:
    return {"hours": _hours(row["at"], zone), "result": _of(ContactResult, row["result"]), "kits": row["kits"]}


def _referral(row: dict[str, Any], _offences: Mapping[str, str], _zone: str) -> dict[str, Any]:
    # What follows is between the person and the agency: no reader of rows learns it of one referral.
    steps = {"made": pgettext("referral", "made"), "received": pgettext("referral", "received")}
    return {"steps": ", ".join(name for step, name in steps.items() if row[step])}


def _nothing_more(_row: dict[str, Any], _offences: Mapping[str, str], _zone: str) -> dict[str, Any]:
    return {}


def _accused(row: dict[str, Any], _offences: Mapping[str, str], _zone: str) -> dict[str, Any]:
    return {"arrested": _yes(row["arrested"])}


def _charge(row: dict[str, Any], offences: Mapping[str, str], _zone: str) -> dict[str, Any]:
    return {
        "offence": escape(offences.get(row["offence"]) or row["label"] or row["offence"]),
        "count": row["count"],
        "status": _of(ChargeStatus, row["status"]),
    }


def _staff(row: dict[str, Any], _offences: Mapping[str, str], _zone: str) -> dict[str, Any]:
    return {"category": _of(StaffCategory, row["category"])}


def _part(row: dict[str, Any], _offences: Mapping[str, str], _zone: str) -> dict[str, Any]:
    return {"kind": _of(ServiceKind, row["kind"])}


_KINDS: dict[str, tuple[tuple[str, ...], Callable[..., dict[str, Any]]]] = {
    "meetings": (("hours", "age", "gender", "support", "made_safe", "place", "meetings"), _meeting),
    "contacts": (("hours", "result", "kits"), _contact),
    "referrals": (("steps",), _referral),
    "direct": ((), _nothing_more),
    "outcomes": ((), _nothing_more),
    "accused": (("arrested",), _accused),
    "charges": (("offence", "count", "status"), _charge),
    "deployed": (("category",), _staff),
    "participations": (("kind",), _part),
}
