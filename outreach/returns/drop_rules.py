"""Rules of dropping many returns at once: how many and how large, in which order they are shown, how far it is.

Plain functions on plain values; what a file holds is read and taken elsewhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from outreach.errors import N_
from outreach.vocab import ReturnState

MOST_FILES = 400
MB = 1024 * 1024
LARGEST_FILE = 8 * MB
MOST_BYTES = 60 * MB
BODY = MOST_BYTES + 2 * MB
"""Of one request: the files, and what a browser writes around each."""

# Why a file was left out unread, by code: what is told of it, and what to do.
LEFT_OUT: dict[str, tuple[str, str]] = {
    "drop_empty": (N_("This file is empty."), N_("Choose it again; it may not have been saved.")),
    "drop_large": (
        N_("This file is larger than %(most)d MB."),
        N_("Delete sheets and pictures that do not belong to the return, save it, and send it again."),
    ),
    "drop_twice": (N_("This very file is in this drop already."), N_("It is read once; there is nothing to do.")),
    "drop_many": (N_("A drop takes %(most)d files."), N_("Drop this one in a second go.")),
    "drop_much": (N_("A drop takes %(most)d MB in all."), N_("Drop this one in a second go.")),
    "drop_failed": (
        N_("Something went wrong in Outreach while it was read."),
        N_("Send it again. If it stays so, tell the administrator the time."),
    ),
}

# How a state looks: the kind of its tag. What needs somebody has colour and shape, what is done is plain.
KINDS = {
    ReturnState.WAITING.value: "plain",
    ReturnState.READY.value: "new",
    ReturnState.FAULTY.value: "problem",
    ReturnState.REFUSED.value: "problem",
    ReturnState.TAKEN.value: "signed",
    ReturnState.LEFT.value: "plain",
}
_ORDER = ("refused", "faulty", "ready", "waiting", "taken", "left")


@dataclass(frozen=True)
class Progress:
    """How far a drop is. ``asked``: files that are being taken; ``takes``: how many were asked for in all."""

    files: int = 0
    waiting: int = 0
    ready: int = 0
    faulty: int = 0
    refused: int = 0
    taken: int = 0
    left: int = 0
    asked: int = 0

    @property
    def read(self) -> int:
        return self.files - self.waiting

    @property
    def busy(self) -> bool:
        return bool(self.waiting or self.asked)

    @property
    def to_take(self) -> int:
        """Files that are ready and that nobody has asked for yet."""
        return self.ready - self.asked

    @property
    def takes(self) -> int:
        return self.taken + self.asked


def progress(files: Iterable[tuple[str, bool]]) -> Progress:
    """``files``: state of each, and whether somebody asked to have it taken."""
    files = list(files)
    counts = {state.value: sum(one == state for one, _ in files) for state in ReturnState}
    asked = sum(one in (ReturnState.READY, ReturnState.FAULTY) for one, wanted in files if wanted)
    return Progress(len(files), asked=asked, **counts)


def order(state: str, trouble: bool, name: str) -> tuple[int, str]:
    """What needs somebody first; then by name, so that a row is found again."""
    return (0 if trouble else _ORDER.index(state), name.casefold())


def number_of(text: str) -> str:
    """The number that a page gave its drop, or a new one where none of the kind was sent."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return str(uuid.uuid4())


def fault(size: int, files: int, total: int, twice: bool) -> dict[str, Any]:
    """Why a file is left out of a drop that has ``files`` files of ``total`` bytes: a code of ``LEFT_OUT`` with its
    parameters; empty where it is let in."""
    if not size:
        return {"code": "drop_empty"}
    if size > LARGEST_FILE:
        return {"code": "drop_large", "most": LARGEST_FILE // MB}
    if twice:
        return {"code": "drop_twice"}
    if files >= MOST_FILES:
        return {"code": "drop_many", "most": MOST_FILES}
    if total + size > MOST_BYTES:
        return {"code": "drop_much", "most": MOST_BYTES // MB}
    return {}
