"""Rules of data workbooks: how much of a table somebody may have, how long a file is kept, what went wrong in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from outreach.errors import N_

KEEPS = dt.timedelta(hours=24)
"""How long a file stays."""
MOST_IN_WORK = 20
"""Files that are written, or wait to be, on the whole site; one of each person."""

GONE, BROKEN, NOT_YOURS = "gone", "broken", "not_yours"
TROUBLE = {
    GONE: N_("The server was stopped while it was written. Ask for it again."),
    BROKEN: N_("Something failed on our side while it was written. Ask for it again."),
    NOT_YOURS: N_("Your role no longer allows this table."),
}
"""Why a file could not be written, by code: what to do."""


@dataclass(frozen=True)
class Scope:
    """What of a table somebody may take away. ``services``: the ids whose rows, None for all. ``outside``: small
    numbers of what became of referrals are withheld."""

    services: frozenset[int] | None = None
    outside: bool = False

    def within(self, other: Scope) -> bool:
        """Whether somebody of ``other`` may have what was made for this one."""
        if other.services is not None and (self.services is None or not self.services <= other.services):
            return False
        return self.outside or not other.outside

    def kept(self) -> dict[str, Any]:
        """As it is kept with a file."""
        return {"services": None if self.services is None else sorted(self.services), "outside": self.outside}

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Scope:
        services = kept.get("services")
        return cls(None if services is None else frozenset(services), bool(kept.get("outside")))


def file_name(code: str, table: str, on: dt.datetime, language: str, ending: str) -> str:
    """``ONS-2017-WEC_contacts_2017-10-18_fr.xlsx``: nothing in it but letters, digits, hyphens and full stops."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-.") else "-" for c in code).strip("-.") or "operation"
    return f"{safe}_{table}_{on:%Y-%m-%d}_{language}.{ending}"
