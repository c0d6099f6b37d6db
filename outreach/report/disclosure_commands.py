"""The policy of withholding of an operation: which one holds, asking for another, approving a weaker one."""

from __future__ import annotations

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Invalid, NotAllowed
from outreach.plan.paste_rules import visible
from outreach.returns.figures import need_figures
from outreach.rollup.protection import Policy, is_weaker
from outreach.storage.queries import access, figure_sets
from outreach.storage.queries import disclosure as rows
from outreach.storage.tables import DisclosureSetting, Operation
from outreach.storage.types import utc_now
from outreach.vocab import SettingState, Zeros

from . import disclosure_rules as rules


def policy_of(operation_id: int) -> Policy:
    """The policy that holds now: the operation's own, else that of the operation above it, else the default."""
    found = rows.standing(operation_id)
    return as_policy(found) if found else Policy()


def as_policy(setting: DisclosureSetting) -> Policy:
    """What a version of the setting says."""
    return Policy(setting.least, setting.zeros == Zeros.WITHHOLD, setting.preset)


def ask(
    actor: Actor, operation: Operation, *, preset: str, least: str, zeros: str, reason: str, version: int
) -> DisclosureSetting | None:
    """Withhold by another rule. One that is weaker than the default, or than the one that holds now, waits for a second
    person; others hold at once.

    None where nothing would change. What still waited is given up. ``version``: the last one that the asker has seen.
    Raises ``NotAllowed``; ``Blocked`` for a rehearsal; ``Invalid`` at the fields; ``Changed``.
    """
    if not may(actor, "disclosure.change", access.operation_target(operation)):
        raise NotAllowed()
    need_figures(operation)
    wanted = rules.asked(preset, least, zeros, visible(reason))
    if wanted.findings:
        raise Invalid(*wanted.findings)
    last = _held(operation, version)
    waiting = last if last is not None and last.state == SettingState.ASKED else None
    before = policy_of(operation.id)
    if rules.same(wanted.policy, before) and waiting is None:
        return None
    if waiting is not None:
        _decide(waiting, actor, SettingState.REFUSED)
    weaker = is_weaker(wanted.policy) or is_weaker(wanted.policy, before)
    made = rows.add(
        operation_id=operation.id,
        version=version + 1,
        least=wanted.policy.least,
        zeros=Zeros.WITHHOLD if wanted.policy.zeros else Zeros.SHOW,
        preset=wanted.policy.preset,
        reason=wanted.reason,
        asked_at=utc_now(),
        asked_by_id=actor.user,
        state=SettingState.ASKED if weaker else SettingState.STANDING,
    )
    _enter(actor, operation, Tag.DISCLOSURE_ASKED if weaker else Tag.DISCLOSURE_CHANGED, made, before)
    return made


def decide(actor: Actor, operation: Operation, version: int, approve: bool) -> DisclosureSetting:
    """Approve what waits, or not. Whoever asked may give it up, but not approve it.

    Raises ``NotAllowed``; ``Blocked`` where the asker approves; ``Changed`` when it no longer waits.
    """
    if not may(actor, "disclosure.approve", access.operation_target(operation)):
        raise NotAllowed()
    found = _held(operation, version)
    if found is None or found.state != SettingState.ASKED:
        raise Changed()
    if approve and (actor.user is None or actor.user == found.asked_by_id):
        raise Blocked(
            N_("Another person has to approve it: you asked for it yourself."),
            N_("Ask another coordinator of the operation, or a commander."),
        )
    before = policy_of(operation.id)
    _decide(found, actor, SettingState.STANDING if approve else SettingState.REFUSED)
    _enter(actor, operation, Tag.DISCLOSURE_APPROVED if approve else Tag.DISCLOSURE_REFUSED, found, before)
    return found


def _held(operation: Operation, version: int) -> DisclosureSetting | None:
    """The last version, while nobody else writes to the operation; it must be the one that was seen."""
    figure_sets.hold(operation.id)
    if rows.last_version(operation.id) != version:
        raise Changed()
    return rows.find(operation.id, version)


def _decide(setting: DisclosureSetting, actor: Actor, state: SettingState) -> None:
    setting.state, setting.decided_at, setting.decided_by_id = state, utc_now(), actor.user


def _enter(actor: Actor, operation: Operation, tag: Tag, setting: DisclosureSetting, before: Policy) -> None:
    audit.record(
        actor,
        tag,
        kind="operation",
        object_id=operation.id,
        operation=operation.id,
        version=setting.version,
        before=before.least,
        after=setting.least,
        zeros=str(setting.zeros),
    )
