"""One transaction per write request, in this one place: views and commands never commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import make_response, request

from outreach.storage import undo, writing

REFUSED = 400
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def run(view: Callable[..., Any], kwargs: dict[str, Any], *, writes: bool) -> Any:
    """Call ``view``; an unsafe request runs inside one write, committed before the answer leaves.

    The body is read first, so that a slow phone never holds the write lock.
    """
    if not writes or request.method in SAFE_METHODS:
        return view(**kwargs)
    with writing():
        answer = make_response(view(**kwargs))
        if answer.status_code >= REFUSED:
            undo()  # a refused form leaves nothing behind, whatever was written before the refusal
        return answer


def read_body() -> None:
    """Receive and parse the body before any lock is taken."""
    if request.method not in SAFE_METHODS:
        request.form  # noqa: B018 - reading it is the point
