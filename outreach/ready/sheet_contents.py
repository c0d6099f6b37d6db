"""What stands on printed sheets: the plan, the briefing and the questions of the phone, in words of one language.

Reads; decides nothing about who may print: the caller says which services. No typesetting, which is ``sheets``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, ngettext

from outreach.errors import N_
from outreach.storage.days import operational_day, window_days
from outreach.storage.queries import briefing as briefings
from outreach.storage.queries import shifts, teams
from outreach.storage.queries.shifts import ShiftRow
from outreach.vocab import StaffCategory

from .paper_questions import questions

KINDS: dict[str, str] = {
    "assignment": N_("Assignment lists"),
    "roster": N_("Rosters"),
    "check_in": N_("Check-in lists"),
    "activity": N_("Activity logs"),
    "contact": N_("Blank contact form"),
}
ABOUT: dict[str, str] = {
    "assignment": N_("One page for each team and shift: who, where, channel, safety."),
    "roster": N_("One list for each service: every shift and who works."),
    "check_in": N_("One list for each service and day, to sign when coming and leaving."),
    "activity": N_("One page for each team and shift, with lines to write on."),
    "contact": N_("The questions of the phone, for a night without one."),
}
# How much of a section stands on a team's sheet; the whole is in the briefing.
LONGEST = {"instructions": 600, "radio": 450, "safety": 600, "contacts": 400}
MOST_LINES = 7
LOG_LINES, FORM_LINES, SPARE = 20, 3, 4
LONGEST_CELL = 120


@dataclass(frozen=True)
class Plan:
    """Everything that the sheets of some services need, read once. ``crews``: team id → [(member, staff)]."""

    operation: Any
    teams: dict[int, tuple[Any, Any, Any]]
    crews: dict[int, list[tuple[Any, Any]]]
    shifts: list[ShiftRow]
    names: dict[int, str]
    sections: dict[str, str]
    now: dt.datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.operation.time_zone)

    def day_of(self, shift: ShiftRow) -> dt.date:
        return operational_day(shift.starts_at, self.operation.time_zone, self.operation.day_starts_minutes)

    def crew_of(self, shift: ShiftRow) -> list[tuple[Any, Any]]:
        """Members who work the shift, the lead first. Who left the team is not among them."""
        crew = self.crews.get(shift.team_id, [])
        return crew if shift.crew is None else [pair for pair in crew if pair[1].id in shift.crew]


def plan_of(operation: Any, service_ids: Iterable[int], now: dt.datetime) -> Plan:
    """The plan of the services as it stands, drafts too, cancelled teams and shifts left out."""
    wanted = {*service_ids}
    standing = {
        team.id: (team, version, service)
        for team, version, service in teams.teams_of(operation.id)
        if service.id in wanted and not version.cancelled
    }
    crews: dict[int, list[tuple[Any, Any]]] = {}
    for member, staff in teams.members_of(operation.id):
        if member.team_id in standing:
            crews.setdefault(member.team_id, []).append((member, staff))
    planned = [row for row in shifts.shifts_of(operation.id, wanted) if row.team_id in standing and not row.cancelled]
    services = {staff.service_id for crew in crews.values() for _, staff in crew}
    services |= {partner for _, version, _ in standing.values() for partner in version.partners} | wanted
    return Plan(
        operation,
        standing,
        crews,
        planned,
        teams.names_of(services),
        briefings.sections_of(briefings.current(operation.id)),
        now,
    )


def days_of(operation: Any, planned: Iterable[ShiftRow]) -> list[dt.date]:
    """Days that can be chosen: those of the window and those with a shift."""
    zone, minutes = operation.time_zone, operation.day_starts_minutes
    found = {operational_day(row.starts_at, zone, minutes) for row in planned}
    first, last = window_days(operation.starts_at, operation.ends_at, zone, minutes)
    if first and last:
        found |= {first + dt.timedelta(days=n) for n in range(min((last - first).days, 92) + 1)}
    return sorted(found)


def chosen(plan: Plan, day: dt.date | None, team_ids: frozenset[int]) -> list[ShiftRow]:
    """The shifts of the day and the teams; no day or no team stands for all of them."""
    return [
        row
        for row in plan.shifts
        if (day is None or plan.day_of(row) == day) and (not team_ids or row.team_id in team_ids)
    ]


def sheets_of(kind: str, plan: Plan, picked: list[ShiftRow], language: str) -> Iterator[dict[str, Any]]:
    """The sheets of one kind. ``language`` is that of the request; lists of the site have their words by it."""
    if kind == "contact":
        yield contact_sheet(plan, language)
    elif kind == "assignment":
        yield from (assignment_sheet(plan, row) for row in picked)
    elif kind == "activity":
        yield from (activity_sheet(plan, row) for row in picked)
    elif kind == "roster":
        for service, rows in _by_service(plan, picked):
            yield roster_sheet(plan, service, rows)
    else:
        for service, rows in _by_service(plan, picked):
            for day in sorted({plan.day_of(row) for row in rows}):
                yield check_in_sheet(plan, service, day, [row for row in rows if plan.day_of(row) == day])


def _by_service(plan: Plan, picked: list[ShiftRow]) -> list[tuple[Any, list[ShiftRow]]]:
    services = {plan.teams[row.team_id][2].id: plan.teams[row.team_id][2] for row in picked}
    return [
        (service, [row for row in picked if row.service_id == service.id])
        for service in sorted(services.values(), key=lambda each: each.name.casefold())
    ]


# --- the sheets -------------------------------------------------------------------------------------------------------


def assignment_sheet(plan: Plan, row: ShiftRow) -> dict[str, Any]:
    _, version, service = plan.teams[row.team_id]
    crew = plan.crew_of(row)
    lead = next((staff.name for member, staff in crew if member.is_lead), "")
    named = _partners(plan, version)
    return _sheet(plan, gettext("Assignment list: %(team)s", team=clip(version.name)), row) | {
        "boxes": [
            (gettext("Operational period"), period(plan, row)),
            (gettext("Service"), clip(service.name) + (f"\n{named}" if named else "")),
            (gettext("Team lead"), clip(lead) or gettext("Nobody is named as lead.")),
            (gettext("Radio or telephone"), clip(row.channel)),
            (gettext("Meeting place"), clip(row.place)),
            (gettext("Area"), clip(version.area)),
        ],
        "members_title": ngettext("%(num)s member", "%(num)s members", len(crew)),
        "members": [_member(plan, member, staff) for member, staff in crew] or [("", "", "", "")],
        "note": _missing(row, crew),
        "sections": [
            (gettext("Special instructions"), excerpt(plan.sections.get("instructions", ""), "instructions")),
            (gettext("Radio and telephone plan"), excerpt(plan.sections.get("radio", ""), "radio")),
            (gettext("Safety"), excerpt(plan.sections.get("safety", ""), "safety")),
            (gettext("Who to call"), excerpt(plan.sections.get("contacts", ""), "contacts")),
        ],
    }


def activity_sheet(plan: Plan, row: ShiftRow) -> dict[str, Any]:
    _, version, service = plan.teams[row.team_id]
    crew = plan.crew_of(row)
    return _sheet(plan, gettext("Activity log: %(team)s", team=clip(version.name)), row) | {
        "boxes": [
            (gettext("Operational period"), period(plan, row)),
            (gettext("Service"), clip(service.name)),
            (gettext("Meeting place"), clip(row.place)),
            (gettext("Radio or telephone"), clip(row.channel)),
        ],
        "crew": ", ".join(clip(staff.name, 40) for _, staff in crew[:20]),
        "blank": LOG_LINES,
    }


def roster_sheet(plan: Plan, service: Any, rows: list[ShiftRow]) -> dict[str, Any]:
    days = sorted({plan.day_of(row) for row in rows})
    return _sheet(plan, gettext("Roster: %(service)s", service=clip(service.name)), *rows) | {
        "boxes": [
            (gettext("Days"), _span(days)),
            (gettext("Shifts"), str(len(rows))),
            (gettext("Contact desk"), clip(service.contact_desk)),
        ],
        "rows": [
            (
                plan.day_of(row).isoformat(),
                clip(row.team_name, 60),
                hours(plan, row),
                "\n".join(filter(None, (clip(row.place), clip(row.channel)))),
                ", ".join(_short(member, staff) for member, staff in plan.crew_of(row)) or gettext("Nobody yet"),
            )
            for row in rows
        ],
    }


def check_in_sheet(plan: Plan, service: Any, day: dt.date, rows: list[ShiftRow]) -> dict[str, Any]:
    people = [(row, member, staff) for row in rows for member, staff in plan.crew_of(row)]
    listed = [
        (
            str(number),
            clip(staff.name, 60),
            clip(plan.names.get(staff.service_id, ""), 60),
            gettext(StaffCategory(member.category).label),
            clip(row.team_name, 40),
            _clock(plan, row.starts_at),
            "",
            "",
            "",
        )
        for number, (row, member, staff) in enumerate(people, start=1)
    ]
    spare = [(str(len(listed) + n + 1), *[""] * 8) for n in range(SPARE)]
    return _sheet(plan, gettext("Check-in list: %(service)s", service=clip(service.name)), *rows) | {
        "flipped": True,
        "boxes": [
            (gettext("Day"), day.isoformat()),
            (gettext("People expected"), str(len(listed))),
            (gettext("Contact desk"), clip(service.contact_desk)),
        ],
        "rows": [*listed, *spare],
    }


def contact_sheet(plan: Plan, language: str) -> dict[str, Any]:
    """The paper form. Its questions are those of the phone; it holds nothing that says who somebody is."""
    return _sheet(plan, gettext("Contact form")) | {
        "warning": gettext(
            "Write no name, telephone number, plate, address or room on this sheet. Enter it the same night, then "
            "destroy it."
        ),
        "boxes": [
            (gettext("Day and time"), ""),
            (gettext("Team"), ""),
            (gettext("Municipality"), ""),
            (gettext("Information kits handed out"), ""),
        ],
        "questions": [
            {"title": title, "hint": hint, "choices": list(choices.values())}
            for title, hint, choices in questions(language).values()
        ],
        "blank": FORM_LINES,
        "end": gettext(
            "One sheet for each person; for several persons write the same time and team on each. Help never depends "
            "on a statement."
        ),
    }


def words() -> dict[str, str]:
    """The words that frames and tables of every sheet need."""
    return {
        "page": gettext("Page"),
        "name": gettext("Name"),
        "does": gettext("What the person does"),
        "service": gettext("Service"),
        "telephone": gettext("Telephone"),
        "prepared_by": gettext("Prepared by, date and time"),
        "approved_by": gettext("Approved by"),
        "day": gettext("Day"),
        "team": gettext("Team"),
        "time": gettext("Time"),
        "place": gettext("Place and channel"),
        "who": gettext("Who works"),
        "due": gettext("Due"),
        "came": gettext("Came"),
        "left": gettext("Left at"),
        "signature": gettext("Signature"),
        "happened": gettext("What happened"),
        "code": gettext("Person code"),
        "code_hint": gettext("from the card they keep"),
        "note": gettext("Note"),
    }


# --- pieces -----------------------------------------------------------------------------------------------------------


def _sheet(plan: Plan, title: str, *rows: ShiftRow) -> dict[str, Any]:
    """What every sheet has; ``draft`` says so while something on it is not published."""
    operation = plan.operation
    drafts = [row for row in rows if not row.published]
    return {
        "operation": f"{clip(operation.name, 80)} · {operation.code}",
        "as_of": gettext("As of %(time)s", time=plan.now.astimezone(plan.zone).strftime("%Y-%m-%d %H:%M")),
        "destroy": gettext("Destroy after the operation"),
        "title": title,
        "draft": gettext("Draft: not published") if drafts else "",
    }


def period(plan: Plan, row: ShiftRow) -> str:
    """``2017-10-16 18:00 – 2017-10-17 02:00``; with the names of the zones where the clocks change in between."""
    starts, ends = row.starts_at.astimezone(plan.zone), row.ends_at.astimezone(plan.zone)
    zones = (f" {starts:%Z}", f" {ends:%Z}") if starts.utcoffset() != ends.utcoffset() else ("", "")
    return f"{starts:%Y-%m-%d %H:%M}{zones[0]} – {ends:%Y-%m-%d %H:%M}{zones[1]}"


def hours(plan: Plan, row: ShiftRow) -> str:
    return f"{_clock(plan, row.starts_at)}–{_clock(plan, row.ends_at)}"


def _clock(plan: Plan, at: dt.datetime) -> str:
    return at.astimezone(plan.zone).strftime("%H:%M")


def _span(days: list[dt.date]) -> str:
    if not days:
        return ""
    return days[0].isoformat() if len(days) == 1 else f"{days[0].isoformat()} – {days[-1].isoformat()}"


def _member(plan: Plan, member: Any, staff: Any) -> tuple[str, str, str, str]:
    does = gettext(StaffCategory(member.category).label)
    lead = f" ({gettext('Team lead')})" if member.is_lead else ""
    return clip(staff.name, 80), does + lead, clip(plan.names.get(staff.service_id, ""), 80), ""


def _short(member: Any, staff: Any) -> str:
    return clip(staff.name, 60) + (f" ({gettext('lead')})" if member.is_lead else "")


def _partners(plan: Plan, version: Any) -> str:
    named = [clip(plan.names.get(one, ""), 60) for one in version.partners]
    return gettext("with %(services)s", services=", ".join(filter(None, named))) if any(named) else ""


def _missing(row: ShiftRow, crew: list[tuple[Any, Any]]) -> str:
    """Who is on the roster and no longer in the team; places that nobody fills."""
    gone = len(row.crew) - len(crew) if row.crew is not None else 0
    empty = (row.places or 0) - len(crew)
    said = []
    if gone > 0:
        said.append(
            ngettext(
                "%(num)s person on this shift is no longer in the team.",
                "%(num)s people on this shift are no longer in the team.",
                gone,
            )
        )
    if empty > 0:
        said.append(ngettext("%(num)s place is not filled.", "%(num)s places are not filled.", empty))
    return " ".join(said)


def clip(text: str, most: int = LONGEST_CELL) -> str:
    """One line, no longer than ``most``; an ellipsis says that there was more."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def excerpt(text: str, code: str) -> str:
    """The first lines of a section of the briefing; where more follows, it says where."""
    lines = [" ".join(line.split()) for line in text.split("\n") if line.strip()]
    kept, left = [], LONGEST[code]
    for line in lines[:MOST_LINES]:
        if len(line) > left:
            kept.append(clip(line, max(left, 2)))
            left = 0
            break
        kept.append(line)
        left -= len(line)
    more = len(lines) > len(kept) or left == 0
    return "\n".join([*kept, gettext("More in the briefing.")] if more else kept)
