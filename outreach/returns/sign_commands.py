"""Writes under a service's figures: signing a version, reopening it, confirming that there were no contacts.

That a later change reopens a signature is no command: storage sees to it at every commit (``queries.reopening``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Changed, Finding, Invalid, NotAllowed
from outreach.plan.paste_rules import visible
from outreach.plan.rules import name_key
from outreach.rollup import counting
from outreach.rollup.measures import Measure
from outreach.storage.queries import access, figure_sets, operations, reopening, waiting
from outreach.storage.queries import sign_offs as rows
from outreach.storage.queries.waiting import LeftBehind
from outreach.storage.tables import Operation, Participation, SignOff
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, SignState

from . import figures, sign_rules
from .commands import save_totals, sheet_of
from .rules import Slot, name_of

CONTACT_FAMILY_ZERO = "0"


@dataclass(frozen=True)
class Ready:
    """What a service looks at before it signs: the figures it would sign now, and what stands in the way.

    ``changes``: figure → [last signed, now], where a signature was given before. ``not_told``: figure → days.
    """

    standing: rows.Standing | None
    mode: str
    book: figures.ServiceBook
    measures: tuple[Measure, ...]
    figures: dict[str, Any]
    trust: dict[str, dict[str, Any]]
    not_told: dict[str, tuple[int, ...]]
    hindrances: tuple[sign_rules.Hindrance, ...]
    left: LeftBehind | None
    changes: dict[str, list[int | None]]

    @property
    def mark(self) -> str:
        return sign_rules.mark_of(self.figures)

    @property
    def nothing(self) -> bool:
        return not sign_rules.has_figures(self.figures)

    @property
    def stands(self) -> bool:
        """Signed, not reopened, and every figure still the same."""
        return self.standing is not None and self.standing.stands and self.standing.figures == self.figures


def ready_of(operation: Operation, participation: Participation, as_of: dt.datetime | None = None) -> Ready:
    """The figures that the service would sign now (or at ``as_of``). Raises ``Blocked`` for a rehearsal."""
    figures.need_figures(operation)
    service = participation.service_id
    book = figures.book_of(operation.id, service, as_of)
    mode = operations.current_participation(participation.id).entry_mode
    measures = sign_rules.signed_measures(book.here, book.said)
    now = sign_rules.figures_of(measures, book.whole, book.days)
    left = next((one for one in waiting.left_behind(operation.id) if one.service_id == service), None)
    standing = rows.standing_of(operation.id, participation.id)
    return Ready(
        standing=standing,
        mode=mode,
        book=book,
        measures=measures,
        figures=now,
        trust=sign_rules.trust_of(measures, book.whole, book.cells),
        not_told=sign_rules.not_told(measures, mode, book.cells),
        hindrances=sign_rules.hindrances(book.checks, left.unsent if left else 0, left.held if left else 0),
        left=left,
        changes=sign_rules.diff(standing.figures, now) if standing is not None and standing.version else {},
    )


def sign(
    actor: Actor,
    operation: Operation,
    participation: Participation,
    *,
    typed_name: str,
    provisional: bool = False,
    reason: str = "",
    return_file: Any = None,
    link: Any = None,
    seen: str | None = None,
) -> SignOff:
    """The next signed version of the service's figures as they stand now. ``seen``: ``Ready.mark`` of the page.

    ``return_file``, ``link``: the return, or the way it came, that carried the name; whoever took it was allowed to.
    Raises ``NotAllowed``, ``Blocked`` where there is nothing to sign or nothing new, ``Invalid`` at ``name`` and
    ``reason``, at ``provisional`` where the figures can only be signed as such, ``Changed`` when they are not what was
    seen.
    """
    target = access.service_target(operation, participation.service_id)
    if not may(actor, "figures.sign", target) and return_file is None and link is None:
        raise NotAllowed()
    figure_sets.hold(operation.id)  # nobody else changes its records until this is committed
    ready = ready_of(operation, participation, utc_now())
    _refuse(operation, ready, provisional)
    if seen is not None and seen != ready.mark:
        raise Changed()
    name = " ".join(typed_name.split())
    if wrong := _wrong(ready, name, provisional, reason):
        raise Invalid(*wrong)
    signature = _signature(actor, operation, participation, ready, name, provisional, reason, return_file)
    _replace(actor, participation, ready, signature)
    rows.add(signature)
    audit.record(
        actor,
        Tag.FIGURES_SIGNED,
        kind="participation",
        object_id=participation.id,
        operation=operation.id,
        service=participation.service_id,
        version=signature.version,
        provisional=provisional,
        hash=signature.figures_hash[:16],
        **({"return": signature.return_uid} if signature.return_uid else {}),
    )
    return signature


def _refuse(operation: Operation, ready: Ready, provisional: bool) -> None:
    """Raise ``Blocked`` where there is nothing to sign, or where the same stands signed already."""
    if operation.status not in sign_rules.SIGNING:
        raise Blocked(N_("There is nothing to sign yet."), N_("Figures are signed once the operation is active."))
    if ready.standing is None:
        raise Blocked(
            N_("This service owes no figures here."), N_("The coordinator of the operation decides who reports.")
        )
    if ready.standing.state is SignState.NOTHING or ready.nothing:
        raise Blocked(N_("There is nothing to sign yet."), N_("Enter figures, or confirm that there were no contacts."))
    if ready.stands and ready.standing.provisional == provisional:
        raise Blocked(
            N_("These figures are signed already, and nothing has changed since."),
            N_("Nothing more is needed. Reopen them if something has to be corrected."),
        )


def _wrong(ready: Ready, name: str, provisional: bool, reason: str) -> list[Finding]:
    wrong = []
    if not sign_rules.is_name(name):
        wrong.append(Finding("name", N_("Type your name: it says who vouches for these figures.")))
    if ready.hindrances and not provisional:
        wrong.append(
            Finding("provisional", N_("Put right what is listed, or sign as provisional and say why in a few words."))
        )
    if provisional and len(visible(reason)) < sign_rules.LEAST_REASON:
        wrong.append(Finding("reason", N_("Say in a few words, without names, why the figures are provisional.")))
    if len(reason) > sign_rules.LONGEST_REASON:
        wrong.append(Finding("reason", N_("Shorten this to %(most)s characters."), {"most": sign_rules.LONGEST_REASON}))
    return wrong


def _signature(
    actor: Actor,
    operation: Operation,
    participation: Participation,
    ready: Ready,
    name: str,
    provisional: bool,
    reason: str,
    return_file: Any,
) -> SignOff:
    definitions = counting.definitions(ready.trust, operation.counting or {})
    said = {code: {**definitions[code], **trust} for code, trust in ready.trust.items()}
    made = SignOff(
        participation_id=participation.id,
        version=(ready.standing.version if ready.standing else 0) + 1,
        signed_at=utc_now(),
        signed_by_id=actor.user,
        typed_name=name,
        figures=ready.figures,
        as_of=ready.book.as_of,
        definitions=said,
        unsent=_unsent(ready.left),
        provisional=provisional,
        reason=reason.strip() if provisional else "",
        return_uid=getattr(return_file, "uid", return_file),
        diff={},
        changed=[],
        facts=reopening.marks(operation.id, {participation.service_id: participation.id})[participation.service_id],
    )
    made.figures_hash = hash_of(operation.id, participation.service_id, made)
    return made


def hash_of(operation_id: int, service_id: int, signature: SignOff) -> str:
    """The hash that a signature must have; whoever holds the row can work it out again."""
    return sign_rules.hash_of(
        sign_rules.document(
            operation=operation_id,
            service=service_id,
            version=signature.version,
            as_of=signature.as_of or signature.signed_at,
            name=signature.typed_name,
            provisional=signature.provisional,
            figures=signature.figures,
            definitions=signature.definitions,
            unsent=signature.unsent,
        )
    )


def _unsent(left: LeftBehind | None) -> list[dict[str, Any]]:
    if left is None:
        return []
    return [
        {
            "unsent": left.unsent,
            "phones": left.phones,
            "oldest_at": left.oldest_at.isoformat() if left.oldest_at else None,
            "heard_at": left.heard_at.isoformat() if left.heard_at else None,
            "held": left.held,
        }
    ]


def _replace(actor: Actor, participation: Participation, ready: Ready, signature: SignOff) -> None:
    """What changed since the version before is kept with that one; if it still stood, it stands no more."""
    before = rows.last(participation.id)
    if before is None:
        return
    before.diff = sign_rules.diff(before.figures, ready.figures)
    if before.reopened_at is None:
        rows.reopen(before, signature.signed_at, actor.user, "")


def reopen(actor: Actor, operation: Operation, participation: Participation, reason: str) -> int:
    """Reopen the signed figures, so that officers may correct their own entries again; which version it was.

    Raises ``NotAllowed``, ``Blocked`` where nothing stands signed, ``Invalid`` at ``reason``, ``Changed``.
    """
    if not may(actor, "figures.reopen", access.service_target(operation, participation.service_id)):
        raise NotAllowed()
    last = rows.last(participation.id)
    if last is None or last.reopened_at is not None:
        raise Blocked(N_("No figures of this service stand signed."), N_("Nothing has to be reopened."))
    if len(visible(reason)) < sign_rules.LEAST_REASON:
        raise Invalid.at("why", N_("Say in a few words, without names, why the figures are reopened."))
    if len(reason) > sign_rules.LONGEST_REASON:
        raise Invalid.at("why", N_("Shorten this to %(most)s characters."), most=sign_rules.LONGEST_REASON)
    version = last.version
    if not rows.reopen(last, utc_now(), actor.user, reason.strip()):
        raise Changed()
    audit.record(
        actor,
        Tag.FIGURES_REOPENED,
        kind="participation",
        object_id=participation.id,
        operation=operation.id,
        service=participation.service_id,
        version=version,
    )
    return version


# --- by names, for the command line -----------------------------------------------------------------------------------


def states_of(code: str) -> list[rows.Standing]:
    """Where every service of an operation stands with its signature, by name. Raises ``Invalid``."""
    return list(rows.standing(_operation(code).id).values())


def place_of(code: str, service: str) -> tuple[Operation, Participation]:
    """The operation, and the part of the service that is called so (its short name will do).

    Raises ``Invalid`` when there is no such operation, or not one service that is called so.
    """
    operation = _operation(code)
    wanted = name_key(service)
    found = [
        part
        for part, _, one in operations.participations_of(operation.id)
        if wanted and wanted in (one.name_key, name_key(one.short_name or ""))
    ]
    if len(found) != 1:
        raise Invalid.at(
            "--service", N_("No service called %(service)s owes figures in %(code)s."), service=service, code=code
        )
    return operation, found[0]


def _operation(code: str) -> Operation:
    found = operations.by_code(code)
    if found is None:
        raise Invalid.at("OPERATION", N_("There is no operation %(code)s."), code=code)
    return found


# --- no contacts: an act, which silence is not ------------------------------------------------------------------------


def silent_slots(operation: Operation, participation: Participation) -> dict[dt.date, tuple[Slot, ...]]:
    """Days of which nothing was heard → the cells that say zero when it is confirmed that there were no contacts.

    A service that logs contacts says it in one cell a day; one that sends daily totals in each that is still blank.
    """
    sheet = sheet_of(operation, participation)
    days: dict[dt.date, tuple[Slot, ...]] = {}
    for row in sheet.daily:
        if row.measure.family.value != "contacts":
            continue
        for slot in row.slots:
            open_cell = slot.said is None and slot.accepts != "nothing" and slot.state in sign_rules.SILENT
            if open_cell and slot.day is not None:
                days[slot.day] = (*days.get(slot.day, ()), slot)
    if sheet.mode == EntryMode.DAILY_TOTALS:  # what was partly told is completed on the page of totals
        told = {key[1] for key in sheet.told if key[0] != "charges"}
        days = {day: slots for day, slots in days.items() if day not in told}
    return dict(sorted(days.items()))


def confirm_zero(
    actor: Actor, operation: Operation, participation: Participation, days: Collection[dt.date], *, reason: str = ""
) -> int:
    """Say that there were no contacts on these silent days; how many days. Days that were told meanwhile are left.

    Raises what ``save_totals`` raises; ``Blocked`` when none of them is silent.
    """
    if not may(actor, "totals.change", access.service_target(operation, participation.service_id)):
        raise NotAllowed()
    silent = silent_slots(operation, participation)
    chosen = [day for day in sorted(set(days)) if day in silent]
    if not chosen:
        raise Blocked(
            N_("Nothing has to be confirmed for that day."), N_("Something was heard of it, or it is not due.")
        )
    typed: Mapping[str, str] = {name_of(slot.key): CONTACT_FAMILY_ZERO for day in chosen for slot in silent[day]}
    save_totals(actor, operation, participation, typed, seen=sheet_of(operation, participation).mark, reason=reason)
    audit.record(
        actor,
        Tag.ZERO_CONFIRMED,
        kind="participation",
        object_id=participation.id,
        operation=operation.id,
        service=participation.service_id,
        days=len(chosen),
    )
    return len(chosen)
