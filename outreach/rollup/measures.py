"""The catalogue of measures: what each figure counts, by which rule, and whether it may be added.

Here belong definitions only, in English marked for translation, so that the page, the workbook's definitions sheet
and the arithmetic say the same. Counting is done elsewhere in this package; nothing here imports pandas.

A label or a definition may name ``%(age)s``: translate it with ``**measure.params``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from outreach.errors import Problem
from outreach.rollup import counting
from outreach.vocab import FOLLOW_UP_DAYS, N_, AgeBand, ServiceKind

DOMAIN = N_("Outreach glossary, figures and their rules")


class NotABandEdge(Problem):
    """The threshold age does not lie on the edge of an age band, so nobody can count under it."""

    code = "threshold_off_band_edge"
    status = 422
    message = N_("%(age)s is not the edge of an age band.")
    fix = N_("Choose one of these ages: %(edges)s.")


class NoSuchMeasure(Problem):
    """The code is not in the catalogue."""

    code = "no_such_measure"
    status = 404
    message = N_("There is no measure called %(measure)s.")
    fix = N_("Choose a code from the list of definitions.")


class NoSuchRule(Problem):
    """The measure is not counted by a rule of that name."""

    code = "no_such_rule"
    status = 404
    message = N_("%(measure)s is not counted by a rule called %(rule)s.")
    fix = N_("Choose one of these rules: %(known)s.")


class Family(StrEnum):
    """Measures that are owed, placed and reported together."""

    PARTICIPATION = "participation"
    PERSONNEL = "personnel"
    CONTACTS = "contacts"
    ENFORCEMENT = "enforcement"
    AGENCIES = "agencies"

    @property
    def owed(self) -> bool:
        """Whether services owe its measures, each at one reporting place."""
        return self.value not in ("participation", "agencies")

    @property
    def whole_window(self) -> bool:
        """Asked once for the window, so a tally may stand in where a service that logs contacts has no records."""
        return self.value in ("personnel", "enforcement")


@dataclass(frozen=True)
class Measure:
    """One figure's definition.

    ``frame`` names the frame of ``Facts`` whose rows it counts; ``where`` are the conditions (column, accepted
    values) that a row meets to count, after each person has one value; ``distinct`` is the column whose distinct
    values are counted, or ``total`` the column that is summed (neither: rows are counted). ``middle`` is the column
    (minutes, -1 not known) whose median in hours is the figure; ``parts`` the two measures whose quotient it is.
    ``variant`` names its counting rule where there are several; a code such as ``persons_made_safe:strict`` asks for
    that rule, one without a name for whatever the operation has chosen.
    """

    code: str
    label: str
    unit: str
    definition: str
    rule: str
    frame: str
    family: Family
    where: tuple[tuple[str, tuple[object, ...]], ...] = ()
    distinct: str | None = None
    total: str | None = None
    adds_across_services: bool = False
    adds_across_days: bool = False
    by_day: bool = True
    threshold: int | None = None
    days: int | None = None
    middle: str | None = None
    parts: tuple[str, str] | None = None
    version: int = 1
    source: str = DOMAIN
    variant: str = ""

    @property
    def base(self) -> str:
        """The code without the name of a counting rule: under it numbers are told and places are chosen."""
        return self.code.partition(":")[0]

    @property
    def fixed(self) -> bool:
        """Whether the code names the counting rule, so that it does not matter what an operation has chosen."""
        return ":" in self.code

    @property
    def params(self) -> dict[str, int]:
        """What the label and the definition name in ``%(...)s``."""
        named = {"age": self.threshold, "days": self.days}
        return {name: number for name, number in named.items() if number is not None}

    @property
    def additive(self) -> bool:
        """Whether the figure may be added across services and days alike."""
        return self.adds_across_services and self.adds_across_days

    @property
    def of_persons(self) -> bool:
        """Whether it counts distinct persons met, each with one value."""
        return self.distinct == "person" and self.frame == "meetings"

    @property
    def of_referrals(self) -> bool:
        """Whether it says what became of the referrals that a service made."""
        return self.frame in ("referrals", "outcomes") and self.code not in ("referrals_made", "persons_referred")

    @property
    def of_accused(self) -> bool:
        """Whether it counts accused codes, which are only distinct within one service."""
        return self.distinct == "accused"

    @property
    def place_code(self) -> str:
        """The code under which a reporting place is chosen: one for all thresholds, one for what followed."""
        if self.threshold is not None:
            return "persons_under_18"
        if self.code == "persons_referred":
            return "referrals_made"
        followed = self.frame == "referrals" and (self.days or self.distinct or self.middle)
        return "referrals_received" if followed or self.frame == "outcomes" else self.base


_C, _P, _E = Family.CONTACTS, Family.PERSONNEL, Family.ENFORCEMENT
_FIRST_DAY = N_("Each person is counted once, on the day of the first meeting.")
_POLICE = tuple(kind.value for kind in ServiceKind if kind.is_police)
_OTHERS = tuple(kind.value for kind in ServiceKind if not kind.is_police)


def _under(age: int) -> Measure:
    return Measure(
        f"persons_under_{age}", N_("Persons under %(age)s"), N_("persons"),
        N_("Distinct persons met whose age is under %(age)s. Persons whose age is not known make it “at least”."),
        N_("One age per person: confirmed by an agency, else as the person says, else as the officer believes; then "
           "the latest known. Statements on both sides of 18 count as under 18 and are listed as a question."),
        "meetings", _C, where=(("age", AgeBand.below(age)),), distinct="person", adds_across_days=True, threshold=age)


def _support(code: str, label: str, definition: str, *outcomes: str) -> Measure:
    return Measure(
        code, label, N_("persons"), definition,
        N_("Offered means ever offered. Accepted means ever accepted, unless the acceptance was withdrawn later; "
           "otherwise the last of declined and undecided counts, and a withdrawn acceptance counts as declined."),
        "meetings", _C, where=(("support", outcomes),), distinct="person", adds_across_days=True)


def _referrals(state: str, label: str, definition: str) -> Measure:
    return Measure(
        f"referrals_{state}", label, N_("referrals"), definition,
        N_("Referrals made by police whose history contains the state, on the day the referral was made; those "
           "withdrawn before anybody picked them up are left out, and those that came directly to an agency are "
           "counted apart."),
        "referrals", _C, where=((state, (True,)),), adds_across_services=True, adds_across_days=True, version=2)


def _persons_referred(name: str, state: str, label: str, definition: str) -> Measure:
    return Measure(
        f"persons_{name}", label, N_("persons"), definition,
        N_("Each person counts once, with at least one referral made by police whose history contains the state, on "
           "the day of the first; those withdrawn before anybody picked them up are left out."),
        "referrals", _C, where=((state, (True,)),), distinct="person", adds_across_days=True)


_FOLLOWED = N_("Days count from when a liaison picked the referral up. A follow-up counts once it is due or done, on "
               "the day the referral was made, also when the referral was withdrawn since.")


def _due(days: int) -> Measure:
    return Measure(
        f"referrals_due_{days}", N_("Follow-ups due at %(days)s days"), N_("referrals"),
        N_("Referrals whose follow-up at %(days)s days is due or done."), _FOLLOWED,
        "referrals", _C, where=((f"due_{days}", (True,)),), adds_across_services=True, adds_across_days=True, days=days)


def _engaged(days: int) -> Measure:
    return Measure(
        f"referrals_engaged_{days}", N_("Engaged at %(days)s days"), N_("referrals"),
        N_("Referrals whose person was still with the agency at the follow-up at %(days)s days."), _FOLLOWED,
        "referrals", _C, where=((f"engaged_{days}", (True,)),), adds_across_services=True, adds_across_days=True,
        days=days)


def _engaged_of_due(days: int) -> Measure:
    return Measure(
        f"engaged_at_{days}", N_("Engaged at %(days)s days, of those due"), N_("ratio"),
        N_("Referrals engaged at %(days)s days divided by the follow-ups due by then, shown with both."),
        N_("Only reporting places that know both parts are used; else it is unknown."),
        "referrals", _C, parts=(f"referrals_engaged_{days}", f"referrals_due_{days}"), days=days)


CATALOGUE: tuple[Measure, ...] = (
    Measure(
        "services", N_("Police services"), N_("services"), N_("Distinct police services that take part."),
        N_("Services of a police kind with a confirmed participation in the operation or one within it."),
        "participations", Family.PARTICIPATION, where=(("status", ("confirmed",)), ("kind", _POLICE)),
        distinct="service", by_day=False),
    Measure(
        "support_agencies", N_("Support agencies"), N_("agencies"), N_("Distinct other organisations that take part."),
        N_("Confirmed participations of any kind that is not police."),
        "participations", Family.PARTICIPATION, where=(("status", ("confirmed",)), ("kind", _OTHERS)),
        distinct="service", by_day=False),
    Measure(
        "personnel", N_("Personnel"), N_("persons"),
        N_("People deployed at least once: police, support staff and partners."),
        N_("Each member of staff once, however many shifts; adds up within a category."),
        "deployed", _P, distinct="staff", adds_across_services=True, by_day=False),
    Measure(
        "contacts", N_("Contacts"), N_("contacts"), N_("Meetings with at least one person."),
        N_("Standing contacts with the result “met”; a joint team’s contact counts once, for its lead service."),
        "contacts", _C, where=(("result", ("met",)),), adds_across_services=True, adds_across_days=True),
    Measure(
        "attempts", N_("Attempts"), N_("attempts"), N_("Attempts at which nobody was met."),
        N_("Standing contacts with the result “no answer”, “nobody there” or “left”."),
        "contacts", _C, where=(("result", ("no_answer", "nobody_there", "left")),),
        adds_across_services=True, adds_across_days=True),
    Measure(
        "persons_met", N_("Persons met"), N_("persons"),
        N_("Distinct persons met; elsewhere called engaged or interviewed."),
        _FIRST_DAY, "meetings", _C, distinct="person", adds_across_days=True),
    _under(18),
    _support("support_offered", N_("Support offered"), N_("Distinct persons to whom support was offered."),
             "accepted", "declined", "undecided"),
    _support("support_accepted", N_("Support accepted"), N_("Distinct persons who accepted support."), "accepted"),
    _support("support_declined", N_("Support declined"), N_("Distinct persons who declined support; a normal answer."),
             "declined"),
    _support("support_undecided", N_("Support undecided"), N_("Distinct persons who have not decided."), "undecided"),
    Measure(
        "persons_made_safe", N_("Persons made safe"), N_("persons"),
        N_("Distinct persons who left an exploitative situation with help; elsewhere called removed, rescued or "
           "recovered."),
        N_("A person counts once the fact is recorded at any meeting, on the day of the first meeting."),
        "meetings", _C, where=(("made_safe", (True,)),), distinct="person", adds_across_days=True),
    _referrals("made", N_("Referrals made"), N_("Referrals of a person to a support agency.")),
    _referrals("received", N_("Referrals received"), N_("Referrals that a liaison picked up.")),
    _referrals("reached", N_("Referrals reached"), N_("Referrals whose person the agency reached.")),
    _referrals("engaged", N_("Referrals engaged"), N_("Referrals whose person works with the agency.")),
    *(make(days) for days in FOLLOW_UP_DAYS for make in (_due, _engaged)),
    _persons_referred("referred", "made", N_("Persons referred"), N_("Distinct persons referred to a support agency.")),
    _persons_referred("received", "received", N_("Persons received"),
                      N_("Distinct persons whose referral a liaison picked up.")),
    _persons_referred("reached", "reached", N_("Persons reached"), N_("Distinct persons whom an agency reached.")),
    _persons_referred("engaged", "engaged", N_("Persons engaged"), N_("Distinct persons who work with an agency.")),
    Measure(
        "outcomes", N_("Outcomes"), N_("outcomes"),
        N_("What persons referred by police have in the end: housing, school, work and what else the list names."),
        N_("Each outcome once a referral, while it has not been taken back; withdrawn referrals are left out."),
        "outcomes", _C, adds_across_services=True, adds_across_days=True, by_day=False),
    Measure(
        "referrals_direct", N_("Direct referrals"), N_("referrals"),
        N_("Persons who came to an agency themselves and brought the code of their card."),
        N_("Counted apart from the referrals made by police. Who comes without a card belongs to no operation and "
           "counts only in the agency’s own figures; withdrawn referrals are left out."),
        "direct", Family.AGENCIES, adds_across_services=True, adds_across_days=True, by_day=False),
    Measure(
        "persons_arrested", N_("Persons arrested"), N_("persons"), N_("Distinct persons arrested."),
        N_("Accused codes with an arrest. Codes are per service: across services the figure is “at most”."),
        "accused", _E, where=(("arrested", (True,)),), distinct="accused", adds_across_days=True),
    Measure(
        "persons_charged", N_("Persons charged"), N_("persons"), N_("Distinct persons with at least one charge laid."),
        N_("Accused codes with a charge standing as laid, on the day of the first. Codes are per service: across "
           "services the figure is “at most”."),
        "charges", _E, where=(("status", ("laid",)),), distinct="accused", adds_across_days=True),
    Measure(
        "charges", N_("Charges"), N_("charges"), N_("Charges laid; elsewhere called offences."),
        N_("Counts standing as laid, on the day they were laid; a substituted charge counts once, as its substitute."),
        "charges", _E, where=(("status", ("laid",)),), total="count", adds_across_services=True, adds_across_days=True),
    Measure(
        "kits_handed_out", N_("Information kits handed out"), N_("kits"), N_("Information kits handed to persons."),
        N_("Kits noted on standing contacts of any result."),
        "contacts", _C, total="kits", adds_across_services=True, adds_across_days=True),
)

ACCEPTANCE = Measure(
    "acceptance", N_("Acceptance"), N_("ratio"), N_("Support accepted divided by support offered, shown with both."),
    N_("Only reporting places that know both parts are used; else it is unknown."),
    "meetings", _C, distinct="person", parts=("support_accepted", "support_offered"))

FUNNEL: tuple[str, ...] = (
    "persons_met", "support_offered", "support_accepted", "persons_referred", "persons_received", "persons_reached",
    "persons_engaged")
"""From met to engaged, each a number of persons."""

HOURS_TO_RECEIPT = Measure(
    "hours_to_receipt", N_("Median hours to receipt"), N_("hours"),
    N_("Half of the referrals that a liaison picked up waited no longer, from when they were made."),
    N_("The median over the referrals made by police that were ever picked up, shown with how many still wait. "
       "Medians are not added; only services that log contacts know hours."),
    "referrals", _C, where=(("received", (True,)),), middle="waited", adds_across_days=False)

ENGAGED_AT: tuple[Measure, ...] = tuple(_engaged_of_due(days) for days in FOLLOW_UP_DAYS)
DERIVED: tuple[Measure, ...] = (ACCEPTANCE, *ENGAGED_AT, HOURS_TO_RECEIPT)
"""Figures that are made of others: ratios and the median. They have no rows of their own."""

FOLLOWED: tuple[str, ...] = (
    "referrals_reached", "referrals_engaged",
    *(f"referrals_{part}_{days}" for days in FOLLOW_UP_DAYS for part in ("due", "engaged")),
    "persons_reached", "persons_engaged", "outcomes", "referrals_direct")
"""What became of referrals after an agency picked them up: small counts of it are withheld from police and media."""

STANDARD: tuple[str, ...] = (
    "services", "support_agencies", "personnel", "contacts", "persons_met", "persons_under_18", "support_offered",
    "support_accepted", "support_declined", "support_undecided", "persons_made_safe", "referrals_made",
    "referrals_received", "persons_arrested", "persons_charged", "charges", "kits_handed_out")
"""Codes that the command line and the workbook print, in their order."""



def _variant(base: Measure, rule: counting.Rule) -> Measure:
    return replace(
        base, code=rule.code, variant=rule.name, where=rule.where, rule=rule.text, version=rule.version,
        definition=rule.definition or base.definition, source=rule.source)


_BASES = {measure.code: measure for measure in (*CATALOGUE, *DERIVED)}
_VARIANTS = {rule.code: _variant(_BASES[rule.measure], rule) for rule in counting.RULES}
_BY_CODE = {**_BASES, **_VARIANTS}
_UNDER = re.compile(r"persons_under_(\d{1,3})")


def under(age: int) -> Measure:
    """The measure *persons under ``age``*; raises ``NotABandEdge`` when no band ends there."""
    if age not in AgeBand.edges():
        raise NotABandEdge(age=age, edges=", ".join(map(str, AgeBand.edges())))
    return _under(age)


def measure(code: str) -> Measure:
    """The measure called ``code``; ``persons_under_16`` and other band edges are understood, and the name of a counting
    rule after a colon.

    Raises ``NoSuchMeasure``, ``NoSuchRule`` or ``NotABandEdge``.
    """
    if code in _BY_CODE:
        return _BY_CODE[code]
    base, _, name = code.partition(":")
    if name and base in counting.RULED:
        raise NoSuchRule(measure=base, rule=name, known=", ".join(rule.name for rule in counting.rules_of(base)))
    threshold = _UNDER.fullmatch(code)
    if threshold:
        return under(int(threshold[1]))
    raise NoSuchMeasure(measure=code)


def counted_by(code: str, choice: Mapping[str, Any]) -> Measure:
    """The measure as an operation that chose ``choice`` (measure → rule) counts it, under the code asked for.

    A code that names its rule is counted by that one. Raises what ``measure`` raises.
    """
    asked = measure(code)
    rule = None if asked.fixed else counting.chosen(code, choice)
    return asked if rule is None else replace(_VARIANTS[rule.code], code=code)
