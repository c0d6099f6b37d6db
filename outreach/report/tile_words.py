"""What stands beside the number of a headline figure: its name, in one or in many, and a word of what is meant.

Here belong words that go with a number; the numbers come from ``returns.figures``.
"""

from __future__ import annotations

from flask_babel import ngettext, npgettext

from outreach.rollup.totals import Figure

TILES = ("services", "personnel", "persons_met", "support_accepted", "persons_made_safe", "persons_charged", "charges")
"""The headline figures of dashboard, wall and page, in their order."""


def name(figure: Figure) -> str:
    """``service`` at 1, ``services`` at 46 and where the number is not known."""
    many = _many(figure)
    names = {
        "services": npgettext("tile", "service", "services", many),
        "personnel": npgettext("tile", "personnel", "personnel", many),
        "persons_met": npgettext("tile", "person met", "persons met", many),
        "support_accepted": npgettext("tile", "accepted support", "accepted support", many),
        "persons_made_safe": npgettext("tile", "made safe", "made safe", many),
        "persons_charged": npgettext("tile", "person charged", "people charged", many),
        "charges": npgettext("tile", "charge", "charges", many),
    }
    return names[figure.measure]


def laid(charges: Figure) -> str:
    """``laid``, of the charges."""
    return npgettext("tile", "laid", "laid", _many(charges))


def taking_part(services: Figure) -> str:
    """``taking part``, of the services."""
    return npgettext("tile", "taking part", "taking part", _many(services))


def of_offered(offered: Figure, said: str) -> str:
    """``of 176 offered``; ``said``: the number with what it needs beside it."""
    return ngettext("of %(offered)s offered", "of %(offered)s offered", _many(offered), offered=said)


def _many(figure: Figure) -> int:
    return 2 if figure.value is None else abs(int(figure.value))
