"""Choosing the rule by which an operation counts a measure."""

from __future__ import annotations

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import Changed, Invalid, NotAllowed, NotFound
from outreach.plan.paste_rules import visible
from outreach.rollup.counting import RULED, chosen
from outreach.storage.queries import access, nested, operations
from outreach.storage.queries import counting as rows
from outreach.storage.queries import plan as plan_rows
from outreach.storage.tables import Operation

from . import counting_rules as rules
from .figures import need_figures


def resting(operation: Operation, measure: str) -> rules.Resting:
    """What was told, signed or locked under the rule in force."""
    told = rows.told(operation.id, measure)
    return rules.resting(measure, operation.counting or {}, told, rows.signed(operation.id), rows.locked(operation.id))


def choose(actor: Actor, operation: Operation, measure: str, name: str, version: int, *, reason: str = "") -> bool:
    """Count the measure by the rule ``name`` from now on; whether that changes anything.

    Numbers told under another rule stand and count under that one alone: their services are asked again. Signatures
    and locked versions keep the rule that they name. Raises ``NotAllowed``; ``Blocked`` for a rehearsal; ``NotFound``
    for a measure that is counted one way only; ``Invalid`` at ``rule`` and ``reason``; ``Changed`` when the operation
    no longer stands at ``version``.
    """
    if not may(actor, "counting.change", access.operation_target(operation)):
        raise NotAllowed()
    need_figures(operation)
    if measure not in RULED:
        raise NotFound()
    choice = dict(operation.counting or {})
    before = chosen(measure, choice)
    if before is not None and before.name == name:
        return False
    said = visible(reason)
    if wrong := rules.findings(measure, name, resting(operation, measure), said):
        raise Invalid(*wrong)
    operations.note_change(operation.id)  # from here on others who write to this operation wait
    if operation.version != version or not plan_rows.claim_operation(
        operation, version, {"counting": rules.after(measure, name, choice)}
    ):
        raise Changed()
    if said:
        nested.add_note(operation, actor.user, said)
    audit.record(
        actor,
        Tag.COUNTING_CHOSEN,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        measure=measure,
        before=before.name if before else "",
        after=name,
    )
    return True
