"""One transaction per write request, in this one place: views and commands never commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, g, make_response, request

from outreach.storage import join_the_queue, leave_the_queue, undo, writing

REFUSED = 400
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def register(app: Flask) -> None:
    """Before every other function that runs at a request, so that what these ask of the database waits its turn too."""
    app.before_request(_wait)
    app.teardown_request(_pass_on)


def _wait() -> None:
    """A view that is guarded as ``short`` has its process to itself, from the moment its body is there.

    Only for a write that everybody does all day and that takes a millisecond: others of this process wait for it.
    """
    if getattr(current_app.view_functions.get(request.endpoint or ""), "short", False):
        read_body()
        join_the_queue()
        g.in_turn = True


def _pass_on(_error: BaseException | None) -> None:
    if g.pop("in_turn", False):
        leave_the_queue()


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
        request.get_data(parse_form_data=True)  # a form is parsed, anything else is kept as it came
