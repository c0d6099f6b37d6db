"""What phones bring: sealed records and what became of them, what waits on which phone, cards read out by radio."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Instant, Key, SealedText


class OperationKey(Base):
    """The public half of a key pair of an operation (DER in Base64); the private half is in ``storage.phone_keys``."""

    __tablename__ = "operation_key"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    public_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    retired_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class PhoneState(Base):
    """What one phone last said of what waits on it: numbers and times, no content. One row a phone, person and team.

    ``device`` is a random id that the phone made. ``offset_ms``: server clock minus phone clock, as estimated.
    ``ready_at``: when its ready check last passed whole.
    """

    __tablename__ = "phone_state"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    device: Mapped[str] = mapped_column(String(36))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    unsent: Mapped[int] = mapped_column(default=0)
    needs_you: Mapped[int] = mapped_column(default=0)
    oldest_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    heard_at: Mapped[dt.datetime] = mapped_column(Instant)
    offset_ms: Mapped[int | None] = mapped_column(BigInteger)  # ten years do not fit in 32 bits
    ready_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("device", "user_id", "team_id"),
        Index("ix_phone_state_operation", "operation_id", "team_id"),
    )


class SealedRecord(Base):
    """One sealed record that arrived: its receipt, its clocks, and what became of it.

    ``uid`` was made on the phone; ``hash`` is of the sealed bytes. A repeat of both has the same receipt; another
    hash under the same ``uid`` is other content, kept too. ``state``: see ``vocab.SealedState``. ``content`` holds the
    sealed bytes while a person has to decide, and is empty once the record stands as a contact (``contact_uid``).
    ``reason`` and ``findings`` say why a person has to decide, ``decided_because`` what that person said.
    ``offset_ms``: server clock minus phone clock; ``saved_at`` is the phone's clock when it said "Saved", as it was.
    """

    __tablename__ = "sealed_record"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36))
    hash: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    device: Mapped[str] = mapped_column(String(36))
    key_uid: Mapped[str] = mapped_column(String(36))
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(20), default="")
    findings: Mapped[list[Any]] = mapped_column(JSON, default=list)
    contact_uid: Mapped[str | None] = mapped_column(String(36), index=True)
    received_at: Mapped[dt.datetime] = mapped_column(Instant)
    saved_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    offset_ms: Mapped[int | None] = mapped_column(BigInteger)  # ten years do not fit in 32 bits
    clock_off: Mapped[bool] = mapped_column(default=False)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    decided_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    decided_because: Mapped[str] = mapped_column(
        SealedText("sealed_record", "decided_because"), default="", nullable=True
    )

    __table_args__ = (
        UniqueConstraint("uid", "hash"),
        Index("ix_sealed_record_state", "operation_id", "service_id", "state"),
    )


class RadioCard(Base):
    """A contact entered from the coded card that an officer read out; merged when her phone's record arrives.

    ``mark`` is the part of the record's UUID that the card carries.
    """

    __tablename__ = "radio_card"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    mark: Mapped[int]
    contact_uid: Mapped[str] = mapped_column(String(36))
    entered_at: Mapped[dt.datetime] = mapped_column(Instant)
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    merged_uid: Mapped[str | None] = mapped_column(String(36))
    merged_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    __table_args__ = (Index("ix_radio_card_mark", "operation_id", "team_id", "mark"),)
