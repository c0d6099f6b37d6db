"""The questions of the phone, as paper asks them. The phone's room lies above this one: a test holds both together."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from outreach.storage.queries import lists
from outreach.vocab import AgeBand, ContactResult, Gender, SupportAnswer

Question = tuple[str, str, Mapping[str, str]]

# Codes come from the closed lists, words from the buttons of the phone.
_WHAT = {
    ContactResult.MET: _l("Met one person"),
    "several": _l("Met several"),
    ContactResult.NO_ANSWER: _l("No answer"),
    ContactResult.NOBODY_THERE: _l("Nobody there"),
    ContactResult.LEFT: _l("Left before we spoke"),
}
_AGES = {
    AgeBand.UNDER_12: _l("Under 12"),
    AgeBand.AGE_12_13: "12–13",
    AgeBand.AGE_14_15: "14–15",
    AgeBand.AGE_16_17: "16–17",
    AgeBand.AGE_18: "18",
    AgeBand.AGE_19_24: "19–24",
    AgeBand.AGE_25_34: "25–34",
    AgeBand.AGE_35_44: "35–44",
    AgeBand.AGE_45_OVER: _l("45 and over"),
    AgeBand.NOT_KNOWN: _l("Not known"),
}
_GENDERS = {
    Gender.WOMAN_GIRL: _l("Woman or girl"),
    Gender.MAN_BOY: _l("Man or boy"),
    Gender.NON_BINARY: _l("Non-binary"),
    Gender.TRANSGENDER: _l("Trans"),
    Gender.SELF_DESCRIBED: _l("Self-described"),
    Gender.NOT_KNOWN: _l("Not known"),
}
_SUPPORT = {
    SupportAnswer.ACCEPTED: _l("Yes, accepted"),
    SupportAnswer.DECLINED: _l("No, declined"),
    SupportAnswer.UNDECIDED: _l("Not decided yet"),
    SupportAnswer.NOT_OFFERED: _l("Not offered"),
    SupportAnswer.NOT_KNOWN: _l("Not known"),
}
_REACH = {
    "here": _l("The agency is here"),
    "they_call": _l("They will call the agency"),
    "safe_phone": _l("A phone that is safe to call"),
    "other_way": _l("Another safe way"),
    "not_known": _l("Not known"),
}
_URGENT = {"no": _l("Not urgent"), "yes": _l("Urgent")}
_ESTIMATE = _l("What they say, or your best estimate.")
# The screens of the phone in their order: title, hint, choices.
SCREENS = {
    "what": (_l("What happened?"), "", _WHAT),
    "age": (_l("How old is the person?"), _ESTIMATE, _AGES),
    "gender": (_l("What is their gender?"), _ESTIMATE, _GENDERS),
    "support": (_l("Do they accept support?"), _l("Help never depends on a statement."), _SUPPORT),
    "reach": (_l("How does the agency reach them?"), _l("Only what the person finds safe."), _REACH),
    "urgent": (_l("Is it urgent?"), _l("Urgent referrals come first on the agency’s list."), _URGENT),
}
# On paper a number could be read by others: it is said aloud instead.
SAY_IT = _l("Only what the person finds safe. Say a safe number to the agency or the coordinator; never write it here.")


def questions(language: str) -> dict[str, Question]:
    """Code → title, hint, code → label: the screens of the phone, then what its check card keeps."""
    asked: dict[str, Question] = {
        code: (str(title), str(hint), {str(answer): str(label) for answer, label in choices.items()})
        for code, (title, hint, choices) in SCREENS.items()
    }
    title, hint, choices = asked["age"]
    asked["age"] = (title, f"{hint} {gettext('Under 18: your duty to report')}.", choices)
    asked["reach"] = (asked["reach"][0], str(SAY_IT), asked["reach"][2])
    return asked | {
        "agreed": (
            gettext("Agreed"),
            gettext("Ask each one. Without the second, only that somebody was met is entered."),
            agreements(),
        ),
        "place_kind": (gettext("Kind of place"), "", dict(lists.choices("place_kinds", language))),
        "approach": (gettext("How it came about"), "", dict(lists.choices("approaches", language))),
        "made_safe": (
            gettext("Left an exploitative situation with help"),
            "",
            {"": gettext("No"), "yes": gettext("Yes")},
        ),
        "indicators": (
            gettext("Signs of control"),
            gettext("One sign proves nothing. Tick what was seen or said, not what is guessed."),
            dict(lists.choices("indicators", language)),
        ),
    }


def agreements() -> dict[str, str]:
    return {
        "talk": gettext("to talk with us"),
        "record": gettext("to be recorded"),
        "refer": gettext("to be referred"),
        "share": gettext("to share what was said with the agency"),
    }
