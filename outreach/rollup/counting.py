"""Counting rules as data: by which named, versioned rule a measure may be counted, and which one is the standard.

Here belong names, texts and conditions only; ``measures`` makes a measure of each (``persons_made_safe:strict``)
and everything else counts it like any other. A rule that is changed gets a new version and keeps its name; one that was
ever chosen is never removed, because frozen figures and past moments name it.

A rule changes which rows count (``where``), never what makes two rows one: so one set of records yields every rule.
Numbers that were told instead of recorded hold only under the rule under which they were asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from outreach.vocab import N_, ChargeStatus, ContactResult

SOURCE = N_("Outreach glossary, figures and their rules")


@dataclass(frozen=True)
class Rule:
    """One way to count a measure. ``definition`` '': that of the measure; ``text``: the rule in words."""

    measure: str
    name: str
    label: str
    text: str
    where: tuple[tuple[str, tuple[object, ...]], ...]
    definition: str = ""
    version: int = 1
    standard: bool = False
    source: str = SOURCE

    @property
    def code(self) -> str:
        """The code under which the measure counted by this rule is asked for."""
        return f"{self.measure}:{self.name}"


RULES: tuple[Rule, ...] = (
    Rule(
        "contacts", "met", N_("met rule"),
        N_("Standing contacts with the result “met”; a joint team’s contact counts once, for its lead service."),
        (("result", (ContactResult.MET.value,)),), standard=True),
    Rule(
        "contacts", "every", N_("every-contact rule"),
        N_("Standing contacts of any result; a joint team’s contact counts once, for its lead service."),
        (("result", tuple(ContactResult.values())),),
        definition=N_("Meetings, and attempts at which nobody was met.")),
    Rule(
        "persons_made_safe", "wide", N_("wide rule"),
        N_("A person counts once the fact is recorded at any meeting, on the day of the first meeting."),
        (("made_safe", (True,)),), standard=True),
    Rule(
        "persons_made_safe", "strict", N_("strict rule"),
        N_("A person counts once the fact is recorded at any meeting, if the person accepted support and did not "
           "withdraw that later; on the day of the first meeting."),
        (("made_safe", (True,)), ("support", ("accepted",))),
        definition=N_("Distinct persons who left an exploitative situation with help and accepted support.")),
    Rule(
        "persons_charged", "standing", N_("standing rule"),
        N_("Accused codes with a charge standing as laid, on the day of the first. Codes are per service: across "
           "services the figure is “at most”."),
        (("status", (ChargeStatus.LAID.value,)),), standard=True),
    Rule(
        "persons_charged", "ever", N_("ever-laid rule"),
        N_("Accused codes with any charge that was ever laid, on the day of the first, also when it was withdrawn or "
           "replaced since. Codes are per service: across services the figure is “at most”."),
        (("status", tuple(ChargeStatus.values())),),
        definition=N_("Distinct persons against whom at least one charge was ever laid.")),
    Rule(
        "charges", "standing", N_("standing rule"),
        N_("Counts standing as laid, on the day they were laid; a substituted charge counts once, as its substitute."),
        (("status", (ChargeStatus.LAID.value,)),), standard=True),
    Rule(
        "charges", "ever", N_("ever-laid rule"),
        N_("Every count that was ever laid, on the day it was laid, also when it was withdrawn or replaced since; a "
           "substituted charge and its substitute both count."),
        (("status", tuple(ChargeStatus.values())),),
        definition=N_("Charges ever laid; elsewhere called offences.")),
)

_BY_CODE = {rule.code: rule for rule in RULES}
RULED: tuple[str, ...] = tuple(dict.fromkeys(rule.measure for rule in RULES))
"""Measures that can be counted by more than one rule, in the order of the catalogue."""


def rules_of(measure: str) -> tuple[Rule, ...]:
    """Every rule of a measure, the standard one first; none where it is counted one way only."""
    return tuple(rule for rule in RULES if rule.measure == measure)


def rule(measure: str, name: str) -> Rule | None:
    return _BY_CODE.get(f"{measure}:{name}")


def chosen(measure: str, choice: Mapping[str, Any]) -> Rule | None:
    """The rule in force where ``choice`` (measure → rule) was made; the standard one where nothing was chosen.

    None for a measure that is counted one way only.
    """
    known = rules_of(measure)
    if not known:
        return None
    standard = next(one for one in known if one.standard)
    return next((one for one in known if one.name == choice.get(measure)), standard)


def definitions(codes: Iterable[str], choice: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What frozen figures keep: code → the rule's name ('' where there is one way only), its version, the definition.

    ``definition`` and ``text`` are English sentences with their numbers filled in.
    """
    from outreach.rollup.measures import counted_by  # measures are made of these rules

    found: dict[str, dict[str, Any]] = {}
    for code in codes:
        measure = counted_by(code, choice)
        found[code] = {
            "rule": measure.variant, "version": measure.version, "definition": measure.definition % measure.params,
            "text": measure.rule % measure.params}
    return found
