"""Figures of an operation, worked out once and remembered until something under them changes.

Here belongs the choice of what is asked of ``rollup``; nothing is added up here, and the remembering is in
``remembering``. No Flask: the command line asks here too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from outreach.errors import N_, Blocked
from outreach.rollup.cells import Cell, cells
from outreach.rollup.charge_lines import added
from outreach.rollup.checks import checks
from outreach.rollup.completeness import Completeness, Timeliness, completeness, timeliness
from outreach.rollup.counting import RULED, RULES
from outreach.rollup.days import Day, day_rows
from outreach.rollup.facts import Facts
from outreach.rollup.filters import Filter
from outreach.rollup.hours import Hours, by_hour
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import CATALOGUE, DERIVED, FOLLOWED, Measure, counted_by
from outreach.rollup.measures import measure as measure_of
from outreach.rollup.members import members
from outreach.rollup.months import Month, by_month
from outreach.rollup.offences import offence_figures
from outreach.rollup.reconcile import Line, Signed, reconcile
from outreach.rollup.splits import Offence, Outcomes, by_offence, by_team, outcomes_by_agency
from outreach.rollup.totals import Figure, coverage, totals
from outreach.rollup.waits import Waits, waits
from outreach.storage.queries import report as rows
from outreach.storage.queries import sign_offs as heard_rows
from outreach.storage.tables import Operation
from outreach.storage.types import utc_now
from outreach.vocab import CellState

from .figure_kinds import Board, Figures, ServiceBook, Tonight
from .remembering import facts_for, remembered
from .remembering import part_of_page as part_of_page  # asked for here, like everything else

if TYPE_CHECKING:
    from pandas import DataFrame

GRID_MEASURE = "persons_met"
LIVE = ("contacts", "persons_met", "support_accepted")
HEADLINE = ("personnel", "persons_met", "persons_charged", "charges")
T = TypeVar("T")
Services = Mapping[int, rows.Named]


def need_figures(operation: Operation) -> None:
    """Raise ``Blocked`` for a rehearsal: its records reach no figure, not even one of its own."""
    if operation.is_rehearsal:
        raise Blocked(
            N_("This is a rehearsal: what is logged in it reaches no figure."),
            N_("See what it measured on its own page."),
        )


def figures_of(
    operation_id: int, as_of: dt.datetime | None = None, by: Sequence[str] = (), only: Filter | None = None
) -> Figures:
    """Figures of the whole catalogue; ``by`` as in ``rollup.totals``. ``only``: of some of the facts (``filters``)."""
    split = tuple(by)
    at = as_of or utc_now()

    def make(facts: Facts) -> Figures:
        return Figures(operation_id, at, coverage(facts), tuple(totals(facts, split)))

    found = remembered(operation_id, as_of, ("figures", split), make, lambda made: len(made.figures) + 1, only)
    return replace(found, as_of=at)  # what was remembered has just been found to be good still


def by_rule(operation_id: int, as_of: dt.datetime | None = None) -> dict[str, Figure]:
    """Every measure that may be counted by several rules, by each of them, from the same records: code → figure."""

    def make(facts: Facts) -> dict[str, Figure]:
        return {figure.measure: figure for figure in totals(facts, (), [measure_of(rule.code) for rule in RULES])}

    return remembered(operation_id, as_of, ("rules",), make, len)


def counted(figure: Figure) -> Measure:
    """The measure as the figure counted it: with the rule, its version and its words, under the code asked for."""
    return counted_by(figure.measure, {figure.measure: figure.rule})


def measure_in(operation_id: int, code: str, as_of: dt.datetime | None = None) -> Measure:
    """The measure as the operation counts it, or counted it at that moment. Raises what ``measures.measure`` raises."""
    measure = measure_of(code)
    if measure.fixed or measure.base not in RULED:
        return measure
    choice = remembered(operation_id, as_of, ("choice",), lambda facts: dict(facts.counting), lambda made: 1)
    return counted_by(code, choice)


def measures_in(operation_id: int, as_of: dt.datetime | None = None) -> list[Measure]:
    """Every measure and what derives from them, as the operation counts or counted them."""
    return [measure_in(operation_id, measure.code, as_of) for measure in (*CATALOGUE, *DERIVED)]


def figures_by(
    operation_id: int,
    codes: Sequence[str],
    as_of: dt.datetime | None = None,
    by: Sequence[str] = (),
    only: Filter | None = None,
) -> Figures:
    """Figures of ``codes`` alone, which may name counting rules; otherwise as ``figures_of``."""
    split = tuple(by)
    at = as_of or utc_now()

    def make(facts: Facts) -> Figures:
        found = totals(facts, split, [measure_of(code) for code in codes])
        return Figures(operation_id, at, coverage(facts), tuple(found))

    found = remembered(operation_id, as_of, ("codes", split, *codes), make, lambda made: len(made.figures) + 1, only)
    return replace(found, as_of=at)


def figures_for(
    operation_id: int,
    code: str,
    as_of: dt.datetime | None = None,
    by: Sequence[str] = (),
    only: Filter | None = None,
) -> Figures:
    """Figures among which are those of ``code``, also of one that no page lists (a rule by name, another age)."""
    listed = any(measure.code == code for measure in (*CATALOGUE, *DERIVED))
    return figures_of(operation_id, as_of, by, only) if listed else figures_by(operation_id, [code], as_of, by, only)


def board_of(operation_id: int, as_of: dt.datetime | None = None, only: Filter | None = None) -> Board:
    """Cells of persons met, what was met outside the window, today's figures, and what does not fit together (of the
    whole operation alone: a part of it does not have to fit)."""

    def make(facts: Facts) -> Board:
        met = measure_of(GRID_MEASURE)
        outside = (figure for figure in totals(facts, ("service", "day"), [met]) if isinstance(figure.key["day"], str))
        daily = totals(facts, ("day",), [met, measure_of("persons_charged")])
        return Board(
            today=facts.today,
            days=tuple(day_rows(facts)),
            cells=tuple(cells(facts, met)),
            outside=tuple(figure for figure in outside if figure.value),
            today_figures=tuple(figure for figure in daily if figure.key["day"] == facts.today),
            elsewhere={code: _elsewhere(facts, code) for code in HEADLINE},
            checks=() if only else tuple(checks(facts)),
        )

    return remembered(operation_id, as_of, ("board",), make, lambda made: len(made.cells) + len(made.checks) + 1, only)


def tonight_of(operation_id: int) -> Tonight:
    """Today's figures of ``LIVE`` (in its order, unknown ones too), the same in all, and contacts by team."""

    def make(facts: Facts) -> Tonight:
        measures = [measure_of(code) for code in LIVE]
        daily = {f.measure: f for f in totals(facts, ("day",), measures) if f.key["day"] == facts.today}
        return Tonight(
            today=tuple(daily.get(code, Figure(code)) for code in LIVE),
            in_all=tuple(totals(facts, (), measures)),
            teams=by_team(facts, facts.today),
        )

    return remembered(operation_id, None, ("tonight",), make, lambda made: len(made.teams) + 2 * len(LIVE) + 1)


def _elsewhere(facts: Facts, code: str) -> tuple[int, ...]:
    found = {cell.operation for cell in cells(facts, measure_of(code)) if cell.state == CellState.ELSEWHERE}
    return tuple(sorted(operation for operation in found if operation is not None and operation != facts.root))


def cells_of(
    operation_id: int, code: str, as_of: dt.datetime | None = None, only: Filter | None = None
) -> tuple[Cell, ...]:
    """State of each service and day of one measure."""

    def make(facts: Facts) -> tuple[Cell, ...]:
        return tuple(cells(facts, measure_of(code)))

    return remembered(operation_id, as_of, ("cells", code), make, lambda made: len(made) + 1, only)


def book_of(operation_id: int, service: int, as_of: dt.datetime | None = None) -> ServiceBook:
    """What the service looks at before it signs, and signs."""
    heard = heard_rows.first_heard(operation_id, as_of)
    at = as_of or utc_now()

    def make(facts: Facts) -> ServiceBook:
        book = ledger(facts)
        owed = [measure for measure in CATALOGUE if measure.family.owed]
        here = {m.code for m in owed if book.places.place(service, m) in (None, operation_id)}
        whole = [f for f in totals(facts, ("service",), owed) if f.key["service"] == service]
        days = [f for f in totals(facts, ("service", "day"), owed) if f.key["service"] == service]
        added = {(m.code, day): amount for m in owed for day, amount in book.adjusted(service, m).items()}
        return ServiceBook(
            service=service,
            as_of=at,
            today=facts.today,
            first=book.places.window()[0],
            here=frozenset(here),
            whole={f.measure: f for f in whole},
            days={(f.measure, f.key["day"]): f for f in days},
            cells={m.code: tuple(c for c in cells(facts, m) if c.service == service) for m in owed},
            added=added,
            said={m.code: book.source(service, m) for m in owed},
            checks=tuple(check for check in checks(facts) if check.where.get("service") == service),
            complete=next((one for one in completeness(facts) if one.service == service), None),
            times=tuple(one for one in timeliness(facts, heard) if one.service == service),
        )

    found = remembered(operation_id, as_of, ("service", service), make, lambda made: len(made.days) + 400)
    return replace(found, as_of=at)


def told_by(operation_id: int, service: int) -> tuple[Figure, ...]:
    """Figures of what one service owes, in all and by day, from one reading of the facts.

    What became of referrals is not in it: before and after of one row would tell of one person what police never learn.
    """

    def make(facts: Facts) -> tuple[Figure, ...]:
        owed = [measure for measure in CATALOGUE if measure.family.owed and measure.code not in FOLLOWED]
        every = (figure for by in (("service",), ("service", "day")) for figure in totals(facts, by, owed))
        return tuple(figure for figure in every if figure.key["service"] == service)

    return remembered(operation_id, None, ("told by", service), make, lambda made: len(made) + 1)


def completeness_of(operation_id: int, as_of: dt.datetime | None = None) -> dict[int, Completeness]:
    """Service id → how complete its figures are."""

    def make(facts: Facts) -> dict[int, Completeness]:
        return {one.service: one for one in completeness(facts)}

    return remembered(operation_id, as_of, ("completeness",), make, lambda made: len(made) + 1)


def times_of(operation_id: int, as_of: dt.datetime | None = None) -> tuple[Timeliness, ...]:
    """Each service and day, and the window: when it was due and when it was first heard."""
    heard = heard_rows.first_heard(operation_id, as_of)

    def make(facts: Facts) -> tuple[Timeliness, ...]:
        return tuple(timeliness(facts, heard))

    return remembered(operation_id, as_of, ("times",), make, lambda made: len(made) + 1)


def months_of(
    operation_id: int,
    codes: Sequence[str],
    as_of: dt.datetime | None = None,
    service: int | None = None,
    only: Filter | None = None,
) -> tuple[Month, ...]:
    """Figures by month and year, the latest first."""

    def make(facts: Facts) -> tuple[Month, ...]:
        return tuple(by_month(facts, [measure_of(code) for code in codes], service))

    name = ("months", tuple(codes), service)
    return remembered(operation_id, as_of, name, make, lambda made: len(made) * len(codes) + 1, only)


def reconciliation_of(operation_id: int, signed: Mapping[int, Signed], mark: Any) -> tuple[Line, ...]:
    """What each source says of every figure. ``signed``: what services signed; ``mark`` differs when that does."""

    def make(facts: Facts) -> tuple[Line, ...]:
        return tuple(reconcile(facts, signed))

    return remembered(
        operation_id, None, ("reconcile", mark), make, lambda made: sum(1 + len(line.days) for line in made) + 1
    )


def outcomes_of(operation_id: int, as_of: dt.datetime | None = None) -> Outcomes:
    """Outcomes by agency, of referrals made by police."""
    return remembered(operation_id, as_of, ("outcomes",), outcomes_by_agency, lambda made: len(made.full) * 8)


def offences_of(
    operation_id: int, as_of: dt.datetime | None = None, only: Filter | None = None, *, labels: bool = True
) -> tuple[Offence, ...]:
    """Charges by offence, most charges first; ``labels``: with the words of what was written by hand."""

    def make(facts: Facts) -> tuple[Offence, ...]:
        return tuple(by_offence(facts, labels=labels))

    name = ("offences",) if labels else ("offences", "without labels")
    return remembered(operation_id, as_of, name, make, lambda made: len(made) + 1, only)


def by_offence_of(operation_id: int, as_of: dt.datetime | None = None) -> tuple[Figure, ...]:
    """The same as figures, as a locked version keeps them."""

    def make(facts: Facts) -> tuple[Figure, ...]:
        return tuple(offence_figures(facts))

    return remembered(operation_id, as_of, ("offence figures",), make, lambda made: len(made) + 1)


def charges_added(operation_id: int, as_of: dt.datetime | None = None, only: Filter | None = None) -> int:
    """What adjustments add to the charges; no offence is known of it."""
    return remembered(operation_id, as_of, ("added",), added, lambda made: 1, only)


def hours_of(operation: Operation, as_of: dt.datetime | None = None, only: Filter | None = None) -> Hours:
    """Contacts by hour of the operation’s clock and by evening; for its coordinators alone."""
    zone, starts = operation.time_zone, operation.day_starts_minutes

    def make(facts: Facts) -> Hours:
        return by_hour(facts, zone, starts)

    return remembered(operation.id, as_of, ("hours", zone, starts), make, lambda made: len(made.counts) + 1, only)


def waits_of(
    operation_id: int, edges: Sequence[int], as_of: dt.datetime | None = None, only: Filter | None = None
) -> Waits:
    """Referrals by how long they waited, or wait, in spans that end at ``edges`` (minutes)."""

    def make(facts: Facts) -> Waits:
        return waits(facts, edges)

    return remembered(operation_id, as_of, ("waits", *edges), make, lambda made: len(edges) + 1, only)


def rows_of(
    operation_id: int,
    code: str,
    as_of: dt.datetime | None = None,
    *,
    service: int | None = None,
    day: Day | None = None,
    only: Filter | None = None,
) -> DataFrame:
    """The rows that a figure counted (``rollup.members``), by day and then as they were recorded."""
    measure = measure_of(code)
    found = members(facts_for(operation_id, as_of, only), measure, service=service, day=day)
    key = "contact" if measure.frame == "meetings" else found.columns[0]
    return found.sort_values(["counted_day", key], kind="stable")


def worked_out(
    operation_id: int,
    name: tuple[Any, ...],
    make: Callable[[Facts], T],
    cost: Callable[[T], int],
    as_of: dt.datetime | None = None,
    only: Filter | None = None,
) -> T:
    """What ``make`` makes of the facts, remembered under ``name`` like every figure here; ``cost``: how many numbers.

    For charts and tables of a later room that ``rollup`` works out and no function above gives.
    """
    return remembered(operation_id, as_of, name, make, cost, only)
