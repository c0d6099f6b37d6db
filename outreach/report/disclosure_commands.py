"""The policy of withholding of an operation: which one holds, asking for another, approving a weaker one."""

from __future__ import annotations

from outreach.rollup.protection import Policy
from outreach.storage.queries import disclosure as rows
from outreach.vocab import Zeros


def policy_of(operation_id: int) -> Policy:
    """The policy that holds now: the operation's own, else that of the operation above it, else the default."""
    found = rows.standing(operation_id)
    return Policy(found.least, found.zeros == Zeros.WITHHOLD, found.preset) if found else Policy()
