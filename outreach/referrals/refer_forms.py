"""Forms of a referral that is made on a page: later from a contact, or for a person who came directly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from outreach.storage.queries import lists
from outreach.vocab import ReachBy
from outreach.web.forms import OutreachForm, whole
from outreach.web.page import language

from . import consent_rules
from .consent_forms import CheckboxesField, fact_choices
from .refer_rules import Asked


class MakeForm(OutreachForm):
    """What every referral says: needs, urgency, the way to reach, what was agreed."""

    uid = HiddenField()
    needs = CheckboxesField(lazy_gettext("Needs"), choices=[], validate_choice=False)
    urgent = RadioField(lazy_gettext("Is it urgent?"), choices=[], validate_choice=False)
    reach_by = RadioField(lazy_gettext("How does the agency reach them?"), choices=[], validate_choice=False)
    safe_way = TextAreaField(lazy_gettext("Safe number, or another safe way"))
    any_agency = BooleanField(lazy_gettext("to go to any agency that can help"))
    agreed_at = StringField(lazy_gettext("When the person agreed"))
    duty = BooleanField(lazy_gettext("I have read the local rule for persons under 18"))

    def offer(self) -> None:
        """Fill the choices in the reader's language."""
        self.needs.choices = [SelectChoice(code, label) for code, label in lists.choices("needs", language())]
        self.urgent.choices = [SelectChoice("no", gettext("Not urgent")), SelectChoice("yes", gettext("Urgent"))]
        self.reach_by.choices = [
            *(SelectChoice(way.value, gettext(way.label)) for way in ReachBy),
            SelectChoice("", gettext("Not known")),
        ]

    def asked(self, moment: Callable[[str], dt.datetime | None], *, under_18: bool, **said: Any) -> Asked:
        """What was typed, as the rules take it; needs that are not in the list are left out."""
        known = {choice.value for choice in self.needs.choices}
        reach_by = self.reach_by.data or ""
        return Asked(
            uid=self.uid.data or "",
            needs=tuple(code for code in self.needs.data or () if code in known),
            urgent=self.urgent.data == "yes",
            reach_by=reach_by,
            safe_way=(self.safe_way.data or "") if reach_by in ("safe_phone", "other_way") else "",
            any_agency=bool(self.any_agency.data),
            agreed_at=moment(self.agreed_at.data or ""),
            under_18=under_18,
            duty_read=bool(self.duty.data),
            **said,
        )


class ReferForm(MakeForm):
    """A person who was met."""

    agency = SelectField(lazy_gettext("Support agency"), choices=[], validate_choice=False)
    refers = BooleanField(lazy_gettext("to be referred to this agency"))
    facts = CheckboxesField(lazy_gettext("to share with the agency"), choices=[], validate_choice=False)

    def offer_agencies(self, agencies: Iterable[tuple[int, str]]) -> None:
        self.offer()
        self.facts.choices = fact_choices()
        self.agency.choices = [SelectChoice(str(one), name) for one, name in agencies]

    def referral(self, moment: Callable[[str], dt.datetime | None], *, under_18: bool) -> Asked:
        return self.asked(
            moment,
            under_18=under_18,
            agency_id=whole(self.agency.data) or None,
            refers=bool(self.refers.data),
            facts=consent_rules.facts_chosen(self.facts.data or []),
        )


class DirectForm(MakeForm):
    """A person who came to the agency herself."""

    agency = SelectField(lazy_gettext("Your agency"), choices=[], validate_choice=False)
    code = StringField(lazy_gettext("Code on the card"))
    operation = SelectField(lazy_gettext("Operation that the card is of"), choices=[], validate_choice=False)
    under = RadioField(lazy_gettext("Is the person under 18?"), choices=[], validate_choice=False)
    refers = BooleanField(lazy_gettext("that the agency gets in touch"))
    kept = BooleanField(lazy_gettext("that the agency keeps what they ask for"))

    def offer_places(self, agencies: Iterable[tuple[int, str]], operations: Iterable[tuple[int, str]]) -> None:
        self.offer()
        self.agency.choices = [SelectChoice(str(one), name) for one, name in agencies]
        self.operation.choices = [
            SelectChoice("", gettext("Not said")),
            *(SelectChoice(str(one), name) for one, name in operations),
        ]
        self.under.choices = [
            SelectChoice("no", gettext("No")),
            SelectChoice("yes", gettext("Yes")),
            SelectChoice("not_known", gettext("Not known")),
        ]

    def referral(self, moment: Callable[[str], dt.datetime | None], agency_id: int) -> Asked:
        return self.asked(
            moment,
            under_18=self.under.data == "yes",
            agency_id=agency_id,
            refers=bool(self.refers.data),
            facts=consent_rules.EVERY if self.kept.data else (),
        )
