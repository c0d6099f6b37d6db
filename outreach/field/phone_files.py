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
APP, CASES, WORKER = "app.js", "cases.js", "worker.js"
NOT_ON_PHONES = frozenset({"board.js", WORKER})
# Of every page, this one too: style sheet and mark. The font stands in the style sheet with its version.
PAGE_FILES = ("css/outreach.css", "icons/mark.svg")
FONT, FONT_VERSION = "vendor/atkinson-hyperlegible-next.woff2", "5.3.0"
_ALL = re.compile(r"""\b(?:from|import)\s*\(?\s*['"]\./([\w-]+\.js)['"]""")
_AT_ONCE = re.compile(r"""\bfrom\s*['"]\./([\w-]+\.js)['"]""")


def modules(entry: str, *, at_once: bool = False) -> tuple[str, ...]:
    """Every module that the entry brings along, itself included; ``at_once``: before the first screen can show."""
    found: set[str] = set()
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in found and _mark(name):
            found.add(name)
            waiting += (_AT_ONCE if at_once else _ALL).findall(_lean(name, _mark(name)))
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
    return _lean(name, _mark(name)).encode() if name in served() else None


def lean(source: str) -> str:
    """A module without what only people read: comments on lines of their own, and the space before each line.

    Modules therefore have no text that goes over several lines; a test holds them to it.
    """
    kept, inside = [], False
    for line in map(str.strip, source.splitlines()):
        if inside or line.startswith("/*"):
            inside = not line.endswith("*/")
        elif line and not line.startswith("//"):
            kept.append(line)
    return "\n".join(kept) + "\n"


def whole(addresses: dict[str, str]) -> str:
    """The mark of what a worker keeps (address → integrity) and of the worker itself."""
    return _joined([_mark(WORKER), *(f"{address} {sum_}" for address, sum_ in sorted(addresses.items()))])


def integrity(content: bytes) -> str:
    """What the browser compares a file with before it is kept."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def module_integrity(name: str) -> str:
    return integrity(_lean(name, _mark(name)).encode())


def static_integrity(name: str) -> str:
    return _static_integrity(name, assets.content_hash(name))


def _mark(name: str) -> str:
    return assets.content_hash(f"{FOLDER}/{name}")


@lru_cache(maxsize=256)
def _lean(name: str, _hash: str) -> str:
    return lean((assets.static() / FOLDER / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def _static_integrity(name: str, _hash: str) -> str:
    return integrity((assets.static() / name).read_bytes())


def _joined(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def worker_source() -> str:
    """The worker without the list of what it keeps, which is put before it."""
    return (assets.static() / FOLDER / WORKER).read_text(encoding="utf-8")
