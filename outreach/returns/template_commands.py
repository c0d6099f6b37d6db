"""Return workbooks as they are handed out: what stands for a service, the number of the issue, one file or all of them.

What a file looks like is in ``workbook``; what comes back is read and taken elsewhere.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, Invalid, KeyMissing, NotAllowed
from outreach.field.commands import code_of
from outreach.field.rules import shown_code
from outreach.plan.rules import name_key
from outreach.plan.workbook_rules import said_in
from outreach.rollup.facts import Facts
from outreach.storage import writing
from outreach.storage.keys import site_keys
from outreach.storage.queries import access, lists, operations, phones, return_issues
from outreach.storage.queries import returns as rows
from outreach.storage.queries.return_issues import Owing, Standing, TakenCharge, TakenContact
from outreach.storage.tables import ContactVersion, Offence, Operation, Participation, ReturnIssue
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, ServiceKind, StaffCategory, TallyState

from . import return_rules, rules, take_rules, workbook
from .return_rules import CHARGES, CONTACTS, ROWS, Asked, Choices, Meta, Row, TotalRow

Progress = Callable[[int, int], None]
WITHHELD = "withheld"
"""Under this name an issue keeps the mark of the rows that stand and are not shown in it."""


def asked_of(
    actor: Actor,
    operation: Operation,
    participation: Participation,
    language: str,
    rows: Mapping[str, int] | None = None,
) -> Asked:
    """Everything that a workbook for the service says and asks now; its stamp is not signed and says the last issue.

    Rows about single persons that stand already are in it with what they say only for a coordinator of the service who
    is signed in; for everybody else (who steers the operation, who has a link) they are in it empty.

    Raises ``NotAllowed``, and ``Blocked`` for a service that owes no figures.
    """
    if not may(actor, "return.template", access.service_target(operation, participation.service_id)):
        raise NotAllowed()
    part = return_issues.part(participation)
    if part.version.entry_mode == EntryMode.NONE:
        raise Blocked(
            N_("This service takes part and owes no figures."),
            N_("The operation coordinator can change on the plan how it reports."),
        )
    return _asked(actor, operation, [part], language, rows)[0]


def issue(
    actor: Actor,
    operation: Operation,
    participation: Participation,
    language: str,
    rows: Mapping[str, int] | None = None,
) -> bytes:
    """The workbook for one service. Its issue has a new number where its content differs from the last one's."""
    asked = asked_of(actor, operation, participation, language, rows)
    with writing():
        asked = _numbered(actor, [asked], {participation.service_id: participation.id})[0]
        audit.record(
            actor,
            Tag.RETURN_TEMPLATE,
            kind="participation",
            object_id=participation.id,
            operation=operation.id,
            service=participation.service_id,
            issue=asked.meta.issue,
            rows=len(asked.contacts) + len(asked.charges),
        )
    return _bytes(asked)


def issue_all(
    actor: Actor,
    operation: Operation,
    language: str,
    progress: Progress | None = None,
    rows: Mapping[str, int] | None = None,
) -> Iterator[bytes]:
    """A zip with the workbook of every service that owes figures, in pieces as it is made.

    Everything is looked up, numbered and entered in the journal before the first piece; what follows asks nothing.
    """
    return _zip(named(issues(actor, operation, language, rows)), progress)


def issues(
    actor: Actor,
    operation: Operation,
    language: str,
    rows: Mapping[str, int] | None = None,
    parts: Sequence[Owing] | None = None,
) -> list[Asked]:
    """The numbered content of the workbooks of ``parts``, else of every service that owes figures, by name."""
    if not may(actor, "return.template", access.operation_target(operation)):
        raise NotAllowed()
    parts = return_issues.owing(operation.id) if parts is None else parts
    if not parts:
        raise Blocked(N_("No service owes figures yet."), N_("Add the services on the plan first."))
    ids = {one.service.id: one.participation.id for one in parts}
    every = _asked(actor, operation, parts, language, rows)
    with writing():
        every = _numbered(actor, every, ids)
        audit.record(
            actor,
            Tag.RETURN_TEMPLATE,
            kind="operation",
            object_id=operation.id,
            operation=operation.id,
            services=len(every),
            rows=sum(len(one.contacts) + len(one.charges) for one in every),
        )
    return every


def issues_by_code(
    actor: Actor, code: str, language: str, *, service: str = "", contacts: int | None = None
) -> list[tuple[str, Asked]]:
    """For the command line: file name and content of every workbook, or of the one of ``service``.

    Raises ``Invalid`` for an operation that there is not, and for a service that owes no figures in it.
    """
    operation = operations.by_code(code)
    if operation is None:
        raise Invalid.at("OPERATION", N_("There is no operation %(code)s."), code=code)
    parts = return_issues.owing(operation.id)
    if service:
        wanted = name_key(service)
        parts = [one for one in parts if wanted in (one.service.name_key, name_key(one.service.short_name))]
        if not parts:
            raise Invalid.at(
                "--service", N_("No service called %(service)s owes figures in %(code)s."), service=service, code=code
            )
    return named(issues(actor, operation, language, {CONTACTS: contacts} if contacts else None, parts))


# --- files ------------------------------------------------------------------------------------------------------------


def file_name(code: str, service: str, service_id: int, language: str) -> str:
    """``ONS-1-return-Port-Linden-en.xlsx``: letters, digits and hyphens, so that no system stumbles over it."""
    words = _plain(service)[:60].strip("-") or f"service-{service_id}"
    return f"{_plain(code)}-return-{words}-{language}.xlsx"


def zip_name(code: str, language: str) -> str:
    return f"{_plain(code)}-returns-{language}.zip"


def _plain(text: str) -> str:
    base = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^A-Za-z0-9]+", "-", base).strip("-")


def named(every: Iterable[Asked]) -> list[tuple[str, Asked]]:
    """Each with a file name of its own, whatever the case of letters."""
    found: list[tuple[str, Asked]] = []
    taken: set[str] = set()
    for asked in every:
        meta = asked.meta
        name = file_name(meta.operation_code, meta.service_name, meta.service, meta.language)
        if name.lower() in taken:
            name = name.replace(".xlsx", f"-{asked.meta.service}.xlsx")
        taken.add(name.lower())
        found.append((name, asked))
    return found


def content_of(asked: Asked) -> bytes:
    """The bytes of a numbered workbook."""
    return _bytes(asked)


def _bytes(asked: Asked) -> bytes:
    target = io.BytesIO()
    workbook.write_return(asked, target, asked.meta.language)
    return target.getvalue()


class _Pieces(io.RawIOBase):
    """Takes what a zip writes and gives it away."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.held += data
        return len(data)

    def taken(self) -> bytes:
        given = bytes(self.held)
        self.held.clear()
        return given


def _zip(every: Sequence[tuple[str, Asked]], progress: Progress | None) -> Iterator[bytes]:
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[arg-type]  # needs only write
        for number, (name, asked) in enumerate(every, start=1):
            archive.writestr(name, _bytes(asked))
            yield pieces.taken()
            if progress:
                progress(number, len(every))
    yield pieces.taken()


# --- numbers ----------------------------------------------------------------------------------------------------------


def _numbered(actor: Actor, every: list[Asked], participations: Mapping[int, int]) -> list[Asked]:
    """With number, moment and signature; inside the write, so that no two files with other content share a number."""
    last = return_issues.newest(list(participations.values()))
    keys, now = site_keys(), utc_now().replace(microsecond=0)
    made = []
    for asked in every:
        participation = participations[asked.meta.service]
        content = prefilled(asked)
        stands = last.get(participation)
        if stands is None or stands.prefilled != content:
            stands = ReturnIssue(
                participation_id=participation,
                issue=stands.issue + 1 if stands else 1,
                language=asked.meta.language,
                made_at=now,
                made_by_id=actor.user,
                prefilled=content,
            )
            return_issues.add_issue(stands)
        meta = replace(asked.meta, issue=stands.issue, made_at=_iso(stands.made_at))
        made.append(replace(asked, meta=replace(meta, signature=return_rules.signature(meta, keys.mark))))
    return made


def _iso(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def prefilled(asked: Asked) -> dict[str, str]:
    """What stands in a workbook: cells of totals by name as they are typed, and row → keyed mark of what it says.

    Rows that stand and are not shown make another issue too, because their lines are not to be filled in.
    """
    found = {name: said for row in (*asked.totals, *asked.referrals) for name, said in row.typed.items() if said}
    mark = site_keys().mark
    every = (*asked.contacts, *asked.charges)
    found |= {row.row_id: take_rules.mark_of(row, mark) for row in every if row.values}
    withheld = "/".join(row.row_id for row in every if not row.values)
    return found | ({WITHHELD: mark(withheld, return_rules.SCOPE)} if withheld else {})


# --- content ----------------------------------------------------------------------------------------------------------


def shows_rows(actor: Actor, operation: Operation, service_id: int) -> bool:
    """Whether rows about single persons are shown: never to a link, which anybody may hold."""
    if actor.user is None and not actor.system:
        return False
    return may(actor, "return.cells", access.service_target(operation, service_id))


def _asked(
    actor: Actor, operation: Operation, parts: Sequence[Owing], language: str, ready: Mapping[str, int] | None
) -> list[Asked]:
    stands = return_issues.standing(operation, parts)
    facts = rows.facts_of_service(operation, parts[0].service.id if len(parts) == 1 else None)
    places = tuple(name for name, *_ in phones.places_of(operation.id).municipalities)
    offences = return_issues.offences()
    codes = rows.codes(set(operations.tree_of(operations.root_of(operation.id))))
    taken = stands.contacts.keys() | stands.charges.keys()
    made = []
    for part in parts:
        shown = part.participation.id not in taken or shows_rows(actor, operation, part.service.id)
        writer = _Writer(operation, part, stands, facts, language, codes, shown)
        made.append(writer.asked(places, offences, ready or {}))
    return made


class _Writer:
    """Puts together what one workbook says, from what was looked up for all."""

    def __init__(
        self,
        operation: Operation,
        part: Owing,
        stands: Standing,
        facts: Facts,
        language: str,
        codes: Mapping[int, str],
        shown: bool,
    ) -> None:
        self.operation, self.part, self.stands, self.language = operation, part, stands, language
        self.codes, self.shown = codes, shown
        self.zone = ZoneInfo(operation.time_zone)
        self.days = part.days(operation)
        self.sheet = self._sheet(facts)

    def asked(self, places: tuple[str, ...], offences: Sequence[Offence], ready: Mapping[str, int]) -> Asked:
        service, participation = self.part.service, self.part.participation
        last = self.stands.issues.get(participation.id)
        daily = [row for row in self.sheet.daily if row.measure.code not in return_rules.REFERRAL_MEASURES]
        referrals = [row for row in self.sheet.daily if row.measure.code in return_rules.REFERRAL_MEASURES]
        contacts = tuple(self._contact(one) for one in self._whole(self.stands.contacts.get(participation.id, [])))
        charges = tuple(self._charge(one) for one in self.stands.charges.get(participation.id, []))
        listed = tuple(self._offences(offences, charges))
        if not self.shown:
            contacts, charges = (tuple(replace(row, values={}) for row in every) for every in (contacts, charges))
        count = {**ROWS, **{name: number for name, number in ready.items() if number}}
        return Asked(
            Meta(
                self.operation.id,
                self.operation.code,
                service.id,
                service.short_name or service.name,
                return_rules.TEMPLATE,
                last.issue if last else 0,
                self.language,
                _iso(last.made_at) if last else "",
            ),
            self.operation.name,
            self.sheet.mode,
            ServiceKind(service.kind).is_police,
            self.operation.time_zone,
            tuple(self.days),
            self._window(),
            self._words(self.operation.entry_deadline_at),
            tuple(row.measure.code for row in daily),
            (*self._by_day(daily), *(self._once(row) for row in self.sheet.once)),
            tuple(self._by_day(referrals)),
            contacts,
            charges,
            Choices(listed, places),
            {CONTACTS: count[CONTACTS], CHARGES: count[CHARGES]},
        )

    def _sheet(self, facts: Facts) -> rules.Sheet:
        service, stands = self.part.service, self.stands
        return rules.sheet(
            facts,
            self.operation.id,
            service.id,
            self.days,
            mode=self.part.version.entry_mode,
            police=ServiceKind(service.kind).is_police,
            told={
                (tally.measure, tally.day, tally.part): rules.Said(
                    tally.state, None if tally.state == TallyState.DECLINED else tally.value or 0
                )
                for tally in stands.tallies.get(self.part.participation.id, [])
            },
            logged=rules.Logged(
                frozenset(stands.logged.get(service.id, ())),
                service.id in stands.accused,
                service.id in stands.deployed,
            ),
        )

    def _window(self) -> tuple[str, str]:
        version, operation = self.part.version, self.operation
        for starts_at, ends_at in ((version.starts_at, version.ends_at), (operation.starts_at, operation.ends_at)):
            if starts_at is not None and ends_at is not None:
                return self._words(starts_at), self._words(ends_at)
        return "", ""

    def _words(self, at: dt.datetime | None) -> str:
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M") if at else ""

    def _by_day(self, measures: Sequence[rules.Row]) -> Iterator[TotalRow]:
        for number, day in enumerate(self.days):
            slots = {row.measure.code: row.slots[number] for row in measures}
            if slots:
                yield self._line(f"day-{day.isoformat()}", day, "", slots, {r.measure.code: r.place for r in measures})

    def _once(self, row: rules.Row) -> TotalRow:
        label = said_in(row.measure.label, self.language) % row.measure.params
        if row.part:
            part = said_in(StaffCategory(row.part).label, self.language)
            label = said_in(N_("%(measure)s: %(part)s"), self.language) % {"measure": label, "part": part}
        number = "-".join(("once", row.measure.code, *([row.part] if row.part else [])))
        return self._line(number, None, label, {"once": row.slots[0]}, {"once": row.place})

    def _line(
        self,
        row_id: str,
        day: dt.date | None,
        label: str,
        slots: Mapping[str, rules.Slot],
        places: Mapping[str, int | None],
    ) -> TotalRow:
        why = {}
        for code, slot in slots.items():
            if slot.why == "elsewhere":
                place = {"code": self.codes.get(places[code] or 0, "")}
                why[said_in(N_("Grey: counted in %(code)s."), self.language) % place] = True
            elif slot.accepts == "nothing":
                why[said_in(N_("Grey: recorded one by one."), self.language)] = True
        return TotalRow(
            row_id,
            day,
            label,
            {code: slot.name if slot.accepts != "nothing" else "" for code, slot in slots.items()},
            {slot.name: slot.sign for slot in slots.values() if slot.said is not None and slot.accepts != "nothing"},
            " ".join(why),
        )

    # rows that stand

    @staticmethod
    def _whole(taken: Sequence[TakenContact]) -> Iterator[tuple[TakenContact, bool]]:
        """Each with whether it is the first of its contact, which says what the contact gave away."""
        seen: set[str] = set()
        for one in taken:
            yield one, one.row.target_uid not in seen
            seen.add(one.row.target_uid)

    def _contact(self, given: tuple[TakenContact, bool]) -> Row:
        taken, first = given
        version, meeting = taken.version, taken.meeting
        values: dict[str, Any] = {
            "no": taken.row.number,
            "day": version.day,
            "time": self._time(version),
            "result": version.result,
            "approach": version.approach,
            "place_kind": version.place_kind,
            "municipality": version.municipality,
            "kits": version.kits if first else 0,
        }
        if meeting is not None:
            agreed = meeting.agreed_record_at is not None
            values |= {"code": self._code(taken), "agreed": return_rules.YES if agreed else return_rules.NO}
            if agreed:
                values |= {
                    "age": _known(meeting.age_said) or meeting.age_believed,
                    "gender": _known(meeting.gender_said) or meeting.gender_believed,
                    "answer": meeting.answer,
                    "made_safe": return_rules.YES if meeting.made_safe else return_rules.NO,
                }
        return Row(taken.row.row_id, 0, {code: value for code, value in values.items() if value not in ("", None, 0)})

    def _time(self, version: ContactVersion) -> dt.time | None:
        """None where nobody said one and the middle of the evening stands for it."""
        operation, part = self.operation, self.part.version
        window = (part.starts_at or operation.starts_at, part.ends_at or operation.ends_at)
        assumed = take_rules.moment(
            version.day, None, operation.time_zone, operation.day_starts_minutes, window, utc_now()
        )
        said = version.met_at.astimezone(self.zone).time().replace(second=0, microsecond=0)
        return None if version.met_at == assumed else said

    @staticmethod
    def _code(taken: TakenContact) -> str:
        """As it stands on the card; empty where it cannot be opened."""
        try:
            code = code_of(taken.person) if taken.person is not None else ""
        except KeyMissing:
            return ""
        return shown_code(code) if code else ""

    @staticmethod
    def _charge(taken: TakenCharge) -> Row:
        said, charge = taken.said, taken.charge
        values: dict[str, Any] = {
            "accused": taken.accused.code,
            "arrested": return_rules.YES if said.arrested else return_rules.NO,
            "arrested_on": said.arrested_on,
        }
        if charge is not None:
            values |= {
                "offence": taken.offence.code if taken.offence else "",
                "label": charge.label,
                "statute": charge.statute,
                "counts": charge.counts,
                "laid_on": charge.laid_on,
                "status": charge.status,
            }
        return Row(taken.row.row_id, 0, {code: value for code, value in values.items() if value not in ("", None)})

    def _offences(self, every: Sequence[Offence], charges: Iterable[Row]) -> Iterator[tuple[str, str, str]]:
        """In force in the window, and what stands already."""
        first, last = (self.days[0], self.days[-1]) if self.days else (None, None)
        standing = {row.values.get("offence") for row in charges}
        for offence in every:
            if offence.code in standing or _in_force(offence, first, last):
                yield offence.code, lists.offence_label(offence, "en"), lists.offence_label(offence, "fr")


def _in_force(offence: Offence, first: dt.date | None, last: dt.date | None) -> bool:
    since, until = offence.in_force_from, offence.in_force_to
    return (since is None or last is None or since <= last) and (until is None or first is None or first < until)


def _known(value: str) -> str:
    return "" if value == "not_known" else value
