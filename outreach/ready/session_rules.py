"""Rules of sessions and certificates: what a session may say, who may be counted as there, when a certificate ends.

Plain functions on plain values. Pasted delegates are in ``delegate_rules``.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from outreach.errors import N_, Finding, Invalid
from outreach.vocab import DelegateState, SessionKind

LONGEST_TITLE = LONGEST_PLACE = 160
LONGEST_CERTIFICATE = 120
LONGEST_SESSION = dt.timedelta(days=14)
MOST_MONTHS = 120


@dataclass(frozen=True)
class SessionDraft:
    """What a coordinator says of one session. Instants in UTC; ``certificate`` '' earns nothing."""

    kind: str
    title: str
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None = None
    place: str = ""
    certificate: str = ""
    valid_months: int | None = None


def check_session(draft: SessionDraft) -> list[Finding]:
    """Findings at the fields of the form."""
    found = []
    if draft.kind not in SessionKind.values():
        found.append(Finding("kind", N_("Choose what it is.")))
    if not draft.title.strip():
        found.append(Finding("title", N_("Enter what it is called.")))
    for where, text, most in (
        ("title", draft.title, LONGEST_TITLE),
        ("place", draft.place, LONGEST_PLACE),
        ("certificate", draft.certificate, LONGEST_CERTIFICATE),
    ):
        if len(text) > most:
            found.append(Finding(where, N_("Write %(most)d characters or fewer."), {"most": most}))
    if draft.starts_at is None:
        found.append(Finding("starts_on", N_("Enter the day it starts.")))
    elif draft.ends_at is not None and draft.ends_at <= draft.starts_at:
        found.append(Finding("ends_on", N_("It ends before it starts. Enter an end after the start.")))
    elif draft.ends_at is not None and draft.ends_at - draft.starts_at > LONGEST_SESSION:
        found.append(Finding("ends_on", N_("It lasts longer than two weeks. Check the year of both days.")))
    if draft.valid_months is not None and not draft.certificate.strip():
        found.append(Finding("certificate", N_("Enter what the certificate is called, or leave its months empty.")))
    if draft.valid_months is not None and not 1 <= draft.valid_months <= MOST_MONTHS:
        found.append(
            Finding("valid_months", N_("Enter whole months from 1 to %(most)d, or nothing."), {"most": MOST_MONTHS})
        )
    return found


def read_months(text: str) -> int | None:
    """Months as typed; ``None`` for nothing. Raises ``Invalid`` at ``valid_months``."""
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise Invalid.at("valid_months", N_("Enter whole months from 1 to %(most)d, or nothing."), most=MOST_MONTHS)
    return int(text)


def has_begun(starts_at: dt.datetime, zone: str, now: dt.datetime) -> bool:
    """Whether somebody can have been there: from the first minute of its day, because people sign in at the door."""
    there = ZoneInfo(zone)
    return now.astimezone(there).date() >= starts_at.astimezone(there).date()


# --- certificates ----------------------------------------------------------------------------------------------------


def expiry(issued_on: dt.date, months: int | None) -> dt.date | None:
    """The same day ``months`` calendar months later, or the last day of that month; ``None``: it does not expire."""
    if months is None:
        return None
    years, month = divmod(issued_on.month - 1 + months, 12)
    year = issued_on.year + years
    return dt.date(year, month + 1, min(issued_on.day, monthrange(year, month + 1)[1]))


REVOKED, EXPIRED, EXPIRING, VALID = "revoked", "expired", "expiring", "valid"


def standing(expires_on: dt.date | None, revoked: bool, *, today: dt.date, until: dt.date | None) -> str:
    """Whether a certificate still stands today and through the window (``until``: its last local day).

    It is good for the whole of its last day.
    """
    if revoked:
        return REVOKED
    if expires_on is not None and expires_on < today:
        return EXPIRED
    return EXPIRING if expires_on is not None and until is not None and expires_on < until else VALID


_ORDER = (EXPIRED, EXPIRING, VALID, REVOKED)


def by_urgency(rows: Iterable[tuple[str, dt.date | None, str, Any]]) -> list[Any]:
    """What needs somebody first: expired, ending before or in the window, valid, revoked; then by day and name.

    ``rows``: standing, last day, name of the person, and the row itself.
    """
    return [
        row[3] for row in sorted(rows, key=lambda row: (_ORDER.index(row[0]), row[1] or dt.date.max, row[2].casefold()))
    ]


@dataclass(frozen=True)
class Earned:
    """A certificate that a session gave to somebody, as it is stored."""

    staff_id: int
    name: str
    issued_on: dt.date
    expires_on: dt.date | None


def earned_by(
    attended: Iterable[int], *, certificate: str, months: int | None, starts_at: dt.datetime, zone: str
) -> dict[int, Earned]:
    """What each of the staff who attended earns, by staff id; nothing where the session gives nothing."""
    name = " ".join(certificate.split())
    if not name:
        return {}
    day = starts_at.astimezone(ZoneInfo(zone)).date()
    return {staff: Earned(staff, name, day, expiry(day, months)) for staff in attended}


def check_certificate(
    name: str, issued_on: dt.date | None, expires_on: dt.date | None, today: dt.date
) -> list[Finding]:
    """Findings at the fields of a certificate entered by hand."""
    found = []
    if not name.strip():
        found.append(Finding("certificate", N_("Enter what the certificate is called.")))
    elif len(name) > LONGEST_CERTIFICATE:
        found.append(Finding("certificate", N_("Write %(most)d characters or fewer."), {"most": LONGEST_CERTIFICATE}))
    if issued_on is None:
        found.append(Finding("issued_on", N_("Enter the day it was issued.")))
    elif issued_on > today:
        found.append(Finding("issued_on", N_("This day has not come yet. Enter the day it was issued.")))
    elif expires_on is not None and expires_on < issued_on:
        found.append(Finding("expires_on", N_("It ends before it was issued. Enter a later day, or nothing.")))
    return found


# --- delegates -------------------------------------------------------------------------------------------------------

STATES = tuple(DelegateState.values())


def by_service(delegates: Iterable[tuple[int, str, str]]) -> list[tuple[int, str, dict[str, int]]]:
    """Service, its name and how many of its delegates are in each state, in the order they come in.

    ``delegates``: service, its name, state.
    """
    found: dict[int, tuple[str, dict[str, int]]] = {}
    for service_id, name, state in delegates:
        _, counts = found.setdefault(service_id, (name, dict.fromkeys(STATES, 0)))
        counts[state] = counts.get(state, 0) + 1
    return [(service_id, name, counts) for service_id, (name, counts) in found.items()]
