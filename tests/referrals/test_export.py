"""The file of an agency's own cases: its own alone, what was agreed to alone, and every column of ours decided on."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from outreach.audit.tags import Tag
from outreach.errors import NotAllowed
from outreach.referrals import commands, export_commands
from outreach.referrals import export_rules as rules
from outreach.storage import db, writing
from outreach.storage.queries import consents, referrals
from outreach.storage.tables import AuditEntry, ReferralConsent
from outreach.storage.types import utc_now
from outreach.vocab import Consent, Gender, ReferralState, Role
from tests.factories import a_participation, a_service, a_user, an_operation
from tests.field.factories import actor_of
from tests.referrals.factories import World, a_referral, a_world

SHARED = ("age_band", "gender", "needs")


def a_case(world: World, *facts: str, to: tuple[str, ...] = ()) -> Any:
    """A referral that the liaison picked up, with these facts agreed to, and moved on."""
    referral = a_referral(world)
    with writing():
        if facts:
            consents.add_consent(referral.id, Consent.FACTS, facts, None, utc_now(), utc_now(), None)
        commands.pick_up(actor_of(world.liaison), referral)
    for state in to:
        with writing():
            version = referrals.current(referral.id)
            commands.move(actor_of(world.liaison), referral, version.version, state, destroys=True)
    return referral


def lines_of(user: Any, language: str = "en") -> list[dict[str, str]]:
    content = export_commands.export(actor_of(user), language)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


# --- the mapping ------------------------------------------------------------------------------------------------------


def test_every_column_of_ours_is_in_the_file_or_said_to_be_left_out():
    tables = ("referral", "referral_version", "referral_consent", "referral_outcome", "safe_contact", "case_entry")
    tables += ("plan_item", "plan_item_version", "follow_up", "referral_alert", "agency_key", "sealed_note")
    used = {ours for field in rules.FIELDS for ours in field.ours}
    for table in tables:
        for column in db.metadata.tables[table].columns.keys():  # noqa: SIM118 - columns, not a dict
            name = f"{table}.{column}"
            known = (name in used, name in rules.LEFT_OUT, table in rules.LEFT_OUT)
            assert sum(known) == 1, f"{name}: in outreach/referrals/export_rules.py, FIELDS or LEFT_OUT"
    every = {f"{table}.{column}" for table in db.metadata.tables for column in db.metadata.tables[table].columns.keys()}  # noqa: SIM118 - columns
    assert used <= every and {name for name in rules.LEFT_OUT if "." in name} <= every


def test_every_column_named_is_written_and_no_field_of_the_standard_is_both_filled_and_not():
    names = [field.name for field in rules.FIELDS]
    case = rules.Case("", "police", "closed", "", None, (), False, "", "", False, ())
    assert list(rules.cells_of(case)) == names and len({*names}) == len(names)
    assert not {*names} & {*rules.NOT_FILLED}
    assert all(name.split("_")[0] in ("prs", "vic", "cas", "outreach") for name in [*names, *rules.NOT_FILLED])
    assert {*rules.STATUSES} == {*ReferralState} - {ReferralState.MADE} and {*rules.GENDERS} <= {*Gender}


def test_the_guide_says_of_every_column_what_the_code_says():
    guide = (Path(__file__).parents[2] / "docs" / "referrals.md").read_text()
    said = [f"| `{field.name}` | " for field in rules.FIELDS] + [field.note for field in rules.FIELDS]
    said += [f"| `{name}` | {why} |" for name, why in rules.NOT_FILLED.items()]
    assert [words for words in said if words not in guide] == []


def test_no_cell_becomes_a_formula():
    for typed in ("=1+1", "+1", "-1", "@x", "\tx", "＝1"):
        case = rules.Case("", "police", "reached", typed, None, (typed,), True, "", "", False, ())
        (line,) = csv.DictReader(io.StringIO(rules.as_csv([case]).decode("utf-8-sig")))
        assert line["cas_ReferringOrganisation"] == line["cas_IncomingReferralDetails"] == f"'{typed}"


# --- the file ---------------------------------------------------------------------------------------------------------


def test_a_case_says_what_was_agreed_to_and_nothing_else(app):
    world = a_world()
    a_case(world, *SHARED)
    a_case(world, to=("reached", "declined"))
    a_referral(world)  # nobody has picked it up
    shared, plain = lines_of(world.liaison)
    if shared["cas_Status"] == "Closed":
        shared, plain = plain, shared
    assert shared["vic_AgreementToManagePersonalData"] == "TRUE"
    assert shared["cas_IncomingReferralDetails"] == "Health care; Shelter or housing"
    assert (shared["cas_Status"], shared["cas_ReferringOrganisation"]) == ("Active", "Windsor Police")
    assert shared["cas_IncomingReferralDate"] and shared["cas_ReasonForCaseClosure"] == ""
    assert (plain["cas_Status"], plain["cas_ReasonForCaseClosure"]) == ("Closed", "declined")
    assert plain["vic_AgreementToManagePersonalData"] == "FALSE"
    assert plain["cas_IncomingReferralDetails"] == plain["prs_Gender"] == plain["outreach_AgeBand"] == ""
    content = export_commands.export(actor_of(world.liaison), "fr").decode()
    assert "519 555" not in content and "OP-X" not in content and "Soins" in content
    db.session.rollback()
    entries = db.session.query(AuditEntry).filter_by(tag=Tag.CASES_EXPORTED.value).all()
    assert [entry.details["rows"] for entry in entries] == [2, 2]


def test_who_takes_her_agreement_back_is_no_longer_in_the_file(app):
    world = a_world()
    a_case(world, *SHARED)
    for kind, left in ((Consent.FACTS, 1), (Consent.REFER, 0)):
        with writing():
            row = db.session.query(ReferralConsent).filter_by(kind=kind.value).one()
            consents.withdraw(row.id, utc_now(), utc_now(), None, told=True)
        lines = lines_of(world.liaison)
        assert len(lines) == left and all(line["cas_IncomingReferralDetails"] == "" for line in lines)


def test_it_is_for_liaisons_of_the_agency_alone(app, signed_in):
    world = a_world()
    a_case(world, *SHARED)
    foreign = a_service("Another House")
    a_participation(world.operation, foreign)
    assert lines_of(a_user(Role.LIAISON, foreign)) == []
    elsewhere = a_user(Role.LIAISON, world.agency, an_operation("OP-ELSEWHERE"))
    assert lines_of(elsewhere) == []  # her role is bound to another operation
    for user in (a_user(Role.SERVICE_COORDINATOR, world.agency), a_user(Role.SERVICE_COORDINATOR, world.police)):
        with pytest.raises(NotAllowed):
            export_commands.export(actor_of(user), "en")
        client = signed_in(user)
        assert {client.get(f"/referrals/{name}").status_code for name in ("htcds", "htcds.csv")} == {403}
    client = signed_in(world.liaison)
    page = client.get("/referrals/htcds").text
    assert all(field.name in page for field in rules.FIELDS) and all(name in page for name in rules.NOT_FILLED)
    answer = client.get("/referrals/htcds.csv")
    assert answer.mimetype == "text/csv" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment") and answer.text.count("\r\n") == 2
