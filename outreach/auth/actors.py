"""The two plain values that permissions compare: who acts, and on what."""

from __future__ import annotations

from dataclasses import dataclass, field

from outreach.vocab import Role


@dataclass(frozen=True)
class Bound:
    """A role with its bounds; ``None`` means: not bound to one."""

    role: Role
    service: int | None = None
    operation: int | None = None


@dataclass(frozen=True)
class Actor:
    """A signed-in person (or the command line, which acts as the site's own administrator).

    ``teams``: ids of the teams she is a member of now.
    """

    user: int | None
    name: str = ""
    bounds: tuple[Bound, ...] = ()
    teams: frozenset[int] = frozenset()
    system: bool = False

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(b.role for b in self.bounds)


ANYBODY = Actor(user=None)
# The command line runs as whoever owns the machine; it obeys state rules and is audited, not refused by role.
SYSTEM = Actor(user=None, name="command line", system=True)
# A service that answers without an account. It may nothing by the table: the command checks the link itself.
BY_LINK = Actor(user=None, name="by invitation link")


def by_return_link(service: int, operation: int) -> Actor:
    """A service that sends its return without an account: it may what its coordinator may, in this operation alone.

    Only for what the page behind the link does; the command of the link has checked that it works.
    """
    return Actor(user=None, name="by return link", bounds=(Bound(Role.SERVICE_COORDINATOR, service, operation),))


@dataclass(frozen=True)
class Target:
    """What an action is about. Empty when it is about nothing in particular.

    ``operations``: the operation and its ancestors, so that a coordinator of the parent reaches its children.
    ``services``: services that take part in it (or in its children); ``service``: the one that owns the record.
    ``partners``: further services of a joint team. ``agency``: the support agency of a referral.
    """

    operation: int | None = None
    operations: frozenset[int] = frozenset()
    services: frozenset[int] = frozenset()
    service: int | None = None
    partners: frozenset[int] = frozenset()
    agency: int | None = None
    team: int | None = None
    owner: int | None = None
    status: str = ""
    open_for_entry: bool = True
    facts: frozenset[str] = field(default_factory=frozenset)


NOTHING = Target()
