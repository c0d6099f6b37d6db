"""What the field app is made of: its modules, the other files of its page, their addresses and hashes.

Modules import one another by bare neighbours (`./store.js`), which carry no mark of their content. So all of them lie
under one address that names the content of them all: whatever page or worker begins with one version has that version
of every module. Not here: serving them (``worker_views``), the page (``app_views``).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

from outreach import assets

FOLDER = "field"
APP, WORKER = "app.js", "worker.js"
NOT_ON_PHONES = frozenset({"board.js", WORKER})
# Of every page, this one too: style sheet, mark, the small helps. The font stands in the style sheet with its version.
PAGE_FILES = ("css/outreach.css", "js/outreach.js", "icons/mark.svg")
FONT, FONT_VERSION = "vendor/atkinson-hyperlegible-next.woff2", "5.3.0"
_IMPORTS = re.compile(r"""\b(?:from|import)\s*\(?\s*['"]\./([\w-]+\.js)['"]""")


def modules(*entries: str) -> tuple[str, ...]:
    """Every module that the entries bring along, themselves included, in alphabetical order."""
    found: set[str] = set()
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        if name not in found and _mark(name):
            found.add(name)
            waiting += _imports(name, _mark(name))
    return tuple(sorted(found))


def served() -> list[str]:
    """Every module of the phone: the app's, and those of the site's own pages that share them."""
    found = (path.name for path in (assets.static() / FOLDER).glob("*.js"))
    return sorted(name for name in found if name not in NOT_ON_PHONES)


def version() -> str:
    """The mark in the address of every module: of the content of all of them."""
    return _joined(f"{name} {_mark(name)}" for name in served())


def content(name: str) -> bytes | None:
    """A module as it is served; ``None`` for what is none of the phone's."""
    return (assets.static() / FOLDER / name).read_bytes() if name in served() else None


def whole(addresses: dict[str, str]) -> str:
    """The mark of what a worker keeps (address → integrity) and of the worker itself."""
    return _joined([_mark(WORKER), *(f"{address} {sum_}" for address, sum_ in sorted(addresses.items()))])


def integrity(name: str) -> str:
    """What the browser compares a static file with before it is kept."""
    return _integrity(name, assets.content_hash(name))


def _mark(name: str) -> str:
    return assets.content_hash(f"{FOLDER}/{name}")


@lru_cache(maxsize=256)
def _imports(name: str, _hash: str) -> list[str]:
    return _IMPORTS.findall((assets.static() / FOLDER / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def _integrity(name: str, _hash: str) -> str:
    digest = hashlib.sha256((assets.static() / name).read_bytes()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _joined(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def worker_source() -> str:
    """The worker without the list of what it keeps, which is put before it."""
    return (assets.static() / FOLDER / WORKER).read_text(encoding="utf-8")
