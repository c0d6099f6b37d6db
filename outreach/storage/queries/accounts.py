"""Accounts, grants, sessions, one-time links, failed sign-ins, kept forms."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, update

from outreach.vocab import Role

from ..engine import db, running
from ..prepared import Prepared
from ..tables import AccountLink, Grant, KeptForm, Operation, Service, SessionRecord, SignInFailure, User
from ..types import new_uid, utc_now


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def by_email(email: str) -> User | None:
    return db.session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))


def any_user() -> bool:
    return db.session.scalar(select(User.id).limit(1)) is not None


def by_id(user_id: int) -> User | None:
    return db.session.get(User, user_id)


def as_it_stands(user_id: int) -> User | None:
    """The account with its roles, read anew: inside a write, whatever this request knew of it before."""
    query = select(User).where(User.id == user_id).execution_options(populate_existing=True)
    return db.session.scalars(query).one_or_none()


def add_session(user_id: int, token: str, *, ends_at: dt.datetime) -> None:
    now = utc_now()
    db.session.add(
        SessionRecord(token_hash=token_hash(token), user_id=user_id, created_at=now, seen_at=now, ends_at=ends_at)
    )
    db.session.flush()


@dataclass(frozen=True)
class SignedIn:
    """A session with the account behind it and its grants, as ``(role, service, operation)``."""

    session_id: int
    seen_at: dt.datetime
    ends_at: dt.datetime
    revoked_at: dt.datetime | None
    user_id: int
    name: str
    active: bool
    grants: tuple[tuple[str, int | None, int | None], ...]


# Every request of a signed-in person begins with this one: made once, the grants in the same statement.
_SIGNED_IN = Prepared(
    select(
        SessionRecord.id,
        SessionRecord.seen_at,
        SessionRecord.ends_at,
        SessionRecord.revoked_at,
        User.id,
        User.name,
        User.active,
        Grant.role,
        Grant.service_id,
        Grant.operation_id,
    )
    .join(User, User.id == SessionRecord.user_id)
    .outerjoin(Grant, Grant.user_id == User.id)
    .where(SessionRecord.token_hash == bindparam("token"), User.fs_uniquifier == bindparam("uniquifier"))
    .order_by(Grant.id)
)


def signed_in(token: str, uniquifier: str) -> SignedIn | None:
    """The session of ``token`` with its account, when the account's uniquifier is the one in the cookie.

    Says what stands in the database; whether the session has ended is for the caller.
    """
    rows = _SIGNED_IN.all(running(), {"token": token_hash(token), "uniquifier": uniquifier})
    if not rows:
        return None
    return SignedIn(*rows[0][:7], grants=tuple(row[7:] for row in rows if row[7] is not None))


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


def sign_out_everywhere(user: User) -> None:
    """End every session of ``user``, also for packages that know her by her uniquifier."""
    revoke_all_sessions(user.id)
    user.fs_uniquifier = secrets.token_hex(32)
    db.session.flush()


@dataclass(frozen=True)
class SessionFacts:
    """What stands of an account and one session of hers; ``ends_at`` is ``None`` for a session that is not known."""

    active: bool
    ends_at: dt.datetime | None
    revoked_at: dt.datetime | None


def session_facts(session_id: int, user_id: int) -> SessionFacts | None:
    """``None`` when the account is no longer there."""
    of_hers = and_(SessionRecord.user_id == User.id, SessionRecord.id == session_id)
    query = select(User.active, SessionRecord.ends_at, SessionRecord.revoked_at).outerjoin(SessionRecord, of_hers)
    row = db.session.execute(query.where(User.id == user_id)).one_or_none()
    return None if row is None else SessionFacts(*row)


def user_of_ended_session(token: str, since: dt.datetime) -> int | None:
    """Whose session it was that ran out after ``since``; a revoked session or a disabled account is nobody's."""
    query = (
        select(SessionRecord.user_id)
        .join(User, User.id == SessionRecord.user_id)
        .where(
            SessionRecord.token_hash == token_hash(token),
            SessionRecord.revoked_at.is_(None),
            SessionRecord.seen_at >= since,
            User.active,
        )
    )
    return db.session.scalar(query)


def new_kept_form_uid() -> str:
    return new_uid()


def keep_form(uid: str, user_id: int, sealed: bytes) -> None:
    """Keep one form per user: the latest."""
    db.session.execute(delete(KeptForm).where(KeptForm.user_id == user_id))
    db.session.add(KeptForm(uid=uid, user_id=user_id, at=utc_now(), fields_sealed=sealed))


def kept_form_of(user_id: int, since: dt.datetime) -> KeptForm | None:
    """What she sent after ``since`` without being signed in any more."""
    return db.session.scalar(select(KeptForm).where(KeptForm.user_id == user_id, KeptForm.at >= since))


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


def add_failure(key_hash: str, at: dt.datetime) -> int:
    """Count a failure; gives the row's id, so that it can be taken back."""
    failure = SignInFailure(key_hash=key_hash, at=at)
    db.session.add(failure)
    db.session.flush()
    return failure.id


def forget_attempts(ids: tuple[int, ...]) -> None:
    db.session.execute(delete(SignInFailure).where(SignInFailure.id.in_(ids)))


def one_at_a_time(key_hash: str) -> None:
    """Let parallel attempts at one account count one after the other (SQLite has one writer anyway)."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(int(key_hash[:15], 16))))


def forget_failures(key_hash: str) -> None:
    db.session.execute(delete(SignInFailure).where(SignInFailure.key_hash == key_hash))


def working_link(token: str) -> tuple[AccountLink, User] | None:
    """The link with its account, while it works: unused, in time, account not disabled."""
    query = (
        select(AccountLink, User)
        .join(User, User.id == AccountLink.user_id)
        .where(
            AccountLink.token_hash == token_hash(token),
            AccountLink.used_at.is_(None),
            AccountLink.ends_at > utc_now(),
            User.active,
        )
    )
    row = db.session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def spend_link(link_id: int) -> bool:
    """Mark the link used; ``False`` when another request was first."""
    query = update(AccountLink).where(AccountLink.id == link_id, AccountLink.used_at.is_(None))
    return bool(db.session.execute(query.values(used_at=utc_now())).rowcount)


def end_links(user_id: int) -> None:
    """Stop every unused link of the account."""
    query = update(AccountLink).where(AccountLink.user_id == user_id, AccountLink.used_at.is_(None))
    db.session.execute(query.values(used_at=utc_now()))


def add_link(user_id: int, token: str, purpose: str, ends_at: dt.datetime, created_by: int | None) -> AccountLink:
    """A new one-time link; earlier unused ones of the same account stop working."""
    now = utc_now()
    end_links(user_id)
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


def remove_grant(user: User, grant: Grant) -> None:
    user.roles.remove(grant)
    db.session.flush()


def administrators() -> int:
    """How many accounts that can sign in hold the administrator's role for the whole site."""
    query = (
        select(func.count(func.distinct(User.id)))
        .join(Grant, Grant.user_id == User.id)
        .where(User.active, Grant.role == Role.ADMINISTRATOR.value)
    )
    return db.session.scalar(query) or 0


def people(*, search: str = "", role: str = "", limit: int = 50, offset: int = 0) -> list[User]:
    """Accounts by name, those that can sign in first."""
    query = select(User).order_by(User.active.desc(), func.lower(User.name), User.id).limit(limit).offset(offset)
    return list(db.session.scalars(_people(query, search, role)))


def count_people(*, search: str = "", role: str = "") -> int:
    return db.session.scalar(_people(select(func.count()).select_from(User), search, role)) or 0


def _people(query: Any, search: str, role: str) -> Any:
    if search:
        query = query.where(
            or_(User.name.icontains(search, autoescape=True), User.email.icontains(search, autoescape=True))
        )
    if role:
        query = query.where(User.id.in_(select(Grant.user_id).where(Grant.role == role)))
    return query


def names_of_bounds() -> tuple[dict[int, str], dict[int, str]]:
    """Service id -> name and operation id -> code, to show what a role is bound to and to choose from."""
    services = db.session.execute(select(Service.id, Service.name).order_by(Service.name, Service.id))
    operations = db.session.execute(select(Operation.id, Operation.code).order_by(Operation.code))
    return dict(services.all()), dict(operations.all())


def names_of_people() -> dict[int, str]:
    """Account id -> name, by name."""
    query = select(User.id, User.name).order_by(func.lower(User.name), User.id)
    return dict(db.session.execute(query).all())
