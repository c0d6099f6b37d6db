"""Writes of locked figures: one version after the other; none is ever changed. Also what two of them, or one and a
moment, say of each figure.

``lock`` holds its own write. Figures are worked out before it, while others may still write; inside, the change
counters decide whether they are still good. So nobody waits for the arithmetic, and what is locked is what stood.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Finding, Invalid, NotAllowed
from outreach.plan.paste_rules import visible
from outreach.rollup.totals import Coverage
from outreach.storage import writing
from outreach.storage.queries import access, close_out, lists
from outreach.storage.queries import figure_sets as rows
from outreach.storage.queries import report as report_rows
from outreach.storage.tables import FigureSet, Operation
from outreach.storage.types import new_uid, utc_now

from . import set_rules as rules
from .figures import by_offence_of, figures_of, measures_in, need_figures

LEAST_REASON, LONGEST_REASON = 3, 500

MOVED_MEANWHILE = N_("Something changed while the figures were being locked. Look at them again, then lock them.")


@dataclass(frozen=True)
class Taken:
    """Figures as they stand at ``as_of``, ready to be kept; ``marks`` changes with anything under them."""

    as_of: dt.datetime
    coverage: Coverage
    named: dict[str, Any]
    definitions: dict[str, Any]
    signed: dict[str, Any]
    figures: list[rules.Row]
    marks: Any

    @property
    def complete(self) -> bool:
        return rules.complete(self.signed)

    def content(self, kind: str) -> dict[str, Any]:
        """What ``set_rules.same_content`` compares."""
        return {
            "kind": kind,
            "signed": self.signed,
            "definitions": self.definitions,
            "figures": self.figures,
            "operation": self.named,
        }


def take(operation: Operation) -> Taken:
    """The figures of now with everything that a version says of them."""
    marks = report_rows.change_marks(operation.id)
    as_of = utc_now()
    splits = [figures_of(operation.id, None, by) for by in rules.SPLITS]
    figures = rules.rows_of([*(split.figures for split in splits), by_offence_of(operation.id)])
    return Taken(
        as_of,
        splits[0].coverage,
        _named(operation),
        {**_offences_before(operation), **_definitions(operation, figures, None)},
        signatures_of(operation),
        figures,
        marks,
    )


def _definitions(operation: Operation, figures: list[rules.Row], as_of: dt.datetime | None) -> dict[str, Any]:
    """What each figure means, and what each offence is called, now."""
    return {
        **rules.definitions_of(measures_in(operation.id, as_of)),
        **rules.offences_of(figures, lists.offence_titles()),
    }


def _offences_before(operation: Operation) -> dict[str, Any]:
    """What the offences of the last version were called: an erratum names those too that nobody is charged with now."""
    last = rows.last_version(operation.id)
    found = rows.find(operation.id, last) if last else None
    return rules.offences_named(found.definitions) if found is not None else {}


def signatures_of(operation: Operation) -> dict[str, Any]:
    """Every service that owes figures, with its signature as it stands."""
    parts = close_out.owing(operation.id)
    standing = close_out.standings(parts)
    return rules.signed_of(standing[part.participation_id] for part in parts if part.participation_id in standing)


def _named(operation: Operation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "code": operation.code,
        "name": operation.name,
        "starts_at": rules.instant(operation.starts_at) if operation.starts_at else None,
        "ends_at": rules.instant(operation.ends_at) if operation.ends_at else None,
        "time_zone": operation.time_zone,
        "day_starts": operation.day_starts_minutes,
    }


def lock(
    actor: Actor, operation: Operation, *, provisional: bool, reason: str = "", after: int | None = None
) -> FigureSet:
    """Keep the figures of now as the next version. ``after``: the last version that the asker has seen.

    Holds its own write. Raises ``NotAllowed``; ``Blocked`` when there is nothing to lock or nothing new; ``Invalid``
    at ``reason``, or at ``kind`` while signatures are missing; ``Changed`` when figures, signatures or versions moved.
    """
    if not may(actor, "figures.lock", access.operation_target(operation)):
        raise NotAllowed()
    may_begin(operation)
    taken = take(operation)
    kind = rules.PROVISIONAL if provisional else rules.SIGNED
    wrong = _findings(taken, kind, reason)
    if taken.coverage.reported == 0:
        raise Blocked(N_("Nothing is in yet: there are no figures to lock."), N_("Remind the services first."))
    if wrong:
        raise Invalid(*wrong)
    with writing():
        rows.hold(operation.id)
        last = rows.last_version(operation.id)
        if after is not None and after != last:
            raise Changed(N_("Version %(version)s was locked meanwhile. Look at it first."), version=last)
        if report_rows.change_marks(operation.id) != taken.marks or signatures_of(operation) != taken.signed:
            raise Changed(MOVED_MEANWHILE)
        _new(operation.id, last, taken, kind)
        return _write(actor, operation, taken, kind, visible(reason), last + 1)


def may_begin(operation: Operation) -> None:
    """Raise ``Blocked`` where no figures can be locked: a rehearsal, an operation that has not begun or is archived."""
    need_figures(operation)
    if operation.status not in rules.TAKING:
        raise Blocked(
            N_("The operation has not begun: there are no figures to lock yet."),
            N_("The operation coordinator makes it active first."),
        )


def _findings(taken: Taken, kind: str, reason: str) -> list[Finding]:
    text = visible(reason)
    if kind == rules.SIGNED and not taken.complete:
        words = N_("%(signed)s of %(services)s services have signed. Take provisional figures, or wait for the others.")
        return [Finding("kind", words, {"signed": rules.count_signed(taken.signed), "services": len(taken.signed)})]
    if kind == rules.PROVISIONAL and len(text) < LEAST_REASON:
        return [Finding("reason", N_("Say why provisional figures are taken, in a few words."))]
    if len(text) > LONGEST_REASON:
        return [Finding("reason", N_("Shorten this to %(most)s characters."), {"most": LONGEST_REASON})]
    return []


def _new(operation_id: int, last: int, taken: Taken, kind: str) -> None:
    """Refuse a version that would only repeat the last one."""
    found = rows.find(operation_id, last) if last else None
    if found is not None and rules.same_content(taken.content(kind), _content_of(found)):
        raise Blocked(
            N_("Nothing has changed since version %(version)s."),
            N_("Use that version; a new one can be locked when something has changed."),
            version=last,
        )


def _content_of(found: FigureSet) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "signed": found.signed,
        "definitions": found.definitions,
        "figures": found.figures,
        "operation": found.named,
    }


def _write(actor: Actor, operation: Operation, taken: Taken, kind: str, reason: str, version: int) -> FigureSet:
    uid = new_uid()
    content = rules.document(
        uid=uid,
        version=version,
        kind=kind,
        as_of=taken.as_of,
        coverage=taken.coverage,
        named=taken.named,
        definitions=taken.definitions,
        signed=taken.signed,
        figures=taken.figures,
    )
    made = rows.add_set(
        uid=uid,
        operation_id=operation.id,
        version=version,
        kind=kind,
        as_of=taken.as_of,
        taken_at=utc_now(),
        taken_by_id=actor.user,
        reason=reason,
        reported=taken.coverage.reported,
        expected=taken.coverage.expected,
        definitions=taken.definitions,
        named=taken.named,
        signed=taken.signed,
        figures=taken.figures,
        hash=rules.hash_of(content),
    )
    audit.record(
        actor,
        Tag.FIGURES_LOCKED,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        version=version,
        state=kind,
        services=len(taken.signed),
    )
    return made


# --- reading one ------------------------------------------------------------------------------------------------------


def document_of(found: FigureSet) -> dict[str, Any]:
    """What the hash of a version is of."""
    return rules.document(
        uid=found.uid,
        version=found.version,
        kind=found.kind,
        as_of=found.as_of,
        coverage=Coverage(found.reported, found.expected),
        named=found.named,
        definitions=found.definitions,
        signed=found.signed,
        figures=found.figures,
    )


def intact(found: FigureSet) -> bool:
    """Whether what is kept still has the hash that it was locked with."""
    return rules.hash_of(document_of(found)) == found.hash


@dataclass(frozen=True)
class Side:
    """One side of a comparison: a version, or the figures of a moment (``found`` None; ``as_of`` None: now)."""

    figures: list[rules.Row]
    as_of: dt.datetime
    found: FigureSet | None = None
    definitions: Mapping[str, Any] | None = None


def side_of(found: FigureSet) -> Side:
    return Side(found.figures, found.as_of, found, found.definitions)


def side_at(operation: Operation, as_of: dt.datetime | None, by: tuple[str, ...] = ()) -> Side:
    """The figures of a moment in one split, as a version would keep them."""
    splits: list[Any] = [()] * rules.SPLITS.index(by)
    found = figures_of(operation.id, as_of, by)
    single = () if by else by_offence_of(operation.id, as_of)
    figures = rules.rows_of([*splits, found.figures, single])
    return Side(figures, found.as_of, None, _definitions(operation, figures, as_of))


def changed_since(operation: Operation) -> tuple[FigureSet, list[rules.Difference]] | None:
    """The last version and the figures in all that moved since; ``None`` before there is one."""
    last = rows.last_version(operation.id)
    found = rows.find(operation.id, last) if last else None
    if found is None:
        return None
    now = side_at(operation, None)
    before, after = (rules.in_all(*pair) for pair in ((found.figures, now.figures), (now.figures, found.figures)))
    differences = rules.compared(before, after)
    return found, [one for one in differences if one.moved]
