"""Reading the list of municipalities that phones offer: a line each, with coordinates or without. Plain functions.

Coordinates are those of the municipality, rounded to some ten metres; nothing here is a position of anybody.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from outreach.errors import N_, Finding, Invalid

from .rules import name_key

MOST = 200
LONGEST = 80
"""Characters of a name: as long as a contact's municipality may be."""
LONGEST_TEXT = 40_000
_MOST_FINDINGS = 10
_DEGREES = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{1,12})?")

Place = list[Any]
"""``[name, latitude, longitude]``, both null where not known: as it is stored and as phones get it."""


def read_places(text: str) -> list[Place]:
    """The places that were typed or pasted, in their order. Raises ``Invalid`` at ``places``, each line by its number.

    A line is ``name``, or ``name; latitude; longitude``; pasted cells come with tabs instead. A comma may stand for the
    point, so it parts nothing.
    """
    if len(text) > LONGEST_TEXT:
        raise Invalid.at("places", N_("That is more than %(most)d municipalities. Leave some out."), most=MOST)
    read = _Reader()
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            read.take(number, line)
    if len(read.places) > MOST and not read.findings:
        raise Invalid.at("places", N_("That is more than %(most)d municipalities. Leave some out."), most=MOST)
    if read.findings:
        raise Invalid(*_few(read.findings))
    return read.places


def _few(findings: Sequence[Finding]) -> list[Finding]:
    """Not a page full: the first, and how many more there are."""
    more = len(findings) - _MOST_FINDINGS
    if more <= 0:
        return list(findings)
    return [
        *findings[:_MOST_FINDINGS],
        Finding("places", N_("Lines with a problem beside these: %(num)d"), {"num": more}),
    ]


class _Reader:
    """Takes line after line and gathers findings, so that all of them show at once."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.findings: list[Finding] = []
        self._lines: dict[str, int] = {}

    def take(self, number: int, line: str) -> None:
        parts = [" ".join(part.split()) for part in re.split("[;\t]", line)]
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        name, *at = parts
        message = _of_name(name) or _of_coordinates(at)
        first = self._lines.setdefault(name_key(name), number)
        if message is None and first != number:
            message = N_("Line %(line)d: %(name)s stands in line %(first)d already.")
        if message is not None:
            params = {"line": number, "name": name[:40], "first": first, "longest": LONGEST}
            wanted = set(re.findall(r"%\((\w+)\)", message))
            self.findings.append(Finding("places", message, {k: v for k, v in params.items() if k in wanted}))
            return
        latitude, longitude = (round(_degrees(part), 4) for part in at) if at else (None, None)
        self.places.append([name, latitude, longitude])


def _of_name(name: str) -> str | None:
    """What is wrong with the name of a line."""
    if not name_key(name):
        return N_("Line %(line)d: begin with the name of the municipality.")
    if len(name) > LONGEST:
        return N_("Line %(line)d: write the name in %(longest)d characters or fewer.")
    return None


def _of_coordinates(at: Sequence[str]) -> str | None:
    """What is wrong with the rest of a line."""
    if not at:
        return None
    if len(at) != 2 or not all(_DEGREES.fullmatch(part.replace("\u2212", "-")) for part in at):
        return N_(
            "Line %(line)d: write %(name)s; latitude; longitude, for example 42.3149; -83.0364, or the name alone."
        )
    if abs(_degrees(at[0])) > 90:
        return N_("Line %(line)d: the latitude of %(name)s is between -90 and 90.")
    if abs(_degrees(at[1])) > 180:
        return N_("Line %(line)d: the longitude of %(name)s is between -180 and 180.")
    return None


def _degrees(text: str) -> float:
    return float(text.replace("\u2212", "-").replace(",", "."))


def written(places: Sequence[Place]) -> str:
    """The list as it is typed: reading it gives the same places."""
    return "\n".join(
        str(name) if latitude is None or longitude is None else f"{name}; {_shown(latitude)}; {_shown(longitude)}"
        for name, latitude, longitude in places
    )


def _shown(degrees: float) -> str:
    return f"{degrees:.4f}".rstrip("0").rstrip(".") if math.isfinite(degrees) else ""


def may_ask(places: Sequence[Place]) -> bool:
    """Whether a phone could tell anything from where it is: some municipality has coordinates."""
    return any(latitude is not None for _, latitude, _ in places)
