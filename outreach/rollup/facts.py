"""The facts of one operation tree as frames: what ``storage.frames`` hands over and everything here counts.

Here belong the columns and dtypes of each frame, empty frames, and the check that a frame fits. No counting.

Grain: ``meetings`` one row per person and standing contact with result *met*; ``contacts`` one per standing contact;
``referrals`` one per referral made by police and not withdrawn (a negative ``person``: not known, one each; ``waited``:
minutes until the first pick-up, -1 while nobody has; ``due_7`` … and ``engaged_7`` …: the follow-up is due or done, and
found the person with the agency); ``direct`` one per referral that came directly with the code of a card (``service``:
the agency); ``outcomes`` one per referral and outcome that stands; ``accused`` one per standing accused code;
``charges`` one per charge line; ``deployed`` one per person of staff; ``tallies`` one per cell of daily totals (``day``
-1: asked once for the window); ``participations`` one per participation of any status; ``operations`` one per
operation of the tree; ``places`` one per reporting place that was chosen; ``joint`` one per service that only works
in joint teams led by another (``lead``) and has no team of its own; ``adjustments`` one per signed number that a
service added to a figure (``day`` -1: of the whole window); ``overlaps`` one per pair of services and measure of which
somebody said how many both counted (the smaller id is ``service``).

Units: ``day`` is days since 1970-01-01 of the operational day, -1 not known; ``at``, ``deadline``, ``now`` are UTC
seconds (``deadline`` -1: none). Rows are already limited to what was recorded as of the moment asked for.

Decided here, where the contract was silent:

- Tallies and adjustments may have a further column ``rule``: the counting rule under which the number was told. Without
  it, or where it is empty, that is the standard one.
- ``joint`` may be left out; its services owe no contact figure of their own and their cells read *elsewhere*.
- Contacts may have a further column ``place_kind``; without it they cannot be told apart by it.
- ``today_began`` is the UTC second at which ``today`` began (day start and time zone applied); without it a day
  begins at UTC midnight.
- Where one meeting carries statements on both sides of 18, storage hands over the band under 18, because a conflict
  counts as under.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from outreach.errors import Problem
from outreach.vocab import (
    FOLLOW_UP_DAYS,
    N_,
    AgeBand,
    ChargeStatus,
    ContactResult,
    EntryMode,
    Gender,
    ParticipationStatus,
    PlaceKind,
    ServiceKind,
    StaffCategory,
    SupportAnswer,
    TallyState,
)

if TYPE_CHECKING:
    from pandas import DataFrame

SECONDS_PER_DAY = 86_400

TEXT = "text"
"""A category column whose values are an open list."""

COLUMNS: dict[str, dict[str, Any]] = {
    "meetings": {
        "contact": "int64", "person": "int64", "operation": "int32", "service": "int32", "team": "int32",
        "at": "int64", "day": "int32", "age": AgeBand, "age_rank": "int8", "gender": Gender, "answer": SupportAnswer,
        "made_safe": "bool", "place_kind": PlaceKind},
    "contacts": {
        "contact": "int64", "operation": "int32", "service": "int32", "team": "int32", "at": "int64", "day": "int32",
        "result": ContactResult, "kits": "int32"},
    "referrals": {
        "referral": "int64", "person": "int64", "operation": "int32", "service": "int32", "agency": "int32",
        "day": "int32", "made": "bool", "received": "bool", "reached": "bool", "engaged": "bool", "waited": "int64",
        **{f"{part}_{days}": "bool" for days in FOLLOW_UP_DAYS for part in ("due", "engaged")}},
    "direct": {"referral": "int64", "operation": "int32", "service": "int32", "day": "int32"},
    "outcomes": {
        "referral": "int64", "operation": "int32", "service": "int32", "agency": "int32", "day": "int32",
        "outcome": TEXT},
    "accused": {
        "accused": "int64", "operation": "int32", "service": "int32", "day": "int32", "arrested": "bool",
        "arrested_day": "int32"},
    "charges": {
        "charge": "int64", "accused": "int64", "operation": "int32", "service": "int32", "day": "int32",
        "offence": TEXT, "label": "object", "count": "int32", "status": ChargeStatus},
    "deployed": {"staff": "int64", "operation": "int32", "service": "int32", "category": StaffCategory},
    "tallies": {
        "operation": "int32", "service": "int32", "measure": TEXT, "day": "int32", "part": TEXT, "state": TallyState,
        "value": "int64"},
    "participations": {
        "operation": "int32", "service": "int32", "kind": ServiceKind, "status": ParticipationStatus,
        "entry_mode": EntryMode, "first_day": "int32", "last_day": "int32"},
    "operations": {
        "operation": "int32", "parent": "int32", "code": "object", "services_known": "bool", "overlap_nil": "bool",
        "first_day": "int32", "last_day": "int32", "deadline": "int64"},
    "places": {"service": "int32", "measure": TEXT, "operation": "int32"},
    "joint": {"operation": "int32", "service": "int32", "lead": "int32"},
    "adjustments": {"operation": "int32", "service": "int32", "measure": TEXT, "day": "int32", "amount": "int64"},
    "overlaps": {"operation": "int32", "service": "int32", "other": "int32", "measure": TEXT, "persons": "int64"},
}
"""Frame name -> column -> dtype, or the closed list that a category column's values come from."""


class UnfitFacts(Problem):
    """A frame does not have the columns or the types that the arithmetic was promised (a fault of the program)."""

    code = "unfit_facts"
    status = 500
    message = N_("The figures could not be computed: %(frame)s, %(column)s.")
    fix = N_("Tell the administrator; nothing was changed.")


@cache
def empty(name: str) -> DataFrame:
    """The frame ``name`` without rows, with all its columns and dtypes.

    One and the same for whoever asks: frames are never changed, and making the empty ones was most of the work of the
    facts of one service.
    """
    return fit(name, {column: [] for column in COLUMNS[name]})


def fit(name: str, columns: Any) -> DataFrame:
    """A frame ``name`` made of ``columns`` (a frame or a mapping of lists), each cast to its dtype.

    Raises ``UnfitFacts`` when a column is missing or cannot be cast. Further columns are kept. The index is kept.
    """
    import pandas as pd

    given = pd.DataFrame(columns)
    made: dict[str, Any] = {}
    for column, kind in COLUMNS[name].items():
        if column not in given:
            raise UnfitFacts(frame=name, column=column)
        values = given[column]
        try:
            made[column] = values if _fits(values, kind) else values.astype(_dtype(values, kind))
        except (TypeError, ValueError, OverflowError) as error:
            raise UnfitFacts(frame=name, column=column) from error
    return given.assign(**made) if len(given.columns) else pd.DataFrame(made)


def _dtype(values: Any, kind: Any) -> Any:
    if isinstance(kind, str) and kind != TEXT:
        return kind
    return "category"


def _fits(values: Any, kind: Any) -> bool:
    """Whether a column may be used as it is: integers of any width, booleans, categories out of their list."""
    dtype = values.dtype
    if kind == "object":
        return True
    if kind == "bool":
        return bool(dtype.kind == "b")
    if isinstance(kind, str) and kind != TEXT:
        return bool(dtype.kind in "iu")
    return bool(str(dtype) == "category")


def _check(name: str, frame: Any) -> None:
    for column, kind in COLUMNS[name].items():
        if column not in frame or not _fits(frame[column], kind):
            raise UnfitFacts(frame=name, column=column)
        if not isinstance(kind, str):
            unheard_of = set(frame[column].cat.categories) - set(kind.values())
            if unheard_of:
                raise UnfitFacts(frame=name, column=f"{column}={sorted(unheard_of)[0]}")


@dataclass(frozen=True, eq=False)
class Facts:
    """Everything that figures of the operation ``root`` may be made from; never changed by the arithmetic.

    ``days``: only what counts on these day rows (None: on all). ``apart``: the columns by which rows were chosen, so
    that numbers that were told are no part of it; ``whole`` is then what they were chosen from. See ``filters``.
    """

    root: int
    now: int
    today: int
    due_hours: int
    meetings: DataFrame
    contacts: DataFrame
    referrals: DataFrame
    direct: DataFrame
    outcomes: DataFrame
    accused: DataFrame
    charges: DataFrame
    deployed: DataFrame
    tallies: DataFrame
    participations: DataFrame
    operations: DataFrame
    places: DataFrame
    joint: DataFrame
    adjustments: DataFrame
    overlaps: DataFrame
    today_began: int | None = None
    not_open: frozenset[int] = frozenset()
    counting: Mapping[str, Any] = field(default_factory=dict)
    remembered: dict[Any, Any] = field(default_factory=dict, repr=False)
    days: frozenset[int | str] | None = None
    apart: frozenset[str] = frozenset()
    whole: Facts | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in COLUMNS:
            if getattr(self, name) is not empty(name):
                _check(name, getattr(self, name))
        if self.root not in set(self.operations["operation"]):
            raise UnfitFacts(frame="operations", column=f"operation={self.root}")

    @classmethod
    def of(cls, *, root: int, now: int, today: int, due_hours: int = 12, today_began: int | None = None,
           not_open: frozenset[int] = frozenset(), counting: Mapping[str, Any] | None = None,
           **frames: Mapping[str, Any] | Any) -> Facts:
        """Facts of the frames given; those left out are empty. Columns are cast, see ``fit``.

        ``not_open``: operations that were still being planned at the moment asked for; nothing is due in them.
        ``counting``: measure -> the counting rule that the operation asked for has chosen; without it the standard one.
        """
        unheard_of = set(frames) - set(COLUMNS)
        if unheard_of:
            raise UnfitFacts(frame=sorted(unheard_of)[0], column="*")
        made: dict[str, Any] = {
            name: fit(name, frames[name]) if name in frames else empty(name) for name in COLUMNS}
        return cls(root=root, now=now, today=today, due_hours=due_hours, today_began=today_began,
                   not_open=not_open, counting=counting or {}, **made)

    def day_begins(self, day: int) -> int:
        """UTC second at which the operational ``day`` begins."""
        began = self.today * SECONDS_PER_DAY if self.today_began is None else self.today_began
        return began + (day - self.today) * SECONDS_PER_DAY
