"""Accounts, grants, sessions, one-time links, failed sign-ins, kept forms."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from ..engine import db
from ..tables import AccountLink, Grant, KeptForm, SessionRecord, SignInFailure, User
from ..types import new_uid, utc_now


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def by_email(email: str) -> User | None:
    return db.session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))


def any_user() -> bool:
    return db.session.scalar(select(User.id).limit(1)) is not None


def by_id(user_id: int) -> User | None:
    return db.session.get(User, user_id)


def add_session(user_id: int, token: str, *, ends_at: dt.datetime) -> None:
    now = utc_now()
    db.session.add(
        SessionRecord(token_hash=token_hash(token), user_id=user_id, created_at=now, seen_at=now, ends_at=ends_at)
    )
    db.session.flush()


def session_with_user(token: str, uniquifier: str) -> tuple[SessionRecord, User] | None:
    """The session record of ``token`` with its user, when the user's uniquifier is the one in the cookie."""
    query = (
        select(SessionRecord, User)
        .join(User, User.id == SessionRecord.user_id)
        .where(SessionRecord.token_hash == token_hash(token), User.fs_uniquifier == uniquifier)
    )
    row = db.session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def touch(connection: Connection, session_id: int, user_id: int, now: dt.datetime) -> None:
    connection.execute(update(SessionRecord).where(SessionRecord.id == session_id).values(seen_at=now))
    connection.execute(update(User).where(User.id == user_id).values(last_seen_at=now))


def revoke_session(token: str) -> None:
    db.session.execute(
        update(SessionRecord)
        .where(SessionRecord.token_hash == token_hash(token), SessionRecord.revoked_at.is_(None))
        .values(revoked_at=utc_now())
    )


def revoke_all_sessions(user_id: int) -> None:
    db.session.execute(
        update(SessionRecord)
        .where(SessionRecord.user_id == user_id, SessionRecord.revoked_at.is_(None))
        .values(revoked_at=utc_now())
    )


def user_of_ended_session(token: str) -> int | None:
    """Whose session it was, if it ever was one."""
    return db.session.scalar(select(SessionRecord.user_id).where(SessionRecord.token_hash == token_hash(token)))


def new_kept_form_uid() -> str:
    return new_uid()


def keep_form(uid: str, user_id: int, sealed: bytes) -> None:
    """Keep one form per user: the latest."""
    db.session.execute(delete(KeptForm).where(KeptForm.user_id == user_id))
    db.session.add(KeptForm(uid=uid, user_id=user_id, at=utc_now(), fields_sealed=sealed))


def kept_form_of(user_id: int) -> KeptForm | None:
    return db.session.scalar(select(KeptForm).where(KeptForm.user_id == user_id))


def drop_kept_form(user_id: int) -> None:
    db.session.execute(delete(KeptForm).where(KeptForm.user_id == user_id))


def failures_since(key_hash: str, since: dt.datetime) -> list[dt.datetime]:
    """Times of failed sign-ins under ``key_hash``, oldest first."""
    query = (
        select(SignInFailure.at)
        .where(SignInFailure.key_hash == key_hash, SignInFailure.at >= since)
        .order_by(SignInFailure.at)
    )
    return list(db.session.scalars(query))


def add_failure(key_hash: str) -> None:
    db.session.add(SignInFailure(key_hash=key_hash, at=utc_now()))


def forget_failures(key_hash: str) -> None:
    db.session.execute(delete(SignInFailure).where(SignInFailure.key_hash == key_hash))


def link_of(token: str) -> AccountLink | None:
    return db.session.scalar(select(AccountLink).where(AccountLink.token_hash == token_hash(token)))


def add_link(user_id: int, token: str, purpose: str, ends_at: dt.datetime, created_by: int | None) -> AccountLink:
    """A new one-time link; earlier unused ones of the same account stop working."""
    now = utc_now()
    db.session.execute(
        update(AccountLink).where(AccountLink.user_id == user_id, AccountLink.used_at.is_(None)).values(used_at=now)
    )
    link = AccountLink(
        token_hash=token_hash(token),
        user_id=user_id,
        purpose=purpose,
        created_at=now,
        created_by_id=created_by,
        ends_at=ends_at,
    )
    db.session.add(link)
    db.session.flush()
    return link


def add_user(values: dict[str, Any]) -> User:
    user = User(**values)
    db.session.add(user)
    db.session.flush()
    return user


def add_grant(user: User, role: str, service_id: int | None, operation_id: int | None) -> Grant:
    """The grant, added unless the user has it already (a null bound equals a null bound here)."""
    for grant in user.roles:
        if (grant.role, grant.service_id, grant.operation_id) == (role, service_id, operation_id):
            return grant
    grant = Grant(role=role, service_id=service_id, operation_id=operation_id)
    user.roles.append(grant)
    db.session.flush()
    return grant
