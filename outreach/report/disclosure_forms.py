"""The form that says which small numbers are withheld."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, StringField, TextAreaField

from outreach.rollup.protection import PRESETS
from outreach.vocab import Zeros
from outreach.web.forms import OutreachForm

from . import disclosure_rules as rules


class DisclosureForm(OutreachForm):
    """A published rule or a threshold of one's own, what becomes of zeros, and why."""

    version = HiddenField()
    preset = RadioField(_l("Rule"), validate_choice=False)
    least = StringField(
        _l("Your own: the smallest number that is shown"), description=_l("With 6, the numbers 1 to 5 are withheld.")
    )
    zeros = RadioField(_l("A zero"), validate_choice=False)
    reason = TextAreaField(_l("Reason"), description=_l("Whoever approves and whoever comes later reads it."))

    def offer(self) -> None:
        own = (rules.OWN, gettext("A threshold of your own"))
        self.preset.choices = [*((one.code, gettext(one.label)) for one in PRESETS), own]
        self.zeros.choices = [(one.value, gettext(one.label)) for one in Zeros]


class DecisionForm(OutreachForm):
    """The second person's answer to what waits."""

    version = HiddenField()
    answer = HiddenField()
