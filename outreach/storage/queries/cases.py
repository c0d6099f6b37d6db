"""What an agency writes down of a person it follows: entries, plan, follow-ups, outcomes. Whatever was written by one
agency is read by nobody of another: every query here names the agency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from outreach.vocab import PlanState, ReferralState

from ..case_keys import CASE, WAY, case_keys
from ..engine import db
from ..keys import Place, site_keys
from ..tables import (
    AgencyProfile,
    CaseEntry,
    FollowUp,
    Operation,
    Person,
    PlanItem,
    PlanItemVersion,
    Referral,
    ReferralOutcome,
    ReferralVersion,
    SafeContact,
    User,
)
from .referrals import safe_way_place

IN_HAND = (ReferralState.RECEIVED.value, ReferralState.REACHED.value, ReferralState.ENGAGED.value)


def lock(referral: Referral) -> None:
    """Whoever writes to the same case waits here (PostgreSQL; SQLite has one writer anyway)."""
    db.session.execute(select(Referral.id).where(Referral.id == referral.id).with_for_update())


def zone_of(agency_id: int | None, operation_id: int | None) -> str | None:
    """The time zone in which days are counted: the agency's, else the operation's; None where neither is known."""
    agency = select(AgencyProfile.time_zone).where(AgencyProfile.service_id == agency_id)
    operation = select(Operation.time_zone).where(Operation.id == operation_id)
    return db.session.scalar(agency) or db.session.scalar(operation)


# --- words, sealed with the keys of the referral ----------------------------------------------------------------------


def note_place(entry: CaseEntry) -> Place:
    return Place("case_entry", "note_sealed", entry.uid, entry.agency_id)


def goal_place(item: PlanItem, version: int, column: str) -> Place:
    """``column``: goal_sealed or step_sealed."""
    return Place("plan_item_version", column, f"{item.uid}/{version}", item.agency_id)


def why_place(referral: Referral, agency_id: int | None) -> Place:
    """Why a referral ended, in the agency's words; they stand in the details of its last version."""
    return Place("referral_version", "details.why_sealed", referral.uid, agency_id)


def seal(referral: Referral, text: str, place: Place) -> bytes | None:
    """Sealed with the key of the case; None for no words."""
    return case_keys().seal(text, referral.uid, CASE, place) if text else None


def unseal(referral: Referral, sealed: bytes | None, place: Place) -> str:
    """The words; '' for none. The caller has asked the permission table and journals the read."""
    return "" if sealed is None else case_keys().open(sealed, referral.uid, CASE, place)


def content_mark(referral: Referral, text: str) -> str:
    """Tells whether two texts are the same one without telling what they say."""
    return site_keys().mark(text, f"case/{referral.uid}")


def _say_place(referral: Referral, agency_id: int) -> Place:
    return Place("safe_contact", "say_sealed", referral.uid, agency_id, referral.operation_id)


def open_say(referral: Referral, contact: SafeContact) -> str:
    """Who to say is calling; '' when nobody said."""
    if contact.say_sealed is None:
        return ""
    return case_keys().open(contact.say_sealed, referral.uid, WAY, _say_place(referral, contact.agency_id))


def put_safe_way(referral: Referral, agency_id: int, way: str, say: str, now: dt.datetime) -> SafeContact:
    """Keep the way to reach and what to say, sealed to the agency, in place of what stood; flushes."""
    contact = db.session.get(SafeContact, referral.id)
    if contact is None:
        contact = SafeContact(referral_id=referral.id, agency_id=agency_id, given_at=now)
        db.session.add(contact)
    keys = case_keys()
    contact.agency_id, contact.destroyed_at = agency_id, None
    contact.way_sealed = keys.seal(way, referral.uid, WAY, safe_way_place(referral, agency_id))
    contact.say_sealed = keys.seal(say, referral.uid, WAY, _say_place(referral, agency_id)) if say else None
    db.session.flush()
    return contact


# --- entries ----------------------------------------------------------------------------------------------------------


def entry(uid: str) -> CaseEntry | None:
    return db.session.scalar(select(CaseEntry).where(CaseEntry.uid == uid))


def add(row: CaseEntry | PlanItem | PlanItemVersion | ReferralOutcome) -> None:
    db.session.add(row)
    db.session.flush()


def entries(referral_id: int, agency_id: int, most: int | None = None) -> list[tuple[CaseEntry, str]]:
    """What one agency recorded, newest first, each with the name of who did."""
    query = (
        select(CaseEntry, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == CaseEntry.recorded_by_id)
        .where(CaseEntry.referral_id == referral_id, CaseEntry.agency_id == agency_id)
        .order_by(CaseEntry.at.desc(), CaseEntry.id.desc())
        .limit(most)
    )
    return [tuple(row) for row in db.session.execute(query)]


def name_of(user_id: int | None) -> str:
    return (db.session.scalar(select(User.name).where(User.id == user_id)) if user_id else "") or ""


# --- plan -------------------------------------------------------------------------------------------------------------


@dataclass
class ItemRow:
    """One goal: what counts, who wrote it, and what others wrote beside it that nobody has chosen between yet."""

    item: PlanItem
    version: PlanItemVersion
    by: str
    rivals: list[tuple[PlanItemVersion, str]] = field(default_factory=list)


def plan_item(uid: str) -> PlanItem | None:
    return db.session.scalar(select(PlanItem).where(PlanItem.uid == uid))


def plan(referral_id: int, agency_id: int, item_id: int | None = None) -> list[ItemRow]:
    """The plan that one agency makes, in the order in which goals were added; or one goal of it."""
    query = (
        _versions()
        .where(PlanItem.referral_id == referral_id, PlanItem.agency_id == agency_id)
        .where(PlanItemVersion.superseded_at.is_(None), _unsettled())
        .order_by(PlanItem.id, PlanItemVersion.rival, PlanItemVersion.version)
    )
    if item_id is not None:
        query = query.where(PlanItem.id == item_id)
    found: dict[int, ItemRow] = {}
    for item, version, by in db.session.execute(query):
        if version.rival:
            found[item.id].rivals.append((version, by))
        else:
            found[item.id] = ItemRow(item, version, by)
    return list(found.values())


def item_versions(item_id: int) -> list[tuple[PlanItemVersion, str]]:
    """Everything that one goal ever said, newest first, what was not chosen included."""
    query = _versions().where(PlanItem.id == item_id).order_by(PlanItemVersion.version.desc())
    return [(version, by) for _, version, by in db.session.execute(query)]


def _versions() -> Select[tuple[PlanItem, PlanItemVersion, str]]:
    return (
        select(PlanItem, PlanItemVersion, func.coalesce(User.name, ""))
        .join(PlanItemVersion, PlanItemVersion.item_id == PlanItem.id)
        .outerjoin(User, User.id == PlanItemVersion.recorded_by_id)
    )


def _unsettled() -> object:
    """What counts, or stands beside it until somebody chooses."""
    return or_(PlanItemVersion.rival.is_(False), PlanItemVersion.settled_at.is_(None))


# --- follow-ups and outcomes ------------------------------------------------------------------------------------------


def follow_ups(referral_id: int) -> list[FollowUp]:
    """The earliest first, done or not."""
    query = select(FollowUp).where(FollowUp.referral_id == referral_id).order_by(FollowUp.days)
    return list(db.session.scalars(query))


def add_follow_up(referral_id: int, agency_id: int, days: int, due_on: dt.date, now: dt.datetime) -> None:
    db.session.add(FollowUp(referral_id=referral_id, agency_id=agency_id, days=days, due_on=due_on, recorded_at=now))


def outcomes(referral_id: int, agency_id: int) -> list[ReferralOutcome]:
    """What stands, in the order in which it was recorded."""
    query = select(ReferralOutcome).where(
        ReferralOutcome.referral_id == referral_id,
        ReferralOutcome.agency_id == agency_id,
        ReferralOutcome.withdrawn_at.is_(None),
    )
    return list(db.session.scalars(query.order_by(ReferralOutcome.id)))


# --- what is due ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InHand:
    """One referral that an agency follows now, for the list of what is due."""

    referral: Referral
    version: ReferralVersion
    person: Person | None
    liaison: str


def followed(condition: ColumnElement[bool], liaison_id: int | None = None) -> list[tuple[int, int, int | None]]:
    """``(referral id, agency, operation)`` of what is followed now, within ``condition`` (see ``referral_waits``); with
    ``liaison_id`` what is in her hands alone."""
    columns = select(Referral.id, ReferralVersion.agency_id, Referral.operation_id)
    return [tuple(row) for row in db.session.execute(_followed(columns, condition, liaison_id).order_by(Referral.id))]


def count_followed(condition: ColumnElement[bool], liaison_id: int | None = None) -> int:
    return db.session.scalar(_followed(select(func.count(Referral.id)), condition, liaison_id)) or 0


def in_hand(ids: Collection[int]) -> dict[int, InHand]:
    """Referrals by id, as the list of what is due shows them."""
    query = (
        select(Referral, ReferralVersion, Person, func.coalesce(User.name, ""))
        .join(ReferralVersion, ReferralVersion.referral_id == Referral.id)
        .outerjoin(Person, Person.id == Referral.person_id)
        .outerjoin(User, User.id == ReferralVersion.liaison_id)
        .where(ReferralVersion.superseded_at.is_(None), Referral.id.in_(sorted(ids)))
    )
    return {row[0].id: InHand(*row) for row in db.session.execute(query)}


def dates_due(
    condition: ColumnElement[bool], liaison_id: int | None = None
) -> list[tuple[int, str, dt.date | None, str]]:
    """``(referral id, what, day, detail)`` of follow-ups, open goals and days that liaisons set.

    ``what``: follow_up, goal, look_again; ``detail``: days, or the area. Of a referral's entries only the last one's
    day counts: being in touch again answered the earlier ones.
    """

    def these(query: Select[tuple[int]]) -> Select[tuple[int]]:
        return _followed(query, condition, liaison_id)

    undone = these(
        select(Referral.id, FollowUp.due_on, FollowUp.days).join(FollowUp, FollowUp.referral_id == Referral.id)
    ).where(FollowUp.result == "", FollowUp.agency_id == ReferralVersion.agency_id)
    goals = these(
        select(Referral.id, PlanItemVersion.due_on, PlanItem.area)
        .join(PlanItem, PlanItem.referral_id == Referral.id)
        .join(PlanItemVersion, PlanItemVersion.item_id == PlanItem.id)
    ).where(
        PlanItem.agency_id == ReferralVersion.agency_id,
        PlanItemVersion.superseded_at.is_(None),
        PlanItemVersion.rival.is_(False),
        PlanItemVersion.state == PlanState.OPEN.value,
    )
    later = aliased(CaseEntry)
    overtaken = select(later.id).where(
        later.referral_id == CaseEntry.referral_id,
        later.agency_id == CaseEntry.agency_id,
        or_(later.at > CaseEntry.at, (later.at == CaseEntry.at) & (later.id > CaseEntry.id)),
    )
    again = these(select(Referral.id, CaseEntry.next_on).join(CaseEntry, CaseEntry.referral_id == Referral.id)).where(
        CaseEntry.agency_id == ReferralVersion.agency_id, CaseEntry.next_on.is_not(None), ~overtaken.exists()
    )
    run = db.session.execute
    return (
        [(one, "follow_up", on, str(days)) for one, on, days in run(undone)]
        + [(one, "goal", on, area) for one, on, area in run(goals)]
        + [(one, "look_again", on, "") for one, on in run(again)]
    )


def _followed(query: Select, condition: ColumnElement[bool], liaison_id: int | None) -> Select:
    query = query.join(ReferralVersion, ReferralVersion.referral_id == Referral.id).where(
        ReferralVersion.superseded_at.is_(None), ReferralVersion.state.in_(IN_HAND), condition
    )
    return query if liaison_id is None else query.where(ReferralVersion.liaison_id == liaison_id)
