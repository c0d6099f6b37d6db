"""Forms of reconciliation: an adjustment, taking one back, an explanation, an overlap."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import HiddenField, SelectField, StringField, TextAreaField

from outreach.web.forms import OutreachForm


class AdjustForm(OutreachForm):
    """A signed number on one figure. What may be chosen is set by the page, what is right by the rules."""

    measure = SelectField(lazy_gettext("Figure"), choices=[], validate_choice=False)
    day = SelectField(lazy_gettext("Day"), choices=[], validate_choice=False)
    amount = StringField(lazy_gettext("Add or take off"))
    reason = TextAreaField(lazy_gettext("Reason"))


class TakeBackForm(OutreachForm):
    """One adjustment, and why it does not count any more."""

    adjustment = HiddenField()
    reason = TextAreaField(lazy_gettext("Reason"))


class ExplainForm(OutreachForm):
    """Why the sources of one figure differ."""

    measure = HiddenField()
    day = HiddenField()
    seen = HiddenField()
    text = TextAreaField(lazy_gettext("Why they differ"))


class OverlapForm(OutreachForm):
    """How many persons two services both counted."""

    other = SelectField(lazy_gettext("Other service"), choices=[], validate_choice=False)
    measure = SelectField(lazy_gettext("Figure"), choices=[], validate_choice=False)
    persons = StringField(lazy_gettext("Counted by both"))
    reason = TextAreaField(lazy_gettext("How it is known"))
