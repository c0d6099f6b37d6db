"""What the screens of a contact ask and offer: answers to each question, the forms of the check card and of a change.

The forms only show: what may be said is decided by ``rules.read_entry``, the same for pages, phones and scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext, lazy_pgettext, pgettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from outreach.storage.queries import lists
from outreach.vocab import (
    AgeBand,
    Approach,
    ContactResult,
    Gender,
    Indicator,
    Need,
    NoReferralReason,
    PlaceKind,
    SupportAnswer,
    Vocabulary,
)
from outreach.web.forms import OutreachForm
from outreach.web.page import language

from . import rules

_SHIPPED: dict[str, frozenset[str]] = {
    "place_kinds": frozenset(PlaceKind.values()),
    "approaches": frozenset(Approach.values()),
    "needs": frozenset(Need.values()),
    "indicators": frozenset(Indicator.values()),
    "no_referral_reasons": frozenset(NoReferralReason.values()),
}

# Age bands as the buttons write them: shorter than in tables.
SHORT_AGES: dict[str, Any] = {
    "under_12": _l("Under 12"),
    "12_13": "12–13",
    "14_15": "14–15",
    "16_17": "16–17",
    "18": "18",
    "19_24": "19–24",
    "25_34": "25–34",
    "35_44": "35–44",
    "45_over": _l("45 and over"),
    "not_known": _l("Not known"),
}
SHORT_GENDERS: dict[str, Any] = {
    "woman_girl": _l("Woman or girl"),
    "man_boy": _l("Man or boy"),
    "non_binary": _l("Non-binary"),
    "transgender": _l("Trans"),
    "self_described": lazy_pgettext("answer", "Self-described"),
    "not_known": _l("Not known"),
}
WHAT: dict[str, Any] = {
    "met": _l("Met one person"),
    "several": _l("Met several"),
    "no_answer": _l("No answer"),
    "nobody_there": _l("Nobody there"),
    "left": _l("Left before we spoke"),
}
REACH: dict[str, Any] = {
    "here": _l("The agency is here"),
    "they_call": _l("They will call the agency"),
    "safe_phone": _l("A phone that is safe to call"),
    "other_way": _l("Another safe way"),
    "not_known": _l("Not known"),
}
SUPPORT: dict[str, Any] = {
    "accepted": _l("Yes, accepted"),
    "declined": _l("No, declined"),
    "undecided": _l("Not decided yet"),
    "not_offered": _l("Not offered"),
    "not_known": _l("Not known"),
}
URGENT: dict[str, Any] = {"no": _l("Not urgent"), "yes": _l("Urgent")}
QUESTIONS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "what": (_l("What happened?"), "", WHAT),
    "age": (_l("How old is the person?"), _l("What they say, or your best estimate."), SHORT_AGES),
    "gender": (_l("What is their gender?"), _l("What they say, or your best estimate."), SHORT_GENDERS),
    "support": (_l("Do they accept support?"), _l("Help never depends on a statement."), SUPPORT),
    "reach": (_l("How does the agency reach them?"), _l("Only what the person finds safe."), REACH),
    "urgent": (_l("Is it urgent?"), _l("Urgent referrals come first on the agency’s list."), URGENT),
}
CONSEQUENCES: dict[str, Any] = {
    "several": _l("The questions come once for each person"),
    "accepted": _l("A support agency will be told"),
    "declined": _l("A normal answer; the card stays theirs"),
    "undecided": _l("They can come back to it"),
    "here": _l("Somebody of the agency is with you now"),
    "they_call": _l("The number is on the card"),
    "safe_phone": _l("Sealed: only the agency can open it"),
    "yes": _l("The agency is needed tonight"),
    "no": _l("The agency follows up in its own time"),
}
# Answers that stand alone in their row, and those drawn lighter.
WIDE = frozenset({"met", "left"})
LIGHT = frozenset({"not_known", "not_offered"})


def known(list_name: str, code: str) -> bool:
    """Whether ``code`` is a choice of the list. What ships with the product needs no look into the database."""
    return code in _SHIPPED[list_name] or code in lists.labels(list_name, "en")


def labels(list_name: str) -> dict[str, str]:
    """Code -> label in the reader's language, retired choices included."""
    return lists.labels(list_name, language())


def _options(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


class CheckboxesField(SelectMultipleField):
    """Several tick boxes under one question."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class KeptForm(OutreachForm):
    """Base of the two forms below; fields are added for each person."""

    def field_of(self, name: str, number: int) -> Any:
        return self[f"{name}-{number}"]


def _choices(list_name: str) -> list[tuple[str, str]]:
    return [("", gettext("Not said")), *lists.choices(list_name, language())]


def _words(vocabulary: type[Vocabulary]) -> list[tuple[str, str]]:
    return [(member.value, gettext(member.label)) for member in vocabulary]


def more_form(
    values: Mapping[str, list[str]], count: int, teams: list[tuple[str, str]], agencies: list[tuple[int, str]]
) -> KeptForm:
    """What the check card keeps behind *More*, filled with ``values``; one set of fields for each person."""
    return _made(_shared_fields(teams) | _for_each(count, lambda n: _person_fields(agencies)), values)


def change_form(values: Mapping[str, list[str]], count: int, agencies: list[tuple[int, str]]) -> KeptForm:
    """Everything of a contact on one page, for a change."""

    def person(number: int) -> dict[str, Any]:
        return {
            "age": SelectField(_l("Age band"), choices=_options(_words(AgeBand))),
            "gender": SelectField(_l("Gender"), choices=_options(_words(Gender))),
            "answer": SelectField(_l("Support"), choices=_options(_words(SupportAnswer))),
            "agreed": CheckboxesField(_l("Agreed"), choices=_options(agreements_for_change())),
            "reach_by": SelectField(_l("Reach by"), choices=_options([("", gettext("Not said")), *_reach_words()])),
            "safe_way": StringField(_l("Safe number, or another safe way")),
            "urgent": SelectField(_l("Urgent"), choices=_options([("", gettext("No")), ("yes", gettext("Yes"))])),
            **_person_fields(agencies),
        }

    fields = {
        "result": SelectField(_l("What happened"), choices=_options(_words(ContactResult))),
        **_shared_fields([]),
        **_for_each(count, person),
        "reason": TextAreaField(_l("Why is it changed?")),
        "version": HiddenField(),
    }
    return _made(fields, values)


def _reach_words() -> list[tuple[str, str]]:
    return [(code, str(REACH[code])) for code in rules.REACH_BY]


def agreements() -> list[tuple[str, str]]:
    return [
        ("talk", gettext("to talk with us")),
        ("record", gettext("to be recorded")),
        ("refer", gettext("to be referred")),
        ("share", gettext("to share what was said with the agency")),
    ]


def agreements_for_change() -> list[tuple[str, str]]:
    """What can be ticked where a referral may follow."""
    return [*agreements(), ("any", gettext("to go to any agency that can help"))]


def _shared_fields(teams: list[tuple[str, str]]) -> dict[str, Any]:
    fields: dict[str, Any] = {"met_at": StringField(_l("When"))}
    if len(teams) > 1:
        fields["team"] = SelectField(_l("Team"), choices=_options(teams))
    return fields | {
        "place_kind": SelectField(_l("Kind of place"), choices=_options(_choices("place_kinds"))),
        "municipality": StringField(_l("Municipality")),
        "approach": SelectField(_l("How it came about"), choices=_options(_choices("approaches"))),
        "kits": StringField(_l("Information kits handed out")),
        "note": TextAreaField(_l("Note")),
    }


def _person_fields(agencies: list[tuple[int, str]]) -> dict[str, Any]:
    return {
        "made_safe": SelectField(
            _l("Left an exploitative situation with help"),
            choices=_options([("", gettext("No")), ("yes", gettext("Yes"))]),
        ),
        "age_said": SelectField(
            _l("What the person says of their age"), choices=_options(_words(AgeBand)), default="not_known"
        ),
        "met_before": StringField(_l("Met before: the code on the card")),
        "agency": SelectField(_l("Support agency"), choices=_options([(str(key), name) for key, name in agencies])),
        "needs": CheckboxesField(_l("Needs"), choices=_options(lists.choices("needs", language()))),
        "reason": SelectField(_l("Why no referral"), choices=_options(_choices("no_referral_reasons"))),
        "indicators": CheckboxesField(
            _l("Signs of control"), choices=_options(lists.choices("indicators", language()))
        ),
    }


def _for_each(count: int, fields_of: Any) -> dict[str, Any]:
    return {f"{name}-{n}": field for n in range(1, count + 1) for name, field in fields_of(n).items()}


def _made(fields: dict[str, Any], values: Mapping[str, list[str]]) -> KeptForm:
    from werkzeug.datastructures import MultiDict

    made = type("ContactForm", (KeptForm,), fields)
    return made(formdata=MultiDict([(name, value) for name, many in values.items() for value in many]))


def filter_form(values: Mapping[str, str], teams: list[tuple[str, str]], timings: tuple[str, ...]) -> KeptForm:
    """The filters above the list of contacts; they travel in the address."""
    words = {"early": gettext("Before the window"), "inside": gettext("Inside the window"), "late": gettext("After it")}
    every = ("", gettext("All"))
    fields = {
        "day": StringField(_l("Day")),
        "team": SelectField(_l("Team"), choices=_options([every, *teams])),
        "result": SelectField(_l("What happened"), choices=_options([every, *_words(ContactResult)])),
        "timing": SelectField(_l("Time"), choices=_options([every, *((code, words[code]) for code in timings)])),
        "flagged": SelectField(_l("Questions"), choices=_options([every, ("1", gettext("Only with a question"))])),
        "withdrawn": SelectField(
            pgettext("contacts", "Withdrawn"),
            choices=_options([("", gettext("Left out")), ("1", gettext("Shown too"))]),
        ),
    }
    return _made(fields, {name: [value] for name, value in values.items()})
