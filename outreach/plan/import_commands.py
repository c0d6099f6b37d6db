"""Making an operation follow the plan of a workbook.

All or nothing: every row is tried, every problem named at its cell, and with one problem nothing stays. What the file
does not name stays as it is. Commands of the room do the single writes, so the journal and the versions are theirs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid, NotAllowed
from outreach.storage import writing
from outreach.storage.queries import access, operations, teams
from outreach.storage.queries import plan as rows
from outreach.storage.tables import Participation, Service, Staff, Team
from outreach.vocab import EntryMode, ParticipationStatus, ServiceKind

from . import commands, operation_rules, service_commands, similar_rules, team_commands
from .operation_rules import Draft
from .rules import name_key
from .team_rules import TeamDraft, person_key
from .workbook_commands import Places, local_of
from .workbook_rules import PARTS, PersonPlan, Plan, ServicePlan, TeamPlan

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """One change: ``kind`` add or change; ``sheet`` and ``name`` say of what, ``fields`` which columns."""

    kind: str
    sheet: str
    name: str
    fields: tuple[str, ...] = ()


@dataclass
class Outcome:
    """What an import does, or why not. ``steps`` stand for nothing when there are ``findings``."""

    steps: list[Step]
    findings: list[Finding]
    operation: str = ""

    @property
    def mark(self) -> str:
        """The same for the same changes: what was confirmed is what was shown."""
        return hashlib.sha256(repr(self.steps).encode()).hexdigest()


class _Undo(Exception):
    """Ends a write whose traces shall go."""


def rehearse(actor: Actor, plan: Plan, *, only: str = "") -> Outcome:
    """What ``import_plan`` would do, by doing it and undoing it."""
    outcome = Outcome([], [])
    try:
        with writing():
            outcome = _follow(actor, plan, only)
            raise _Undo
    except _Undo:
        return outcome


def import_plan(actor: Actor, plan: Plan, *, only: str = "", mark: str = "") -> Outcome:
    """Make the operation of the plan's code follow it, creating it when there is none. One write of its own.

    ``only``: the code that the plan must have. ``mark``: of the outcome that was confirmed. Raises ``Invalid`` with
    every finding (nothing is changed then), ``Changed`` when it would no longer do what was confirmed.
    """
    with writing():
        outcome = _follow(actor, plan, only)
        if outcome.findings:
            raise Invalid(*outcome.findings)
        if mark and mark != outcome.mark:
            raise Changed()
        operation = operations.by_code(outcome.operation)
        audit.record(
            actor,
            Tag.PLAN_IMPORTED,
            kind="operation",
            object_id=operation.id if operation else "",
            operation=operation.id if operation else None,
            added=sum(step.kind == "add" for step in outcome.steps),
            changed=sum(step.kind == "change" for step in outcome.steps),
        )
    return outcome


def _follow(actor: Actor, plan: Plan, only: str) -> Outcome:
    run = _Run(actor, plan)
    if only and plan.operation.code != only:
        run.find("Operation", "code", N_("This workbook is of another operation. Open that one, or change the code."))
    elif run.admitted():
        run.directory()
        run.the_operation()
        if run.operation is not None:
            run.participations()
            run.teams()
            run.people()
            run.parts()
    return Outcome(run.steps, run.findings, plan.operation.code)


def _kept(said: str, before: str | None) -> str:
    """What is said, or what stands when a cell cannot tell the difference (space at the ends, line breaks)."""
    return before if before is not None and before.replace("\r\n", "\n").strip() == said else said


_FIELD = {"starts_on": "starts_at", "ends_on": "ends_at", "deadline_on": "entry_deadline_at", "service": "service"}


class _Run:
    """One import under way: what was found, what was done."""

    def __init__(self, actor: Actor, plan: Plan) -> None:
        self.actor = actor
        self.plan = plan
        self.steps: list[Step] = []
        self.findings: list[Finding] = []
        self.operation = operations.by_code(plan.operation.code)
        every = rows.all_services()
        self.known: dict[str, Service] = {s.name_key: s for s in every} | {name_key(s.name): s for s in every}
        self.taking_part: dict[int, Participation] = {}
        self.refused: set[str] = set()

    def find(self, sheet: str, column: str, message: str, row: int = 0, **params: Any) -> None:
        self.findings.append(Finding(self.plan.cells.place(sheet, column, row), message, params))

    def attempt(self, sheet: str, row: int, act: Callable[[], T], columns: dict[str, str] | None = None) -> T | None:
        """Do ``act``; what it refuses becomes findings at the cells of the row."""
        try:
            return act()
        except Invalid as invalid:
            for finding in invalid.findings:
                column = {**_FIELD, **(columns or {})}.get(finding.where, finding.where)
                self.find(sheet, column, finding.message, row, **finding.params)
        except NotAllowed as refused:
            self.find(sheet, "name", refused.message, row)
        return None

    def moment(self, wanted: dt.datetime | None, before: dt.datetime | None, where: str) -> dt.datetime | None:
        """The instant of a local time; ``before`` itself when it shows that time already."""
        zone = self.plan.operation.time_zone
        if wanted is None or (before is not None and local_of(before, zone) == wanted):
            return before if wanted is not None else None
        return operation_rules.instant(wanted.date(), wanted.hour * 60 + wanted.minute, zone, where, which="earlier")

    def admitted(self) -> bool:
        """Whether the actor may follow a plan of this code at all."""
        if self.operation is None:
            if not may(self.actor, "operation.create"):
                raise NotAllowed()
        else:
            target = access.operation_target(self.operation)
            if not (may(self.actor, "operation.change", target) and may(self.actor, "participation.change", target)):
                self.find("Operation", "code", N_("Another operation has this code. Choose another one."))
        zone = self.attempt(
            "Operation", 0, lambda: operation_rules.zone_name(self.plan.operation.time_zone), {"time_zone": "time_zone"}
        )
        return not self.findings and zone is not None

    # --- services

    def directory(self) -> None:
        """Add the services that nobody knows; change what the file says otherwise of the others."""
        alike = similar_rules.Names([(s.id, s.name, s.kind) for s in {s.id: s for s in self.known.values()}.values()])
        for one in self.plan.services:
            said = {name: getattr(one, name) for name in service_commands.SERVICE_FIELDS}
            key = name_key(one.name)
            service = self.known.get(key)
            if service is not None:
                self._change_service(one, service, said)
                continue
            findings = service_commands.service_findings(said)
            for finding in findings:
                self.find("Services", finding.where, finding.message, one.row, **finding.params)
            looks = alike.like(one.name, one.kind) if key else []
            if looks:
                words = N_("This looks like “%(name)s”. Write that name, or add this service in the browser first.")
                self.find("Services", "name", words, one.row, name=looks[0].name)
            if not may(self.actor, "services.add"):
                self.find("Services", "name", N_("You may not add services to the directory."), one.row)
            elif not findings and not looks:
                added = rows.add_service({**said, "name_key": key})
                if added is None:
                    raise Changed()
                self.known[key] = added
                alike.add(added.id, added.name, added.kind)
                audit.record(self.actor, Tag.SERVICE_ADDED, kind="service", object_id=added.id, service=added.id)
                continue
            self.refused.add(key)

    def _change_service(self, one: ServicePlan, service: Service, said: dict[str, str]) -> None:
        values = {
            name: value
            for name, value in said.items()
            if name != "name" and value and value != getattr(service, name).strip()
        }
        if not values:
            return
        if not may(self.actor, "services.change"):
            column = next(iter(values))
            words = N_("The directory says “%(value)s”, and you may not change it. Write that, or leave it empty.")
            label = getattr(service, column)
            self.find("Services", column, words, one.row, value=label)
            return
        if not rows.claim_service(service, service.version, values):
            raise Changed()
        fields = tuple(sorted(values))
        audit.record(
            self.actor, Tag.SERVICE_CHANGED, kind="service", object_id=service.id, service=service.id, fields=fields
        )
        self.steps.append(Step("change", "Services", service.name, fields))

    def service(self, name: str, sheet: str, column: str, row: int) -> Service | None:
        """A service of this operation by its name, or a finding."""
        found = self.known.get(name_key(name))
        if found is not None and found.id in self.taking_part:
            return found
        if name_key(name) not in self.refused:
            words = N_("“%(name)s” is not among the services of this operation. Add it to the sheet Services.")
            self.find(sheet, column, words, row, name=name[:80])
        return None

    # --- the operation

    def the_operation(self) -> None:
        said, before = self.plan.operation, self.operation
        lead = self.known.get(name_key(said.lead_service)) if said.lead_service else None
        if said.lead_service and lead is None and name_key(said.lead_service) not in self.refused:
            words = N_("There is no service “%(name)s”. Add it to the sheet Services.")
            self.find("Operation", "lead_service", words, name=said.lead_service[:80])
        parent = operations.by_code(said.parent.upper()) if said.parent else None
        if said.parent and parent is None:
            self.find("Operation", "parent", N_("Choose an operation that you may change, or none."))
        moments: dict[str, dt.datetime | None] = {}
        there = len(self.findings)
        for name in ("starts_at", "ends_at", "entry_deadline_at"):
            old = getattr(before, name) if before else None
            moments[name] = self.attempt("Operation", 0, lambda n=name, o=old: self.moment(getattr(said, n), o, n))
        draft = Draft(
            code=said.code,
            name=_kept(said.name, before.name if before else None),
            edition=_kept(said.edition, before.edition if before else None),
            level=said.level,
            purpose=_kept(said.purpose, before.purpose if before else None),
            window_assumed=said.window_assumed,
            time_zone=operation_rules.zone_name(said.time_zone),
            day_starts_minutes=said.day_starts,
            lead_service_id=lead.id if lead else None,
            parent_id=parent.id if parent else None,
            services_known=said.services_known,
            overlap_nil=said.overlap_nil,
            standing=before.standing if before else False,
            **moments,
        )
        bad = len(self.findings) > there
        if before is not None:
            fields = tuple(sorted(n for n, v in vars(draft).items() if n != "code" and getattr(before, n) != v))
            version = before.version
            if not bad and self.attempt(
                "Operation", 0, lambda: commands.change_operation(self.actor, before, draft, version)
            ):
                self.steps.append(Step("change", "Operation", said.name, fields))
            return
        if not bad:
            self.operation = self.attempt("Operation", 0, lambda: commands.create_operation(self.actor, draft))
            self.steps.append(Step("add", "Operation", said.name))
        if self.operation is None:
            # Something stands in for it, so that the other sheets are tried too; all of it is undone.
            zone = operation_rules.zone_name(said.time_zone)
            self.operation = rows.add_operation({"code": f"?{said.code}"[:40], "name": "?", "time_zone": zone})

    # --- participations

    def participations(self) -> None:
        operation = self.operation
        assert operation is not None  # noqa: S101 - the caller asked
        current = {service.id: (p, v) for p, v, service in operations.participations_of(operation.id)}
        self.taking_part = {service_id: p for service_id, (p, _) in current.items()}
        for one in self.plan.services:
            service = self.known.get(name_key(one.name))
            if service is None:
                continue
            taking_part, version = current.get(service.id, (None, None))
            values: dict[str, Any] = {"planned_staff": dict(one.planned)}
            for name in ("starts_at", "ends_at"):
                old = getattr(version, name) if version else None
                values[name] = self.attempt(
                    "Services", one.row, lambda n=name, o=old, s=one: self.moment(getattr(s, n), o, n)
                )
            self._check_window(one, values)
            if version is not None and {c: n for c, n in version.planned_staff.items() if n} == dict(one.planned):
                del values["planned_staff"]
            values |= {name: getattr(one, name) for name in ("status", "entry_mode") if getattr(one, name)}
            if taking_part is None or version is None:
                usual = EntryMode.CONTACTS if ServiceKind(service.kind).is_police else EntryMode.NONE
                values = {"status": ParticipationStatus.INVITED.value, "entry_mode": usual.value, **values}
                added = rows.add_participation(operation.id, service.id, self.actor.user, **values)
                operations.note_change(operation.id)
                audit.record(
                    self.actor,
                    Tag.PARTICIPATION_CHANGED,
                    kind="participation",
                    object_id=added.id,
                    operation=operation.id,
                    service=service.id,
                    status=values["status"],
                )
                self.taking_part[service.id] = added
                self.steps.append(Step("add", "Services", service.name))
                continue
            fields = tuple(sorted(n for n, v in values.items() if getattr(version, n) != v))
            if service_commands.write_participation(self.actor, operation, taking_part, version, values):
                self.steps.append(Step("change", "Services", service.name, fields))

    def _check_window(self, one: ServicePlan, values: dict[str, Any]) -> None:
        if (one.starts_at is None) != (one.ends_at is None):
            column = "starts_at" if one.starts_at is None else "ends_at"
            words = N_("Enter both ends of its window, or neither when it is the operation’s.")
            self.find("Services", column, words, one.row)
        elif values["starts_at"] and values["ends_at"] and values["ends_at"] <= values["starts_at"]:
            words = N_("The window ends before it starts. Enter an end after the start.")
            self.find("Services", "ends_at", words, one.row)
        elif values["starts_at"] and values["ends_at"] - values["starts_at"] > operation_rules.LONGEST_WINDOW:
            words = N_("The window is longer than three months. Check the year of both days.")
            self.find("Services", "ends_at", words, one.row)

    # --- teams

    def teams(self) -> None:
        operation = self.operation
        assert operation is not None  # noqa: S101 - the caller asked
        standing = teams.teams_of(operation.id)
        by_uid = {team.uid: team for team, _, _ in standing}
        claimed = {one.uid for one in self.plan.teams if one.uid in by_uid}
        by_name = {
            (team.service_id, person_key(version.name)): team
            for team, version, _ in reversed(standing)
            if team.uid not in claimed
        }
        for one in self.plan.teams:
            service = self.service(one.service, "Teams", "service", one.row)
            partners = [self.service(name, "Teams", "partners", one.row) for name in one.partners]
            if service is None or None in partners:
                continue
            team = by_uid.get(one.uid) or by_name.pop((service.id, person_key(one.name)), None)
            if team is not None and team.service_id != service.id:
                words = N_("A team stays with its service. Clear its hidden ID to make another team.")
                self.find("Teams", "service", words, one.row)
                continue
            ids = tuple(partner.id for partner in partners if partner)
            self.attempt("Teams", one.row, lambda o=one, s=service, t=team, i=ids: self._team(o, s, t, i))

    def _team(self, one: TeamPlan, service: Service, team: Team | None, partners: tuple[int, ...]) -> None:
        operation = self.operation
        assert operation is not None  # noqa: S101 - the caller asked
        before = team_commands.draft_of(team) if team else None
        draft = TeamDraft(
            name=_kept(one.name, before.name if before else None),
            area=_kept(one.area, before.area if before else None),
            starts_at=self.moment(one.starts_at, before.starts_at if before else None, "starts_at"),
            ends_at=self.moment(one.ends_at, before.ends_at if before else None, "ends_at"),
            partners=partners,
            cancelled=one.cancelled,
        )
        if team is None or before is None:
            team_commands.add_team(self.actor, operation, self.taking_part[service.id], draft)
            self.steps.append(Step("add", "Teams", f"{service.name}: {one.name}"))
            return
        if set(before.partners) == set(partners):
            draft = TeamDraft(**{**vars(draft), "partners": before.partners})
        fields = tuple(sorted(n for n, v in vars(draft).items() if getattr(before, n) != v))
        if fields and team_commands.change_team(self.actor, operation, team, draft):
            self.steps.append(Step("change", "Teams", f"{service.name}: {one.name}", fields))

    # --- people

    def people(self) -> None:
        """Whoever the file names is in the teams that it names and in no other; everybody else stays."""
        operation = self.operation
        assert operation is not None  # noqa: S101 - the caller asked
        at = Places(operation)
        wanted: dict[tuple[int, str], list[tuple[PersonPlan, int | None]]] = {}
        for one in self.plan.people:
            service = self.service(one.service, "People", "service", one.row)
            if service is None:
                continue
            found = at.named(one.team, service.id) if one.team else []
            if one.team and len(found) != 1:
                words = (
                    N_("Several teams are called “%(name)s”. Write “Service: %(name)s”.")
                    if found
                    else N_("“%(name)s” is no team of this service. Add it to the sheet Teams.")
                )
                self.find("People", "team", words, one.row, name=one.team)
                continue
            wanted.setdefault((service.id, person_key(one.name)), []).append((one, found[0] if found else None))
        if self.findings:
            return
        present: dict[int, dict[int, Any]] = {}
        for member, staff in teams.members_of(operation.id):
            if member.team_id in at.standing:
                present.setdefault(staff.id, {})[member.team_id] = member
        for (service_id, _), places in wanted.items():
            self._person(at, service_id, places, present)

    def _person(
        self,
        at: Places,
        service_id: int,
        places: list[tuple[PersonPlan, int | None]],
        present: dict[int, dict[int, Any]],
    ) -> None:
        operation, first = self.operation, places[0][0]
        assert operation is not None  # noqa: S101 - the caller asked
        known = teams.staff_by_key(service_id, person_key(first.name), first.name.casefold())
        staff = known or self.attempt(
            "People", first.row, lambda: team_commands.staff_named(service_id, first.name, first.category)
        )
        if staff is None:
            return
        there = present.get(staff.id, {})
        chosen = {team_id: one for one, team_id in places if team_id is not None}
        fields = []
        does = first.category if not chosen else staff.category
        for team_id, one in chosen.items():
            member = there.get(team_id)
            if member is None or (member.category, member.is_lead) != (one.category, one.lead):
                fields.append("lead" if member is not None and member.is_lead != one.lead else "team")
                does = one.category if member is not None and member.category != one.category else does
                team = at.standing[team_id][0]
                team_commands.join(self.actor, operation, team, staff, one.category, lead=one.lead)
        if staff.category != does:
            fields.append("category")
            staff.category = does
        for team_id, member in there.items():
            if team_id not in chosen:
                fields.append("team")
                team_commands.remove_member(self.actor, operation, at.standing[team_id][0], member)
        self._note(staff, known is None, fields)

    # --- what other subjects and rooms add

    def parts(self) -> None:
        """The further sheets, in their order; they stand on the sheets before, so those must hold first."""
        for code, lines in self.plan.more.items():
            if not self.findings:
                PARTS[code].follow(self, lines)

    def _note(self, staff: Staff, new: bool, fields: list[str]) -> None:
        if new:
            self.steps.append(Step("add", "People", staff.name))
        elif fields:
            self.steps.append(Step("change", "People", staff.name, tuple(sorted(set(fields)))))
