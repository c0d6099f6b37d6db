"""Many returns at once: storing what was dropped, and doing what waits, one file after the other.

Each file is received, read and taken in writes of its own, so that one that fails keeps nobody else waiting, and what
was done stands when the server stops. What waits is told by the files themselves: whoever looks next goes on with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import ANYBODY, SYSTEM, Actor, by_return_link
from outreach.auth.permissions import may
from outreach.errors import N_, Invalid, NotAllowed, Problem, Unavailable
from outreach.storage import writing
from outreach.storage.queries import access, accounts
from outreach.storage.queries import drops as rows
from outreach.storage.queries import return_files as files
from outreach.storage.tables import Operation, ReturnFile
from outreach.vocab import ReturnState

from . import drop_rules as rules
from . import return_commands, take_commands
from .take_rules import CONFLICT

HEADLINE = "persons_met"
NOT_SIGNED = N_("The figures are taken, but not signed: %(why)s")


def store(actor: Actor, operation: Operation, sent: Iterable[tuple[str, bytes]], drop_uid: str) -> int:
    """Keep what was dropped, sealed, each file in a write of its own; how many. Nothing is read yet.

    What is left out (too large, twice, too many) stands in the drop with its reason. Raises ``NotAllowed``.
    """
    if not may(actor, "returns.drop", access.operation_target(operation)):
        raise NotAllowed()
    operation_id, kept, stored = operation.id, 0, 0
    for name, content in sent:
        with writing():
            count, total = rows.counted(operation_id, drop_uid)
            if count >= 2 * rules.MOST_FILES:
                break
            twice = rows.same_bytes(operation_id, drop_uid, hashlib.sha256(content).hexdigest())
            fault = rules.fault(len(content), count, total, twice)
            file = return_commands.receive(
                actor, operation, b"" if fault else content, name, how="drop", drop_uid=drop_uid
            )
            if fault:
                rows.give_up(file.id, fault)
            stored += 1
            kept += not fault
    with writing():
        audit.record(
            actor, Tag.RETURNS_DROPPED, kind="operation", object_id=operation_id, operation=operation_id, files=kept
        )
    return stored


def ask(actor: Actor, operation: Operation, drop_uid: str) -> int:
    """Have every file of the drop that is ready taken, one after the other, beside the request; how many.

    Raises ``NotAllowed``.
    """
    if not may(actor, "returns.drop", access.operation_target(operation)):
        raise NotAllowed()
    asked = rows.ask(operation.id, drop_uid, actor.user)
    if asked:
        audit.record(
            actor, Tag.RETURNS_ASKED, kind="operation", object_id=operation.id, operation=operation.id, files=asked
        )
    return asked


def step(operation_id: int, drop_uid: str) -> bool:
    """Do the next thing of a drop: read a file that waits, or take one that was asked for. False when nothing waits.

    Holds its own writes. Raises ``Unavailable`` when nothing can be saved now.
    """
    file = rows.next_step(operation_id, drop_uid)
    if file is None:
        return False
    if file.state == ReturnState.WAITING:
        read(file)
    else:
        _take(file)
    return True


def read(file: ReturnFile) -> None:
    """Read one file that waits, as the one who sent it. What fails on our side is told of the file."""
    number, actor = file.id, _sender(file)
    try:
        return_commands.read(actor, file)
    except Unavailable:
        raise
    except Problem:
        with writing():
            rows.give_up(number, {"code": "drop_failed"})
    except Exception:
        with writing():
            rows.give_up(number, {"code": "drop_failed"})
        raise
    _look_ahead(actor, file)


def _look_ahead(actor: Actor, file: ReturnFile) -> None:
    """Keep what the headline figure would become, and whether the file could be taken whole as things stand."""
    if file.state not in rows.ASKABLE:
        return
    number, counts, faulty = file.id, dict(file.counts), file.state == ReturnState.FAULTY
    try:
        preview = take_commands.preview(actor, file, good_only=faulty)
    except Unavailable:
        return  # it is read; its page works the rest out again
    except Problem as problem:
        with writing():
            rows.look_ahead(number, counts, ReturnState.FAULTY.value, _told(problem))
        return
    headline = next((one for one in preview.figures if one.measure == HEADLINE and one.day is None), None)
    if headline is not None:
        counts["headline"] = [headline.before, headline.after]
    trouble: dict[str, Any] = {}
    if not faulty and not preview.takes:
        counts["bad"] = len(preview.must) + len(preview.done.conflicts)
        first = preview.must[0] if preview.must else None
        trouble = {"message": first.message, "params": _plain(first.params)} if first else {"message": CONFLICT}
    state = ReturnState.FAULTY if faulty or trouble else ReturnState.READY
    with writing():
        rows.look_ahead(number, counts, state.value, trouble)


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as JSON holds them."""
    return {name: value if isinstance(value, str | int | float) else str(value) for name, value in params.items()}


def _take(file: ReturnFile) -> None:
    number, by, headline = file.id, file.asked_by_id, file.counts.get("headline")
    trouble: dict[str, Any] = {}
    try:
        done = take_commands.take(_account(by) if by is not None else ANYBODY, file)
        if done.unsigned is not None:
            told = _told(done.unsigned)
            trouble = told | {"message": NOT_SIGNED, "params": {"why": told["message"]}}
    except Unavailable:
        raise  # it stays asked for, and is tried again
    except Problem as problem:
        trouble = _told(problem)
    except Exception:
        with writing():
            rows.settle(number, {"message": rules.LEFT_OUT["drop_failed"][0]}, headline)
        raise
    with writing():
        rows.settle(number, trouble, headline)


def _told(problem: Problem) -> dict[str, Any]:
    """What stood in the way, to be kept with the file: marked words and their parameters."""
    if isinstance(problem, Invalid) and problem.findings:
        first = problem.findings[0]
        return {"message": first.message, "params": _plain(first.params)}
    return {"message": problem.message, "fix": problem.fix, "params": _plain(problem.params)}


def _sender(file: ReturnFile) -> Actor:
    """Who sent a file, with the rights that she has now."""
    service = files.service_of(file.participation_id)
    if file.received_by_id is not None:
        return _account(file.received_by_id)
    return by_return_link(service, file.operation_id) if file.link_id and service else SYSTEM


def _account(user_id: int) -> Actor:
    """Whoever has lost her account since may nothing any more."""
    user = accounts.by_id(user_id)
    return access.actor_of(user) if user is not None and user.active else ANYBODY
