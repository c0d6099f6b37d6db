"""Information kits of an operation: items, the ledger of their moves, what contacts handed out, stock by service."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from outreach.rollup.stock import Line, Stock, stocks, together

from ..engine import db
from ..tables import ContactVersion, KitItem, KitMove, User


def items_of(operation_id: int) -> list[KitItem]:
    """Items of the operation, those in use first, in the order they were made."""
    query = select(KitItem).where(KitItem.operation_id == operation_id)
    return list(db.session.scalars(query.order_by(KitItem.retired_at.is_not(None), KitItem.id)))


def item_by_uid(uid: str) -> KitItem | None:
    return db.session.scalar(select(KitItem).where(KitItem.uid == uid))


def lines_of(operation_id: int, service_id: int | None = None) -> list[Line]:
    """The ledger of the operation (of one service, where given), as the arithmetic wants it."""
    query = select(
        KitMove.item_id, KitMove.service_id, KitMove.kind, KitMove.count, KitMove.taken_back_at.is_not(None)
    ).where(KitMove.operation_id == operation_id)
    if service_id is not None:
        query = query.where(KitMove.service_id == service_id)
    return [Line(*row) for row in db.session.execute(query.order_by(KitMove.id))]


def handed_by_contacts(operation_id: int, service_id: int | None = None) -> list[tuple[int, int]]:
    """Service and kits of every standing contact that handed any out: of the service that leads the team."""
    query = select(ContactVersion.service_id, ContactVersion.kits).where(
        ContactVersion.operation_id == operation_id,
        ContactVersion.superseded_at.is_(None),
        ContactVersion.withdrawn.is_(False),
        ContactVersion.kits > 0,
    )
    if service_id is not None:
        query = query.where(ContactVersion.service_id == service_id)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(ContactVersion.id))]


def stocks_of(operation_id: int, service_id: int | None = None) -> dict[tuple[int, int], Stock]:
    """``(item id, service id)`` → stock, for every pair that the ledger or a contact names."""
    by_contacts = db.session.scalar(
        select(KitItem.id).where(KitItem.operation_id == operation_id, KitItem.by_contacts).order_by(KitItem.id)
    )
    handed = handed_by_contacts(operation_id, service_id) if by_contacts is not None else []
    return stocks(lines_of(operation_id, service_id), by_contacts, handed)


def kits_by_service(operation_id: int) -> dict[int, tuple[int, int]]:
    """Service id → kits sent to it and kits that it received, of all items; for services that the ledger names."""
    found: dict[int, list[Stock]] = {}
    for (_, service), stock in stocks(lines_of(operation_id)).items():
        found.setdefault(service, []).append(stock)
    sums = {service: together(several) for service, several in found.items()}
    return {service: (stock.sent, stock.received) for service, stock in sums.items()}


@dataclass(frozen=True)
class Entry:
    """A line of a service's ledger with the names behind it ('' where nobody is known)."""

    move: KitMove
    item: KitItem
    by: str
    taken_back_by: str


def history_of(operation_id: int, service_id: int) -> list[Entry]:
    """Every line of one service, newest first, those taken back included."""
    taker = aliased(User)
    query = (
        select(KitMove, KitItem, User.name, taker.name)
        .join(KitItem, KitItem.id == KitMove.item_id)
        .outerjoin(User, User.id == KitMove.by_id)
        .outerjoin(taker, taker.id == KitMove.taken_back_by_id)
        .where(KitMove.operation_id == operation_id, KitMove.service_id == service_id)
        .order_by(KitMove.at.desc(), KitMove.id.desc())
    )
    return [Entry(move, item, by or "", back or "") for move, item, by, back in db.session.execute(query)]


def move_by_uid(uid: str) -> KitMove | None:
    return db.session.scalar(select(KitMove).where(KitMove.uid == uid))


def add_item(operation_id: int, name_en: str, name_fr: str, *, by_contacts: bool) -> KitItem:
    return _added(KitItem(operation_id=operation_id, name_en=name_en, name_fr=name_fr, by_contacts=by_contacts))


def add_move(
    item: KitItem, service_id: int, kind: str, count: int, note: str, *, uid: str, by: int | None, now: dt.datetime
) -> KitMove:
    """One more line of the ledger; lines are never changed."""
    return _added(
        KitMove(
            uid=uid,
            operation_id=item.operation_id,
            item_id=item.id,
            service_id=service_id,
            kind=kind,
            count=count,
            note=note,
            at=now,
            by_id=by,
        )
    )


def take_back(move: KitMove, *, by: int | None, now: dt.datetime) -> None:
    """From ``now`` on the line counts for nothing; it stays to be read."""
    move.taken_back_at, move.taken_back_by_id = now, by
    db.session.flush()


def _added(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row
