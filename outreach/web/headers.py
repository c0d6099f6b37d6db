"""Response headers: strict Content-Security-Policy, no framing, no referrer, nothing stored of persons."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, request

from outreach.vocab import Role

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FIXED = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
]
_ASKS_POSITION = "outreach.position"
SHELL = "field.app"
HSTS = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")


def register(app: Flask) -> None:
    app.after_request(set_caching)
    _add_to_every_answer(app, [*FIXED, HSTS] if app.config["OUTREACH"].tls else FIXED)


def allow_position() -> None:
    """The page being answered may ask the phone where it is; camera and microphone stay off."""
    request.environ[_ASKS_POSITION] = True


def _add_to_every_answer(app: Flask, fixed: list[tuple[str, str]]) -> None:
    """Put ``fixed`` on whatever leaves; as one list, because setting each on each answer costs a request 1 %."""
    inner = app.wsgi_app
    asking = [(name, value.replace("geolocation=()", "geolocation=(self)")) for name, value in fixed]

    def with_headers(environ: Any, start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            more = asking if _ASKS_POSITION in environ else fixed
            return start_response(status, headers + more, exc_info)

        return inner(environ, start)

    app.wsgi_app = with_headers  # type: ignore[method-assign]  # what Flask says to do with a WSGI layer


def set_caching(response: Response) -> Response:
    headers, endpoint = response.headers, request.endpoint or ""
    if endpoint == "static":
        if response.status_code == 200 and "v" in request.args:
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif g.get("person_level") or endpoint.startswith("security.") or _may_lie_on_a_phone(endpoint, headers):
        headers["Cache-Control"] = "no-store"
    else:
        headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _may_lie_on_a_phone(endpoint: str, headers: Any) -> bool:
    """Whether the answer is for a field officer, whose phone may be lost: her pages name her, her team and numbers to
    call. Only the shell, which names nobody, may stay on it."""
    if endpoint == SHELL or "Cache-Control" in headers:
        return False
    actor = g.get("actor")
    return actor is not None and any(bound.role is Role.FIELD_OFFICER for bound in actor.bounds)
