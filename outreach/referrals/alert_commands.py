"""Which alerts stand now and for whom, from what the database says; and the letters about them.

Pages and letters ask the same functions. Nothing has to run for an alert to stand: it is worked out when it is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.storage import writing
from outreach.storage.queries import referral_waits as rows
from outreach.storage.queries.referral_waits import Account, Group, Hold, Line, Wait
from outreach.vocab import ReferralState, Role

from .alert_rules import STEPS, Level, Limits, Standing, cutoff, is_left, level, next_at, numbers

IN_CHARGE = (Role.LIAISON, Role.SERVICE_COORDINATOR, Role.OPERATION_COORDINATOR, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Site:
    """Who could act, and how long operations let a referral wait; read once for a page or a round of letters.

    ``agencies``: only accounts of these are read, beside those who coordinate; ``None`` for all.
    """

    now: dt.datetime
    agencies: frozenset[int] | None = None

    @cached_property
    def operations(self) -> dict[int, rows.OperationFacts]:
        return rows.operation_facts()

    @cached_property
    def _of_agencies(self) -> list[Account]:
        return rows.working_accounts((Role.LIAISON, Role.SERVICE_COORDINATOR), self.agencies)

    @cached_property
    def _in_charge(self) -> list[Account]:
        return rows.working_accounts((Role.OPERATION_COORDINATOR, Role.ADMINISTRATOR))

    def liaisons(self, agency: int | None, operation: int | None) -> list[Account]:
        """Whose account works, by name; one entry an account."""
        return self._working(Role.LIAISON, agency, operation)

    def leads(self, agency: int | None, operation: int | None) -> list[Account]:
        return self._working(Role.SERVICE_COORDINATOR, agency, operation)

    def coordinators(self, operation: int | None) -> list[Account]:
        """Of the operation or one above it; without any, administrators, who can give somebody the role."""
        found = self._coordinators(operation)
        return _once(found or [one for one in self._in_charge if one.role == Role.ADMINISTRATOR])

    def has_coordinator(self, operation: int | None) -> bool:
        return bool(self._coordinators(operation))

    def _coordinators(self, operation: int | None) -> list[Account]:
        above = self._above(operation)
        own = [one for one in self._in_charge if one.role == Role.OPERATION_COORDINATOR]
        return [one for one in own if one.operation is None or one.operation in above]

    def _working(self, role: Role, agency: int | None, operation: int | None) -> list[Account]:
        above = self._above(operation)
        return _once(
            one
            for one in self._of_agencies
            if one.role == role
            and agency is not None
            and one.service == agency
            and (one.operation is None or operation is None or one.operation in above)
        )

    def reaches(self, actor: Actor, *roles: Role) -> list[rows.Reach]:
        """The referrals that these roles of the actor are about."""
        return [
            rows.Reach(bound.service, None if bound.operation is None else self._under(bound.operation))
            for bound in actor.bounds
            if bound.role in roles and bound.service is not None
        ]

    def _under(self, operation: int) -> frozenset[int]:
        return frozenset(one.id for one in self.operations.values() if operation in one.above)

    def _above(self, operation: int | None) -> frozenset[int]:
        found = None if operation is None else self.operations.get(operation)
        return frozenset() if found is None else found.above

    def limits(self, operation: int | None) -> Limits:
        found = None if operation is None else self.operations.get(operation)
        if found is None:
            return Limits()
        return Limits(dt.timedelta(minutes=found.urgent_minutes), dt.timedelta(minutes=found.minutes))

    def cutoffs(self) -> rows.Cutoffs:
        """For each step of time, since when what is at it has waited."""
        known: list[int | None] = [None, *self.operations]
        return {
            one: tuple(
                (cutoff(self.limits(one), True, step, self.now), cutoff(self.limits(one), False, step, self.now))
                for step in STEPS
            )
            for one in known
        }

    def standing(self, one: Wait | Group) -> Standing:
        """What the rules ask, of one referral or of several that stand alike."""
        return self._standing(
            one.agency, one.operation, one.liaison, one.state, one.since, getattr(one, "urgent", False)
        )

    def standing_of(self, line: Line) -> Standing:
        return self._standing(line.agency_id, line.operation_id, line.liaison_id, line.state, line.since, line.urgent)

    def _standing(
        self,
        agency: int | None,
        operation: int | None,
        liaison: int | None,
        state: str,
        since: dt.datetime,
        urgent: bool,
    ) -> Standing:
        liaisons = self.liaisons(agency, operation)
        return Standing(
            state=state,
            since=since,
            urgent=urgent,
            agency=agency is not None,
            liaisons=bool(liaisons),
            lead=bool(self.leads(agency, operation)),
            owner=any(one.user == liaison for one in liaisons),
        )

    def level(self, line: Line) -> Level:
        return level(self.standing_of(line), self.limits(line.operation_id), self.now)

    def next_at(self, line: Line) -> tuple[dt.datetime, Level] | None:
        """When somebody more is told of it, and who."""
        return next_at(self.standing_of(line), self.limits(line.operation_id), self.now)


def takes_in(reaches: Iterable[rows.Reach], line: Line) -> bool:
    """Whether a row of a list is in reach."""
    return any(
        reach.agency == line.agency_id
        and (reach.operations is None or line.operation_id is None or line.operation_id in reach.operations)
        for reach in reaches
    )


def _once(accounts: Iterable[Account]) -> list[Account]:
    """One entry for each account, in order."""
    return list({one.user: one for one in accounts}.values())


# --- numbers of a page ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Survey:
    """How many referrals stand where. ``longest``: since when the one that waits longest does. ``at``: how many are at
    each level or above; ``left``: the hands that can do nothing more."""

    waiting: int = 0
    longest: dt.datetime | None = None
    mine: int = 0
    others: int = 0
    abandoned: int = 0
    left: frozenset[Hold] = frozenset()
    at: dict[Level, int] = field(default_factory=lambda: dict.fromkeys(STEPS, 0))


def survey(site: Site, condition: Any, me: int | None = None) -> Survey:
    """Count the open referrals that ``condition`` of ``referral_waits`` takes in, with one question."""
    return _counted(site, rows.groups(condition, site.cutoffs()), me)


def surveys(site: Site, operations: Collection[int], *, direct: bool) -> dict[int | None, Survey]:
    """The same for each of the operations that has open referrals; ``None``: those of no operation."""
    found: dict[int | None, list[Group]] = {}
    for group in rows.groups(rows.of_operations(operations, direct=direct), site.cutoffs()):
        found.setdefault(group.operation, []).append(group)
    return {operation: _counted(site, groups) for operation, groups in found.items()}


def watched(actor: Actor, site: Site) -> dict[int | None, Survey]:
    """The same for every operation that the actor coordinates; direct referrals for who coordinates all of them."""
    bounds = [b.operation for b in actor.bounds if b.role is Role.OPERATION_COORDINATOR]
    if not bounds:
        return {}
    everywhere = None in bounds
    ids = [one.id for one in site.operations.values() if everywhere or one.above & set(bounds)]
    return surveys(site, ids, direct=everywhere)


def _counted(site: Site, groups: Iterable[Group], me: int | None = None) -> Survey:
    waiting = mine = others = abandoned = 0
    longest: list[dt.datetime] = []
    left: set[Hold] = set()
    at = dict.fromkeys(STEPS, 0)
    for group in groups:
        standing = site.standing(group)
        for step, number in numbers(standing, group.number, group.passed).items():
            at[step] += number
        if group.state == ReferralState.MADE:
            waiting += group.number
            longest.append(group.since)
        elif is_left(standing):
            abandoned += group.number
            left.add((group.agency, group.operation, group.liaison))
        elif group.liaison == me:
            mine += group.number
        else:
            others += group.number
    return Survey(waiting, min(longest, default=None), mine, others, abandoned, frozenset(left), at)


def alerts(site: Site, condition: Any) -> list[tuple[Wait, Level]]:
    """What nobody owns, worst first: the highest level, then the longest wait; also what alerts nobody yet."""
    found = survey(site, condition)
    each = [
        (one, level(site.standing(one), site.limits(one.operation), site.now))
        for one in rows.unowned(condition, found.left)
    ]
    return sorted(each, key=lambda pair: (-pair[1], pair[0].since, pair[0].referral))


def audience(site: Site, one: Wait, step: Level) -> list[Account]:
    """Whom a letter of this level goes to."""
    if step == Level.LIAISONS:
        return site.liaisons(one.agency, one.operation)
    if step == Level.LEAD:
        return site.leads(one.agency, one.operation)
    return site.coordinators(one.operation)


# --- letters ----------------------------------------------------------------------------------------------------------

Key = tuple[int, int, dt.datetime]


@dataclass(frozen=True)
class Due:
    """One person to be told, and which alerts that settles: ``(referral, level, since when it waits)``."""

    account: Account
    keys: tuple[Key, ...]


def letters_due(site: Site) -> list[Due]:
    """One letter a person for everything that she was not told of yet. None goes out about a rehearsal or a sample."""
    quiet = {one.id for one in site.operations.values() if one.quiet}
    standing = [pair for pair in alerts(site, rows.everything()) if pair[1] and pair[0].operation not in quiet]
    done = rows.told({one.referral for one, _ in standing})
    accounts: dict[int, Account] = {}
    wanted: dict[int, list[Key]] = {}
    for one, reached in standing:
        for step in STEPS:
            key = (one.referral, int(step), one.since)
            if step <= reached and key not in done:
                for account in audience(site, one, step):
                    accounts[account.user] = account
                    wanted.setdefault(account.user, []).append(key)
    return [Due(accounts[user], tuple(dict.fromkeys(keys))) for user, keys in wanted.items()]


def note_sent(actor: Actor, sent: Collection[Due], now: dt.datetime) -> None:
    """These letters left; holds its own write."""
    if not sent:
        return
    with writing():
        rows.note_told({key for one in sent for key in one.keys}, now)
        audit.record(actor, Tag.ALERTS_SENT, letters=len(sent))


def sees(actor: Actor, site: Site, one: Wait, reached: Level) -> bool:
    """Whether an alert of this level stands on a page of the actor's."""
    return any(actor.user == who.user for step in STEPS if step <= reached for who in audience(site, one, step))
