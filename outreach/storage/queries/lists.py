"""Editable lists, offences in force on a day, and texts that differ by region."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import or_, select

from ..engine import db
from ..seeds import DUTY_TO_REPORT
from ..tables import ListItem, Offence, RegionSetting


def choices(list_name: str, lang: str, on_day: dt.date | None = None) -> list[tuple[str, str]]:
    """``(code, label)`` of one list in its order; with ``on_day`` what is in use then, else what is not retired."""
    query = select(ListItem).where(ListItem.list_name == list_name).order_by(ListItem.position, ListItem.id)
    if on_day is None:
        query = query.where(ListItem.used_to.is_(None))
    else:
        query = query.where(
            or_(ListItem.used_from.is_(None), ListItem.used_from <= on_day),
            or_(ListItem.used_to.is_(None), ListItem.used_to > on_day),
        )
    return [(item.code, item.label_fr if lang == "fr" else item.label_en) for item in db.session.scalars(query)]


def labels(list_name: str, lang: str) -> dict[str, str]:
    """Code -> label of one list, retired choices included, to show what was recorded."""
    query = select(ListItem.code, ListItem.label_en, ListItem.label_fr).where(ListItem.list_name == list_name)
    return {code: french if lang == "fr" else english for code, english, french in db.session.execute(query)}


def offences(on_day: dt.date | None, lang: str) -> list[tuple[str, str]]:
    """``(code, "279.01 Trafficking in persons")`` of the offences that can be laid on the day (None: all)."""
    query = select(Offence).order_by(Offence.position, Offence.id)
    if on_day is not None:
        query = query.where(
            or_(Offence.in_force_from.is_(None), Offence.in_force_from <= on_day),
            or_(Offence.in_force_to.is_(None), Offence.in_force_to > on_day),
        )
    return [(offence.code, offence_label(offence, lang)) for offence in db.session.scalars(query)]


def offence_label(offence: Offence, lang: str) -> str:
    return f"{offence.section} {offence.title_fr if lang == 'fr' else offence.title_en}"


def offence_titles() -> dict[str, dict[str, str]]:
    """Code → ``section``, and the title in ``en`` and ``fr``."""
    query = select(Offence.code, Offence.section, Offence.title_en, Offence.title_fr)
    return {code: {"section": section, "en": en, "fr": fr} for code, section, en, fr in db.session.execute(query)}


def in_force(offence: Offence, day: dt.date) -> bool:
    """Whether the offence can be laid on the day; the day it ends on no longer counts."""
    since, until = offence.in_force_from, offence.in_force_to
    return (since is None or since <= day) and (until is None or day < until)


def offence_by_code(code: str) -> Offence | None:
    return db.session.scalar(select(Offence).where(Offence.code == code))


def duty_to_report(region: str, lang: str) -> str:
    """The duty-to-report text of the region, else the one of region ''."""
    query = (
        select(RegionSetting)
        .where(RegionSetting.name == DUTY_TO_REPORT, RegionSetting.region.in_({region, ""}))
        .order_by(RegionSetting.region.desc())
        .limit(1)
    )
    found = db.session.scalar(query)
    if found is None:
        return ""
    return found.text_fr if lang == "fr" else found.text_en
