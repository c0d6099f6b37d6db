"""Records that wait for a person, brought about the way phones do."""

from __future__ import annotations

from typing import Any

from outreach.field import sealed_rules
from outreach.storage import db, writing
from outreach.storage.tables import SealedRecord, Team, User
from outreach.storage.types import new_uid, utc_now
from tests.field.phone import Phone, body_of


def sent(client: Any, phone: Phone, content: dict[str, Any], **head: Any) -> SealedRecord:
    """The record of ``content`` after it arrived, whatever became of it."""
    envelope = phone.seal(content, **head)
    answer = arrive(client, envelope)
    assert answer.status_code == 200, answer.text
    db.session.expire_all()
    return db.session.query(SealedRecord).filter_by(uid=envelope.uid, hash=envelope.hashed).one()


def arrive(client: Any, envelope: sealed_rules.Envelope) -> Any:
    headers = {"Accept": "application/json"}
    return client.post("/field/sealed", data=body_of(envelope), content_type="application/json", headers=headers)


def a_held_record(team: Team, officer: User) -> SealedRecord:
    """A record that waits and holds nothing that opens."""
    uid = new_uid()
    record = SealedRecord(
        uid=uid,
        hash=uid.replace("-", "") * 2,
        kind="contact",
        device=new_uid(),
        key_uid=new_uid(),
        operation_id=team.operation_id,
        service_id=team.service_id,
        team_id=team.id,
        user_id=officer.id,
        state="held",
        reason="not_in_team",
        received_at=utc_now(),
        content=b"{}",
    )
    with writing():
        db.session.add(record)
    return record
