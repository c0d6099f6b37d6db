"""What left with publication copies of the workbook, and what may leave with the next one.

Here belongs withholding; no web and no sheet. A publication copy holds a locked version and nothing else: whoever takes
it takes the same numbers until the next version is locked. What it withholds is chosen once, against everything that
was published and every publication copy that was taken before it, of the operation and of those in one tree with it;
then it is kept (``keeping``), and every later copy and every attack reads that.
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

from . import keeping

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
    """What a publication copy of the version tells: what was kept of the first one, else what is chosen now.

    Raises ``Blocked`` for a figure below zero, and when the attacker finds a withheld number.
    """
    kept = queries.kept_copy(found.id)
    return keeping.told_again(kept, found) if kept is not None else _chosen(found)


def _chosen(found: FigureSet) -> Told:
    if any(number < 0 for number in true_of(found.figures).values()):
        raise Blocked(
            N_("A figure of this version is below zero."),
            N_("An adjustment takes off more than there was: put it right and lock a new version."),
        )
    left = _left(found)
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
    """What every publication copy told of the operation, in the order in which the first ones left."""
    return [told for _, told in copies_before(operation_id)]


def copies_before(operation_id: int) -> list[tuple[dt.datetime, Told]]:
    """The same with the moment at which each left: what was withheld by which rule first is known to the attacker."""
    kept = queries.kept_copies(releases.tree_of(operation_id))
    told = [(row.taken_at, _told_to(operation_id, keeping.told_again(row, of), of)) for row, of in kept]
    return [(at, one) for at, one in told if one.true]


def true_of(figures: Sequence[list[object]]) -> dict[Key, int]:
    """Every known number that a publication copy is about."""
    scope = release_rules.Scope(IN_ALL, BY_SERVICE, BY_DAY)
    return release_rules.true_of(figures, scope)


def _left(found: FigureSet) -> Left:
    """What is chosen for the first copy of the version, by the policy of now, against all that left until now."""
    tree = releases.tree_of(found.operation_id)
    policy = policy_of(found.operation_id)
    marks = (found.uid, policy, tuple(releases.marks_of_published(tree)))
    return _SHELF.get(marks) or _SHELF.put(marks, _work_out(found, policy, tree))


def _work_out(found: FigureSet, policy: Policy, tree: list[int]) -> Left:
    released = [(row.published_at, _of_release(found.operation_id, row, of)) for row, of in releases.published(tree)]
    left = [*((at, told) for at, told in released if told.true), *copies_before(found.operation_id)]
    earlier = [told for _, told in sorted(left, key=lambda one: one[0])]
    told = protect(true_of(found.figures), policy, earlier, version=found.version)
    verdict = attack([*earlier, told])
    return Left(told, verdict.safe, verdict.finished and told.complete)


def _of_release(operation_id: int, row: object, of: FigureSet) -> Told:
    told = release_rules.told_again(
        of.figures,
        release_rules.Scope.of(row.scope),  # type: ignore[attr-defined]  # a row of the table Release
        row.cells,  # type: ignore[attr-defined]
        release_rules.policy_of(row.policy),  # type: ignore[attr-defined]
        of.version,
    )
    return _told_to(operation_id, told, of)


def _told_to(operation_id: int, told: Told, of: FigureSet) -> Told:
    """What it says of the operation; of another in its tree as far as it says anything."""
    if of.operation_id == operation_id:
        return told
    in_line = of.operation_id in access.ancestors_of(operation_id) | set(access.descendants_of(operation_id))
    # A version of its own, so that nothing is added up across operations.
    return release_rules.of_another(told, of.operation_id * 100_000 + of.version, in_line)


class _Shelf:
    """The last choices of one process: each takes seconds, and one that may not leave is asked for again and again."""

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
