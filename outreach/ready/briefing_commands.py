"""Writes of a briefing: its text, its files, and that somebody has read it. Checked, versioned, in the journal."""

from __future__ import annotations

from collections.abc import Collection

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Invalid, NotAllowed
from outreach.storage import writing
from outreach.storage.queries import access
from outreach.storage.queries import briefing as rows
from outreach.storage.tables import Attachment, Operation
from outreach.storage.types import new_uid, utc_now

from . import attachments, briefing_rules


def change_briefing(actor: Actor, operation: Operation, sections: dict[str, str], version: int) -> bool:
    """The next version of the briefing; whether anything changed. ``version``: the one that was read, 0 for none.

    Raises ``NotAllowed``; ``Invalid`` at the sections; ``Changed`` when somebody else was first.
    """
    _need(actor, "briefing.change", operation)
    findings = briefing_rules.check_sections(sections)
    if findings:
        raise Invalid(*findings)
    before = rows.current(operation.id)
    if version != (before.version if before else 0):
        raise Changed()
    changed = briefing_rules.changed(rows.sections_of(before), sections)
    if not changed:
        return False
    after = rows.add_version(operation.id, before, sections, by=actor.user, now=utc_now())
    if after is None:
        raise Changed()
    audit.record(
        actor,
        Tag.BRIEFING_CHANGED,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        version=after.version,
        fields=changed,
    )
    return True


def confirm(actor: Actor, operation: Operation, part: str, version: int, cards: Collection[int] = ()) -> None:
    """She says that she has read a part as it stood at ``version``; saying it again changes nothing.

    ``cards``: marks of the legal cards that she is shown. Raises ``NotAllowed``; ``Changed`` when it is another now.
    """
    _need(actor, "briefing.see", operation)
    if actor.user is None:
        raise NotAllowed()
    standing = rows.current(operation.id)
    stands = {standing.version} if standing else set()
    if version not in (set(cards) if part == rows.LEGAL else stands):
        raise Changed()
    if rows.add_read(operation.id, actor.user, part, version, utc_now()):
        audit.record(
            actor,
            Tag.BRIEFING_CONFIRMED,
            kind="operation",
            object_id=operation.id,
            operation=operation.id,
            part=part,
            version=version,
        )


def attach(actor: Actor, operation: Operation, name: str, content: bytes) -> Attachment:
    """Judge a file in the capped process and keep it, sealed; all in one write of its own.

    Raises ``NotAllowed``; ``Unreadable`` for a file that is not taken; ``Invalid`` at ``file``.
    """
    _need(actor, "briefing.change", operation)
    media_type = attachments.judge(content, name)
    with writing():
        _need(actor, "briefing.change", operation)
        standing = rows.attachments_of(operation.id)
        if len(standing) >= attachments.MOST:
            raise Invalid.at(
                "file", N_("A briefing has at most %(most)d files. Remove one first."), most=attachments.MOST
            )
        added = rows.add_attachment(
            operation.id,
            new_uid(),
            attachments.clean_name(name, media_type),
            media_type,
            content,
            by=actor.user,
            now=utc_now(),
        )
        same = next((one for one in standing if one.sha256 == added.sha256), None)
        if same is not None:
            raise Invalid.at("file", N_("This file is here already, as %(name)s."), name=same.name)
        _note(actor, Tag.ATTACHMENT_ADDED, operation, added)
    return added


def remove(actor: Actor, operation: Operation, attachment: Attachment) -> None:
    """Take a file away: its content is gone, that it was there stays in the journal. Raises ``NotAllowed``."""
    _need(actor, "briefing.change", operation)
    _note(actor, Tag.ATTACHMENT_REMOVED, operation, attachment)
    rows.remove_attachment(attachment, utc_now())


def _note(actor: Actor, tag: Tag, operation: Operation, attachment: Attachment) -> None:
    audit.record(actor, tag, kind="attachment", object_id=attachment.uid, operation=operation.id, bytes=attachment.size)


def _need(actor: Actor, action: str, operation: Operation) -> None:
    if not may(actor, action, access.operation_target(operation)):
        raise NotAllowed()
