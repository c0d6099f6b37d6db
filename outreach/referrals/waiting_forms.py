"""Forms about who owns a referral: to whom and why, back and why, to which agency, how long one may wait, a code."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from outreach.vocab import HandedOver, NotTaken
from outreach.web.forms import OutreachForm, whole

from . import alert_rules


class HandOverForm(OutreachForm):
    """To which liaison, and why."""

    liaison = RadioField(lazy_gettext("To whom"), choices=[], validate_choice=False)
    why = RadioField(lazy_gettext("Why"), choices=[], validate_choice=False)

    def offer(self, liaisons: Iterable[tuple[int, str]]) -> None:
        self.liaison.choices = [SelectChoice(str(user), name) for user, name in liaisons]
        self.why.choices = [SelectChoice(one.value, gettext(one.label)) for one in HandedOver]

    @property
    def chosen(self) -> int | None:
        return whole(self.liaison.data) or None


class GiveBackForm(OutreachForm):
    """Why the agency does not take it."""

    seen = HiddenField()
    why = RadioField(lazy_gettext("Why"), choices=[], validate_choice=False)

    def offer(self) -> None:
        self.why.choices = [SelectChoice(one.value, gettext(one.label)) for one in NotTaken]

    @property
    def seen_version(self) -> int:
        return whole(self.seen.data)


class AssignForm(OutreachForm):
    """Which agency gets it."""

    seen = HiddenField()
    agency = RadioField(lazy_gettext("Which agency gets it?"), choices=[], validate_choice=False)

    def offer(self, agencies: Iterable[tuple[int, str]]) -> None:
        self.agency.choices = [SelectChoice(str(service), name) for service, name in agencies]

    @property
    def seen_version(self) -> int:
        return whole(self.seen.data)

    @property
    def chosen(self) -> int | None:
        return whole(self.agency.data) or None


class LimitsForm(OutreachForm):
    """How long a referral may wait for its agency, in hours."""

    urgent_hours = StringField(lazy_gettext("Hours that an urgent referral may wait"))
    hours = StringField(lazy_gettext("Hours that any other may wait"))
    why = RadioField(lazy_gettext("Why it changes"), choices=[], validate_choice=False)

    def offer(self) -> None:
        self.why.choices = [SelectChoice(code, gettext(label)) for code, label in alert_rules.REASONS.items()]


class CodeForm(OutreachForm):
    """A person code as it stands on the card."""

    code = StringField(lazy_gettext("Person code"))
