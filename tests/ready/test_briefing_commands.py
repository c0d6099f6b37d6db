"""Writing a briefing, attaching files, saying that it is read: refused, done, in the journal."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, text

from outreach.errors import Changed, Invalid, KeyMissing, NotAllowed, Unreadable
from outreach.ready import attachments
from outreach.ready import briefing_commands as commands
from outreach.storage import db, writing
from outreach.storage.queries import briefing as rows
from outreach.storage.tables import Attachment, AuditEntry, BriefingRead, RegionSetting, TeamMember
from outreach.storage.types import utc_now
from outreach.vocab import OperationStatus, Role
from tests.factories import a_participation, a_service, a_team, a_user, an_operation
from tests.field.factories import a_night, actor_of
from tests.ready.briefing_factories import SECTIONS, a_briefing, a_pdf, an_attachment, has_read


def tags() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id)))


@pytest.fixture
def night(app: Any) -> Any:
    return a_night()


@pytest.fixture
def boss(night: Any) -> Any:
    return actor_of(a_user(Role.OPERATION_COORDINATOR))


def test_only_the_operations_coordinator_writes_it_and_the_journal_says_which_sections(night, boss):
    with pytest.raises(NotAllowed), writing():
        commands.change_briefing(actor_of(night.coordinator), night.operation, SECTIONS, 0)
    with writing():
        assert commands.change_briefing(boss, night.operation, SECTIONS, 0)
        assert not commands.change_briefing(boss, night.operation, SECTIONS, 1)
        assert commands.change_briefing(boss, night.operation, {**SECTIONS, "safety": "Other"}, 1)
    assert [v.version for v, _ in rows.versions_of(night.operation.id)] == [2, 1]
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry.tag == "ready.briefing.change" and entry.details == {"version": 2, "fields": ["safety"]}


def test_a_second_writer_is_told_and_an_archived_operation_is_left_alone(night, boss):
    a_briefing(night.operation)
    with pytest.raises(Changed), writing():
        commands.change_briefing(boss, night.operation, {"safety": "Mine"}, 0)
    assert rows.sections_of(rows.current(night.operation.id)) == SECTIONS
    done = an_operation(status=OperationStatus.ARCHIVED)
    with pytest.raises(NotAllowed), writing():
        commands.change_briefing(boss, done, SECTIONS, 0)


@pytest.mark.any_database
def test_what_a_briefing_says_is_sealed_and_moves_nowhere_else(app):
    first, second = an_operation(), an_operation()
    a_briefing(first, safety="Code word LANTERN")
    a_briefing(second)
    kept = db.session.execute(text("SELECT operation_id, sections_sealed FROM briefing_version")).all()
    assert all(b"LANTERN" not in bytes(row[1]) for row in kept)
    moved = rows.current(second.id)
    with writing():
        moved.sections_sealed = rows.current(first.id).sections_sealed
    with pytest.raises(KeyMissing):
        rows.sections_of(rows.current(second.id))


@pytest.mark.any_database
def test_saying_twice_that_it_is_read_counts_once_and_a_new_version_asks_again(app):
    night = a_night()
    a_briefing(night.operation)
    officer = actor_of(night.officer)
    with writing():
        for _ in range(2):
            commands.confirm(officer, night.operation, rows.BRIEFING, 1)
    assert db.session.scalar(select(func.count()).select_from(BriefingRead)) == 1
    assert rows.readers_by_service(night.operation.id) == {night.service.id: (1, 1, 0)}
    assert tags().count("ready.briefing.confirm") == 1
    a_briefing(night.operation, safety="New")
    assert rows.readers_by_service(night.operation.id) == {night.service.id: (1, 0, 0)}
    with pytest.raises(Changed), writing():
        commands.confirm(officer, night.operation, rows.BRIEFING, 1)


def test_the_legal_card_is_read_as_it_stands_and_other_words_ask_again(night):
    officer, service = actor_of(night.officer), night.service.id
    card = rows.cards_for(["West"])["West"]
    with pytest.raises(Changed), writing():
        commands.confirm(officer, night.operation, rows.LEGAL, card.mark + 1, [card.mark])
    with writing():
        commands.confirm(officer, night.operation, rows.LEGAL, card.mark, [card.mark])
    assert rows.readers_by_service(night.operation.id)[service] == (1, 0, 1)
    with writing():
        db.session.query(RegionSetting).filter_by(name="legal_card", region="").update({"text_en": "Other words."})
    assert rows.readers_by_service(night.operation.id)[service] == (1, 0, 0)


def test_a_region_with_a_text_of_its_own_has_its_own_card(app):
    cards = rows.cards_for(["Ontario", "Yukon"])
    assert cards["Ontario"].region == "Ontario" and "286.5" in cards["Ontario"].card_en
    assert cards["Yukon"].region == "" and cards["Yukon"].mark == rows.cards_for([""])[""].mark
    assert all("confirmed by the local lead" in card.card_en for card in cards.values())


@pytest.mark.any_database
def test_readers_are_people_with_an_account_in_standing_teams_each_once(app):
    operation = an_operation()
    ours, theirs = a_service(), a_service()
    taking_part, other = a_participation(operation, ours), a_participation(operation, theirs)
    ana, ben = a_user(Role.FIELD_OFFICER, ours), a_user(Role.FIELD_OFFICER, ours)
    team = a_team(taking_part, ana, ben)
    a_team(other, a_user(Role.FIELD_OFFICER, theirs))
    staff = db.session.query(TeamMember).filter_by(team_id=team.id).order_by(TeamMember.id).all()
    second = a_team(taking_part, name="Team 2")
    with writing():
        now = utc_now()
        db.session.add(TeamMember(team_id=second.id, staff_id=staff[0].staff_id, category="police", recorded_at=now))
    a_briefing(operation)
    has_read(operation, ana, "briefing", 1)
    assert rows.readers_by_service(operation.id) == {ours.id: (2, 1, 0), theirs.id: (1, 0, 0)}
    with writing():
        for one in db.session.query(TeamMember).filter_by(staff_id=staff[0].staff_id):
            one.superseded_at = utc_now()
    assert rows.readers_by_service(operation.id)[ours.id] == (1, 0, 0)


def test_a_file_is_judged_sealed_and_noted_and_removing_takes_its_content(night, boss):
    content = a_pdf()
    added = commands.attach(boss, night.operation, "../map.pdf", content)
    assert (added.name, added.media_type, added.size) == ("map.pdf", "application/pdf", len(content))
    assert rows.content_of(added) == content and content[:40] not in bytes(added.content_sealed)
    with pytest.raises(Invalid) as caught:
        commands.attach(boss, night.operation, "again.pdf", content)
    assert "here already" in str(caught.value)
    with pytest.raises(Unreadable):
        commands.attach(boss, night.operation, "x.pdf", b"MZ")
    with pytest.raises(NotAllowed):
        commands.attach(actor_of(night.officer), night.operation, "x.pdf", a_pdf())
    with writing():
        commands.remove(boss, night.operation, added)
    kept = db.session.get(Attachment, added.id)
    assert kept.content_sealed == b"" and rows.attachment(night.operation.id, kept.uid) is None
    assert [tag for tag in tags() if "attachment" in tag] == ["ready.attachment.add", "ready.attachment.remove"]


def test_the_eleventh_file_is_refused(night, boss):
    for number in range(attachments.MOST):
        an_attachment(night.operation, f"{number}.pdf", f"{number}".encode())
    with pytest.raises(Invalid) as caught:
        commands.attach(boss, night.operation, "more.pdf", a_pdf())
    assert "at most 10" in str(caught.value)
