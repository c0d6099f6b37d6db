"""Rules of accounts and lists on plain values: how long links live, which roles belong to a service, list codes."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

from outreach.errors import N_, Finding
from outreach.vocab import Role

# What a one-time link is for, and how long it works.
LINK_LIFE = {"welcome": dt.timedelta(hours=72), "reset": dt.timedelta(hours=1)}

SERVICE_ROLES = frozenset({Role.SERVICE_COORDINATOR, Role.FIELD_OFFICER, Role.LIAISON})


@dataclass(frozen=True)
class Wording:
    """The words of a list item, an offence or a text in both languages, as an administrator typed them."""

    english: str
    french: str

    def findings(self, name: str) -> list[Finding]:
        """A missing language is refused: the site is complete in both."""
        found = []
        if not self.english.strip():
            found.append(Finding(f"{name}_en", N_("Enter the English wording.")))
        if not self.french.strip():
            found.append(Finding(f"{name}_fr", N_("Enter the French wording: everything is shown in both languages.")))
        return found


def grant_findings(role: Role, service: int | None) -> list[Finding]:
    """What is wrong with giving ``role`` bound to ``service``."""
    if role in SERVICE_ROLES and service is None:
        return [Finding("service", N_("This role belongs to a service: name the service."))]
    if role == Role.ADMINISTRATOR and service is not None:
        return [Finding("service", N_("An administrator is not bound to a service: leave it empty."))]
    return []


def email_findings(email: str) -> list[Finding]:
    """What cannot be an address to sign in with; forms ask more, this holds for the command line too."""
    if re.fullmatch(r"[^@\s]+@[^@\s]+", email.strip()) and len(email) <= 254:
        return []
    return [Finding("email", N_("Enter an e-mail address, such as name@example.org."))]


def code_of(label: str) -> str:
    """A code for a new list item from its English label: ``Safety plan`` → ``safety_plan``."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40].strip("_")


def dates_finding(first: dt.date | None, end: dt.date | None, where: str) -> list[Finding]:
    """An end before the beginning."""
    if first is not None and end is not None and end <= first:
        return [Finding(where, N_("The last day is before the first: enter a later one, or leave it empty."))]
    return []
