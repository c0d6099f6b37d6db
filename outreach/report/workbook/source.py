"""Everything that the sheets are made from, gathered once: one set of facts, figures of it, names, who may see whom.

Here belong reading and permissions. What a sheet looks like does not belong here, nor any counting: figures come from
``rollup``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.report import followed
from outreach.report.words import label as label_of
from outreach.returns import figure_words
from outreach.rollup.cells import Cell as GridCell
from outreach.rollup.cells import cells
from outreach.rollup.completeness import days_late, timeliness
from outreach.rollup.facts import Facts
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import (
    ACCEPTANCE,
    ENGAGED_AT,
    FOLLOWED,
    FUNNEL,
    HOURS_TO_RECEIPT,
    STANDARD,
    Family,
    Measure,
)
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.members import members
from outreach.rollup.splits import Outcomes, outcomes_by_agency
from outreach.rollup.together import days_add_up
from outreach.rollup.totals import Coverage, Figure, coverage, totals
from outreach.storage import frames
from outreach.storage.queries import access, lists, operations, report, sign_offs
from outreach.storage.queries import workbook as queries
from outreach.storage.types import EPOCH_DAY, utc_now
from outreach.vocab import Bound, OperationStatus
from outreach.web import clock

MEASURES: tuple[Measure, ...] = (*(measure_of(code) for code in STANDARD), ACCEPTANCE)
# Only on the Summary: small numbers of them are withheld from readers outside the agencies, so nothing splits them.
AFTER: tuple[Measure, ...] = (
    *(measure_of(code) for code in dict.fromkeys((*FUNNEL, *FOLLOWED)) if code not in STANDARD),
    *ENGAGED_AT,
    HOURS_TO_RECEIPT,
)
_AND_THEIR_CHAINS = ("referrals_made", "referrals_received")
PARTICIPATION = ("services", "support_agencies")
EVERY_SERVICE = frozenset[int]()


@dataclass(frozen=True)
class Source:
    """The facts of one operation and what is needed to name them, for everybody but the public.

    ``persons`` says whose person-level rows the reader may see: None nobody's, ``EVERY_SERVICE`` all, else the
    services' ids. ``inside``: the reader may see every small number of what police do, and so how each service's staff
    are split; else only those whose persons she may see. ``outside``: small numbers of what became of referrals are
    withheld; ``later`` are the facts that these come from (for outsiders those of the beginning of the day). ``before``
    are the facts of the previous edition, None where there is none to compare with, ``before_later`` those of what
    became of its referrals. ``heard``: when each service's days first came.
    """

    code: str
    name: str
    zone: str
    sample: bool
    standing: bool
    status: str
    window: str
    as_of: dt.datetime
    facts: Facts
    before: Facts | None
    before_later: Facts | None
    services: dict[int, str]
    operations: dict[int, str]
    offences: dict[str, tuple[str, str]]
    signed: dict[int, queries.Signed]
    persons: frozenset[int] | None
    inside: bool
    outside: bool
    later: Facts
    referrals: list[queries.ReferralRow]
    outcome_titles: dict[str, str]
    heard: dict[tuple[int, int], int]

    # Figures ------------------------------------------------------------------------------------------------------

    @cached_property
    def total(self) -> dict[str, Figure]:
        after = totals(self.later, (), (*AFTER, *(measure_of(code) for code in _AND_THEIR_CHAINS)))
        if self.outside:
            after = list(followed.masked(after, self.outcomes))
        return {figure.measure: figure for figure in (*after, *totals(self.facts, (), MEASURES))}

    @cached_property
    def outcomes(self) -> Outcomes:
        return outcomes_by_agency(self.later)

    @cached_property
    def previous(self) -> dict[str, Figure]:
        if self.before is None or self.before_later is None:
            return {}
        after = totals(self.before_later, (), (*AFTER, *(measure_of(code) for code in _AND_THEIR_CHAINS)))
        if self.outside:
            after = list(followed.masked(after, outcomes_by_agency(self.before_later)))
        return {figure.measure: figure for figure in (*after, *totals(self.before, (), MEASURES))}

    @cached_property
    def coverage(self) -> Coverage:
        return coverage(self.facts)

    @cached_property
    def by_service(self) -> dict[int, dict[str, Figure]]:
        """Service → measure code → figure, services as ``rollup`` orders them."""
        out: dict[int, dict[str, Figure]] = {}
        for figure in totals(self.facts, ("service",), MEASURES):
            out.setdefault(int(figure.key["service"]), {})[figure.measure] = figure
        return out

    @cached_property
    def staff(self) -> dict[int, dict[str, Figure]]:
        """Service → staff category ('' not told apart) → personnel."""
        out: dict[int, dict[str, Figure]] = {}
        for figure in totals(self.facts, ("service", "category"), (measure_of("personnel"),)):
            out.setdefault(int(figure.key["service"]), {})[str(figure.key["category"])] = figure
        return out

    @cached_property
    def by_day(self) -> dict[int | str, dict[str, Figure]]:
        out: dict[int | str, dict[str, Figure]] = {}
        for figure in totals(self.facts, ("day",), MEASURES):
            out.setdefault(figure.key["day"], {})[figure.measure] = figure
        return out

    @cached_property
    def by_service_and_day(self) -> dict[tuple[int, int | str], dict[str, Figure]]:
        out: dict[tuple[int, int | str], dict[str, Figure]] = {}
        for figure in totals(self.facts, ("service", "day"), [m for m in MEASURES if m.by_day and not m.parts]):
            out.setdefault((int(figure.key["service"]), figure.key["day"]), {})[figure.measure] = figure
        return out

    @cached_property
    def cells(self) -> dict[str, dict[tuple[int, int], GridCell]]:
        """Measure code → (service, day) → state of the cell."""
        return {
            m.code: {(cell.service, cell.day): cell for cell in cells(self.facts, m)} for m in MEASURES if not m.parts
        }

    @cached_property
    def _cells_of(self) -> dict[int, dict[str, list[GridCell]]]:
        out: dict[int, dict[str, list[GridCell]]] = {}
        for code, found in self.cells.items():
            for cell in found.values():
                out.setdefault(cell.service, {}).setdefault(code, []).append(cell)
        return out

    def cells_of(self, service: int) -> dict[str, list[GridCell]]:
        """Measure code → the service's cells."""
        return self._cells_of.get(service, {})

    @cached_property
    def participations(self) -> dict[int, tuple[str, str, str]]:
        """Service → kind, status and entry mode; confirmed parts before others, then the operation before children."""
        frame = self.facts.participations
        rows = list(
            zip(
                *(frame[name].tolist() for name in ("service", "operation", "kind", "status", "entry_mode")),
                strict=True,
            )
        )
        rows.sort(key=lambda row: (row[3] == "confirmed", row[1] == self.facts.root))
        return {service: (kind, status, mode) for service, _, kind, status, mode in rows}

    @cached_property
    def late(self) -> dict[int, int]:
        """Service → days that came after they were due."""
        return days_late(timeliness(self.facts, self.heard))

    def staff_of(self, service: int) -> bool:
        """Whether the reader may see how the service's staff are split."""
        return self.inside or service in (self.persons or ())

    def adds_by_day(self, measure: Measure) -> bool:
        """Whether the figures by day add up to the whole."""
        return days_add_up(ledger(self.facts), measure)

    # Words --------------------------------------------------------------------------------------------------------

    def service(self, service: int) -> str:
        return self.services.get(service, str(service))

    def owes(self, service: int) -> bool:
        """Whether the service owes any figure here (that it takes part is no figure of its own)."""
        return any(
            figure.coverage.expected
            for code, figure in self.by_service.get(service, {}).items()
            if code not in PARTICIPATION
        )

    @cached_property
    def tree(self) -> frozenset[int]:
        """Ids of the operation and those under it."""
        return frozenset(self.facts.operations["operation"].tolist())

    @cached_property
    def final(self) -> bool:
        """Closed, every service in, and every service that owes a figure has signed."""
        owing = [service for service in self.by_service if self.owes(service)]
        closed = self.status in (OperationStatus.CLOSED, OperationStatus.ARCHIVED)
        signed = all(service in self.signed and self.signed[service].stands for service in owing)
        return closed and bool(owing) and signed and self.coverage.reported == self.coverage.expected

    @cached_property
    def local_time(self) -> dt.datetime:
        """The moment of the figures on the operation's own clock, without zone (as a workbook keeps times)."""
        return self.as_of.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    def status_words(self) -> str:
        return status_words(self.final, self.sample)

    def coverage_words(self, covers: Coverage | None = None) -> str:
        return coverage_words(covers or self.coverage)

    def as_of_words(self) -> str:
        return as_of_words(self.local_time, self.zone)


def status_words(final: bool, sample: bool) -> str:
    words = gettext("Final") if final else gettext("Provisional")
    return f"{gettext('Sample operation')}. {words}" if sample else words


def coverage_words(covers: Coverage) -> str:
    if covers.expected is None:
        return gettext("Services not known")
    return figure_words.covered(covers.reported, covers.expected)


def as_of_words(local_time: dt.datetime, zone: str) -> str:
    return gettext("As of %(at)s (%(zone)s)", at=f"{local_time:%Y-%m-%d %H:%M}", zone=zone)


def gather(actor: Actor, operation: Any, language: str, as_of: dt.datetime | None = None) -> Source:
    """The source of one file for ``actor``; call it where the language is set. ``operation`` is the table's row."""
    target = access.operation_target(operation)
    facts = frames.facts_of(operation.id, as_of)
    outside = not may(actor, "figures.followed", target)
    later = frames.facts_of(operation.id, followed.day_step(operation, as_of or utc_now())) if outside else facts
    first, last = _window(facts)
    before, before_later = _previous(actor, operation, outside)
    window, assumed = gettext("Window: %(days)s", days=clock.long_span(first, last)), gettext("Window assumed")
    return Source(
        code=operation.code,
        name=operation.name,
        zone=operation.time_zone,
        sample=operation.is_sample,
        standing=operation.standing,
        status=report.statuses_at([operation.id], as_of)[operation.id],
        window=f"{window}. {assumed}" if operation.window_assumed else window,
        as_of=as_of or utc_now(),
        facts=facts,
        before=before,
        before_later=before_later,
        services={named.id: named.name for named in report.service_names().values()},
        operations={number: code for number, (code, _) in report.operation_names().items()},
        offences=queries.offences(language),
        signed=queries.sign_offs(facts.operations["operation"].tolist(), as_of),
        persons=persons_for(actor, target),
        inside=may(actor, "figures.small", target),
        outside=outside,
        later=later,
        referrals=[] if outside else _referrals(facts, as_of),
        outcome_titles=lists.labels("outcomes", language),
        heard=sign_offs.first_heard(operation.id, as_of),
    )


def persons_for(actor: Actor, target: Target) -> frozenset[int] | None:
    """Whose person-level rows the actor may take away: None, ``EVERY_SERVICE``, or services' ids."""
    if may(actor, "workbook.persons", target):
        return EVERY_SERVICE
    own = frozenset(
        service for service in target.services if may(actor, "workbook.persons", replace(target, service=service))
    )
    return own or None


def _referrals(facts: Facts, as_of: dt.datetime | None) -> list[queries.ReferralRow]:
    """The referrals that the figure *referrals made* counts; in no order that tells when they were entered."""
    counted = set(members(facts, measure_of("referrals_made"))["referral"].tolist())
    found = queries.referrals(facts.operations["operation"].tolist(), as_of)
    return [row for row in found if row.referral in counted]


def _previous(actor: Actor, operation: Any, outside: bool) -> tuple[Facts | None, Facts | None]:
    """Facts of the operation that this one was copied from, when the actor may see its figures; and those of what
    became of its referrals, for outsiders as of the beginning of the day."""
    if operation.copied_from_id is None:
        return None, None
    before = operations.by_id(operation.copied_from_id)
    if before is None or not may(actor, "figures.see", access.operation_target(before)):
        return None, None
    facts = frames.facts_of(before.id)
    return facts, frames.facts_of(before.id, followed.day_step(before, utc_now())) if outside else facts


def _window(facts: Facts) -> tuple[dt.date | None, dt.date | None]:
    rows = facts.operations
    root = rows[rows["operation"] == facts.root]
    first, last = int(root["first_day"].iloc[0]), int(root["last_day"].iloc[0])
    return (date_of(first), date_of(last)) if min(first, last) >= 0 else (None, None)


def date_of(day: int) -> dt.date:
    """The date of a day number of the frames."""
    return EPOCH_DAY + dt.timedelta(days=day)


def label(measure: Measure) -> str:
    """The measure's name in the language of the file, with a counting rule that is not the standard one."""
    return label_of(measure)


def grouped(items: Iterable[tuple[str, Measure]], of: Iterable[Measure]) -> str:
    """``Overdue: contact figures; Declined: Charges``: words with their figures, whole families of ``of`` by name."""
    found: dict[str, list[Measure]] = {}
    for words, measure in items:
        found.setdefault(words, []).append(measure)
    every = list(of)
    return "; ".join(
        gettext("%(what)s: %(figures)s", what=words, figures=_listed(measures, every))
        for words, measures in found.items()
    )


def _listed(measures: list[Measure], every: list[Measure]) -> str:
    if len(measures) == len(every) > 1:
        return gettext("all figures")
    families = {Family.CONTACTS: gettext("contact figures"), Family.ENFORCEMENT: gettext("arrests and charges")}
    named, rest = [], list(measures)
    for family, words in families.items():
        of = [m for m in every if m.family is family]
        without = [m for m in of if m not in measures]
        if of and len(without) <= len(of) // 4:
            left_out = ", ".join(label(m) for m in without)
            named.append(gettext("%(figures)s except %(some)s", figures=words, some=left_out) if without else words)
            rest = [m for m in rest if m.family is not family]
    return ", ".join([*named, *(label(m) for m in rest)])


def bounds(figures: dict[str, Figure], unknown: bool = True) -> str:
    """The figures that are not exact, by how they are not."""
    by_code = {m.code: m for m in MEASURES}
    inexact = [
        (gettext(figure.bound.label), by_code[code])
        for code, figure in figures.items()
        if figure.bound != Bound.EXACT and (unknown or figure.bound != Bound.UNKNOWN) and not by_code[code].parts
    ]
    return grouped(inexact, [by_code[code] for code in figures if not by_code[code].parts])


__all__ = ["EVERY_SERVICE", "MEASURES", "Source", "bounds", "date_of", "gather", "grouped", "label"]
