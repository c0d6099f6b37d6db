"""A referral in a small world: one operation, one police service, one agency with its liaison."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from outreach.storage import db, writing
from outreach.storage.queries import cases, referrals
from outreach.storage.tables import Operation, PlanItem, PlanItemVersion, Referral, SealedNote, Service, User
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import EntryMode, Role, ServiceKind
from tests.factories import a_participation, a_service, a_user, an_operation


@dataclass
class World:
    operation: Operation
    police: Service
    agency: Service
    liaison: User


def a_world() -> World:
    operation, police = an_operation("OP-X"), a_service("Windsor Police")
    agency = a_service("WEFiGHT", ServiceKind.ADVOCACY)
    a_participation(operation, police)
    a_participation(operation, agency, entry_mode=EntryMode.NONE)
    return World(operation, police, agency, a_user(Role.LIAISON, agency))


def a_referral(
    world: World, *, safe_way: str = "519 555 0123", urgent: bool = False, hours_ago: float = 1, by: Any = None
) -> Referral:
    made_at = utc_now() - dt.timedelta(hours=hours_ago)
    with writing():
        return referrals.add_referral(
            world.operation.id,
            world.police.id,
            None,
            None,
            dt.date(2017, 10, 11),
            made_at,
            world.agency.id,
            ["health", "shelter"],
            urgent,
            "safe_phone" if safe_way else "they_call",
            safe_way,
            by,
            made_at,
        )


def a_goal(referral_uid: str, words: str = "A door that locks") -> PlanItem:
    """A goal of the plan that the referral's agency makes."""
    with writing():
        referral = referrals.by_uid(referral_uid)
        agency = referrals.current(referral.id).agency_id
        item = PlanItem(uid=new_uid(), referral_id=referral.id, agency_id=agency, area="safety")
        cases.add(item)
        sealed = cases.seal(referral, words, cases.goal_place(item, 1, "goal_sealed"))
        cases.add(PlanItemVersion(item_id=item.id, version=1, goal_sealed=sealed, recorded_at=utc_now()))
    return item


def a_waiting_note(referral_uid: str) -> SealedNote:
    """A note about the referral that its agency has to decide on; it does not open."""
    with writing():
        referral = referrals.by_uid(referral_uid)
        row = SealedNote(
            uid=new_uid(),
            hash="0" * 64,
            kind="entry",
            device=new_uid(),
            key_uid=new_uid(),
            agency_id=referrals.current(referral.id).agency_id,
            state="held",
            reason="key_missing",
            received_at=utc_now(),
            content=b"{}",
            referral_id=referral.id,
        )
        db.session.add(row)
    return row
