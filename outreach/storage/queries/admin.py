"""Editing the lists of the site: items, offences, texts per region. Choosing from them is in ``lists``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from ..engine import db
from ..tables import ListItem, Offence, RegionSetting

Row = ListItem | Offence | RegionSetting


def list_names() -> list[tuple[str, int, int]]:
    """``(list name, items in use, items retired)`` by name."""
    retired = func.count(ListItem.used_to)
    query = select(ListItem.list_name, func.count() - retired, retired).group_by(ListItem.list_name)
    return [tuple(row) for row in db.session.execute(query.order_by(ListItem.list_name))]


def items(list_name: str) -> list[ListItem]:
    """Items of one list in their order, retired ones last."""
    query = select(ListItem).where(ListItem.list_name == list_name)
    return list(db.session.scalars(query.order_by(ListItem.used_to.is_not(None), ListItem.position, ListItem.id)))


def item(list_name: str, item_id: int) -> ListItem | None:
    return db.session.scalar(select(ListItem).where(ListItem.list_name == list_name, ListItem.id == item_id))


def code_taken(list_name: str, code: str) -> bool:
    query = select(ListItem.id).where(ListItem.list_name == list_name, ListItem.code == code)
    return db.session.scalar(query) is not None


def offences() -> list[Offence]:
    """Every offence in its order."""
    return list(db.session.scalars(select(Offence).order_by(Offence.position, Offence.id)))


def offence(offence_id: int) -> Offence | None:
    return db.session.get(Offence, offence_id)


def offence_code_taken(code: str) -> bool:
    return db.session.scalar(select(Offence.id).where(Offence.code == code)) is not None


def texts() -> list[RegionSetting]:
    """Texts per region, the general one first."""
    return list(db.session.scalars(select(RegionSetting).order_by(RegionSetting.name, RegionSetting.region)))


def text(text_id: int) -> RegionSetting | None:
    return db.session.get(RegionSetting, text_id)


def region_taken(name: str, region: str) -> bool:
    query = select(RegionSetting.id).where(
        RegionSetting.name == name, func.lower(RegionSetting.region) == region.casefold()
    )
    return db.session.scalar(query) is not None


def last_position(table: type[ListItem] | type[Offence], list_name: str = "") -> int:
    """The highest position in use, -1 for none."""
    query = select(func.max(table.position))
    if table is ListItem:
        query = query.where(ListItem.list_name == list_name)
    found = db.session.scalar(query)
    return -1 if found is None else found


def add(row: Row) -> Any:
    db.session.add(row)
    db.session.flush()
    return row
