"""An agency's own figures, for its liaisons and its lead: guard, load, ask, render."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_babel import format_decimal, gettext, pgettext

from outreach.auth.actors import Target
from outreach.errors import NotFound
from outreach.rollup import agency as rollup
from outreach.storage import frames
from outreach.storage.queries import agencies, lists
from outreach.storage.types import utc_now
from outreach.vocab import FOLLOW_UP_DAYS
from outreach.web import page
from outreach.web.guard import guard

from . import words
from .views import bp


def own_agency(agency_id: int) -> tuple[Target, dict[str, Any]]:
    """A support agency; to anybody but its own people its figures do not exist."""
    found = agencies.agency(agency_id)
    if found is None:
        raise NotFound()
    return Target(agency=agency_id), {"service": found[0]}


@bp.get("/agencies/<int:agency_id>/figures")
@guard("agency.figures", load=own_agency)
def agency_figures(service: Any) -> Any:
    """Referrals that came, what followed, how long they waited, in all and by month; outcomes by kind."""
    outcomes = frames.outcomes_with(service.id)
    lines = rollup.lines(frames.came_to(service.id, utc_now()), [day for _, day in outcomes])
    titles = lists.labels("outcomes", page.language())
    kinds = rollup.by_kind(outcomes)
    order = [*(code for code in titles if code in kinds), *sorted(set(kinds) - set(titles))]
    return render_template(
        "report/agency.html",
        service=service,
        columns=_columns(),
        rows=[_row(line) for line in lines[1:]],
        foot=_row(lines[0]),
        outcomes=[{"name": titles.get(code, code), "count": words.number(kinds[code])} for code in order],
    )


def _columns() -> list[dict[str, Any]]:
    names = {
        "made": gettext("Came from police"),
        "received": gettext("Picked up"),
        "hours": gettext("Median hours to receipt"),
        "reached": pgettext("figure", "Reached"),
        "engaged": pgettext("figure", "Engaged"),
        **{f"at_{days}": gettext("Engaged at %(days)s days", days=days) for days in FOLLOW_UP_DAYS},
        "given_back": gettext("Given back"),
        "direct": gettext("Came directly"),
        "outcomes": gettext("Outcomes"),
    }
    return [
        {"key": "name", "label": gettext("Month"), "head": True},
        *({"key": key, "label": label, "numeric": True} for key, label in names.items()),
    ]


def _row(line: rollup.Line) -> dict[str, Any]:
    row: dict[str, Any] = {code: words.number(count) for code, count in line.counts.items()}
    for days in FOLLOW_UP_DAYS:
        due = line.counts[f"due_{days}"]
        part = line.counts[f"engaged_{days}"]
        row[f"at_{days}"] = gettext("%(part)s of %(whole)s due", part=part, whole=due) if due else "–"
    row["hours"] = "–" if line.hours is None else format_decimal(line.hours)
    row["name"] = line.name if line.is_year else words.day_words(line.name) if line.name else gettext("In all")
    return row | {"needs": line.is_year}
