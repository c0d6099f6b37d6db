"""Writes of reconciliation: adjustments, explanations and declared overlaps. Nothing is ever overwritten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid, NotAllowed, NotFound
from outreach.plan.paste_rules import visible
from outreach.rollup.measures import Measure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.reconcile import Line, Signed
from outreach.storage.days import day_number
from outreach.storage.queries import access, operations, sign_offs
from outreach.storage.queries import ledger as rows
from outreach.storage.queries import returns as parts
from outreach.storage.tables import Adjustment, Explanation, Operation, Overlap, Participation
from outreach.storage.types import EPOCH_DAY, new_uid, utc_now

from . import figures
from . import ledger_rules as rules

CLOSED = N_("Entries are closed: say why this changes, in a few words.")


def lines_of(operation: Operation) -> tuple[Line, ...]:
    """What each source says of every figure of every service in the operation and under it."""
    signed: dict[int, Signed] = {}
    mark = []
    for one in sign_offs.standing(operation.id).values():
        if one.version:
            signed[one.service_id] = rules.signed_of(one.figures, _day)
            mark.append((one.service_id, one.version))
    return figures.reconciliation_of(operation.id, signed, tuple(mark))


def _day(text: str) -> int | None:
    try:
        return day_number(dt.date.fromisoformat(text))
    except ValueError:
        return None


def line_of(operation: Operation, service_id: int, code: str) -> Line | None:
    """The line of one figure of one service."""
    return next((one for one in lines_of(operation) if (one.service, one.measure) == (service_id, code)), None)


def _allowed(actor: Actor, operation: Operation, service_id: int) -> None:
    if not may(actor, "totals.change", access.service_target(operation, service_id)):
        raise NotAllowed()


# --- adjustments ------------------------------------------------------------------------------------------------------


def adjust(
    actor: Actor,
    operation: Operation,
    participation: Participation,
    *,
    measure: str,
    day: dt.date | None,
    amount: str,
    reason: str,
) -> Adjustment:
    """Add a signed number to one figure of the service. Raises ``NotAllowed``, ``Invalid`` at the fields."""
    service = participation.service_id
    _allowed(actor, operation, service)
    found, number = rules.measure(measure), rules.amount(amount)
    wrong = [one for one in (found, number) if isinstance(one, Finding)]
    if isinstance(found, Measure):
        wrong += _not_adjustable(operation, service, found, day, number if isinstance(number, int) else 0)
    wrong += rules.reason(visible(reason))
    if wrong or not isinstance(number, int):
        raise Invalid(*wrong)
    standing = _standing(operation, service)
    operations.note_change(operation.id)  # from here on others who write to this operation wait
    if _standing(operation, service) != standing:
        raise Changed()
    made = _adjustment(actor, participation, measure, day, number, reason)
    rows.add(made)
    _audit(actor, Tag.FIGURE_ADJUSTED, operation, participation, measure=measure, amount=number)
    return made


def _standing(operation: Operation, service: int) -> list[tuple[str, int]]:
    return [(one.row.uid, one.row.version) for one in rows.adjustments(operation.id, service)]


def _not_adjustable(
    operation: Operation, service: int, measure: Measure, day: dt.date | None, number: int
) -> list[Finding]:
    """Findings at ``measure``, ``day`` and ``amount``: counted elsewhere, nothing heard, below zero."""
    other = parts.other_place(operation, service, measure.code)
    if other is not None:
        return [Finding("measure", N_("Counted in %(code)s: adjust it there."), {"code": other.code})]
    line = line_of(operation, service, measure.code)
    if line is None or line.value is None:
        words = N_("Nothing is known of this figure yet, so there is nothing to adjust. Enter it first.")
        return [Finding("measure", words)]
    place = day_number(day)
    known = rules.at(line, place)
    if known is None or known.value is None:
        words = N_("Nothing is known of this day, so there is nothing to adjust. Choose a day from the list.")
        return [Finding("day", words)]
    below = rules.below_zero(line, place, number)
    if below is not None:
        return [Finding("amount", N_("That would make the figure %(value)s: it cannot go below 0."), {"value": below})]
    return []


def _adjustment(
    actor: Actor,
    participation: Participation,
    measure: str,
    day: dt.date | None,
    amount: int,
    reason: str,
    before: Adjustment | None = None,
) -> Adjustment:
    return Adjustment(
        uid=before.uid if before else new_uid(),
        version=before.version + 1 if before else 1,
        operation_id=participation.operation_id,
        participation_id=participation.id,
        service_id=participation.service_id,
        measure=measure,
        day=day,
        amount=amount,
        recorded_at=utc_now(),
        recorded_by_id=actor.user,
        reason=reason,
    )


def take_back(actor: Actor, operation: Operation, participation: Participation, uid: str, reason: str) -> None:
    """End an adjustment; who did and why stays as its last version. Raises ``NotFound`` and what ``adjust`` raises."""
    service = participation.service_id
    _allowed(actor, operation, service)
    standing = rows.adjustment(participation.id, uid)
    if standing is None:
        raise NotFound()
    wrong = rules.reason(visible(reason))
    line = line_of(operation, service, standing.measure)
    below = None if line is None else rules.below_zero(line, day_number(standing.day), -standing.amount)
    if below is not None:
        words = N_("Without it the figure would be %(value)s: it cannot go below 0.")
        wrong.append(Finding("reason", words, {"value": below}))
    if wrong:
        raise Invalid(*wrong)
    operations.note_change(operation.id)
    last = _adjustment(actor, participation, standing.measure, standing.day, 0, reason, standing)
    if not rows.end(standing, last.recorded_at):
        raise Changed()
    last.superseded_at = last.recorded_at
    rows.add(last)
    _audit(actor, Tag.ADJUSTMENT_TAKEN_BACK, operation, participation, measure=last.measure)


# --- explanations -----------------------------------------------------------------------------------------------------


def explain(
    actor: Actor,
    operation: Operation,
    participation: Participation,
    *,
    measure: str,
    day: dt.date | None,
    text: str,
    seen: str,
) -> None:
    """Say why the sources of a figure differ. ``seen``: ``rules.mark_of`` of the line that was shown.

    Raises ``NotAllowed``, ``NotFound`` for a figure that is not there, ``Invalid``, and ``Changed`` when a source says
    something else by now.
    """
    service = participation.service_id
    _allowed(actor, operation, service)
    whole = line_of(operation, service, measure)
    line = None if whole is None else rules.at(whole, day_number(day))
    if line is None:
        raise NotFound()
    wrong = rules.reason(visible(text), "text")
    if not line.open:
        wrong.append(Finding("text", N_("The sources say the same by now: there is nothing to explain.")))
    if wrong:
        raise Invalid(*wrong)
    if rules.mark_of(line) != seen:
        raise Changed()
    now = utc_now()
    before = next(
        (
            one.row
            for one in rows.explanations(operation.id, service)
            if (one.row.measure, one.row.day) == (measure, day)
        ),
        None,
    )
    if before is not None and not rows.end(before, now):
        raise Changed()
    made = Explanation(
        uid=before.uid if before else new_uid(),
        version=before.version + 1 if before else 1,
        operation_id=operation.id,
        participation_id=participation.id,
        service_id=service,
        measure=measure,
        day=day,
        said=line.mark,
        recorded_at=now,
        recorded_by_id=actor.user,
        reason=text,
    )
    rows.add(made)
    _audit(actor, Tag.DIFFERENCE_EXPLAINED, operation, participation, measure=measure)


def explanations_of(
    operation: Operation, service: int | None = None
) -> dict[int, list[tuple[str, int, Mapping[str, Any]]]]:
    """Service → (measure, day, what the sources said then) of the explanations that stand."""
    found: dict[int, list[tuple[str, int, Mapping[str, Any]]]] = {}
    for one in rows.explanations(operation.id, service):
        found.setdefault(one.row.service_id, []).append((one.row.measure, day_number(one.row.day), one.row.said))
    return found


# --- overlap ----------------------------------------------------------------------------------------------------------


def declare(
    actor: Actor, operation: Operation, service: int, other: int, *, measure: str, persons: str, reason: str = ""
) -> None:
    """Say how many persons two services both counted (blank: not known any more).

    A coordinator of either service, or of the operation. Raises ``NotFound`` for a service that does not take part,
    ``NotAllowed``, ``Invalid``, ``Changed``.
    """
    taking_part = access.services_taking_part(operation.id)
    if service not in taking_part or other not in taking_part:
        raise NotFound()
    targets = [access.service_target(operation, one) for one in (service, other)]
    if not any(may(actor, "totals.change", target) for target in targets):
        raise NotAllowed()
    number, found = rules.persons(persons), rules.measure(measure, rules.SHARED)
    wrong = [one for one in (found, number) if isinstance(one, Finding)]
    if not wrong:
        wrong += _not_declarable(operation, service, other, measure, number if isinstance(number, int) else None)
    closed = not all(target.open_for_entry for target in targets)
    if closed and len(visible(reason)) < rules.LEAST_REASON:
        wrong.append(Finding("reason", CLOSED))
    wrong += rules.reason(visible(reason), needed=False)
    if wrong:
        raise Invalid(*wrong)
    operations.note_change(operation.id)
    _declared(actor, operation, service, other, measure, number if isinstance(number, int) else None, reason)
    audit.record(
        actor,
        Tag.OVERLAP_DECLARED,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        service=service,
        other=other,
        measure=measure,
        known=number is not None,
    )


def _declared(
    actor: Actor, operation: Operation, service: int, other: int, measure: str, number: int | None, reason: str
) -> None:
    now = utc_now()
    before = rows.overlap(operation.id, service, other, measure)
    if before is not None and before.superseded_at is None and not rows.end(before, now):
        raise Changed()
    made = Overlap(
        uid=before.uid if before else new_uid(),
        version=before.version + 1 if before else 1,
        operation_id=operation.id,
        service_id=min(service, other),
        other_service_id=max(service, other),
        measure=measure,
        persons=number or 0,
        recorded_at=now,
        superseded_at=now if number is None else None,
        recorded_by_id=actor.user,
        reason=reason,
    )
    rows.add(made)


def _not_declarable(operation: Operation, service: int, other: int, measure: str, number: int | None) -> list[Finding]:
    if service == other:
        return [Finding("other", N_("Choose another service."))]
    lines = {one.service: one for one in lines_of(operation) if one.measure == measure}
    values = [lines[one].value if one in lines else None for one in (service, other)]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return [Finding("other", N_("Of one of the two nothing is known yet, so nobody can have been counted twice."))]
    logs = [line.logged for line in (lines[service], lines[other])]
    if all(logs) and not measure_of(measure).of_accused and not (lines[service].added or lines[other].added):
        return [Finding("other", N_("Both log their contacts here: their records say who was met by both."))]
    if number is not None and number > min(known):
        words = N_("Both can have counted %(most)s at most: that is all that one of them counts.")
        return [Finding("persons", words, {"most": min(known)})]
    if number and operation.overlap_nil:
        # Nil of an operation holds for each two of its services: a number beside it would be kept and never count.
        return [
            Finding(
                "persons",
                N_("This operation says that no person was met by two services. Its coordinator corrects that first."),
            )
        ]
    return []


def _audit(actor: Actor, tag: Tag, operation: Operation, participation: Participation, **more: object) -> None:
    audit.record(
        actor,
        tag,
        kind="participation",
        object_id=participation.id,
        operation=operation.id,
        service=participation.service_id,
        **more,
    )


def day_of(text: str) -> dt.date | Finding | None:
    """The day of a form: a date, or blank for the whole window."""
    if not text:
        return None
    number = _day(text)
    return Finding("day", N_("Choose a day from the list.")) if number is None else EPOCH_DAY + dt.timedelta(number)
