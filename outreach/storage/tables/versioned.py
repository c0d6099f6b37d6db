"""The mixin of every version row."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from ..types import Instant, SealedText


class Recorded:
    """Who recorded a version, when by the server's clock, and until when it stood."""

    version: Mapped[int] = mapped_column(default=1)
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant, index=True)
    superseded_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    @declared_attr
    def reason(cls) -> Mapped[str]:
        # Typed by a person about a record of persons: sealed like a note.
        return mapped_column(SealedText(cls.__tablename__, "reason"), default="", nullable=True)

    @declared_attr
    def recorded_by_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("user.id"))
