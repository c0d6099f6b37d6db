"""Writes of inviting: links, letters, and what services answer without an account.

Every command that leads to letters holds its own write, so that it is committed before the first one leaves. ``answer``
takes no actor: the token is the authority, and it is checked again inside the write.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import BY_LINK, Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, DeadLink, Invalid, NotAllowed
from outreach.storage import writing
from outreach.storage.keys import site_keys
from outreach.storage.queries import access, operations
from outreach.storage.queries import invitations as rows
from outreach.storage.tables import Operation, Participation, ParticipationLink, ParticipationVersion, Service
from outreach.storage.types import utc_now
from outreach.vocab import ParticipationStatus

from . import invitation_rules as rules
from .service_commands import participation_findings, write_participation
from .team_rules import address_of

Row = tuple[Participation, ParticipationVersion, Service]
_ASK = N_("Tick the services first.")


@dataclass(frozen=True)
class Ready:
    """One service with a link that works. ``letter``: id of the queued letter, 0 where none leaves by e-mail."""

    participation_id: int
    service: str
    desk: str
    status: str
    kind: str
    token: str
    ends_at: dt.datetime
    link_id: int
    letter: int = 0


# --- links -----------------------------------------------------------------------------------------------------------


def make_links(actor: Actor, operation: Operation, service_ids: list[int], *, renew: bool = False) -> int:
    """A link for each of the services that has none that works; with ``renew`` the old ones end first. How many.

    Raises ``NotAllowed``; ``Invalid`` at ``service`` when none can have one.
    """
    chosen = _chosen(actor, operation, service_ids)
    made = 0
    standing = {} if renew else _working(operation)
    for row in chosen:
        if renew:
            _revoke(actor, operation, row[0])
        if row[0].id not in standing:
            _make(actor, operation, row[0])
            made += 1
    return made


def revoke_links(actor: Actor, operation: Operation, service_ids: list[int]) -> int:
    """End the links of the services; how many ended. Raises as ``make_links``."""
    return sum(_revoke(actor, operation, row[0]) for row in _chosen(actor, operation, service_ids))


def _chosen(actor: Actor, operation: Operation, service_ids: list[int]) -> list[Row]:
    if not may(actor, "invitations.send", access.operation_target(operation)):
        raise NotAllowed()
    if operation.is_rehearsal:
        raise Invalid.at("service", N_("A rehearsal invites nobody: the services would think that it is real."))
    wanted = set(service_ids)
    found = [
        row
        for row in operations.participations_of(operation.id)
        if row[2].id in wanted and row[1].status != ParticipationStatus.WITHDRAWN
    ]
    if not found:
        raise Invalid.at("service", _ASK)
    return found


def silent_services(operation: Operation) -> list[int]:
    """Ids of the services that have not answered."""
    return [
        service.id
        for _, version, service in operations.participations_of(operation.id)
        if version.status == ParticipationStatus.INVITED
    ]


def _working(operation: Operation) -> dict[int, ParticipationLink]:
    now = utc_now()
    return {
        link.participation_id: link
        for link in rows.links_of(operation.id)
        if link.revoked_at is None and link.ends_at > now
    }


def _make(actor: Actor, operation: Operation, participation: Participation) -> ParticipationLink:
    link = rows.add_link(participation.id, actor.user, rules.link_end(utc_now(), operation.starts_at))
    _note(actor, Tag.INVITATION_LINKED, operation, participation)
    return link


def _revoke(actor: Actor, operation: Operation, participation: Participation) -> int:
    ended = rows.revoke_links(participation.id)
    if ended:
        _note(actor, Tag.INVITATION_REVOKED, operation, participation)
    return ended


def _note(actor: Actor, tag: Tag, operation: Operation, participation: Participation) -> None:
    audit.record(
        actor,
        tag,
        kind="participation",
        object_id=participation.id,
        operation=operation.id,
        service=participation.service_id,
    )


def token_of(link: ParticipationLink) -> str:
    """The token of a link, made from its uid and the key of this site."""
    return rules.token_of(link.uid, site_keys().mark)


# --- letters ---------------------------------------------------------------------------------------------------------


def write_letters(actor: Actor, operation: Operation, service_ids: list[int]) -> list[Ready]:
    """Letters to copy or to merge: every service gets a link that works. Nothing counts as sent.

    Raises ``NotAllowed``, ``Invalid`` at ``service``.
    """
    with writing():
        ready = _ready(actor, operation, _chosen(actor, operation, service_ids))
        _note_letters(actor, Tag.INVITATIONS_WRITTEN, operation, len(ready))
    return ready


def queue_letters(actor: Actor, operation: Operation, service_ids: list[int]) -> tuple[int, list[Ready]]:
    """Put an e-mail to each service on record as queued: id of the first letter, and those that can leave.

    Committed when it returns.

    A service without an address gets a letter that failed, so that the page says so; one whose letter is leaving at
    this moment gets no second one. Raises as ``write_letters``.
    """
    first, found = 0, []
    with writing():
        leaving = _leaving(operation)
        chosen = [row for row in _chosen(actor, operation, service_ids) if row[0].id not in leaving]
        if not chosen:
            raise Invalid.at("service", N_("These letters are leaving already."))
        for one in _ready(actor, operation, chosen):
            address = address_of(one.desk)
            letter = rows.add_letter(
                one.link_id,
                actor.user,
                kind=one.kind,
                how="email",
                address=address or "",
                outcome=rules.QUEUED if address else rules.FAILED,
                trouble="" if address else "address",
            )
            first = first or letter.id
            if address:
                found.append(replace(one, desk=address, letter=letter.id))
        _note_letters(actor, Tag.INVITATIONS_SENT, operation, len(found))
    return first, found


def note_posted(letter_id: int, trouble: str) -> None:
    """Keep what became of a queued letter. Holds its own write: it is called beside the request."""
    with writing():
        rows.settle_letter(letter_id, rules.FAILED if trouble else rules.SENT, trouble)


def mark_sent(actor: Actor, operation: Operation, service_ids: list[int]) -> int:
    """The letters went out by other means (paper, one's own mailbox); how many. Raises as ``make_links``."""
    chosen = _chosen(actor, operation, service_ids)
    working = _working(operation)
    missing = [row[2].name for row in chosen if row[0].id not in working]
    if missing:
        words = N_("%(service)s has no link that works. Make the letters first, then mark them as sent.")
        raise Invalid.at("service", words, service=missing[0])
    counts = _letters_so_far(operation)
    for participation, version, _ in chosen:
        kind = rules.kind_of(version.status, counts.get(participation.id, 0))
        link = working[participation.id]
        rows.add_letter(link.id, actor.user, kind=kind, how="letter", address="", outcome=rules.SENT)
    _note_letters(actor, Tag.INVITATIONS_SENT, operation, len(chosen))
    return len(chosen)


def _ready(actor: Actor, operation: Operation, chosen: list[Row]) -> list[Ready]:
    working, counts = _working(operation), _letters_so_far(operation)
    found = []
    for participation, version, service in chosen:
        link = working.get(participation.id) or _make(actor, operation, participation)
        found.append(
            Ready(
                participation.id,
                service.name,
                version.desk if address_of(version.desk) else service.contact_desk,
                version.status,
                rules.kind_of(version.status, counts.get(participation.id, 0)),
                token_of(link),
                link.ends_at,
                link.id,
            )
        )
    return found


def _letters_so_far(operation: Operation) -> dict[int, int]:
    counts: dict[int, int] = {}
    for participation_id, letter in rows.letters_of(operation.id):
        if letter.outcome == rules.SENT:
            counts[participation_id] = counts.get(participation_id, 0) + 1
    return counts


def _leaving(operation: Operation) -> frozenset[int]:
    """Participations whose last letter is queued, and not for so long that sending must have stopped."""
    last = {key: rules.Posted(one.at, one.outcome) for key, one in rows.letters_of(operation.id)}
    now = utc_now()
    return frozenset(k for k, one in last.items() if one.outcome == rules.QUEUED and not rules.trouble_of(one, now))


def _note_letters(actor: Actor, tag: Tag, operation: Operation, letters: int) -> None:
    audit.record(actor, tag, kind="operation", object_id=operation.id, operation=operation.id, letters=letters)


def batch_of(operation: Operation, first: int) -> rules.Batch:
    """What became of the letters that were sent from the one with the id ``first`` on; empty for 0."""
    if not first:
        return rules.Batch()
    letters = [
        (key, rules.Posted(letter.at, letter.outcome, letter.how, letter.trouble))
        for key, letter in rows.letters_of(operation.id)
        if letter.id >= first and letter.how == "email"
    ]
    return rules.batch_of(letters, utc_now())


def standings(operation: Operation) -> list[tuple[Row, rules.Standing]]:
    """Every participation with where it stands, worst first."""
    now = utc_now()
    since: dict[int, tuple[str, dt.datetime]] = {}
    for participation_id, status, at in rows.status_history(operation.id):
        if since.get(participation_id, ("", at))[0] != status:
            since[participation_id] = (status, at)
    links: dict[int, list[rules.LinkFacts]] = {}
    for link in rows.links_of(operation.id):
        facts = rules.LinkFacts(link.ends_at, link.revoked_at is not None, link.opened_at)
        links.setdefault(link.participation_id, []).append(facts)
    letters: dict[int, list[rules.Posted]] = {}
    for participation_id, letter in rows.letters_of(operation.id):
        posted = rules.Posted(letter.at, letter.outcome, letter.how, letter.trouble)
        letters.setdefault(participation_id, []).append(posted)
    found = []
    for row in operations.participations_of(operation.id):
        key = row[0].id
        one = rules.standing(row[1].status, since[key][1], links.get(key, ()), letters.get(key, ()), now)
        found.append((row, one))
    return sorted(found, key=lambda pair: rules.order(pair[1], pair[0][2].name))


# --- the answer ------------------------------------------------------------------------------------------------------

# The same words for every link that leads nowhere, whether it was guessed, altered, ended or taken back: whoever holds
# a revoked link may be the one it was revoked for, and the remedy is the same.
DEAD = N_("It may have ended, or a part of it was lost. Open it from the letter, or ask the coordinator for a new one.")


def genuine(token: str) -> bool:
    """Whether the token carries the mark of this site. Looks nothing up."""
    return rules.uid_of(token, site_keys().mark) is not None


def behind(token: str) -> rows.Found:
    """What a token leads to. Raises ``DeadLink``, the same for every reason."""
    uid = rules.uid_of(token, site_keys().mark)
    found = rows.behind(uid) if uid else None
    if found is None or not rules.link_works(
        utc_now(),
        found.link.ends_at,
        found.link.revoked_at is not None,
        found.version.status,
        found.operation.status,
    ):
        raise DeadLink(fix=DEAD)
    return found


def note_opened(found: rows.Found) -> None:
    """The link was opened for the first time. Holds its own write: looking at a page is no write request."""
    if found.link.opened_at is None:
        with writing():
            rows.note_opened(found.link.id)


def answer(token: str, said: rules.Answer, version: int) -> bool:
    """Keep what a service answers; whether anything changed.

    Raises ``DeadLink``; ``Blocked`` when the operation is open already; ``Invalid`` at the form's fields; ``Changed``
    when the participation no longer stands at ``version``.
    """
    with writing():
        found = behind(token)
        current = found.version
        if not rules.may_answer(current.status, found.operation.status):
            raise Blocked(
                N_("The operation is open; the answer can no longer be changed here."),
                N_("Tell the coordinator of the operation what is different."),
            )
        findings = rules.check_answer(said)
        if said.takes_part == rules.YES:
            findings += participation_findings(
                ParticipationStatus.CONFIRMED.value, said.entry_mode, said.starts_at, said.ends_at, said.staff
            )
        if findings:
            raise Invalid(*findings)
        if current.version != version:
            raise Changed()
        values = rules.values_of(said, found.link.id)
        changed = write_participation(BY_LINK, found.operation, found.participation, current, values)
        rows.note_answered(found.link.id)
        _note(BY_LINK, Tag.INVITATION_ANSWERED, found.operation, found.participation)
    return changed
