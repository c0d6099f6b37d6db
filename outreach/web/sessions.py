"""Sessions that the server can end: a random token in the signed cookie, its hash in the database.

SOURCE: ``safety.md`` 11: idle 30 minutes, absolute 12 hours; a field officer's idle limit is the absolute one.
A revoked session, a disabled account or a sign-out everywhere works at the next request, on every server process.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from outreach.auth.actors import ANYBODY
from outreach.storage import independently, writing
from outreach.storage.keys import Place, site_keys
from outreach.storage.queries import access, accounts
from outreach.storage.types import utc_now
from outreach.vocab import Role

ABSOLUTE = dt.timedelta(hours=12)
IDLE = dt.timedelta(minutes=30)
SEEN_EVERY = dt.timedelta(seconds=60)
# A page that asks by itself says so: it is no sign that somebody is there, and keeps no session alive.
UNATTENDED = "X-Unattended"
KEPT_FIELDS_LIMIT = 2_000_000
KEPT_FOR = dt.timedelta(hours=24)
_NAMELESS = "outreach.nameless"


class SignedCookies(SecureCookieSessionInterface):
    """Flask's own session cookie; what signs it is made once a process instead of at every request."""

    def __init__(self) -> None:
        self._made: dict[Flask, URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if app not in self._made:
            self._made[app] = super().get_signing_serializer(app)
        return self._made[app]

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not g.get("nameless"):
            super().save_session(app, session, response)


def begin(user: Any) -> None:
    """Start a server-side session for a user who has just signed in; called inside the sign-in's write."""
    for name in [k for k in session if k not in ("_user_id", "_fresh", "_id", "fs_cc", "fs_paa", "identity.id")]:
        session.pop(name)
    token = secrets.token_urlsafe(32)
    session["token"] = token
    session["lang"], session["theme"] = user.language, user.theme
    user.last_seen_at = utc_now()
    accounts.add_session(user.id, token, ends_at=utc_now() + ABSOLUTE)


def end() -> None:
    """Revoke the session of this browser."""
    token = session.pop("token", None)
    if token:
        accounts.revoke_session(token)


def know_the_actor() -> None:
    """Make ``g.actor`` from the session of this request as it stands in the database now."""
    if _nameless():
        g.nameless, g.actor = True, ANYBODY
        return
    found = _standing_session()
    g.actor = ANYBODY if found is None else access.actor_from(found.user_id, found.name, found.grants)


def _nameless() -> bool:
    """Whether whoever asks is nobody: by the view, or where no view answers (not found, the wrong method, a slash too
    few) by the first part of the address, when nothing but such views stands behind it."""
    if request.endpoint is not None:
        return getattr(current_app.view_functions.get(request.endpoint), "nameless", False)
    first = current_app.extensions.get(_NAMELESS)
    if first is None:
        parts: dict[bool, set[str]] = {True: set(), False: set()}
        for rule in current_app.url_map.iter_rules():
            parts[getattr(current_app.view_functions[rule.endpoint], "nameless", False)].add(rule.rule.split("/")[1])
        first = current_app.extensions[_NAMELESS] = frozenset(parts[True] - parts[False])
    return request.path.split("/")[1] in first


def _standing_session() -> accounts.SignedIn | None:
    """The session behind the cookie, unless it has ended."""
    token, user_id = session.get("token"), session.get("_user_id")
    found = accounts.signed_in(token, user_id) if token and user_id else None
    if found is None:
        return None
    now = utc_now()
    if found.revoked_at is not None or not found.active or now >= found.ends_at:
        return None
    if now - found.seen_at > _idle_limit(found):
        return None
    if now - found.seen_at > SEEN_EVERY and UNATTENDED not in request.headers:
        with independently() as connection:
            accounts.touch(connection, found.session_id, found.user_id, now)
    return found


def mine() -> accounts.SignedIn | None:
    """The session of this request's person."""
    token, user_id = session.get("token"), session.get("_user_id")
    return accounts.signed_in(token, user_id) if token and user_id else None


def ends_at() -> dt.datetime | None:
    """When the session of this request ends if its person does nothing more; None without one."""
    found = mine()
    return None if found is None else min(found.ends_at, found.seen_at + _idle_limit(found))


def current_user_of(_user_id: str) -> Any:
    """The account of this request's actor, for the views of packages (Flask-Login's user loader)."""
    actor = g.get("actor", ANYBODY)
    return None if actor.user is None else accounts.by_id(actor.user)


def _idle_limit(found: accounts.SignedIn) -> dt.timedelta:
    """Long for those who are nothing but field officers; a second role brings back the short one."""
    roles = {role for role, _service, _operation in found.grants}
    return ABSOLUTE if roles == {Role.FIELD_OFFICER.value} else IDLE


def end_others(user: Any) -> None:
    """End every session of ``user`` but this one, which goes on under a new token; inside a write."""
    accounts.sign_out_everywhere(user)
    session["_user_id"] = user.fs_uniquifier
    begin(user)


def set_actor(user: Any) -> None:
    """Make ``g.actor`` from a user who has just signed in."""
    g.actor = access.actor_of(user)


def keep_form() -> None:
    """Seal what was just sent to the person whose session has run out, so that it survives signing in again.

    Not after a revoked session: whoever holds that cookie may not be her.
    """
    token = session.get("token")
    if request.method != "POST" or not token:
        return
    user_id = accounts.user_of_ended_session(token, utc_now() - ABSOLUTE - KEPT_FOR)
    fields = [(k, v) for k, vs in request.form.lists() for v in vs if k != "csrf_token" and not _is_a_way(k)]
    secret = any("password" in k for k, _v in fields)  # a form with a password in it is typed again
    if user_id is None or secret or sum(len(k) + len(v) for k, v in fields) > KEPT_FIELDS_LIMIT:
        return
    with writing():
        uid = accounts.new_kept_form_uid()
        kept = {"path": request.path, "fields": fields}
        accounts.keep_form(uid, user_id, site_keys().seal_json(kept, kept_place(uid, user_id)))


def _is_a_way(name: str) -> bool:
    """Whether a field holds a safe way to reach somebody, which stays readable nowhere but under its own key: it is
    typed again."""
    asked = request.path.rpartition("/")[2]
    if asked == "safe-way":
        return name in ("way", "say")
    return name.partition("-")[0] == "safe_way" or (name == "answer" and asked.partition("-")[0] in ("phone", "way"))


def kept_place(uid: str, user_id: int) -> Place:
    return Place("kept_form", "fields_sealed", f"{uid}/{user_id}")


def kept_form() -> dict[str, Any] | None:
    """What the signed-in person was sending when her session ran out: ``path``, ``fields`` (pairs) and ``at``."""
    kept = accounts.kept_form_of(g.actor.user, utc_now() - KEPT_FOR)
    if kept is None:
        return None
    content = site_keys().open_json(kept.fields_sealed, kept_place(kept.uid, kept.user_id))
    return {"path": content["path"], "fields": [tuple(pair) for pair in content["fields"]], "at": kept.at}
