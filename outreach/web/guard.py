"""The door: every endpoint names an action of the permission table, or the application does not start.

``@guard("operation.see", load=operation)`` loads the object (or answers "not found"), asks the table, and runs the
view in a transaction when it writes. A record that the actor may not see answers exactly as one that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from outreach.auth.actors import NOTHING, Target
from outreach.auth.permissions import PERMISSIONS, may, sees
from outreach.errors import Forged, NotAllowed, NotFound, SignInNeeded

from . import sessions, transaction

# A loader takes the URL's arguments and gives the target and what the view is called with.
Loader = Callable[..., tuple[Target, dict[str, Any]]]

# Endpoints of packages, which carry no decorator of ours.
PACKAGE_ENDPOINTS: dict[str, str] = {
    "static": "site.open",
    "security.static": "site.open",
    "security.login": "site.open",
    "security.logout": "site.open",
    "security.verify": "site.own",
    "security.change_password": "site.own",
}


def guard(
    action: str,
    *,
    load: Loader | None = None,
    person_level: bool = False,
    writes: bool = True,
    short: bool = False,
    proven: bool = False,
    nameless: bool = False,
    most: int = 0,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Protect a view with ``action``.

    ``person_level`` marks pages about single persons: never stored by a browser, and the view must enter the read in
    the journal. ``writes=False`` marks an unsafe request that saves nothing (a preview) or opens its write itself.
    ``short``: see ``transaction``. ``proven``: what is sent carries its own proof of who sent it (a key that only the
    phone and the site have), so that no other site can forge it, and no CSRF token is asked for. ``nameless``: whoever
    asks is nobody: no session is read, touched or begun, and no cookie leaves. ``most``: bytes that somebody who is
    signed in may send here, where that is more than elsewhere.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(**url_args: Any) -> Any:
            if g.actor.user is None and not may(g.actor, action, NOTHING):
                raise SignInNeeded()
            transaction.read_body()

            def admitted() -> Any:
                target, kwargs = load(**url_args) if load else (NOTHING, url_args)
                admit(action, target, loaded=load is not None)
                g.target = target
                return view(**kwargs)

            g.person_level = person_level
            return transaction.run(admitted, {}, writes=writes)

        guarded.action = action  # type: ignore[attr-defined]  # read by the start-up check and the tests
        guarded.load = load  # type: ignore[attr-defined]  # likewise
        guarded.person_level = person_level  # type: ignore[attr-defined]  # likewise
        guarded.short = short  # type: ignore[attr-defined]  # read before the request
        guarded.proven = proven  # type: ignore[attr-defined]  # read at start-up
        guarded.nameless = nameless  # type: ignore[attr-defined]  # read before the request
        guarded.most = most  # type: ignore[attr-defined]  # read before the request
        return guarded

    return decorate


def admit(action: str, target: Target, *, loaded: bool = True) -> None:
    """Raise ``NotFound`` or ``NotAllowed`` unless the actor may do ``action`` to ``target``."""
    if loaded and not sees(g.actor, action, target):
        raise NotFound()
    if not may(g.actor, action, target):
        raise NotAllowed()


def allowed(action: str, target: Target | None = None) -> bool:
    """For templates: whether to offer a button."""
    return may(g.actor, action, g.get("target", NOTHING) if target is None else target)


def check_origin() -> None:
    """Refuse unsafe requests that say they come from another site.

    ``Origin: null`` is what a sandboxed frame sends; a browser that says "same-origin" beside it is believed.
    """
    if request.method in transaction.SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site not in (None, "same-origin", "none"):
        raise Forged()
    origin = request.headers.get("Origin")
    if origin == "null" and site == "same-origin":
        return
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forged()


def allow_larger_body() -> None:
    """Let somebody who is signed in send more where the view says so; before anything reads what was sent."""
    most = getattr(current_app.view_functions.get(request.endpoint or ""), "most", 0)
    if most and request.method not in transaction.SAFE_METHODS:
        sessions.know_the_actor()
        if g.actor.user is not None:
            request.max_content_length = most


def own_path(going: str | None, default: str = "/") -> str:
    """``going`` when it is a path of this site, else ``default``: a redirect never leads to another site."""
    if not going or not going.startswith("/") or going.startswith("//") or not going.isprintable() or "\\" in going:
        return default
    return going


def action_of(app: Flask, endpoint: str) -> str | None:
    """The action that guards ``endpoint``."""
    if endpoint in PACKAGE_ENDPOINTS:
        return PACKAGE_ENDPOINTS[endpoint]
    return getattr(app.view_functions[endpoint], "action", None)


def refuse_unlisted(app: Flask) -> None:
    """Raise ``RuntimeError`` at start-up for an endpoint that no action of the table guards."""
    for rule in app.url_map.iter_rules():
        action = action_of(app, rule.endpoint)
        if action not in PERMISSIONS:
            raise RuntimeError(f"endpoint {rule.endpoint} ({rule.rule}) has no entry in the permission table")


def guard_packages() -> None:
    """The door of package endpoints, asked before every request."""
    action = PACKAGE_ENDPOINTS.get(request.endpoint or "")
    if action is not None and not may(g.actor, action, NOTHING):
        raise SignInNeeded()
