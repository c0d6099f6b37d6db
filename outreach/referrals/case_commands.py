"""Writes of a case: entries, plan, follow-ups, the safe way as the liaison learns it. Ending: ``close_commands``.

The journal says that somebody wrote, never what: administrators read it, and they read no case.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid5

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Invalid, NotAllowed, NotFound
from outreach.plan.operation_rules import DEFAULT_ZONE
from outreach.storage.queries import cases, operations, referrals
from outreach.storage.tables import CaseEntry, PlanItem, PlanItemVersion, Referral, ReferralVersion
from outreach.storage.types import utc_now
from outreach.vocab import CaseResult, FollowUpResult, ReferralState

from . import case_rules, rules
from .case_rules import NO, YES, Entry, Goal, SafeWay


def zone_of(agency_id: int | None, operation_id: int | None) -> str:
    """The zone in which days of a case are counted; the site's where neither agency nor operation says one."""
    return cases.zone_of(agency_id, operation_id) or DEFAULT_ZONE


def schedule(referral: Referral, now: dt.datetime) -> None:
    """Follow-ups 7, 30 and 90 days after ``now``, for whoever has just picked it up. Checks nothing.

    What another agency has not done before it gave the referral back falls to the new one, counted anew; what was done
    stays.
    """
    agency = referrals.current(referral.id).agency_id
    if agency is None:
        return
    there = {row.days: row for row in cases.follow_ups(referral.id)}
    for days, due_on in case_rules.follow_up_days(now, zone_of(agency, referral.operation_id)):
        row = there.get(days)
        if row is None:
            cases.add_follow_up(referral.id, agency, days, due_on, now)
        elif not row.result:
            row.agency_id, row.due_on, row.recorded_at = agency, due_on, now


# --- being in touch ---------------------------------------------------------------------------------------------------


def record_entry(
    actor: Actor, referral: Referral, uid: str, said: Entry, *, at: dt.datetime | None = None, from_phone: bool = False
) -> CaseEntry:
    """One time in touch. The same content under the same uid again is answered with what is stored; other content under
    it is kept beside, as its ``twin_of``. ``at``: when it was, now unless a phone says so.

    Raises ``NotAllowed``, ``Blocked`` once it is over (a phone's news are taken late), ``Invalid``.
    """
    agency = _writable(actor, referral, late=from_phone)
    now = utc_now()
    at = min(at or now, now)  # a phone whose clock runs ahead would else outdo everything that is said later
    findings = case_rules.entry_findings(said, case_rules.local_day(at, zone_of(agency, referral.operation_id)))
    if findings:
        raise Invalid(*findings)
    uid, mark = _uid(uid), cases.content_mark(referral, _content(said, agency))
    first = cases.entry(uid)
    if first is not None and first.content_mark != mark:
        uid = str(uuid5(UUID(uid), mark))
    stored = first if first is not None and first.content_mark == mark else cases.entry(uid)
    if stored is not None:
        return stored
    # A uid that another case has used is moved aside without a word: it is not this agency's to know.
    twin = first is not None and (first.referral_id, first.agency_id) == (referral.id, agency)
    row = CaseEntry(
        uid=uid,
        referral_id=referral.id,
        agency_id=agency,
        at=at,
        way=said.way,
        result=said.result,
        safe_confirmed=said.safe == YES,
        next_on=said.next_on,
        from_phone=from_phone,
        content_mark=mark,
        twin_of=first.uid if first is not None and twin else None,
        recorded_at=now,
        recorded_by_id=actor.user,
    )
    row.note_sealed = cases.seal(referral, said.note, cases.note_place(row))
    cases.add(row)
    _note_safety(actor, referral, agency, said, at)
    _journal(actor, Tag.CASE_ENTRY_RECORDED, referral)
    return row


def _content(said: Entry, agency: int) -> str:
    return case_rules.canonical(agency, said.way, said.result, said.safe, said.note, said.next_on)


def _note_safety(actor: Actor, referral: Referral, agency: int, said: Entry, at: dt.datetime) -> None:
    """What was said of the way to reach stands until something newer is said."""
    contact = referrals.safe_contact(referral.id)
    if contact is None or contact.agency_id != agency or contact.way_sealed is None:
        return
    if not case_rules.outdates(at, contact.confirmed_at, contact.unsafe_at):
        return
    if said.result == CaseResult.UNSAFE or said.safe == NO:
        contact.unsafe_at = at
    elif said.safe == YES:
        contact.confirmed_at, contact.confirmed_by_id, contact.unsafe_at = at, actor.user, None


def change_safe_way(actor: Actor, referral: Referral, said: SafeWay) -> None:
    """The way to reach as the person has just said it; that also confirms it. Raises as ``record_entry``."""
    agency = _writable(actor, referral)
    if findings := case_rules.safe_way_findings(said):
        raise Invalid(*findings)
    now = utc_now()
    contact = cases.put_safe_way(referral, agency, said.way, said.say, now)
    contact.text, contact.voicemail = said.text, said.voicemail
    contact.confirmed_at, contact.confirmed_by_id, contact.unsafe_at = now, actor.user, None
    _journal(actor, Tag.SAFE_CONTACT_CHANGED, referral)


def finish_follow_up(actor: Actor, referral: Referral, days: int, result: str) -> None:
    """What the follow-up after ``days`` found, once; the same again changes nothing.

    Raises ``NotAllowed``, ``Blocked``, ``Invalid`` at ``follow_up``, ``Changed`` when it says something else already.
    """
    agency = _writable(actor, referral)
    row = next((one for one in cases.follow_ups(referral.id) if one.days == days), None)
    if row is None or row.agency_id != agency or result not in FollowUpResult.values():
        raise Invalid.at("follow_up", N_("Choose what the follow-up found."))
    if row.result == result:
        return
    if row.result:
        raise Changed(N_("This follow-up is recorded already."), N_("What was recorded first stands."))
    now = utc_now()
    today = case_rules.local_day(now, zone_of(agency, referral.operation_id))
    if not case_rules.may_follow_up(days, row.due_on, today):
        raise Invalid.at("follow_up", N_("This follow-up is due on %(day)s: it is too early."), day=row.due_on)
    row.result, row.done_at, row.done_by_id = result, now, actor.user
    _count_anew(referral)
    _journal(actor, Tag.FOLLOW_UP_RECORDED, referral)


# --- the plan ---------------------------------------------------------------------------------------------------------


def change_item(
    actor: Actor, referral: Referral, uid: str, base: int, said: Goal, *, from_phone: bool = False
) -> PlanItemVersion:
    """A goal, new (``base`` 0) or as changed from version ``base``; the version it is stored as.

    Who wrote from a version that is no longer the last one overwrites nothing: what she wrote is kept beside it as a
    ``rival`` until somebody chooses. The same words from the same version again are answered with what is stored.
    Raises ``NotAllowed``, ``Blocked`` (not for a phone), ``Invalid``, ``NotFound`` for a goal of another case.
    """
    agency = _writable(actor, referral, late=from_phone)
    item = cases.plan_item(_uid(uid))
    if item is not None and (item.referral_id != referral.id or item.agency_id != agency):
        raise NotFound()
    if findings := case_rules.goal_findings(said):
        raise Invalid(*findings)
    mark = cases.content_mark(referral, case_rules.canonical(said.goal, said.step, said.due_on, said.state))
    if item is None:
        item = PlanItem(uid=_uid(uid), referral_id=referral.id, agency_id=agency, area=said.area)
        cases.add(item)
        return _add_version(actor, referral, item, said, mark, number=1, base=0, rival=False)
    versions = [version for version, _ in cases.item_versions(item.id)]
    stands = next(version for version in versions if version.superseded_at is None and not version.rival)
    known = [version for version in versions if version.base == base and version.content_mark == mark]
    if known or stands.content_mark == mark:
        return known[0] if known else stands
    rival = base != stands.version
    if not rival:
        stands.superseded_at = utc_now()
    return _add_version(actor, referral, item, said, mark, number=versions[0].version + 1, base=base, rival=rival)


def _add_version(
    actor: Actor, referral: Referral, item: PlanItem, said: Goal, mark: str, *, number: int, base: int, rival: bool
) -> PlanItemVersion:
    version = PlanItemVersion(
        item_id=item.id,
        version=number,
        base=base,
        goal_sealed=cases.seal(referral, said.goal, cases.goal_place(item, number, "goal_sealed")),
        step_sealed=cases.seal(referral, said.step, cases.goal_place(item, number, "step_sealed")),
        due_on=said.due_on,
        state=said.state,
        content_mark=mark,
        rival=rival,
        recorded_at=utc_now(),
        recorded_by_id=actor.user,
    )
    cases.add(version)
    _journal(actor, Tag.PLAN_CHANGED, referral)
    return version


def keep_version(actor: Actor, referral: Referral, item: PlanItem, keep: int, seen: frozenset[int]) -> None:
    """Settle a goal that two people wrote differently: version ``keep`` counts, the others stay in its history.

    ``seen``: the versions that the page showed. Raises ``NotAllowed``, ``Blocked``, ``Changed`` when others stand now.
    """
    agency = _writable(actor, referral)
    if item.referral_id != referral.id or item.agency_id != agency:
        raise NotFound()
    (row,) = cases.plan(referral.id, agency, item.id)
    rivals = [version for version, _ in row.rivals]
    standing = {version.version: version for version in (row.version, *rivals)}
    if not rivals or frozenset(standing) != seen or keep not in standing:
        raise Changed()
    now = utc_now()
    chosen = standing[keep]
    if chosen.rival:
        row.version.superseded_at = now
        chosen.rival = False
    for version in rivals:
        version.settled_at, version.settled_by_id = now, actor.user
    _journal(actor, Tag.PLAN_SETTLED, referral)


# --- what all of them ask ---------------------------------------------------------------------------------------------


def _writable(actor: Actor, referral: Referral, *, late: bool = False) -> int:
    """The agency that follows it, once the actor may write and others wait. ``late``: also when it is over."""
    cases.lock(referral)
    version = referrals.current(referral.id)
    if version.agency_id is None or not may(actor, "case.change", referrals.target_of(referral, version)):
        raise NotAllowed()
    if version.state == ReferralState.MADE:
        raise Blocked(N_("Nobody has picked this up."), N_("Pick it up first."))
    if rules.ends(version.state) and not late:
        raise Blocked(N_("This referral has ended."), N_("What was written can be read, and nothing is added."))
    return version.agency_id


def agency_in_hand(actor: Actor, referral: Referral) -> tuple[int, ReferralVersion]:
    """The agency that follows the referral now and its current version; raises as every write of a case does."""
    return _writable(actor, referral), referrals.current(referral.id)


def _uid(uid: str) -> str:
    """A UUID in its one spelling; raises ``Invalid`` for anything else."""
    try:
        return str(UUID(uid))
    except ValueError:
        raise Invalid.at("uid", N_("This form is not complete: open it again from the referral.")) from None


def _count_anew(referral: Referral) -> None:
    if referral.operation_id is not None:
        operations.note_change(referral.operation_id)


def _journal(actor: Actor, tag: Tag, referral: Referral) -> None:
    audit.record(
        actor,
        tag,
        kind="referral",
        object_id=referral.uid,
        operation=referral.operation_id,
        service=referral.service_id,
    )
