"""Stating a contact anew from a list that a service keeps: who is who is told by the list, not by the order of persons.

Whether the actor may is decided before: a return is admitted as a whole. No referral is ever made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.errors import Changed
from outreach.storage.queries import contacts
from outreach.storage.queries import field as rows
from outreach.storage.tables import Meeting, Person
from outreach.storage.types import utc_now
from outreach.vocab import SupportAnswer

from . import commands
from .commands import ReadyContact, Version
from .rules import PersonEntry


@dataclass(frozen=True)
class Known:
    """A person who is recorded already, with what was said of her last."""

    person: Person
    meeting: Meeting

    @property
    def said(self) -> PersonEntry:
        """What stands of her. A wish to be referred that led to no referral is not taken up by a list."""
        said = commands._person_of(self.meeting, self.person)
        if said.answer == SupportAnswer.ACCEPTED or "refer" not in said.agreed:
            return said
        return replace(said, agreed=tuple(a for a in said.agreed if a not in ("refer", "share")))


@dataclass(frozen=True)
class Stated:
    """What became of it: the version that was written, and the persons in their order."""

    version: int
    persons: tuple[int, ...]


def state_contact(
    actor: Actor,
    new: ReadyContact,
    known: Sequence[Known | None],
    record: contacts.ContactRecord | None,
    reason: str,
) -> Stated:
    """Write the next version of ``record``, or the first of a new contact, inside a write.

    ``known``: for each person of the entry whom she is; None is somebody new. Raises ``Changed``.
    """
    place, entry, now = new.place, new.entry, utc_now()
    contact_id = _head(new, now) if record is None else record.contact.id
    if contact_id is None or (record is not None and not contacts.supersede(record.version, now)):
        raise Changed()
    commands._count_change(actor, new)
    persons = [
        rows.add_person(fresh, place.root_id) if who is None else _kept(said, who)
        for said, fresh, who in zip(entry.persons, new.persons, known, strict=True)
    ]
    number = record.version.version + 1 if record is not None else 1
    version = Version(contact_id, entry.uid, place, number, reason)
    former = [_at(place_in_it, who.meeting) for place_in_it, who in enumerate(known, start=1) if who is not None]
    commands._add_version(actor, version, entry, new.said, persons, now, former=former)
    tag = Tag.CONTACT_LOGGED if record is None else Tag.CONTACT_CHANGED
    commands._record(actor, tag, place.operation_id, place.service_id, entry.uid, persons=len(persons))
    return Stated(number, tuple(person for person, _key in persons))


def _head(new: ReadyContact, now: object) -> int | None:
    """The identity of a new contact. It is nobody's own: it was not logged on anybody's shift."""
    place = new.place
    return rows.add_contact(
        {
            "uid": new.entry.uid,
            "operation_id": place.operation_id,
            "participation_id": place.participation_id,
            "service_id": place.service_id,
            "team_id": place.team_id,
            "created_at": now,
            "created_by_id": None,
            "content_hash": new.mark,
            "conflict_of": None,
        }
    )


def _kept(said: PersonEntry, who: Known) -> tuple[int, int]:
    """The same person; nameless when her agreement to be recorded is gone."""
    if not said.recorded and who.person.code_sealed is not None:
        contacts.forget_code(who.person.id)
    return who.person.id, who.meeting.person_key


def _at(position: int, meeting: Meeting) -> SimpleNamespace:
    """What was agreed earlier, at the place that the person has now."""
    names = ("age_confirmed", *(f"agreed_{what}_at" for what in commands.rules.AGREEMENTS))
    return SimpleNamespace(position=position, **{name: getattr(meeting, name) for name in names})
