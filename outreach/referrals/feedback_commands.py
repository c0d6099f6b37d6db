"""Printing codes for feedback cards, and counting an answer. The journal learns how many were printed, nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Invalid, NotAllowed
from outreach.storage.queries import access, feedback
from outreach.storage.tables import Operation

from . import feedback_rules as rules

NO_CARDS = (
    N_("A rehearsal has no feedback cards."),
    N_("Print them in the operation that it is a rehearsal of."),
)


def make_cards(actor: Actor, operation: Operation, service_id: int, sheets: int) -> list[str]:
    """Fresh codes for ``sheets`` sheets of cards; they exist on paper only, the site keeps marks of them.

    Raises ``NotAllowed``; ``Blocked`` for a rehearsal; ``Invalid`` at ``sheets``.
    """
    if not may(actor, "cards.print", access.service_target(operation, service_id)):
        raise NotAllowed()
    if operation.is_rehearsal:
        raise Blocked(*NO_CARDS)
    if not 1 <= sheets <= rules.MOST_SHEETS:
        raise Invalid.at("sheets", N_("Enter a number of sheets from 1 to %(most)s."), most=rules.MOST_SHEETS)
    codes = rules.make_codes(sheets * rules.CARDS_A_SHEET)
    feedback.add_codes(operation.id, service_id, codes)
    feedback.begin(operation.id, service_id, rules.nothing())
    audit.record(
        actor,
        Tag.CARDS_PRINTED,
        kind="service",
        object_id=service_id,
        operation=operation.id,
        service=service_id,
        cards=len(codes),
    )
    return codes


def answer(code: str, answers: Mapping[str, str]) -> bool:
    """Count one person's answers and end her code, in one write; False when the code counts nothing (any more).

    Asked by nobody in particular, so no actor and no entry in the journal: an entry would say when somebody answered.
    ``answers`` has one of each question's codes, or ``rules.SKIP``.
    """
    found = feedback.burn(code)
    if found is None:
        return False
    counts = rules.with_answers(feedback.counts_of(*found), answers)
    feedback.keep(*found, counts)
    if rules.may_be_seen(counts):
        feedback.show(*found, counts)
    return True
