"""Taking what a return says: shown before, worked out by doing it and undoing it, then done in one write or not at all.

Contacts and charges have their files beside this one; what a cell or row means is in ``take_rules``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import SYSTEM, Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Invalid, Problem, Unreadable
from outreach.plan.paste_rules import visible
from outreach.storage import undo, writing
from outreach.storage.keys import site_keys
from outreach.storage.queries import access, figure_sets, operations, return_issues
from outreach.storage.queries import return_files as rows
from outreach.storage.tables import Operation, ReturnFile, ReturnIssue
from outreach.storage.types import EPOCH_DAY, utc_now
from outreach.vocab import Bound, OperationStatus, ReturnState

from . import (
    commands,
    figures,
    return_commands,
    sign_commands,
    take_charge_commands,
    take_contact_commands,
    take_row_rules,
    take_total_rules,
    template_commands,
    workbook,
)
from . import return_rules as book
from . import rules as totals_rules
from . import take_rules as rules
from .return_commands import Link, leave, returned_of
from .return_rules import Asked, Fault, Returned
from .take_rules import FigureChange, Kind, Overwrite, Preview, Taken, Work

TRIES = 6
"""How often the good part of a file is worked out anew because something in it was found bad while it was done."""
UNSEEN = (
    N_("Something stands otherwise than the file says, or beside it, and whoever signed in it did not see that."),
    N_("The service signs on its own page, or in a newer workbook."),
)
"""Why a name in a file is no signature when somebody else than the service takes it."""
LONGEST_REASON = commands.LONGEST_REASON - 20
"""Characters of a reason; which return it was stands before it."""
Values = dict[tuple[str, dt.date | None], tuple[int | float | None, Bound]]
NOT_KNOWN = (None, Bound.UNKNOWN)


# --- looking before, and doing ----------------------------------------------------------------------------------------


def preview(
    actor: Actor,
    file: ReturnFile,
    *,
    good_only: bool = False,
    clear: bool = False,
    overwrite: Overwrite = False,
    link: Link = None,
) -> Preview:
    """What ``take`` would do now, by doing it and undoing it. Raises ``NotAllowed``, ``Blocked``, ``Unreadable``."""
    wish = _Wish(good_only, clear, overwrite)
    whose = return_commands.admit(actor, file, link)
    returned, number = returned_of(file), file.id
    before = _figures(whose)
    with writing():
        try:
            work, takes = _follow(actor, rows.fresh(number), returned, wish, link)
            after = _figures(rows.whose(work.participation.id)) if work.done.changes else before
            reopens = bool(work.done.changes) and access.signed(work.operation.id, work.service.id)
            signer = "" if _unseen(actor, work) else returned.signer
        finally:
            undo()
    if not takes and not good_only and work.done.faults:
        after = before
    return Preview(work.done, _changes(before, after), takes, reopens, signer)


def take(
    actor: Actor,
    file: ReturnFile,
    *,
    good_only: bool = False,
    clear: bool = False,
    overwrite: Overwrite = False,
    link: Link = None,
    reason: str = "",
) -> Taken:
    """Make the figures follow the file, in one write of its own; all of it, or with ``good_only`` what can be taken.

    ``clear``: cells that the sender emptied are cleared. ``overwrite``: see ``take_rules.Overwrite``. ``reason``: once
    the operation is closed a change needs one. Raises ``NotWhole`` (nothing is changed then), ``Invalid`` at
    ``because``, ``NotAllowed``, ``Blocked``; ``Unreadable`` for a file that came too late.
    """
    returned, number = returned_of(file), file.id
    if len(reason) > LONGEST_REASON:
        raise Invalid.at("because", N_("Shorten this to %(most)s characters."), most=LONGEST_REASON)
    with writing():
        wish = _Wish(good_only, clear, overwrite, reason)
        work, takes = _follow(actor, rows.fresh(number), returned, wish, link)
        if not takes:
            undo()
            raise rules.NotWhole(work.done)
        if work.done.changes and explains(work.operation) and len(visible(reason)) < commands.LEAST_REASON:
            undo()
            raise Invalid.at("because", N_("The operation is closed: say why this changes, in a few words."))
        return _settle(actor, rows.fresh(number), work, returned, link)


def explains(operation: Operation) -> bool:
    """Whether a change needs a reason: its figures are closed."""
    return operation.status == OperationStatus.CLOSED


def answer_of(actor: Actor, file: ReturnFile, language: str, link: Link = None) -> bytes:
    """The marked workbook: what was understood, in our layout, with a first sheet *To fix*.

    Raises ``NotAllowed``, ``NotFound`` when nothing is kept of the file, ``TooLarge``.
    """
    whose = return_commands.admit(actor, file, link)
    returned = returned_of(file)
    if file.state != ReturnState.TAKEN:
        returned = replace(returned, faults=_every_fault(actor, file, returned, link))
    return answer(whose, returned, language)


def answer(whose: rows.Whose, returned: Returned, language: str) -> bytes:
    """The marked workbook of what was read. Raises ``TooLarge``."""
    return workbook.answer(_asked(whose, language), returned, language)


def _every_fault(actor: Actor, file: ReturnFile, returned: Returned, link: Link) -> tuple[Fault, ...]:
    """What was found while reading, and what only shows while it is done."""
    try:
        return preview(actor, file, good_only=True, link=link).faults
    except (Blocked, Unreadable):
        return returned.faults


# --- one file under way -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wish:
    good_only: bool = False
    clear: bool = False
    overwrite: Overwrite = False
    reason: str = ""


def _follow(actor: Actor, file: ReturnFile, returned: Returned, wish: _Wish, link: Link) -> tuple[Work, bool]:
    """Do what the file says, inside a write; and whether that may stand.

    With ``good_only`` what is found bad while doing it is left out, and the rest is done anew.
    """
    found: tuple[Fault, ...] = returned.faults
    if returned.must and not wish.good_only:
        return _judged(actor, file, returned, found, wish, link), False
    for _ in range(TRIES):
        work = _work(actor, file, _without(returned, found), wish, link, _bad(returned, found))
        _do(work, wish)
        fresh = [fault for fault in work.faults if fault.must and fault not in found]
        work.faults[:0] = [fault for fault in found if fault not in work.faults]
        if not fresh:
            left = any(fault.must for fault in work.faults)
            empty = left and not (work.returned.typed or work.returned.contacts or work.returned.charges)
            return work, not empty and not work.done.conflicts
        if not wish.good_only:
            return work, False
        found = tuple(work.faults)
        number = file.id
        undo()
        file = rows.fresh(number)
    return work, False


def _judged(
    actor: Actor, file: ReturnFile, returned: Returned, found: tuple[Fault, ...], wish: _Wish, link: Link
) -> Work:
    """A file that is not followed because of what was found while reading it."""
    work = _work(actor, file, returned, wish, link, frozenset())
    work.faults = list(found)
    return work


def _bad(returned: Returned, found: tuple[Fault, ...]) -> frozenset[str]:
    return frozenset(name for fault in found if fault.must for name in (fault.row_id, fault.name) if name)


def _without(returned: Returned, found: tuple[Fault, ...]) -> Returned:
    good = replace(returned, faults=found).good()
    return replace(good, signer="") if any(fault.must for fault in found) else good


def _work(actor: Actor, file: ReturnFile, returned: Returned, wish: _Wish, link: Link, bad: frozenset[str]) -> Work:
    """Everything that following the file needs; raises where it may not be followed at all."""
    if file.state not in rows.DECIDABLE:
        raise return_commands.decided()
    whose = return_commands.admit(actor, file, link)
    figure_sets.hold(whose.operation.id)  # of two who take for one service one waits
    if whose.operation.status not in totals_rules.TAKING_TOTALS:
        raise Blocked(
            N_("The operation has not begun: there is nothing to report yet."),
            N_("The operation coordinator makes it active first."),
        )
    problem = return_commands.not_owing(whose) or return_commands.too_old(whose, file.issue or 0)
    if problem is not None:
        raise problem
    issue = return_issues.issue(whose.participation.id, file.issue or 0)
    assert issue is not None  # noqa: S101 - ``too_old`` asked
    whole = returned_of(file)

    @cache
    def now_marks() -> Mapping[str, str]:
        return template_commands.prefilled(_asked(whose))

    return Work(
        by=Actor(actor.user, actor.name, system=True),
        operation=whose.operation,
        participation=whose.participation,
        service=whose.service,
        mode=operations.current_participation(whose.participation.id).entry_mode,
        issue=issue,
        returned=returned,
        now=utc_now(),
        mark=site_keys().mark,
        reason=f"Return issue {issue.issue}{f': {wish.reason}' if wish.reason else ''}",
        overwrite=wish.overwrite,
        bad=bad | _of_bad_sheets(whole, whose.participation.id),
        bad_keys=frozenset(take_row_rules.contact_key(row) for row in whole.contacts if row.row_id in bad),
        now_marks=now_marks,
    )


def _of_bad_sheets(returned: Returned, participation_id: int) -> frozenset[str]:
    """Rows taken before of a sheet that could not be read as a whole: nobody can tell whether they are still there."""
    sheets = {fault.sheet for fault in returned.must if not fault.row_id and not fault.name}
    return frozenset(
        row_id
        for sheet in (book.CONTACTS, book.CHARGES)
        if sheet in sheets
        for row_id in rows.rows_of(participation_id, sheet)
    )


def _asked(whose: rows.Whose, language: str = "en") -> Asked:
    return template_commands.asked_of(SYSTEM, whose.operation, whose.participation, language)


def _do(work: Work, wish: _Wish) -> None:
    take_contact_commands.follow(work)
    take_charge_commands.follow(work)
    _totals(work, wish)


# --- daily totals -----------------------------------------------------------------------------------------------------


def _totals(work: Work, wish: _Wish) -> None:
    """Save the cells that change. Records come first: where they speak, no total may."""
    asked = commands.sheet_of(work.operation, work.participation)
    where = _places(work)
    saw = {name: said for name, said in work.issue.prefilled.items() if name.startswith("cell-")} | work.issue.taken
    made = take_total_rules.merge(asked, saw, work.returned, clear=wish.clear, overwrite=wish.overwrite, where=where)
    work.newer += made.newer
    work.emptied += made.emptied
    refused = [(name, words, {}) for name, words in made.refused]
    changes, wrong = totals_rules.changes(asked, made.typed, clear=wish.clear)
    wrong = wrong or totals_rules.contradictions(asked, changes)
    refused += [(one.where, one.message, one.params) for one in wrong]
    refused += [(name, take_total_rules.ZERO_AND_ROWS, {}) for name in _silent_with_rows(work, made)]
    for name, words, params in refused:
        sheet, cell = where(name)
        work.find(
            Fault(sheet, cell, work.returned.typed.get(name, ""), words, take_total_rules.FIX_TOTAL, params, name=name)
        )
    if any(fault.must for fault in work.faults):
        return  # nothing of this attempt will stand
    if changes:
        commands.save_totals(
            work.by,
            work.operation,
            work.participation,
            made.typed,
            seen=asked.mark,
            clear=wish.clear,
            reason=work.reason,
            asked=asked,
        )
    _note_cells(work, asked, changes, made)


def _places(work: Work) -> take_total_rules.Where:
    """Where a cell of totals stands; looked up when it is first asked for."""

    @cache
    def known() -> dict[str, tuple[str, str]]:
        whose = rows.Whose(work.operation, work.participation, work.service)
        return take_row_rules.cells_of_totals(_asked(whose))

    return lambda name: known().get(name, (book.TOTALS, ""))


def _silent_with_rows(work: Work, made: take_total_rules.Merged) -> list[str]:
    """Days of which the file says that there was no contact, and has a row of one."""
    days = {row.values.get("day") for row in work.returned.contacts} - {None}
    names = (totals_rules.name_of(("contacts", day, "")) for day in sorted(days, key=str))
    refused = {name for name, _ in made.refused}
    return [name for name in names if work.returned.typed.get(name) == "0" and name not in refused]


def _note_cells(
    work: Work, asked: totals_rules.Sheet, changes: list[totals_rules.Change], made: take_total_rules.Merged
) -> None:
    """Tell what became of each cell, and remember what the file said for the next one of this issue."""
    changed = {}
    for change in changes:
        name = totals_rules.name_of(change.key)
        before = asked.told.get(change.key)
        changed[name] = Kind.TAKEN_BACK if change.said is None else Kind.CHANGED if before else Kind.NEW
    for name in sorted({*changed, *work.returned.typed}):
        sheet, _ = _sheet_of(name)
        work.step(changed.get(name, Kind.SAME), sheet, name)
    said = {
        name: work.returned.typed.get(name, "")
        for name in work.returned.seen | set(work.returned.typed)
        if name.startswith("cell-") and name not in made.emptied
    }
    said = {name: _plain(text) for name, text in said.items()}
    then = {**work.issue.taken, **said}
    if _told(work.issue, then) != _told(work.issue, work.issue.taken):
        rows.note_taken(work.issue, then)


def _told(issue: ReturnIssue, taken: Mapping[str, str]) -> dict[str, str]:
    """What a sender of this issue is taken to have said last, cell by cell."""
    before = {name: said for name, said in issue.prefilled.items() if name.startswith("cell-")}
    return {name: said for name, said in {**before, **taken}.items() if said}


def _plain(text: str) -> str:
    said = totals_rules.read(text)
    return said.sign if said else ""


def _sheet_of(name: str) -> tuple[str, str]:
    measure = name.split("-")[1]
    return (book.REFERRALS if measure in book.REFERRAL_MEASURES else book.TOTALS), name


# --- figures ----------------------------------------------------------------------------------------------------------


def _figures(whose: rows.Whose) -> Values:
    """Every figure that the service owes, in all and by day; nothing for a rehearsal, which reaches no figure."""
    if whose.operation.is_rehearsal:
        return {}
    found: Values = {}
    for figure in figures.told_by(whose.operation.id, whose.service.id):
        day = figure.key.get("day")
        if not isinstance(day, str):
            found[figure.measure, None if day is None else EPOCH_DAY + dt.timedelta(days=int(day))] = (
                figure.value,
                figure.bound,
            )
    return found


def _changes(before: Values, after: Values) -> tuple[FigureChange, ...]:
    """Every figure in all that is known before or after, and by day those that change."""
    found = []
    for key in dict.fromkeys([*after, *before]):
        old, new = before.get(key, NOT_KNOWN), after.get(key, NOT_KNOWN)
        if old != new or (key[1] is None and old[0] is not None):
            found.append(FigureChange(*key, old[0], new[0], old[1], new[1]))
    return tuple(found)


# --- what is kept of it -----------------------------------------------------------------------------------------------


def _settle(actor: Actor, file: ReturnFile, work: Work, returned: Returned, link: Link) -> Taken:
    done = work.done
    left = len({fault.name or fault.row_id or fault.cell for fault in done.faults if fault.must})
    rows.forget_partly_taken(work.participation.id)
    kinds = {kind.value: done.count(kind) for kind in Kind}
    settled = rows.settle(
        file,
        rows.DECIDABLE,
        state=ReturnState.TAKEN.value,
        decided_at=work.now,
        decided_by_id=actor.user,
        content=None,
        read=site_keys().seal_json(
            rules.kept(replace(returned, faults=done.faults)), rows.read_place(file, work.service.id)
        )
        if left
        else None,
        counts={**rules.counts(replace(returned, faults=done.faults)), "bad": left, **kinds},
    )
    if not settled:
        raise return_commands.decided()
    audit.record(
        actor,
        Tag.RETURN_TAKEN,
        kind="return",
        object_id=file.uid,
        operation=work.operation.id,
        service=work.service.id,
        issue=work.issue.issue,
        cells=sum(step.kind is not Kind.SAME for step in done.steps if step.sheet in (book.TOTALS, book.REFERRALS)),
        rows=sum(step.kind is not Kind.SAME for step in done.steps if step.sheet in (book.CONTACTS, book.CHARGES)),
        left_out=left,
    )
    return Taken(done, *_sign(actor, file, work, link))


def _sign(actor: Actor, file: ReturnFile, work: Work, link: Link) -> tuple[bool, Problem | None]:
    """Sign in the name that the file carries. Figures that cannot be signed are taken all the same, and it is told."""
    if not work.returned.signer:
        return False, None
    if _unseen(actor, work):
        return False, Blocked(*UNSEEN)
    try:
        sign_commands.sign(
            actor, work.operation, work.participation, typed_name=work.returned.signer, return_file=file, link=link
        )
    except (Blocked, Invalid) as problem:
        return False, problem
    return True, None


def _unseen(actor: Actor, work: Work) -> bool:
    """Whether something stands otherwise than the file says, or beside it, that whoever signed in it did not see.

    The service itself is shown what the file changes before it takes it; what was logged on the site beside the file
    only its signed-in coordinator sees, and not whoever holds a link.
    """
    target = access.service_target(work.operation, work.participation.service_id)
    own = not actor.system and may(actor, "figures.sign", target)
    if not own and (work.newer or work.emptied):
        return True
    return (not own or actor.user is None) and rows.records_beside(work.participation.id)


__all__ = ["answer_of", "leave", "preview", "returned_of", "take"]
