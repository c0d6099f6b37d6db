"""The form with which a counting rule is chosen."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, RadioField, TextAreaField

from outreach.rollup.counting import Rule
from outreach.web.forms import OutreachForm


class CountingForm(OutreachForm):
    """One of the rules, why, and the version of the operation that the asker has seen."""

    version = HiddenField()
    rule = RadioField(lazy_gettext("Count by"), validate_choice=False)
    reason = TextAreaField(
        lazy_gettext("Reason"),
        description=lazy_gettext("Needed when numbers were told, signed or locked under the rule in force."),
    )

    def offer(self, rules: tuple[Rule, ...]) -> None:
        self.rule.choices = [(rule.name, gettext(rule.label).capitalize()) for rule in rules]
