"""Writes about the places that an operation offers to phones."""

from __future__ import annotations

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Invalid, NotAllowed
from outreach.storage.queries import access
from outreach.storage.queries import plan as rows
from outreach.storage.tables import Operation

from .place_rules import may_ask, read_places


def change_places(actor: Actor, operation: Operation, text: str, positions: bool, version: int) -> bool:
    """Put the list and the policy in place of what stands; whether anything changed.

    Raises ``NotAllowed``; ``Invalid`` at the form's fields; ``Changed`` when the operation no longer stands at
    ``version``.
    """
    if not may(actor, "operation.change", access.operation_target(operation)):
        raise NotAllowed()
    places = read_places(text)
    if positions and not may_ask(places):
        raise Invalid.at(
            "positions", N_("Give at least one municipality its coordinates first; otherwise no phone can tell any.")
        )
    if operation.version != version:
        raise Changed()
    values = {"municipalities": places, "positions": positions}
    changed = sorted(name for name, value in values.items() if getattr(operation, name) != value)
    if not changed:
        return False
    if not rows.claim_operation(operation, version, values):
        raise Changed()
    audit.record(
        actor,
        Tag.OPERATION_CHANGED,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        fields=changed,
    )
    return True
