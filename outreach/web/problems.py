"""Problems become pages (or JSON) here, and nowhere else. A 404 is the same bytes whatever was asked for."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from outreach.errors import (
    Forged,
    NotFound,
    Problem,
    SignInNeeded,
    TooLarge,
    Unavailable,
    Unexpected,
    WrongMethod,
)
from outreach.storage.engine import DatabaseTrouble, ValueRefused

from . import sessions

_BY_STATUS: dict[int, type[Problem]] = {404: NotFound, 405: WrongMethod, 413: TooLarge, 400: Problem}


def register(app: Flask) -> None:
    app.register_error_handler(Problem, answer)
    app.register_error_handler(CSRFError, lambda error: answer(Forged()))
    app.register_error_handler(RequestEntityTooLarge, lambda error: answer(TooLarge()))
    app.register_error_handler(DatabaseTrouble, _database_trouble)
    app.register_error_handler(ValueRefused, _value_refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def answer(problem: Problem) -> Any:
    """The response for ``problem``: sign-in page, JSON problem, or a page that says what to do."""
    if isinstance(problem, SignInNeeded):
        return _sign_in_first()
    if request.accept_mimetypes.best == "application/json":
        response = jsonify(
            {"code": problem.code, "message": _say(problem.message, problem), "fix": _say(problem.fix, problem)}
        )
        response.status_code = problem.status
        return response
    g.problem_page = True
    shown = {
        "title": _say(problem.message, problem),
        "message": _say(problem.message, problem),
        "fix": _say(problem.fix, problem),
        "status": problem.status,
        "code": problem.code,
        "again": _again() if isinstance(problem, Unavailable) else None,
    }
    response = Response(render_template("problem.html", problem=shown), status=problem.status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _again() -> dict[str, Any] | None:
    """Where and what was sent, for a form that sends it once more; never with a password or a file in it."""
    fields = [(name, value) for name, values in request.form.lists() for value in values if name != "csrf_token"]
    if request.method != "POST" or request.files or any("password" in name for name, _value in fields):
        return None
    return {"url": request.full_path.rstrip("?"), "fields": fields}


def _say(text: str, problem: Problem) -> str:
    return gettext(text, **problem.params) if problem.params else gettext(text)


def _sign_in_first() -> Any:
    """Keep what was sent by somebody whose session has ended, then ask her to sign in."""
    sessions.keep_form()
    going = request.full_path.rstrip("?") if request.method == "GET" else "/"
    # By way of the page that offers what was kept; that page goes on from there.
    back = url_for("admin.welcome_back", next=going) if going != "/" else None
    return redirect(url_for("security.login", next=back), code=303)


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if 300 <= status < 400:
        return error
    return answer(_BY_STATUS.get(status, Problem)())


def _database_trouble(error: DatabaseTrouble) -> Any:
    current_app.logger.error("database unavailable: %s", type(error.orig).__name__)
    return answer(Unavailable())


def _value_refused(error: ValueRefused) -> Any:
    """Something was sent that the database cannot hold; what it was stays out of the log."""
    current_app.logger.error("the database refused a value at %s: %s", request.endpoint, type(error.orig).__name__)
    return answer(Problem())


def _unexpected(error: Exception) -> Any:
    if current_app.testing:
        raise error
    current_app.logger.error("unexpected error at %s", request.endpoint, exc_info=error)
    return answer(Unexpected())
