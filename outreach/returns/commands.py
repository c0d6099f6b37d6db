"""Writes of the room: daily totals of one service, and moving an operation past *active*."""

from __future__ import annotations

from collections.abc import Mapping

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Finding, Invalid, NotAllowed
from outreach.plan import commands as plan
from outreach.plan.paste_rules import visible
from outreach.storage.queries import access, close_out, figure_sets, operations, waiting
from outreach.storage.queries import returns as rows
from outreach.storage.queries.waiting import LeftBehind
from outreach.storage.tables import Operation, Participation, Tally
from outreach.storage.types import utc_now
from outreach.vocab import OperationStatus, ServiceKind, TallyState

from . import rules

LEAST_REASON, LONGEST_REASON = 3, 500


def sheet_of(operation: Operation, participation: Participation) -> rules.Sheet:
    """The cells that the service is asked for now."""
    service = rows.service(participation.service_id)
    return rules.sheet(
        rows.facts_of_service(operation, service.id),
        operation.id,
        service.id,
        rows.own_days(operation, participation),
        mode=operations.current_participation(participation.id).entry_mode,
        police=ServiceKind(service.kind).is_police,
        told=_told(participation),
        logged=rules.Logged(
            frozenset(rows.logged_days(operation.id, service.id)),
            rows.has_accused(operation.id, service.id),
            rows.has_deployed(operation, service.id),
        ),
    )


def _told(participation: Participation) -> dict[rules.Key, rules.Said]:
    """What stands in the cells now."""
    return {
        (tally.measure, tally.day, tally.part): rules.Said(
            tally.state, None if tally.state == TallyState.DECLINED else tally.value or 0
        )
        for tally in rows.told_now(participation.operation_id, participation.id)
    }


def save_totals(
    actor: Actor,
    operation: Operation,
    participation: Participation,
    typed: Mapping[str, str],
    *,
    seen: str,
    clear: bool = False,
    reason: str = "",
    asked: rules.Sheet | None = None,
) -> int:
    """Save the typed cells that differ from what stands; how many. ``seen``: the sheet's mark on the form.

    ``asked``: the sheet, where it was worked out in this very write already.

    Raises ``NotAllowed``, ``Blocked`` before the operation has begun, ``Invalid`` at the cells, ``Changed`` when the
    sheet changed since it was shown.
    """
    target = access.service_target(operation, participation.service_id)
    if not may(actor, "totals.change", target):
        raise NotAllowed()
    if operation.status not in rules.TAKING_TOTALS:
        raise Blocked(
            N_("The operation has not begun: there is nothing to report yet."),
            N_("The operation coordinator makes it active first."),
        )
    asked = asked or sheet_of(operation, participation)
    made, wrong = rules.changes(asked, typed, clear=clear)
    wrong = wrong or rules.contradictions(asked, made)
    if made and not target.open_for_entry and not reason:
        wrong.append(Finding("reason", N_("Entries are closed: say why this changes, in a few words.")))
    if len(reason) > LONGEST_REASON:
        wrong.append(Finding("reason", N_("Shorten this to %(most)s characters."), {"most": LONGEST_REASON}))
    if wrong:
        raise Invalid(*wrong)
    if not made:
        return 0
    operations.note_change(operation.id)  # from here on others who write to this operation wait
    if rules.mark_of(_told(participation)) != seen:
        raise Changed()
    _write(actor, operation, participation, made, reason)
    audit.record(
        actor,
        Tag.TOTALS_CHANGED,
        kind="participation",
        object_id=participation.id,
        operation=operation.id,
        service=participation.service_id,
        cells=len(made),
        cleared=sum(change.said is None for change in made),
    )
    return len(made)


def _write(
    actor: Actor, operation: Operation, participation: Participation, made: list[rules.Change], reason: str
) -> None:
    now = utc_now()
    standing = {(tally.measure, tally.day, tally.part): tally for tally in rows.tallies_of(participation.id)}
    for change in made:
        measure, day, part = change.key
        before = standing.get(change.key)
        if before is not None and not rows.supersede(before, now):
            raise Changed()
        if change.said is None:
            continue
        rows.add_tally(
            Tally(
                operation_id=operation.id,
                participation_id=participation.id,
                service_id=participation.service_id,
                measure=measure,
                day=day,
                part=part,
                state=change.said.state,
                value=change.said.value,
                version=rows.last_version(participation.id, measure, day, part) + 1,
                recorded_at=now,
                recorded_by_id=actor.user,
                reason=reason,
            )
        )


# --- the life of an operation past active -----------------------------------------------------------------------------


def move(actor: Actor, operation: Operation, to: str, reason: str = "") -> None:
    """One step past *active*, of the table in ``plan.rules``. Raises what ``plan.commands.move`` raises, and

    ``Blocked`` while an operation under it is not as far; ``Invalid`` at ``reason`` when it closes over silence or
    without locked figures, or goes on while phones hold contacts or records wait for a decision.
    """
    left: list[LeftBehind] = []
    open_figures = False
    if may(actor, "operation.move", access.operation_target(operation)):
        behind = behind_it(operation, to)
        if behind:
            raise Blocked(
                N_("Operations under it are not as far yet: %(codes)s."),
                N_("Move them first."),
                codes=", ".join(behind),
            )
        left, open_figures = left_behind(operation, to), unlocked(operation, to)
        missing = _to_explain(operation, to, left) if len(visible(reason)) < LEAST_REASON else []
        if missing:
            raise Invalid(*missing)
    plan.move(actor, operation, to, reason, room="returns", explain=bool(left or open_figures))
    if open_figures:
        audit.record(actor, Tag.CLOSED_UNLOCKED, kind="operation", object_id=operation.id, operation=operation.id)
    if left:
        audit.record(
            actor,
            Tag.MOVED_WITH_UNSENT,
            kind="operation",
            object_id=operation.id,
            operation=operation.id,
            services=len(left),
            unsent=sum(one.unsent for one in left),
            held=sum(one.held for one in left),
        )


def left_behind(operation: Operation, to: str) -> list[LeftBehind]:
    """What a step would leave behind, by service; a rehearsal leaves nothing that counts."""
    if operation.is_rehearsal or not rules.goes_on(operation.status, to):
        return []
    return waiting.left_behind(operation.id)


def unlocked(operation: Operation, to: str) -> bool:
    """Whether a step closes an operation of which services owe figures and no version is locked."""
    closes = to == OperationStatus.CLOSED and operation.status == OperationStatus.REPORTING
    if not closes or operation.is_rehearsal or figure_sets.last_version(operation.id):
        return False
    return bool(close_out.owing(operation.id))


def _to_explain(operation: Operation, to: str, left: list[LeftBehind]) -> list[Finding]:
    """Findings at ``reason``: what a step that nobody explained would pass over."""
    found = []
    closes = to == OperationStatus.CLOSED and operation.status == OperationStatus.REPORTING
    silent = rows.silent_services(operation.id) if closes else []
    if silent:
        words = N_("Nothing was heard from %(services)s: say why it closes all the same.")
        found.append(Finding("reason", words, {"services": ", ".join(silent)}))
    if unlocked(operation, to):
        words = N_("No figures are locked: lock them on the close-out page, or say why it closes all the same.")
        found.append(Finding("reason", words))
    unsent = ", ".join(one.service for one in left if one.unsent)
    if unsent:
        words = N_("Phones of %(services)s still hold contacts: say why it goes on all the same.")
        found.append(Finding("reason", words, {"services": unsent}))
    held = ", ".join(one.service for one in left if one.held)
    if held:
        words = N_("Records of %(services)s wait for a decision: say why it goes on all the same.")
        found.append(Finding("reason", words, {"services": held}))
    return found


def behind_it(operation: Operation, to: str) -> list[str]:
    """Codes of the operations right under it that must be as far before it closes or is archived."""
    order = list(OperationStatus)
    if to not in (OperationStatus.CLOSED, OperationStatus.ARCHIVED) or operation.status == OperationStatus.ARCHIVED:
        return []
    children = operations.children_of(operation.id)
    return [child.code for child in children if order.index(OperationStatus(child.status)) < order.index(to)]
