"""An answer that was given a moment ago, given again while nothing was written to the database since.

Only for pages of figures, which many screens ask for every minute and which say so themselves (``keep``). The answer is
that to the very same request, cookie and all; any commit by any process (a contact, a role, a session that ends) makes
all of them worthless, and so does the next minute, because a page says as of when it is. What writes, sets a cookie or
names a person is never kept.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request

from outreach.storage import db
from outreach.storage.types import utc_now
from outreach.storage.watch import Watch

from . import sessions

ROOM = 8_000_000
"""Bytes that one process keeps at most: answers, and the requests that they are to."""
BESIDE = 2_000
"""Bytes that an answer takes beside its body and its request: the least that any of them costs, also an empty one."""
_UNTIL = "outreach.again"
_ALSO = ("PATH_INFO", "QUERY_STRING", "wsgi.url_scheme")


@dataclass(frozen=True)
class Answer:
    """Status, headers and body, of which state of the database, and from when until when it may be given again."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    state: Hashable
    made: dt.datetime
    until: dt.datetime


def keep() -> None:
    """The answer to this request may be given again, to the same request, until the minute ends or anything changes;
    never longer than the session lasts."""
    until, end = _minute_after(utc_now()), sessions.ends_at()
    if not g.get("person_level"):
        request.environ[_UNTIL] = until if end is None else min(until, end)


class Kept:
    """The WSGI layer around everything, and what it keeps."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], watch: Watch) -> None:
        self.inner, self.watch = inner, watch
        self.answers: OrderedDict[Any, Answer] = OrderedDict()
        self.taken = 0
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return self.inner(environ, start_response)
        state = None if environ["PATH_INFO"].startswith("/static/") else self.watch.state()
        key = _key(environ)
        found = self.answers.get(key)
        if found is not None and found.state == state and found.made <= utc_now() < found.until:
            start_response(found.status, list(found.headers))
            return [found.body]
        return self._fresh(environ, start_response, key, state)

    def _fresh(self, environ: Any, start_response: Any, key: Any, state: Hashable) -> Iterable[bytes]:
        made, said = utc_now(), []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            said[:] = [status, headers]
            return start_response(status, headers, exc_info)

        parts = self.inner(environ, start)
        until = environ.get(_UNTIL)
        if until is None or state is None or not _plain(said):
            return parts
        try:
            body = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        until = min(until, _minute_after(made))  # what it says of the time was said in the minute that it began in
        self._put(key, Answer(said[0], list(said[1]), body, state, made, until))
        return [body]

    def _put(self, key: Any, answer: Answer) -> None:
        with self.lock:
            old = self.answers.pop(key, None)
            self.taken -= _cost(key, old) if old else 0
            if _cost(key, answer) <= ROOM:
                self.answers[key] = answer
                self.taken += _cost(key, answer)
            while self.taken > ROOM:
                self.taken -= _cost(*self.answers.popitem(last=False))


def _cost(key: Any, answer: Answer) -> int:
    """What it takes of the room. The request counts too: an answer without a body can be to a very long one."""
    return BESIDE + len(answer.body) + sum(len(text) for part in key for text in _texts(part))


def _texts(part: Any) -> tuple[str, ...]:
    return (part,) if isinstance(part, str) else part


def _minute_after(moment: dt.datetime) -> dt.datetime:
    return moment.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)


def _key(environ: dict[str, Any]) -> Any:
    """Everything that the request says of itself."""
    said = [(name, value) for name, value in environ.items() if name.startswith("HTTP_")]
    return (*sorted(said), *(environ[name] for name in _ALSO))


def _plain(said: list[Any]) -> bool:
    """Whether it is a whole answer that leaves nothing with the browser."""
    return (
        bool(said)
        and said[0][:3] in ("200", "304")
        and not any(name.lower() in ("set-cookie", "transfer-encoding") for name, _ in said[1])
    )


def register(app: Flask) -> Kept:
    """Around everything else, so that an answer given again costs next to nothing."""
    with app.app_context():
        watch = Watch(db.engine)
    kept = Kept(app.wsgi_app, watch)
    app.wsgi_app = kept  # type: ignore[method-assign]  # what Flask says to do with a WSGI layer
    return kept
