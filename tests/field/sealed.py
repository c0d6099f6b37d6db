"""A phone of tonight's officer that sends what it sealed, as its sender in the browser does."""

from __future__ import annotations

from typing import Any

from outreach.field import sealed_rules
from outreach.storage import db, writing
from outreach.storage.tables import AuditEntry, Operation, SealedRecord, User
from outreach.storage.types import new_uid
from outreach.vocab import OperationStatus
from tests.field.factories import Night, an_entry, form_of
from tests.field.phone import Phone, body_of


def a_phone(client: Any, device: str = "", team: int = 0) -> Phone:
    """A phone that has asked for its pack with that session."""
    return Phone.of(client.get(f"/field/app/pack?device={device or new_uid()}").get_json(), team)


def sealed_contact(night: Night, phone: Phone, *persons: Any, entry: Any = None, **more: Any) -> sealed_rules.Envelope:
    """A contact as the phone seals it; ``more``: what stands beside the fields (clock, taps)."""
    return phone.seal(phone.content(form_of(night, entry or an_entry(*persons)), **more))


def send(client: Any, envelope: sealed_rules.Envelope | bytes) -> tuple[int, dict[str, Any]]:
    """The status and the receipt; no token goes with it, and the answer is JSON whatever happens."""
    body = envelope if isinstance(envelope, bytes) else body_of(envelope)
    answer = client.post(
        "/field/sealed", data=body, content_type="application/json", headers={"Accept": "application/json"}
    )
    assert answer.is_json, answer.text
    return answer.status_code, answer.get_json()


def records() -> list[SealedRecord]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(SealedRecord).order_by(SealedRecord.id).all()


def the_record() -> SealedRecord:
    (found,) = records()
    return found


def set_status(night: Night, status: OperationStatus) -> None:
    with writing():
        db.session.get_one(Operation, night.operation.id).status = status.value


def end_account(user: User) -> None:
    with writing():
        db.session.get_one(User, user.id).active = False


def rows_of(table: Any) -> list[Any]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(table).order_by(table.id).all()


def tags(prefix: str = "field.") -> list[str]:
    db.session.rollback()
    found = db.session.query(AuditEntry.tag).order_by(AuditEntry.id)
    return [tag for (tag,) in found if tag.startswith(prefix)]
