"""What is not known behind a range, in the reader's words. What the range amounts to is decided in ``rollup``."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import format_decimal, gettext

from outreach.rollup.totals import Figure

NAMED = 4
"""Services that the words of a range name; more are only told by their number."""


def assumption(figure: Figure, names: Mapping[int, str]) -> str:
    """``Overlap between Windsor and LaSalle not known: between 13 and 18.``; nothing for what is no range."""
    if figure.least is None or figure.value is None:
        return ""
    ends = {"least": format_decimal(figure.least), "most": format_decimal(figure.value)}
    found = [gettext("services that log contacts")] if 0 in figure.between else []
    found += [names[one] for one in figure.between if one in names]
    if len(found) < 2:
        return gettext("Who was met by several services is not known: between %(least)s and %(most)s.", **ends)
    if len(found) > NAMED:
        return gettext(
            "Overlap between %(number)s services not known: between %(least)s and %(most)s.", number=len(found), **ends
        )
    listed = gettext("%(names)s and %(last)s", names=", ".join(found[:-1]), last=found[-1])
    return gettext("Overlap between %(names)s not known: between %(least)s and %(most)s.", names=listed, **ends)


def between(figure: Figure) -> str:
    """``between 13 and 18``, the number alone, or nothing."""
    if figure.value is None:
        return ""
    if figure.least is None:
        return str(format_decimal(figure.value))
    return gettext(
        "between %(least)s and %(most)s", least=format_decimal(figure.least), most=format_decimal(figure.value)
    )
