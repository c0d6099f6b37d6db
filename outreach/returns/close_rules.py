"""Plain rules of closing an operation: what is wrong with each service, which comes first, who may be reminded again.

Nothing is counted here; what a figure is and whether a day has come is decided in ``rollup``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from outreach.errors import N_
from outreach.rollup.checks import Check, Severity
from outreach.rollup.completeness import Came, Timeliness
from outreach.rollup.units import UNDATED
from outreach.vocab import EntryMode, ReturnState, SignState

# --- where a service stands, worst first -----------------------------------------------------------------------------

DIFFERS, OVERDUE, REOPENED, UNSENT, RETURNED, PROVISIONAL, OPEN, SIGNED = (
    "differs", "overdue", "reopened", "unsent", "returned", "provisional", "open", "signed")  # fmt: skip
RANKS: dict[str, str] = {
    DIFFERS: N_("Does not agree"),
    OVERDUE: N_("Overdue"),
    REOPENED: N_("Reopened"),
    UNSENT: N_("Not all in"),
    RETURNED: N_("Return waits"),
    PROVISIONAL: N_("Provisional"),
    OPEN: N_("Not signed"),
    SIGNED: N_("Signed"),
}
"""What is said of a service, the worst first: a wrong figure, then a missing one, then a missing signature."""
TAGS = {DIFFERS: "problem", OVERDUE: "overdue", SIGNED: "signed"}
"""How the worst of a service is drawn; everything else waits for somebody."""

BESIDE = frozenset({"totals_beside_records", "records_beside_totals"})
"""Checks that are a question to everybody else: here a service closes its figures, so they must be answered."""

# Where it is put right.
FIGURES, SIGN, TOTALS, LEDGER, PHONES, HELD, RETURN = "figures", "sign", "totals", "ledger", "phones", "held", "return"


@dataclass(frozen=True)
class Lack:
    """One thing that is missing: under which rank, in words, and where it is put right. ``days``: those overdue.

    ``measure`` is the code of the figure that ``params`` speak of.
    """

    rank: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    place: str = FIGURES
    days: tuple[int, ...] = ()
    measure: str = ""


@dataclass(frozen=True)
class Days:
    """How many of a service's days have come: a number, a zero or a refusal. ``late``: of them after they were due."""

    told: int = 0
    due: int = 0
    late: int = 0
    overdue: tuple[int, ...] = ()

    @property
    def complete(self) -> bool:
        return self.told == self.due


def days_of(times: Iterable[Timeliness]) -> Days:
    """The days of one service, from when each was due and heard. What is asked once for the window is no day."""
    told = due = late = 0
    overdue: list[int] = []
    for one in times:
        if one.day == UNDATED:
            continue
        due += 1
        told += one.came in (Came.ON_TIME, Came.LATE)
        late += one.came is Came.LATE
        if one.came is Came.MISSING:
            overdue.append(one.day)
    return Days(told, due, late, tuple(overdue))


@dataclass(frozen=True)
class Facts:
    """What is known of one service at the close. ``checks``: what does not fit and nobody has explained; ``moved``: the
    figure that another number was signed of, ``(measure, signed, now)``; ``returns``: states of returns that wait;
    ``untold``: figures that are due, of any day, and were neither told nor refused."""

    sign: SignState
    version: int = 0
    days: Days = Days()
    checks: tuple[Check, ...] = ()
    moved: tuple[tuple[str, int | None, int | None], ...] = ()
    unsent: int = 0
    phones: int = 0
    held: int = 0
    returns: tuple[str, ...] = ()
    heard: bool = True
    untold: int = 0


def lacks(facts: Facts) -> list[Lack]:
    """Everything that is missing or wrong of one service, the worst first; nothing when it is signed and stands."""
    found = [
        *_wrong(facts),
        *_missing(facts),
        *_reopened(facts),
        *_waiting(facts),
        *_returned(facts),
        *_unsigned(facts),
    ]
    order = list(RANKS)
    return sorted(found, key=lambda lack: order.index(lack.rank))


def _wrong(facts: Facts) -> Iterable[Lack]:
    for check in facts.checks:
        place = LEDGER if check.code in BESIDE else FIGURES
        yield Lack(DIFFERS, check.message, check.params, place, measure=str(check.where.get("measure", "")))
    if facts.sign in (SignState.SIGNED, SignState.PROVISIONAL):
        for code, signed, now in facts.moved:
            yield Lack(DIFFERS, *_moved(code, signed, now), LEDGER, measure=code)


def _moved(_code: str, signed: int | None, now: int | None) -> tuple[str, dict[str, Any]]:
    if now is None:
        return N_("%(measure)s: signed %(signed)s, now not known."), {"signed": signed}
    return N_("%(measure)s: signed %(signed)s, now %(now)s."), {"signed": signed, "now": now}


def _missing(facts: Facts) -> Iterable[Lack]:
    if facts.days.overdue:
        yield Lack(OVERDUE, N_("Not received: %(days)s"), place=TOTALS, days=facts.days.overdue)


def _reopened(facts: Facts) -> Iterable[Lack]:
    if facts.sign != SignState.REOPENED:
        return
    for code, signed, now in facts.moved[:1]:
        message, params = _moved(code, signed, now)
        yield Lack(REOPENED, message, params, SIGN, measure=code)
    if not facts.moved:
        yield Lack(
            REOPENED, N_("Something changed after version %(version)s was signed."), {"version": facts.version}, SIGN
        )


def _waiting(facts: Facts) -> Iterable[Lack]:
    """Said with their number, by the page (``PHONES`` and ``HELD`` tell which)."""
    if facts.unsent:
        yield Lack(UNSENT, "", {"num": facts.unsent, "phones": facts.phones}, PHONES)
    if facts.held:
        yield Lack(UNSENT, "", {"num": facts.held}, HELD)


def _returned(facts: Facts) -> Iterable[Lack]:
    words = {
        ReturnState.FAULTY.value: N_("A return with rows to fix waits."),
        ReturnState.REFUSED.value: N_("The last return could not be read."),
        ReturnState.READY.value: N_("A return is ready to take."),
        ReturnState.WAITING.value: N_("A return waits to be read."),
    }
    for state, said in words.items():
        if state in facts.returns:
            yield Lack(RETURNED, said, place=RETURN)
            return


def _unsigned(facts: Facts) -> Iterable[Lack]:
    if facts.sign == SignState.PROVISIONAL:
        yield Lack(PROVISIONAL, N_("Signed although something was missing: it has to be signed again."), place=SIGN)
    if facts.sign in (SignState.OPEN, SignState.NOTHING):
        if facts.days.overdue:
            return  # what is missing first; the signature follows
        if not facts.heard:
            yield Lack(OPEN, N_("Nothing was heard yet."), place=TOTALS)
        elif facts.days.complete and facts.untold:
            words = N_("Every day is in, but not every figure: %(num)s not told.")
            yield Lack(OPEN, words, {"num": facts.untold}, place=SIGN)
        elif facts.days.complete:
            yield Lack(OPEN, N_("Complete; the signature is missing."), place=SIGN)
        else:
            yield Lack(OPEN, N_("Not complete yet, and not signed."), place=SIGN)


def rank_of(found: Iterable[Lack], sign: SignState) -> str:
    """The worst of what is missing; a service without any is signed, or waits for its signature."""
    order = list(RANKS)
    ranks = [lack.rank for lack in found]
    if sign in (SignState.OPEN, SignState.NOTHING):
        ranks.append(OPEN)
    return min(ranks, key=order.index, default=SIGNED)


Key = Callable[[Any], Any]

SORTS: dict[str, tuple[str, Key]] = {
    "worst": (N_("Worst first"), lambda line: (list(RANKS).index(line.rank), -len(line.lacks))),
    "name": (N_("A to Z"), lambda line: ()),
    "met": (N_("Most met"), lambda line: _most(line.figures.get("persons_met"))),
    "heard": (N_("Longest silent"), lambda line: line.heard_at.timestamp() if line.heard_at else -1),
    "unsent": (N_("Most not sent"), lambda line: -(line.unsent + line.held)),
}
"""Orders of the rows; within one, and where two are alike, by name."""


def _most(figure: Any) -> tuple[bool, float]:
    value = getattr(figure, "value", None)
    return (value is None, -(value or 0))


def contradictions(
    checks: Iterable[Check], explained: frozenset[tuple[str, int]] = frozenset()
) -> dict[int, list[Check]]:
    """Service → what of it cannot be true, or differs between its sources without an explanation.

    ``explained``: code of the check's measure and service whose difference somebody has explained.
    """
    found: dict[int, list[Check]] = {}
    for check in checks:
        service = check.where.get("service")
        if service is None or not (check.severity is Severity.PROBLEM or check.code in BESIDE):
            continue
        if check.code in BESIDE and (str(check.where.get("measure", "")), service) in explained:
            continue
        found.setdefault(int(service), []).append(check)
    return found


def moved(
    signed: Mapping[str, Any], now: Mapping[str, int | float | None]
) -> tuple[tuple[str, int | None, int | None], ...]:
    """Figures of which another number was signed than stands now, in the order of ``now``."""
    return tuple(
        (code, signed.get(code), None if value is None else int(value))
        for code, value in now.items()
        if code in signed and signed[code] != value
    )


# --- reminders --------------------------------------------------------------------------------------------------------

QUIET = dt.timedelta(hours=1)
"""Nobody is reminded twice within this time, unless that is asked for."""
WAITING, SENT, FAILED = "waiting", "sent", "failed"
INTERRUPTED_AFTER = dt.timedelta(minutes=10)
EMAIL, LETTER = "email", "letter"

OUTCOMES = {WAITING: N_("leaving"), SENT: N_("sent"), FAILED: N_("not sent")}

ASK = N_("Tick the services first.")
ALL_REMINDED = N_("They were all reminded within the last hour. Tick “Remind again” to send another letter.")
SUBJECT = N_("Your figures")


def too_soon(last: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a service had its last reminder a moment ago. A clock that was set back does not silence for longer."""
    return last is not None and now - QUIET < last <= now


def outcome_of(outcome: str, at: dt.datetime, now: dt.datetime) -> str:
    """What became of a letter; one that has waited for long was interrupted and did not leave."""
    return FAILED if outcome == WAITING and now - at > INTERRUPTED_AFTER else outcome


def letter_lines(rank: str, entry_mode: str, *, linked: bool) -> list[str]:
    """Marked paragraphs of a reminder. Parameters: service, operation, link, until, coordinator.

    No days, no figures, no place: a letter travels in the open.
    """
    lines = [N_("To %(service)s"), N_("The figures of “%(operation)s” are being closed."), _WHAT[rank]]
    if linked:
        lines.append(
            N_("You can download, fill in and send your return here until %(until)s, without an account: %(link)s")
        )
    elif entry_mode == EntryMode.CONTACTS:
        lines.append(N_("Look at your figures here, then sign them: %(link)s"))
    else:
        lines.append(N_("Enter what is missing here, then sign: %(link)s"))
    if rank in (OVERDUE, OPEN):
        lines.append(N_("If there was nothing to report, say zero: a blank is not a zero."))
    return [*lines, N_("Whoever has done this meanwhile need do nothing more."), "%(coordinator)s"]


_WHAT = {
    DIFFERS: N_("Two of your figures do not agree with each other: look at them, correct or explain them."),
    OVERDUE: N_("Figures of some of your days have not come."),
    REOPENED: N_("Something changed after you signed: look at it and sign again."),
    UNSENT: N_("Phones of your teams still hold records, or records wait for your decision."),
    RETURNED: N_("Your last return is not taken yet: rows of it may have to be fixed."),
    PROVISIONAL: N_("You signed although something was missing: complete it and sign again."),
    OPEN: N_("Your signature is missing."),
    SIGNED: N_("Your figures are signed; look at them once more."),
}
