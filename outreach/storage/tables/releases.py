"""What leaves: releases and their files, what is withheld in them, links to a wall, published figures of others, files
of many rows, and figures that are kept worked out.

What counts as published, and who may approve, is decided elsewhere.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Instant, Key, SealedText, new_uid


class DisclosureSetting(Base):
    """Which small numbers of an operation are withheld from the public: one version after the other.

    ``least``: numbers from 1 to one below it are small. ``zeros``: show or withhold. ``preset``: the code of the
    published rule that it follows, '' for none. ``state``: asked (weaker than the default, a second person has to
    approve), standing, refused. The standing one of the highest version holds; without one, the default.
    """

    __tablename__ = "disclosure_setting"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    version: Mapped[int]
    least: Mapped[int]
    zeros: Mapped[str] = mapped_column(String(10))
    preset: Mapped[str] = mapped_column(String(30), default="")
    reason: Mapped[str] = mapped_column(SealedText("disclosure_setting", "reason"), default="", nullable=True)
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(String(10))
    decided_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    __table_args__ = (UniqueConstraint("operation_id", "version"),)


class Release(Base):
    """One release, or one erratum, of an operation: drafted from a locked version of its figures, approved, frozen.

    ``number`` counts releases and errata together. ``kind`` and ``state``: see ``vocab``. ``replaces_id``: the release
    that it restates. ``policy``: what was withheld by which rule. ``scope``: which measures and which splits it holds.
    ``texts``: language → what is said in words. ``cells``: rows of measure, service, day, number (null where withheld)
    and why it is withheld; a withheld number stands nowhere in a release. ``verdict``: what the attack on all releases
    together found. ``content_hash``: SHA-256 of all this, which is what persons approve. ``hash``: SHA-256 of the list
    of files, null until it is published. After that nothing of it is written again (``locked``).
    """

    __tablename__ = "release"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    # What it was has to be known before it changes, or a published one could be opened again.
    state: Mapped[str] = mapped_column(String(10), active_history=True)
    figure_set_id: Mapped[int] = mapped_column(ForeignKey("figure_set.id", ondelete="CASCADE"))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"))
    policy: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    scope: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    texts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    cells: Mapped[list[Any]] = mapped_column(JSON, default=list)
    verdict: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    made_at: Mapped[dt.datetime] = mapped_column(Instant)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    published_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    hash: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("operation_id", "number"),)


class ReleaseFile(Base):
    """One file of a published release, byte for byte as it was published. ``language``: en, fr, or '' for both."""

    __tablename__ = "release_file"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(2), default="")
    media: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("release_id", "name"),)


class ReleaseStep(Base):
    """What somebody did with a release: made, edited, sent, approved, refused, published, retracted.

    ``content_hash``: of what it was done to; an approval holds for that content alone.
    """

    __tablename__ = "release_step"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(String(12))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(SealedText("release_step", "reason"), default="", nullable=True)


class ReleaseOpening(Base):
    """One small number that is published on purpose: asked for with a reason, approved by a second, named person.

    ``service_id`` and ``day`` null: all services, the whole window.
    """

    __tablename__ = "release_opening"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"), index=True)
    measure: Mapped[str] = mapped_column(String(60))
    service_id: Mapped[int | None] = mapped_column()
    day: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(SealedText("release_opening", "reason"), default="", nullable=True)
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class ReleaseLink(Base):
    """The public address of a published release. The token is no secret; once ended, the address says so."""

    __tablename__ = "release_link"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    opened_at: Mapped[dt.datetime] = mapped_column(Instant)
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class PublicationCopy(Base):
    """What the first publication copy of a locked version withheld and printed: every later one is the same.

    ``policy``: by which rule. ``cells``: rows of measure, service, day, number (null where withheld) and why it is
    withheld; a withheld number stands nowhere in it. ``opened``: small numbers that were printed on purpose.
    ``beside``: what was printed that the locked version does not hold: names, what was published of the edition before.
    ``hash``: SHA-256 of all this and of the hash of the figures. Never written again (``locked``).
    """

    __tablename__ = "publication_copy"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    figure_set_id: Mapped[int] = mapped_column(ForeignKey("figure_set.id", ondelete="CASCADE"), unique=True)
    taken_at: Mapped[dt.datetime] = mapped_column(Instant)
    policy: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    cells: Mapped[list[Any]] = mapped_column(JSON, default=list)
    opened: Mapped[list[Any]] = mapped_column(JSON, default=list)
    beside: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    hash: Mapped[str] = mapped_column(String(64))


class WallLink(Base):
    """The address of an operation's wall screen, without account: totals and services by state, until it ends."""

    __tablename__ = "wall_link"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    opened_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class PublishedFigure(Base):
    """One figure as somebody printed it: of an earlier edition, or of another publisher. Never part of a total.

    ``operation_id``: the operation here that it is of, null for one that is not kept here; ``series``, ``edition`` and
    ``scope`` name that one. ``measure``: a code of the catalogue, '' where none fits (``word`` is then all there is).
    ``part``: what part of the whole it is of, '' for all (a service, a category). ``value`` null: not published.
    ``qualifier``: see ``vocab``. ``threshold_age``: of a figure of persons under an age. Days are dates without time.
    ``row_key``: the same for the same figure of the same source, so that taking a file again changes and never doubles.
    """

    __tablename__ = "published_figure"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    batch_uid: Mapped[str] = mapped_column(String(36), default="", index=True)
    row_key: Mapped[str] = mapped_column(String(64), index=True)
    operation_id: Mapped[int | None] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    series: Mapped[str] = mapped_column(String(160))
    edition: Mapped[str] = mapped_column(String(40))
    scope: Mapped[str] = mapped_column(String(120), default="")
    level: Mapped[str] = mapped_column(String(20), default="")
    publisher: Mapped[str] = mapped_column(String(160), default="")
    measure: Mapped[str] = mapped_column(String(60), default="")
    part: Mapped[str] = mapped_column(String(160), default="")
    word: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(2), default="en")
    value: Mapped[int | None]
    qualifier: Mapped[str] = mapped_column(String(12))
    threshold_age: Mapped[int | None]
    starts_on: Mapped[dt.date | None]
    ends_on: Mapped[dt.date | None]
    days: Mapped[int | None]
    as_of_on: Mapped[dt.date | None]
    source: Mapped[str] = mapped_column(String(400), default="")
    note: Mapped[str] = mapped_column(String(400), default="")
    is_sample: Mapped[bool] = mapped_column(default=False, server_default=false())
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    removed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class DataExport(Base):
    """One data workbook that somebody asked for: its state and progress. The file lies sealed in the instance folder.

    ``sheet``: which long table. ``scope``: how much of it the one who asked could see then. ``heard_at``: when the
    process that writes it last said so. ``ends_at``: when the file goes. ``hash``: of the file as it is handed out.
    """

    __tablename__ = "data_export"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    sheet: Mapped[str] = mapped_column(String(20))
    scope: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    language: Mapped[str] = mapped_column(String(2))
    as_of: Mapped[dt.datetime | None] = mapped_column(Instant)
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(String(10))
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int | None]
    heard_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    finished_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    size: Mapped[int | None]
    hash: Mapped[str] = mapped_column(String(64), default="")
    trouble: Mapped[str] = mapped_column(String(200), default="")


class FrozenFigures(Base):
    """What was worked out of a closed operation, kept so that nobody has to work it out again.

    ``name``: what was asked. ``marks``: the change counters it was worked out at; others make it worthless.
    ``content``: compressed JSON of figures, never of rows. ``hash``: SHA-256 of it.
    """

    __tablename__ = "frozen_figures"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    marks: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[dt.datetime] = mapped_column(Instant)
    hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("operation_id", "name"),)
