"""Accounts, one's own settings, people, lists, journal: views only guard, load, validate, call a command, redirect."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, g, redirect, render_template, request, session
from werkzeug.wrappers import Response

from outreach.errors import NotFound
from outreach.web.guard import guard
from outreach.web.page import LANGUAGES, THEMES
from outreach.web.specimen import specimen

from . import commands

bp = Blueprint("admin", __name__)


def _back() -> Response:
    """To the page the toggle stood on; only ever to a path of this site."""
    going = request.form.get("next", "/")
    return redirect(going if going.startswith("/") and not going.startswith(("//", "/\\")) else "/", code=303)


@bp.post("/language")
@guard("site.open")
def set_language() -> Any:
    lang = request.form.get("lang", "")
    if lang not in LANGUAGES:
        raise NotFound()
    session["lang"] = lang
    commands.remember_preferences(g.actor, language=lang)
    return _back()


@bp.post("/theme")
@guard("site.open")
def set_theme() -> Any:
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        raise NotFound()
    session["theme"] = theme
    commands.remember_preferences(g.actor, theme=theme)
    return _back()


@bp.get("/account")
@guard("site.own")
def account() -> Any:
    return render_template("admin/account.html")


@bp.get("/style")
@guard("site.open")
def style() -> Any:
    """Every component in every state, for whoever builds a page; not there on a live site."""
    if not current_app.config["OUTREACH"].development:
        raise NotFound()
    return render_template("style.html", page_url=lambda number: f"?page={number}", **specimen())
