"""Figures as text and back: how what was worked out is kept in a row, and when such a row may be believed.

Plain functions on plain values. JSON and nothing else, so that reading a row can run nothing; each object says what it
is, and only what the caller names is read again. A row is good for one state of the operation (``marks``), one version
of this program (``shape``: a mended rule of counting counts anew), its own bytes (``digest``) and a time: from when it
was made until the next moment at which time alone changes something.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from outreach import __version__

KEPT = frozenset(
    {"figures", "rules", "choice", "board", "cells", "completeness", "outcomes", "offences", "added", "hours"}
    | {"waits", "months"}
)
"""Questions whose answers are kept: the first word of their name. All are figures; none is a row of a record."""
STATE = "state"
"""The name of the row that says of which state the operation’s other rows are."""
LONGEST_NAME = 200
_TUPLE, _LIST, _MAP, _SET, _TIME = "(", "[", "{", "<", "@"

Types = Mapping[str, type[Any]]


@dataclass(frozen=True)
class Opened:
    """What a row holds: the value, and until when (UTC seconds) it is good."""

    value: Any
    until: float


def written(name: tuple[Any, ...]) -> str | None:
    """The name of a question as a row is called, a long one by its hash; None for one that is not kept."""
    if not name or name[0] not in KEPT:
        return None
    text = json.dumps(name, default=list, separators=(",", ":"), ensure_ascii=False)
    return text if len(text) <= LONGEST_NAME else f"{name[0]} {hashlib.sha256(text.encode()).hexdigest()}"


def mark(marks: Any) -> str:
    """Change counters as a row keeps them."""
    return hashlib.sha256(repr(marks).encode()).hexdigest()


def shape(types: Types) -> str:
    """What tells whether this program would write the same: its version, and the fields of what it writes."""
    parts = [
        f"{name}({','.join(field.name for field in fields(kind)) if not issubclass(kind, StrEnum) else ''})"
        for name, kind in sorted(types.items())
    ]
    return hashlib.sha256(f"{__version__} {' '.join(parts)}".encode()).hexdigest()[:16]


def closed(value: Any, until: float, types: Types) -> bytes:
    """The content of a row. Raises ``TypeError`` for what is not a figure or made of figures."""
    document = {
        "shape": shape(types),
        "until": None if math.isinf(until) else until,
        "value": _put(value, {kind: name for name, kind in types.items()}),
    }
    return zlib.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def opened(content: bytes, digest: str, types: Types) -> Opened | None:
    """What a row holds; None when it is damaged, or written by another version of the program."""
    if hashlib.sha256(content).hexdigest() != digest:
        return None
    try:
        document = json.loads(zlib.decompress(content))
        if document["shape"] != shape(types):
            return None
        until = document["until"]
        return Opened(_take(document["value"], types), math.inf if until is None else float(until))
    except (ValueError, KeyError, TypeError, IndexError, zlib.error):
        return None


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _put(value: Any, names: Mapping[type[Any], str]) -> Any:
    if value is None or type(value) in (str, int, float, bool):
        return value
    kind = type(value)
    if kind in names:
        if isinstance(value, StrEnum):
            return [names[kind], value.value]
        return [names[kind], *(_put(getattr(value, field.name), names) for field in fields(kind))]
    if isinstance(value, dt.datetime):
        return [_TIME, value.isoformat()]
    if isinstance(value, Mapping):
        return [_MAP, *(_put(part, names) for pair in value.items() for part in pair)]
    for mark_, sort in ((_TUPLE, tuple), (_LIST, list), (_SET, frozenset)):
        if kind is sort:
            return [mark_, *(_put(part, names) for part in value)]
    raise TypeError(f"{kind.__name__} is not kept")


def _take(value: Any, types: Types) -> Any:
    if not isinstance(value, list):
        return value
    what, parts = value[0], value[1:]
    if what in types:
        kind = types[what]
        made = parts if issubclass(kind, StrEnum) else [_take(part, types) for part in parts]
        if not issubclass(kind, StrEnum) and len(made) != len(fields(kind)):
            raise ValueError(what)
        return kind(*made)
    if what == _TIME:
        return dt.datetime.fromisoformat(parts[0])
    made = [_take(part, types) for part in parts]
    if what == _MAP:
        return dict(zip(made[::2], made[1::2], strict=True))
    return {_TUPLE: tuple, _LIST: list, _SET: frozenset}[what](made)


def due(states: Iterable[tuple[str, bytes, str]], marks: str, now: float, types: Types) -> bool:
    """Whether an operation’s figures are to be frozen (again). ``states``: marks, content and hash of its state row."""
    for of, content, own in states:
        found = opened(content, own, types)
        return of != marks or found is None or now >= found.until
    return True
