"""Briefings with their versions, attached files, legal cards by region, and who has read what.

Everything that a briefing says is sealed: it tells where teams will be. Nothing here decides who may read.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from outreach.vocab import ParticipationStatus

from ..engine import db
from ..keys import Place, site_keys
from ..seeds import DUTY_TO_REPORT, LEGAL_CARD
from ..tables import (
    Attachment,
    BriefingRead,
    BriefingVersion,
    Operation,
    Participation,
    ParticipationVersion,
    RegionSetting,
    Service,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
    User,
)
from .field import SUPPORT_KINDS

BRIEFING, LEGAL = "briefing", "legal_card"
"""The parts that somebody says she has read."""

# --- the text and its versions


def current(operation_id: int) -> BriefingVersion | None:
    """The briefing that stands now; ``None`` while nobody has written one."""
    query = select(BriefingVersion).where(
        BriefingVersion.operation_id == operation_id, BriefingVersion.superseded_at.is_(None)
    )
    return db.session.scalar(query)


def numbered(operation_id: int, version: int) -> BriefingVersion | None:
    query = select(BriefingVersion).where(
        BriefingVersion.operation_id == operation_id, BriefingVersion.version == version
    )
    return db.session.scalar(query)


def versions_of(operation_id: int) -> list[tuple[BriefingVersion, str]]:
    """Every version with the name of who wrote it, newest first."""
    query = (
        select(BriefingVersion, User.name)
        .outerjoin(User, User.id == BriefingVersion.recorded_by_id)
        .where(BriefingVersion.operation_id == operation_id)
        .order_by(BriefingVersion.version.desc())
    )
    return [(version, name or "") for version, name in db.session.execute(query)]


def sections_of(version: BriefingVersion | None) -> dict[str, str]:
    """Section code → text, opened; empty where there is no briefing yet."""
    if version is None:
        return {}
    found = site_keys().open_json(bytes(version.sections_sealed), _text_place(version.operation_id, version.version))
    return {str(code): str(text) for code, text in found.items()}


def add_version(
    operation_id: int, before: BriefingVersion | None, sections: dict[str, str], *, by: int | None, now: dt.datetime
) -> BriefingVersion | None:
    """The next version after ``before``; ``None`` when somebody else wrote one first."""
    number = before.version + 1 if before else 1
    if before is not None:
        before.superseded_at = now
    after = BriefingVersion(
        operation_id=operation_id,
        version=number,
        sections_sealed=site_keys().seal_json(sections, _text_place(operation_id, number)),
        recorded_at=now,
        recorded_by_id=by,
    )
    return after if _added(after) else None


def _text_place(operation_id: int, number: int) -> Place:
    return Place("briefing_version", "sections_sealed", str(number), operation=operation_id)


def _added(row: Any) -> bool:
    """Whether the row is the first of its kind."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        return False
    return True


# --- attached files


def attachments_of(operation_id: int) -> list[Attachment]:
    """Files that are not removed, oldest first; their content is read with ``content_of``."""
    query = (
        select(Attachment)
        .where(Attachment.operation_id == operation_id, Attachment.removed_at.is_(None))
        .order_by(Attachment.added_at, Attachment.id)
    )
    return list(db.session.scalars(query))


def attachment(operation_id: int, uid: str) -> Attachment | None:
    """A file of the operation that is not removed."""
    query = select(Attachment).where(
        Attachment.operation_id == operation_id, Attachment.uid == uid, Attachment.removed_at.is_(None)
    )
    return db.session.scalar(query)


def add_attachment(
    operation_id: int, uid: str, name: str, media_type: str, content: bytes, *, by: int | None, now: dt.datetime
) -> Attachment:
    row = Attachment(
        uid=uid,
        operation_id=operation_id,
        name=name,
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content_sealed=site_keys().seal_bytes(content, _file_place(operation_id, uid)),
        added_at=now,
        added_by_id=by,
    )
    db.session.add(row)
    db.session.flush()
    return row


def content_of(row: Attachment) -> bytes:
    """The file, opened. Raises ``KeyMissing`` for one that was altered or moved."""
    return site_keys().open_bytes(bytes(row.content_sealed), _file_place(row.operation_id, row.uid))


def remove_attachment(row: Attachment, now: dt.datetime) -> None:
    """The entry stays, the content goes."""
    row.removed_at = now
    row.content_sealed = b""
    db.session.flush()


def _file_place(operation_id: int, uid: str) -> Place:
    return Place("attachment", "content_sealed", uid, operation=operation_id)


# --- legal cards


class Card(NamedTuple):
    """The legal card of one region with its duty to report. ``region`` '' is the one of every other region.

    ``mark`` is made from the words, so that other words ask everybody to read again.
    """

    region: str
    card_en: str
    card_fr: str
    duty_en: str
    duty_fr: str

    @property
    def mark(self) -> int:
        words = "\x1f".join(self[1:])
        return int(hashlib.sha256(words.encode()).hexdigest()[:8], 16) & 0x7FFF_FFFF


def cards_for(regions: Iterable[str]) -> dict[str, Card]:
    """Region → its card; a region without a text of its own has that of region ''."""
    wanted = {*regions}
    query = select(RegionSetting).where(
        RegionSetting.region.in_({*wanted, ""}), RegionSetting.name.in_((LEGAL_CARD, DUTY_TO_REPORT))
    )
    found = {(row.name, row.region): row for row in db.session.scalars(query)}

    def made(region: str) -> Card:
        card = found.get((LEGAL_CARD, region)) or found.get((LEGAL_CARD, ""))
        duty = found.get((DUTY_TO_REPORT, region)) or found.get((DUTY_TO_REPORT, ""))
        own = (LEGAL_CARD, region) in found or (DUTY_TO_REPORT, region) in found
        return Card(
            region if own else "",
            card.text_en if card else "",
            card.text_fr if card else "",
            duty.text_en if duty else "",
            duty.text_fr if duty else "",
        )

    return {region: made(region) for region in sorted(wanted)}


def regions_of(service_ids: Iterable[int]) -> dict[int, str]:
    """Service id → its region."""
    query = select(Service.id, Service.region).where(Service.id.in_({*service_ids})).order_by(Service.id)
    return {row.id: row.region for row in db.session.execute(query)}


# --- who has read


class Readers(NamedTuple):
    """People of one service who go out and have an account, and how many of them have read what stands now."""

    officers: int
    briefing: int
    legal_card: int


class Reader(NamedTuple):
    """One person who goes out. ``user_id`` ``None``: she has no account and is briefed on paper."""

    service_id: int
    name: str
    user_id: int | None
    briefing: bool
    legal_card: bool


def readers_of(operation_id: int) -> list[Reader]:
    """Everybody in a standing team of the operation, by her own service, then by name."""
    out = (
        select(Staff.service_id, Staff.name, User.id)
        .join(TeamMember, TeamMember.staff_id == Staff.id)
        .join(Team, Team.id == TeamMember.team_id)
        .join(TeamVersion, TeamVersion.team_id == Team.id)
        .outerjoin(User, (User.id == Staff.user_id) & User.active)
        .where(
            Team.operation_id == operation_id,
            TeamMember.superseded_at.is_(None),
            TeamVersion.superseded_at.is_(None),
            TeamVersion.cancelled.is_(False),
        )
        .distinct()
        .order_by(Staff.service_id, Staff.name, User.id)
    )
    people = db.session.execute(out).all()
    regions = regions_of(person.service_id for person in people)
    marks = {region: card.mark for region, card in cards_for(regions.values()).items()}
    standing = current(operation_id)
    number = standing.version if standing else 0
    said = {tuple(row) for row in db.session.execute(_reads(operation_id))}
    return [
        Reader(
            service_id,
            name,
            user_id,
            (user_id, BRIEFING, number) in said,
            (user_id, LEGAL, marks[regions[service_id]]) in said,
        )
        for service_id, name, user_id in people
    ]


def _reads(operation_id: int) -> Any:
    return select(BriefingRead.user_id, BriefingRead.part, BriefingRead.version).where(
        BriefingRead.operation_id == operation_id
    )


def readers_by_service(operation_id: int) -> dict[int, Readers]:
    """Service id → (officers, read the briefing, read the legal card), for the versions that stand now.

    Counted are people with an account in standing teams of the operation; a person in two teams counts once. A
    service without any is absent. While there is no briefing nobody has read it.
    """
    by_service: dict[int, dict[int, Reader]] = {}
    for one in readers_of(operation_id):
        if one.user_id is not None:
            by_service.setdefault(one.service_id, {})[one.user_id] = one
    return {
        service: Readers(
            len(people),
            len([one for one in people.values() if one.briefing]),
            len([one for one in people.values() if one.legal_card]),
        )
        for service, people in by_service.items()
    }


def reads_of(operation_id: int, user_id: int) -> dict[str, dict[int, dt.datetime]]:
    """Part → version → when this person said that she has read it."""
    query = select(BriefingRead.part, BriefingRead.version, BriefingRead.at).where(
        BriefingRead.operation_id == operation_id, BriefingRead.user_id == user_id
    )
    found: dict[str, dict[int, dt.datetime]] = {BRIEFING: {}, LEGAL: {}}
    for part, version, at in db.session.execute(query):
        found.setdefault(part, {})[version] = at
    return found


def add_read(operation_id: int, user_id: int, part: str, version: int, now: dt.datetime) -> bool:
    """Note it; whether this is the first time."""
    return _added(BriefingRead(operation_id=operation_id, user_id=user_id, part=part, version=version, at=now))


# --- support agencies


def agencies_of(operation_id: int, root_id: int) -> list[Service]:
    """Confirmed support agencies of the whole tree, by area: region, municipality, name."""
    query = (
        select(Service)
        .join(Participation, Participation.service_id == Service.id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .join(Operation, Operation.id == Participation.operation_id)
        .where(
            func.coalesce(Operation.root_id, Operation.id) == root_id,
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status == ParticipationStatus.CONFIRMED.value,
            Service.kind.in_([kind.value for kind in SUPPORT_KINDS]),
        )
        .distinct()
        .order_by(Service.region, Service.municipality, Service.name, Service.id)
    )
    return list(db.session.scalars(query))
