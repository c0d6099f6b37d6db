"""What does not fit together, listed for somebody to look at; nothing is mended here.

Here belong contradictions within counted facts. Published figures and signatures are compared in their own rooms.
Messages are marked for translation with named parameters; services, operations, measures and days are given as ids
and codes in ``where`` for the page to name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from outreach.rollup.counting import RULED
from outreach.rollup.days import WITHOUT_DAY
from outreach.rollup.facts import Facts
from outreach.rollup.grouping import distinct_by
from outreach.rollup.ledger import Ledger, ledger
from outreach.rollup.measures import CATALOGUE, Family, Measure
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.totals import totals
from outreach.rollup.units import UNDATED
from outreach.vocab import FOLLOW_UP_DAYS, N_, Basis, EntryMode


class Severity(StrEnum):
    """How much a check matters: a contradiction, something to ask, something to know."""

    PROBLEM = "problem"
    QUESTION = "question"
    NOTE = "note"


@dataclass(frozen=True)
class Check:
    """One thing that does not fit: ``message % params``, and in ``where`` what it is about."""

    code: str
    severity: Severity
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)


_NOT_ABOVE = (
    ("support_accepted", "support_offered", N_("Support accepted is %(low)s, but support offered is %(high)s.")),
    ("support_offered", "persons_met", N_("Support offered is %(low)s, but persons met is %(high)s.")),
    ("persons_under_18", "persons_met", N_("Persons under 18 is %(low)s, but persons met is %(high)s.")),
    ("persons_made_safe", "persons_met", N_("Persons made safe is %(low)s, but persons met is %(high)s.")),
    ("referrals_received", "referrals_made", N_("Referrals received is %(low)s, but referrals made is %(high)s.")),
    ("referrals_reached", "referrals_received",
     N_("Referrals reached is %(low)s, but referrals received is %(high)s.")),
    *((f"referrals_engaged_{days}", f"referrals_due_{days}",
       N_("Engaged at %(days)s days is %(low)s, but follow-ups due is %(high)s.")) for days in FOLLOW_UP_DAYS),
)
_ANSWERS = N_(
    "Accepted %(accepted)s, declined %(declined)s and undecided %(undecided)s do not make offered %(offered)s.")
_NO_CHARGED = N_("Charges is %(charges)s, but persons charged is 0.")
_MET_TWICE = N_("The services’ figures add up to %(sum)s; a person met by several services counts once in %(total)s.")
_CHILD = N_("An operation within counts %(child)s, the whole only %(parent)s.")
_RECORDS_BESIDE = N_("Records of a service that sends daily totals, not counted: %(records)s.")
_TALLIES_BESIDE = N_("Records: %(records)s; daily totals: %(tallies)s. The records count.")
_ELSEWHERE = N_("Entries made outside the operation that counts this service, counted nowhere: %(rows)s.")
_NOT_CHOSEN = N_(
    "The service takes part in several of these operations. Measures without a chosen place: %(measures)s.")
_AGES = N_("Persons with ages on both sides of 18, counted as under 18: %(persons)s.")
_SAME_CODE = N_("Person codes that appear twice in one contact, maybe issued twice: %(persons)s.")
_NOT_CONFIRMED = N_("Entries of a service that has not confirmed its part: %(rows)s.")
_NO_ACCUSED = N_("Charges without a person charged among the standing records: %(charges)s.")
_OTHER_RULE = N_("Numbers told under another counting rule, not counted here: %(tallies)s.")
_PARTS = N_("The staff categories add up to %(parts)s, but the number told is %(whole)s.")
_BELOW_ZERO = N_("An adjustment takes more away than there is: the figure is %(value)s.")
_UNHEARD = N_("An adjustment of a figure of which nothing is known, counted nowhere: %(amount)s.")
_OVERLAP = N_("%(persons)s were declared as counted by both services, but one of them counts only %(smaller)s.")
_FACT_FRAMES = ("meetings", "contacts", "referrals", "outcomes", "accused", "charges", "deployed")


def checks(facts: Facts) -> list[Check]:
    """Everything that does not fit, problems first, then questions, then notes."""
    book = ledger(facts)
    found = [
        *_contradictions(book), *_not_chosen(book), *_outside(book), *_not_confirmed(book), *_both_sources(book),
        *_codes(book), *_charges(book), *_staff_parts(book), *_adjustments(book), *_overlaps(book),
        *_met_twice(book), *_other_rule(book), *_children(book)]
    order = list(Severity)
    return sorted(found, key=lambda check: order.index(check.severity))


def _contradictions(book: Ledger) -> Iterator[Check]:
    """Figures of one service, and of all, that cannot both be true."""
    wanted = {code for low, high, _ in _NOT_ABOVE for code in (low, high)} | {
        "support_declined", "support_undecided", "persons_charged", "charges"}
    measures = [measure for measure in CATALOGUE if measure.code in wanted]
    values: dict[int | None, dict[str, int]] = {}
    for figure in totals(book.facts, ("service",), measures):
        if figure.value is not None:
            values.setdefault(int(figure.key["service"]), {})[figure.measure] = int(figure.value)
    for figure in totals(book.facts, (), measures):
        if figure.value is not None and figure.coverage.reported == figure.coverage.expected:
            values.setdefault(None, {})[figure.measure] = int(figure.value)
    for service, known in values.items():
        where = {} if service is None else {"service": service}
        for low, high, message in _NOT_ABOVE:
            if low in known and high in known and known[low] > known[high]:
                yield Check(f"{low}_above_{high}", Severity.PROBLEM, message,
                            {"low": known[low], "high": known[high], **measure_of(low).params},
                            where | {"measure": low})
        yield from _answers(known, where)
        if known.get("charges") and known.get("persons_charged") == 0 and _alike(book):
            yield Check("charges_without_person", Severity.PROBLEM, _NO_CHARGED, {"charges": known["charges"]}, where)


def _alike(book: Ledger) -> bool:
    """Whether charges and persons charged are counted by rules of one name, so that the one implies the other."""
    charges, charged = (book.ruled(measure_of(code)).variant for code in ("charges", "persons_charged"))
    return charges == charged


def _other_rule(book: Ledger) -> Iterator[Check]:
    """Numbers that were told where, or when, the measure was counted by another rule: they cannot be compared."""
    for code in RULED:
        measure = measure_of(code)
        for service in book.services():
            if told := book.told_otherwise(service, measure):
                yield Check("told_under_another_rule", Severity.QUESTION, _OTHER_RULE, {"tallies": len(told)},
                            {"service": service, "measure": code})


def _answers(known: Mapping[str, int], where: Mapping[str, Any]) -> Iterator[Check]:
    names = {name: f"support_{name}" for name in ("accepted", "declined", "undecided", "offered")}
    if all(code in known for code in names.values()):
        told = {name: known[code] for name, code in names.items()}
        if told["accepted"] + told["declined"] + told["undecided"] != told["offered"]:
            yield Check("answers_do_not_add_up", Severity.PROBLEM, _ANSWERS, told, where)


def _not_chosen(book: Ledger) -> Iterator[Check]:
    open_places: dict[int, int] = {}
    placed = {measure.place_code: measure for measure in CATALOGUE if measure.family.owed}
    for measure in placed.values():
        for service in book.places.undecided(measure):
            open_places[service] = open_places.get(service, 0) + 1
    for service, measures in open_places.items():
        yield Check("place_not_chosen", Severity.QUESTION, _NOT_CHOSEN, {"measures": measures}, {"service": service})


def _rows_by_pair(book: Ledger, frame: str) -> dict[tuple[int, int], int]:
    import numpy as np

    pairs = book.pairs(frame)
    return {pair: rows for pair, rows in zip(
        pairs.pairs, np.bincount(pairs.code, minlength=len(pairs.pairs)).tolist(), strict=True)
        if pair[1] in book.places.operations}


def _outside(book: Ledger) -> Iterator[Check]:
    """Entries in the tree, but outside the one place that counts them."""
    measures = {measure.frame: measure for measure in reversed(CATALOGUE) if measure.frame in _FACT_FRAMES}
    for frame, measure in measures.items():
        for (service, operation), rows in _rows_by_pair(book, frame).items():
            place = book.places.place(service, measure)
            if place is not None and place != operation:
                yield Check("outside_reporting_place", Severity.QUESTION, _ELSEWHERE, {"rows": rows}, {
                    "service": service, "operation": operation, "counted_in": place, "frame": frame})
    for (service, operation, code), days in book.tallies.items():
        place = book.places.place(service, measure_of(code)) if operation in book.places.operations else None
        if place is not None and place != operation:
            yield Check("outside_reporting_place", Severity.QUESTION, _ELSEWHERE, {"rows": len(days)}, {
                "service": service, "operation": operation, "counted_in": place, "measure": code, "frame": "tallies"})


def _not_confirmed(book: Ledger) -> Iterator[Check]:
    for frame in _FACT_FRAMES:
        for (service, operation), rows in _rows_by_pair(book, frame).items():
            if not any(part.confirmed for part in book.places.of_service.get(service, ())):
                yield Check("not_confirmed", Severity.QUESTION, _NOT_CONFIRMED, {"rows": rows}, {
                    "service": service, "operation": operation, "frame": frame})


def _both_sources(book: Ledger) -> Iterator[Check]:
    """Records of services that send totals, and totals of services that log contacts where the two differ."""
    listed: set[tuple[int, str]] = set()
    for measure in CATALOGUE:
        for service in book.services() if measure.family.owed else ():
            if book.places.mode(service, measure) != EntryMode.DAILY_TOTALS:
                yield from _totals_beside_records(book, measure, service)
            elif (service, measure.frame) not in listed:
                place = book.places.place(service, measure)
                rows = _rows_by_pair(book, measure.frame).get((service, -1 if place is None else place), 0)
                if rows:
                    listed.add((service, measure.frame))
                    yield Check("records_beside_totals", Severity.QUESTION, _RECORDS_BESIDE, {"records": rows}, {
                        "service": service, "frame": measure.frame})


def _totals_beside_records(book: Ledger, measure: Measure, service: int) -> Iterator[Check]:
    told = {day: tally for day, tally in book.told(service, measure).items() if tally.heard}
    if not told or book.source(service, measure) is not Basis.RECORDS:
        return
    counts = book.units(measure, ("service",)).by("service", "day")
    counted = sum(number for (other, day), number in counts.items()
                  if other == service and (UNDATED in told or day in told))
    said = sum(tally.value for tally in told.values())
    if counted != said:
        yield Check("totals_beside_records", Severity.QUESTION, _TALLIES_BESIDE,
                    {"records": counted, "tallies": said}, {"service": service, "measure": measure.code})


def _codes(book: Ledger) -> Iterator[Check]:
    """Codes that may stand for two persons, by the service that met them first."""
    import numpy as np

    units = book.units(measure_of("persons_met"))
    if units.resolved is not None and units.resolved.conflict.any():
        services, counts = np.unique(units.service[units.resolved.conflict], return_counts=True)
        for service, persons in zip(services.tolist(), counts.tolist(), strict=True):
            yield Check("ages_across_18", Severity.QUESTION, _AGES, {"persons": persons}, {"service": service})
    meetings = book.facts.meetings
    meetings = meetings[meetings["contact"].duplicated(keep=False)]  # nobody is there twice who is there alone
    if len(meetings):
        within = distinct_by(meetings, ["service", "contact"], "person")
        twice = (within["rows"] - within["distinct"]).groupby(within["service"]).sum()
        for service, persons in twice[twice > 0].items():
            yield Check("code_twice_in_contact", Severity.QUESTION, _SAME_CODE, {"persons": int(persons)}, {
                "service": service})


def _charges(book: Ledger) -> Iterator[Check]:
    import numpy as np

    laid = book.units(measure_of("charges"))
    known = np.isin(book.facts.charges["accused"].to_numpy()[laid.position], book.facts.accused["accused"].to_numpy())
    services, counts = np.unique(laid.service[~known], return_counts=True)
    for service, charges in zip(services.tolist(), counts.tolist(), strict=True):
        yield Check("charge_without_accused", Severity.PROBLEM, _NO_ACCUSED, {"charges": charges}, {"service": service})


def _staff_parts(book: Ledger) -> Iterator[Check]:
    for (service, operation, code), days in book.tallies.items():
        for day, parts in days.items():
            whole = parts.get("")
            named = [tally.value for part, tally in parts.items() if part and tally.heard]
            if code == "personnel" and whole is not None and whole.heard and named and sum(named) != whole.value:
                yield Check("staff_parts", Severity.PROBLEM, _PARTS, {"parts": sum(named), "whole": whole.value}, {
                    "service": service, "operation": operation, "day": day, "measure": code})


def _adjustments(book: Ledger) -> Iterator[Check]:
    """Figures that later changes brought below zero, and adjustments that wait for a figure."""
    for service, code in sorted(book.adjustments):
        measure, where = measure_of(code), {"service": service, "measure": code}
        counting = book.adjusted(service, measure)
        for day, amount in sorted(book.given(service, measure).items()):
            if day not in counting:
                yield Check("adjustment_unheard", Severity.QUESTION, _UNHEARD, {"amount": f"{amount:+d}"},
                            where | {"day": day})
        by_day = [figure for figure in totals(book.facts, ("service", "day"), [measure])
                  if figure.key["day"] != WITHOUT_DAY] if counting else []
        for figure in (*by_day, *(totals(book.facts, ("service",), [measure]) if counting else ())):
            if figure.key["service"] == service and figure.value is not None and figure.value < 0:
                yield Check("figure_below_zero", Severity.PROBLEM, _BELOW_ZERO, {"value": int(figure.value)},
                            where | {"day": figure.key.get("day", UNDATED)})


def _overlaps(book: Ledger) -> Iterator[Check]:
    """Declared overlaps that are larger than what one of the two counts."""
    frame = book.facts.overlaps
    for service, other, code, persons in zip(*(
            frame[name].tolist() for name in ("service", "other", "measure", "persons")), strict=True):
        values = [int(figure.value) for figure in totals(book.facts, ("service",), [measure_of(code)])
                  if figure.key["service"] in (service, other) and figure.value is not None]
        if len(values) == 2 and persons > min(values):
            yield Check("overlap_too_large", Severity.PROBLEM, _OVERLAP,
                        {"persons": persons, "smaller": min(values)}, {"service": service, "measure": code})


def _met_twice(book: Ledger) -> Iterator[Check]:
    measure = measure_of("persons_met")
    figures = totals(book.facts, ("service",), [measure])
    added = sum(int(figure.value) for figure in figures if figure.value is not None)
    whole = totals(book.facts, (), [measure])[0].value
    if whole is not None and added != whole:
        yield Check("sum_of_services", Severity.NOTE, _MET_TWICE, {"sum": added, "total": whole}, {
            "measure": measure.code})


def _children(book: Ledger) -> Iterator[Check]:
    """An operation within the tree with more than the whole: a service counts there that counts elsewhere above."""
    measures = [measure for measure in CATALOGUE if measure.family is not Family.PARTICIPATION]
    whole = {figure.measure: figure.value for figure in totals(book.facts, (), measures)}
    for operation in sorted(set(book.places.operations) - {book.places.root}):
        within = replace(book.facts, root=operation, remembered={})
        for figure in totals(within, (), measures):
            above = whole[figure.measure]
            sure = figure.value if figure.least is None else figure.least
            if sure is not None and above is not None and sure > above:
                yield Check("child_above_parent", Severity.PROBLEM, _CHILD, {"child": sure, "parent": above}, {
                    "operation": operation, "measure": figure.measure})
