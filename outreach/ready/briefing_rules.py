"""Rules of a briefing: its sections, what changed between versions, telephone numbers in a line. Plain functions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from outreach.errors import N_, Finding

LONGEST = 4000

# Sections that the coordinator writes, in the order in which they are read; what each is called.
SECTIONS: dict[str, str] = {
    "contacts": N_("Who to call"),
    "radio": N_("Radio and telephone plan"),
    "safety": N_("Safety"),
    "instructions": N_("Special instructions"),
}


def check_sections(sections: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the sections of a briefing, each at its field."""
    found = [
        Finding(code, N_("Write %(most)d characters or fewer."), {"most": LONGEST})
        for code, text in sections.items()
        if len(text) > LONGEST
    ]
    if not any(sections.get(code, "").strip() for code in SECTIONS):
        found.append(Finding("contacts", N_("Write at least one section.")))
    return found


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Codes of the sections that differ, in the order in which they are read; space at the ends is no difference."""
    return [code for code in SECTIONS if before.get(code, "").strip() != after.get(code, "").strip()]


_BETWEEN = r"[ .\-\u2010\u2011\u00a0]"
_TEN = rf"(?:\+?1{_BETWEEN}?)?\(?\d{{3}}\)?{_BETWEEN}{{0,2}}\d{{3}}{_BETWEEN}?\d{{4}}"
_NUMBER = re.compile(rf"(?<![\w+-])(?:{_TEN}|\d11)(?![\w-])")


def pieces(line: str) -> list[tuple[str, str]]:
    """The line as ``(words, number to dial)``; the number is '' for what is no telephone number.

    A number is 911 or its like, or ten digits in the groups in which North America writes them. A day is none.
    """
    found: list[tuple[str, str]] = []
    at = 0
    for match in _NUMBER.finditer(line):
        dialled = "".join(sign for sign in match.group() if sign.isdigit())
        if match.start() > at:
            found.append((line[at : match.start()], ""))
        found.append((match.group(), f"+1{dialled[-10:]}" if len(dialled) > 3 else dialled))
        at = match.end()
    if at < len(line) or not found:
        found.append((line[at:], ""))
    return found
