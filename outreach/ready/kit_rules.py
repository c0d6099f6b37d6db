"""Rules of information kits: which names, numbers and moves may be entered, and how an impossible stock is named.

The stock itself is worked out in ``rollup.stock``; here is only what may be added to its ledger. No SQL, no Flask.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from outreach.errors import N_, Finding, Invalid
from outreach.rollup.stock import MismatchKind, Stock
from outreach.vocab import KitMoveKind

MOST = 100_000
LONGEST_NAME = 120
LONGEST_NOTE = 200
MOST_ITEMS = 100

# What a service says of its kits, in the order of their way; only the coordinator of the operation sends.
OWN_MOVES = (
    KitMoveKind.RECEIVED,
    KitMoveKind.LOST_ON_WAY,
    KitMoveKind.HANDED_OUT,
    KitMoveKind.RETURNED,
    KitMoveKind.LOST,
)

NO_ITEM = N_("Choose one of the kits in the list.")

MISMATCHES: dict[str, str] = {
    MismatchKind.RECEIVED_MORE: N_(
        "%(service)s received %(count)s more than were sent (%(item)s): record what was sent, or take back a receipt."
    ),
    MismatchKind.HANDED_MORE_BY_CONTACTS: N_(
        "%(service)s handed out %(count)s more than it received (%(item)s): record a delivery or correct the contacts."
    ),
    MismatchKind.HANDED_MORE: N_(
        "%(service)s handed out %(count)s more than it received (%(item)s): record a delivery or take back an entry."
    ),
    MismatchKind.GONE_MORE: N_(
        "%(service)s handed out, returned and lost %(count)s more than it received (%(item)s): record a delivery or "
        "take back an entry."
    ),
}


def read_count(text: str) -> int | None:
    """The whole number that was typed, spaces between its digits allowed; ``None`` for anything else."""
    digits = "".join(text.split())
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def check_count(where: str, count: int | None) -> list[Finding]:
    """A finding at ``where`` unless the count is a whole number that may be entered."""
    if count is None or not 1 <= count <= MOST:
        return [Finding(where, N_("Enter a whole number from 1 to 100,000."))]
    return []


def check_note(note: str) -> list[Finding]:
    if len(note) > LONGEST_NOTE:
        return [Finding("note", N_("Write %(most)d characters or fewer."), {"most": LONGEST_NOTE})]
    return []


def check_item(name_en: str, name_fr: str, taken: Iterable[str]) -> list[Finding]:
    """Findings at ``name_en`` and ``name_fr``. ``taken``: English names of the operation's other items in use."""
    found = []
    if not name_en.strip():
        found.append(Finding("name_en", N_("Enter what the kit is called, such as Information kit.")))
    elif _key(name_en) in {_key(name) for name in taken}:
        found.append(Finding("name_en", N_("There is a kit of that name already. Choose another name.")))
    for where, name in (("name_en", name_en), ("name_fr", name_fr)):
        if len(name) > LONGEST_NAME:
            found.append(Finding(where, N_("Write %(most)d characters or fewer."), {"most": LONGEST_NAME}))
    return found


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def check_move(kind: str, count: int | None, stock: Stock, *, more_came: bool = False) -> list[Finding]:
    """Findings of one line that a service adds to its ledger, against what the ledger says so far.

    More may be received than is on the way only where somebody says so (``more_came``): then it is named as a problem
    and not refused, since the kits are there.
    """
    if kind not in OWN_MOVES:
        return [Finding("kind", N_("Choose what happened."))]
    found = check_count("count", count)
    if found or count is None:
        return found
    way, held = max(stock.in_transit, 0), max(stock.remaining, 0)
    if kind == KitMoveKind.RECEIVED and count > way and not more_came:
        return [
            Finding(
                "count",
                N_("%(there)s are on the way. Count again, or tick that more came than was sent."),
                {"there": way},
            )
        ]
    if kind == KitMoveKind.LOST_ON_WAY and count > way:
        return [Finding("count", N_("%(there)s are on the way: no more can be lost there."), {"there": way})]
    if kind in (KitMoveKind.HANDED_OUT, KitMoveKind.RETURNED, KitMoveKind.LOST) and count > held:
        return [
            Finding(
                "count",
                N_("%(there)s remain. If more have come, confirm that they were received first."),
                {"there": held},
            )
        ]
    return []


def plan_send(
    each: str, ticked: Collection[int], own: Mapping[int, str], allowed: Collection[int], *, blank: str = "service"
) -> dict[int, int]:
    """Service id -> how many to send, from what was typed; raises ``Invalid`` at the fields.

    ``each``: the number for every ticked service. ``own``: numbers typed beside services, which need no tick and go
    before ``each``. ``allowed``: services of the operation; others are refused like a service that does not exist.
    """
    typed = {service: text for service, text in own.items() if text.strip()}
    if not set(ticked) | set(typed) <= set(allowed):
        raise Invalid.at(blank, N_("Choose among the services of this operation."))
    wanted = {service: read_count(typed.get(service, each)) for service in sorted({*ticked, *typed})}
    if not wanted:
        raise Invalid.at(blank, N_("Tick a service, or write a number beside one."))
    found = [f for service in typed for f in check_count(f"own-{service}", wanted[service])]
    if set(ticked) - set(typed):
        found = [*check_count("each", read_count(each)), *found]
    if found:
        raise Invalid(*found)
    return {service: count for service, count in wanted.items() if count is not None}


# --- the table of services -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One service and its stock of one kit. ``state``: problem, nothing (sent), way (on the way), has."""

    service: int
    name: str
    stock: Stock
    state: str

    @property
    def needs(self) -> bool:
        return self.state != "has"


# Columns of a stock in the order of the way, and those whose zero says something by itself.
COLUMNS = ("sent", "in_transit", "lost_on_way", "received", "handed_out", "remaining", "returned", "lost")
_ALWAYS = frozenset({"sent", "received", "remaining"})


def cells_of(stock: Stock) -> list[tuple[int, bool]]:
    """The numbers of a stock in the order of ``COLUMNS``, and whether a narrow page may leave each out."""
    found = [(name, getattr(stock, name)) for name in COLUMNS]
    return [(number, not number and name not in _ALWAYS) for name, number in found]


_ORDER = ("problem", "nothing", "way", "has")


def state_of(stock: Stock) -> str:
    if stock.in_transit < 0 or stock.remaining < 0:
        return "problem"
    if stock.received:
        return "has"
    return "way" if stock.in_transit else "nothing"


def rows_of(names: Mapping[int, str], stocks: Mapping[int, Stock]) -> list[Row]:
    """A row a service: problems first, then who still has none, then by name."""
    found = [Row(service, name, stocks.get(service, Stock()), "") for service, name in names.items()]
    found = [replace(row, state=state_of(row.stock)) for row in found]
    return sorted(found, key=lambda row: (_ORDER.index(row.state), row.name.casefold(), row.service))


FILTERS: dict[str, Callable[[Row], bool]] = {
    "none": lambda row: row.stock.has_none_yet,
    "way": lambda row: row.stock.in_transit > 0,
    "problem": lambda row: row.state == "problem",
}
