"""Loaders of what several rooms have in their addresses. A loader raises ``NotFound`` or gives target and object."""

from __future__ import annotations

from typing import Any

from outreach.auth.actors import Target
from outreach.errors import NotFound
from outreach.storage.queries import access, operations


def operation(code: str, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>``: the operation as a whole."""
    found = operations.by_code(code)
    if found is None:
        raise NotFound()
    return access.operation_target(found), {"operation": found, **rest}


def own_service(code: str, service_id: int, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/services/<service_id>``: one service's side of the operation."""
    found = operations.by_code(code)
    if found is None:
        raise NotFound()
    participation = operations.participation(found.id, service_id)
    if participation is None:
        raise NotFound()
    target = access.service_target(found, service_id)
    return target, {"operation": found, "participation": participation, **rest}
