"""Notes that a liaison's phone sealed: what they say, when it was, and the words of the site about them.

The format on the wire is the field's (``field.sealed_rules``); what becomes of a note is ``note_commands``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from outreach.errors import N_
from outreach.field import sealed_rules
from outreach.field.sealed_rules import Opened
from outreach.vocab import NoteHeld, NoteKind

from .case_rules import Entry, Goal

KINDS = frozenset(NoteKind.values())
SOON = (1, 3, 7)
"""Days from the day of the note that the form offers."""
_LONGEST = 5_000  # what a field may hold before the rules of a case judge it

HELD: dict[str, str] = {
    NoteHeld.ACCOUNT_ENDED: N_("It has arrived. Your account has ended, so a liaison of the agency decides on it."),
    NoteHeld.NOT_LIAISON: N_("It has arrived. You are no longer a liaison of this agency, so a colleague decides."),
    NoteHeld.ELSEWHERE: N_("It has arrived. The referral is no longer with your agency, so a colleague decides."),
    NoteHeld.ENDED: N_("It has arrived. The referral has ended, so a liaison of the agency decides on it."),
    NoteHeld.INVALID: N_("It has arrived. Something in it does not fit, so a liaison of the agency decides on it."),
    NoteHeld.KEY_MISSING: N_("It has arrived and stays sealed until the site has its key again."),
}
REFUSALS: dict[str, tuple[str, str]] = {
    "malformed": (
        N_("The site could not read this note."),
        N_("It stays on this phone. Write it again on the site."),
    ),
    "tampered": (
        N_("This note was altered on its way or on the phone."),
        N_("It stays on this phone. Send it again on another network, or write it again on the site."),
    ),
    "unknown_key": (
        N_("This note was sealed to a key that your agency does not have."),
        N_("It stays on this phone. Tell the administrator: the key store may have to be restored."),
    ),
    "too_large": (N_("This note is too large to be taken."), N_("It stays on this phone. Write it again on the site.")),
    "wrong_person": (
        N_("This note was saved by another person on this phone."),
        N_("It stays on this phone until that person signs in here."),
    ),
    "unknown_ticket": (
        N_("The site does not know this phone."),
        N_("Sign in again on this phone; what waits is sent then."),
    ),
    "too_many": (
        N_("Very many notes of this account wait for a decision already."),
        N_("It stays on this phone. A liaison of the agency decides on those first."),
    ),
    "sign_in_needed": sealed_rules.SIGN_IN,
}


def when(opened: Opened, offset_ms: int | None, received_at: dt.datetime, made_at: dt.datetime) -> dt.datetime:
    """When it was, by the site's clock: never after it came, and not before there was a referral."""
    at = min(sealed_rules.corrected(opened.saved_at, offset_ms), received_at)
    return at if at >= made_at else received_at


def referral_of(opened: Opened) -> str:
    """The uid of the referral that a note is about, as the phone wrote it."""
    return _one(opened.fields, "referral")


def goal_uid(opened: Opened) -> str:
    return _one(opened.fields, "item")


def entry_said(opened: Opened, on: dt.date) -> Entry:
    """One time in touch, made on the day ``on``. Raises ``ValueError`` for a day that does not exist."""
    said = opened.fields
    soon = _one(said, "next_in")
    chosen = on + dt.timedelta(days=int(soon)) if soon in {str(days) for days in SOON} else None
    return Entry(
        _one(said, "way"), _one(said, "result"), _one(said, "safe"), _one(said, "note"), _day(said, "next_on") or chosen
    )


def goal_said(opened: Opened) -> Goal:
    """What one goal says. Raises ``ValueError`` for a day that does not exist."""
    said = opened.fields
    return Goal(_one(said, "area"), _one(said, "goal"), _one(said, "step"), _day(said, "due_on"), _one(said, "state"))


def _day(said: Mapping[str, list[str]], name: str) -> dt.date | None:
    text = _one(said, name)
    return dt.date.fromisoformat(text) if text else None


def _one(said: Mapping[str, list[str]], name: str) -> str:
    """The first value, its lines as a form sends them to the site, without signs that no keyboard types."""
    text = (said.get(name) or [""])[0][:_LONGEST].replace("\r\n", "\n").replace("\r", "\n").strip()
    return "".join(sign for sign in text if sign.isprintable() or sign == "\n")
