"""Forms of a case: being in touch, one goal of the plan, the safe way to reach, outcomes, and the end."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext, lazy_gettext, lazy_pgettext
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from outreach.field.charge_forms import DayField
from outreach.storage.queries import lists
from outreach.vocab import CaseResult, CaseWay, FollowUpResult, PlanArea, PlanState, Vocabulary
from outreach.web.forms import OutreachForm, whole
from outreach.web.page import language

from . import rules
from .case_rules import NO, YES, Entry, Goal, SafeWay
from .consent_forms import CheckboxesField
from .forms import state_words

SOON = (1, 3, 7)
"""Days from today that are offered beside typing one."""


def _words(kind: type[Vocabulary]) -> list[SelectChoice]:
    return [SelectChoice(one.value, gettext(one.label)) for one in kind]


class RecordForm(OutreachForm):
    """One time in touch, as short as it can be."""

    uid = HiddenField()
    days = HiddenField()
    back = HiddenField()
    way = RadioField(lazy_gettext("How"), choices=[], validate_choice=False)
    result = RadioField(lazy_gettext("What came of it"), choices=[], validate_choice=False)
    safe = RadioField(lazy_gettext("Is this way still safe?"), choices=[], validate_choice=False)
    follow_up = RadioField(lazy_gettext("What the follow-up found"), choices=[], validate_choice=False)
    note = TextAreaField(lazy_gettext("Note"))
    next_in = RadioField(lazy_pgettext("referral", "Look again"), choices=[], validate_choice=False)
    next_on = DayField(lazy_gettext("Or on this day"))
    reached = BooleanField(lazy_gettext("If you spoke together: the person is reached"))

    def offer(self) -> None:
        """Fill the choices in the reader's language."""
        self.way.choices, self.result.choices = _words(CaseWay), _words(CaseResult)
        self.safe.choices = [
            SelectChoice(YES, gettext("Yes, the person says so")),
            SelectChoice(NO, gettext("No, not any more")),
            SelectChoice("", gettext("Could not ask")),
        ]
        self.follow_up.choices = _words(FollowUpResult)
        self.next_in.choices = [
            SelectChoice("1", gettext("Tomorrow")),
            SelectChoice("3", gettext("In 3 days")),
            SelectChoice("7", gettext("In a week")),
            SelectChoice("", gettext("No day")),
        ]

    def entry(self, today: dt.date) -> Entry:
        """What was answered; a day that was typed goes before one that was chosen."""
        soon = whole(self.next_in.data)
        chosen = today + dt.timedelta(days=soon) if soon in SOON else None
        return Entry(
            self.way.data or "",
            self.result.data or "",
            self.safe.data or "",
            self.note.data or "",
            self.next_on.data or chosen,
        )


class ItemForm(OutreachForm):
    """One goal, and the version that it was changed from (0: it is new)."""

    uid = HiddenField()
    base = HiddenField()
    area = RadioField(lazy_gettext("What it is about"), choices=[], validate_choice=False)
    goal = TextAreaField(lazy_gettext("Goal, in the person’s words"))
    step = TextAreaField(lazy_gettext("Next step"))
    due_on = DayField(lazy_gettext("By when"))
    state = RadioField(lazy_pgettext("goal", "Where it stands"), choices=[], validate_choice=False)

    def offer(self) -> None:
        """Fill the choices in the reader's language."""
        self.area.choices, self.state.choices = _words(PlanArea), _words(PlanState)

    @property
    def said(self) -> Goal:
        return Goal(
            self.area.data or "", self.goal.data or "", self.step.data or "", self.due_on.data, self.state.data or ""
        )


class SafeWayForm(OutreachForm):
    """How the person may be reached, in her words."""

    way = StringField(lazy_gettext("Way to reach"))
    text = RadioField(lazy_gettext("May we send a text message?"), choices=[], validate_choice=False)
    voicemail = RadioField(lazy_gettext("May we leave a voice message?"), choices=[], validate_choice=False)
    say = StringField(lazy_gettext("Who should we say is calling?"))

    def offer(self) -> None:
        """Fill the choices in the reader's language."""
        answers = [
            SelectChoice(YES, gettext("Yes")),
            SelectChoice(NO, gettext("No")),
            SelectChoice("", gettext("Not asked")),
        ]
        self.text.choices, self.voicemail.choices = answers, list(answers)

    @property
    def said(self) -> SafeWay:
        return SafeWay(self.way.data or "", self.text.data or "", self.voicemail.data or "", self.say.data or "")


class OutcomesForm(OutreachForm):
    """Which outcomes stand now."""

    outcomes = CheckboxesField(lazy_gettext("What the person has reached"), choices=[], validate_choice=False)

    def offer(self, standing: list[str]) -> None:
        """The list as it is in use, and what stands although it is not any more."""
        offered = lists.choices("outcomes", language())
        labels = lists.labels("outcomes", language())
        kept = [(code, labels.get(code, code)) for code in standing if code not in dict(offered)]
        self.outcomes.choices = [SelectChoice(code, words) for code, words in [*offered, *kept]]


class CloseForm(OutcomesForm):
    """How it ended, with what was reached; the words are sealed to the agency."""

    seen = HiddenField()
    state = RadioField(lazy_gettext("How it ended"), choices=[], validate_choice=False)
    why = TextAreaField(lazy_gettext("Why, for your agency alone"))
    destroys = BooleanField(lazy_gettext("Ending it destroys the safe way to reach. I no longer need it."))

    def offer_ends(self, state: str) -> None:
        """Fill the choices with the ends that may follow ``state``."""
        ends = [one for one in rules.next_states(state) if rules.ends(one)]
        self.state.choices = [SelectChoice(one.value, state_words(one)) for one in ends]

    @property
    def seen_version(self) -> int:
        return whole(self.seen.data)


class KeepForm(OutreachForm):
    """Which of several texts stands, and which ones the page showed."""

    keep = HiddenField()
    seen = HiddenField()

    @property
    def shown(self) -> frozenset[int]:
        return frozenset(whole(part) for part in (self.seen.data or "").split(","))


def item_values(version: Any, goal: str, step: str, uid: str) -> dict[str, Any]:
    """What the form of a goal begins with."""
    return {
        "uid": uid,
        "base": str(version.version),
        "goal": goal,
        "step": step,
        "due_on": version.due_on,
        "state": version.state,
    }
