"""Daily totals of services that do not log contacts here, and sign-offs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Day, Instant, Key, SealedText
from .versioned import Recorded


class Tally(Recorded, Base):
    """One cell of daily totals. ``day`` null: asked once for the whole window; ``part``: a staff category or ''.

    ``state``: number, zero, declined. A cell without a current row is blank, which is never zero.
    """

    __tablename__ = "tally"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    measure: Mapped[str] = mapped_column(String(40))
    day: Mapped[dt.date | None] = mapped_column(Day)
    part: Mapped[str] = mapped_column(String(20), default="")
    state: Mapped[str] = mapped_column(String(10))
    value: Mapped[int | None] = mapped_column()

    __table_args__ = (Index("ix_tally_current", "operation_id", "superseded_at", "service_id"),)


class SignOff(Base):
    """A service vouches for its figures: which version, who, when, the hash of what was signed."""

    __tablename__ = "sign_off"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"))
    version: Mapped[int]
    signed_at: Mapped[dt.datetime] = mapped_column(Instant)
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    typed_name: Mapped[str] = mapped_column(String(120), default="")
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    figures_hash: Mapped[str] = mapped_column(String(64))
    reopened_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reopened_reason: Mapped[str] = mapped_column(SealedText("sign_off", "reopened_reason"), default="", nullable=True)

    __table_args__ = (UniqueConstraint("participation_id", "version"),)
