"""The bytes of a published release: for whoever is signed in, and at its public address for anybody.

Whoever asks in public is nobody: no session is read, no cookie set, nothing is counted or written down. What leaves is
what two persons approved, byte for byte.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from flask import Response, current_app, g, make_response, render_template, request
from flask_babel import force_locale, gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.errors import NotFound
from outreach.storage.queries import releases as rows
from outreach.vocab import ReleaseState
from outreach.web.guard import guard
from outreach.web.page import LANGUAGES

from . import release_link_commands as commands
from . import release_rules as rules
from . import release_work as work
from .release_content import File
from .release_forms import SendForm
from .release_views import loaded, step, to_page
from .views import bp

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""What a public page may do: show itself with its style sheet, and nothing else. No script, ever."""
PUBLIC = "public, max-age=60, must-revalidate"
"""Caches keep it for a minute and then ask, by its hash, whether it still stands: an address that was ended says so
within a minute everywhere, and a press evening costs one answer a minute and cache."""
SHOWN = ("text/html", "text/css", "application/pdf")
HTML = "text/html; charset=utf-8"


# --- for whoever is signed in -----------------------------------------------------------------------------------------


@bp.get("/operations/<code>/releases/<int:number>/files/<paper>")
@guard("release.see", load=loaded)
def release_file(operation: Any, release: Any, paper: str) -> Any:
    found = rows.file(release.id, paper) if release.state == ReleaseState.PUBLISHED else None
    if found is None:
        raise NotFound()
    audit.read(
        g.actor, Tag.RELEASE_FETCHED, kind="release", object_id=release.uid, operation=operation.id,
        release=release.number, hash=found.hash[:12],
    )  # fmt: skip
    answer = _bytes(found)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@bp.get("/operations/<code>/releases/<int:number>/draft/<paper>")
@guard("release.see", load=loaded)
def release_draft_file(operation: Any, release: Any, paper: str) -> Any:
    """A file as it would be published, for those who are to approve it; kept nowhere. Afterwards the page has more."""
    if not rules.open_to_edit(release.state):
        return to_page(operation, release.number)
    files = work.draft_files(release, rows.set_of(release), operation)
    found = next((file for file in files if file.name == paper), None)
    if found is None:
        raise NotFound()
    if found.language:
        audit.read(
            g.actor, Tag.RELEASE_DRAFT_READ, kind="release", object_id=release.uid, operation=operation.id,
            release=release.number, hash=release.content_hash[:12],
        )  # fmt: skip
    answer = _answer(found.content, found.media, _draft_name(files, found))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _draft_name(files: list[File], found: File) -> str:
    """What it is saved as: the page has the mark of the other files of its language in its name, too."""
    if found.media != HTML:
        return found.name
    stem = next(file.name for file in files if file.language == found.language and file.name.endswith(".pdf"))
    return stem.removesuffix(".pdf") + ".html"


@bp.get("/operations/<code>/releases/<int:number>/manifest.json")
@guard("release.see", load=loaded)
def release_manifest(operation: Any, release: Any) -> Any:
    """The list of files from which anybody works the release's hash out again."""
    if release.state != ReleaseState.PUBLISHED:
        raise NotFound()
    listed = [
        {part: getattr(row, part) for part in ("name", "language", "media", "size", "hash")}
        for row in rows.files_of(release.id)
    ]
    content = {
        "hash": release.hash,
        "hashed": 'SHA-256 of "release" as JSON: keys sorted, no spaces, UTF-8',
        "release": rules.manifest_of(release, listed, rows.set_of(release).hash),
    }
    answer = Response(json.dumps(content, ensure_ascii=False, indent=1), mimetype="application/json")
    name = f"{operation.code}-release-{release.number}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _bytes(found: Any) -> Response:
    """One file as it is kept, with its hash; 304 for whoever has it."""
    answer = _answer(found.content, found.media, found.name)
    answer.set_etag(found.hash)
    if not _packed(found):  # it is of what is sent, and would be wrong of packed bytes
        digest = base64.b64encode(bytes.fromhex(found.hash)).decode()
        answer.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return answer.make_conditional(request)


def _answer(content: bytes, media: str, name: str) -> Response:
    """Bytes that may do nothing but be read."""
    answer = make_response(content)
    answer.mimetype = media.partition(";")[0]
    answer.headers["Content-Type"] = media
    shown = any(media.startswith(kind) for kind in SHOWN)
    answer.headers["Content-Disposition"] = f'{"inline" if shown else "attachment"}; filename="{name}"'
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


def _packed(found: Any) -> bool:
    """Whether it may leave in fewer bytes than it has."""
    kinds = current_app.config["COMPRESS_MIMETYPES"]
    return found.media.partition(";")[0] in kinds and request.accept_encodings.quality("gzip") > 0


# --- the public address -----------------------------------------------------------------------------------------------


@bp.post("/operations/<code>/releases/<int:number>/link")
@guard("release.link", load=loaded)
def open_release_link(operation: Any, release: Any) -> Any:
    return step(
        operation,
        release,
        SendForm(),
        lambda: commands.open_link(g.actor, release),
        lambda _made: gettext("The release has a public address now. Whoever knows it can read the release."),
    )


@bp.post("/operations/<code>/releases/<int:number>/link/end")
@guard("release.link", load=loaded)
def end_release_link(operation: Any, release: Any) -> Any:
    return step(
        operation,
        release,
        SendForm(),
        lambda: commands.end_link(g.actor, release),
        lambda _made: gettext("The public address is ended; it says so to whoever opens it."),
    )


@bp.get("/p/<token>/")
@guard("site.open", nameless=True)
def public_release(token: str) -> Any:
    """The page in the reader's language."""
    answer = _public(token, f"{request.accept_languages.best_match(LANGUAGES) or 'en'}.html")
    answer.vary.add("Accept-Language")
    return answer


@bp.get("/p/<token>/<paper>")
@guard("site.open", nameless=True)
def public_paper(token: str, paper: str) -> Any:
    return _public(token, paper)


def _public(token: str, paper: str) -> Response:
    link = rows.public(token)
    if link is None:
        raise NotFound()
    if link.ended_at is not None:
        return _ended()
    found = rows.file(link.release_id, paper)
    if found is None:
        raise NotFound()
    answer = _bytes(found)
    answer.headers["Cache-Control"] = PUBLIC
    return answer


def _ended() -> Response:
    """In both languages, and nothing of what stood there."""
    said = []
    for lang in LANGUAGES:
        with force_locale(lang):
            said.append((lang, gettext("This release is not published here any more.")))
    answer = make_response(render_template("report/release_ended.html", said=said), 410)
    answer.headers["Cache-Control"] = PUBLIC
    return answer
