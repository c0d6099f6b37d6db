"""Taking returns from the command line: what a file is, what it changes, and what is to be fixed, as lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

from outreach.auth.actors import SYSTEM
from outreach.errors import Finding, Invalid, Problem, Unreadable
from outreach.rollup.measures import measure
from outreach.storage import undo, writing
from outreach.storage.tables import ReturnFile
from outreach.vocab import Bound, ReturnState

from . import return_commands, take_commands, take_rules
from .return_commands import Looked
from .return_rules import Returned
from .take_rules import FigureChange, Kind, Preview


@dataclass(frozen=True)
class Report:
    """What became of one file. ``lines``: of what it says; ``problems``: what stands in the way; ``answer``: the marked
    workbook, where one was asked for and something is to be fixed. ``whole``: all of it was taken, or would be."""

    lines: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    whole: bool = False
    answer: bytes | None = None


@dataclass(frozen=True)
class Wish:
    """``check``: save nothing; ``good``: take what can be taken; ``clear``: clear emptied cells; ``marked``: answer;
    ``reason``: why something changes once the operation is closed."""

    check: bool = False
    good: bool = False
    clear: bool = False
    marked: bool = False
    reason: str = ""


def import_return(content: bytes, name: str, wish: Wish) -> Report:
    """Read a return in the capped process, show what it changes and take it; a file that is none is told as such."""
    try:
        looked = return_commands.look(content)
        if looked.problem is not None:
            raise looked.problem
        return _known(content, name, looked, wish)
    except Problem as problem:
        return Report(problems=_told(problem))


_OPTIONS = {"because": "--reason"}


def _told(problem: Problem) -> tuple[str, ...]:
    if isinstance(problem, Invalid) and problem.findings:
        return tuple(f"{_OPTIONS.get(one.where, one.where)}: {one.english()}" for one in problem.findings)
    fix = problem.fix % problem.params if problem.params else problem.fix
    return (f"{problem} {fix}",)


def _known(content: bytes, name: str, looked: Looked, wish: Wish) -> Report:
    whose, returned = looked.whose, looked.returned
    if whose is None or returned is None:
        raise Unreadable()
    head = f"{whose.service.name}, {whose.operation.code}, issue {returned.meta.issue}"
    with writing():
        file = _kept(content, name, looked)
        taken = file.state == ReturnState.TAKEN
        if wish.check:
            shown = None if taken else _shown(file, wish)
            undo()
    if taken:
        return Report((f"{head}: taken before; nothing changes.",), whole=True)
    if not wish.check:
        shown = _shown(file, wish)
    lines, problems, done = [], [*_faults(shown)], "not taken"
    if shown.takes and not wish.check:
        took = take_commands.take(SYSTEM, file, good_only=wish.good, clear=wish.clear, reason=wish.reason)
        done = "taken" if took.whole else "the good rows taken"
        if took.unsigned is not None:
            problems += [f"not signed: {line}" for line in _told(took.unsigned)]
    elif shown.takes:
        done = (
            "would be taken; nothing was saved" if not shown.must else "the good rows would be taken; nothing was saved"
        )
    lines = [
        f"{head}: {done}: {_counts(shown)}",
        *(_figure(one) for one in shown.figures if one.day is None and _moves(one)),
    ]
    marked = shown.faults and wish.marked
    answer = take_commands.answer(whose, _with(returned, shown), looked.returned.meta.language) if marked else None
    return Report(tuple(lines), tuple(problems), shown.takes and not shown.must, answer)


def _kept(content: bytes, name: str, looked: Looked) -> ReturnFile:
    """The file as it is kept on the site; the same bytes that wait there are this file."""
    file = return_commands.receive(SYSTEM, looked.operation, content, name, how="command")
    if file.state == ReturnState.WAITING:
        return_commands.note(SYSTEM, file, looked)
    return file


def _shown(file: ReturnFile, wish: Wish) -> Preview:
    return take_commands.preview(SYSTEM, file, good_only=wish.good, clear=wish.clear)


def _with(returned: Returned, shown: Preview) -> Returned:
    return replace(returned, faults=shown.faults)


def _counts(shown: Preview) -> str:
    words = {Kind.NEW: "new", Kind.CHANGED: "changed", Kind.TAKEN_BACK: "taken back", Kind.SAME: "as before"}
    found = [f"{shown.done.count(kind)} {word}" for kind, word in words.items() if shown.done.count(kind)]
    if shown.done.emptied:
        found.append(f"{len(shown.done.emptied)} emptied and kept (--clear clears them)")
    if shown.must:
        found.append(f"{len(shown.must)} to fix")
    return ", ".join(found) or "it says nothing"


def _moves(change: FigureChange) -> bool:
    return change.moves


def _figure(change: FigureChange) -> str:
    of = measure(change.measure)
    label = of.label % of.params if of.params else of.label
    before, after = _value(change.before, change.before_bound), _value(change.after, change.after_bound)
    return f"  {label}: {before} -> {after}"


def _value(value: int | float | None, bound: Bound) -> str:
    if value is None:
        return "not known"
    return f"at least {value:g}" if bound is Bound.AT_LEAST else f"{value:g}"


def _faults(shown: Preview) -> list[str]:
    found = []
    for fault in shown.faults:
        said = " ".join(Finding("", text, dict(fault.params)).english() for text in (fault.message, fault.fix) if text)
        found.append(f"{take_rules.place(fault.sheet, fault.cell)}: {fault.wrote or '(empty)'}: {said}")
    for one in shown.done.conflicts:
        where = take_rules.place(one.sheet, one.cell)
        found.append(f"{where}: {one.file or '(row)'}: {take_rules.CONFLICT} Decide about it on the page of the file.")
    return found
