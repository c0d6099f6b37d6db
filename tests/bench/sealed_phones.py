"""Phones in Python that keep sealed records and send each until the site's own receipt for it is there.

A site to send to, packs for its officers, an outbox that several threads empty, and what the database file holds
afterwards, opened with the site's keys.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from outreach.app import create_app
from outreach.config import Settings
from outreach.field.rules import make_code
from outreach.field.sealed_rules import Envelope
from outreach.storage import db
from outreach.storage.keys import site_keys
from outreach.storage.queries import field as rows
from outreach.storage.schema import bring_up_to_date
from outreach.storage.tables import Contact, ContactVersion, Meeting, Person, SealedRecord
from outreach.storage.types import new_uid, utc_now
from outreach.vocab import Role
from tests import factories as site
from tests.bench import load
from tests.field.phone import Phone, body_of

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
LONGEST_TRY = 600
"""Times that a record is sent before the run gives up: at 30 % of cuts far beyond what can happen."""


# --- a site and its officers ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Officer:
    email: str
    team: str
    operation: int


@contextmanager
def application(instance: Path) -> Iterator[Any]:
    """The application on the instance, for making things and for looking afterwards; hashing as on a real site."""
    url = f"sqlite:///{instance / 'outreach.sqlite3'}"
    app = create_app(Settings(instance_dir=instance, database_url=url, public_url="", development=False))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@dataclass(frozen=True)
class Place:
    """A site as it runs: its folder and the port of its two workers."""

    instance: Path
    port: int


@contextmanager
def a_running_site() -> Iterator[Place]:
    """A fresh site until the block ends."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        instance = Path(folder)
        with application(instance):
            bring_up_to_date()
        with load.site_server(instance) as port:
            yield Place(instance, port)


def a_night(instance: Path, officers: int = 1) -> list[Officer]:
    """A running operation of one service: as many officers, each in a team of her own."""
    with application(instance):
        operation = site.an_operation(starts_at=utc_now() - dt.timedelta(days=1))
        service = site.a_service()
        participation = site.a_participation(operation, service)
        made = [site.a_user(Role.FIELD_OFFICER, service, operation) for _ in range(officers)]
        teams = [site.a_team(participation, user, name=f"Team {n}") for n, user in enumerate(made, start=1)]
        return [Officer(user.email, team.uid, operation.id) for user, team in zip(made, teams, strict=True)]


@dataclass
class Held:
    """One officer's phone as the outbox sees it: how to seal, and whose session it sends with."""

    phone: Phone
    cookie: str

    @classmethod
    def prepared(cls, port: int, officer: Officer) -> Held:
        """A phone that signed in through the real page and asked for its pack."""
        browser = load.SignedIn(port, officer.email, site.PASSWORD)
        device = new_uid()
        pack = json.loads(browser.get(f"/field/app/pack?device={device}"))
        return cls(Phone.of(pack), browser.cookie)

    def at_now(self) -> Phone:
        return self.phone.at(utc_now())

    def request(self, envelope: Envelope, port: int) -> bytes:
        """The bytes that send the record now, with the clock of now in its proof."""
        return self.request_as_it_is(self.at_now().proven(envelope), port)

    def request_as_it_is(self, envelope: Envelope, port: int) -> bytes:
        """The bytes that send the record with the proof that it has."""
        body = body_of(envelope)
        head = (
            f"POST /field/sealed HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {self.cookie}\r\n"
            f"Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


# --- what is sealed ---------------------------------------------------------------------------------------------------


def contact_fields(team: str, number: int, uid: str = "", **more: Any) -> dict[str, Any]:
    """What the check card posts for one person who declined; ``number`` makes it like no other."""
    return {
        "uid": uid or new_uid(),
        "team": team,
        "met_at": (utc_now() - dt.timedelta(seconds=number % 3600)).isoformat(),
        "result": "met",
        "persons": "1",
        "place_kind": "hotel",
        "approach": "online_advertisement",
        "municipality": "Windsor",
        "kits": str(number % 7),
        "note": f"Room {number}, asked for the card twice.",
        "code-1": make_code(),
        "age-1": "25_34",
        "gender-1": "woman_girl",
        "answer-1": "declined",
        "agreed-1": ["talk", "record"],
    } | more


def content_of(fields: dict[str, Any]) -> tuple[str, ...]:
    """What must be found again of a contact, as text."""
    return tuple(str(fields[name]) for name in ("met_at", "result", "municipality", "kits", "note", "code-1", "age-1"))


@dataclass(frozen=True)
class Sealed:
    held: Held
    envelope: Envelope
    content: tuple[str, ...]


def seal_many(phones: list[Held], count: int, twins: int, first: int = 0) -> list[Sealed]:
    """``count`` sealed contacts spread over the phones; the last ``twins`` bear UUIDs of others, with other content."""
    made: list[Sealed] = []
    for number in range(first, first + count):
        place = number - first
        twin_of = made[place - (count - twins)] if place >= count - twins else None
        held = twin_of.held if twin_of else phones[place % len(phones)]
        fields = contact_fields(held.phone.team, number, twin_of.envelope.uid if twin_of else "")
        phone = held.at_now()
        made.append(Sealed(held, phone.seal(phone.content(fields)), content_of(fields)))
    return made


# --- sending ----------------------------------------------------------------------------------------------------------


def exchange(port: int, request: bytes, timeout: float = 30) -> tuple[int, bytes]:
    """One request on a connection of its own: status and body, (0, b"") when no whole head came back."""
    data = bytearray()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as link:
            link.sendall(request)
            while len(data) < _whole(data) and (part := link.recv(65536)):
                data += part
    except OSError:
        return 0, b""
    head, found, body = bytes(data).partition(b"\r\n\r\n")
    return (int(head[9:12]), body) if found and head[9:12].isdigit() else (0, b"")


def _whole(data: bytearray) -> int:
    """How long the answer is, as far as can be told: beyond what is there while its head is not whole."""
    place, found = data.find(b"\r\n\r\n"), _LENGTH.search(data)
    return place + 4 + int(found.group(1)) if place >= 0 and found else len(data) + 1


def receipt_in(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


@dataclass
class Sent:
    """How an outbox was emptied: tries, answers by status, records given up, seconds."""

    tries: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    given_up: list[str] = field(default_factory=list)
    seconds: float = 0.0


def send_until_known(port: int, records: Iterable[Sealed], threads: int = 8, seed: int = 4) -> Sent:
    """Send every record, in another order each round, until its receipt is there. Nothing else ends a record."""
    waiting, sent, lock = list(records), Sent(), threading.Lock()
    random.Random(seed).shuffle(waiting)
    shares = [waiting[n::threads] for n in range(threads)]
    begun = time.monotonic()
    workers = [
        threading.Thread(target=_empty, args=(port, share, sent, lock, seed + n)) for n, share in enumerate(shares)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sent.seconds = time.monotonic() - begun
    return sent


def _empty(port: int, outbox: list[Sealed], sent: Sent, lock: threading.Lock, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(LONGEST_TRY):
        left = []
        for record in outbox:
            status, body = exchange(port, record.held.request(record.envelope, port))
            said = receipt_in(body)
            known = record.held.phone.knows(said, record.envelope)
            with lock:
                sent.tries += 1
                sent.answers[status] += 1
                if known:
                    sent.states[said["state"]] += 1
            if not known:
                left.append(record)
        outbox = left
        if not outbox:
            return
        chance.shuffle(outbox)
    with lock:
        sent.given_up += [record.envelope.uid for record in outbox]


# --- what the database file holds -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """What stands in the database: by UUID that the phone made, the contents kept under it (twins included)."""

    contents: dict[str, list[tuple[str, ...]]]
    flagged: int
    versions: int
    states: Counter[str]


def kept_in(instance: Path, operation: int) -> Kept:
    """Every contact of the operation in the database file, notes and codes opened with the site's keys."""
    with application(instance):
        query = (
            select(
                Contact.uid,
                Contact.conflict_of,
                Contact.service_id,
                Contact.operation_id,
                ContactVersion.met_at,
                ContactVersion.result,
                ContactVersion.municipality,
                ContactVersion.kits,
                ContactVersion.note_sealed,
                Meeting.age_believed,
                Person.uid,
                Person.root_id,
                Person.code_sealed,
            )
            .join(ContactVersion, ContactVersion.contact_id == Contact.id)
            .outerjoin(Meeting, Meeting.contact_version_id == ContactVersion.id)
            .outerjoin(Person, Person.id == Meeting.person_id)
            .where(ContactVersion.superseded_at.is_(None), Contact.operation_id == operation)
            .order_by(Contact.id)
        )
        contents: dict[str, list[tuple[str, ...]]] = {}
        flagged = versions = 0
        for row in db.session.execute(query):
            versions += 1
            flagged += row[1] is not None
            contents.setdefault(row[1] or row[0], []).append(_content(row))
        states = Counter(db.session.scalars(select(SealedRecord.state).where(SealedRecord.operation_id == operation)))
        return Kept(contents, flagged, versions, states)


def _content(row: Any) -> tuple[str, ...]:
    uid, _, service, operation, met_at, result, municipality, kits, note, age, person, root, code = row
    keys = site_keys()
    opened = keys.open(note, rows.note_place(uid, service, operation)) if note else ""
    shown = keys.open(code, rows.code_place(person, root)) if code else ""
    return (met_at.isoformat(), result, municipality, str(kits), opened, shown, age or "")
