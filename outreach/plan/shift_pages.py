"""What the pages of shifts show, in the reader's language and as far as the reader may see it. No writing, no SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from babel.dates import format_date
from flask import g, request, url_for
from flask_babel import get_locale, gettext, ngettext, pgettext
from markupsafe import Markup, escape

from outreach.auth.permissions import may
from outreach.errors import Invalid
from outreach.storage.days import operational_day
from outreach.storage.queries import access, shift_history, shifts
from outreach.storage.queries import shift_grid as rows_there
from outreach.storage.queries.shift_grid import TeamThere
from outreach.storage.types import micros, utc_now
from outreach.web.clock import iso_day, local_text
from outreach.web.forms import whole

from . import shift_grid
from .operation_rules import read_day
from .shift_edit_commands import DayRow
from .shift_forms import RowForm, day_of, row_values
from .shift_rules import ShiftProblem

# Where the keys of the grid and what they did are said.
KEYS = ("Enter", "Ctrl+C", "Ctrl+V", "Delete", "Ctrl+Z", "?")


def day_label(day: dt.date) -> str:
    """``Mon 16`` / ``lun. 16``, escaped once for all cells of its column."""
    return escape(format_date(day, "EEE d", locale=get_locale()))


def long_label(day: dt.date) -> str:
    """``Mon 16 Oct`` / ``lun. 16 oct.``."""
    return str(format_date(day, "EEE d MMM", locale=get_locale()))


def services_seen(operation: Any, action: str = "team.see") -> dict[int, str]:
    """Services of the operation for whose teams the reader may do ``action``, by name."""
    return services_by(operation, action)[0]


def services_by(operation: Any, *actions: str) -> list[dict[int, str]]:
    """For each action the services of the operation for whose teams the reader may do it, by name."""
    whole_operation = g.get("target") or access.operation_target(operation)
    there = rows_there.services_there(operation.id)
    return [
        {one: name for one, name in there if may(g.actor, action, replace(whole_operation, service=one))}
        for action in actions
    ]


def plan_of(operation: Any, seen: dict[int, str], able: dict[int, str], rows: list[Any]) -> shift_grid.Plan:
    """The teams and shifts of the services seen. ``rows``: every shift of the operation."""
    members: dict[int, set[int]] = {}
    for team_id, _, staff_id, *_ in shifts.crews_of(operation.id):
        members.setdefault(team_id, set()).add(staff_id)
    planned = [row for row in rows if row.service_id in seen]
    busy = {shift.team_id for shift in planned}
    return shift_grid.Plan(
        operation,
        [
            team
            for team in rows_there.teams_there(operation.id)
            if team.service_id in seen and (not team.cancelled or team.id in busy)
        ],
        planned,
        {team_id: frozenset(staff) for team_id, staff in members.items()},
        able.__contains__,
    )


def faces_of(grid: shift_grid.Grid) -> dict[shift_grid.Face, Markup]:
    """The rest of a cell's link for each way in which a shift can look: drawn once, not once a cell."""
    words, found = looks(), {}
    for face in grid.faces:
        shown = Markup("{} <b>{}</b>").format(face.hours, face.staff)
        drawn = Markup(' class="{}">{}<i>{}</i></a>').format(face.look, shown, words[face.look])
        found[face] = drawn if face.look else Markup(">{}</a>").format(shown)
    return found


def asked() -> shift_grid.Asked:
    """What the address asks for; what cannot be read asks for nothing."""
    try:
        first = read_day(request.args.get("first", ""), "first")
    except Invalid:
        first = None
    words = request.args.get("q", "").strip()[:100]
    return shift_grid.Asked(whole(request.args.get("service")), words, first, whole(request.args.get("page"), 1))


def today_of(operation: Any) -> dt.date:
    return operational_day(utc_now(), operation.time_zone, operation.day_starts_minutes)


def looks() -> dict[str, str]:
    """What the look of a cell says to those who do not see it."""
    draft, short, off = (
        pgettext("shift", "draft"),
        pgettext("shift", "places unfilled"),
        pgettext("shift", "cancelled"),
    )
    return {"": "", "d": draft, "s": short, "d s": f"{draft}, {short}", "x": off, "x d": f"{off}, {draft}"}


def keys() -> list[tuple[str, str]]:
    words = (
        gettext("opens the shift, or adds one in an empty cell"),
        gettext("copies the shift of the cell"),
        gettext("puts the copied shift into the cell"),
        gettext("cancels the shift of the cell"),
        gettext("takes the last change back"),
        gettext("shows this list"),
    )
    return list(zip(KEYS, words, strict=True))


def said() -> dict[str, str]:
    """What the script says in its live region."""
    return {
        "copied": gettext("Copied:"),
        "nothing": gettext("This cell has no shift."),
        "empty": gettext("No shift is copied, or this is no day."),
        "no_undo": gettext("There is no change of yours to undo."),
        "failed": gettext("Not saved: the site did not answer."),
    }


# --- problems ---------------------------------------------------------------------------------------------------------


def problem_rows(
    operation: Any, found: list[ShiftProblem], there: Iterable[TeamThere] | None = None
) -> list[dict[str, Any]]:
    """Problems as the list shows them, each with the page that puts it right. ``there``: teams, if read already."""
    every = rows_there.teams_there(operation.id) if there is None else there
    numbers = {team.id: team.service_id for team in every if not team.cancelled}
    return [
        {
            "blocks": one.blocks,
            "words": gettext(one.message, **one.params) if one.params else gettext(one.message),
            "why": gettext(one.why),
            "url": _fix(operation, one, numbers),
        }
        for one in found
    ]


def _fix(operation: Any, one: ShiftProblem, services_of: dict[int, int]) -> str:
    code = operation.code
    if one.code in ("no_lead", "no_victim_worker", "team_cancelled") and one.team_id:
        return url_for("plan.team", code=code, team_id=one.team_id, _anchor="members")
    if one.shift_uid:
        return url_for("plan.shift", code=code, uid=one.shift_uid)
    if one.team_id:
        return url_for("plan.team_shifts", code=code, team_id=one.team_id)
    if one.code == "no_shift" and one.service_id:
        team_id = next((team for team, service in services_of.items() if service == one.service_id), None)
        if team_id is None:
            return url_for("plan.new_team", code=code, service_id=one.service_id)
        return url_for("plan.team_shifts", code=code, team_id=team_id)
    if one.code == "gap":
        return url_for("plan.shifts", code=code, first=one.day, service=one.service_id, _anchor="grid-title")
    return url_for("plan.teams_of", code=code)


def publish_rows(
    operation: Any, able: dict[int, str], found: list[ShiftProblem], ticked: set[int] | None
) -> list[dict[str, Any]]:
    """Services with something to publish, those that something blocks first."""
    drafts: dict[int, int] = {}
    for shift in shifts.shifts_of(operation.id, able):
        if shift.pending:
            drafts[shift.service_id] = drafts.get(shift.service_id, 0) + 1
    rows = [
        {
            "id": key,
            "name": able[key],
            "drafts": count,
            "blocked": sum(one.concerns([key]) for one in found),
            "ticked": ticked is None or key in ticked,
        }
        for key, count in drafts.items()
    ]
    return sorted(rows, key=lambda row: (not row["blocked"], row["name"]))


# --- the form of a team -----------------------------------------------------------------------------------------------


def rows_of(operation: Any, team: Any, sent: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """A row for every standing shift of the team and for every day without one, as it stands or as it was ``sent``.

    A shift that came meanwhile is no part of what was sent: its row is not ``read`` and stays as it is.
    """
    every = shifts.shifts_of(operation.id, [team.service_id])
    own = [s for s in every if s.team_id == team.id and not s.cancelled]
    by_day: dict[dt.date, list[Any]] = {}
    for shift in own:
        by_day.setdefault(day_of(shift, operation), []).append(shift)
    rows = []
    for day, _ in shift_grid.days_of(operation, own):
        there = by_day.get(day, [])
        new = f"{day:%Y%m%d}-"
        if not there or (sent and any(sent.get(new + name, "").strip() for name in ("starts_at", "ends_at"))):
            there = [*there, None]
        rows += [_row_of(operation, day, shift, sent) for shift in there]
    return rows


def gone(rows: list[dict[str, Any]], sent: Mapping[str, str]) -> list[str]:
    """What was typed for shifts that somebody cancelled meanwhile."""
    there = {row["key"] for row in rows}
    keys = [key.removesuffix("version") for key in sent if key.endswith("-version")]
    return [f"{sent.get(key + 'starts_at', '')}–{sent.get(key + 'ends_at', '')}" for key in keys if key not in there]


def _row_of(operation: Any, day: dt.date, shift: Any, sent: Mapping[str, str] | None) -> dict[str, Any]:
    key = f"s{shift.shift_id}-" if shift else f"{day:%Y%m%d}-"
    stands = row_values(shift, operation.time_zone) if shift else {}
    read = sent is not None and (shift is None or key + "version" in sent)
    form = RowForm(prefix=key) if read else RowForm(formdata=None, prefix=key, data=stands)
    said = {"day": day, "label": long_label(day), "today": day == today_of(operation)}
    return {**said, "key": key, "shift": shift, "form": form, "read": read}


def wanted_rows(operation: Any, rows: list[dict[str, Any]]) -> tuple[list[DayRow], list[Any]]:
    """What the sent rows ask for, and the shifts that they leave alone. Raises ``Invalid`` at ``<key><field>``."""
    wanted, kept, findings = [], [], []
    for row in rows:
        form, shift = row["form"], row["shift"]
        untouched = shift is not None and all(
            (form[name].data or "") == value for name, value in row_values(shift, operation.time_zone).items()
        )
        if not row["read"] or untouched:
            kept += [shift] if shift is not None else []
        elif shift is not None and not form.typed("starts_at", "ends_at"):
            wanted.append(DayRow(row["key"], None, shift, whole(form.version.data)))
        elif form.typed("starts_at", "ends_at", "place", "places"):
            try:
                draft = form.draft(row["day"], operation, *((shift.channel, shift.crew) if shift else ()))
                wanted.append(DayRow(row["key"], draft, shift, whole(form.version.data)))
            except Invalid as problem:
                findings += [replace(one, where=row["key"] + one.where) for one in problem.findings]
    if findings:
        raise Invalid(*findings)
    return wanted, kept


def place_findings(rows: list[dict[str, Any]], problem: Invalid) -> list[tuple[str, str]]:
    """Put the findings into their rows; the summary above the form."""
    summary = []
    for finding in problem.findings:
        row = next((row for row in rows if finding.where.startswith(row["key"])), None)
        where = finding.where.removeprefix(row["key"]) if row else ""
        name = where if row and where in row["form"] else "starts_at"
        words = gettext(finding.message, **finding.params)
        if row is None:
            summary.append(("main", words))
            continue
        row["form"].add_finding(replace(finding, where=name))
        summary.append((row["form"][name].id, f"{row['label']}{pgettext('after a name', ':')} {words}"))
    return summary


def row_differences(operation: Any, rows: list[dict[str, Any]], sent: Mapping[str, str]) -> list[dict[str, str]]:
    """Where what stands now differs from what was sent; the rows then stand at what is there now."""
    off = pgettext("shift", "cancelled")
    found = [{"key": gettext("A shift"), "now": off, "typed": words} for words in gone(rows, sent)]
    for row in rows:
        if row["shift"] is None or not row["read"]:
            continue
        stands = row_values(row["shift"], operation.time_zone)
        for name, value in stands.items():
            field = row["form"][name]
            if name == "version":
                field.data = value
            elif (field.data or "") != value:
                key = f"{row['label']}, {field.label.text}"
                found.append({"key": key, "now": value or "–", "typed": field.data or "–"})
    return found


# --- recent changes ---------------------------------------------------------------------------------------------------


def changes_of(operation: Any, seen: dict[int, str], able: dict[int, str]) -> list[dict[str, Any]]:
    """The last changes in words; ``at`` only where it can be undone by the reader."""
    planned = {shift.shift_id: shift for shift in shifts.shifts_of(operation.id, seen)}
    return [
        {
            "when": local_text(one.at, operation.time_zone),
            "who": one.who or "",
            "words": _change_words(operation, one, planned),
            "at": micros(one.at) if not one.stale and able else 0,
        }
        for one in shift_history.recent(operation.id, seen)
    ]


def _change_words(operation: Any, one: shift_history.Change, planned: dict[int, Any]) -> str:
    count = one.added + one.altered
    shift = planned.get(one.shift_id)
    if count == 1 and shift is not None:
        clock = shift_grid.Clock(operation.time_zone, operation.day_starts_minutes)
        day, hours = clock.said(shift.starts_at, shift.ends_at)
        what = f"{shift.team_name}, {iso_day(day)} {hours}"
        if one.cancelled:
            return gettext("Cancelled: %(shift)s", shift=what)
        return gettext("Added: %(shift)s", shift=what) if one.added else gettext("Changed: %(shift)s", shift=what)
    if one.added:
        return ngettext("%(num)s shift added", "%(num)s shifts added", count)
    if one.cancelled == count:
        return ngettext("%(num)s shift cancelled", "%(num)s shifts cancelled", count)
    return ngettext("%(num)s shift changed", "%(num)s shifts changed", count)
