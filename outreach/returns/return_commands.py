"""Return workbooks that come back: receiving one, having it read, leaving it out, and forgetting what it said.

Taking what a file says is in ``take_commands``. Each command holds its own write; reading happens outside of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import SYSTEM, Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Finding, Invalid, NotAllowed, NotFound, Unreadable
from outreach.storage import writing
from outreach.storage.keys import site_keys
from outreach.storage.queries import access, operations, return_issues
from outreach.storage.queries import return_files as rows
from outreach.storage.tables import Operation, Participation, ReturnFile, ReturnLink
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, ParticipationStatus, ReturnState

from . import take_rules as rules
from . import template_commands, workbook_file
from .return_rules import Asked, Meta, Returned

REFUSALS = {**workbook_file.REFUSALS, **rules.REFUSALS}
"""Why a file is refused, by code: what it is, and what to do."""
TAKING_PART = (ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)
LINK_HOURLY = 60
"""How often a file may be sent with one link within an hour: whoever holds it is known to nobody."""
Link = ReturnLink | int | None


# --- who may ----------------------------------------------------------------------------------------------------------


def allowed(actor: Actor, operation: Operation, participation: Participation | None, link: Link = None) -> bool:
    """Whether the actor may send, take or leave a return: of this service, or (None) of a service not known yet.

    A link stands for its own participation while it works.
    """
    if link is not None:
        return participation is not None and _stands_for(link, operation, participation)
    target = access.operation_target(operation)
    if participation is not None:
        target = access.service_target(operation, participation.service_id)
    return may(actor, "totals.change", target)


def _stands_for(link: Link, operation: Operation, participation: Participation) -> bool:
    found = rows.link(link.id if isinstance(link, ReturnLink) else link)
    works = found is not None and found.revoked_at is None and found.ends_at > utc_now()
    mine = found is not None and found.participation_id == participation.id
    return works and mine and may(SYSTEM, "totals.change", access.service_target(operation, participation.service_id))


def admit(actor: Actor, file: ReturnFile, link: Link = None) -> rows.Whose:
    """Whose the file is; raises ``NotAllowed`` where the actor may not decide about it, ``NotFound`` for nobody's."""
    if file.participation_id is None:
        operation = operations.by_id(file.operation_id)
        if operation is None or not allowed(actor, operation, None, link):
            raise NotAllowed()
        raise NotFound()
    whose = rows.whose(file.participation_id)
    if not allowed(actor, whose.operation, whose.participation, link):
        raise NotAllowed()
    return whose


# --- receiving --------------------------------------------------------------------------------------------------------


def receive(
    actor: Actor,
    operation: Operation,
    content: bytes,
    name: str,
    *,
    how: str,
    participation: Participation | None = None,
    link: Link = None,
    drop_uid: str = "",
) -> ReturnFile:
    """Keep a file, sealed, to be read. The same bytes that are here already, waiting or taken, are not kept again.

    ``participation``: whose door it came through; without one its stamp tells whose it is. Raises ``NotAllowed``, and
    ``Blocked`` for a link with which too many were sent.
    """
    if not allowed(actor, operation, participation, link):
        raise NotAllowed()
    hashed = hashlib.sha256(content).hexdigest()
    with writing():
        same = rows.same_bytes(operation.id, hashed, participation.id if participation else None)
        if same is not None and (not drop_uid or same.drop_uid == drop_uid) and not _taken_in_part(same):
            return same
        link_id = link.id if isinstance(link, ReturnLink) else link
        if link_id is not None and rows.sent_with(link_id, utc_now() - dt.timedelta(hours=1)) >= LINK_HOURLY:
            raise Blocked(
                N_("With this link %(most)s files were sent within the hour."),
                N_("Send the next one an hour from now."),
                most=LINK_HOURLY,
            )
        service = participation.service_id if participation else None
        file = ReturnFile(
            drop_uid=drop_uid,
            operation_id=operation.id,
            participation_id=participation.id if participation else None,
            name=name[:160],
            how=how,
            link_id=link_id,
            received_at=utc_now(),
            received_by_id=actor.user,
            size=len(content),
            hash=hashed,
            state=ReturnState.WAITING.value,
        )
        rows.add(file)
        if same is not None and not _taken_in_part(same):
            _told_again(file, same, operation)
        else:
            file.content = site_keys().seal_bytes(content, rows.content_place(file, service))
        _journal(actor, Tag.RETURN_RECEIVED, file, service, bytes=len(content), how=how)
        return file


def _taken_in_part(file: ReturnFile) -> bool:
    """Bytes of which only the good rows were taken may be looked at again: what was wrong may be right by now."""
    return file.state == ReturnState.TAKEN and bool(file.counts.get("bad"))


def _told_again(file: ReturnFile, same: ReturnFile, operation: Operation) -> None:
    """In a drop the same bytes stand as a file of their own that says so."""
    file.state, file.decided_at, file.participation_id = ReturnState.REFUSED.value, utc_now(), same.participation_id
    file.issue = same.issue
    if same.state == ReturnState.TAKEN and same.decided_at is not None:
        file.refused = {"code": "taken_already", "taken": _local(same.decided_at, operation)}
    else:
        file.refused = {"code": "here_already"}


def file_of(uid: str) -> ReturnFile:
    """The file of this number. Raises ``NotFound``."""
    found = rows.by_uid(uid)
    if found is None:
        raise NotFound()
    return found


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Looked:
    """What a file is: a return that was read, with whose it is, or ``problem``, why it is none that is taken here."""

    operation: Operation
    whose: rows.Whose | None = None
    returned: Returned | None = None
    problem: Unreadable | None = None


def look(content: bytes, operation: Operation | None = None, door: int | None = None) -> Looked:
    """Read untrusted bytes in a process of its own; nothing is locked meanwhile and nothing kept.

    ``operation``: where it was sent, None for whichever its stamp names; ``door``: the participation whose door it came
    through. Raises ``Unreadable`` where not even an operation is known.
    """
    found: dict[str, rows.Whose] = {}
    where = operation

    def asked(meta: Meta) -> Asked:
        nonlocal where
        where = where or operations.by_id(meta.operation)
        if where is None:
            raise refusal("unknown_operation", theirs=meta.operation_code)
        found["whose"] = whose = _recognised(meta, where, door)
        return template_commands.asked_of(SYSTEM, where, whose.participation, _language(meta))

    zone = operation.time_zone if operation is not None else "UTC"
    today = utc_now().astimezone(ZoneInfo(zone)).date()
    try:
        returned = workbook_file.read_return(content, site_keys().mark, asked, today=today)
    except Unreadable as problem:
        if where is None:
            raise
        return Looked(where, found.get("whose"), problem=problem)
    assert where is not None  # noqa: S101 - ``asked`` found it
    return Looked(where, found["whose"], returned)


def read(actor: Actor, file: ReturnFile) -> ReturnFile:
    """Have a file that waits read, and keep what it says, sealed.

    Nothing is locked meanwhile, and a process that dies leaves the file waiting. Raises ``KeyMissing``.
    """
    if file.state != ReturnState.WAITING:
        return file
    looked = look(_content(file), operations.by_id(file.operation_id), file.participation_id)
    with writing():
        note(actor, file, looked)
    return file


def note(actor: Actor, file: ReturnFile, looked: Looked) -> None:
    """Keep what a file that waits was read as, inside a write; one that somebody else has read stays as it is."""
    if looked.returned is not None and looked.whose is not None:
        values = _understood(file, looked.whose, looked.returned)
    else:
        values = {"state": ReturnState.REFUSED.value, "refused": _refused(looked.problem), "decided_at": utc_now()}
        if file.participation_id is None and looked.whose is not None:
            values["participation_id"] = looked.whose.participation.id
    if not rows.settle(file, (ReturnState.WAITING.value,), content=None, **values):
        return
    refused = file.state == ReturnState.REFUSED
    more = {"reason": file.refused["code"]} if refused else {"good": file.counts["good"]}
    tag = Tag.RETURN_REFUSED if refused else Tag.RETURN_READ
    _journal(actor, tag, file, rows.service_of(file.participation_id), **more)


def _content(file: ReturnFile) -> bytes:
    sealed = file.content or b""
    service = rows.service_of(file.participation_id)
    return site_keys().open_bytes(sealed, rows.content_place(file, service)) if sealed else b""


def _language(meta: Meta) -> str:
    return meta.language if meta.language in ("en", "fr") else "en"


def _recognised(meta: Meta, operation: Operation, door: int | None) -> rows.Whose:
    """Whose the file is by its stamp. Raises ``Unreadable`` for one that this door does not take."""
    if meta.operation != operation.id:
        raise refusal("wrong_operation", theirs=meta.operation_code, ours=operation.code)
    participation = operations.participation(operation.id, meta.service)
    if participation is None:
        raise refusal("not_taking_part", theirs=meta.service_name, operation=operation.code)
    whose = rows.whose(participation.id)
    if door is not None and door != participation.id:
        raise refusal("wrong_service", theirs=whose.service.name, ours=rows.whose(door).service.name)
    problem = not_owing(whose) or too_old(whose, meta.issue)
    if problem is not None:
        raise problem
    return whose


def not_owing(whose: rows.Whose) -> Unreadable | None:
    """Why the service sends no return now, if it does not."""
    version = operations.current_participation(whose.participation.id)
    names = {"theirs": whose.service.name, "operation": whose.operation.code}
    if version.status not in TAKING_PART:
        return refusal("left_operation", **names)
    return refusal("owes_nothing", **names) if version.entry_mode == EntryMode.NONE else None


def too_old(whose: rows.Whose, issue: int) -> Unreadable | None:
    """Why a file of this issue comes too late, or cannot be compared with what was handed out."""
    newest = rows.newest_taken(whose.participation.id)
    if newest is not None and issue < newest[0]:
        taken = _local(newest[1], whose.operation)
        return refusal("older_issue", issue=issue, newest=newest[0], taken=taken)
    if return_issues.issue(whose.participation.id, issue) is None:
        return refusal("unknown_issue", issue=issue)
    return None


def refusal(code: str, **params: Any) -> Unreadable:
    message, fix = REFUSALS[code]
    problem = Unreadable(message, fix, **params)
    problem.code = code
    return problem


def _refused(problem: Unreadable | None) -> dict[str, Any]:
    if problem is None:
        return {}
    return {"code": problem.code, **{name: rules.packed(value) for name, value in problem.params.items()}}


def _local(at: dt.datetime, operation: Operation) -> str:
    return at.astimezone(ZoneInfo(operation.time_zone)).strftime("%Y-%m-%d %H:%M %Z")


def _understood(file: ReturnFile, whose: rows.Whose, returned: Returned) -> dict[str, Any]:
    place = rows.read_place(file, whose.service.id)
    return {
        "state": (ReturnState.FAULTY if returned.must else ReturnState.READY).value,
        "participation_id": whose.participation.id,
        "issue": returned.meta.issue,
        "counts": rules.counts(returned),
        "read": site_keys().seal_json(rules.kept(returned), place),
    }


def returned_of(file: ReturnFile) -> Returned:
    """What was read from a file. Raises ``NotFound`` when nothing is kept of it."""
    service = rows.service_of(file.participation_id)
    if file.read is None or service is None:
        raise NotFound()
    return rules.read_again(site_keys().open_json(file.read, rows.read_place(file, service)))


# --- leaving out, forgetting ------------------------------------------------------------------------------------------


def leave(actor: Actor, file: ReturnFile, reason: str, link: Link = None) -> None:
    """Decide that a file is not taken. Raises ``NotAllowed``, ``Invalid`` at ``why``, ``Blocked`` once decided."""
    with writing():
        file = rows.fresh(file.id)
        whose = admit(actor, file, link)
        reason = " ".join(reason.split())
        if not reason:
            raise Invalid.at("why", N_("Say in a few words why it is left out."))
        if len(reason) > rules.LONGEST_REASON:
            most = {"most": rules.LONGEST_REASON}
            raise Invalid(Finding("why", N_("Shorten this to %(most)s characters."), most))
        values = {"state": ReturnState.LEFT.value, "content": None, "read": None, "reason": reason}
        if not rows.settle(file, rows.UNDECIDED, **values, decided_at=utc_now(), decided_by_id=actor.user):
            raise decided()
        _journal(actor, Tag.RETURN_LEFT, file, whose.service.id)


def decided() -> Blocked:
    return Blocked(N_("Somebody decided about this file already."), N_("See on its page what became of it."))


def forget_old(now: dt.datetime | None = None) -> int:
    """Erase what files said that came more than thirty days ago; how many there were."""
    now = now or utc_now()
    before = now - dt.timedelta(days=rules.KEPT_DAYS)
    if not rows.any_old(before):
        return 0
    with writing():
        return rows.forget_old(before, now)


def _journal(actor: Actor, tag: Tag, file: ReturnFile, service: int | None, **details: Any) -> None:
    audit.record(actor, tag, kind="return", object_id=file.uid, operation=file.operation_id, service=service, **details)
