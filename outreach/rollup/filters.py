"""Some of the facts: those of services, teams, kinds of place, ages, and what counts on some days.

Here belongs what a filter means for each frame. ``totals``, ``cells`` and ``members`` of what is ``kept`` are figures
like any other: distinct, with a bound, with how many services are in. What an address says of a filter is read
elsewhere, and regions are services by then.

Decided here:

- Services, teams and kinds of place choose meetings: a person counts once among them, on the day of the first of them,
  with the support that she answered there, as in the figures by service. Age and gender are the person's own, one value
  from all her meetings, whichever service had them (ages on both sides of 18 count as under).
- A day is the one under which a figure counts, before and after the window too; what has no days has no figure there.
- A number that was told, and an adjustment, belong to a service and a day, and to no team, place or age. Who tells
  numbers is then not in (the figure is partial, and says of how many services); an adjustment leaves the figure at
  least or at most.
- What cannot be told apart by a filter has no figure under it: charges by age, referrals by kind of place. Contacts
  have teams and places, and no age. The age of a referral is that of its person; of one whom nobody met, not known.
- An age holds the persons who are known to be of it; those of whom it is not known are an age of their own.
- Which services are meant is said, so that a figure of them is known also where nobody knows who else takes part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from outreach.rollup import persons
from outreach.rollup.facts import COLUMNS, Facts
from outreach.rollup.ledger import ledger
from outreach.rollup.measures import Measure
from outreach.rollup.measures import measure as measure_of
from outreach.vocab import Gender

if TYPE_CHECKING:
    from pandas import DataFrame

APART: dict[str, tuple[str, ...]] = {
    "meetings": ("team", "place_kind", "age", "gender"), "contacts": ("team", "place_kind"),
    "referrals": ("age", "gender")}
"""Frame -> the columns by which its rows can be told apart."""
GENDERS = Gender.values()
UNKNOWN = GENDERS.index(Gender.NOT_KNOWN)


@dataclass(frozen=True)
class Filter:
    """What is asked for; None: all. ``days``: day rows, a number or *before*, *after*, *undated*. A team -1 is none."""

    services: frozenset[int] | None = None
    days: frozenset[int | str] | None = None
    teams: frozenset[int] | None = None
    place_kinds: frozenset[str] | None = None
    ages: frozenset[str] | None = None
    genders: frozenset[str] | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) is not None for field in fields(self))

    @property
    def apart(self) -> frozenset[str]:
        """The columns by which rows are chosen, beside service and day."""
        asked = {"team": self.teams, "place_kind": self.place_kinds, "age": self.ages, "gender": self.genders}
        return frozenset(column for column, values in asked.items() if values is not None)

    def values(self, column: str) -> frozenset[Any] | None:
        """What is asked of one of those columns."""
        asked: dict[str, frozenset[Any] | None] = {
            "team": self.teams, "place_kind": self.place_kinds, "age": self.ages, "gender": self.genders}
        return asked[column]

    def both(self, other: Filter | None) -> Filter:
        """What this one and the other let through."""
        if other is None:
            return self
        made: dict[str, Any] = {}
        for field in fields(self):
            one, two = getattr(self, field.name), getattr(other, field.name)
            made[field.name] = one if two is None else two if one is None else one & two
        return Filter(**made)


def applies(measure: Measure, facts: Facts) -> bool:
    """Whether the measure has a figure under the filter that made ``facts``."""
    if facts.days is not None and not measure.by_day:
        return False
    able = set(APART.get(measure.frame, ()))
    if measure.frame == "contacts" and "place_kind" not in facts.contacts:
        able -= {"place_kind"}
    return facts.apart <= able


def told_apart(measure: Measure, only: Filter | None) -> bool:
    """Whether the measure has a figure under the filter at all, whatever the facts."""
    if not only:
        return True
    return only.apart <= set(APART.get(measure.frame, ())) and (only.days is None or measure.by_day)


def kept(facts: Facts, only: Filter | None) -> Facts:
    """The facts that the filter lets through; ``facts`` itself where it asks for nothing."""
    if not only:
        return facts
    found = _apart(facts, only) if only.apart else facts
    if only.services is not None:
        found = _of_services(found, only.services)
    if only.days is not None:
        found = replace(found, days=only.days, remembered={})
    return found


def _of_services(facts: Facts, services: Iterable[int]) -> Facts:
    wanted = list(services)
    made: dict[str, Any] = {}
    for name in COLUMNS:
        frame = getattr(facts, name)
        if "service" in frame:
            keep = frame["service"].isin(wanted)
            made[name] = frame[keep & frame["other"].isin(wanted)] if name == "overlaps" else frame[keep]
    made["operations"] = facts.operations.assign(services_known=True)
    if facts.whole is not None:
        made["whole"] = _of_services(facts.whole, wanted)
    return replace(facts, **made, remembered={})


def _apart(facts: Facts, only: Filter) -> Facts:
    meetings, referrals = _one_a_person(facts)
    frames = {"meetings": meetings, "contacts": facts.contacts, "referrals": referrals}
    made: dict[str, Any] = {name: _chosen(frame, only, name) for name, frame in frames.items()}
    whole = facts if facts.whole is None else facts.whole
    return replace(facts, **made, apart=facts.apart | only.apart, whole=whole, remembered={})


def _chosen(frame: DataFrame, only: Filter, name: str) -> DataFrame:
    for column in APART[name]:
        values = only.values(column)
        if values is not None and column in frame:
            frame = frame[frame[column].isin(list(values))]
    return frame


def _one_a_person(facts: Facts) -> tuple[DataFrame, DataFrame]:
    """The meetings with one age and gender a person, and the referrals with those of theirs: not known of a person whom
    nobody met. Worked out once."""
    import pandas as pd

    if "one a person" not in facts.remembered:
        meetings, referrals = facts.meetings, facts.referrals
        code, person = pd.factorize(meetings["person"].to_numpy())
        age, conflict = _ages(facts, code, len(person))
        gender = _genders(facts, code, len(person))
        place = pd.Index(person).get_indexer(referrals["person"].to_numpy())
        lists = {"age": (age, persons.AGES, persons.AGE_UNKNOWN), "gender": (gender, GENDERS, UNKNOWN)}
        facts.remembered["one a person"] = (
            meetings.assign(conflict=conflict[code], **{
                name: _listed(found[code], values) for name, (found, values, _) in lists.items()}),
            referrals.assign(**{
                name: _listed(_taken(found, place, unknown), values)
                for name, (found, values, unknown) in lists.items()}))
    found: tuple[DataFrame, DataFrame] = facts.remembered["one a person"]
    return found


def _taken(values: Any, place: Any, missing: int) -> Any:
    """The value at each place, ``missing`` where the place is -1."""
    import numpy as np

    return np.append(values, np.int8(missing))[place]


def _listed(index: Any, values: tuple[str, ...]) -> Any:
    import pandas as pd

    return pd.Categorical.from_codes(index, categories=pd.Index(list(values), dtype=object))


def _ages(facts: Facts, code: Any, size: int) -> tuple[Any, Any]:
    """Age and conflict of each person, as *persons met* counts them; of whom it does not, from all her meetings."""
    import numpy as np

    meetings = facts.meetings
    age, conflict = np.full(size, persons.AGE_UNKNOWN, dtype=np.int8), np.zeros(size, dtype=bool)
    seen = np.zeros(size, dtype=bool)
    counted = ledger(facts).units(measure_of("persons_met")).resolved
    if counted is not None:
        whose = code[counted.position]
        age[whose], conflict[whose], seen[whose] = counted.age, counted.conflict, True
    if not seen.all():
        order = persons.time_order(meetings)
        rows = np.arange(len(meetings)) if order is None else order
        others = persons.resolve(meetings, rows[~seen[code[rows]]], meetings["person"].to_numpy())
        whose = code[others.position]
        age[whose], conflict[whose] = others.age, others.conflict
    return age, conflict


def _genders(facts: Facts, code: Any, size: int) -> Any:
    """Gender of each person: the latest known."""
    import numpy as np

    said = persons.listed(facts.meetings["gender"], GENDERS, "not_known")
    order = persons.time_order(facts.meetings)
    rows = np.arange(len(said)) if order is None else order
    rows = rows[said[rows] != UNKNOWN]
    found = np.full(size, UNKNOWN, dtype=np.int8)
    found[code[rows]] = said[rows]  # the last assignment wins
    return found
