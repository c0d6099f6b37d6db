"""Sign-in with Flask-Security: argon2id, generic answers, throttled by counters in the database.

Second factors come later: Flask-Security's own views are used, so that switching them on is configuration.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from flask import Flask, g
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from flask_login import current_user, user_logged_out
from flask_login.utils import _user_context_processor
from flask_security import LoginForm, Security, SQLAlchemyUserDatastore, user_authenticated
from flask_security.utils import hash_password, verify_password
from wtforms import EmailField, PasswordField, validators

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.passwords import LONGEST as LONGEST_PASSWORD
from outreach.auth.passwords import SHORTEST as SHORTEST_PASSWORD
from outreach.config import Settings
from outreach.storage import db, writing
from outreach.storage.keys import Keys
from outreach.storage.queries import accounts
from outreach.storage.tables import Grant, User

from . import sessions, throttle


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
        SECURITY_MSG_GENERIC_AUTHN_FAILED=(_l("The e-mail address or the password is not right."), "error"),
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
    """E-mail address and password; too many attempts are refused without looking at the password.

    There is no "remember me": a session ends.
    """

    email = EmailField(_l("E-mail address"), LoginForm.email.kwargs["validators"])
    password = PasswordField(_l("Password"), [validators.InputRequired(_l("Enter a password."))])
    remember = None

    def validate(self, **kwargs: Any) -> bool:
        attempt = throttle.begin(self.email.data or "")
        if attempt.wait is not None:
            self.form_errors.append(too_many(attempt))
            return False
        good = bool(super().validate(**kwargs))
        if good:
            throttle.succeeded(attempt)
            return True
        with writing():
            audit.record(g.actor, Tag.SIGN_IN_FAILED, outcome="refused")
        return False


def too_many(attempt: throttle.Attempt) -> str:
    """The words for an attempt that was refused unseen; the same whether or not the account exists."""
    return ngettext(
        "Too many attempts. Wait %(num)s minute, then try again.",
        "Too many attempts. Wait %(num)s minutes, then try again.",
        attempt.minutes,
    )


def hashed(password: str) -> str:
    """Argon2id hash of a new password."""
    return str(hash_password(normal(password)))


def normal(password: str) -> str:
    """The form in which sign-in compares it: keyboards differ in how they compose letters."""
    return unicodedata.normalize("NFKD", password)


def present_password_fault(user: Any, password: str) -> str:
    """What is wrong with the present password, typed again by somebody who is signed in; '' when it is right."""
    attempt = throttle.begin(f"user/{user.id}")
    if attempt.wait is not None:
        return too_many(attempt)
    if not verify_password(normal(password), user.password):
        return gettext("This is not your present password.")
    throttle.succeeded(attempt)
    return ""


def register(app: Flask, settings: Settings, keys: Keys) -> None:
    settings_for(app, settings, keys)
    app.session_interface = sessions.SignedCookies()
    datastore = SQLAlchemyUserDatastore(db, User, Grant)
    security = Security(app, datastore, login_form=SignInForm)
    app.extensions["outreach_datastore"] = datastore
    app.login_manager.user_loader(sessions.current_user_of)
    # Only the session of a browser signs anybody in: no tokens in headers or addresses, which no revocation would end.
    app.login_manager.request_loader(lambda _request: None)
    user_authenticated.connect(_signed_in, app)
    user_logged_out.connect(_signed_out, app)
    app.before_request(sessions.know_the_actor)
    _load_accounts_late(app, security)
    return security


def _load_accounts_late(app: Flask, security: Security) -> None:
    """Let packages load the account where they use it, not at every request: ``g.actor`` is what rooms ask."""
    security.principal.identity_loaders.clear()  # its permissions are not ours
    processors = app.template_context_processors[None]
    processors[processors.index(_user_context_processor)] = lambda: {"current_user": current_user}


def _signed_in(app: Flask, user: Any, **_rest: Any) -> None:
    with writing():
        sessions.begin(accounts.by_id(user.id))
        sessions.set_actor(user)
        audit.record(g.actor, Tag.SIGN_IN, kind="user", object_id=user.id)


def _signed_out(app: Flask, user: Any = None, **_rest: Any) -> None:
    with writing():
        sessions.end()
        audit.record(g.actor, Tag.SIGN_OUT, kind="user", object_id=g.actor.user or "")


__all__ = ["LONGEST_PASSWORD", "SHORTEST_PASSWORD", "hashed", "present_password_fault", "register"]
