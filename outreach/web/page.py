"""What ``base.html`` knows of every page: language, theme, rooms, account; and how static files are addressed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Flask, current_app, g, request, session, url_for
from flask_babel import Babel, gettext, lazy_gettext

from outreach import assets
from outreach.auth.permissions import may

from . import clock
from .guard import allowed

# First parts of the addresses that "Administration" in the header leads to.
ADMINISTRATION = frozenset({"people", "journal", "lists", "offences", "duty-texts"})

LANGUAGES = ("en", "fr")
THEMES = ("day", "night")

# Rooms in the order of the work: code, label, endpoint of its front page, the action that opens it.
ROOMS = (
    ("overview", lazy_gettext("Overview"), "plan.overview", "site.own"),
    ("plan", lazy_gettext("Plan"), "plan.front", "services.see"),
    ("field", lazy_gettext("Field"), "field.my_shift", "field.see"),
    ("referrals", lazy_gettext("Referrals"), "referrals.waiting", "referrals.see"),
    ("returns", lazy_gettext("Returns"), "returns.front", "services.see"),
    ("report", lazy_gettext("Report"), "report.front", "site.own"),
)


def language() -> str:
    """The language of this request: chosen, or the browser's."""
    if g.get("language"):
        return str(g.language)
    chosen = None if g.get("nameless") else session.get("lang")
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or "en"


def theme() -> str:
    if g.get("nameless"):
        return "night" if g.get("theme") == "night" else "day"
    return str(session["theme"]) if session.get("theme") in THEMES else "day"


def register(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(assets.translations())
    Babel(app, locale_selector=language)
    app.jinja_env.globals.update(static_url=static_url, allowed=allowed, clock=clock)
    app.jinja_env.filters.update(
        iso_day=clock.iso_day, hour_minute=clock.hour_minute, long_day=clock.long_day, local=clock.local_text
    )
    app.context_processor(lambda: {"page": page()})


def page() -> SimpleNamespace:
    """The ``page`` object of the templates. A problem page carries nothing of the address that led to it."""
    plain = bool(g.get("problem_page"))
    operation = None if plain else g.get("operation")
    other = "fr" if language() == "en" else "en"
    actor = g.get("actor")
    signed_in = actor is not None and actor.user is not None
    return SimpleNamespace(
        lang=language(),
        theme=theme(),
        plain=plain,
        rooms=_rooms(actor) if signed_in else [],
        people_url=url_for("admin.people") if signed_in and may(actor, "people.see") else None,
        people_here=request.path.split("/")[1] in ADMINISTRATION,
        account={"name": actor.name, "url": url_for("admin.account")} if signed_in else None,
        sign_in_url=url_for("security.login"),
        sign_out_url=url_for("security.logout"),
        language_url=url_for("admin.set_language"),
        language_label="Français" if other == "fr" else "English",
        language_code=other,
        theme_url=url_for("admin.set_theme"),
        theme_label=gettext("Day") if theme() == "night" else gettext("Night"),
        theme_code="day" if theme() == "night" else "night",
        next="/" if plain else request.full_path.rstrip("?"),
        sample=bool(operation is not None and operation.is_sample),
        rehearsal=bool(operation is not None and operation.is_rehearsal),
        operation=operation,
        development=current_app.config["OUTREACH"].development,
    )


def _rooms(actor: Any) -> list[dict[str, Any]]:
    here = request.blueprint or ""
    rooms = []
    for code, label, endpoint, action in ROOMS:
        if endpoint in current_app.view_functions and may(actor, action):
            current = request.endpoint == endpoint if code in ("overview", "plan") else here == code
            if code == "plan":
                current = here in ("plan", "ready") and request.endpoint != "plan.overview"
            rooms.append({"code": code, "label": label, "url": url_for(endpoint), "current": current})
    return rooms


def static_url(path: str) -> str:
    """Address of a static file with a mark of its content, so that browsers may keep it for ever."""
    return url_for("static", filename=path, v=assets.content_hash(path))
