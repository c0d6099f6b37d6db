"""Sign-in with Flask-Security: argon2id, generic answers, throttled by counters in the database.

Second factors come later: Flask-Security's own views are used, so that switching them on is configuration.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from flask import Flask, g, request
from flask_babel import gettext
from flask_login import current_user, user_logged_out
from flask_security import LoginForm, Security, SQLAlchemyUserDatastore, user_authenticated

from outreach import audit
from outreach.audit.tags import Tag
from outreach.config import Settings
from outreach.storage import db, writing
from outreach.storage.keys import Keys
from outreach.storage.queries import accounts
from outreach.storage.tables import Grant, User
from outreach.storage.types import utc_now

from . import sessions

# SOURCE: safety.md 9: five failures in fifteen minutes, per account and per address.
FAILURES = 5
ADDRESS_FAILURES = 50
WITHIN = dt.timedelta(minutes=15)
SHORTEST_PASSWORD = 15
LONGEST_PASSWORD = 128


def settings_for(app: Flask, settings: Settings, keys: Keys) -> None:
    """Configuration of sign-in, cookies and CSRF."""
    app.config.update(
        SECRET_KEY=keys.site_secret("cookies"),
        SECURITY_PASSWORD_SALT=keys.site_secret("passwords"),
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of the scheme
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
            "argon2__time_cost": settings.argon2_time_cost,
            "argon2__memory_cost": settings.argon2_memory_kib,
            "argon2__parallelism": 1,
        },
        SECURITY_PASSWORD_LENGTH_MIN=SHORTEST_PASSWORD,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_VERIFY_URL="/sign-in/again",
        SECURITY_POST_LOGIN_VIEW="/welcome-back",
        SECURITY_POST_LOGOUT_VIEW="/sign-in",
        SECURITY_REGISTERABLE=False,
        SECURITY_RECOVERABLE=False,
        SECURITY_CHANGEABLE=False,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_LOGIN_USER_TEMPLATE="admin/sign_in.html",
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        WTF_CSRF_TIME_LIMIT=None,
        SESSION_COOKIE_NAME="__Host-outreach" if settings.tls else "outreach",
        SESSION_COOKIE_SECURE=settings.tls,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )


class SignInForm(LoginForm):
    """E-mail address and password, refused without hashing after too many failures."""

    def validate(self, **kwargs: Any) -> bool:
        keys = _counter_keys(self.email.data or "")
        if _refused(keys):
            self.form_errors.append(gettext("Too many attempts. Wait 15 minutes, then try again."))
            return False
        good = bool(super().validate(**kwargs))
        with writing():
            if good:
                accounts.forget_failures(keys[0][0])
            else:
                for key, _limit in keys:
                    accounts.add_failure(key)
                audit.record(g.actor, Tag.SIGN_IN_FAILED, outcome="refused")
        return good


def _counter_keys(email: str) -> list[tuple[str, int]]:
    """What is counted: the account and the address, as hashes, each with its limit."""
    address = request.remote_addr or ""
    pairs = [(f"account/{email.strip().lower()}", FAILURES), (f"address/{address}", ADDRESS_FAILURES)]
    return [(hashlib.sha256(text.encode()).hexdigest(), limit) for text, limit in pairs]


def _refused(keys: list[tuple[str, int]]) -> bool:
    since = utc_now() - WITHIN
    return any(len(accounts.failures_since(key, since)) >= limit for key, limit in keys)


def register(app: Flask, settings: Settings, keys: Keys) -> None:
    settings_for(app, settings, keys)
    datastore = SQLAlchemyUserDatastore(db, User, Grant)
    security = Security(app, datastore, login_form=SignInForm)
    app.extensions["outreach_datastore"] = datastore
    app.login_manager.user_loader(sessions.current_user_of)
    user_authenticated.connect(_signed_in, app)
    user_logged_out.connect(_signed_out, app)
    app.before_request(_know_the_actor)
    return security


def _know_the_actor() -> None:
    sessions.set_actor(current_user if current_user.is_authenticated else None)


def _signed_in(app: Flask, user: Any, **_rest: Any) -> None:
    with writing():
        accounts.forget_failures(_counter_keys(user.email)[0][0])
        sessions.begin(accounts.by_id(user.id))
        sessions.set_actor(user)
        audit.record(g.actor, Tag.SIGN_IN, kind="user", object_id=user.id)


def _signed_out(app: Flask, user: Any = None, **_rest: Any) -> None:
    with writing():
        sessions.end()
        audit.record(g.actor, Tag.SIGN_OUT, kind="user", object_id=g.actor.user or "")
