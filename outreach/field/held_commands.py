"""Deciding on a record that waits, from the form that shows it. Storing it is ``sealed_decision_commands``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import Changed, NotAllowed
from outreach.storage.queries import access, contacts, operations
from outreach.storage.tables import SealedRecord
from outreach.vocab import SealedKind

from . import held_rules, rules, sealed_open_commands
from . import sealed_decision_commands as decisions
from .rules import Known
from .sealed_rules import Opened


def take(
    actor: Actor,
    record: SealedRecord,
    typed: Mapping[str, Sequence[str]] | None = None,
    *,
    known: Known,
    seen: int = 0,
    reason: str = "",
) -> str:
    """Take a record as its phone said it, or as it was put right in ``typed``; gives the UUID of the contact.

    ``seen``: the version of the contact that stood beside it. Raises as ``sealed_decision_commands.take``, and
    ``Changed`` when another version stands now: then both texts are shown again.
    """
    operation = operations.by_id(record.operation_id)
    if operation is None or not may(actor, "held.decide", access.service_target(operation, record.service_id)):
        raise NotAllowed()
    opened = decisions.opened_of(record)
    found = contact_meant(record, opened)
    if found is not None and found.version.version != seen:
        raise Changed()
    entry = None
    if typed is not None:
        uid = record.uid if found is None else found.contact.uid
        entry = rules.read_entry(held_rules.completed(typed, opened.fields, uid), operation.time_zone, known)
    return decisions.take(actor, record, entry, reason)


def contact_meant(record: SealedRecord, opened: Opened) -> contacts.ContactRecord | None:
    """The contact that a correction or withdrawal is about, as it stands; ``None`` for a new contact, and where it is
    not here or is another service's."""
    if record.kind == SealedKind.CONTACT:
        return None
    found = contacts.contact_record(sealed_open_commands.contact_meant(opened, record.user_id))
    if found is None or (found.operation.id, found.contact.service_id) != (record.operation_id, record.service_id):
        return None
    return found
