"""The one catalogue of problems: what went wrong, its HTTP status, and what to do about it.

Rules and commands raise a ``Problem``; ``web.problems`` turns it into a page and ``cli`` into a line. Texts are
English source strings marked with ``N_`` and translated where they are shown; parameters are named. Nothing else
belongs here: no Flask, no formatting, no logging.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def N_(text: str) -> str:
    """Mark ``text`` for translation without translating it (this layer knows no language)."""
    return text


class Problem(Exception):
    """Something the person in front of the screen can understand and act on."""

    code = "problem"
    status = 400
    message = N_("That did not work.")
    fix = N_("Go back and try again.")

    def __init__(self, message: str | None = None, fix: str | None = None, **params: Any) -> None:
        self.message = message or type(self).message
        self.fix = fix or type(self).fix
        self.params = params
        super().__init__(self.message % params if params else self.message)


@dataclass(frozen=True)
class Finding:
    """One thing wrong with one field (or one place of a file): where, what, how to fix it.

    ``where`` is a form field's name, or for files the dotted place ``Sheet!B7``; ``message`` is a marked source
    string with named parameters.
    """

    where: str
    message: str
    params: dict[str, Any] = field(default_factory=dict)

    def english(self) -> str:
        return self.message % self.params if self.params else self.message


class Invalid(Problem):
    """The input has findings; nothing was changed. Forms show them at their fields."""

    code = "invalid"
    status = 422
    message = N_("There is a problem with what was entered.")
    fix = N_("Correct the fields listed and send it again; what you typed is kept.")

    def __init__(self, *findings: Finding) -> None:
        super().__init__()
        self.findings = list(findings)

    @classmethod
    def at(cls, where: str, message: str, **params: Any) -> Invalid:
        return cls(Finding(where, message, params))

    def __str__(self) -> str:
        return "; ".join(f"{f.where}: {f.english()}" for f in self.findings)


class NotFound(Problem):
    """No such page or record, or not one of yours: the answer is the same on purpose."""

    code = "not_found"
    status = 404
    message = N_("This page does not exist, or it is not yours to see.")
    fix = N_("Check the address, or go to the overview.")


class NotAllowed(Problem):
    """The actor may see the object but not do this to it."""

    code = "not_allowed"
    status = 403
    message = N_("Your role does not allow this.")
    fix = N_("Ask the coordinator of the operation or of your service.")


class SignInNeeded(Problem):
    code = "sign_in_needed"
    status = 401
    message = N_("Sign in to continue.")
    fix = N_("What you typed is kept until you have signed in.")


class Changed(Problem):
    """Somebody else changed the same record first."""

    code = "changed"
    status = 409
    message = N_("Somebody else changed this while you were working on it.")
    fix = N_("Compare what stands now with what you typed, then save again.")


class Blocked(Problem):
    """The state of the operation does not allow this step; the parameters say why."""

    code = "blocked"
    status = 409
    message = N_("This cannot be done yet.")
    fix = N_("See what is missing on the plan page.")


class TooLarge(Problem):
    code = "too_large"
    status = 413
    message = N_("That is larger than Outreach accepts here.")
    fix = N_("Send a smaller file, or split it.")


class WrongMethod(Problem):
    code = "wrong_method"
    status = 405
    message = N_("This address does not accept that request.")
    fix = N_("Go back to the page and use its buttons.")


class Forged(Problem):
    """The CSRF token or the Origin header does not fit."""

    code = "forged"
    status = 400
    message = N_("This form was open too long, or it did not come from this site.")
    fix = N_("Nothing was saved. Go back, reload the page and send it again.")


class Unavailable(Problem):
    """The database is locked, full, read-only or gone. Nothing was half-written."""

    code = "unavailable"
    status = 503
    message = N_("Outreach cannot save right now. Nothing was saved.")
    fix = N_("Keep this page open and send it again in a minute. If it stays so, tell the administrator.")


class Unexpected(Problem):
    code = "unexpected"
    status = 500
    message = N_("Something went wrong in Outreach. Nothing was saved.")
    fix = N_("Go back and try again. If it stays so, tell the administrator the time.")


class Unreadable(Problem):
    """A file is not what it should be; the message says what was found."""

    code = "unreadable"
    status = 422
    message = N_("This file cannot be read as an Excel workbook (.xlsx).")
    fix = N_("Open it in Excel or LibreOffice, save it as .xlsx without a password, and send that.")


class KeyMissing(Problem):
    """Sealed text cannot be opened: wrong key file, wrong place, or it was altered."""

    code = "key_missing"
    status = 500
    message = N_("A sealed text cannot be opened with the keys of this site.")
    fix = N_("Tell the administrator: the key file does not fit the database.")


class DeadLink(Problem):
    """A one-time link that does not work: unknown, used, expired, or its account is disabled; nobody learns which."""

    code = "dead_link"
    status = 404
    message = N_("This link does not work.")
    fix = N_("A link works once and for a limited time. Ask the person who sent it for a new one.")


class TooMany(Problem):
    """Too many links that do not work were tried from one place; how long to wait is ``minutes``."""

    code = "too_many"
    status = 429
    message = N_("Too many links that do not work were opened from this network.")
    fix = N_("Wait a quarter of an hour, then open the link from the letter again.")
