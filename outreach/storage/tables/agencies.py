"""What a support agency offers, where, to whom and when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Instant


class AgencyProfile(Base):
    """What is known of a service as a support agency; languages and desk contact stand with the service itself.

    ``needs``: codes of the needs list. ``areas``: municipalities or regions; none means everywhere. ``hours``:
    ``[[weekday 0-6 from Monday, "09:00", "17:00"], …]`` in ``time_zone``; an end at or before the start is on the next
    day. ``closed_on``: ``["2017-12-25", …]``. ``capacity``: open referrals it can carry, null when not said.
    ``call_order``: who to call first among those that fit alike, the smaller the earlier. ``telephone``: of the desk.
    """

    __tablename__ = "agency_profile"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"), primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(60))
    needs: Mapped[list[str]] = mapped_column(JSON, default=list)
    areas: Mapped[list[str]] = mapped_column(JSON, default=list)
    always_open: Mapped[bool] = mapped_column(default=False, server_default=false())
    hours: Mapped[list[Any]] = mapped_column(JSON, default=list)
    closed_on: Mapped[list[str]] = mapped_column(JSON, default=list)
    capacity: Mapped[int | None]
    age_from: Mapped[int | None]
    age_to: Mapped[int | None]
    intake: Mapped[str] = mapped_column(Text, default="")
    telephone: Mapped[str] = mapped_column(String(40), default="", server_default="")
    taking: Mapped[bool] = mapped_column(default=True, server_default=true())
    call_order: Mapped[int] = mapped_column(default=100, server_default="100")
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[dt.datetime] = mapped_column(Instant)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
