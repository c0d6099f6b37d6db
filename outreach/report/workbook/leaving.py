"""What left with publication copies of the workbook, and what may leave with the next one.

Here belongs withholding; no web and no sheet. A publication copy holds a locked version and nothing else: whoever takes
it takes the same numbers until the next version is locked. What it withholds is chosen against everything that was
published and every publication copy that was taken before it, of the operation and of those in one tree with it.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from outreach.errors import N_, Blocked
from outreach.report import release_rules
from outreach.report.disclosure_commands import policy_of
from outreach.rollup.attack import attack
from outreach.rollup.measures import STANDARD
from outreach.rollup.protection import Key, Policy, Told
from outreach.rollup.suppression import protect
from outreach.storage.queries import access, figure_sets, releases
from outreach.storage.queries import workbook as queries
from outreach.storage.tables import FigureSet

IN_ALL = (*STANDARD, "persons_referred", "persons_received")
BY_SERVICE = ("personnel", "contacts", "persons_met", "charges")
BY_DAY = ("contacts", "persons_met", "charges")
"""What a publication copy holds; finer and further splits would withhold nearly everything (decision 35)."""


@dataclass(frozen=True)
class Left:
    """What a publication copy tells, and whether the attacker found nothing."""

    told: Told
    safe: bool
    finished: bool = True


def locked(operation_id: int, as_of: dt.datetime | None = None) -> FigureSet | None:
    """The last version that was locked, or the last of those that hold as of a moment."""
    if as_of is None:
        last = figure_sets.last_version(operation_id)
        return figure_sets.find(operation_id, last) if last else None
    found = (one.row for one in figure_sets.sets_of(operation_id) if one.row.as_of <= as_of)
    return next(found, None)


def need_locked(operation_id: int, as_of: dt.datetime | None = None) -> FigureSet:
    """The version of a publication copy; raises ``Blocked`` where none is locked."""
    found = locked(operation_id, as_of)
    if found is None:
        raise Blocked(
            N_("No figures are locked yet, and a publication copy holds locked figures alone."),
            N_("The operation coordinator locks them on the page of versions, signed or marked as provisional."),
        )
    return found


def told_of(found: FigureSet) -> Told:
    """What a publication copy of the version tells.

    Raises ``Blocked`` for a figure below zero, and when the attacker finds a withheld number.
    """
    if any(number < 0 for number in true_of(found.figures).values()):
        raise Blocked(
            N_("A figure of this version is below zero."),
            N_("An adjustment takes off more than there was: put it right and lock a new version."),
        )
    left = _left(found, queries.publication_copies(releases.tree_of(found.operation_id)))
    if not left.finished:
        raise Blocked(
            N_("Not safe: the attack did not finish."),
            N_("Make a release: it can leave out splits, and this copy cannot."),
        )
    if not left.safe:
        raise Blocked(
            N_("What is withheld could be worked out from what was published before."),
            N_("Make a release: there it can be seen which figure it is about, and left out."),
        )
    return left.told


def left_before(operation_id: int) -> list[Told]:
    """What every publication copy told of the operation, in the order in which they were taken."""
    taken = queries.publication_copies(releases.tree_of(operation_id))
    return [told for one in taken if (told := _seen_from(operation_id, one, taken)).true]


def true_of(figures: Sequence[list[object]]) -> dict[Key, int]:
    """Every known number that a publication copy is about."""
    scope = release_rules.Scope(IN_ALL, BY_SERVICE, BY_DAY)
    return release_rules.true_of(figures, scope)


def _left(found: FigureSet, taken: Sequence[queries.CopyTaken]) -> Left:
    """As ``told_of``, at the moment of the first copy of this version and by the policy of then, so that the next one
    says the same: another policy in between would withhold other numbers, and two copies side by side tell all."""
    own = next((one for one in taken if (one.operation, one.version) == (found.operation_id, found.version)), None)
    before = [one for one in taken if own is None or one.entry < own.entry]
    policy = _policy(found, own)
    published = [
        (row, of) for row, of in releases.published(releases.tree_of(found.operation_id))
        if own is None or (row.published_at is not None and row.published_at < own.at)
    ]  # fmt: skip
    marks = (found.uid, policy, tuple(row.id for row, _ in published), tuple(one.entry for one in before))
    return _SHELF.get(marks) or _SHELF.put(marks, _work_out(found, policy, published, before))


def _policy(found: FigureSet, own: queries.CopyTaken | None) -> Policy:
    if own is None or own.least is None:
        return policy_of(found.operation_id)
    return Policy(own.least, own.zeros)


def _work_out(
    found: FigureSet,
    policy: Policy,
    published: Sequence[tuple[object, FigureSet]],
    before: Sequence[queries.CopyTaken],
) -> Left:
    earlier = [_of_release(found.operation_id, row, of) for row, of in published]
    earlier += [_seen_from(found.operation_id, one, before) for one in before]
    earlier = [told for told in earlier if told.true]
    told = protect(true_of(found.figures), policy, earlier, version=found.version)
    verdict = attack([*earlier, told])
    return Left(told, verdict.safe, verdict.finished)


def _of_release(operation_id: int, row: object, of: FigureSet) -> Told:
    told = release_rules.told_again(
        of.figures,
        release_rules.Scope.of(row.scope),  # type: ignore[attr-defined]  # a row of the table Release
        row.cells,  # type: ignore[attr-defined]
        release_rules.policy_of(row.policy),  # type: ignore[attr-defined]
        of.version,
    )
    return _told_to(operation_id, told, of)


def _seen_from(operation_id: int, one: queries.CopyTaken, taken: Sequence[queries.CopyTaken]) -> Told:
    """What a copy told, for whoever asks of the operation: of another in its tree only single services."""
    of = figure_sets.find(one.operation, one.version)
    if of is None:
        return Told(one.version, {})
    told = _left(of, [other for other in taken if other.entry <= one.entry]).told
    return _told_to(operation_id, told, of)


def _told_to(operation_id: int, told: Told, of: FigureSet) -> Told:
    """What it says of the operation; of another in its tree as far as it says anything."""
    if of.operation_id == operation_id:
        return told
    in_line = of.operation_id in access.ancestors_of(operation_id) | set(access.descendants_of(operation_id))
    # A version of its own, so that nothing is added up across operations.
    return release_rules.of_another(told, of.operation_id * 100_000 + of.version, in_line)


class _Shelf:
    """The last choices of one process: each takes seconds, and every language and every reader asks for the same."""

    def __init__(self, room: int) -> None:
        self.room, self.lock = room, threading.Lock()
        self.kept: OrderedDict[object, Left] = OrderedDict()

    def get(self, marks: object) -> Left | None:
        with self.lock:
            return self.kept.get(marks)

    def put(self, marks: object, left: Left) -> Left:
        if not left.finished:
            return left  # another time it may come to an end
        with self.lock:
            self.kept[marks] = left
            while len(self.kept) > self.room:
                self.kept.popitem(last=False)
        return left


_SHELF = _Shelf(64)
