"""Rules of readiness: what stands and what is missing for each service before the window opens, from plain counts.

No SQL, no Flask. Who may see which row is for the callers; what a state is called is for the pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from outreach.errors import N_

READY, PARTLY, MISSING, NOT_ASKED = "ready", "partly", "missing", "not_asked"

PHONE_DAYS = 3
"""So long a ready check that passed on a phone holds: what it checks can be undone any day, by the phone itself."""

SERVICE, COORDINATOR, OFFICERS = N_("service coordinator"), N_("operation coordinator"), N_("officers themselves")


@dataclass(frozen=True)
class Check:
    """One thing that a service needs: its heading, what exactly is counted, and who can put it right."""

    code: str
    label: str
    counts: str
    who: str


CHECKS: tuple[Check, ...] = (
    Check("confirmed", N_("Confirmed"), N_("The service has said that it takes part."), SERVICE),
    Check(
        "staffed",
        N_("Staffed"),
        N_("Teams that have members and, where shifts are planned, a published shift."),
        SERVICE,
    ),
    Check(
        "trained",
        N_("Trained"),
        N_("Team members who attended a training session or hold a certificate that lasts through the window."),
        COORDINATOR,
    ),
    Check(
        "briefed",
        N_("Briefed"),
        N_("Team members with an account who have read the briefing as it stands now."),
        OFFICERS,
    ),
    Check(
        "kits",
        N_("Kits received"),
        N_("Information kits that arrived, of those sent and not lost on the way."),
        SERVICE,
    ),
    Check(
        "phones",
        N_("Phones ready"),
        N_("Officers of its teams with a phone that passed its ready check during the last 3 days."),
        OFFICERS,
    ),
    Check(
        "card",
        N_("Legal card read"),
        N_("Team members with an account who have read the legal card of their region."),
        OFFICERS,
    ),
)
_CHECK = {check.code: check for check in CHECKS}


@dataclass(frozen=True)
class Part:
    """``done`` of ``of``; a part of nothing is missing, not ready: nobody was there to do it."""

    done: int
    of: int


@dataclass(frozen=True)
class Facts:
    """What is counted for one service. ``None``: the operation does not ask for it.

    ``logs``: its officers log contacts here. ``staffed``: teams that stand, of teams planned. ``phones``: officers of
    its teams with a phone that passed its ready check lately, of those officers.
    """

    service_id: int
    name: str
    confirmed: bool
    logs: bool = True
    staffed: Part = Part(0, 0)
    trained: Part | None = None
    briefed: Part | None = None
    kits: Part | None = None
    phones: Part = Part(0, 0)
    card: Part | None = None


@dataclass(frozen=True)
class Cell:
    """One check of one service; ``part`` is ``None`` where there is nothing to count."""

    code: str
    state: str
    part: Part | None = None

    @property
    def check(self) -> Check:
        return _CHECK[self.code]

    @property
    def wanting(self) -> bool:
        return self.state in (PARTLY, MISSING)


@dataclass(frozen=True)
class Row:
    """One service with every check, in the order of ``CHECKS``."""

    service_id: int
    name: str
    cells: tuple[Cell, ...]

    @property
    def ready(self) -> bool:
        return not any(cell.wanting for cell in self.cells)

    @property
    def missing(self) -> int:
        return sum(cell.state == MISSING for cell in self.cells)

    @property
    def partly(self) -> int:
        return sum(cell.state == PARTLY for cell in self.cells)


@dataclass(frozen=True)
class Gap:
    """One check that services do not meet, those that lack most first."""

    check: Check
    services: tuple[tuple[int, str, Cell], ...]


def board(facts: Iterable[Facts]) -> list[Row]:
    """A row per service, worst first: most missing, then most begun, then by name."""
    rows = [Row(one.service_id, one.name, _cells(one)) for one in facts]
    return sorted(rows, key=lambda row: (-row.missing, -row.partly, row.name.casefold(), row.service_id))


def gaps(rows: Iterable[Row]) -> list[Gap]:
    """What is not ready, by check: the one that most services miss first."""
    found = []
    for number, check in enumerate(CHECKS):
        wanting = [(row, row.cells[number]) for row in rows if row.cells[number].wanting]
        wanting.sort(key=lambda pair: (pair[1].state != MISSING, pair[0].name.casefold()))
        if wanting:
            found.append(Gap(check, tuple((row.service_id, row.name, cell) for row, cell in wanting)))
    return sorted(found, key=lambda gap: (-sum(c.state == MISSING for *_, c in gap.services), -len(gap.services)))


def _cells(one: Facts) -> tuple[Cell, ...]:
    parts: dict[str, Part | None] = {
        "staffed": Part(one.staffed.done, max(one.staffed.of, 1)) if one.logs or one.staffed.of else None,
        "trained": _of_people(one, one.trained),
        "briefed": _of_people(one, one.briefed),
        "kits": one.kits,
        "phones": one.phones if one.logs and one.phones.of else None,
        "card": _of_people(one, one.card),
    }
    confirmed = Cell("confirmed", READY if one.confirmed else MISSING)
    return (confirmed, *(_cell(check.code, parts[check.code]) for check in CHECKS[1:]))


def _of_people(one: Facts, part: Part | None) -> Part | None:
    """A service without people in teams owes nothing of them unless it is to log: then they are what is missing."""
    return None if part is not None and not part.of and not one.logs else part


def _cell(code: str, part: Part | None) -> Cell:
    if part is None:
        return Cell(code, NOT_ASKED)
    if part.of and part.done >= part.of:
        return Cell(code, READY, part)
    return Cell(code, PARTLY if part.done else MISSING, part)
