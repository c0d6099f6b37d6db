"""What officers record: contacts, persons met, accused, charges, check-ins; and answers not yet saved."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Day, Instant, Key, new_uid
from .versioned import Recorded


class Contact(Base):
    """One meeting or attempt. ``uid`` was made by the form; ``content_hash`` tells a repeat from a conflict.

    ``conflict_of`` names the contact that arrived first under the same UUID with other content.
    """

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    conflict_of: Mapped[str | None] = mapped_column(String(36))

    __table_args__ = (Index("ix_contact_service", "operation_id", "service_id"),)


class ContactVersion(Recorded, Base):
    """What is said of a contact. ``day`` is the operational day, worked out from the operation's zone when saved.

    ``timing``: inside, early, late (against the service's window). ``note_sealed``: see ``storage.keys``.
    """

    __tablename__ = "contact_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    withdrawn: Mapped[bool] = mapped_column(default=False)
    met_at: Mapped[dt.datetime] = mapped_column(Instant)
    day: Mapped[dt.date] = mapped_column(Day)
    timing: Mapped[str] = mapped_column(String(8), default="inside")
    result: Mapped[str] = mapped_column(String(12))
    approach: Mapped[str] = mapped_column(String(20), default="")
    place_kind: Mapped[str] = mapped_column(String(20), default="")
    municipality: Mapped[str] = mapped_column(String(80), default="")
    kits: Mapped[int] = mapped_column(default=0)
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        UniqueConstraint("contact_id", "version"),
        Index("ix_contact_version_operation", "operation_id", "superseded_at", "service_id"),
    )


class Person(Base):
    """A person met, known by a code on the card she was handed, never by a name.

    ``join_key`` is the id of the first person row of the operation tree with the same code, or its own id: it is
    decided once, when the row is recorded, so that a past moment joins exactly what it joined then.
    ``code_mark`` is a keyed hash of the code; ``claimed`` says that the code was given ("met before"), not issued.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    root_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    join_key: Mapped[int | None] = mapped_column()
    code_mark: Mapped[str | None] = mapped_column(String(64))
    code_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    claimed: Mapped[bool] = mapped_column(default=False)
    code_conflict: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index("ix_person_code", "root_id", "code_mark"),)


class Meeting(Base):
    """One person in one version of a contact: the row that the arithmetic counts.

    Rows are written with their contact version and never changed; ``recorded_at`` and ``superseded_at`` repeat the
    version's so that a figure reads this one table. Ages and genders are kept apart by who says so.
    """

    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    contact_version_id: Mapped[int] = mapped_column(ForeignKey("contact_version.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    position: Mapped[int] = mapped_column(default=1)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    person_key: Mapped[int]
    standing: Mapped[bool] = mapped_column(default=True)
    met_at: Mapped[dt.datetime] = mapped_column(Instant)
    day: Mapped[dt.date] = mapped_column(Day)
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
    superseded_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    age_believed: Mapped[str] = mapped_column(String(10), default="not_known")
    age_said: Mapped[str] = mapped_column(String(10), default="not_known")
    age_confirmed: Mapped[str] = mapped_column(String(10), default="not_known")
    gender_believed: Mapped[str] = mapped_column(String(20), default="not_known")
    gender_said: Mapped[str] = mapped_column(String(20), default="not_known")
    language: Mapped[str] = mapped_column(String(40), default="")
    answer: Mapped[str] = mapped_column(String(20), default="not_known")
    no_referral_reason: Mapped[str] = mapped_column(String(20), default="")
    made_safe: Mapped[bool] = mapped_column(default=False)
    indicators: Mapped[list[str]] = mapped_column(JSON, default=list)
    place_kind: Mapped[str] = mapped_column(String(20), default="")
    # When each agreement was given; null: not given, or taken back (the version tells when).
    agreed_talk_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    agreed_record_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    agreed_refer_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    agreed_share_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_meeting_figures", "operation_id", "superseded_at", "service_id", "day", "answer", "person_key"),
    )


class PersonMerge(Recorded, Base):
    """The service coordinator's finding that two person rows are one person (or no longer)."""

    __tablename__ = "person_merge"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    person_key: Mapped[int]
    into_key: Mapped[int]


class Accused(Base):
    """A person charged or arrested, known by a code of her service. Never linked to a person met."""

    __tablename__ = "accused"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participation.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    code: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[dt.datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("operation_id", "service_id", "code"),)


class AccusedVersion(Recorded, Base):
    """Whether she was arrested, on which day, and whether the entry stands."""

    __tablename__ = "accused_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    accused_id: Mapped[int] = mapped_column(ForeignKey("accused.id", ondelete="CASCADE"), index=True)
    arrested: Mapped[bool] = mapped_column(default=False)
    arrested_on: Mapped[dt.date | None] = mapped_column(Day)
    withdrawn: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (UniqueConstraint("accused_id", "version"),)


class Charge(Base):
    """One line of charges against one accused; counts and state are in its versions."""

    __tablename__ = "charge"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    accused_id: Mapped[int] = mapped_column(ForeignKey("accused.id", ondelete="CASCADE"), index=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    substitute_for_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"))


class ChargeVersion(Recorded, Base):
    """Offence (or free label and statute), counts, date laid, court-neutral status."""

    __tablename__ = "charge_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id", ondelete="CASCADE"), index=True)
    offence_id: Mapped[int | None] = mapped_column(ForeignKey("offence.id"))
    label: Mapped[str] = mapped_column(String(160), default="")
    statute: Mapped[str] = mapped_column(String(80), default="")
    counts: Mapped[int] = mapped_column(default=1)
    laid_on: Mapped[dt.date] = mapped_column(Day)
    status: Mapped[str] = mapped_column(String(12), default="laid")

    __table_args__ = (UniqueConstraint("charge_id", "version"),)


class ContactDraft(Base):
    """Answers of a contact that is not saved yet, sealed to the officer who is typing."""

    __tablename__ = "contact_draft"

    uid: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    started_at: Mapped[dt.datetime] = mapped_column(Instant)
    changed_at: Mapped[dt.datetime] = mapped_column(Instant)
    taps: Mapped[int] = mapped_column(default=0, server_default="0")  # answers sent so far; a rehearsal measures them
    answers_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class CheckIn(Base):
    """A team says that it is well: ``kind`` start, well or end of shift; ``by_radio``: entered for it by somebody."""

    __tablename__ = "check_in"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(6))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    by_radio: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index("ix_check_in_team", "operation_id", "team_id", "at"),)
