"""Returns: daily totals, the workbooks that services send back, adjustments, sign-offs and locked figures."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Day, Instant, Key, SealedText, new_uid
from .versioned import Recorded


class Tally(Recorded, Base):
    """One cell of daily totals. ``day`` null: asked once for the whole window; ``part``: a staff category or ''.

    ``state``: number, zero, declined. A cell without a current row is blank, which is never zero.
    """

    __tablename__ = "tally"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    measure: Mapped[str] = mapped_column(String(40))
    day: Mapped[dt.date | None] = mapped_column(Day)
    part: Mapped[str] = mapped_column(String(20), default="")
    state: Mapped[str] = mapped_column(String(10))
    value: Mapped[int | None] = mapped_column()

    __table_args__ = (Index("ix_tally_current", "operation_id", "superseded_at", "service_id"),)


class Adjustment(Recorded, Base):
    """A signed number that a service (or a coordinator) adds to a figure, with its reason; never an overwriting.

    One ``uid`` an adjustment, a version each time it changes; taken back when the last version is superseded.
    ``day`` null: of the whole window. Who made it is ``recorded_by_id``, why is ``reason``.
    """

    __tablename__ = "adjustment"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    measure: Mapped[str] = mapped_column(String(40))
    day: Mapped[dt.date | None] = mapped_column(Day)
    amount: Mapped[int] = mapped_column()

    __table_args__ = (
        UniqueConstraint("uid", "version"),
        Index("ix_adjustment_current", "operation_id", "superseded_at", "service_id"),
    )


class Overlap(Recorded, Base):
    """How many of the persons that one service tells are told by another service too (a joint team); 0: nobody is.

    Without a row the overlap is not known and the figure across both is a range. The pair stands once: the service
    with the smaller id is ``service_id``. ``persons``: of the whole window, distinct persons told by both.
    """

    __tablename__ = "overlap"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    other_service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    measure: Mapped[str] = mapped_column(String(40), default="persons_met")
    persons: Mapped[int] = mapped_column()

    __table_args__ = (
        UniqueConstraint("uid", "version"),
        Index("ix_overlap_current", "operation_id", "superseded_at"),
    )


class Explanation(Recorded, Base):
    """Why the sources of one figure differ. It holds only while each source says what it said then (``said``)."""

    __tablename__ = "explanation"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    participation_id: Mapped[int | None] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    measure: Mapped[str] = mapped_column(String(40))
    day: Mapped[dt.date | None] = mapped_column(Day)
    said: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    __table_args__ = (
        UniqueConstraint("uid", "version"),
        Index("ix_explanation_current", "operation_id", "superseded_at"),
    )


class SignOff(Base):
    """A service vouches for its figures: which version, who, when, the hash of what was signed.

    ``figures``: whole numbers by measure code, and under ``"days"`` by day; as they stood at ``as_of``.
    ``definitions``: the rule and version of each measure signed. ``unsent``: phones that still held records then.
    ``provisional``: signed although something was missing, with its ``reason``. ``return_uid``: the return that carried
    the typed name.
    ``diff``: what changed until the next signature, ``{measure: [signed, then]}``; written when that is given.
    ``facts``: a mark of every record the figures rest on, by kind, so that a later change is noticed whatever the clock
    says. ``changed``: the kinds of record that reopened it; empty when a person did.
    """

    __tablename__ = "sign_off"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"))
    version: Mapped[int]
    signed_at: Mapped[dt.datetime] = mapped_column(Instant)
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    typed_name: Mapped[str] = mapped_column(String(120), default="")
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    figures_hash: Mapped[str] = mapped_column(String(64))
    reopened_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reopened_reason: Mapped[str] = mapped_column(SealedText("sign_off", "reopened_reason"), default="", nullable=True)
    as_of: Mapped[dt.datetime | None] = mapped_column(Instant)
    definitions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    unsent: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]")
    provisional: Mapped[bool] = mapped_column(default=False, server_default=false())
    return_uid: Mapped[str | None] = mapped_column(String(36))
    diff: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    reason: Mapped[str] = mapped_column(SealedText("sign_off", "reason"), default="", nullable=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    changed: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]")

    __table_args__ = (UniqueConstraint("participation_id", "version"),)


class FigureSet(Base):
    """Figures of an operation as they were locked: they never move; what comes later enters the next version.

    ``kind``: signed (every service that owes figures has signed) or provisional. ``signed``: participation id →
    version, hash and whether it stands. ``figures``: rows of measure, key, value, bound, basis, coverage.
    ``definitions``: rule and version of each measure. ``named``: what the operation was called and when its window was
    then. ``hash``: SHA-256 of the canonical JSON of all of this (``returns.set_rules``). See ``locked``.
    """

    __tablename__ = "figure_set"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    as_of: Mapped[dt.datetime] = mapped_column(Instant)
    taken_at: Mapped[dt.datetime] = mapped_column(Instant)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(SealedText("figure_set", "reason"), default="", nullable=True)
    reported: Mapped[int]
    expected: Mapped[int | None]
    definitions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    named: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    signed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    figures: Mapped[list[Any]] = mapped_column(JSON, default=list)
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("operation_id", "version"),)


class ReturnIssue(Base):
    """One return workbook as it was handed out: its number for this service, and what stood in it.

    ``prefilled``: the cells of totals by name as they were typed, and row id → hash for the other sheets.
    ``taken``: the cells of totals by name as the last file of this issue that was taken said them.
    """

    __tablename__ = "return_issue"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"))
    issue: Mapped[int]
    language: Mapped[str] = mapped_column(String(2), default="en")
    made_at: Mapped[dt.datetime] = mapped_column(Instant)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    prefilled: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    taken: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")

    __table_args__ = (UniqueConstraint("participation_id", "issue"),)


class ReturnLink(Base):
    """The address with which a service downloads and sends its return without an account; as ``ParticipationLink``."""

    __tablename__ = "return_link"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    opened_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    used_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class ReturnFile(Base):
    """One workbook that came back. ``state``: see ``vocab.ReturnState``; ``how``: page, link, drop, command.

    ``drop_uid``: the files that were dropped together. ``participation_id`` null: nobody knows whose it is.
    ``content`` holds the sealed bytes until it was read, ``read`` the sealed values until it was decided about;
    neither outlives the decision (the answer file is made again from what stands) nor thirty days.
    ``refused``: code and parameters of what the file is instead. ``counts``: rows and faults, no content.
    ``asked_by_id``: who asked that it is taken as soon as its turn comes; ``trouble``: message and parameters of what
    stood in the way then. ``reason``: why it was left out. A file that was taken without its bad rows keeps ``read``
    until the next one is taken, so that its marked answer can still be fetched.
    """

    __tablename__ = "return_file"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    drop_uid: Mapped[str] = mapped_column(String(36), default="", index=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    participation_id: Mapped[int | None] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(SealedText("return_file", "name"), default="", nullable=True)
    how: Mapped[str] = mapped_column(String(8))
    link_id: Mapped[int | None] = mapped_column()
    received_at: Mapped[dt.datetime] = mapped_column(Instant)
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    size: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    issue: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(10))
    refused: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    read: Mapped[bytes | None] = mapped_column(LargeBinary)
    decided_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    trouble: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    reason: Mapped[str] = mapped_column(SealedText("return_file", "reason"), default="", nullable=True)


class ReturnRow(Base):
    """Which record a row of a service's return stands for, so that sending it again updates and never doubles.

    ``sheet``: contacts or charges. ``target_uid``: the contact, or the charge ('' for an arrest without one);
    ``person_id``: the person in that contact, or the accused. ``hash``: keyed mark of what the row said.
    ``number``: the contact no. as it was typed ('' for none), so that the next workbook says it again.
    ``version``: of the contact or charge that the taking wrote, ``person_version``: of the accused; another one that
    stands now was made on the site.
    """

    __tablename__ = "return_row"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"))
    sheet: Mapped[str] = mapped_column(String(10))
    row_id: Mapped[str] = mapped_column(String(20))
    target_uid: Mapped[str] = mapped_column(String(36), default="")
    person_id: Mapped[int | None] = mapped_column()
    number: Mapped[str] = mapped_column(String(20), default="")
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    person_version: Mapped[int] = mapped_column(default=0, server_default="0")
    hash: Mapped[str] = mapped_column(String(64))
    issue: Mapped[int]
    taken_at: Mapped[dt.datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("participation_id", "sheet", "row_id"),)


class ReturnReminder(Base):
    """One letter that reminds a service of its figures. ``how``: email, letter; ``outcome``: sent, failed, waiting."""

    __tablename__ = "return_reminder"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"), index=True)
    batch: Mapped[str] = mapped_column(String(36), default="", index=True)
    how: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(254), default="")
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    outcome: Mapped[str] = mapped_column(String(8), default="waiting")
    trouble: Mapped[str] = mapped_column(String(200), default="")
