"""Random histories of a small tree of operations, written by the real commands under a clock that moves.

``History(seed, clock).run(steps)`` does one random thing after another; after each it keeps what the site shows at that
moment. ``differences()`` asks every kept moment again, as of then, and names what is not the same byte for byte.
What a command refuses is part of the history too: it must leave no trace.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any

from outreach.errors import Problem
from outreach.field import charge_commands, commands, rules
from outreach.field.rules import ContactEntry, PersonEntry
from outreach.plan import commands as plan
from outreach.plan import service_commands, team_commands
from outreach.plan.operation_rules import Draft
from outreach.plan.rules import STATES
from outreach.referrals import case_commands, close_commands
from outreach.referrals import commands as steps
from outreach.referrals.rules import next_states
from outreach.returns import commands as returns
from outreach.returns import counting_commands, ledger_commands, sign_commands
from outreach.returns.figures import board_of, cells_of, figures_of, months_of, outcomes_of, rows_of
from outreach.rollup.counting import RULES
from outreach.storage import db, writing
from outreach.storage.queries import access, contacts, field, operations, referrals, teams
from outreach.storage.tables import (
    Accused,
    AccusedVersion,
    Adjustment,
    Charge,
    ChargeVersion,
    Contact,
    Grant,
    Meeting,
    Operation,
    Participation,
    PersonMerge,
    Referral,
    Service,
    Team,
    User,
)
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import (
    ChargeStatus,
    EntryMode,
    FollowUpResult,
    OperationStatus,
    ParticipationStatus,
    Role,
    ServiceKind,
    StaffCategory,
)
from tests.factories import a_participation, a_service, a_team, a_user, an_operation

BEGINS = dt.datetime(2017, 10, 10, 10, 0, tzinfo=dt.UTC)
PARTS = (
    "by:service",
    "by:day",
    "by:service,day",
    "by:service,category",
    "cells:persons_met",
    "cells:persons_made_safe",
    "cells:charges",
    "cells:referrals_received",
    "rows:persons_made_safe",
    "rows:charges:ever",
    "rows:personnel",
    "months:persons_met",
    "board",
    "board",
    "outcomes",
)
"""What is kept of a moment: figures by something, cells, the rows behind a figure, months, checks, outcomes."""


@dataclass(frozen=True)
class Shown:
    """What the site showed of one part of one operation's figures at a moment, and which step came before."""

    operation: int
    at: dt.datetime
    part: str
    text: str
    after: str


class History:
    """The world and its clock (a travelling ``time_machine``)."""

    def __init__(self, seed: int, clock: Any) -> None:
        self.random, self.clock = Random(seed), clock
        self.shown: list[Shown] = []
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.codes: list[str] = []
        self._world()

    def _world(self) -> None:
        top = an_operation("TOP", starts_at=BEGINS, days=4)
        below = an_operation("BELOW", starts_at=BEGINS, days=2, parent=top)
        beside = an_operation("BESIDE", starts_at=BEGINS + dt.timedelta(days=1), days=2)
        self.operations = [top.id, below.id, beside.id]
        logs, tells, both, partner = (a_service(f"{name} Police") for name in ("Alder", "Birch", "Cedar", "Dogwood"))
        agency = a_service("Elm House", ServiceKind.VICTIM_SERVICES)
        self.services = [service.id for service in (logs, tells, both, partner, agency)]
        a_participation(top, logs)
        a_participation(top, tells, entry_mode=EntryMode.DAILY_TOTALS)
        for operation in (top, below, beside):
            part = a_participation(operation, both)
            a_team(part, a_user(Role.FIELD_OFFICER, both), name=f"Cedar {operation.code}", partners=(partner.id,))
            a_participation(operation, agency, entry_mode=EntryMode.NONE)
        a_participation(below, partner)
        a_team(operations.participation(top.id, logs.id), a_user(Role.FIELD_OFFICER, logs), name="Alder")
        self.boss = a_user(Role.OPERATION_COORDINATOR).id
        self.coordinator = a_user(Role.SERVICE_COORDINATOR, logs).id
        with writing():
            user = db.session.get_one(User, self.coordinator)
            for service in self.services[1:]:
                user.roles.append(Grant(role=Role.SERVICE_COORDINATOR.value, service_id=service))
        self.liaison = a_user(Role.LIAISON, agency).id

    # Running ------------------------------------------------------------------------------------------------------

    def run(self, count: int) -> None:
        """So many moments are kept, with one to four things happening before each."""
        for name in FIRST:
            self.do(name)
        for _ in range(count):
            names = self.random.choices(DEEDS, k=self.random.choice((1, 1, 2, 4)))
            for name in names:
                self.do(name)
            self.clock.shift(dt.timedelta(seconds=self.random.choice((0, 1, 60))))
            self.keep(", ".join(names))

    def do(self, name: str) -> None:
        self.clock.shift(dt.timedelta(seconds=self.random.choice((1, 40, 900, 5_000, 20_000))))
        try:
            with writing():
                done = getattr(self, name)()
            self.done[name] += done is not False
        except Problem as problem:
            self.refused[f"{name}: {problem}"] += 1
        db.session.remove()

    def keep(self, after: str) -> None:
        """What one operation's pages show now."""
        operation, at = self.random.choice((self.operations[0], *self.operations)), utc_now()
        for part in ("by:", *self.random.sample(PARTS, 2)):
            self.shown.append(Shown(operation, at, part, part_of(operation, None, part), after))
        db.session.remove()

    def differences(self, *, later: dt.timedelta = dt.timedelta(days=3)) -> list[str]:
        """What a kept moment, asked for now, does not show as it did then."""
        self.clock.shift(later)
        found = []
        for kept in self.shown:
            now = part_of(kept.operation, kept.at, kept.part)
            if now != kept.text:
                found.append(f"{kept.operation} {kept.at} {kept.part} after {kept.after}:\n{kept.text}\n{now}")
        db.session.remove()
        return found

    # What may happen ----------------------------------------------------------------------------------------------

    def log(self) -> Any:
        team = self.random.choice(db.session.query(Team).all())
        place = field.logging_place(team.uid)
        members = teams.members_of(team.operation_id, team.id)
        users = [staff.user_id for _, staff in members if staff.user_id]
        if place is None or not users:
            return False
        return commands.log_contact(self._as(users[0]), place, self._entry(new_uid()))

    def change(self) -> Any:
        record = self._contact()
        return record and commands.change_contact(
            self._coordinator(), record, self._entry(record.contact.uid), expected=record.version.version, reason="late"
        )

    def withdraw(self) -> Any:
        record = self._contact()
        return record and commands.withdraw_contact(
            self._coordinator(), record, expected=record.version.version, reason="late"
        )

    def merge(self) -> bool:
        """Two persons are found to be one; there is no page for it yet, the rows are what it will write."""
        meetings = db.session.query(Meeting).all()
        if len(meetings) < 2:
            return False
        one, other = self.random.sample(meetings, 2)
        row = PersonMerge(
            operation_id=one.operation_id, person_key=one.person_key, into_key=other.person_key, recorded_at=utc_now()
        )
        db.session.add(row)
        operations.note_change(one.operation_id)
        return True

    def part_again(self) -> bool:
        merge = self._any(PersonMerge)
        if merge is None or merge.superseded_at is not None:
            return False
        merge.superseded_at = utc_now()
        operations.note_change(merge.operation_id)
        return True

    def totals(self) -> Any:
        operation, part = self._part(EntryMode.DAILY_TOTALS if self.random.random() < 0.7 else None)
        sheet = returns.sheet_of(operation, part)
        slots = [slot for slot in sheet.slots() if slot.accepts != "nothing"]
        chosen = self.random.sample(slots, min(len(slots), 8))
        numbers = ("0", "0", "d", "", "1", "2", "3")
        typed = {
            slot.name: self.random.choice(("0", "d", "") if slot.accepts == "silence" else numbers) for slot in chosen
        }
        return returns.save_totals(
            self._coordinator(), operation, part, typed, seen=sheet.mark, clear=True, reason="told by phone"
        )

    def adjust(self) -> Any:
        row = self._any(Adjustment)
        if row is not None and self.random.random() < 0.4:
            part = db.session.get_one(Participation, row.participation_id)
            operation = db.session.get_one(Operation, row.operation_id)
            return ledger_commands.take_back(self._coordinator(), operation, part, row.uid, "counted after all")
        operation, part = self._part(None)
        return ledger_commands.adjust(
            self._coordinator(),
            operation,
            part,
            measure=self.random.choice(("persons_met", "persons_made_safe", "charges", "contacts")),
            day=None if self.random.random() < 0.5 else self._day(),
            amount=self.random.choice(("-1", "+1", "+2")),
            reason="told by phone",
        )

    def overlap(self) -> Any:
        operation = db.session.get_one(Operation, self.random.choice(self.operations))
        one, other = self.random.sample(self.services[:4], 2)
        persons = self.random.choice(("0", "1", ""))
        return ledger_commands.declare(
            self._boss(), operation, one, other, measure="persons_met", persons=persons, reason="asked both"
        )

    def accuse(self) -> Any:
        operation, part = self._part(None)
        arrested = self.random.random() < 0.7
        return charge_commands.add_accused(
            self._coordinator(),
            operation,
            part.service_id,
            f"A-{self.random.randrange(30)}",
            arrested,
            self._day() if arrested else None,
        )

    def change_accused(self) -> Any:
        accused = self._any(Accused)
        if accused is None:
            return False
        version = self._standing(AccusedVersion, accused_id=accused.id)
        arrested = self.random.random() < 0.5
        return charge_commands.change_accused(
            self._coordinator(),
            accused,
            version.version,
            arrested=arrested,
            reason="read again",
            arrested_on=self._day() if arrested else None,
            withdrawn=self.random.random() < 0.5,
        )

    def charge(self) -> Any:
        accused = self._any(Accused)
        return accused and charge_commands.lay_charge(self._coordinator(), accused, self._charge())

    def amend(self) -> Any:
        charge = self._any(Charge)
        if charge is None:
            return False
        version = self._standing(ChargeVersion, charge_id=charge.id)
        status = self.random.choice(ChargeStatus.values())
        return charge_commands.amend_charge(
            self._coordinator(),
            charge,
            version.version,
            status=status,
            counts=self.random.randrange(1, 4),
            reason="the court",
            substitute=self._charge(),
        )

    def take_part(self) -> Any:
        operation, part = self._part(None)
        current = operations.current_participation(part.id)
        starts = BEGINS + dt.timedelta(days=self.random.randrange(3))
        window = (starts, starts + dt.timedelta(days=1)) if self.random.random() < 0.4 else (None, None)
        places = {family: self.random.choice(self.operations) for family in ("contacts", "personnel")}
        status = self.random.choice((*ParticipationStatus.values(), *["confirmed"] * 4))
        mode = self.random.choice((current.entry_mode, *EntryMode.values()))
        return service_commands.change_participation(
            self._as(self.boss),
            operation,
            part,
            current.version,
            status=status,
            entry_mode=mode,
            starts_at=window[0],
            ends_at=window[1],
            places=places if self.random.random() < 0.5 else None,
        )

    def invite(self) -> Any:
        operation = db.session.get_one(Operation, self.random.choice(self.operations))
        service = self.random.choice(self.services)
        if operations.participation(operation.id, service) is not None:
            return False
        from outreach.storage.queries import plan as rows

        rows.add_participation(operation.id, service, None, status="confirmed", entry_mode="contacts")
        operations.note_change(operation.id)
        return True

    def window(self) -> Any:
        """What the form of an operation's plan changes: its window, deadline, and what is known of its services."""
        operation = db.session.get_one(Operation, self.random.choice(self.operations))
        chance = self.random.random
        ends = operation.ends_at + dt.timedelta(days=self.random.choice((-1, 0, 1)))
        clock = 360 if operation.status == "active" else self.random.choice((0, 360, 720))
        draft = replace(
            self._draft(operation),
            ends_at=ends,
            services_known=chance() < 0.8,
            overlap_nil=chance() < 0.4,
            day_starts_minutes=clock,
            entry_deadline_at=None if chance() < 0.5 else ends + dt.timedelta(days=1),
        )
        return plan.change_operation(self._as(self.boss), operation, draft, operation.version)

    def hang(self) -> Any:
        """An operation is put under another one, or taken out."""
        one = db.session.get_one(Operation, self.random.choice(self.operations))
        parent = self.random.choice((None, *self.operations))
        draft = replace(self._draft(one), parent_id=parent)
        return plan.change_operation(self._as(self.boss), one, draft, one.version)

    def begin_another(self) -> Any:
        if len(self.operations) > 4:
            return False
        draft = Draft(
            name="Another",
            code=f"MORE-{len(self.operations)}",
            starts_at=BEGINS,
            ends_at=BEGINS + dt.timedelta(days=2),
            parent_id=self.random.choice((None, self.operations[0])),
        )
        made = plan.create_operation(self._as(self.boss), draft)
        self.operations.append(made.id)
        return made

    def move(self) -> Any:
        operation = db.session.get_one(Operation, self.random.choice(self.operations))
        ways = [way for way in STATES[OperationStatus(operation.status)].moves if way.to != OperationStatus.ARCHIVED]
        back = [way for way in ways if way.back or operation.status in ("draft", "planned")]
        way = self.random.choice(back or ways)
        mover = returns.move if way.room == "returns" else plan.move
        return mover(self._boss(), operation, way.to, "as was agreed")

    def kind(self) -> Any:
        service = db.session.get_one(Service, self.random.choice(self.services[:4]))
        values = {name: getattr(service, name) for name in service_commands.SERVICE_FIELDS}
        values["kind"] = self.random.choice(("police_municipal", "police_provincial", "ngo"))
        return service_commands.change_service(self._as(self.boss), service, values, service.version, different=True)

    def people(self) -> Any:
        team = self._any(Team)
        operation = db.session.get_one(Operation, team.operation_id)
        members = teams.members_of(operation.id, team.id)
        if members and self.random.random() < 0.4:
            return team_commands.remove_member(self._boss(), operation, team, self.random.choice(members)[0])
        return team_commands.add_member(
            self._boss(),
            operation,
            team,
            service_id=team.service_id,
            name=f"Person {self.random.randrange(6)}",
            category=self.random.choice(StaffCategory.values()),
        )

    def team(self) -> Any:
        operation, part = self._part(None)
        if self.random.random() < 0.5:
            partners = tuple(self.random.sample(self.services, 1))
            draft = team_commands.TeamDraft(f"Team {self.random.randrange(9)}", partners=partners)
            return team_commands.add_team(self._boss(), operation, part, draft)
        team = self._any(Team)
        operation = db.session.get_one(Operation, team.operation_id)
        return team_commands.cancel_team(self._boss(), operation, team, cancelled=self.random.random() < 0.6)

    def pick_up(self) -> Any:
        referral = self._any(Referral)
        return referral and steps.pick_up(self._as(self.liaison), referral)

    def step(self) -> Any:
        referral = self._any(Referral)
        if referral is None:
            return False
        seen = referrals.current(referral.id)
        ways = next_states(seen.state)
        to = self.random.choice([way for way in ways if way in ("reached", "engaged")] or ways or ("closed",))
        return steps.move(self._as(self.liaison), referral, seen.version, to, destroys=True)

    def follow_up(self) -> Any:
        referral = self._any(Referral)
        self.clock.shift(dt.timedelta(days=self.random.choice((0, 0, 7))))
        return referral and case_commands.finish_follow_up(
            self._as(self.liaison), referral, 7, self.random.choice(FollowUpResult.values())
        )

    def outcomes(self) -> Any:
        referral = self._any(Referral)
        codes = ("safe_housing", "school", "work")
        return referral and close_commands.set_outcomes(
            self._as(self.liaison), referral, self.random.sample(codes, self.random.randrange(3))
        )

    def count_by(self) -> Any:
        operation = db.session.get_one(Operation, self.random.choice(self.operations))
        rule = self.random.choice(RULES)
        return counting_commands.choose(
            self._as(self.boss), operation, rule.measure, rule.name, operation.version, reason="as the partners agreed"
        )

    def sign(self) -> Any:
        operation, part = self._part(None)
        return sign_commands.sign(
            self._coordinator(), operation, part, typed_name="A Coordinator", provisional=True, reason="as far as known"
        )

    # Choosing -----------------------------------------------------------------------------------------------------

    def _any(self, table: Any) -> Any:
        found = db.session.query(table).order_by(table.id).all()
        return self.random.choice(found) if found else None

    def _standing(self, version: Any, **of: int) -> Any:
        return db.session.query(version).filter_by(**of, superseded_at=None).one()

    def _as(self, user: int) -> Any:
        return access.actor_of(db.session.get_one(User, user))

    def _boss(self) -> Any:
        return self._as(self.boss)

    def _coordinator(self) -> Any:
        return self._as(self.coordinator)

    def _contact(self) -> Any:
        contact = self._any(Contact)
        return contact and contacts.contact_record(contact.uid)

    def _part(self, mode: EntryMode | None) -> tuple[Operation, Participation]:
        parts = db.session.query(Participation).order_by(Participation.id).all()
        if mode is not None:
            told = [one for one in parts if operations.current_participation(one.id).entry_mode == mode]
            parts = told or parts
        part = self.random.choice(parts)
        return db.session.get_one(Operation, part.operation_id), part

    def _day(self) -> dt.date:
        return utc_now().date() - dt.timedelta(days=self.random.randrange(1, 3))

    def _charge(self) -> charge_commands.ChargeEntry:
        return charge_commands.ChargeEntry(
            label="Invented offence", statute="Criminal Code", counts=self.random.randrange(1, 4), laid_on=self._day()
        )

    def _entry(self, uid: str) -> ContactEntry:
        people = tuple(self._person() for _ in range(self.random.choice((0, 1, 1, 2))))
        met_at = utc_now() - dt.timedelta(minutes=self.random.choice((5, 60, 900)))
        result = "met" if people else self.random.choice(("no_answer", "left"))
        return ContactEntry(
            uid=uid, met_at=met_at, result=result, place_kind="hotel", kits=self.random.randrange(3), persons=people
        )

    def _person(self) -> PersonEntry:
        again = bool(self.codes) and self.random.random() < 0.5
        code = self.random.choice(self.codes) if again else rules.make_code()
        self.codes.append(code)
        answer = self.random.choice(("accepted", "accepted", "declined", "undecided", "not_offered"))
        agreed = ("talk", "record", "refer") if self.random.random() < 0.8 else ("talk",)
        return PersonEntry(
            code=code,
            claimed=again,
            age=self.random.choice(("16_17", "25_34", "not_known")),
            gender="woman_girl",
            answer=answer,
            made_safe=self.random.random() < 0.5,
            agreed=agreed,
            reach_by="they_call",
            no_referral_reason="" if "refer" in agreed else "not_wanted",
        )

    def _draft(self, operation: Operation) -> Draft:
        return Draft(**{one.name: getattr(operation, one.name) for one in fields(Draft)})


FIRST = ("log", "log", "log", "totals", "totals", "accuse", "accuse", "charge", "charge", "pick_up")
"""What happens before the first moment is kept, so that there is something to change."""
DEEDS = (
    *["log"] * 6,
    "change",
    "change",
    "withdraw",
    "merge",
    "part_again",
    *["totals"] * 4,
    "adjust",
    "adjust",
    "overlap",
    "accuse",
    "accuse",
    "charge",
    "charge",
    "change_accused",
    "amend",
    "amend",
    "take_part",
    "take_part",
    "invite",
    "window",
    "window",
    "hang",
    "hang",
    "begin_another",
    "move",
    "kind",
    "people",
    "people",
    "team",
    "pick_up",
    "pick_up",
    "step",
    "step",
    "follow_up",
    "outcomes",
    "outcomes",
    "count_by",
    "count_by",
    "sign",
)
"""What a step may be, as often as it is named."""


def part_of(operation: int, as_of: Any, part: str) -> str:
    """One part as text: every digit and word of it, and not at which moment it was asked."""
    name, _, what = part.partition(":")
    if name == "by":
        found = figures_of(operation, as_of, tuple(filter(None, what.split(","))))
        return repr((found.coverage, found.figures))
    if name == "cells":
        return repr(cells_of(operation, what, as_of))
    if name == "rows":
        return str(rows_of(operation, what, as_of).to_csv(index=False))
    if name == "months":
        return repr(months_of(operation, (what,), as_of))
    return repr((board_of if name == "board" else outcomes_of)(operation, as_of))
