"""Referrals to support agencies, the sealed way to reach the person, and what agency and person do together."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Day, Instant, Key, new_uid
from .versioned import Recorded


class Referral(Base):
    """A person who is to be supported by an agency. ``service_id`` made it; ``origin``: see ``vocab.Origin``.

    A direct one was made by its agency and has no contact; it has no operation either, unless the person brought the
    code of her card: then ``person_id`` is who that code names in the operation. Without one ``code_sealed`` is the
    agency's own code for her, sealed with the site's keys.
    """

    __tablename__ = "referral"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    origin: Mapped[str] = mapped_column(String(8), default="police", server_default="police")
    operation_id: Mapped[int | None] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    day: Mapped[dt.date] = mapped_column(Day)
    made_at: Mapped[dt.datetime] = mapped_column(Instant)
    code_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class ReferralVersion(Recorded, Base):
    """State, agency, liaison, needs and urgency of a referral. ``needs``: codes of the needs list.

    A referral that its agency gave back is *made* again, without an agency; ``details`` then says
    ``{"given_back_by": service id, "why": vocab.NotTaken}``. ``owed_at``: since when somebody owes the next step (when
    it was made, given back or given to another agency).
    """

    __tablename__ = "referral_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(12), default="made")
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    liaison_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    needs: Mapped[list[str]] = mapped_column(JSON, default=list)
    urgent: Mapped[bool] = mapped_column(default=False)
    reach_by: Mapped[str] = mapped_column(String(20), default="")  # vocab.ReachBy
    owed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    __table_args__ = (
        UniqueConstraint("referral_id", "version"),
        Index("ix_referral_version_current", "referral_id", "superseded_at"),
        Index("ix_referral_version_open", "agency_id", "superseded_at", "state", "urgent", "owed_at", "liaison_id"),
    )


class SafeContact(Base):
    """The one exception: a way to reach the person, sealed to the agency, destroyed when the referral closes.

    Everything sealed here opens with the key of this referral's way (``storage.case_keys``), a file outside the
    database: without it no copy of the database can be read. ``text`` and ``voicemail`` say what is safe (yes, no or ''
    when not asked), ``say_sealed`` who to say is calling. It is confirmed anew at each contact.
    """

    __tablename__ = "safe_contact"

    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"), primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    way_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    given_at: Mapped[dt.datetime] = mapped_column(Instant)
    destroyed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    text: Mapped[str] = mapped_column(String(3), default="", server_default="")
    voicemail: Mapped[str] = mapped_column(String(3), default="", server_default="")
    say_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    confirmed_by_id: Mapped[int | None] = mapped_column()
    unsafe_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class ReferralConsent(Base):
    """One thing that the person agreed to: ``kind`` of ``vocab.Consent``, ``facts`` of ``vocab.SharedFact``.

    ``agency_id`` null with kind *agency*: any agency that can help. A withdrawal never deletes the row. ``told_at``:
    when somebody of the agency saw the withdrawal.
    """

    __tablename__ = "referral_consent"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    facts: Mapped[list[str]] = mapped_column(JSON, default=list)
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    given_at: Mapped[dt.datetime] = mapped_column(Instant)
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    withdrawn_recorded_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    told_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class CaseEntry(Base):
    """One time that a liaison was, or tried to be, in touch. ``uid`` is made by the form or the phone, so it is stored
    once. ``note_sealed`` opens with the key of the case. ``next_on``: the day on which to look again. ``twin_of``: the
    uid under which something else had arrived before; both are kept, and shown as such."""

    __tablename__ = "case_entry"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    way: Mapped[str] = mapped_column(String(12))
    result: Mapped[str] = mapped_column(String(12))
    safe_confirmed: Mapped[bool] = mapped_column(default=False)
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    next_on: Mapped[dt.date | None] = mapped_column(Day)
    from_phone: Mapped[bool] = mapped_column(default=False)
    content_mark: Mapped[str] = mapped_column(String(64), default="")
    twin_of: Mapped[str | None] = mapped_column(String(36))
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (Index("ix_case_entry_next", "agency_id", "next_on"),)


class PlanItem(Base):
    """One goal of a person's plan with an agency; what it says is in its versions. ``area``: ``vocab.PlanArea``."""

    __tablename__ = "plan_item"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    area: Mapped[str] = mapped_column(String(12))


class PlanItemVersion(Base):
    """Goal, next step, day and state, the words sealed with the key of the case. ``state``: ``vocab.PlanState``.

    Two people who change the same version both keep what they wrote: the later one stands beside it as a ``rival`` of
    it until somebody chooses (``settled_at``). The version that counts has neither ``superseded_at`` nor ``rival``.
    """

    __tablename__ = "plan_item_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("plan_item.id", ondelete="CASCADE"))
    version: Mapped[int]
    base: Mapped[int] = mapped_column(default=0)
    goal_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    step_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    due_on: Mapped[dt.date | None] = mapped_column(Day)
    state: Mapped[str] = mapped_column(String(12), default="open")
    content_mark: Mapped[str] = mapped_column(String(64), default="")
    rival: Mapped[bool] = mapped_column(default=False, server_default=false())
    settled_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    settled_by_id: Mapped[int | None] = mapped_column()
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
    superseded_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (UniqueConstraint("item_id", "version"),)


class FollowUp(Base):
    """Looking again 7, 30 and 90 days after it was picked up. ``result``: ``vocab.FollowUpResult``, '' until done."""

    __tablename__ = "follow_up"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    days: Mapped[int]
    due_on: Mapped[dt.date] = mapped_column(Day)
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
    result: Mapped[str] = mapped_column(String(12), default="")
    done_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (UniqueConstraint("referral_id", "days"), Index("ix_follow_up_due", "agency_id", "due_on"))


class ReferralOutcome(Base):
    """What a person has reached with the agency, by code of the list of outcomes; taken back, not deleted."""

    __tablename__ = "referral_outcome"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    outcome: Mapped[str] = mapped_column(String(40))
    day: Mapped[dt.date] = mapped_column(Day)
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class ReferralAlert(Base):
    """Somebody was told that a referral waits too long: the liaisons (1), the agency's lead (2), the coordinators (3).

    ``owed_at`` says of which wait, so that a referral given to another agency alerts anew. Which alerts there are is
    worked out from the time whenever a page is made; a row says that the message went out.
    """

    __tablename__ = "referral_alert"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"))
    level: Mapped[int]
    owed_at: Mapped[dt.datetime] = mapped_column(Instant)
    told_at: Mapped[dt.datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("referral_id", "level", "owed_at"),)


class AgencyKey(Base):
    """The public half of an agency's key pair, for notes written without signal (as ``OperationKey``)."""

    __tablename__ = "agency_key"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"), index=True)
    public_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    retired_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class SealedNote(Base):
    """One sealed note of a liaison's phone that arrived: its receipt, and its bytes while it cannot be stored.

    As ``SealedRecord``, for an agency. ``entry_uid``: the case entry, or the plan item, that it has become.
    ``referral_id``: known once it was opened, so that what waits goes with its operation. ``decided_because``:
    ``vocab.NoteLeft``.
    """

    __tablename__ = "sealed_note"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36))
    hash: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    device: Mapped[str] = mapped_column(String(36))
    key_uid: Mapped[str] = mapped_column(String(36))
    agency_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(20), default="")
    entry_uid: Mapped[str | None] = mapped_column(String(36))
    received_at: Mapped[dt.datetime] = mapped_column(Instant)
    saved_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    offset_ms: Mapped[int | None] = mapped_column(BigInteger)  # ten years do not fit in 32 bits
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"), index=True)
    decided_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    decided_by_id: Mapped[int | None] = mapped_column()
    decided_because: Mapped[str] = mapped_column(String(12), default="", server_default="")

    __table_args__ = (UniqueConstraint("uid", "hash"),)
