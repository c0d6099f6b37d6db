"""What persons say of a contact, as counts from the start. Nothing here has a time, an order or a link to a contact."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Key


class FeedbackCode(Base):
    """A code that was printed on a card for a service and has not answered, as a keyed mark.

    Answering deletes it: a code that was used and one that never was are the same to the file too. The key is the mark
    and the rows have no number of their own, so that not even the file says in which order they were printed.
    """

    __tablename__ = "feedback_code"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))

    __table_args__ = ({"sqlite_with_rowid": False},)


class FeedbackPending(Base):
    """All answers about one service, added up and sealed: ``{question: {answer: number}}``.

    Sealed, because two copies of the file from before and after one answer would say what it was.
    """

    __tablename__ = "feedback_pending"

    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    counts_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = ({"sqlite_with_rowid": False},)


class FeedbackCount(Base):
    """How many gave one answer to one question about one service, as far as it may be seen: it moves for all questions
    together and only when six more have answered."""

    __tablename__ = "feedback_count"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    question: Mapped[str] = mapped_column(String(12))
    answer: Mapped[str] = mapped_column(String(12))
    shown: Mapped[int] = mapped_column(default=0)

    __table_args__ = (UniqueConstraint("operation_id", "service_id", "question", "answer"),)
