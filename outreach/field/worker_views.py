"""The field app as something that a phone installs: the worker that keeps its page, the modules, the manifest.

Open to everybody: nothing of a person is in them, and a phone asks for some of them without its session.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import g, jsonify, make_response, request, url_for
from flask_babel import force_locale, pgettext

from outreach.errors import NotFound
from outreach.web.guard import guard
from outreach.web.page import LANGUAGES, THEMES, language, static_url, theme

from . import phone_commands
from . import phone_files as files
from .views import bp

FOR_EVER = "public, max-age=31536000, immutable"
# Ground and ink of the page, as templates/base.html says them to the browser.
GROUND = {"day": "#F7F4EE", "night": "#0F1617"}


@dataclass(frozen=True)
class Shell:
    """One page that phones keep with what it loads: where it stands, what it begins with, ``under`` which address it is
    shown without signal, the name of its cache. Each has a worker of its own: who may open one may not open another."""

    endpoint: str
    entry: str
    under: str
    prefix: str


SHELLS = {
    "": Shell("field.app", files.APP, "/field", "outreach-field-"),
    "cases": Shell("referrals.app", files.CASES, "/referrals", "outreach-cases-"),
}
ICONS = (("icons/app-192.png", "192x192", "any"), ("icons/app-512.png", "512x512", "any"))
MASKED = (("icons/app-maskable-192.png", "192x192"), ("icons/app-maskable-512.png", "512x512"))


@bp.app_template_global()
def phone_file(name: str) -> str:
    """Address of a module of the field app."""
    return _module(files.version(), name)


def _module(version: str, name: str) -> str:
    return url_for("field.app_file", version=version, name=name)


@bp.app_template_global()
def phone_owner() -> str:
    """Under which name a phone keeps what is the reader's; '' for nobody."""
    return phone_commands.owner_mark(g.actor.user) if g.actor.user is not None else ""


@bp.app_template_global()
def phone_modules(entry: str = files.APP) -> list[str]:
    """Addresses of the modules that an app begins with, to be asked for at once and not one after the other."""
    version = files.version()
    return [_module(version, name) for name in files.modules(entry, at_once=True) if name != entry]


def kept_files(entry: str = files.APP) -> dict[str, str]:
    """Address → integrity of everything that an app's page loads."""
    version = files.version()
    found = {_module(version, name): files.module_integrity(name) for name in files.modules(entry)}
    found |= {static_url(name): files.static_integrity(name) for name in files.PAGE_FILES}
    font = url_for("static", filename=files.FONT, v=files.FONT_VERSION)
    return found | {font: files.static_integrity(files.FONT)}


@bp.get("/worker.js")
@guard("site.open")
def worker() -> Any:
    """The worker with the list of what it keeps: another content of any of it makes it another worker.

    ``?sends=1``: as a module that can send what waits when the browser wakes it; not every browser has those.
    ``?of=cases``: of the liaison's page.
    """
    shell = SHELLS.get(request.args.get("of", ""), SHELLS[""])
    kept = kept_files(shell.entry)
    told = {
        "version": files.whole(kept),
        "shell": url_for(shell.endpoint),
        "under": shell.under,
        "prefix": shell.prefix,
        "modules": _module(files.version(), ""),
        "files": sorted(kept.items()),
    }
    head = f"const TOLD = {json.dumps(told)};\n"
    if request.args.get("sends") == "1":
        head = f"import {{ sendNow }} from {json.dumps(phone_file('send.js'))};\nself.sendNow = sendNow;\n{head}"
    answer = make_response(head + files.worker_source())
    answer.headers["Content-Type"] = "text/javascript; charset=utf-8"
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()  # browsers ask at every page under /field whether there is another one
    return answer


@bp.get("/field/app/files/<version>/<name>")
@guard("site.open")
def app_file(version: str, name: str) -> Any:
    """A module of the version that stands now. Of an older one there is none: who began with it has kept it whole."""
    content = files.content(name) if version == files.version() else None
    if content is None:
        raise NotFound()
    answer = make_response(content)
    answer.headers["Content-Type"] = "text/javascript; charset=utf-8"
    answer.headers["Cache-Control"] = FOR_EVER
    return answer


@bp.get("/field/app/manifest.json")
@guard("site.open")
def app_manifest() -> Any:
    """How the app looks on a home screen. Browsers ask without a session: language and theme stand in the address."""
    asked_language, asked_theme = request.args.get("lang", ""), request.args.get("theme", "")
    lang = asked_language if asked_language in LANGUAGES else language()
    look = asked_theme if asked_theme in THEMES else theme()
    with force_locale(lang):
        # On purpose a word that anybody who works in shifts could have there: see docs/decisions/0015.
        name = pgettext("on a home screen", "Shift")
    answer = jsonify(
        id="/field/app",
        name=name,
        short_name=name,
        lang=lang,
        dir="ltr",
        start_url="/field/app",
        scope="/",  # signing in too: outside of its scope a phone shows the address, or leaves the app for good
        display="standalone",
        background_color=GROUND[look],
        theme_color=GROUND[look],
        icons=[{"src": static_url(p), "sizes": size, "type": "image/png", "purpose": use} for p, size, use in ICONS]
        + [{"src": static_url(p), "sizes": size, "type": "image/png", "purpose": "maskable"} for p, size in MASKED],
    )
    answer.headers["Content-Type"] = "application/manifest+json"
    return answer
