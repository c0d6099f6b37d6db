"""The close of an operation: where every service stands, worst first, and the letters that remind of what is missing.

Commands that lead to letters hold their own write, so that it is committed before the first one leaves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import Blocked, Invalid, NotAllowed
from outreach.plan.team_rules import address_of
from outreach.rollup.checks import Check
from outreach.rollup.completeness import Timeliness
from outreach.rollup.totals import Figure
from outreach.storage import writing
from outreach.storage.queries import close_out as rows
from outreach.storage.queries import figure_sets, operations, waiting
from outreach.storage.queries.access import operation_target
from outreach.storage.queries.close_out import Owing, Reminded
from outreach.storage.queries.sign_offs import Standing
from outreach.storage.tables import Operation
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import EntryMode, SignState

from . import close_rules as rules
from . import ledger_commands, ledger_rules, link_commands
from .figures import board_of, completeness_of, figures_of, need_figures, times_of

COLUMNS = ("persons_met", "support_accepted", "persons_charged")
"""Headline figures of a row."""


@dataclass(frozen=True)
class Line:
    """One service at the close. ``lacks``: what is missing, the worst first; ``figures``: by measure code."""

    part: Owing
    standing: Standing
    rank: str
    lacks: tuple[rules.Lack, ...]
    days: rules.Days
    figures: Mapping[str, Figure]
    heard_at: dt.datetime | None = None
    unsent: int = 0
    held: int = 0
    reminders: tuple[Reminded, ...] = ()

    @property
    def service(self) -> str:
        return self.part.service

    @property
    def done(self) -> bool:
        return self.rank == rules.SIGNED


@dataclass(frozen=True)
class CloseOut:
    """Everything that the page shows. ``lines``: every service; ``in_all``: the operation's own figures."""

    as_of: dt.datetime
    lines: tuple[Line, ...]
    in_all: Mapping[str, Figure]
    reported: int = 0
    expected: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def signed(self) -> int:
        return sum(line.standing.state == SignState.SIGNED for line in self.lines)

    @property
    def all_signed(self) -> bool:
        return bool(self.lines) and self.signed == len(self.lines)


def close_out(operation: Operation, sort: str = "worst") -> CloseOut:
    """Where every service stands. Raises ``Blocked`` for a rehearsal, whose records reach no figure."""
    need_figures(operation)
    parts = rows.owing(operation.id)
    known = _Known(operation, parts)
    lines = [known.line(part) for part in parts]
    by_name = sorted(lines, key=lambda line: line.service.casefold())
    order = rules.SORTS.get(sort, rules.SORTS["worst"])[1]
    return CloseOut(
        known.as_of,
        tuple(sorted(by_name, key=order)),
        {code: known.in_all.one(code) for code in COLUMNS},
        known.in_all.coverage.reported,
        known.in_all.coverage.expected,
        {rank: count for rank in rules.RANKS if (count := sum(line.rank == rank for line in lines))},
    )


def _explained(operation: Operation, checks: Iterable[Check]) -> frozenset[tuple[str, int]]:
    """Measure and service of differences that somebody has explained; asked only where sources differ at all."""
    if not any(check.code in rules.BESIDE for check in checks):
        return frozenset()
    told = ledger_commands.explanations_of(operation)
    return frozenset(
        (line.measure, line.service)
        for line in ledger_commands.lines_of(operation)
        if line.open and ledger_rules.explained(line, told.get(line.service, ()))
    )


class _Known:
    """What the rows are made of, asked once for all of them."""

    def __init__(self, operation: Operation, parts: list[Owing]) -> None:
        self.operation = operation
        self.in_all = figures_of(operation.id)
        self.as_of = self.in_all.as_of
        self.figures: dict[int, dict[str, Figure]] = {}
        for figure in figures_of(operation.id, None, ("service",)).figures:
            self.figures.setdefault(int(figure.key["service"]), {})[figure.measure] = figure
        board = board_of(operation.id)
        self.times: dict[int, list[Timeliness]] = {}
        for one in times_of(operation.id):
            self.times.setdefault(one.service, []).append(one)
        self.complete = completeness_of(operation.id)
        self.checks = rules.contradictions(board.checks, _explained(operation, board.checks))
        ids = [part.participation_id for part in parts]
        self.standings = rows.standings(parts)
        self.heard = rows.heard(operation.id)
        self.returns = rows.returns_waiting(operation.id)
        self.reminders = rows.reminders(ids)
        self.left: dict[int, list[waiting.LeftBehind]] = {}
        for within in operations.tree_of(operation.id):
            for behind in waiting.left_behind(within):
                self.left.setdefault(behind.service_id, []).append(behind)

    def line(self, part: Owing) -> Line:
        standing = self.standings[part.participation_id]
        figures = self.figures.get(part.service_id, {})
        days = rules.days_of(self.times.get(part.service_id, ()))
        complete = self.complete.get(part.service_id)
        left = self.left.get(part.service_id, ())
        unsent, held = sum(one.unsent for one in left), sum(one.held for one in left)
        facts = rules.Facts(
            sign=standing.state,
            version=standing.version,
            days=days,
            checks=tuple(self.checks.get(part.service_id, ())),
            moved=self._moved(part, standing, figures),
            unsent=unsent,
            phones=sum(one.phones for one in left),
            held=held,
            returns=tuple(state for state, _, _ in self.returns.get(part.participation_id, ())),
            heard=part.service_id in self.heard,
            untold=complete.overdue if complete else 0,
        )
        found = rules.lacks(facts)
        return Line(
            part,
            standing,
            rules.rank_of(found, standing.state),
            tuple(found),
            days,
            {code: figures.get(code, Figure(code)) for code in COLUMNS},
            self.heard.get(part.service_id),
            unsent,
            held,
            tuple(self.reminders.get(part.participation_id, ())),
        )

    def _moved(
        self, part: Owing, standing: Standing, figures: Mapping[str, Figure]
    ) -> tuple[tuple[str, int | None, int | None], ...]:
        """A signature given in an operation under this one is of figures that are not worked out here."""
        if not standing.version or part.operation_id != self.operation.id:
            return ()
        return rules.moved(standing.figures, {code: figure.value for code, figure in figures.items()})


# --- reminders --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """One letter. ``token``: of the link with which the return comes without an account, '' where it leads to the site.

    ``reminder``: id of the letter on record, 0 where none leaves by e-mail.
    """

    part: Owing
    rank: str
    desk: str
    token: str = ""
    ends_at: dt.datetime | None = None
    reminder: int = 0


@dataclass(frozen=True)
class Batch:
    """What became of letters that were sent together; ``failed``: participation → why."""

    sent: int = 0
    waiting: int = 0
    failed: Mapping[int, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.sent + self.waiting + len(self.failed)


def queue_reminders(
    actor: Actor, operation: Operation, service_ids: Collection[int], *, again: bool = False
) -> tuple[str, list[Ready], int]:
    """Put a letter to each service on record: the batch, those that can leave, and how many were reminded just before.

    Committed when it returns. A service without an address has a letter that failed, so that the page says so. Raises
    ``NotAllowed``; ``Invalid`` at ``service``, or at ``again`` when all of them were reminded within the hour.
    """
    _check(actor, operation)
    lines = _chosen(operation, service_ids)
    batch, found = new_uid(), []
    with writing():
        left = _not_just_reminded(operation, lines, again)
        for one in _ready(actor, operation, left):
            address = address_of(one.desk)
            reminder = rows.add_reminder(
                one.part.participation_id,
                actor.user,
                batch,
                rules.EMAIL,
                address or "",
                rules.WAITING if address else rules.FAILED,
                "" if address else "address",
            )
            if address:
                found.append(Ready(one.part, one.rank, address, one.token, one.ends_at, reminder))
        _note(actor, Tag.REMINDERS_SENT, operation, len(found))
    return batch, found, len(lines) - len(left)


def write_reminders(actor: Actor, operation: Operation, service_ids: Collection[int]) -> list[Ready]:
    """Letters to copy. Nothing counts as sent. Raises ``NotAllowed``, ``Invalid`` at ``service``."""
    _check(actor, operation)
    lines = _chosen(operation, service_ids)
    with writing():
        ready = _ready(actor, operation, lines)
        _note(actor, Tag.REMINDERS_WRITTEN, operation, len(ready))
    return ready


def mark_reminded(actor: Actor, operation: Operation, service_ids: Collection[int], *, again: bool = False) -> int:
    """The letters went out by other means; how many. Raises as ``queue_reminders``."""
    _check(actor, operation)
    lines = _chosen(operation, service_ids)
    batch = new_uid()
    with writing():
        left = _not_just_reminded(operation, lines, again)
        for line in left:
            rows.add_reminder(line.part.participation_id, actor.user, batch, rules.LETTER, "", rules.SENT)
        _note(actor, Tag.REMINDERS_SENT, operation, len(left))
    return len(left)


def note_posted(reminder_id: int, trouble: str) -> None:
    """Keep what became of a letter. Holds its own write: it is called beside the request."""
    with writing():
        rows.settle_reminder(reminder_id, rules.FAILED if trouble else rules.SENT, trouble)


def batch_of(lines: Iterable[Line], batch: str) -> Batch:
    """What became of the letters of one batch, up to now."""
    now, sent, waiting_still, failed = utc_now(), 0, 0, {}
    for line in lines:
        for one in line.reminders:
            if batch and one.batch == batch:
                outcome = rules.outcome_of(one.outcome, one.at, now)
                sent += outcome == rules.SENT
                waiting_still += outcome == rules.WAITING
                if outcome == rules.FAILED:
                    failed[line.part.participation_id] = one.trouble or "interrupted"
    return Batch(sent, waiting_still, failed)


def _check(actor: Actor, operation: Operation) -> None:
    if not may(actor, "close.remind", operation_target(operation)):
        raise NotAllowed()


def _chosen(operation: Operation, service_ids: Collection[int]) -> list[Line]:
    wanted = set(service_ids)
    found = [line for line in close_out(operation).lines if line.part.service_id in wanted]
    if not found:
        raise Invalid.at("service", rules.ASK)
    return found


def _not_just_reminded(operation: Operation, lines: list[Line], again: bool) -> list[Line]:
    """Asked inside the write, so that two who press at once do not both send."""
    figure_sets.hold(operation.id)
    last = rows.reminders([line.part.participation_id for line in lines])
    now = utc_now()
    left = [
        line
        for line in lines
        if again
        or not any(
            rules.too_soon(one.at, now)
            for one in last.get(line.part.participation_id, ())
            if rules.outcome_of(one.outcome, one.at, now) != rules.FAILED
        )
    ]
    if not left:
        raise Invalid.at("again", rules.ALL_REMINDED)
    return left


def _ready(actor: Actor, operation: Operation, lines: Iterable[Line]) -> list[Ready]:
    found = []
    for line in lines:
        token, ends_at = _link(actor, line.part)
        found.append(Ready(line.part, line.rank, line.part.desk, token, ends_at))
    return found


def _link(actor: Actor, part: Owing) -> tuple[str, dt.datetime | None]:
    """The link with which a service that sends its figures does so without an account."""
    if part.entry_mode != EntryMode.DAILY_TOTALS:
        return "", None
    operation = operations.by_id(part.operation_id)
    participation = operations.participation(part.operation_id, part.service_id)
    assert operation is not None and participation is not None  # noqa: S101 - the part was read with both just before
    try:
        link = link_commands.working(operation, participation) or link_commands.make(actor, operation, participation)
    except Blocked:  # no return is taken any more: the letter leads to the site
        return "", None
    return link_commands.token_of(link), link.ends_at


def _note(actor: Actor, tag: Tag, operation: Operation, letters: int) -> None:
    audit.record(actor, tag, kind="operation", object_id=operation.id, operation=operation.id, letters=letters)


def signed_count(operation_id: int) -> tuple[int, int]:
    """How many services have signed, of those that owe figures."""
    parts = rows.owing(operation_id)
    standing = rows.standings(parts)
    signed = sum(standing[part.participation_id].state == SignState.SIGNED for part in parts)
    return signed, len(parts)
