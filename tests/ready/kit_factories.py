"""Kits as a coordinator makes and sends them; everything goes through the commands."""

from __future__ import annotations

from typing import Any

from outreach.auth.actors import SYSTEM
from outreach.ready import kit_commands
from outreach.storage import db, writing
from outreach.storage.tables import KitItem, KitMove, Operation


def a_kit(operation: Operation, name: str = "Prevention kit", french: str = "Trousse de prévention") -> KitItem:
    with writing():
        item = kit_commands.add_item(SYSTEM, operation, name, french)
    db.session.refresh(item)
    return item


def kits_moved(item: KitItem, service_id: int, *moves: tuple[str, int], **more: Any) -> None:
    """``("sent", 50), ("received", 40)``: one line each, in order."""
    operation = db.session.get(Operation, item.operation_id)
    for kind, count in moves:
        with writing():
            if kind == "sent":
                kit_commands.send(SYSTEM, operation, item, {service_id: count})
            else:
                kit_commands.record_move(SYSTEM, operation, service_id, item, kind, count, **more)


def moves_of(operation: Operation) -> list[tuple[str, int, bool]]:
    """Kind, number and whether it was taken back, in the order of recording."""
    query = db.session.query(KitMove).filter_by(operation_id=operation.id).order_by(KitMove.id)
    return [(move.kind, move.count, move.taken_back_at is not None) for move in query]
