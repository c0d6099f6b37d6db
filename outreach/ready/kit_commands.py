"""Writes of information kits: items, and lines of the ledger. Each checks the table and enters the journal.

A line carries the mark of the form that it was sent with (``token``), so that the same press arriving twice is one
line. Writers of one operation wait for each other at ``note_change``: what a line is checked against still holds when
it is added.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid, NotAllowed, NotFound
from outreach.rollup.stock import Stock
from outreach.storage.queries import access, kits, operations
from outreach.storage.tables import KitItem, KitMove, Operation
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import KitMoveKind, ParticipationStatus

from . import kit_rules as rules

_FORMS = uuid.UUID("6f0c7f0e-2f5f-4a57-9d0b-0b7a6a1d5c11")
NOT_SENT_TO = (ParticipationStatus.DECLINED, ParticipationStatus.WITHDRAWN)


def add_item(actor: Actor, operation: Operation, name_en: str, name_fr: str = "") -> KitItem:
    """A new kit of the operation; the first one made is the one that contacts count.

    Raises ``NotAllowed``; ``Invalid`` at ``name_en``, ``name_fr``.
    """
    _need(actor, "kits.send", access.operation_target(operation))
    operations.note_change(operation.id)
    known = kits.items_of(operation.id)
    if len(known) >= rules.MOST_ITEMS:
        words = N_("An operation has at most %(most)d kits. Retired ones count too; rename one of them.")
        raise Invalid.at("name_en", words, most=rules.MOST_ITEMS)
    _refuse(rules.check_item(name_en, name_fr, [one.name_en for one in known if one.retired_at is None]))
    first = not any(one.by_contacts for one in known)
    item = kits.add_item(operation.id, name_en.strip(), name_fr.strip(), by_contacts=first)
    audit.record(actor, Tag.KIT_ADDED, kind="kit", object_id=item.uid, operation=operation.id)
    return item


def rename_item(
    actor: Actor, operation: Operation, item: KitItem, name_en: str, name_fr: str, *, seen: tuple[str, str]
) -> bool:
    """Other names for a kit; whether anything changed. ``seen``: the names that the form showed.

    Raises ``NotAllowed``, ``Invalid`` as ``add_item``, ``Changed`` when the names are others by now.
    """
    _need_item(actor, operation, item)
    others = [o.name_en for o in kits.items_of(operation.id) if o.id != item.id and o.retired_at is None]
    _refuse(rules.check_item(name_en, name_fr, others))
    if seen != (item.name_en, item.name_fr):
        raise Changed()
    wanted = (name_en.strip(), name_fr.strip())
    if wanted == seen:
        return False
    item.name_en, item.name_fr = wanted
    _note_item(actor, operation, item, "renamed")
    return True


def retire_item(actor: Actor, operation: Operation, item: KitItem, *, retired: bool = True) -> bool:
    """A retired kit is sent to nobody any more; what was sent of it stays. Taken up again with ``retired=False``."""
    _need_item(actor, operation, item)
    if (item.retired_at is not None) is retired:
        return False
    if not retired:
        others = [o.name_en for o in kits.items_of(operation.id) if o.id != item.id and o.retired_at is None]
        _refuse(rules.check_item(item.name_en, item.name_fr, others))
    item.retired_at = utc_now() if retired else None
    _note_item(actor, operation, item, "retired" if retired else "taken_up")
    return True


def send(
    actor: Actor, operation: Operation, item: KitItem, counts: Mapping[int, int], *, note: str = "", token: str = ""
) -> int:
    """Send ``counts`` (service id -> how many) of one kit; how many services were sent to by this call.

    Raises ``NotAllowed``; ``Invalid`` at ``item``, ``note``, ``service`` or ``own-<service id>``.
    """
    _need_item(actor, operation, item)
    _refuse(rules.check_note(note))
    if item.retired_at is not None:
        raise Invalid.at("item", N_("This kit is retired. Choose another, or take it up again."))
    _refuse([f for service, count in counts.items() for f in rules.check_count(f"own-{service}", count)])
    if not set(counts) <= set(sent_to(operation.id)):
        raise Invalid.at("service", N_("Choose among the services of this operation."))
    return sum(
        _add(actor, item, service, KitMoveKind.SENT.value, counts[service], note, token) for service in sorted(counts)
    )


def sent_to(operation_id: int) -> dict[int, str]:
    """Services that kits can be sent to: id -> name, by name."""
    return {
        service.id: service.name
        for _, version, service in operations.participations_of(operation_id)
        if version.status not in NOT_SENT_TO
    }


def record_move(
    actor: Actor,
    operation: Operation,
    service_id: int,
    item: KitItem,
    kind: str,
    count: int | None,
    *,
    note: str = "",
    token: str = "",
    more_came: bool = False,
) -> bool:
    """Received, lost on the way, handed out, returned or lost at one service; ``False`` for the same press again.

    Raises ``NotAllowed``, ``NotFound`` for another operation's kit, ``Invalid`` at ``kind``, ``count``, ``note``.
    """
    _need(actor, "kits.record", access.service_target(operation, service_id))
    if item.operation_id != operation.id:
        raise NotFound()
    operations.note_change(operation.id)
    if kind in rules.OWN_MOVES and count is not None and _repeats(item, service_id, kind, count, token):
        return False
    stock = kits.stocks_of(operation.id, service_id).get((item.id, service_id), Stock())
    _refuse([*rules.check_move(kind, count, stock, more_came=more_came), *rules.check_note(note)])
    return _add(actor, item, service_id, kind, count or 0, note, token)


def take_back(actor: Actor, operation: Operation, move: KitMove) -> bool:
    """From now on the line counts for nothing; ``False`` when it was taken back before.

    What was sent is taken back by who may send. Raises ``NotAllowed``, ``NotFound``.
    """
    target = access.service_target(operation, move.service_id)
    _need(actor, "kits.send" if move.kind == KitMoveKind.SENT else "kits.record", target)
    if move.operation_id != operation.id:
        raise NotFound()
    operations.note_change(operation.id)
    if move.taken_back_at is not None:
        return False
    kits.take_back(move, by=actor.user, now=utc_now())
    _journal(actor, Tag.KITS_TAKEN_BACK, move)
    return True


# --- shared ----------------------------------------------------------------------------------------------------------


def _uid_of(item: KitItem, service_id: int, kind: str, count: int, token: str) -> str:
    """One press of one form is one line: the same content under the same mark has the same name."""
    if not token:
        return new_uid()
    return str(uuid.uuid5(_FORMS, f"{item.uid}/{service_id}/{kind}/{count}/{token}"))


def _repeats(item: KitItem, service_id: int, kind: str, count: int, token: str) -> bool:
    return bool(token) and kits.move_by_uid(_uid_of(item, service_id, kind, count, token)) is not None


def _add(actor: Actor, item: KitItem, service_id: int, kind: str, count: int, note: str, token: str) -> bool:
    if _repeats(item, service_id, kind, count, token):
        return False
    uid = _uid_of(item, service_id, kind, count, token)
    move = kits.add_move(item, service_id, kind, count, note.strip(), uid=uid, by=actor.user, now=utc_now())
    _journal(actor, Tag.KITS_MOVED, move)
    return True


def _journal(actor: Actor, tag: Tag, move: KitMove) -> None:
    audit.record(
        actor,
        tag,
        kind="kits",
        object_id=move.uid,
        operation=move.operation_id,
        service=move.service_id,
        change=move.kind,
        counts=move.count,
    )


def _note_item(actor: Actor, operation: Operation, item: KitItem, change: str) -> None:
    audit.record(actor, Tag.KIT_CHANGED, kind="kit", object_id=item.uid, operation=operation.id, change=change)


def _need(actor: Actor, action: str, target: Target) -> None:
    if not may(actor, action, target):
        raise NotAllowed()


def _need_item(actor: Actor, operation: Operation, item: KitItem) -> None:
    """The actor may change the operation's kits, and this is one of them; writers of the operation wait from here."""
    _need(actor, "kits.send", access.operation_target(operation))
    if item.operation_id != operation.id:
        raise NotFound()
    operations.note_change(operation.id)


def _refuse(findings: list[Finding]) -> None:
    if findings:
        raise Invalid(*findings)
