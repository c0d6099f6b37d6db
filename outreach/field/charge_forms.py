"""Forms of accused persons and charges. They read; the rules judge."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext, lazy_gettext, pgettext
from wtforms import BooleanField, DateField, HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from outreach.vocab import ChargeStatus
from outreach.web.forms import OutreachForm, whole

from .charge_commands import ChargeEntry

YES_NO = [SelectChoice("yes", lazy_gettext("Yes")), SelectChoice("no", lazy_gettext("No"))]


class DayField(DateField):
    """A day typed as ``2017-10-18``; anything else is refused in our own words and kept as typed."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata([value for value in valuelist if str(value).strip()])
        except ValueError:
            raise ValueError(gettext("Type the day as 2017-10-18.")) from None


class CountField(IntegerField):
    """A whole number; anything else is refused in our own words and kept as typed."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist and not str(valuelist[0]).strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(gettext("Type a whole number.")) from None


class ArrestForm(OutreachForm):
    """Whether and when the person was arrested."""

    arrested = RadioField(lazy_gettext("Arrested?"), choices=YES_NO, validate_choice=False)
    arrested_on = DayField(lazy_gettext("Day of the arrest"), validators=[Optional()])

    @property
    def was_arrested(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.arrested.data or "")


class AccusedForm(ArrestForm):
    """A new accused: code first."""

    code = StringField(lazy_gettext("Code"))


class ChangeAccusedForm(ArrestForm):
    """A correction of an accused, with the version it was made from."""

    seen = HiddenField()
    withdrawn = BooleanField(lazy_gettext("Withdraw this entry: it was made by mistake"))
    reason = StringField(lazy_gettext("Reason"))


class ChargeForm(OutreachForm):
    """One line of charges: of the list, or a label with its statute."""

    offence = SelectField(lazy_gettext("Offence"), choices=[], validate_choice=False)
    label = StringField(lazy_gettext("Label, where the list has no such offence"))
    statute = StringField(lazy_gettext("Statute of the label"))
    counts = CountField(lazy_gettext("Counts"))
    laid_on = DayField(lazy_gettext("Day laid"))

    def offer(self, offences: list[tuple[str, str]], repealed: list[tuple[str, str]]) -> None:
        """Fill the select: what is in force today, then what only older charges can name."""
        groups = ((gettext("In force"), offences), (gettext("Repealed"), repealed))
        self.offence.choices = [
            SelectChoice("", gettext("Choose, or type a label below")),
            *(SelectChoice(code, label, optgroup=name) for name, group in groups for code, label in group),
        ]

    @property
    def entry(self) -> ChargeEntry:
        return ChargeEntry(
            offence=self.offence.data or "",
            label=(self.label.data or "")[:160],
            statute=(self.statute.data or "")[:80],
            counts=self.counts.data,
            laid_on=self.laid_on.data,
        )


class AmendForm(ChargeForm):
    """What became of a charge; the fields of a charge are those of its substitute."""

    seen = HiddenField()
    status = RadioField(lazy_gettext("What became of it"), choices=[], validate_choice=False)
    kept_counts = CountField(lazy_gettext("Counts of this charge"))
    reason = StringField(lazy_gettext("Reason"))

    def offer_states(self) -> None:
        self.status.choices = [SelectChoice(state.value, charge_status(state.value)) for state in ChargeStatus]


def charge_status(status: str) -> str:
    """The word for a charge's status, in the gender that French gives a charge."""
    return pgettext("charge", "Withdrawn") if status == ChargeStatus.WITHDRAWN else gettext(ChargeStatus(status).label)


def seen_version(value: str | None) -> int:
    """The version a form was made from; 0, which no version has, when it was tampered with."""
    return whole(value)


def read_as_of(text: str) -> dt.datetime | None:
    """A recording time out of the address (ISO, with a zone or taken as UTC); ``None`` when it is none."""
    try:
        at = dt.datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        at = (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
        return at if 1970 < at.year < 9999 else None  # local clocks and both databases can tell it
    except (ValueError, OverflowError):
        return None
