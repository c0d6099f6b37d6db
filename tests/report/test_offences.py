"""Charges by offence from the lock to the paper: kept, withheld, printed in both languages, corrected by an erratum."""

import csv
import datetime as dt
import io

import pytest

from outreach.errors import Invalid
from outreach.field import charge_commands
from outreach.field.charge_commands import ChargeEntry
from outreach.report import erratum_commands
from outreach.report import release_rules as rules
from outreach.report import release_work as work
from outreach.report.release_contents import contents_of
from outreach.report.release_papers import files_of
from outreach.returns import set_commands, set_rules
from outreach.storage import db, writing
from outreach.storage.queries import access, figure_sets
from outreach.storage.queries import releases as rows
from outreach.storage.tables import Offence
from outreach.vocab import EntryMode, Role
from tests.factories import a_participation, a_service, a_user
from tests.report.releases import World as Released

TRAFFICKING, PROCURING, BENEFIT = "cc-279.01", "cc-286.3(1)", "cc-286.2(1)"
DAY = dt.date(2017, 10, 11)
SPLIT = {"measures": ("persons_charged", "charges"), "by_offence": ("persons_charged", "charges")}


class World(Released):
    """The same with a third service that keeps records: who was charged with what."""

    def __init__(self):
        super().__init__("OP-LAW")
        for part in self.parts:
            self.tell(part, day=11, persons_met=0, charges=0)
        self.service = a_service("Windsor Police")
        self.parts.append(a_participation(self.operation, self.service, entry_mode=EntryMode.CONTACTS))
        self.police = access.actor_of(a_user(Role.SERVICE_COORDINATOR, self.service))
        self.persons = 0

    def charge(self, *entries, persons=1):
        with writing():
            for _ in range(persons):
                self.persons += 1
                accused = charge_commands.add_accused(
                    self.police, self.operation, self.service.id, f"A-{self.persons}", True, DAY
                )
                for code, counts in entries:
                    label = {} if code else {"label": "Jean’s case", "statute": "CDSA"}
                    charge_commands.lay_charge(
                        self.police, accused, ChargeEntry(code, counts=counts, laid_on=DAY, **label)
                    )

    def found(self, version=1):
        return figure_sets.find(self.operation.id, version)

    def contents(self, number=1):
        row = self.row(number)
        return contents_of(work.source_of(row, rows.set_of(row), self.operation))


@pytest.fixture
def world(app):
    found = World()
    found.charge((TRAFFICKING, 2), (PROCURING, 1), persons=7)
    found.charge((BENEFIT, 1), persons=2)
    found.charge(("", 3), persons=2)
    return found


def test_a_lock_keeps_charges_by_offence_with_the_names_of_then_and_no_free_text(world):
    world.sign()
    found = world.found(world.lock())
    kept = {row[0]: row[3] for row in set_rules.by_offence(found.figures)}
    assert kept == {
        "persons_charged@cc-279.01": 7, "charges@cc-279.01": 14,
        "persons_charged@cc-286.2(1)": 2, "charges@cc-286.2(1)": 2,
        "persons_charged@cc-286.3(1)": 7, "charges@cc-286.3(1)": 7,
        "persons_charged@~hand": 2, "charges@~hand": 6, "charges@~told": 21,
    }  # fmt: skip
    whole = {row[0]: row[3] for row in set_rules.chosen(found.figures)}
    assert sum(number for code, number in kept.items() if code.startswith("charges@")) == whole["charges"]
    assert found.definitions["@cc-279.01"] == {
        "section": "279.01", "en": "Trafficking in persons", "fr": "Traite des personnes"
    }  # fmt: skip
    assert "Jean" not in str(set_commands.document_of(found)) and set_commands.intact(found)
    with writing():
        db.session.query(Offence).filter_by(code=TRAFFICKING).one().title_en = "Something else"
    row = world.draft(1, scope=SPLIT)
    assert "Trafficking in persons" in str(world.contents(row.number)["en"].tables)


def test_a_version_from_before_offences_were_kept_is_as_intact_as_ever_and_cannot_be_split(world):
    world.sign()
    found = world.found(world.lock())
    old = {**set_commands.document_of(found)}
    old["figures"] = [row for row in found.figures if "@" not in row[0]]
    old["definitions"] = {code: one for code, one in found.definitions.items() if "@" not in code}
    with writing():
        figure_sets.add_set(
            operation_id=found.operation_id, version=2, uid="before", kind=found.kind, as_of=found.as_of,
            taken_at=found.taken_at, reported=found.reported, expected=found.expected, named=found.named,
            signed=found.signed, figures=old["figures"], definitions=old["definitions"],
            hash=set_rules.hash_of({**old, "set": "before", "version": 2}),
        )  # fmt: skip
    assert set_commands.intact(world.found(2))
    with pytest.raises(Invalid) as refused:
        world.draft(2, scope=SPLIT)
    assert [one.where for one in refused.value.findings] == ["by_offence"]
    assert world.draft(2).scope.get("by_offence") is None  # nothing of it in what a hash is of
    assert set_rules.in_all(world.found(1).figures, world.found(2).figures) == set_rules.chosen(world.found(1).figures)


def test_a_release_by_offence_prints_the_large_ones_and_no_file_holds_a_small_one(world):
    world.sign(), world.lock()
    row = world.draft(1, scope=SPLIT)
    assert row.verdict["safe"] and row.scope["by_offence"] == ["persons_charged", "charges"]
    told = {cell.measure: cell for cell in rules.cells(row.cells)}
    true = {key[0]: number for key, number in rules.true_of(rows.set_of(row).figures, rules.Scope(**SPLIT)).items()}
    printed = {code: cell.number for code, cell in told.items() if not cell.withheld and "@" in code}
    assert printed and printed == {code: true[code] for code in printed}  # which stand beside the small ones is open
    assert told["persons_charged@cc-286.2(1)"].withheld and told["charges@cc-286.2(1)"].number is None
    english, french = (world.contents()[language] for language in ("en", "fr"))
    assert "@" not in str([english.lines, french.lines])
    (table,) = english.tables
    assert table.head == ("Offence", "Persons charged", "Charges") and "several rows" in table.note
    lines = {line[0]: line[1:] for line in table.rows}
    assert list(lines) == [
        "279.01 Trafficking in persons", "286.2(1) Material benefit from sexual services", "286.3(1) Procuring",
        "Other offences, written by hand", "Told without an offence",
    ]  # fmt: skip
    assert lines["279.01 Trafficking in persons"][1] == printed.get("charges@cc-279.01", "x")
    assert lines["286.2(1) Material benefit from sexual services"] == ("x", "x")
    assert french.tables[0].rows[0][0] == "279.01 Traite des personnes"
    files = {file.name: file.content for file in files_of(world.contents())}
    (name,) = (name for name in files if name.endswith("fr.csv"))
    printed = list(csv.reader(io.StringIO(files[name].decode("utf-8-sig"))))
    (line,) = (line for line in printed if line[5].startswith("286.2(1)") and line[7] == "Accusations")
    assert (line[8], line[10]) == ("", "x")
    page = files["fr.html"].decode()
    assert "Par infraction" in page and "Proxénétisme" in page and "Jean" not in page


def test_an_erratum_names_the_offence_and_says_zero_where_nobody_is_charged_with_it_any_more(world):
    world.charge((BENEFIT, 2), persons=10)
    world.sign(), world.lock()
    world.out(1, scope=SPLIT)
    with writing():
        for accused, version in _charged(world, BENEFIT):
            charge_commands.amend_charge(
                world.police, accused, version, status="withdrawn", counts=1, reason="The Crown"
            )
    world.charge((TRAFFICKING, 3), persons=20)
    world.sign(), world.lock()
    reasons = {"en": {"reason": "Laid later"}, "fr": {"reason": "Portées plus tard"}}
    made = erratum_commands.draft(world.people["coordinator"], world.row(1), reasons)
    lines = {one.label: (one.was, one.now) for one in world.contents(made.number)["fr"].changed}
    assert lines["Accusations, 286.2(1) Avantage matériel provenant de services sexuels"] == ("22", "0")
    assert lines["Accusations, 279.01 Traite des personnes"] == ("14", "74")
    assert work.source_of(made, rows.set_of(made), world.operation).cells


def test_charges_that_were_only_told_are_no_table(app):
    told = Released("OP-TOLD")
    told.sign(), told.lock()
    found = figure_sets.find(told.operation.id, 1)
    assert [row[0] for row in set_rules.by_offence(found.figures)] == ["charges@~told"]
    assert not rules.has_offences(found.figures)
    with pytest.raises(Invalid):
        told.draft(scope=SPLIT)


def test_charges_taken_off_without_an_offence_block_the_split_alone(world):
    world.sign(), world.lock()
    figures = [[*row[:3], -2, *row[4:]] if row[0] == "charges@~told" else row for row in world.found().figures]
    true = rules.true_of(figures, rules.Scope(**SPLIT))
    assert rules.taken_off(true) and not rules.taken_off(rules.true_of(figures, rules.Scope(("charges",))))


def _charged(world, code):
    from outreach.storage.queries import charges

    return [
        (row.charge, row.version.version)
        for one in charges.accused_of(world.operation.id, world.service.id)
        for row in one.charges
        if row.version.offence_id is not None and db.session.get(Offence, row.version.offence_id).code == code
    ]
