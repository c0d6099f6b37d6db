"""Forms of agreements: when one was withdrawn, and what a person agrees to besides."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext, pgettext
from wtforms import RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from outreach.vocab import Consent, SharedFact
from outreach.web.forms import OutreachForm

from . import consent_rules


class CheckboxesField(SelectMultipleField):
    """Several tick boxes under one question."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class WithdrawForm(OutreachForm):
    """When the person took it back."""

    at = StringField(lazy_gettext("When the person said so"))


class GiveForm(OutreachForm):
    """What the person agrees to, said to the liaison."""

    kind = RadioField(lazy_gettext("The person agrees"), choices=[], validate_choice=False)
    facts = CheckboxesField(lazy_gettext("Facts that may be shared"), choices=[], validate_choice=False)
    given_at = StringField(lazy_gettext("When the person said so"))

    def offer(self) -> None:
        """Fill the choices in the reader's language."""
        self.kind.choices = [
            SelectChoice(Consent.FACTS.value, gettext("to share the facts ticked below")),
            SelectChoice("any", gettext("to go to any agency that can help")),
            SelectChoice(Consent.AGENCY.value, gettext("to go to this agency")),
            SelectChoice(Consent.REFER.value, gettext("to be referred")),
        ]
        self.facts.choices = fact_choices()


def fact_choices() -> list[SelectChoice]:
    return [SelectChoice(fact.value, gettext(fact.label)) for fact in consent_rules.OFFERED]


def kind_words(kind: str, agency: str, facts: list[str]) -> str:
    """What was agreed to, in words; the facts that go with every referral are not named."""
    if kind == Consent.REFER:
        return gettext("To be referred")
    if kind == Consent.AGENCY:
        return gettext("With %(agency)s", agency=agency) if agency else gettext("With any agency that can help")
    named = [gettext(fact.label) for fact in consent_rules.OFFERED if fact.value in facts]
    return gettext("To share: %(facts)s", facts=", ".join(named))


def news_words(kind: str) -> str:
    """What a withdrawal means for the agency, in one sentence."""
    if kind == Consent.REFER:
        return gettext("The person does not want to be referred any more: do not get in touch.")
    if kind == Consent.AGENCY:
        return gettext("The person does not want this agency any more: do not get in touch.")
    return pgettext("withdrawn", "The person took back what may be shared: it is no longer shown.")


def fact_names(facts: frozenset[str]) -> list[str]:
    """Facts that the agency may read, in words."""
    return [gettext(fact.label) for fact in SharedFact if fact.value in facts]
