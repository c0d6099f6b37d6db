"""Taking the rows of *Charges*: accused, arrests and charges, through the commands of the field room.

What a row means is in ``take_rules``; everything here runs inside the one write of ``take_commands``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from outreach.errors import N_, Invalid
from outreach.field import charge_commands as commands
from outreach.field.charge_commands import ChargeEntry
from outreach.field.charge_rules import read_code
from outreach.storage.queries import charges as records
from outreach.storage.queries import return_files as rows
from outreach.storage.queries.charges import AccusedRow, ChargeRow
from outreach.storage.tables import Charge, ReturnRow
from outreach.vocab import ChargeStatus, ServiceKind

from . import take_row_rules
from . import take_rules as rules
from .return_rules import CHARGES, Row
from .take_row_rules import Arrest
from .take_rules import Kind, Newer, Verdict, Work
from .template_commands import WITHHELD

T = TypeVar("T")
_COLUMNS = {"code": "accused", "withdrawn": "accused", "kept_counts": "counts", "reason": ""}
"""Where a finding of the commands stands in the sheet, if its column is called otherwise."""


def follow(work: Work) -> None:
    """Make accused and charges of the service follow the file."""
    run = _Run(work)
    if not ServiceKind(work.service.kind).is_police:
        words, fix = N_("This service lays no charges: nobody would count this row."), N_("Empty this row.")
        for row in run.given.values():
            work.find(take_row_rules.fault_of(CHARGES, row, "accused", words, fix))
        return
    run.judge()
    if not work.faults:
        run.write()


class _Run:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.old = rows.rows_of(work.participation.id, CHARGES)
        self.given = {row.row_id: row for row in work.returned.charges}
        self.accused: dict[str, AccusedRow] = {}
        self.charges: dict[str, ChargeRow] = {}
        self.by_id: dict[int, AccusedRow] = {}
        self._look()
        self.judged: dict[str, Verdict] = {}
        self.arrests: dict[str, Arrest] = {}
        self.paired: set[str] = set()
        self.settled: list[tuple[ReturnRow, dict[str, Any]]] = []
        self.made: dict[str, str] = {}
        """Row id → the charge that it stands for once everything is written."""

    def _look(self) -> None:
        found = records.accused_of(self.work.operation.id, self.work.service.id)
        self.accused = {one.accused.code: one for one in found}
        self.by_id = {one.accused.id: one for one in found}
        self.charges = {charge.charge.uid: charge for one in found for charge in one.charges}

    # --- what each row means

    def judge(self) -> None:
        work = self.work
        self.arrests = take_row_rules.arrests_in(self.given.values())
        for row_id in sorted({*self.given, *self.old} - work.bad):
            old, row = self.old.get(row_id), self.given.get(row_id)
            was = work.was(row_id, old, old is None or self._touched(old))
            verdict = rules.verdict(was, rules.mark_of(row, work.mark) if row else None)
            self.judged[row_id] = self._decided(row_id, row, verdict, unseen=was.saw is None)

    def _touched(self, old: ReturnRow) -> bool:
        """Whether the site changed the charge, or the arrest, since the row was taken."""
        accused = self.by_id.get(old.person_id or 0)
        if accused is None or accused.version.version != old.person_version:
            return True
        if not old.target_uid:
            return False
        charge = self.charges.get(old.target_uid)
        return charge is None or charge.version.version != old.version

    def _decided(self, row_id: str, row: Row | None, verdict: Verdict, *, unseen: bool) -> Verdict:
        if verdict in (Verdict.KEPT, Verdict.CONFLICT):
            wins = rules.file_wins(self.work.overwrite, row_id) if verdict is Verdict.CONFLICT else False
            undecided = verdict is Verdict.CONFLICT and wins is None
            if undecided or not (unseen and WITHHELD in self.work.issue.prefilled):
                self._tell(row_id, row, conflict=undecided)
            if wins:
                return Verdict.TAKEN_BACK if row is None else Verdict.CHANGED
            if wins is False and verdict is Verdict.CONFLICT:
                self._settle(row_id, row)
            self.work.step(Kind.SAME, CHARGES, row_id, row.row if row else 0)
        elif verdict is Verdict.SAME and row is not None:
            self.work.step(Kind.SAME, CHARGES, row_id, row.row)
        return verdict

    def _settle(self, row_id: str, row: Row | None) -> None:
        """What the site says was decided to stand: the same file again asks no more."""
        old = self.old[row_id]
        charge, accused = self.charges.get(old.target_uid), self.by_id.get(old.person_id or 0)
        values = self.work.settled(row)
        values["version"] = charge.version.version if charge is not None else 0
        values["person_version"] = accused.version.version if accused is not None else 0
        self.settled.append((old, values))

    def _tell(self, row_id: str, row: Row | None, *, conflict: bool) -> None:
        self.work.newer.append(
            Newer(CHARGES, row_id, take_row_rules.cell_of_row(CHARGES, row) if row else "", conflict=conflict)
        )

    # --- writing

    def write(self) -> None:
        before = {old.person_id for old in self.old.values()}
        gone = [old for row_id, old in self.old.items() if self.judged.get(row_id) is Verdict.TAKEN_BACK]
        for old in gone:
            self.work.step(Kind.TAKEN_BACK, CHARGES, old.row_id)
            self._withdraw(old.target_uid)
        todo = [row for row_id, row in self.given.items() if self.judged.get(row_id) in (Verdict.NEW, Verdict.CHANGED)]
        for row in todo:
            self._arrest(row)
        for row in sorted(todo, key=_substituted):
            if row.row_id not in self.paired:
                self._charge(row, todo)
        rows.drop_rows(gone)
        for old, values in self.settled:
            _set(old, values)
        if self.work.faults:
            return
        self._look()
        self._remember(todo)
        self._let_go(before)

    def attempt(self, row: Row, act: Callable[[], T]) -> T | None:
        """Do ``act``; what it refuses stands at the cells of the row."""
        try:
            return act()
        except Invalid as problem:
            for finding in problem.findings:
                column = _COLUMNS.get(finding.where, finding.where)
                self.work.find(take_row_rules.fault_of(CHARGES, row, column, finding.message, **finding.params))
        return None

    def _arrest(self, row: Row) -> None:
        """Make the accused and the arrest follow the rows of her code."""
        work, code = self.work, _code(row)
        said, there = self.arrests[code], self.accused.get(code)
        if there is None:
            made = self.attempt(
                row,
                lambda: commands.add_accused(work.by, work.operation, work.service.id, code, said.arrested, said.on),
            )
            if made is not None:
                self.accused[code] = AccusedRow(made, records.accused_now(made.id))
            return
        version = there.version
        wanted = said.arrested if said.arrested is not None else version.arrested
        on = said.on if said.arrested is not None or said.on is not None else version.arrested_on
        if (wanted, on) == (version.arrested, version.arrested_on) and not version.withdrawn:
            return
        if not self._may_change(row, there):
            return
        self.attempt(
            row,
            lambda: commands.change_accused(
                work.by, there.accused, version.version, arrested=wanted, arrested_on=on, reason=work.reason
            ),
        )
        self.accused[code] = AccusedRow(there.accused, records.accused_now(there.accused.id), there.charges)

    def _may_change(self, row: Row, there: AccusedRow) -> bool:
        """What returns said of an accused they may change; what the site says needs a decision."""
        ours = {old.person_version for old in self.old.values() if old.person_id == there.accused.id}
        name = f"{row.row_id}:arrest"
        if there.version.version in ours or there.version.withdrawn:
            return True
        wins = rules.file_wins(self.work.overwrite, name) or rules.file_wins(self.work.overwrite, row.row_id)
        if not wins:
            undecided = rules.file_wins(self.work.overwrite, name) is None
            if all(one.name != name for one in self.work.newer):
                cell = take_row_rules.cell_of_row(CHARGES, row, "arrested")
                self.work.newer.append(Newer(CHARGES, name, cell, conflict=undecided))
        return bool(wins)

    def _charge(self, row: Row, todo: list[Row]) -> None:
        """Lay, correct, withdraw or replace the charge of one row; one of another offence is another charge."""
        old, there = self.old.get(row.row_id), self.accused.get(_code(row))
        standing = self.charges.get(old.target_uid) if old is not None and old.target_uid else None
        if there is None:
            return
        if not take_row_rules.is_charge(row):
            self._withdraw(old.target_uid if old is not None else "")
            self.made[row.row_id] = ""
            return
        if standing is not None and (standing.charge.accused_id != there.accused.id or not _same(standing, row)):
            self._withdraw(standing.charge.uid)
            standing = None
        if standing is not None:
            charge, version, counts = standing.charge, standing.version.version, standing.version.counts
            status = standing.version.status
        else:
            laid = self.attempt(row, lambda: commands.lay_charge(self.work.by, there.accused, _entry(row)))
            if laid is None:
                return
            charge, version, counts, status = laid, 1, row.values.get("counts"), ChargeStatus.LAID.value
        self.made[row.row_id] = charge.uid
        wanted = (row.values.get("status", ChargeStatus.LAID.value), row.values.get("counts"))
        if (status, counts) != wanted:
            self._amend(row, charge, version, status, wanted, todo)

    def _amend(
        self, row: Row, charge: Charge, version: int, status: str, wanted: tuple[str, int | None], todo: list[Row]
    ) -> None:
        substitute: ChargeEntry | Charge | None = None
        partner: Row | None = None
        if wanted[0] == ChargeStatus.SUBSTITUTED and status != wanted[0]:
            partner, substitute = self._substitute(row, charge, todo)
            if substitute is None:
                words = N_("The charge that replaced this one is missing.")
                fix = N_("Write it in a row of its own, with the same accused code and the status Laid.")
                self.work.find(take_row_rules.fault_of(CHARGES, row, "status", words, fix))
                return
        made = self.attempt(
            partner or row,
            lambda: commands.amend_charge(
                self.work.by,
                charge,
                version,
                status=wanted[0],
                counts=wanted[1],
                reason=self.work.reason,
                substitute=substitute,
            ),
        )
        if partner is not None and made is not None:
            self.made[partner.row_id] = made.uid
            self.paired.add(partner.row_id)

    def _substitute(self, row: Row, charge: Charge, todo: list[Row]) -> tuple[Row | None, ChargeEntry | Charge | None]:
        """What replaces the charge of the row: another new row of the accused, else a charge laid already."""
        code = _code(row)
        for other in sorted(todo, key=lambda one: (one.row < row.row, one.row)):
            fresh = other.row_id not in self.made and other.row_id not in self.paired
            has = other.row_id in self.old and self.old[other.row_id].target_uid
            laid = other.values.get("status", ChargeStatus.LAID.value) == ChargeStatus.LAID
            if (
                other is not row
                and fresh
                and not has
                and laid
                and _code(other) == code
                and take_row_rules.is_charge(other)
            ):
                return other, _entry(other)
        for other in self.given.values():
            old = self.old.get(other.row_id)
            there = self.charges.get(old.target_uid) if old is not None else None
            if there is None or there.charge.id == charge.id or there.charge.accused_id != charge.accused_id:
                continue
            if there.version.status == ChargeStatus.LAID and there.charge.substitute_for_id is None:
                return None, there.charge
        return None, None

    def _withdraw(self, uid: str) -> None:
        there = self.charges.get(uid)
        if there is not None and there.version.status != ChargeStatus.WITHDRAWN:
            commands.amend_charge(
                self.work.by,
                there.charge,
                there.version.version,
                status=ChargeStatus.WITHDRAWN.value,
                counts=there.version.counts,
                reason=self.work.reason,
            )

    def _let_go(self, before: set[int | None]) -> None:
        """Withdraw the accused of whom no row speaks any more and against whom nothing is laid."""
        speaks = {old.person_id for old in rows.rows_of(self.work.participation.id, CHARGES).values()}
        for accused_id in sorted(one for one in before - speaks if one is not None):
            there = self.by_id.get(accused_id)
            if there is None or there.version.withdrawn or records.laid_counts(accused_id):
                continue
            commands.change_accused(
                self.work.by,
                there.accused,
                there.version.version,
                arrested=there.version.arrested,
                arrested_on=there.version.arrested_on,
                withdrawn=True,
                reason=self.work.reason,
            )

    # --- what the rows stand for now

    def _remember(self, todo: list[Row]) -> None:
        work, fresh = self.work, []
        for row in todo:
            old, there = self.old.get(row.row_id), self.accused[_code(row)]
            charge = self.charges.get(self.made.get(row.row_id, ""))
            values: dict[str, Any] = {
                "target_uid": charge.charge.uid if charge is not None else "",
                "person_id": there.accused.id,
                "hash": rules.mark_of(row, work.mark),
                "issue": work.issue.issue,
                "taken_at": work.now,
                "version": charge.version.version if charge is not None else 0,
                "person_version": there.version.version,
            }
            kind = Kind.NEW if self.judged[row.row_id] is Verdict.NEW else Kind.CHANGED
            work.step(kind, CHARGES, row.row_id, row.row)
            if old is None:
                fresh.append(
                    ReturnRow(participation_id=work.participation.id, sheet=CHARGES, row_id=row.row_id, **values)
                )
            else:
                _set(old, values)
        rows.add_rows(fresh)
        self._same(todo)

    def _same(self, todo: list[Row]) -> None:
        """Rows that say what they said are of this issue now; an arrest that another row changed is theirs."""
        written = {row.row_id for row in todo}
        changed = {self.accused[_code(row)].accused.id for row in todo}
        for row_id, old in self.old.items():
            if self.judged.get(row_id) is not Verdict.SAME or row_id in written:
                continue
            if old.person_id in changed:
                old.person_version = self.by_id[old.person_id].version.version
            if old.issue != self.work.issue.issue:
                _set(old, {"issue": self.work.issue.issue, "hash": rules.mark_of(self.given[row_id], self.work.mark)})


def _set(old: ReturnRow, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(old, name, value)


def _code(row: Row) -> str:
    return read_code(str(row.values.get("accused", ""))) or ""


def _substituted(row: Row) -> tuple[bool, int]:
    """Charges that were replaced come first: what replaced them is laid with them."""
    return (row.values.get("status") != ChargeStatus.SUBSTITUTED, row.row)


def _entry(row: Row) -> ChargeEntry:
    said = row.values
    return ChargeEntry(
        offence=said.get("offence", ""),
        label=said.get("label", ""),
        statute=said.get("statute", ""),
        counts=said.get("counts"),
        laid_on=said.get("laid_on"),
    )


def _same(standing: ChargeRow, row: Row) -> bool:
    """Whether the row speaks of the very charge: what it is and when it was laid never change."""
    entry, version = _entry(row), standing.version
    offence = standing.offence.code if standing.offence is not None else ""
    return (entry.offence, entry.label, entry.laid_on) == (offence, version.label, version.laid_on) and (
        bool(offence) or entry.statute == version.statute
    )
