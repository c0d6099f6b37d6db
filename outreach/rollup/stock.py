"""Information kits: what each service was sent, holds and has given away, item by item, from the lines of a ledger.

Two equations hold at all times, whatever was recorded: sent = received + in transit + lost on the way, and received =
handed out + remaining + returned + lost after receipt. What cannot be (more received than sent, more given away than
received) makes a number negative and is named as a ``Mismatch``; nothing is mended here. Words are said elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import NamedTuple

from outreach.vocab import KitMoveKind


class Line(NamedTuple):
    """One line of the ledger. A line that was taken back counts for nothing."""

    item: int
    service: int
    kind: str
    number: int
    taken_back: bool = False


@dataclass(frozen=True)
class Stock:
    """What the ledger says of one item at one service, or of several together."""

    sent: int = 0
    received: int = 0
    lost_on_way: int = 0
    handed_by_contacts: int = 0
    handed_otherwise: int = 0
    returned: int = 0
    lost: int = 0

    @property
    def in_transit(self) -> int:
        """Sent, and neither received nor lost on the way. Below zero: more came than was sent."""
        return self.sent - self.received - self.lost_on_way

    @property
    def handed_out(self) -> int:
        return self.handed_by_contacts + self.handed_otherwise

    @property
    def remaining(self) -> int:
        """Still at the service. Below zero: more went than came."""
        return self.received - self.handed_out - self.returned - self.lost

    @property
    def has_none_yet(self) -> bool:
        """Nothing has come: the service cannot hand anything to anybody."""
        return self.received == 0

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


_PLACE = {
    KitMoveKind.SENT.value: "sent",
    KitMoveKind.RECEIVED.value: "received",
    KitMoveKind.LOST_ON_WAY.value: "lost_on_way",
    KitMoveKind.HANDED_OUT.value: "handed_otherwise",
    KitMoveKind.RETURNED.value: "returned",
    KitMoveKind.LOST.value: "lost",
}


def stocks(
    lines: Iterable[Line], by_contacts: int | None = None, handed: Iterable[tuple[int, int]] = ()
) -> dict[tuple[int, int], Stock]:
    """``(item, service)`` -> its stock, for every pair that the ledger or a contact names.

    ``handed``: service and kits of each standing contact; they are of the item ``by_contacts`` (``None``: of none).
    """
    sums: dict[tuple[int, int], dict[str, int]] = {}
    for line in lines:
        held = sums.setdefault((line.item, line.service), {})
        if not line.taken_back:
            place = _PLACE[line.kind]
            held[place] = held.get(place, 0) + line.number
    if by_contacts is not None:
        for service, kits in handed:
            held = sums.setdefault((by_contacts, service), {})
            held["handed_by_contacts"] = held.get("handed_by_contacts", 0) + kits
    return {pair: Stock(**held) for pair, held in sums.items()}


def together(found: Iterable[Stock]) -> Stock:
    """Several stocks as one: of all services, or of all items."""
    every = list(found)
    return Stock(**{field.name: sum(getattr(one, field.name) for one in every) for field in fields(Stock)})


class MismatchKind(StrEnum):
    """What cannot be: see ``mismatches``."""

    RECEIVED_MORE = "received_more"
    HANDED_MORE = "handed_more"
    HANDED_MORE_BY_CONTACTS = "handed_more_by_contacts"
    GONE_MORE = "gone_more"


@dataclass(frozen=True)
class Mismatch:
    """An impossible number of one item at one service: ``count`` too many."""

    kind: MismatchKind
    item: int
    service: int
    count: int


def mismatches(found: Mapping[tuple[int, int], Stock]) -> list[Mismatch]:
    """What cannot be, largest first.

    More received (and lost on the way) than sent; more handed out than received, by what contacts say or not; more
    handed out, returned and lost together than received.
    """
    every = []
    for (item, service), stock in found.items():
        if stock.in_transit < 0:
            every.append(Mismatch(MismatchKind.RECEIVED_MORE, item, service, -stock.in_transit))
        if stock.handed_out > stock.received:
            said = MismatchKind.HANDED_MORE_BY_CONTACTS if stock.handed_by_contacts else MismatchKind.HANDED_MORE
            every.append(Mismatch(said, item, service, stock.handed_out - stock.received))
        elif stock.remaining < 0:
            every.append(Mismatch(MismatchKind.GONE_MORE, item, service, -stock.remaining))
    return sorted(every, key=lambda one: (-one.count, one.service, one.item))
