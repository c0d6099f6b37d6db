"""Rules of a plan: names, reporting places, the life of an operation, what is left to do. Plain functions on values.

No SQL, no Flask, nothing that was logged in the field. Windows are in ``operation_rules``, pasted rows in
``paste_rules``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from outreach.errors import N_
from outreach.rollup.measures import CATALOGUE, Family
from outreach.vocab import OperationStatus

# --- names -----------------------------------------------------------------------------------------------------------

_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "’": " ", "'": " "})
_SAME_WORD = {
    "services": "service",
    "st": "saint",
    "ste": "sainte",
    "mt": "mount",
    "dept": "department",
    "ps": "police service",
    "pd": "police department",
}
_SMALL_WORDS = frozenset({"the", "of", "and", "de", "du", "des", "la", "le", "les", "et", "l", "d"})


def words_of(name: str) -> list[str]:
    """The words of a name without case, accents, punctuation and small words; common words in one spelling."""
    flat = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    flat = "".join(c for c in flat if not unicodedata.combining(c))
    flat = re.sub(r"(?<=\b\w)\.(?=\w\b)", "", flat)  # O.P.P. is one word
    words = re.sub(r"[^\w]+|_", " ", flat).split()
    same = " ".join(_SAME_WORD.get(word, word) for word in words).split()
    return [word for word in same if word not in _SMALL_WORDS] or same


def name_key(name: str) -> str:
    """What two spellings of one name have in common, at most 160 characters; '' for a name without any letter."""
    return "".join(words_of(name))[:160]


def matches(query: str, *texts: str) -> bool:
    """Whether every word of a search stands in the texts, whatever the accents, case and hyphens."""
    there = " ".join(name_key(text) for text in texts) + " " + " ".join(" ".join(words_of(t)) for t in texts)
    return all(word in there for word in words_of(query))


# --- reporting places ------------------------------------------------------------------------------------------------

# The measures that are placed together, in the words of the form.
PLACED: dict[str, tuple[Family, str]] = {
    "contacts": (Family.CONTACTS, N_("Contacts, persons met, support, referrals and kits")),
    "personnel": (Family.PERSONNEL, N_("Personnel")),
    "enforcement": (Family.ENFORCEMENT, N_("Persons arrested, persons charged and charges")),
}


def measures_placed_as(family: str) -> tuple[str, ...]:
    """Codes under which the reporting place of a family is stored."""
    return tuple(sorted({m.place_code for m in CATALOGUE if m.family is PLACED[family][0]}))


def places_chosen(counted_in: dict[str, Any]) -> dict[str, int]:
    """``{family: operation id}`` of a stored ``{measure: operation id}``."""
    return {f: counted_in[code] for f in PLACED for code in measures_placed_as(f)[:1] if code in counted_in}


# --- the life of an operation ----------------------------------------------------------------------------------------

DRAFT, PLANNED, ACTIVE, REPORTING, CLOSED, ARCHIVED = OperationStatus


@dataclass(frozen=True)
class Count:
    """What the life of an operation depends on, as plain counts.

    ``invited``, ``confirmed``: participations; ``logging``: confirmed ones that log contacts, ``crewed`` of them with
    a team that has a member; ``totals``: confirmed ones that send daily totals; ``members``: distinct people in
    teams, ``with_account`` of them with an account. ``heard`` and ``owing``: services that reported anything and
    that owe anything, ``None`` where nobody asked. ``shifts`` planned, ``drafts`` of them not published as they stand.
    What is left of briefing, kits and training is ``None`` while the operation does not use them: ``unread`` and
    ``untrained`` team members, services ``waiting`` for kits. ``signing``: services that owe signed figures, ``None``
    until reporting has started; ``signed`` of them have; ``locked``: whether a version of the figures is.
    """

    status: str = "draft"
    window_known: bool = False
    window_ended: bool = False
    services_known: bool = True
    children: int = 0
    invited: int = 0
    confirmed: int = 0
    logging: int = 0
    crewed: int = 0
    totals: int = 0
    teams: int = 0
    members: int = 0
    with_account: int = 0
    heard: int | None = None
    owing: int | None = None
    shifts: int = 0
    drafts: int = 0
    unread: int | None = None
    waiting: int | None = None
    untrained: int | None = None
    signing: int | None = None
    signed: int = 0
    locked: bool = False


@dataclass(frozen=True)
class Reason:
    """Why something cannot be done yet: a marked sentence with named parameters."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """One step in the life of an operation. ``room``: whose command makes it. ``back`` needs a reason in words."""

    to: OperationStatus
    label: str
    what: str
    room: str = "plan"
    back: bool = False


@dataclass(frozen=True)
class State:
    """What a state means, what it allows in the plan, and where it may go (who: action ``operation.move``)."""

    means: str
    allows: frozenset[str]
    moves: tuple[Move, ...]


_PLAN = frozenset({"window", "clock", "services", "teams"})

STATES: dict[OperationStatus, State] = {
    DRAFT: State(
        N_("Only its coordinators work on it."),
        _PLAN,
        (
            Move(
                PLANNED,
                N_("Confirm the plan"),
                N_("Services see the window and their teams. Nothing can be logged yet."),
            ),
        ),
    ),
    PLANNED: State(
        N_("The plan stands; nothing can be logged yet."),
        _PLAN,
        (
            Move(
                ACTIVE,
                N_("Open the operation"),
                N_("Officers can log contacts and services can enter daily totals."),
                "ready",
            ),
            Move(DRAFT, N_("Back to draft"), N_("The plan is open for larger changes."), back=True),
        ),
    ),
    ACTIVE: State(
        N_("Contacts are logged and daily totals come in."),
        _PLAN - {"clock"} | {"entries"},
        (
            Move(REPORTING, N_("Start reporting"), N_("Services complete and check their figures."), "returns"),
            Move(PLANNED, N_("Back to planned"), N_("Nothing can be logged until it is opened again."), back=True),
        ),
    ),
    REPORTING: State(
        N_("Services complete and check their figures."),
        frozenset({"window", "services", "entries"}),
        (
            Move(
                CLOSED,
                N_("Close the operation"),
                N_("Only service coordinators change figures, with a reason."),
                "returns",
            ),
            Move(ACTIVE, N_("Back to active"), N_("Teams log contacts again."), "returns", back=True),
        ),
    ),
    CLOSED: State(
        N_("The figures stand; a change needs a reason."),
        frozenset({"services"}),
        (
            Move(ARCHIVED, N_("Archive"), N_("Nothing can be changed any more."), "returns"),
            Move(
                REPORTING,
                N_("Back to reporting"),
                N_("Services may correct their figures again."),
                "returns",
                back=True,
            ),
        ),
    ),
    ARCHIVED: State(
        N_("Nothing can be changed."),
        frozenset(),
        (Move(CLOSED, N_("Back to closed"), N_("A change needs a reason."), "returns", back=True),),
    ),
}


def move_between(status: str, to: str) -> Move | None:
    """The move from one state to another, or ``None`` where the table has none."""
    return next((move for move in STATES[OperationStatus(status)].moves if move.to == to), None)


def blocks(to: str, count: Count) -> list[Reason]:
    """What must be done before a move; empty when nothing blocks it."""
    found = []
    if to in (PLANNED, ACTIVE) and not count.window_known and not count.children:
        found.append(Reason(N_("the window is not known")))
    if to == PLANNED and count.services_known and not count.confirmed and not count.children:
        found.append(Reason(N_("no service is confirmed")))
    if to == ACTIVE and not (count.crewed or count.totals or count.children or not count.services_known):
        found.append(Reason(N_("no team has a member and no service sends daily totals")))
    return found


def needs_reason(move: Move, count: Count) -> bool:
    """Whether a move must be explained: every way back, and reporting before the window has ended."""
    return move.back or (move.to == REPORTING and not count.window_ended)


# --- the task list ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """One task: ``place`` names the page, ``state`` is done, next, todo or blocked, ``note`` why or what is left."""

    place: str
    title: str
    state: str
    note: Reason | None = None


@dataclass(frozen=True)
class TaskList:
    """Tasks under ``prepare``, ``run`` and ``close``, and how many are done."""

    sections: tuple[tuple[str, tuple[Task, ...]], ...]
    done: int
    total: int

    @property
    def next(self) -> Task | None:
        return next((t for _, tasks in self.sections for t in tasks if t.state == "next"), None)


USED = ("shifts", "briefing", "kits", "training")
"""Tasks of what an operation need not use: each is listed only once it is begun, so that the list stays short."""

_Row = tuple[str, str, str, bool, list[Reason], Reason | None]


def _used(count: Count, reporting: bool) -> list[_Row]:
    """Rows of what the operation uses. While it runs none of them is *next*, nor are accounts; reporting ends them."""
    titles = (
        (N_("Shifts published"), count.drafts if count.shifts else None, N_("Shifts to publish: %(missing)s")),
        (N_("Briefing read"), count.unread, N_("Have not read it: %(missing)s")),
        (N_("Kits received"), count.waiting, N_("Services that wait for kits: %(missing)s")),
        (N_("Training followed"), count.untrained, N_("Team members without it: %(missing)s")),
    )
    return [
        ("prepare", place, title, not left, [], Reason(words, {"missing": left}) if left else None)
        for place, (title, left, words) in zip(USED, titles, strict=True)
        if left is not None and not reporting
    ]


def _signed(count: Count) -> list[_Row]:
    """Signatures and the locked version, once reporting has started."""
    if not count.signing:
        return []
    missing = count.signing - count.signed
    words = Reason(N_("Services without a signature: %(missing)s"), {"missing": missing}) if missing else None
    return [
        ("close", "signatures", N_("Figures signed"), not missing, [], words),
        ("close", "locked", N_("Figures locked"), count.locked, [], None),
    ]


def tasks(count: Count) -> TaskList:
    """What is left to do, worked out from counts alone; the first task that can be done is *next*."""
    at = list(OperationStatus).index(OperationStatus(count.status))
    planned, active, reporting, closed = (at >= step for step in (1, 2, 3, 4))
    parent_only = count.children > 0 and not count.confirmed and not count.invited
    rows: list[_Row] = [
        (
            "prepare",
            "window",
            N_("Name and window"),
            count.window_known or count.children > 0,
            [],
            None if count.window_known else Reason(N_("Window not known")),
        ),
        (
            "prepare",
            "invitations" if count.invited else "services",
            N_("Services"),
            (count.confirmed > 0 and not count.invited) or parent_only or not count.services_known,
            [],
            Reason(N_("%(invited)s invited, not confirmed yet"), {"invited": count.invited}) if count.invited else None,
        ),
        (
            "prepare",
            "teams",
            N_("Teams"),
            bool(count.confirmed and count.crewed >= count.logging) or parent_only or not count.services_known,
            [] if count.confirmed or parent_only else [Reason(N_("no service is confirmed"))],
            Reason(N_("Services without a team: %(missing)s"), {"missing": count.logging - count.crewed})
            if count.logging > count.crewed
            else None,
        ),
        (
            "prepare",
            "people",
            N_("Accounts for officers"),
            parent_only
            or not count.services_known
            or bool(count.confirmed and count.with_account >= count.members and (count.members or not count.logging)),
            [] if count.members or not count.logging else [Reason(N_("no team has a member"))],
            Reason(N_("Team members without an account: %(missing)s"), {"missing": count.members - count.with_account})
            if count.members > count.with_account
            else None,
        ),
        *_used(count, reporting),
        ("prepare", "planned", N_("Confirm the plan"), planned, blocks(PLANNED, count), None),
        (
            "run",
            "active",
            N_("Open the operation"),
            active,
            blocks(ACTIVE, count) if planned else [Reason(N_("the plan is not confirmed"))],
            None,
        ),
        (
            "run",
            "hear",
            N_("Hear from every service"),
            closed or bool(count.owing and count.heard is not None and count.heard >= count.owing),
            [] if active else [Reason(N_("the operation is not open"))],
            Reason(N_("%(heard)s of %(owing)s services in"), {"heard": count.heard, "owing": count.owing})
            if count.heard is not None and count.owing and active
            else None,
        ),
        (
            "close",
            "reporting",
            N_("Start reporting"),
            reporting,
            ([] if count.window_ended or not count.window_known else [Reason(N_("the window is still open"))])
            if active
            else [Reason(N_("the operation is not open"))],
            None,
        ),
        *_signed(count),
        (
            "close",
            "closed",
            N_("Close the operation"),
            closed,
            [] if reporting else [Reason(N_("reporting has not started"))],
            None,
        ),
    ]
    sections: dict[str, list[Task]] = {"prepare": [], "run": [], "close": []}
    chosen = False
    for section, place, title, done, blocked, note in rows:
        later = chosen or (active and place in (*USED, "people"))
        state = "done" if done else "blocked" if blocked else "todo" if later else "next"
        chosen = chosen or state == "next"
        sections[section].append(Task(place, title, state, blocked[0] if state == "blocked" else note))
    return TaskList(
        tuple((code, tuple(found)) for code, found in sections.items()), sum(1 for row in rows if row[3]), len(rows)
    )
