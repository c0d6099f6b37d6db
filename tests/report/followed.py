"""Referrals in every state, written straight into the tables: what the pages of their figures are tested on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from outreach.storage import db, writing
from outreach.storage.queries.operations import note_change
from outreach.storage.tables import FollowUp, Operation, Person, Referral, ReferralOutcome, ReferralVersion, Service
from outreach.storage.types import utc_now

STEPS = ("made", "received", "reached", "engaged")


def a_referral(
    operation: Operation | None,
    service: Service,
    agency: Service,
    steps: int = 1,
    *,
    outcomes: tuple[str, ...] = (),
    origin: str = "police",
    found: str | None = None,
    days_ago: float = 10,
    hours: float = 2,
) -> Referral:
    """A referral that went through the first ``steps`` states, the second ``hours`` after the first.

    ``found``: what the follow-up at 7 days found, '' for due and not done, None for no follow-up.
    """
    made_at = utc_now() - dt.timedelta(days=days_ago)
    with writing():
        person: Any = None
        if operation is not None:
            person = Person(root_id=operation.root_id or operation.id)
            db.session.add(person)
            db.session.flush()
            person.join_key = person.id
            note_change(operation.id)
        referral = Referral(
            origin=origin,
            operation_id=operation.id if operation else None,
            service_id=service.id,
            person_id=person.id if person else None,
            day=made_at.date(),
            made_at=made_at,
        )
        db.session.add(referral)
        db.session.flush()
        times = [made_at, *(made_at + dt.timedelta(hours=hours + place) for place in range(3))]
        for place, state in enumerate(STEPS[:steps]):
            ended = times[place + 1] if place + 1 < steps else None
            db.session.add(
                ReferralVersion(
                    referral_id=referral.id, version=place + 1, state=state, agency_id=agency.id,
                    recorded_at=times[place], superseded_at=ended, owed_at=made_at)
            )  # fmt: skip
        if found is not None:
            db.session.add(
                FollowUp(
                    referral_id=referral.id, agency_id=agency.id, days=7, recorded_at=times[1], result=found,
                    due_on=(made_at + dt.timedelta(days=7)).date(), done_at=utc_now() if found else None)
            )  # fmt: skip
        for code in outcomes:
            db.session.add(
                ReferralOutcome(
                    referral_id=referral.id, agency_id=agency.id, outcome=code, day=utc_now().date(),
                    recorded_at=times[1])
            )  # fmt: skip
    return referral
