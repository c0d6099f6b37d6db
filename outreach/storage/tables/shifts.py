"""Shifts of teams, what officers have seen of the roster, and the secret links of their calendars."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Instant, Key, SealedText, new_uid
from .versioned import Recorded


class Shift(Base):
    """One stretch of work of one team; ``uid`` is stable in workbooks and calendars."""

    __tablename__ = "shift"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)


class ShiftVersion(Recorded, Base):
    """When, where, on which radio or telephone plan, and who.

    ``crew``: staff ids, or null for every member of the team. ``places``: people needed, null when nobody said.
    The plan is the version that is not superseded. The roster that officers see is the version with ``published_at``
    and no ``unpublished_at``: a draft never changes it. Place and channel are sealed: plans are secret before the day.
    """

    __tablename__ = "shift_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id", ondelete="CASCADE"))
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    starts_at: Mapped[dt.datetime] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    place: Mapped[str] = mapped_column(SealedText("shift_version", "place"), default="", nullable=True)
    channel: Mapped[str] = mapped_column(SealedText("shift_version", "channel"), default="", nullable=True)
    places: Mapped[int | None] = mapped_column()
    crew: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    cancelled: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    unpublished_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("shift_id", "version"),
        Index("ix_shift_version_plan", "operation_id", "superseded_at", "starts_at"),
        Index("ix_shift_version_roster", "team_id", "unpublished_at", "published_at"),
    )


class RosterSeen(Base):
    """Until when an officer has seen the published roster of an operation; later changes are told to her."""

    __tablename__ = "roster_seen"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    seen_at: Mapped[dt.datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("operation_id", "user_id"),)


class CalendarLink(Base):
    """A secret address at which a calendar program reads one person's shifts. Only its hash is stored."""

    __tablename__ = "calendar_link"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    read_at: Mapped[dt.datetime | None] = mapped_column(Instant)
