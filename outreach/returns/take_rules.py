"""Plain rules of taking a return: what a row or cell that is sent again means, and what an answer to it looks like.

Three things are compared everywhere: what the sender saw when the workbook was made (or said with the last file that
was taken), what the file says, and what stands on the site. Nothing that changed on the site is overwritten unseen.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from outreach.errors import N_, Finding, Invalid, Problem
from outreach.field.rules import read_code
from outreach.vocab import Bound

from . import return_rules as book
from .return_rules import Fault, Marker, Meta, Returned, Row

# --- what was read, as it is kept -------------------------------------------------------------------------------------


def packed(value: Any) -> Any:
    """A value of a cell as JSON holds it."""
    if isinstance(value, dt.datetime):
        return {"at": value.isoformat()}
    if isinstance(value, dt.date):
        return {"day": value.isoformat()}
    if isinstance(value, dt.time):
        return {"time": value.isoformat()}
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "at" in value:
        return dt.datetime.fromisoformat(value["at"])
    return dt.date.fromisoformat(value["day"]) if "day" in value else dt.time.fromisoformat(value["time"])


def _packed_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: packed(value) for name, value in values.items()}


def _unpacked_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: unpacked(value) for name, value in values.items()}


def kept(returned: Returned) -> dict[str, Any]:
    """What was read, as it is sealed until somebody decides about it."""
    return {
        "meta": vars(returned.meta),
        "typed": dict(returned.typed),
        "contacts": [[row.row_id, row.row, _packed_all(row.values)] for row in returned.contacts],
        "charges": [[row.row_id, row.row, _packed_all(row.values)] for row in returned.charges],
        "seen": sorted(returned.seen),
        "signer": returned.signer,
        "faults": [{**vars(fault), "params": _packed_all(fault.params)} for fault in returned.faults],
    }


def read_again(said: Mapping[str, Any]) -> Returned:
    """What ``kept`` kept."""
    return Returned(
        Meta(**said["meta"]),
        said["typed"],
        tuple(Row(row_id, row, _unpacked_all(values)) for row_id, row, values in said["contacts"]),
        tuple(Row(row_id, row, _unpacked_all(values)) for row_id, row, values in said["charges"]),
        frozenset(said["seen"]),
        said["signer"],
        tuple(Fault(**{**fault, "params": _unpacked_all(fault["params"])}) for fault in said["faults"]),
    )


def says(row: Row) -> str:
    """Everything that a row says, in one spelling, so that two who say the same are marked the same."""
    said = {code: value for code, value in row.values.items() if value not in ("", None, 0)}
    if "code" in said:
        said["code"] = read_code(str(said["code"])) or said["code"]
    if "no" in said:
        said["no"] = str(said["no"]).strip().casefold()
    return json.dumps(said, sort_keys=True, ensure_ascii=False, default=str)


def mark_of(row: Row, mark: Marker) -> str:
    """The keyed mark of what a row says; useless to whoever has only the database."""
    return mark(says(row), book.SCOPE)


def counts(returned: Returned) -> dict[str, int]:
    """How much a file says and how much of it has to be fixed: ``good`` and ``bad`` are cells of totals and rows."""
    bad = {fault.name or fault.row_id or f"{fault.sheet}!{fault.cell}" for fault in returned.must}
    good = returned.good()
    return {
        "cells": len(returned.typed),
        "contacts": len(returned.contacts),
        "charges": len(returned.charges),
        "good": len(good.typed) + len(good.contacts) + len(good.charges),
        "bad": len(bad),
        "must": len(returned.must),
        "check": len(returned.faults) - len(returned.must),
    }


# --- what is told -----------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What taking a file does with one of its cells or rows."""

    NEW = "new"
    CHANGED = "changed"
    TAKEN_BACK = "taken_back"
    SAME = "same"


@dataclass(frozen=True)
class Step:
    """One cell or row. ``name``: the cell of totals or the row id; ``row``: its line in the workbook, 0 for none."""

    kind: Kind
    sheet: str
    name: str
    row: int = 0


@dataclass(frozen=True)
class Newer:
    """Something that changed on the site after the sender saw it. ``conflict``: the file says something else, too.

    ``saw``, ``site``, ``file``: what each says of a cell of totals ('' for nothing); rows say only where they stand.
    """

    sheet: str
    name: str
    cell: str
    saw: str = ""
    site: str = ""
    file: str = ""
    conflict: bool = False


@dataclass(frozen=True)
class FigureChange:
    """One figure of the service before and after; ``day`` None: in all. None is not known, which is not zero."""

    measure: str
    day: dt.date | None
    before: int | float | None
    after: int | float | None
    before_bound: Bound = Bound.EXACT
    after_bound: Bound = Bound.EXACT

    @property
    def moves(self) -> bool:
        """Whether it says something else afterwards: ``at least 3`` is not ``3``."""
        return (self.before, self.before_bound) != (self.after, self.after_bound)


@dataclass(frozen=True)
class Done:
    """What following a file did, or would do. ``faults``: what was found while doing it, beside those of the reading.

    ``emptied``: cells that the sender emptied and that stay because nobody asked to clear them.
    """

    steps: tuple[Step, ...] = ()
    faults: tuple[Fault, ...] = ()
    newer: tuple[Newer, ...] = ()
    emptied: tuple[str, ...] = ()

    @property
    def conflicts(self) -> tuple[Newer, ...]:
        return tuple(one for one in self.newer if one.conflict)

    @property
    def changes(self) -> int:
        return sum(step.kind is not Kind.SAME for step in self.steps)

    def count(self, kind: str, sheet: str = "") -> int:
        return sum(step.kind == kind and sheet in ("", step.sheet) for step in self.steps)


@dataclass(frozen=True)
class Preview:
    """What taking a file would do now. ``takes``: whether it would be taken as asked. ``reopens``: a signature."""

    done: Done
    figures: tuple[FigureChange, ...] = ()
    takes: bool = True
    reopens: bool = False
    signer: str = ""

    @property
    def faults(self) -> tuple[Fault, ...]:
        return self.done.faults

    @property
    def must(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.done.faults if fault.must)


@dataclass(frozen=True)
class Taken:
    """A file that was taken. ``signed``: the service signed by it. What was left out stands in ``done.faults``."""

    done: Done
    signed: bool = False
    unsigned: Problem | None = None
    """Why the name in the file was not taken as a signature."""

    @property
    def whole(self) -> bool:
        return not any(fault.must for fault in self.done.faults)


class NotWhole(Invalid):
    """A file that is not taken because not all of it can be; nothing was changed. ``done`` tells what stood against it:
    faults, or conflicts that nobody decided."""

    code = "not_whole"
    message = N_("Some of this return has to be fixed or decided first. Nothing of it was taken.")
    fix = N_("Fix the cells listed in the file and send it again, or take the good rows only.")

    def __init__(self, done: Done) -> None:
        super().__init__(
            *(Finding(place(fault.sheet, fault.cell), fault.message, dict(fault.params)) for fault in done.faults
              if fault.must),
            *(Finding(place(one.sheet, one.cell), CONFLICT) for one in done.conflicts),
        )  # fmt: skip
        self.done = done


REFUSALS: dict[str, tuple[str, str]] = {
    "unknown_operation": (
        N_("This is a return for the operation %(theirs)s, which is not on this site."),
        N_("Send it to the site that it was downloaded from."),
    ),
    "not_taking_part": (
        N_("This is the return of %(theirs)s, which takes no part in %(operation)s."),
        N_("Choose the workbook of a service of this operation, or ask the operation coordinator."),
    ),
    "left_operation": (
        N_("%(theirs)s does not take part in %(operation)s any more."),
        N_("Ask the operation coordinator."),
    ),
    "owes_nothing": (
        N_("%(theirs)s owes no figures in %(operation)s."),
        N_("The operation coordinator can change on the plan how it reports."),
    ),
    "older_issue": (
        N_("This is issue %(issue)d; issue %(newest)d was taken on %(taken)s."),
        N_("Copy what is new into the workbook of issue %(newest)d or a newer one, and send that."),
    ),
    "unknown_issue": (
        N_("This site does not know issue %(issue)d of this workbook any more."),
        N_("Download a new workbook for your service, copy what you filled in as values, and send that."),
    ),
    "taken_already": (
        N_("This very file was taken on %(taken)s already."),
        N_("There is nothing to do: its figures stand."),
    ),
    "here_already": (
        N_("This very file is here already and waits for a decision."),
        N_("Decide about it where it came first."),
    ),
}
"""What a file is instead of a return that can be taken, by code; what its bytes are is told in ``workbook_file``."""

LONGEST_REASON = 500
KEPT_DAYS = 30
"""Days after which nothing of what a file said is kept, whatever became of it."""

CONFLICT = N_("This changed on the site after the workbook was made, and in the file too. Say which one stands.")


def place(sheet: str, cell: str) -> str:
    """``Contacts!C7``."""
    return f"{book.TITLES.get(sheet, sheet)}!{cell}" if cell else book.TITLES.get(sheet, sheet)


Overwrite = bool | Collection[str]
"""Who wins where both changed: nobody yet (False), the file (True), or the file for these names and else the site."""


def file_wins(overwrite: Overwrite, name: str) -> bool | None:
    """None while nobody has decided."""
    return (overwrite or None) if isinstance(overwrite, bool) else name in overwrite


# --- what a row that is sent again means ------------------------------------------------------------------------------


class Verdict(StrEnum):
    NOTHING = "nothing"
    SAME = "same"
    KEPT = "kept"
    """The sender left it as it was; the site has changed it since, and keeps that."""
    NEW = "new"
    CHANGED = "changed"
    TAKEN_BACK = "taken_back"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Was:
    """What a row was before the file. ``saw``: mark of what stood in the sender's copy, None for nothing.

    ``known``: there is a record of it; ``stands``: mark of what it says where it stands as it was taken, else None;
    ``changed``: the site changed it after the sender saw it.
    """

    saw: str | None = None
    known: bool = False
    stands: str | None = None
    changed: bool = False


def verdict(was: Was, file: str | None) -> Verdict:
    """What the mark of a row in the file means, None for a row that is empty or missing."""
    if file == was.saw:
        return Verdict.KEPT if was.changed else Verdict.SAME if was.known else Verdict.NOTHING
    if not was.known:
        return Verdict.NEW if file is not None else Verdict.NOTHING
    if file is not None and file == was.stands:
        return Verdict.SAME
    if was.changed:
        return Verdict.CONFLICT
    return Verdict.TAKEN_BACK if file is None else Verdict.CHANGED


@dataclass
class Work:
    """A file that is being followed: what it says, whose it is, as whom it is written, and what came of it so far.

    ``by`` writes with the right that was asked for the return as a whole. ``bad``: rows that are left as they are;
    ``bad_keys``: contacts (see ``contact_key``) that they speak of. ``now_marks``: what a workbook made now would say.
    """

    by: Any
    operation: Any
    participation: Any
    service: Any
    mode: str
    issue: Any
    returned: Returned
    now: dt.datetime
    mark: Marker
    reason: str
    overwrite: Overwrite = False
    bad: frozenset[str] = frozenset()
    bad_keys: frozenset[str] = frozenset()
    now_marks: Callable[[], Mapping[str, str]] = dict
    steps: list[Step] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    newer: list[Newer] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)

    def find(self, *faults: Fault) -> None:
        self.faults += faults

    def step(self, kind: Kind, sheet: str, name: str, row: int = 0) -> None:
        self.steps.append(Step(kind, sheet, name, row))

    def was(self, row_id: str, old: Any, touched: bool) -> Was:
        """What a row was before the file. ``old``: what it was taken as; ``touched``: the site changed that since."""
        if old is None:
            return Was()
        said = old.hash or None  # empty: the sender emptied the row, and the site was told to keep the record
        stands = None if touched else said
        if old.issue == self.issue.issue:
            return Was(said, True, stands, touched)
        saw = self.issue.prefilled.get(row_id)
        return Was(saw, True, stands, self.now_marks().get(row_id) != saw)

    def settled(self, row: Row | None) -> dict[str, Any]:
        """What is remembered of a row of which it was decided that the site's word stands."""
        said = mark_of(row, self.mark) if row is not None else ""
        return {"hash": said, "issue": self.issue.issue, "taken_at": self.now}

    @property
    def done(self) -> Done:
        return Done(tuple(self.steps), tuple(self.faults), tuple(self.newer), tuple(self.emptied))


# --- when a contact was -----------------------------------------------------------------------------------------------


def moment(
    day: dt.date,
    time: dt.time | None,
    zone: str,
    day_starts_minutes: int,
    window: tuple[dt.datetime | None, dt.datetime | None],
    now: dt.datetime,
) -> dt.datetime:
    """When a contact was, in UTC. Without a time: twelve hours into the operation's day, inside the window where that
    is possible, and never later than now."""
    starts = dt.time(day_starts_minutes // 60, day_starts_minutes % 60)
    local = ZoneInfo(zone)
    if time is not None:
        on = day if time >= starts else day + dt.timedelta(days=1)
        return dt.datetime.combine(on, time, local).astimezone(dt.UTC)
    begins = dt.datetime.combine(day, starts, local).astimezone(dt.UTC)
    ends = dt.datetime.combine(day + dt.timedelta(days=1), starts, local).astimezone(dt.UTC)
    first, last = max(begins, window[0] or begins), min(ends, window[1] or ends, max(now, begins + _SECOND))
    middle = begins + dt.timedelta(hours=12)
    if first >= last:
        return middle
    return min(max(middle, first), last - _SECOND)


_SECOND = dt.timedelta(seconds=1)
