"""Writes of shifts and of the roster, and the problems of a plan. Each checks the table and enters the journal.

Drafts never change what officers see: only ``publish`` does. A copied shift is a draft.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Finding, Invalid, NotAllowed, NotFound
from outreach.storage.queries import access, operations, shifts, teams
from outreach.storage.queries.shifts import ShiftRow
from outreach.storage.tables import Operation, Team
from outreach.storage.types import utc_now

from . import shift_copy_rules as copying
from . import shift_rules as rules
from .shift_copy_rules import Copied, CopyNote, Wanted
from .shift_facts import Plan
from .shift_rules import Member, PlannedTeam, ShiftDraft, ShiftProblem, TakingPart
from .team_commands import add_team
from .team_rules import TeamDraft, person_key

EVENING_TEAM = N_("Evening team")
MOST_DAYS = 92
MOST_TOLD = 20

# --- one shift --------------------------------------------------------------------------------------------------------


def add_shift(actor: Actor, operation: Operation, team: Team, draft: ShiftDraft) -> ShiftRow:
    """A new shift of the team, as a draft. Raises ``NotAllowed``; ``Invalid`` at the form's fields."""
    _need(actor, "team.change", access.team_target(operation, team))
    shifts.take_turn(operation.id)
    draft = draft.in_utc()
    _check(operation, team.id, draft)
    (uid,) = shifts.add_shifts(operation.id, [_new(team.id, draft)], by=actor.user, now=utc_now())
    _note(actor, Tag.SHIFT_ADDED, operation, team.service_id, uid)
    return _shift(uid)


def change_shift(
    actor: Actor, operation: Operation, shift: ShiftRow, draft: ShiftDraft, version: int, *, restore: bool = False
) -> bool:
    """The next version of a shift, as a draft; whether anything differed. ``restore``: a cancelled one stands again.

    Raises ``NotAllowed``, ``Invalid``; ``Changed`` when it no longer stands at ``version``; ``Blocked`` when cancelled.
    """
    before = _before(actor, operation, shift, version)
    if before.cancelled and not restore:
        raise Blocked(N_("This shift is cancelled. Restore it first."))
    draft = draft.in_utc()
    values = values_of(draft)
    changed = sorted(name for name, value in values.items() if getattr(before, name) != value)
    if not changed:
        return False
    _check(operation, before.team_id, draft, but=before.shift_id)
    _next(actor, operation, shift, before, values, Tag.SHIFT_CHANGED, changed=changed)
    return True


def cancel_shift(actor: Actor, operation: Operation, shift: ShiftRow, version: int | None = None) -> bool:
    """Take the shift out of the plan; officers see it until the next publishing. Whether it stood."""
    before = _before(actor, operation, shift, version)
    if before.cancelled:
        return False
    _next(actor, operation, shift, before, {"cancelled": True}, Tag.SHIFT_CANCELLED)
    return True


def restore_shift(actor: Actor, operation: Operation, shift: ShiftRow, version: int | None = None) -> bool:
    """Put a cancelled shift back as it was. Raises ``Invalid`` when it can no longer stand so."""
    before = _before(actor, operation, shift, version)
    if not before.cancelled:
        return False
    _check(operation, before.team_id, draft_of(before), but=before.shift_id)
    _next(actor, operation, shift, before, {"cancelled": False}, Tag.SHIFT_CHANGED, changed=["cancelled"])
    return True


def draft_of(shift: Any) -> ShiftDraft:
    """The draft that changes nothing."""
    crew = None if shift.crew is None else tuple(shift.crew)
    return ShiftDraft(shift.starts_at, shift.ends_at, shift.place, shift.channel, shift.places, crew)


# --- many shifts ------------------------------------------------------------------------------------------------------


def copy_day(
    actor: Actor,
    operation: Operation,
    day: dt.date,
    to_days: Iterable[dt.date],
    service_ids: Iterable[int] | None = None,
) -> Copied:
    """The shifts of one operational day on others, at the same times by the clocks, for the services given.

    ``service_ids``: ``None`` for every service whose teams the actor may change. Nothing is doubled; what is left out
    or moved is in the notes. Raises ``NotAllowed``; ``Invalid`` at ``to``.
    """
    chosen = _services(actor, "team.change", operation, service_ids)
    days = sorted(set(to_days) - {day})
    if not days:
        raise Invalid.at("to", N_("Choose at least one other day."))
    if len(days) > MOST_DAYS:
        raise Invalid.at("to", N_("Choose %(most)d days or fewer."), most=MOST_DAYS)
    shifts.take_turn(operation.id)
    plan = Plan(operation)
    source = [
        (planned, row)
        for planned, row in plan.standing
        if planned.day == day and row.service_id in chosen and not row.team_cancelled
    ]
    zone = operation.time_zone
    wanted = [copying.wanted_on(planned, row.channel, to, zone=zone) for to in days for planned, row in source]
    return _make(actor, plan, wanted, day=day.isoformat(), days=len(days))


def copy_pattern(
    actor: Actor, operation: Operation, source: Operation, service_ids: Iterable[int] | None = None
) -> Copied:
    """The shifts of an earlier operation, on the same days counted from the first of its window.

    Teams are matched by service and name; a service or team that is not there gets nothing. The crew is taken over
    where all of it is in the team now, else it is everybody. Raises ``NotAllowed``; ``Blocked`` without both windows.
    """
    chosen = _services(actor, "team.change", operation, service_ids)
    there = access.operation_target(source)
    if not may(actor, "operation.plan.see", there):
        raise NotAllowed()
    chosen = frozenset(one for one in chosen if may(actor, "team.see", _service_of(there, one)))
    shifts.take_turn(operation.id)
    plan, pattern = Plan(operation), Plan(source)
    if not plan.days or not pattern.days:
        raise Blocked(N_("Both operations need a known window, so that their days can be counted."))
    own = {(team.service_id, person_key(team.name)): team for team in plan.teams.values() if not team.cancelled}
    wanted = []
    for planned, row in pattern.standing:
        team = own.get((row.service_id, person_key(row.team_name)))
        if team is None or row.service_id not in chosen or row.team_cancelled:
            continue
        to = plan.days[0] + (planned.day - pattern.days[0])
        one = copying.wanted_on(
            planned, row.channel, to, zone=source.time_zone, to_zone=operation.time_zone, team_id=team.team_id
        )
        wanted.append(one)
    return _make(actor, plan, wanted, source=source.id)


def use_evening(
    actor: Actor,
    operation: Operation,
    *,
    per_service: int = 1,
    starts_minutes: int = 18 * 60,
    ends_minutes: int = 2 * 60,
    places: int | None = None,
    team_name: str = EVENING_TEAM,
) -> Copied:
    """An evening team on every day of the window, for each service that has nothing planned yet.

    That is: confirmed, logging its contacts here, and without a shift. Its first ``per_service`` teams get shifts from
    18:00 to 02:00; missing teams are made. A shift is cut where the service's window begins or ends within it. Raises
    ``NotAllowed``; ``Invalid``; ``Blocked`` when no such service has a known window.
    """
    chosen = _services(actor, "team.change", operation, None)
    if not 1 <= per_service <= 9:
        raise Invalid.at("teams", N_("Choose 1 to 9 teams per service."))
    shifts.take_turn(operation.id)
    plan = Plan(operation)
    busy = {row.service_id for _, row in plan.standing}
    empty = [s for s in plan.services.values() if s.service_id in chosen - busy and plan.logs_here(s.service_id)]
    if empty and not any(s.days for s in empty):
        raise Blocked(N_("The window is not known, so there are no evenings to fill."))
    for service in empty:
        if service.days:
            _add_teams(actor, plan, service, per_service, team_name)
    plan = Plan(operation)
    wanted = []
    for service in empty:
        own = [t for t in plan.teams.values() if t.service_id == service.service_id and not t.cancelled][:per_service]
        for team in own:
            for day in service.days:
                stretch = copying.evening(day, starts_minutes, ends_minutes, operation.time_zone, service)
                if stretch is not None:
                    wanted.append(Wanted(team.team_id, day, ShiftDraft(*stretch, places=places)))
    return _make(actor, plan, wanted)


def _add_teams(actor: Actor, plan: Plan, service: TakingPart, per_service: int, team_name: str) -> None:
    names = [t.name for t in plan.teams.values() if t.service_id == service.service_id and not t.cancelled]
    keys = {person_key(name) for name in names}
    number = 1
    while len(names) < per_service:
        name = team_name if per_service == 1 else f"{team_name} {number}"
        number += 1
        if person_key(name) in keys:
            team_name = team_name if per_service > 1 else f"{team_name} 2"
            continue
        participation = operations.participation(plan.operation.id, service.service_id)
        if participation is None:
            raise NotFound()
        add_team(actor, plan.operation, participation, TeamDraft(name))
        names.append(name)


def _make(actor: Actor, plan: Plan, wanted: Sequence[Wanted], **details: Any) -> Copied:
    """Write those of the wanted shifts that can stand, with an entry in the journal for each service."""
    standing: dict[int, list[rules.Stretch]] = {}
    for planned, _ in plan.standing:
        standing.setdefault(planned.team_id, []).append(planned.stretch)
    good, there, notes = copying.sift(
        wanted, zone=plan.operation.time_zone, teams=plan.teams, services=plan.services, standing=standing
    )
    values = []
    for one in good:
        draft = replace(one.draft, crew=_crew_now(one.draft.crew, plan.teams[one.team_id])).in_utc()
        findings = [f for f in _findings(plan.operation, plan.teams[one.team_id], draft, []) if f.where == "starts_on"]
        if findings:
            raise Invalid(*findings)
        values.append(_new(one.team_id, draft))
    uids = shifts.add_shifts(plan.operation.id, values, by=actor.user, now=utc_now())
    counts: dict[int, int] = {}
    for one in good:
        service_id = plan.teams[one.team_id].service_id
        counts[service_id] = counts.get(service_id, 0) + 1
    for service_id, rows in sorted(counts.items()):
        audit.record(
            actor,
            Tag.SHIFTS_COPIED,
            kind="operation",
            object_id=plan.operation.id,
            operation=plan.operation.id,
            service=service_id,
            rows=rows,
            **details,
        )
    return Copied(len(uids), there, tuple(notes), tuple(uids))


def _crew_now(crew: tuple[int, ...] | None, team: PlannedTeam) -> tuple[int, ...] | None:
    """The crew if all of it is in the team now, else everybody."""
    return crew if crew is not None and set(crew) <= {member.staff_id for member in team.members} else None


# --- problems and publishing ------------------------------------------------------------------------------------------


def problems_of(actor: Actor, operation: Operation, rows: Sequence[ShiftRow] | None = None) -> list[ShiftProblem]:
    """What is wrong with the plan, worst first, as far as the actor may see it.

    A service coordinator gets the problems of her own service; where somebody is rostered by another service she
    learns the times and nothing more. ``rows``: every shift of the operation, if read already. Raises ``NotAllowed``.
    """
    return rules.problems(Plan(operation, rows).facts(_visible(actor, operation)))


def publish(actor: Actor, operation: Operation, service_ids: Iterable[int]) -> int:
    """Make the plan of the services the roster that their officers see; how many shifts changed on it.

    Officers see nothing of an operation that is still a draft. Raises ``NotAllowed``; ``Invalid`` with a finding for
    each problem that blocks, and at ``services`` when none is chosen.
    """
    chosen = frozenset(service_ids)
    if not chosen:
        raise Invalid.at("services", N_("Choose the services whose roster is to be published."))
    _services(actor, "roster.publish", operation, chosen)
    shifts.take_turn(operation.id)
    facts = Plan(operation).facts(_visible(actor, operation), publishing=chosen)
    found = [p for p in rules.problems(facts) if p.blocks and p.concerns(chosen)]
    if found:
        raise Invalid(*_told(found))
    rows = [row for row in shifts.shifts_of(operation.id, chosen) if row.pending]
    if not rows:
        return 0
    shifts.publish([row.shift_id for row in rows], utc_now())
    operations.note_change(operation.id)
    for service_id in sorted({row.service_id for row in rows}):
        audit.record(
            actor,
            Tag.ROSTER_PUBLISHED,
            kind="operation",
            object_id=operation.id,
            operation=operation.id,
            service=service_id,
            rows=sum(row.service_id == service_id for row in rows),
        )
    return len(rows)


def _told(found: Sequence[ShiftProblem]) -> list[Finding]:
    """What blocks as findings, the worst ones; a page cannot hold thousands."""
    findings = [Finding("services", problem.message, problem.params) for problem in found[:MOST_TOLD]]
    if len(found) > MOST_TOLD:
        words = N_("%(count)s more problems block it; see the list of problems.")
        findings.append(Finding("services", words, {"count": len(found) - MOST_TOLD}))
    return findings


# --- shared -----------------------------------------------------------------------------------------------------------


def _need(actor: Actor, action: str, target: Target) -> None:
    if not may(actor, action, target):
        raise NotAllowed()


def _service_of(target: Target, service_id: int) -> Target:
    return replace(target, service=service_id)


def _services(actor: Actor, action: str, operation: Operation, service_ids: Iterable[int] | None) -> frozenset[int]:
    """The services given, or all of the operation for which the actor may. Raises ``NotAllowed`` for any other."""
    target = access.operation_target(operation)
    there = {taking_part.service_id for taking_part, _, _ in operations.participations_of(operation.id)}
    allowed = frozenset(one for one in there if may(actor, action, _service_of(target, one)))
    chosen = allowed if service_ids is None else frozenset(service_ids)
    if not chosen <= allowed or (service_ids is None and not allowed and not may(actor, action, target)):
        raise NotAllowed()
    return chosen


def _visible(actor: Actor, operation: Operation) -> frozenset[int] | None:
    target = access.operation_target(operation)
    if may(actor, "team.see", target):
        return None
    return _services(actor, "team.see", operation, None)


def _shift(uid: str) -> ShiftRow:
    found = shifts.shift(uid)
    if found is None:
        raise NotFound()
    return found


def _before(actor: Actor, operation: Operation, shift: ShiftRow, version: int | None) -> Any:
    """The version that stands, if the actor may change it and it is the one that was read."""
    _need(actor, "team.change", access.service_target(operation, shift.service_id))
    if shift.operation_id != operation.id:
        raise NotFound()
    shifts.take_turn(operation.id)
    before = shifts.current(shift.shift_id)
    if version is not None and version != before.version:
        raise Changed()
    return before


def _next(
    actor: Actor, operation: Operation, shift: ShiftRow, before: Any, values: dict[str, Any], tag: Tag, **details: Any
) -> None:
    if not shifts.add_version(before, values, by=actor.user, now=utc_now()):
        raise Changed()
    _note(actor, tag, operation, shift.service_id, shift.uid, **details)


def values_of(draft: ShiftDraft) -> dict[str, Any]:
    """The columns of a version that stands, in UTC."""
    said = draft.in_utc()
    return {
        "starts_at": said.starts_at,
        "ends_at": said.ends_at,
        "place": said.place,
        "channel": said.channel,
        "places": said.places,
        "crew": None if said.crew is None else list(said.crew),
        "cancelled": False,
    }


def _new(team_id: int, draft: ShiftDraft) -> dict[str, Any]:
    return {"team_id": team_id, **values_of(draft)}


def _check(operation: Operation, team_id: int, draft: ShiftDraft, *, but: int | None = None) -> None:
    version = teams.current(team_id)
    members = tuple(Member(m.staff_id, ("staff", m.staff_id)) for m, _ in teams.members_of(operation.id, team_id))
    team = PlannedTeam(team_id, 0, version.name, members=members, cancelled=version.cancelled)
    others = shifts.stretches_of(team_id, but=but, within=(draft.starts_at, draft.ends_at))
    findings = _findings(operation, team, draft, others)
    if findings:
        raise Invalid(*findings)


def _findings(
    operation: Operation, team: PlannedTeam, draft: ShiftDraft, others: Iterable[rules.Stretch]
) -> list[Finding]:
    return rules.check_shift(
        draft,
        zone=operation.time_zone,
        members=[member.staff_id for member in team.members],
        others=others,
        window=(operation.starts_at, operation.ends_at),
        team_cancelled=team.cancelled,
    )


def _note(actor: Actor, tag: Tag, operation: Operation, service_id: int, uid: str, **details: Any) -> None:
    audit.record(actor, tag, kind="shift", object_id=uid, operation=operation.id, service=service_id, **details)


__all__ = [
    "EVENING_TEAM",
    "Copied",
    "CopyNote",
    "add_shift",
    "cancel_shift",
    "change_shift",
    "copy_day",
    "copy_pattern",
    "draft_of",
    "problems_of",
    "publish",
    "restore_shift",
    "use_evening",
]
