"""Lists that an administrator edits, offences with their effective dates, and texts per region."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..engine import Base
from ..types import Day, Key


class ListItem(Base):
    """One choice of an editable list (needs, indicators, place kinds …). Retired, never deleted."""

    __tablename__ = "list_item"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    list_name: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(40))
    label_en: Mapped[str] = mapped_column(String(120))
    label_fr: Mapped[str] = mapped_column(String(120))
    definition_en: Mapped[str] = mapped_column(Text, default="")
    definition_fr: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    position: Mapped[int] = mapped_column(default=0)
    used_from: Mapped[dt.date | None] = mapped_column(Day)
    used_to: Mapped[dt.date | None] = mapped_column(Day)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (UniqueConstraint("list_name", "code"),)


class Offence(Base):
    """An offence as charged: statute, section, title, and the days between which it can be laid."""

    __tablename__ = "offence"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    statute: Mapped[str] = mapped_column(String(40), default="CC")
    section: Mapped[str] = mapped_column(String(40))
    title_en: Mapped[str] = mapped_column(String(200))
    title_fr: Mapped[str] = mapped_column(String(200))
    in_force_from: Mapped[dt.date | None] = mapped_column(Day)
    in_force_to: Mapped[dt.date | None] = mapped_column(Day)
    position: Mapped[int] = mapped_column(default=0)


class RegionSetting(Base):
    """Text that differs by region: the duty-to-report card. Region '' is the fallback."""

    __tablename__ = "region_setting"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    region: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(40))
    text_en: Mapped[str] = mapped_column(Text)
    text_fr: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("region", "name"),)
