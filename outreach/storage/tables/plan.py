"""The plan: operations, services, participations and their links, staff, teams. Shifts are in ``shifts``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Instant, Key, SealedText, new_uid, utc_now
from .versioned import Recorded


class Service(Base):
    """An organisation. ``name_key`` is its name without case, accents and punctuation: look-alikes collide on it."""

    __tablename__ = "service"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(160))
    name_key: Mapped[str] = mapped_column(String(160), unique=True)
    short_name: Mapped[str] = mapped_column(String(60), default="")
    kind: Mapped[str] = mapped_column(String(30))
    region: Mapped[str] = mapped_column(String(80), default="")
    municipality: Mapped[str] = mapped_column(String(80), default="")
    languages: Mapped[str] = mapped_column(String(40), default="")
    contact_desk: Mapped[str] = mapped_column(String(254), default="")
    hours: Mapped[str] = mapped_column(String(200), default="", server_default="")
    is_sample: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)


class Operation(Base):
    """A time-boxed operation. ``changes`` counts every change under its figures, in the same transaction.

    A rehearsal is an operation of its own, outside every tree, so that nothing of it can reach a total:
    ``rehearses_id`` names the operation that it was made from. ``proposed_parent_id``: a service proposes that it lies
    under that one; its coordinator attaches it or not. ``check_in_minutes``: how long a team may be silent.
    """

    __tablename__ = "operation"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    edition: Mapped[str] = mapped_column(String(40), default="")
    level: Mapped[str] = mapped_column(String(20), default="local")
    purpose: Mapped[str] = mapped_column(Text, default="")
    starts_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    window_assumed: Mapped[bool] = mapped_column(default=False)
    time_zone: Mapped[str] = mapped_column(String(60))
    day_starts_minutes: Mapped[int] = mapped_column(default=360)
    entry_deadline_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    lead_service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("operation.id"), index=True)
    root_id: Mapped[int | None] = mapped_column(ForeignKey("operation.id"), index=True)
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("operation.id"))
    status: Mapped[str] = mapped_column(String(12), default="draft")
    services_known: Mapped[bool] = mapped_column(default=True)
    overlap_nil: Mapped[bool] = mapped_column(default=False)
    is_sample: Mapped[bool] = mapped_column(default=False)
    is_rehearsal: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Without foreign keys: SQLite would have to build the table anew to add them.
    rehearses_id: Mapped[int | None] = mapped_column()
    proposed_parent_id: Mapped[int | None] = mapped_column()
    proposed_by_id: Mapped[int | None] = mapped_column()
    check_in_minutes: Mapped[int] = mapped_column(default=120, server_default="120")
    # ``[[municipality, latitude, longitude], …]``; without coordinates null. Phones offer them, positions snap to them.
    municipalities: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]")
    positions: Mapped[bool] = mapped_column(default=False, server_default=false())
    # A standing unit: no end, figures by month and year. The limits say how long a referral may wait for its agency.
    standing: Mapped[bool] = mapped_column(default=False, server_default=false())
    urgent_limit_minutes: Mapped[int] = mapped_column(default=240, server_default="240")
    limit_minutes: Mapped[int] = mapped_column(default=1440, server_default="1440")
    # Which counting rule its figures use, by measure code; absent: the standard one (``rollup.counting``).
    counting: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    created_at: Mapped[dt.datetime] = mapped_column(Instant, default=utc_now)
    version: Mapped[int] = mapped_column(default=1)
    changes: Mapped[int] = mapped_column(default=0)


class OperationVersion(Recorded, Base):
    """What figures depend on in an operation, kept so that a past moment sees what stood then."""

    __tablename__ = "operation_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(40))
    parent_id: Mapped[int | None] = mapped_column()
    starts_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    time_zone: Mapped[str] = mapped_column(String(60))
    day_starts_minutes: Mapped[int] = mapped_column()
    entry_deadline_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    services_known: Mapped[bool] = mapped_column()
    overlap_nil: Mapped[bool] = mapped_column()
    counting: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    __table_args__ = (UniqueConstraint("operation_id", "version"),)


class ServiceVersion(Recorded, Base):
    """What figures depend on in a service: its kind decides which measures it owes and where it counts."""

    __tablename__ = "service_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(30))

    __table_args__ = (UniqueConstraint("service_id", "version"),)


class OperationStep(Base):
    """One move in the life of an operation: from, to, who, when, why."""

    __tablename__ = "operation_step"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    from_status: Mapped[str] = mapped_column(String(12))
    to_status: Mapped[str] = mapped_column(String(12))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(SealedText("operation_step", "reason"), default="", nullable=True)


class Participation(Base):
    """One service in one operation; what was agreed is in its versions."""

    __tablename__ = "participation"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)

    __table_args__ = (UniqueConstraint("operation_id", "service_id"),)


class ParticipationVersion(Recorded, Base):
    """Status, own window, entry mode, planned staff, desk during the operation, and where each measure is counted.

    ``planned_staff``: ``{category: headcount}``. ``counted_in``: ``{measure code: operation id}`` for the measures
    whose reporting place is chosen; absent means the rule of ``rollup``.
    """

    __tablename__ = "participation_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"), index=True)
    status: Mapped[str] = mapped_column(String(12), default="invited")
    entry_mode: Mapped[str] = mapped_column(String(12), default="contacts")
    starts_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    planned_staff: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    counted_in: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    desk: Mapped[str] = mapped_column(String(254), default="", server_default="")
    link_id: Mapped[int | None] = mapped_column()  # answered without an account, through this participation link

    __table_args__ = (UniqueConstraint("participation_id", "version"),)


class ParticipationLink(Base):
    """The address with which a service answers without an account. The token is made from ``uid`` and a key.

    It works until ``ends_at``, a revocation, or the withdrawal of the service; answering again before the window opens
    is allowed and recorded.
    """

    __tablename__ = "participation_link"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    opened_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class InvitationSent(Base):
    """One letter to a service. ``kind``: invitation, reminder. ``how``: email, letter. ``outcome``: sent, failed."""

    __tablename__ = "invitation_sent"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("participation_link.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    how: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(254), default="")
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    outcome: Mapped[str] = mapped_column(String(8), default="sent")
    trouble: Mapped[str] = mapped_column(String(200), default="")


class Staff(Base):
    """A person who works for a service in operations; perhaps with an account. Never a person met."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(120))
    category: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)

    __table_args__ = (UniqueConstraint("service_id", "name_key"),)


class Team(Base):
    """A team of one participation (its lead service); ``uid`` is stable in workbooks."""

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))


class TeamVersion(Recorded, Base):
    """Name, area, times and partner services of a team. ``partners``: list of service ids of a joint team."""

    __tablename__ = "team_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    area: Mapped[str] = mapped_column(String(120), default="")
    starts_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    partners: Mapped[list[int]] = mapped_column(JSON, default=list)
    cancelled: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (UniqueConstraint("team_id", "version"),)


class TeamMember(Recorded, Base):
    """A member of a team from ``recorded_at`` until ``superseded_at``."""

    __tablename__ = "team_member"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    category: Mapped[str] = mapped_column(String(20))
    is_lead: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index("ix_team_member_current", "team_id", "superseded_at"),)
