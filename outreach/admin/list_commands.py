"""Writes of the lists: items, offences, texts per region. Rows are changed or retired, never deleted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid, NotAllowed
from outreach.storage.queries import admin as rows
from outreach.storage.seeds import DUTY_TO_REPORT
from outreach.storage.tables import ListItem, Offence, RegionSetting

from .rules import Wording, code_of, dates_finding


def add_item(actor: Actor, list_name: str, label: Wording, definition: Wording, source: str) -> ListItem:
    """A new choice at the end of a list. Raises ``NotAllowed``; ``Invalid`` at ``label_en``, ``label_fr``."""
    _check(actor, _label_findings(label))
    code = code_of(label.english)
    if not code or rows.code_taken(list_name, code):
        raise Invalid.at(
            "label_en", N_("This list has an item of that name already: change it or take it into use again.")
        )
    item = rows.add(
        ListItem(
            list_name=list_name,
            code=code,
            position=rows.last_position(ListItem, list_name) + 1,
            **_item_words(label, definition, source),
        )
    )
    _note(actor, list_name, code, "add")
    return item


def change_item(actor: Actor, item: ListItem, version: int, label: Wording, definition: Wording, source: str) -> None:
    """Other words for a choice; its code stays, so what was recorded keeps its meaning.

    Raises ``NotAllowed``; ``Invalid`` at the labels; ``Changed`` when somebody else was first.
    """
    _check(actor, _label_findings(label))
    if item.version != version:
        raise Changed()
    words = _item_words(label, definition, source)
    if any(getattr(item, name) != value for name, value in words.items()):
        for name, value in words.items():
            setattr(item, name, value)
        item.version += 1
        _note(actor, item.list_name, item.code, "change")


def retire_item(actor: Actor, item: ListItem, today: dt.date) -> None:
    """Offer the choice no longer; what was recorded with it keeps it. Raises ``NotAllowed``."""
    _check(actor, [])
    if item.used_to is None:
        item.used_to, item.version = today, item.version + 1
        _note(actor, item.list_name, item.code, "retire")


def reuse_item(actor: Actor, item: ListItem) -> None:
    """Offer a retired choice again. Raises ``NotAllowed``."""
    _check(actor, [])
    if item.used_to is not None:
        item.used_to, item.version = None, item.version + 1
        _note(actor, item.list_name, item.code, "reuse")


def save_offence(
    actor: Actor,
    offence: Offence | None,
    *,
    section: str,
    statute: str,
    title: Wording,
    first: dt.date | None,
    end: dt.date | None,
) -> Offence:
    """Add an offence, or change its words and dates. ``end`` is the first day on which it can no longer be laid.

    Raises ``NotAllowed``; ``Invalid`` at ``section``, ``title_en``, ``title_fr``, ``in_force_to``.
    """
    _check(actor, title.findings("title") + dates_finding(first, end, "in_force_to"))
    values = {
        "section": section,
        "statute": statute,
        "title_en": title.english,
        "title_fr": title.french,
        "in_force_from": first,
        "in_force_to": end,
    }
    if offence is None:
        code = f"{code_of(statute) or 'cc'}-{section}"[:40]
        if rows.offence_code_taken(code):
            raise Invalid.at("section", N_("This section is in the list already: change that entry."))
        offence = rows.add(Offence(code=code, position=rows.last_position(Offence) + 1, **values))
        _note(actor, "offences", offence.code, "add")
        return offence
    if any(getattr(offence, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(offence, name, value)
        _note(actor, "offences", offence.code, "change")
    return offence


def save_text(
    actor: Actor, setting: RegionSetting | None, region: str, words: Wording, name: str = DUTY_TO_REPORT
) -> RegionSetting:
    """Add or change a text of a region: the duty to report, or with ``name`` the legal card.

    Raises ``NotAllowed``; ``Invalid`` at ``region``, ``text_en``, ``text_fr``.
    """
    _check(actor, words.findings("text"))
    if setting is None:
        if rows.region_taken(name, region):
            raise Invalid.at("region", N_("This region has a text already: change that one."))
        setting = rows.add(RegionSetting(region=region, name=name, text_en=words.english, text_fr=words.french))
        _note(actor, name, setting.id, "add")
    elif (setting.text_en, setting.text_fr) != (words.english, words.french):
        setting.text_en, setting.text_fr = words.english, words.french
        _note(actor, setting.name, setting.id, "change")
    return setting


def _check(actor: Actor, found: list[Finding]) -> None:
    if not may(actor, "lists.change"):
        raise NotAllowed()
    if found:
        raise Invalid(*found)


def _label_findings(label: Wording) -> list[Finding]:
    return label.findings("label")


def _item_words(label: Wording, definition: Wording, source: str) -> dict[str, Any]:
    return {
        "label_en": label.english,
        "label_fr": label.french,
        "definition_en": definition.english,
        "definition_fr": definition.french,
        "source": source,
    }


def _note(actor: Actor, list_name: str, code: object, what: str) -> None:
    audit.record(actor, Tag.LIST_CHANGED, kind="list", object_id=f"{list_name}/{code}"[:40], change=what)
