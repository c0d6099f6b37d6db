"""What persons say of a contact, as counts from the start. Nothing here has a time, an order or a link to a contact."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Key


class FeedbackCode(Base):
    """A code that was printed on a card for a service, as a keyed mark; it answers once.

    The key is the mark and the rows have no number of their own, so that not even the file says in which order they
    were printed or used.
    """

    __tablename__ = "feedback_code"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    used: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = ({"sqlite_with_rowid": False},)


class FeedbackCount(Base):
    """How many gave one answer to one question about one service; ``shown`` moves only in steps of six persons."""

    __tablename__ = "feedback_count"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation_id: Mapped[int] = mapped_column(ForeignKey("operation.id", ondelete="CASCADE"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    question: Mapped[str] = mapped_column(String(12))
    answer: Mapped[str] = mapped_column(String(12))
    number: Mapped[int] = mapped_column(default=0)
    shown: Mapped[int] = mapped_column(default=0)

    __table_args__ = (UniqueConstraint("operation_id", "service_id", "question", "answer"),)
