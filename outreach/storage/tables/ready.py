"""What must be ready before the window opens: briefing, kits, sessions and certificates, rehearsals."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Day, Instant, Key, SealedText, new_uid
from .versioned import Recorded


class BriefingVersion(Recorded, Base):
    """The briefing of an operation: ``{section: text}``, sealed, because it says where teams will be."""

    __tablename__ = "briefing_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    sections_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("operation_id", "version"),)


class Attachment(Base):
    """A file of the briefing, sealed in the database so that a backup holds it; ``media_type`` was found, not told."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(160))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    added_at: Mapped[dt.datetime] = mapped_column(Instant)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    removed_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class BriefingRead(Base):
    """Somebody says that she has read a ``part`` (briefing, legal_card) as it stood at ``version``."""

    __tablename__ = "briefing_read"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    part: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("operation_id", "user_id", "part", "version"),)


class KitItem(Base):
    """A thing that is handed to persons. ``by_contacts``: handed out as contacts say, not by moves."""

    __tablename__ = "kit_item"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    name_en: Mapped[str] = mapped_column(String(120))
    name_fr: Mapped[str] = mapped_column(String(120), default="")
    by_contacts: Mapped[bool] = mapped_column(default=False)
    retired_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class KitMove(Base):
    """One line of the ledger of an item at a service. Lines are never changed; a wrong one is taken back.

    ``kind``: sent, received, lost_on_way, handed_out, returned, lost. ``count`` is always above zero.
    """

    __tablename__ = "kit_move"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    item_id: Mapped[int] = mapped_column(ForeignKey("kit_item.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    kind: Mapped[str] = mapped_column(String(12))
    count: Mapped[int]
    note: Mapped[str] = mapped_column(SealedText("kit_move", "note"), default="", nullable=True)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    taken_back_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    taken_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (Index("ix_kit_move_operation", "operation_id", "service_id"),)


class Session(Base):
    """A briefing, a training or a conference. ``certificate``: what attending earns, '' for nothing."""

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(160))
    starts_at: Mapped[dt.datetime] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    place: Mapped[str] = mapped_column(String(160), default="")
    certificate: Mapped[str] = mapped_column(String(120), default="")
    valid_months: Mapped[int | None] = mapped_column()
    cancelled: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)


class Delegate(Base):
    """A worker of a service at a session: ``state`` invited, attended, absent. Never a person met."""

    __tablename__ = "delegate"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10), default="invited")
    changed_at: Mapped[dt.datetime] = mapped_column(Instant)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (UniqueConstraint("session_id", "service_id", "name_key"),)


class Certificate(Base):
    """What a worker of a service has earned; ``expires_on`` null: it does not expire."""

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    issued_on: Mapped[dt.date] = mapped_column(Day)
    expires_on: Mapped[dt.date | None] = mapped_column(Day)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id", ondelete="SET NULL"))
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Trial(Base):
    """What logging one contact of a rehearsal took: answers given, seconds from the first to Save, server time."""

    __tablename__ = "trial"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    taps: Mapped[int]
    seconds: Mapped[int]
    server_ms: Mapped[int]
