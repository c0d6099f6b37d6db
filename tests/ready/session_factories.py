"""Invented sessions with people who attended them, and certificates of a service's people."""

from __future__ import annotations

import datetime as dt
from typing import Any

from outreach.auth.actors import SYSTEM
from outreach.plan.team_rules import person_key
from outreach.ready import session_commands
from outreach.ready.session_rules import SessionDraft
from outreach.storage import db, writing
from outreach.storage.queries import sessions as rows
from outreach.storage.tables import Certificate, Operation, Service, Session, Staff
from outreach.storage.types import utc_now
from outreach.vocab import DelegateState, StaffCategory

STARTS_AT = dt.datetime(2017, 9, 20, 13, tzinfo=dt.UTC)


def somebody(service: Service, name: str) -> Staff:
    """A person of the service."""
    staff = Staff(
        service_id=service.id, name=name, name_key=person_key(name), category=StaffCategory.POLICE.value, user_id=None
    )
    with writing():
        db.session.add(staff)
    return staff


def a_session(
    operation: Operation, title: str = "Outreach course", *attended: tuple[Service, str], **more: Any
) -> Session:
    """A training session three weeks before the window, which the named people of services attended."""
    draft = SessionDraft("training", title, STARTS_AT, **({"certificate": "Outreach", "valid_months": 24} | more))
    with writing():
        session = session_commands.add_session(SYSTEM, operation, draft)
    for service, name in attended:
        staff = somebody(service, name)
        with writing():
            rows.add_delegates(
                [
                    {
                        "session_id": session.id,
                        "service_id": service.id,
                        "staff_id": staff.id,
                        "name": name,
                        "name_key": staff.name_key,
                        "state": DelegateState.ATTENDED.value,
                        "changed_at": utc_now(),
                        "changed_by_id": None,
                    }
                ]
            )
            session_commands.settle(SYSTEM, operation, session, [staff.id])
    return session


def a_certificate(service: Service, name: str, expires_on: dt.date | None = None) -> Certificate:
    """What somebody of the service holds from elsewhere."""
    found = Certificate(
        staff_id=somebody(service, name).id,
        name="First aid",
        issued_on=dt.date(2016, 10, 10),
        expires_on=expires_on,
        recorded_at=utc_now(),
    )
    with writing():
        db.session.add(found)
    return found
