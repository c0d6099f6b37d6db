"""Invented operations with locked figures, to be released: two services, a coordinator and a commander."""

from __future__ import annotations

import datetime as dt
from typing import Any

from outreach.report import release_approval_commands as approving
from outreach.report import release_commands as commands
from outreach.report import release_rules as rules
from outreach.returns import set_commands
from outreach.storage import db, writing
from outreach.storage.queries import access, figure_sets, operations
from outreach.storage.queries import releases as rows
from outreach.storage.tables import AuditEntry, Release, SignOff, Tally
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, Role
from tests.factories import a_participation, a_service, a_user, an_operation

MET = {"Fox River Police": (30, 12), "Quarry Town Police": (20, 9)}
"""Persons met and charges of each service on the first day; charges add up, persons are a range."""


class World:
    """An operation of two services that send totals, its coordinator, its commander and a second coordinator."""

    def __init__(self, code: str = "OP-OUT", met: dict[str, tuple[int, int]] | None = None, **more: Any) -> None:
        self.code = code
        self.operation = an_operation(code, days=2, overlap_nil=True, services_known=True, **more)
        self.met = met or MET
        self.parts = [
            a_participation(self.operation, a_service(f"{name}"), entry_mode=EntryMode.DAILY_TOTALS)
            for name in self.met
        ]
        self.users = {name: a_user(role) for name, role in PEOPLE.items()}
        self.people = {name: access.actor_of(user) for name, user in self.users.items()}
        for part, (persons, charges) in zip(self.parts, self.met.values(), strict=True):
            self.tell(part, persons_met=persons, charges=charges)

    def tell(self, part: Any, day: int = 10, **numbers: int) -> None:
        """What a service says of a day, also where it said something else before."""
        with writing():
            now = utc_now()
            for code, number in numbers.items():
                find = {"participation_id": part.id, "measure": code, "superseded_at": None}
                old = db.session.query(Tally).filter_by(day=dt.date(2017, 10, day), **find).first()
                if old is not None:
                    old.superseded_at = now
                db.session.add(
                    Tally(
                        operation_id=part.operation_id,
                        participation_id=part.id,
                        service_id=part.service_id,
                        measure=code,
                        day=dt.date(2017, 10, day),
                        state="number" if number else "zero",
                        value=number,
                        version=old.version + 1 if old else 1,
                        recorded_at=now,
                    )
                )
            operations.note_change(part.operation_id)

    def sign(self, *parts: Any) -> None:
        with writing():
            for part in parts or self.parts:
                version = db.session.query(SignOff).filter_by(participation_id=part.id).count() + 1
                db.session.add(
                    SignOff(
                        participation_id=part.id,
                        version=version,
                        signed_at=utc_now(),
                        as_of=utc_now(),
                        typed_name="Robin",
                        figures={"persons_met": 1},
                        figures_hash="ab" * 32,
                    )
                )

    def reopen(self, part: Any) -> None:
        with writing():
            for one in db.session.query(SignOff).filter_by(participation_id=part.id, reopened_at=None):
                one.reopened_at = utc_now()
            operations.note_change(part.operation_id)

    def lock(self, *, provisional: bool = False) -> int:
        found = operations.by_code(self.code)
        actor = self.people["coordinator"]
        return set_commands.lock(actor, found, provisional=provisional, reason="For the test").version

    def draft(self, version: int = 1, who: str = "coordinator", **more: Any) -> Release:
        scope = rules.Scope(**{"measures": ("persons_met", "charges"), **more.pop("scope", {})})
        found = operations.by_code(self.code)
        return commands.draft(self.people[who], found, version, scope, **more)

    def out(self, version: int = 1, **more: Any) -> Release:
        """A release that two persons have approved."""
        row = self.draft(version, **more)
        commands.send(self.people["coordinator"], row, reason="For the test")
        for who in ("coordinator", "commander"):
            approving.approve(self.people[who], row)
        return row

    def row(self, number: int = 1) -> Release:
        db.session.expire_all()
        found = rows.find(self.operation.id, number)
        assert found is not None
        return found

    def journal(self) -> list[str]:
        """What was entered about releases, in order, without the room."""
        entries = db.session.query(AuditEntry).filter(AuditEntry.tag.like("report.%")).order_by(AuditEntry.id)
        return [entry.tag.removeprefix("report.") for entry in entries]

    def steps(self, number: int = 1) -> list[str]:
        return [step.what for step in rows.steps_of(self.row(number).id)]


PEOPLE = {
    "coordinator": Role.OPERATION_COORDINATOR,
    "commander": Role.COMMANDER,
    "second": Role.OPERATION_COORDINATOR,
    "analyst": Role.ANALYST,
}


def a_release(operation: Any, version: int) -> tuple[int, int, str]:
    """A published release of that locked version with one file and an address, empty as it is, numbered like it; the

    number, somebody's wish to open a figure, and the token.
    """
    found = figure_sets.find(operation.id, version)
    file = {"name": "en.html", "language": "en", "media": "text/html", "size": 1, "hash": "0" * 64, "content": b"a"}
    with writing():
        row = rows.add(
            operation_id=operation.id,
            number=version,
            kind="release",
            state="draft",
            figure_set_id=found.id,
            made_at=utc_now(),
            verdict={"safe": True},
        )
        asked = rows.add_opening(row.id, "charges", None, None, "For the test", None)
        rows.add_files(row.id, [file])
        link = rows.add_link(row.id, f"address{version}", None)
        row.published_at, row.hash, row.state = utc_now(), "0" * 64, "published"
    return row.number, asked.id, link.token
