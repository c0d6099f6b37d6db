"""Which names may be one service under two spellings. A look-alike is a question to a person, never a decision.

Only names and kinds come in; nothing is stored here. The key that makes two spellings equal is ``rules.name_key``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from .rules import name_key, words_of

_GENERIC = frozenset({"police", "service", "department", "force", "regional", "region", "municipal", "inc", "sq"})
_MOST = 16  # candidates compared with one name, so that a hostile paste stays quick


@dataclass(frozen=True)
class Alike:
    """A name that looks like another: who, and whether one letter or a whole word is the difference."""

    id: int
    name: str
    by_letters: bool


class Names:
    """Names that others are compared with: ``(id, name, kind)``; more can be added as rows are read."""

    def __init__(self, known: Iterable[tuple[int, str, str]] = ()) -> None:
        self._ends: dict[tuple[str, str, str], list[int]] = {}
        self._words: dict[str, list[int]] = {}
        self._all: list[tuple[int, str, str, str, frozenset[str]]] = []
        for one in known:
            self.add(*one)

    def add(self, id: int, name: str, kind: str) -> None:  # noqa: A002 - the row's id
        core, words, digits = _core(name)
        number = len(self._all)
        self._all.append((id, name, kind, core, words))
        for end in _ends(core):
            self._ends.setdefault((*end, digits), []).append(number)
        for word in words:
            self._words.setdefault(word, []).append(number)

    def like(self, name: str, kind: str = "") -> list[Alike]:
        """Look-alikes of ``name``, nearest first. Different known kinds only collide by their letters."""
        core, words, digits = _core(name)
        found: dict[int, tuple[int, Alike]] = {}
        near = {n for end in _ends(core) for n in self._ends.get((*end, digits), ())[:_MOST]}
        for n in near:
            other_id, other, other_kind, other_core, _ = self._all[n]
            if name_key(other) == name_key(name) or (kind and other_kind and kind != other_kind and core == other_core):
                continue
            if (_letters(core) ^ _letters(other_core)).bit_count() > 4:
                continue  # two edits change at most four letters
            apart = distance(core, other_core, 2)
            if apart == 0 or (apart == 1 and len(core) >= 5) or (apart == 2 and min(len(core), len(other_core)) >= 12):
                found[n] = (apart, Alike(other_id, other, apart > 0))
        rare = min((self._words.get(w, []) for w in words), key=len, default=[])
        within = [*rare[:_MOST], *(n for w in words for n in self._words.get(w, ())[:_MOST])]
        for n in within:
            other_id, other, other_kind, _, other_words = self._all[n]
            if n in found or (kind and other_kind and kind != other_kind):
                continue
            few, many = sorted((words, other_words), key=len)
            if few < many and len(many - few) <= 2 and not any(w.isdigit() for w in many - few):
                found[n] = (3 + len(many - few), Alike(other_id, other, False))
        return [alike for _, alike in sorted(found.values(), key=lambda pair: (pair[0], pair[1].id))]


def _core(name: str) -> tuple[str, frozenset[str], str]:
    """The distinctive part of a name joined, its words, and its digits: numbers tell services apart."""
    every = words_of(name)
    words = [word for word in every if word not in _GENERIC] or every
    core = "".join(words)
    return core, frozenset(words), "".join(c for c in core if c.isdigit())


@lru_cache(maxsize=4096)
def _letters(core: str) -> int:
    """One bit a letter that occurs."""
    found = 0
    for c in core:
        found |= 1 << (ord(c) % 61)
    return found


def _ends(core: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Where two edits leave at least one end as it was, names of services being what they are."""
    return ("first", core[:3]), ("last", core[-3:])


def distance(one: str, other: str, most: int) -> int:
    """Letters to add, leave out, change or swap between two words; ``most + 1`` when it is more than ``most``."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)
