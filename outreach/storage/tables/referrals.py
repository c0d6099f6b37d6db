"""Referrals of persons met to support agencies, and the sealed way to reach them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Day, Instant, Key, new_uid
from .versioned import Recorded


class Referral(Base):
    """A person met, sent to a support agency. ``service_id`` made it; ``contact_id`` is null for a direct one."""

    __tablename__ = "referral"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    day: Mapped[dt.date] = mapped_column(Day)
    made_at: Mapped[dt.datetime] = mapped_column(Instant)


class ReferralVersion(Recorded, Base):
    """State, agency, needs and urgency of a referral. ``needs``: codes of the needs list."""

    __tablename__ = "referral_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(12), default="made")
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    liaison_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    needs: Mapped[list[str]] = mapped_column(JSON, default=list)
    urgent: Mapped[bool] = mapped_column(default=False)
    reach_by: Mapped[str] = mapped_column(String(20), default="")  # here, they_call, safe_phone
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    __table_args__ = (
        UniqueConstraint("referral_id", "version"),
        Index("ix_referral_version_current", "referral_id", "superseded_at"),
    )


class SafeContact(Base):
    """The one exception: a way to reach the person, sealed to the agency, destroyed when the referral closes."""

    __tablename__ = "safe_contact"

    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id", ondelete="CASCADE"), primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    way_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    given_at: Mapped[dt.datetime] = mapped_column(Instant)
    destroyed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
