"""What is typed of a coded card, and beside it what only a person knows: the time, the agency. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from outreach.storage.queries import radio_cards
from outreach.web import clock
from outreach.web.forms import OutreachForm

from . import forms
from .radio_card_rules import Card
from .rules import PersonEntry, shown_code


def card_form(values: Mapping[str, str], agencies: list[tuple[int, str]], referred: list[int]) -> OutreachForm:
    """``referred``: the numbers of the persons for whom an agency can be chosen."""
    choices = [SelectChoice(str(key), name) for key, name in agencies]
    fields: dict[str, Any] = {
        "lines": TextAreaField(_l("The card, line by line")),
        "met_at": StringField(_l("When")),
        **{f"agency-{n}": SelectField(_l("Support agency"), choices=choices) for n in referred},
    }
    made: OutreachForm = type("CardForm", (OutreachForm,), fields)(formdata=MultiDict(values))
    return made


def said(card: Card) -> list[dict[str, Any]]:
    """Each person of the card in words: her code as it is read back, and a row for each answer."""
    return [
        {
            "number": number,
            "code": shown_code(person.code) if person.recorded else "",
            "rows": [{"key": key, "value": value} for key, value in _rows(person)],
            "by_phone": person.reach_by == "safe_phone",
        }
        for number, person in enumerate(card.persons, start=1)
    ]


def met(card: Card) -> str:
    """What happened, in the words of the check card."""
    count = len(card.persons)
    if not count:
        return str(forms.WHAT[card.result])
    return gettext("One person") if count == 1 else ngettext("%(num)d person", "%(num)d persons", count)


def read_out(contact_uid: str, zone: str) -> list[dict[str, Any]]:
    """What the page of a contact says where a card made it, as ``arrival_views.arrivals_of`` says the rest."""
    stands = radio_cards.card_of_contact(contact_uid)
    if stands is None:
        return []
    entered = clock.spoken_moment(stands.entered_at, zone)
    if stands.merged_at is None:
        words = gettext("Read out by radio %(entered)s; the phone’s own record has not arrived.", entered=entered)
    else:
        words = gettext("Read out by radio %(entered)s, before the phone could send it.", entered=entered)
    return [{"words": words, "clock": ""}]


def _rows(person: PersonEntry) -> list[tuple[str, Any]]:
    if not person.recorded:
        return [(gettext("Agreed"), gettext("Not to be recorded: only the meeting counts"))]
    agreed = dict(forms.agreements())
    found = [
        (gettext("Age band"), forms.SHORT_AGES[person.age]),
        (gettext("Gender"), forms.SHORT_GENDERS[person.gender]),
        (gettext("Support"), forms.SUPPORT[person.answer]),
    ]
    if person.answer == "accepted":
        found += [
            (gettext("Reach by"), forms.REACH[person.reach_by or "not_known"]),
            (gettext("Urgent"), gettext("Yes") if person.urgent else gettext("No")),
        ]
    found.append((gettext("Agreed"), ", ".join(agreed[what] for what in person.agreed)))
    if person.made_safe:
        found.append((gettext("Left an exploitative situation with help"), gettext("Yes")))
    if person.claimed:
        found.append((gettext("Met before"), gettext("Yes, by the code on the card")))
    return found
