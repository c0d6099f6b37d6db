"""Rules of inviting: the token of a link, what a service may answer, where each one stands, the words of a letter.

Plain functions on plain values: no SQL, no Flask, no keys (the keyed mark is handed in as a function).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import unicodedata
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from outreach.errors import N_, Finding
from outreach.vocab import OperationStatus, ParticipationStatus

from .team_rules import address_of

# --- the link --------------------------------------------------------------------------------------------------------

SCOPE = "participation-link"
MARK_BYTES = 17  # with the 16 of the uid 33 bytes: 44 characters exactly, so that no bit of a token is spare
TOKEN_LENGTH = 44
LINK_LIFE = dt.timedelta(days=30)
SHORTEST_LIFE = dt.timedelta(days=3)

Marker = Callable[[str, str], str]


def token_of(uid: str, mark: Marker) -> str:
    """The token of a link: its uid and a keyed mark. Made anew whenever it is needed, stored nowhere."""
    return base64.urlsafe_b64encode(uuid.UUID(uid).bytes + _mark(uid, mark)).decode()


def uid_of(token: str, mark: Marker) -> str | None:
    """The uid in a token that carries the right mark, else ``None``; compared in constant time."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        content = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(content) != 16 + MARK_BYTES or base64.urlsafe_b64encode(content).decode() != token:
        return None
    uid = str(uuid.UUID(bytes=content[:16]))
    return uid if hmac.compare_digest(content[16:], _mark(uid, mark)) else None


def _mark(uid: str, mark: Marker) -> bytes:
    return bytes.fromhex(mark(uid, SCOPE))[:MARK_BYTES]


def link_end(now: dt.datetime, starts_at: dt.datetime | None) -> dt.datetime:
    """Until when a new link works: thirty days, or the start of the window where that comes first.

    Three days at least, so that a service that is invited late can still answer.
    """
    end = now + LINK_LIFE
    if starts_at is not None:
        end = min(end, starts_at)
    return max(end, now + SHORTEST_LIFE)


def link_works(now: dt.datetime, ends_at: dt.datetime, revoked: bool, status: str, operation: str) -> bool:
    """Whether the page behind a link shows. ``status``: the participation's; ``operation``: the operation's."""
    over = operation in (OperationStatus.CLOSED, OperationStatus.ARCHIVED)
    return not (revoked or over or now >= ends_at or status == ParticipationStatus.WITHDRAWN)


def may_answer(status: str, operation: str) -> bool:
    """Whether an answer is taken: until the operation is active, and the first one also while it is."""
    if operation in (OperationStatus.DRAFT, OperationStatus.PLANNED):
        return True
    return operation == OperationStatus.ACTIVE and status == ParticipationStatus.INVITED


# --- the answer ------------------------------------------------------------------------------------------------------

WRONG_COUNT = N_("Enter a whole number from 0 to 9999.")
LONGEST_DESK = 254
LONGEST_REASON = 500
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Answer:
    """What a service says. ``takes_part``: yes, no, or '' while nothing was chosen."""

    takes_part: str = ""
    entry_mode: str = ""
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    staff: dict[str, int] = field(default_factory=dict)
    desk: str = ""
    reason: str = ""


def check_answer(answer: Answer) -> list[Finding]:
    """Findings at the fields of the form that ``service_commands.participation_findings`` does not make."""
    if answer.takes_part not in (YES, NO):
        return [Finding("takes_part", N_("Say whether the service takes part."))]
    if answer.takes_part == NO:
        return [_too_long("reason", LONGEST_REASON)] if len(answer.reason) > LONGEST_REASON else []
    if len(answer.desk) > LONGEST_DESK:
        return [_too_long("desk", LONGEST_DESK)]
    if not reachable(answer.desk):
        words = N_("Enter a shared address such as desk@example.org, or the telephone number of a desk.")
        return [Finding("desk", words)]
    return []


def _too_long(where: str, most: int) -> Finding:
    return Finding(where, N_("Write %(most)d characters or fewer."), {"most": most})


def reachable(desk: str) -> bool:
    """Whether a desk can be reached with what was typed: an e-mail address, or seven digits and more."""
    parts = desk.replace(",", " ").replace(";", " ").split()
    return any(address_of(part) for part in parts) or sum(c.isdigit() for c in desk) >= 7


def values_of(answer: Answer, link_id: int) -> dict[str, Any]:
    """What the next version of the participation takes from the answer; a refusal leaves the rest as it stands."""
    if answer.takes_part == NO:
        return {"status": ParticipationStatus.DECLINED.value, "reason": answer.reason, "link_id": link_id}
    return {
        "status": ParticipationStatus.CONFIRMED.value,
        "entry_mode": answer.entry_mode,
        "starts_at": answer.starts_at,
        "ends_at": answer.ends_at,
        "planned_staff": answer.staff,
        "desk": answer.desk,
        "reason": "",
        "link_id": link_id,
    }


# --- where each service stands ---------------------------------------------------------------------------------------

SENT, FAILED, QUEUED = "sent", "failed", "queued"
INTERRUPTED_AFTER = dt.timedelta(minutes=10)

# Worst first: what needs somebody, then those who are silent, then what is settled.
STATES = ("failed", "sending", "opened", "sent", "not_invited", "declined", "answered", "withdrawn")
SILENT = frozenset({"failed", "sending", "opened", "sent", "not_invited"})
WORDS = {
    "failed": N_("Letter not sent"),
    "sending": N_("Being sent"),
    "opened": N_("Opened, not answered"),
    "sent": N_("Invited, silent"),
    "not_invited": N_("Not invited yet"),
    "declined": N_("Declined"),
    "answered": N_("Confirmed"),
    "withdrawn": N_("Withdrawn"),
}
NO_MAIL = N_("No mail server is set up here. Copy the letters instead.")
# Why a letter did not leave, by code (see ``web.mail``).
TROUBLES = {
    "address": N_("the service has no e-mail address"),
    "refused": N_("the mail server refused this address"),
    "sender": N_("the mail server refused our own address"),
    "unreachable": N_("the mail server could not be reached"),
    "sign_in": N_("the mail server refused our password"),
    "tls": N_("no safe connection to the mail server"),
    "interrupted": N_("sending was interrupted"),
}


@dataclass(frozen=True)
class Posted:
    """One letter as it stands: when, by e-mail or otherwise, and what became of it."""

    at: dt.datetime
    outcome: str
    how: str = "email"
    trouble: str = ""


@dataclass(frozen=True)
class LinkFacts:
    """One link of a participation."""

    ends_at: dt.datetime
    revoked: bool = False
    opened_at: dt.datetime | None = None


@dataclass(frozen=True)
class Standing:
    """Where one participation stands: ``state`` of ``STATES``, ``since`` when, and since when it keeps us waiting.

    ``days``: whole days of waiting for an answer; ``None`` where nobody waits. ``link``: none, works, ended or
    revoked; ``letters``: how many left; ``trouble``: code of ``TROUBLES``.
    """

    state: str
    since: dt.datetime
    days: int | None = None
    link: str = "none"
    link_ends_at: dt.datetime | None = None
    letters: int = 0
    trouble: str = ""


def standing(
    status: str, status_since: dt.datetime, links: Iterable[LinkFacts], letters: Iterable[Posted], now: dt.datetime
) -> Standing:
    """Where a participation stands. ``links`` and ``letters`` oldest first."""
    links, letters = list(links), list(letters)
    left = [one for one in letters if one.outcome == SENT]
    state, since, trouble = _state(status, status_since, links, letters, now)
    waiting = min([one.at for one in left] + [one.opened_at for one in links if one.opened_at], default=None)
    silent = state in SILENT and waiting is not None
    last = links[-1] if links else None
    return Standing(
        state,
        since,
        days=(now - waiting).days if silent and waiting is not None else None,
        link="none" if last is None else "revoked" if last.revoked else "works" if now < last.ends_at else "ended",
        link_ends_at=last.ends_at if last else None,
        letters=len(left),
        trouble=trouble,
    )


def _state(
    status: str, status_since: dt.datetime, links: list[LinkFacts], letters: list[Posted], now: dt.datetime
) -> tuple[str, dt.datetime, str]:
    settled = {
        ParticipationStatus.CONFIRMED.value: "answered",
        ParticipationStatus.DECLINED.value: "declined",
        ParticipationStatus.WITHDRAWN.value: "withdrawn",
    }
    last = letters[-1] if letters else None
    trouble = "" if last is None else trouble_of(last, now)
    if status in settled:
        return settled[status], status_since, trouble
    if last is not None and trouble:
        return "failed", last.at, trouble
    if last is not None and last.outcome == QUEUED:
        return "sending", last.at, ""
    opened = [one.opened_at for one in links if one.opened_at]
    if opened:
        return "opened", opened[-1], ""
    if last is not None:
        return "sent", last.at, ""
    return "not_invited", status_since, ""


def trouble_of(letter: Posted, now: dt.datetime) -> str:
    """Why the letter did not leave; '' when it did, or is still on its way."""
    if letter.outcome == FAILED:
        return letter.trouble if letter.trouble in TROUBLES else "refused"
    if letter.outcome == QUEUED and now - letter.at > INTERRUPTED_AFTER:
        return "interrupted"
    return ""


@dataclass(frozen=True)
class Batch:
    """What became of letters that were sent together. ``failed``: ids of the participations whose letter failed."""

    total: int = 0
    sent: int = 0
    waiting: int = 0
    failed: frozenset[int] = frozenset()


def batch_of(letters: Iterable[tuple[int, Posted]], now: dt.datetime) -> Batch:
    """``letters``: (participation id, letter) of the batch."""
    letters = list(letters)
    failed = frozenset(key for key, one in letters if trouble_of(one, now))
    waiting = sum(one.outcome == QUEUED and not trouble_of(one, now) for _, one in letters)
    return Batch(len(letters), sum(one.outcome == SENT for _, one in letters), waiting, failed)


def order(one: Standing, name: str) -> tuple[Any, ...]:
    """Worst first; among the silent ones those who keep us waiting longest."""
    silent = one.state in ("opened", "sent")
    place = STATES.index("opened") if silent else STATES.index(one.state)
    return (place, -(one.days or 0) if silent else 0, one.since.timestamp() if silent else 0, name)


# --- letters ---------------------------------------------------------------------------------------------------------

INVITATION, REMINDER = "invitation", "reminder"
SUBJECTS = {INVITATION: N_("Invitation"), REMINDER: N_("Reminder")}
_OPENINGS = {
    INVITATION: N_("%(service)s is invited to take part in %(operation)s."),
    REMINDER: N_("We have not heard yet whether %(service)s takes part in %(operation)s."),
}


def kind_of(status: str, letters: int) -> str:
    """A first letter, or an answered service that is asked again, is an invitation; any later one a reminder."""
    return REMINDER if letters and status == ParticipationStatus.INVITED else INVITATION


def letter_lines(kind: str) -> list[str]:
    """Marked paragraphs of a letter. Parameters: service, operation, link, until, coordinator.

    No dates of the operation, no place, no purpose: a letter travels in the open, the page behind the link does not.
    """
    return [
        N_("To the desk of %(service)s,"),
        _OPENINGS[kind],
        N_(
            "The page below says what is asked. There you confirm or decline, and give your own dates, your desk and "
            "your planned staff. No account is needed:"
        ),
        "%(link)s",
        N_(
            "The link is for your service alone and works until %(until)s. The answer can be changed until the "
            "operation opens."
        ),
        N_("Do not write about persons or cases in an answer to this letter."),
        N_("%(coordinator)s, for the coordination of %(operation)s"),
    ]


# --- sheets ----------------------------------------------------------------------------------------------------------

_FORMULA = frozenset("=+-@\t\r")


def formula_safe(text: str) -> str:
    """Text that no spreadsheet program takes for a formula when it opens a .csv; full-width signs count too."""
    flat = unicodedata.normalize("NFKC", text.lstrip(" \u3000\n"))
    return f"'{text}" if flat[:1] in _FORMULA and flat else text
