"""Writing the journal. Reading it is a query in ``storage.queries.journal``."""

from __future__ import annotations

from typing import Any

from outreach.auth.actors import Actor
from outreach.storage import lasting
from outreach.storage.engine import running
from outreach.storage.queries.journal import add_entry, entry_insert

from .tags import Tag


def record(
    actor: Actor,
    tag: Tag,
    *,
    kind: str = "",
    object_id: object = "",
    operation: int | None = None,
    service: int | None = None,
    outcome: str = "done",
    **details: Any,
) -> None:
    """Add an entry to the running write; it is committed with it or not at all."""
    add_entry(running(), _values(actor, tag, kind, object_id, operation, service, outcome, details))


def read(
    actor: Actor,
    tag: Tag,
    *,
    kind: str = "",
    object_id: object = "",
    operation: int | None = None,
    service: int | None = None,
    **details: Any,
) -> None:
    """Enter a read of person-level data; committed before anything is sent, also where a refused form shows it.

    Raises ``Unavailable`` when it cannot be written: then nothing may be shown.
    """
    lasting(entry_insert(), _values(actor, tag, kind, object_id, operation, service, "done", details))


def _values(
    actor: Actor,
    tag: Tag,
    kind: str,
    object_id: object,
    operation: int | None,
    service: int | None,
    outcome: str,
    details: dict[str, Any],
) -> dict[str, Any]:
    return {
        "actor_id": actor.user,
        "actor_name": actor.name,
        "tag": tag.value,
        "outcome": outcome,
        "kind": kind,
        "object_id": str(object_id),
        "operation_id": operation,
        "service_id": service,
        "details": details,
    }
