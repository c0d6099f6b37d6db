"""What an erratum says: which figures differ from what the public was told, one line each. Nothing is subtracted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outreach.rollup.protection import Key

from .release_rules import Cell


@dataclass(frozen=True)
class Change:
    """One figure as it was told and as it holds now; None: it is in one of the two alone."""

    key: Key
    was: Cell | None
    now: Cell | None


def changes_of(before: Iterable[Cell], after: Iterable[Cell]) -> list[Change]:
    """Every figure that reads differently now, in the order of the release. Withheld then and now is no line, even
    where the number behind it moved: the line itself would tell.
    """
    was, now = {cell.key: cell for cell in before}, {cell.key: cell for cell in after}
    keys = dict.fromkeys([*was, *now])
    found = [Change(key, was.get(key), now.get(key)) for key in keys]
    return [one for one in found if _told(one.was) != _told(one.now)]


def _told(cell: Cell | None) -> tuple[object, ...]:
    """What a reader learns of a cell."""
    if cell is None:
        return (None, "", None)
    return ("withheld",) if cell.withheld else (cell.number, _bound(cell), cell.least)


def _bound(cell: Cell) -> str:
    """Exact and partial read the same in a line; a bound in words does not."""
    return cell.bound if cell.number is not None and cell.bound in ("at_least", "at_most") else ""


def key_text(key: Key) -> str:
    """A cell's address in a form, and as it is kept: ``charges``, ``charges/12``, ``charges//2017-10-12``."""
    code, service, day = key
    return "/".join([code, "" if service is None else str(service), day or ""]).rstrip("/")


def key_of(text: str, known: Sequence[Key]) -> Key | None:
    """The cell that a form names, among those that there are."""
    return next((key for key in known if key_text(key) == text), None)
