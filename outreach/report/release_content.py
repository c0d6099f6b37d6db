"""What a release or an erratum says, in one language, ready to be laid out: what all its files are made of.

Here belongs the shape alone. A withheld number is not in it: nothing that is made from it can give one away.
"""

from __future__ import annotations

from dataclasses import dataclass

from outreach.vocab import ReleaseKind


@dataclass(frozen=True)
class Line:
    """One figure. ``number`` None with ``withheld``: kept back; without: not known (``said`` says which).

    ``said``: the number in words of the language (“198”, “at least 12”, “withheld”). ``note``: how sure, of how many.
    ``source``: measure code, rule and version of the locked figures, as one line of text.
    """

    code: str
    label: str
    number: int | float | None
    said: str
    withheld: bool
    note: str
    definition: str
    source: str


@dataclass(frozen=True)
class Table:
    """A table with a head, rows of text and numbers (None: empty), and what stands below it."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | int | None, ...], ...]
    foot: tuple[str | int | None, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Changed:
    """One line of an erratum: what was said, what holds now, and why where somebody said so."""

    label: str
    was: str
    now: str
    why: str = ""


@dataclass(frozen=True)
class Content:
    """A release in one language. ``number`` is its number in the operation, ``replaces`` that of the one it restates.

    ``as_of`` and ``published_on`` are local text with the zone; ``published_on`` is empty in a draft. ``coverage``:
    “44 of 46 services in”. ``text``: the paragraphs that a person may have edited. ``set_version`` and ``set_hash``
    name the locked figures. ``withheld``: the rule in one sentence, '' where nothing is withheld. ``contact``: whom the
    press may ask, '' for nobody.
    """

    language: str
    kind: str
    number: int
    code: str
    name: str
    title: str
    status: str
    window: str
    as_of: str
    published_on: str
    coverage: str
    text: tuple[str, ...]
    lines: tuple[Line, ...]
    tables: tuple[Table, ...]
    services: tuple[str, ...]
    changed: tuple[Changed, ...]
    withheld: str
    notes: tuple[str, ...]
    set_version: int
    set_hash: str
    replaces: int | None = None
    sample: bool = False
    contact: str = ""


@dataclass(frozen=True)
class File:
    """One file of a release. ``language``: en, fr, or '' for both."""

    name: str
    language: str
    media: str
    content: bytes


DRAFTS = {"en": "_draft-not-approved", "fr": "_ebauche-non-approuvee"}
"""In the name of every file of a draft."""


def page_name(language: str) -> str:
    """The name of the page, which its twin in the other language links to."""
    return f"{language}.html"


def stem_of(content: Content) -> str:
    """``ONS-2017-ON_release-2_fr``, of a draft ``ONS-2017-ON_release-2_ebauche-non-approuvee_fr``: letters, digits,

    hyphens and full stops alone.
    """
    code = "".join(c if c.isascii() and (c.isalnum() or c in "-.") else "-" for c in content.code).strip("-.")
    mark = "" if content.published_on else DRAFTS[content.language]
    return f"{code or 'operation'}_{ReleaseKind(content.kind).value}-{content.number}{mark}_{content.language}"
