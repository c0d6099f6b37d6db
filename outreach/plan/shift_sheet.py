"""The sheet Shifts of a plan workbook: its columns, the shifts that stand as rows, and following changed rows.

What is imported is a draft: officers see it when it is published. A shift that the file does not name stays.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from outreach.errors import N_, Invalid
from outreach.storage.queries import shifts, teams
from outreach.storage.queries.shifts import ShiftRow
from outreach.storage.tables import Operation, Staff

from . import shift_commands as commands
from .import_commands import Step
from .shift_rules import ShiftDraft
from .team_rules import person_key
from .workbook_commands import Places, local_of
from .workbook_rules import LOCAL_TIME, YES_NO, Column, Line, Part, add_part

SHEET = "Shifts"
ROUNDS = 2
"""How often a row is tried that another one is in the way of."""
COLUMNS = (
    Column("service", N_("Service"), N_("The service that leads the team."), required=True),
    Column("team", N_("Team"), N_("A team from the sheet Teams."), required=True, most=80),
    Column("starts_at", N_("Starts"), LOCAL_TIME, kind="moment", required=True),
    Column("ends_at", N_("Ends"), LOCAL_TIME, kind="moment", required=True),
    Column("place", N_("Place"), N_("Part of town or road; never a street number."), most=120),
    Column("channel", N_("Radio or telephone plan"), most=120),
    Column("places", N_("People needed"), kind="number"),
    Column(
        "crew", N_("Who"), N_("Empty: everybody in the team. Else names, with ; between them."), kind="names", most=4000
    ),
    Column("cancelled", N_("Cancelled"), kind="choice", choices=YES_NO),
    Column("uid", N_("ID"), N_("Made by Outreach: a moved shift stays the same shift."), most=36, hidden=True),
)
_WHERE = {"starts_on": "starts_at", "ends_on": "ends_at", "team": "team", "crew": "crew"}


class _Crews:
    """Names of the people of each team, and of those whom a shift names although they have left it."""

    def __init__(self, operation: Operation, planned: list[ShiftRow]) -> None:
        self.of: dict[int, dict[int, Staff]] = {}
        for member, staff in teams.members_of(operation.id):
            self.of.setdefault(member.team_id, {})[staff.id] = staff
        self.left = shifts.names_of_staff(one for row in planned for one in row.crew or ())
        everybody = {staff.service_id for members in self.of.values() for staff in members.values()}
        self.services = teams.names_of(frozenset(everybody))

    def called(self, team_id: int, staff_id: int) -> str:
        """Her name; with her service's before it where the team has two of that name."""
        members = self.of.get(team_id, {})
        if staff_id not in members:
            return self.left.get(staff_id, "")
        name = members[staff_id].name
        twins = [one for one in members.values() if person_key(one.name) == person_key(name)]
        return name if len(twins) == 1 else f"{self.services[members[staff_id].service_id]}: {name}"

    def named(self, team_id: int, text: str, before: ShiftRow | None) -> int | None:
        """The one person whom ``text`` means; ``None`` for nobody or for several."""
        known = {*self.of.get(team_id, {}), *((before.crew or ()) if before else ())}
        found = [one for one in known if person_key(self.called(team_id, one)) == person_key(text)]
        return found[0] if len(found) == 1 else None


def gather(operation: Operation) -> list[dict[str, Any]]:
    """The shifts that stand, by service, team and start, in local time."""
    at, zone = Places(operation), operation.time_zone
    planned = [row for row in shifts.shifts_of(operation.id) if not row.cancelled and row.team_id in at.standing]
    crews = _Crews(operation, planned)
    lines = [
        {
            "service": at.standing[row.team_id][2].name,
            "team": at.name_for(row.team_id, row.service_id),
            "starts_at": local_of(row.starts_at, zone),
            "ends_at": local_of(row.ends_at, zone),
            "place": row.place,
            "channel": row.channel,
            "places": row.places,
            "crew": tuple(crews.called(row.team_id, one) for one in row.crew or ()),
            "cancelled": "no",
            "uid": row.uid,
        }
        for row in planned
    ]
    return sorted(lines, key=lambda one: (one["service"], one["team"], one["starts_at"]))


@dataclass
class _Job:
    """One row of the sheet with what it is about: the team, the shift that stands, the people."""

    line: Line
    team_id: int
    before: ShiftRow | None
    crew: tuple[int, ...] | None


def follow(run: Any, lines: tuple[Line, ...]) -> None:
    """Add, change, cancel and restore shifts as the rows say; times that change places with each other may."""
    jobs = _jobs(run, lines)
    if run.findings:
        return
    moving = [job for job in jobs if not _cancels(job)]
    ordered = [*(job for job in jobs if _cancels(job)), *_in_turn(moving, run.operation.time_zone)]
    waiting: list[tuple[int, Callable[[], None]]] = [(job.line.row, lambda j=job: _write(run, j)) for job in ordered]
    for _ in range(ROUNDS):
        waiting = [(row, act) for row, act in waiting if not _done(act)]
    for row, act in waiting:
        run.attempt(SHEET, row, act, _WHERE)


def _in_turn(jobs: Sequence[_Job], zone: str) -> list[_Job]:
    """The rows in an order in which each shift has left its hours before another one of the team enters them.

    Found at once, not by trying: a file in which every shift waits for the next must not hold up all writers. Where
    shifts wait for each other in a circle no order helps.
    """
    standing: dict[int, list[tuple[Any, Any, int]]] = {}
    for number, job in enumerate(jobs):
        if job.before is not None and not job.before.cancelled:
            there = local_of(job.before.starts_at, zone), local_of(job.before.ends_at, zone), number
            standing.setdefault(job.team_id, []).append(there)
    for there_of_team in standing.values():
        there_of_team.sort()
    ordered: list[_Job] = []
    met: set[int] = set()
    for first in range(len(jobs)):
        open_ = [(first, False)]
        while open_:
            number, left = open_.pop()
            if left:
                ordered.append(jobs[number])
            elif number not in met:
                met.add(number)
                ahead = _in_the_way(jobs[number], standing.get(jobs[number].team_id, []))
                open_ += [(number, True), *((one, False) for one in ahead if one not in met)]
    return ordered


def _in_the_way(job: _Job, standing: Sequence[tuple[Any, Any, int]]) -> list[int]:
    """Numbers of the shifts that stand where the row wants to go. Standing ones of a team do not overlap."""
    starts_at, ends_at = job.line.said["starts_at"], job.line.said["ends_at"]
    found = []
    for at in range(max(bisect_left(standing, (starts_at,)) - 1, 0), len(standing)):
        begins, ends, number = standing[at]
        if begins >= ends_at:
            break
        if ends > starts_at:
            found.append(number)
    return found


def _done(act: Callable[[], None]) -> bool:
    try:
        act()
    except Invalid:
        return False
    return True


def _jobs(run: Any, lines: tuple[Line, ...]) -> list[_Job]:
    at, planned = Places(run.operation), shifts.shifts_of(run.operation.id)
    crews, zone = _Crews(run.operation, planned), run.operation.time_zone
    by_uid = {row.uid: row for row in planned}
    named = {line.said["uid"] for line in lines if line.said["uid"] in by_uid}
    by_time = {
        (row.team_id, local_of(row.starts_at, zone)): row
        for row in planned
        if row.uid not in named and not row.cancelled
    }
    found = []
    for line in lines:
        service = run.service(line.said["service"], SHEET, "service", line.row)
        if service is None:
            continue
        own = [t for t in at.named(line.said["team"], service.id) if at.standing[t][0].service_id == service.id]
        if len(own) != 1:
            words = N_("“%(name)s” is no team that this service leads. Add it to the sheet Teams.")
            run.find(SHEET, "team", words, line.row, name=line.said["team"])
            continue
        before = by_uid.get(line.said["uid"]) or by_time.pop((own[0], line.said["starts_at"]), None)
        if before is not None and before.team_id != own[0]:
            words = N_("A shift stays with its team. Clear its hidden ID to make another shift.")
            run.find(SHEET, "team", words, line.row)
            continue
        crew = _crew(run, crews, line, own[0], before)
        found.append(_Job(line, own[0], before, crew))
    return found


def _crew(run: Any, crews: _Crews, line: Line, team_id: int, before: ShiftRow | None) -> tuple[int, ...] | None:
    ids = []
    for name in line.said["crew"]:
        one = crews.named(team_id, name, before)
        if one is None:
            words = N_("“%(name)s” is not in this team, or is there twice. Write “Service: Name” for one of two.")
            run.find(SHEET, "crew", words, line.row, name=name[:80])
        else:
            ids.append(one)
    return tuple(sorted(set(ids))) or None


def _cancels(job: _Job) -> bool:
    return job.line.said["cancelled"] == "yes" and job.before is not None and not job.before.cancelled


def _write(run: Any, job: _Job) -> None:
    said, before = job.line.said, job.before
    name = f"{said['service']}: {said['team']}, {said['starts_at']:%Y-%m-%d %H:%M}"
    if said["cancelled"] == "yes":
        if before is not None and commands.cancel_shift(run.actor, run.operation, before):
            run.steps.append(Step("change", SHEET, name, ("cancelled",)))
        return
    draft = ShiftDraft(
        run.moment(said["starts_at"], before.starts_at if before else None, "starts_at"),
        run.moment(said["ends_at"], before.ends_at if before else None, "ends_at"),
        said["place"],
        said["channel"],
        said["places"],
        job.crew,
    )
    if before is None:
        commands.add_shift(run.actor, run.operation, teams.team(job.team_id), draft)
        run.steps.append(Step("add", SHEET, name))
        return
    stood = commands.draft_of(before).in_utc()
    fields = [field for field, value in vars(draft.in_utc()).items() if getattr(stood, field) != value]
    fields += ["cancelled"] if before.cancelled else []
    if fields and commands.change_shift(run.actor, run.operation, before, draft, before.version, restore=True):
        run.steps.append(Step("change", SHEET, name, tuple(sorted(fields))))


add_part(SHEET, Part(N_("Shifts"), N_("Shift"), COLUMNS, gather, follow))
