"""Accounts, their grants, sessions and one-time links, failed sign-ins, and the audit journal."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_security import RoleMixin, UserMixin
from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..engine import Base
from ..types import Instant, Key, new_uid, utc_now


class User(Base, UserMixin):
    """A person with an account. ``fs_uniquifier`` changes when she is signed out everywhere."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    language: Mapped[str] = mapped_column(String(2), default="en")
    theme: Mapped[str] = mapped_column(String(5), default="day")
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime] = mapped_column(Instant, default=utc_now)
    last_seen_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    roles: Mapped[list[Grant]] = relationship(lazy="selectin", order_by="Grant.id", cascade="all, delete-orphan")


class Grant(Base, RoleMixin):
    """A role, bound to a service and, where it applies, to an operation (null: all of them)."""

    __tablename__ = "grant"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"), index=True)
    operation_id: Mapped[int | None] = mapped_column(ForeignKey("operation.id"), index=True)

    __table_args__ = (UniqueConstraint("user_id", "role", "service_id", "operation_id"),)

    @property
    def name(self) -> str:  # what the sign-in package calls a role's name
        return self.role


class SessionRecord(Base):
    """One signed-in browser. Only the hash of its token is here; revoking it ends it at the next request."""

    __tablename__ = "session_record"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    seen_at: Mapped[dt.datetime] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class AccountLink(Base):
    """A one-time link with which a person sets the first or a new password. Only its hash is stored."""

    __tablename__ = "account_link"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(10))  # welcome, reset
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    used_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class SignInFailure(Base):
    """A failed sign-in, counted per account and per address; keys are hashes, so the table names nobody."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_sign_in_failure_key_at", "key_hash", "at"),)


class AuditEntry(Base):
    """Who did what to which object, when, with what outcome. Never free text, never identifying content."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    actor_name: Mapped[str] = mapped_column(String(120), default="")
    tag: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(10), default="done")  # done, refused
    kind: Mapped[str] = mapped_column(String(30), default="")
    object_id: Mapped[str] = mapped_column(String(40), default="")
    operation_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key: the journal outlives a purge
    service_id: Mapped[int | None] = mapped_column()
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class KeptForm(Base):
    """What somebody sent after her session had ended, sealed to her, until she signs in again."""

    __tablename__ = "kept_form"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    fields_sealed: Mapped[bytes] = mapped_column(LargeBinary)
