"""Rules of the link with which a service sends its return without an account: token, end, the words of its letter.

Plain functions on plain values, as ``plan.invitation_rules``; a token of an invitation is none of a return.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from outreach.errors import N_
from outreach.plan import invitation_rules as invitations
from outreach.vocab import EntryMode, ParticipationStatus

Marker = Callable[[str, str], str]

SCOPE = "return-link"
AFTER_DEADLINE = dt.timedelta(days=14)
AFTER_WINDOW = dt.timedelta(days=30)
SHORTEST_LIFE = dt.timedelta(days=7)
NO_WINDOW_LIFE = dt.timedelta(days=60)


def token_of(uid: str, mark: Marker) -> str:
    """The token of a link: its uid and a keyed mark. Made anew whenever it is needed, stored nowhere."""
    return invitations.token_of(uid, lambda text, _scope: mark(text, SCOPE))


def uid_of(token: str, mark: Marker) -> str | None:
    """The uid in a token that carries the right mark, else ``None``; compared in constant time."""
    return invitations.uid_of(token, lambda text, _scope: mark(text, SCOPE))


def link_end(now: dt.datetime, window_ends: dt.datetime | None, deadline: dt.datetime | None) -> dt.datetime:
    """Until when one works: two weeks after the entry deadline, else a month after the window; at least a week."""
    if deadline is not None:
        end = deadline + AFTER_DEADLINE
    elif window_ends is not None:
        end = window_ends + AFTER_WINDOW
    else:
        end = now + NO_WINDOW_LIFE
    return max(end, now + SHORTEST_LIFE)


def link_works(
    now: dt.datetime, ends_at: dt.datetime, revoked: bool, status: str, entry_mode: str, operation: str
) -> bool:
    """Whether the page behind a link shows. ``operation``: its status; the rest is of link and participation."""
    if status == ParticipationStatus.DECLINED or entry_mode == EntryMode.NONE:
        return False
    return invitations.link_works(now, ends_at, revoked, status, operation)


SUBJECT = N_("Return workbook")


def letter_lines() -> list[str]:
    """Marked paragraphs of a letter. Parameters: service, operation, link, until, coordinator.

    No days, no place, no figures: a letter travels in the open, the page behind the link does not.
    """
    return [
        N_("To the desk of %(service)s,"),
        N_("%(operation)s asks for the figures of %(service)s."),
        N_(
            "On the page below you download an Excel workbook made for your service and send it back filled in. Before "
            "anything is taken, the page shows what it would change and which cells need a correction. No account is "
            "needed:"
        ),
        "%(link)s",
        N_(
            "The link is for your service alone and works until %(until)s. You may send the workbook again; the same "
            "rows are never counted twice."
        ),
        N_("Do not write about persons or cases in an answer to this letter."),
        N_("%(coordinator)s, for the coordination of %(operation)s"),
    ]
