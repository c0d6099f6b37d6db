"""Taking the rows of *Contacts*: new ones, changed ones, those taken back. One row stays one person.

What a row means is in ``take_rules``; everything here runs inside the one write of ``take_commands``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from outreach.errors import N_
from outreach.field import change_commands, commands
from outreach.field.change_commands import Known
from outreach.field.rules import AGREEMENTS, ContactEntry, PersonEntry, read_code
from outreach.storage.keys import site_keys
from outreach.storage.queries import field as places
from outreach.storage.queries import return_files as rows
from outreach.storage.queries.contacts import ContactRecord
from outreach.storage.tables import ReturnRow
from outreach.vocab import ContactResult, EntryMode

from . import return_rules as book
from . import take_row_rules
from . import take_rules as rules
from .return_rules import CONTACTS, Row
from .take_row_rules import Met
from .take_rules import Kind, Newer, Verdict, Work
from .template_commands import WITHHELD

OF_US = uuid.UUID("6f1a5b0e-2f6e-4c2b-9a57-0d6c3f6d2a11")


def uid_of(participation_id: int, key: str) -> str:
    """The UUID of the contact that a key stands for; nobody else can tell it beforehand."""
    return str(uuid.uuid5(OF_US, site_keys().mark(f"{participation_id}/{key}", book.SCOPE)))


def follow(work: Work) -> None:
    """Make the contacts of the service follow the file."""
    run = _Run(work)
    if work.mode != EntryMode.CONTACTS:
        run.refuse_all()
        return
    run.judge()
    run.write()


@dataclass
class _Contact:
    """One contact of the site as it shall be: its rows, in the order of the file, and those that leave it."""

    uid: str
    met: Met | None = None
    judged: dict[str, Verdict] = field(default_factory=dict)
    leaving: list[str] = field(default_factory=list)
    stays: list[ReturnRow] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        return bool(self.leaving) or any(one is not Verdict.SAME for one in self.judged.values())


class _Run:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.old = rows.rows_of(work.participation.id, CONTACTS)
        self.now = rows.contacts_now(work.participation.id)
        self.given = {row.row_id: row for row in work.returned.contacts}
        self.place = places.place_of_service(work.operation, work.service.id)
        self.verdicts: dict[str, Verdict] = {}
        self.contacts: dict[str, _Contact] = {}
        self.read: dict[str, ContactRecord] = {}
        self.written: list[ReturnRow] = []
        self.changed: list[tuple[ReturnRow, Mapping[str, Any]]] = []
        self.gone: list[ReturnRow] = []

    def refuse_all(self) -> None:
        """A service that sends daily totals: rows about contacts would never be counted."""
        words = N_("This service sends daily totals: a contact written here would not be counted.")
        fix = N_("Enter the numbers under Daily totals, and empty this row.")
        for row in self.given.values():
            column = next((one.code for one in book.CONTACT_COLUMNS if one.code in row.values), "")
            self.work.find(take_row_rules.fault_of(CONTACTS, row, column, words, fix))

    # --- what each row means

    def judge(self) -> None:
        work = self.work
        found = take_row_rules.contacts_in(self.given.values())
        work.find(*(fault for met in found for fault in take_row_rules.too_many(met)))
        left = self._left_whole(found)
        for row_id in sorted({*self.given, *self.old}, key=_order):
            if row_id in left:
                self.verdicts[row_id] = Verdict.NOTHING
                continue
            row = self.given.get(row_id)
            self.verdicts[row_id] = self._verdict(row_id, row)
        for met in found:
            if not any(row.row_id in left for row in met.rows):
                self._group(met)
        for row_id, old in self.old.items():
            verdict = self.verdicts[row_id]
            if verdict is Verdict.TAKEN_BACK:
                self._contact(old.target_uid).leaving.append(row_id)
                work.step(Kind.TAKEN_BACK, CONTACTS, row_id)
                self.gone.append(old)
            elif verdict in (Verdict.KEPT, Verdict.NOTHING, Verdict.CONFLICT):
                self._contact(old.target_uid).stays.append(old)

    def _left_whole(self, found: list[Met]) -> set[str]:
        """Rows that stay as they are because they, or another row of their contact, have to be fixed first."""
        bad = set(self.work.bad)
        targets = {old.target_uid for row_id, old in self.old.items() if row_id in bad}
        left = {row_id for row_id, old in self.old.items() if old.target_uid in targets} | bad
        for met in found:
            together = {row.row_id for row in met.rows}
            if together & left or take_row_rules.contact_key(met.rows[0]) in self.work.bad_keys:
                for row in met.rows:
                    if row.row_id not in bad:
                        words = N_("Another row of this contact has to be fixed first.")
                        self.work.find(take_row_rules.fault_of(CONTACTS, row, "no", words, N_("Fix that row.")))
                left |= together
        return left

    def _verdict(self, row_id: str, row: Row | None) -> Verdict:
        old = self.old.get(row_id)
        stands = self.now.get(old.target_uid) if old else None
        was = self.work.was(row_id, old, stands is None or old is None or stands.version != old.version)
        verdict = rules.verdict(was, rules.mark_of(row, self.work.mark) if row else None)
        if verdict in (Verdict.KEPT, Verdict.CONFLICT):
            wins = rules.file_wins(self.work.overwrite, row_id) if verdict is Verdict.CONFLICT else False
            line = row.row if row else 0
            cell = take_row_rules.cell_of_row(CONTACTS, row) if row else ""
            open_still = verdict is Verdict.CONFLICT and wins is None
            withheld = WITHHELD in self.work.issue.prefilled  # rows that stand were not shown to who had it made
            if open_still or was.saw is not None or not withheld:
                self.work.newer.append(Newer(CONTACTS, row_id, cell, conflict=open_still))
            if wins:
                return Verdict.TAKEN_BACK if row is None else Verdict.CHANGED
            if wins is False and verdict is Verdict.CONFLICT and old is not None and stands is not None:
                self.changed.append((old, self.work.settled(row) | {"version": stands.version}))
            self.work.step(Kind.SAME, CONTACTS, row_id, line)
        elif verdict is Verdict.SAME and row is not None:
            self.work.step(Kind.SAME, CONTACTS, row_id, row.row)
        return verdict

    def _contact(self, uid: str) -> _Contact:
        return self.contacts.setdefault(uid, _Contact(uid))

    def _group(self, met: Met) -> None:
        """Put the rows of one contact of the file where they belong; a row that moves leaves its contact."""
        uid = uid_of(self.work.participation.id, met.key)
        for row in met.rows:
            verdict = self.verdicts[row.row_id]
            if verdict in (Verdict.KEPT, Verdict.CONFLICT, Verdict.NOTHING):
                continue
            contact = self._contact(uid)
            contact.met = met
            old = self.old.get(row.row_id)
            moved = old is not None and old.target_uid != uid
            contact.judged[row.row_id] = Verdict.CHANGED if moved and verdict is Verdict.SAME else verdict
            if old is not None and moved:
                self._contact(old.target_uid).leaving.append(row.row_id)

    # --- writing

    def write(self) -> None:
        fresh = [uid for uid in self.contacts if uid not in self.now]
        known = rows.known_contacts(fresh)
        moving = [one for one in self.contacts.values() if one.changes]
        wanted = {one.uid for one in moving} & (known | set(self.now))
        wanted |= {self.old[row_id].target_uid for one in moving for row_id in one.judged if row_id in self.old}
        self.read = rows.records_of(self.work.operation, self.work.service.id, wanted)
        for contact in self.contacts.values():
            if not contact.changes:
                self._keep(contact)
            elif contact.met is None:
                self._shrink(contact)
            else:
                self._state(contact)
        for old, values in self.changed:
            for name, value in values.items():
                setattr(old, name, value)
        rows.drop_rows(self.gone)
        rows.add_rows(self.written)

    def _known(self, row_id: str) -> Known | None:
        """The person whom the row stood for until now; None when it stood for nobody."""
        old = self.old.get(row_id)
        record = self.read.get(old.target_uid) if old is not None and old.person_id is not None else None
        if old is None or record is None or record.version.withdrawn:
            return None
        found = ((meeting, person) for meeting, person in record.meetings if person.id == old.person_id)
        return next((Known(person, meeting) for meeting, person in found), None)

    def _others(self, contact: _Contact, record: ContactRecord | None) -> list[Known]:
        """Persons of the contact for whom no row of the file speaks: added on the site, or kept as it has them."""
        if record is None or record.version.withdrawn:
            return []
        ours = {self.old[row_id].person_id for row_id in (*contact.judged, *contact.leaving) if row_id in self.old}
        return [Known(person, meeting) for meeting, person in record.meetings if person.id not in ours]

    def _state(self, contact: _Contact) -> None:
        work, met = self.work, contact.met
        assert met is not None  # noqa: S101 - the caller asked
        record = self.read.get(contact.uid)
        mine = [row for row in met.rows if row.row_id in contact.judged]
        said: list[tuple[Row | None, PersonEntry, Known | None]] = []
        if met.met:
            said += [self._person(row, contact.uid) for row in mine]
            said += [(None, one.said, one) for one in self._others(contact, record)]
        entry = self._entry(contact.uid, met, record, [one for _, one, _ in said])
        # Stood for by their rows, whoever they are: a code that two rows share joins them as anywhere else.
        if record is not None and not record.version.withdrawn and _stands(record, entry, [who for *_, who in said]):
            version, persons = record.version.version, [person.id for _, person in record.meetings]
        else:
            ready = commands.prepare_contact(work.by, self.place, entry, None)
            stated = change_commands.state_contact(work.by, ready, [who for *_, who in said], record, work.reason)
            version, persons = stated.version, list(stated.persons)
        of_row = {row.row_id: person for (row, *_), person in zip(said, persons, strict=True) if row is not None}
        for row in mine:
            self._note(row, contact, of_row.get(row.row_id), version)
        _follow_version(contact.stays, record, version)

    def _person(self, row: Row, uid: str) -> tuple[Row, PersonEntry, Known | None]:
        """What a row says of its person, and who she is: the one of before, unless another card is in hand."""
        values, who = row.values, self._known(row.row_id)
        before = who.said if who is not None else PersonEntry()
        code = read_code(str(values.get("code", ""))) or ""
        recorded = values.get("agreed") == book.YES
        if who is not None and _another(code, recorded, who, before):
            who, before = None, PersonEntry()
        agreed = tuple(a for a in AGREEMENTS if a in before.agreed or a in ("talk", "record")) if recorded else ()
        age, gender = str(values.get("age", "not_known")), str(values.get("gender", "not_known"))
        said = PersonEntry(
            code=before.code if who is not None else code,
            claimed=who is None and bool(code),
            age=before.age if _shown(before) == age else age,
            age_said=before.age_said if _shown(before) == age or before.age_said == "not_known" else age,
            gender=gender,
            answer=str(values.get("answer", "not_known")),
            no_referral_reason=before.no_referral_reason,
            made_safe=values.get("made_safe") == book.YES,
            indicators=before.indicators,
            agreed=agreed,
        )
        moved = row.row_id in self.old and self.old[row.row_id].target_uid != uid
        if "refer" in agreed and (moved or said.answer != before.answer):
            said = replace(said, agreed=tuple(a for a in agreed if a not in ("refer", "share")))
        return row, said.kept(), who

    def _entry(self, uid: str, met: Met, record: ContactRecord | None, persons: list[PersonEntry]) -> ContactEntry:
        said, place = met.said, self.place
        before = commands.entry_of(record) if record is not None else None
        if said.get("time") is None and before is not None and record is not None and record.version.day == said["day"]:
            met_at = before.met_at
        else:
            window = (place.starts_at, place.ends_at)
            met_at = rules.moment(
                said["day"], said.get("time"), place.time_zone, place.day_starts_minutes, window, self.work.now
            )
            same_minute = before is not None and before.met_at.replace(second=0, microsecond=0) == met_at
            met_at = before.met_at if before is not None and same_minute else met_at
        return ContactEntry(
            uid=uid,
            met_at=met_at,
            result=said.get("result", ContactResult.MET.value),
            approach=said.get("approach", ""),
            place_kind=said.get("place_kind", ""),
            municipality=said.get("municipality", ""),
            kits=met.kits,
            note=before.note if before is not None else "",
            persons=tuple(persons),
        ).kept()

    def _note(self, row: Row, contact: _Contact, person: int | None, version: int) -> None:
        """Remember what the row stands for now."""
        work, old, verdict = self.work, self.old.get(row.row_id), contact.judged[row.row_id]
        if verdict is not Verdict.SAME:
            kind = Kind.NEW if old is None or verdict is Verdict.NEW else Kind.CHANGED
            work.step(kind, CONTACTS, row.row_id, row.row)
        values = {
            "target_uid": contact.uid,
            "person_id": person,
            "number": str(row.values.get("no", "")).strip()[:20],
            "hash": rules.mark_of(row, work.mark),
            "issue": work.issue.issue,
            "taken_at": work.now,
            "version": version,
        }
        self._keep_row(row.row_id, old, values)

    def _keep_row(self, row_id: str, old: ReturnRow | None, values: Mapping[str, Any]) -> None:
        if old is None:
            self.written.append(
                ReturnRow(participation_id=self.work.participation.id, sheet=CONTACTS, row_id=row_id, **values)
            )
            return
        self.changed.append((old, values))  # what the rows stood for is asked until everything is written

    def _keep(self, contact: _Contact) -> None:
        """Nothing to write; the rows are of this issue now, and what the sender sees in them is what they say."""
        for row in contact.met.rows if contact.met else ():
            old = self.old.get(row.row_id)
            if old is not None and old.issue != self.work.issue.issue and row.row_id in contact.judged:
                old.issue, old.hash = self.work.issue.issue, rules.mark_of(row, self.work.mark)

    def _shrink(self, contact: _Contact) -> None:
        """A contact of which no row of the file speaks any more: it loses those who left it, or is withdrawn."""
        work, record = self.work, self.read.get(contact.uid)
        if record is None or record.version.withdrawn:
            return
        others = self._others(contact, record)
        if not others:
            commands.withdraw_contact(work.by, record, expected=record.version.version, reason=work.reason)
            return
        entry = replace(commands.entry_of(record), persons=tuple(one.said for one in others)).kept()
        ready = commands.prepare_contact(work.by, self.place, entry, None)
        stated = change_commands.state_contact(work.by, ready, others, record, work.reason)
        _follow_version(contact.stays, record, stated.version)


def _follow_version(stays: list[ReturnRow], record: ContactRecord | None, version: int) -> None:
    """Rows that stay with a contact as they were are not changed on the site because another row of it was taken."""
    for old in stays:
        if record is not None and old.version == record.version.version:
            old.version = version


def _another(code: str, recorded: bool, who: Known, before: PersonEntry) -> bool:
    """Whether the row speaks of somebody else now: another card, the card that was typed taken out, or agreed anew.

    A code that the site issued, because none was typed, stays hers although the sender never saw it.
    """
    if not recorded:
        return False
    return not before.recorded or (code != before.code if code else who.person.claimed)


def _shown(said: PersonEntry) -> str:
    """The age band that a workbook shows of her."""
    return said.age_said if said.age_said != "not_known" else said.age


def _stands(record: ContactRecord, entry: ContactEntry, who: Iterable[Known | None]) -> bool:
    """Whether the contact says that already, of the same persons."""
    persons = [one.person.id if one is not None else 0 for one in who]
    if persons != [person.id for _, person in record.meetings]:
        return False
    stands = commands.entry_of(record)
    said = tuple(replace(one, claimed=False) for one in entry.persons)
    return replace(entry, persons=said) == replace(stands, persons=tuple(_bare(one) for one in stands.persons))


def _bare(said: PersonEntry) -> PersonEntry:
    return said.kept()


def _order(row_id: str) -> tuple[int, str]:
    digits = "".join(c for c in row_id.partition("-")[0] if c.isdigit())
    return (int(digits) if digits else 0, row_id)
