"""The wall screen and its links: totals and states alone, for whoever is signed in or holds a link that still works."""

from __future__ import annotations

import datetime as dt
import hashlib
import re

import pytest
import time_machine

from outreach.errors import Blocked, DeadLink, Invalid, NotAllowed, NotFound
from outreach.plan import invitation_rules
from outreach.report import wall_commands as commands
from outreach.report import wall_rules as rules
from outreach.storage import db, writing
from outreach.storage.tables import AuditEntry, WallLink
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus, Role
from tests import factories as site
from tests.conftest import same_page, token_of
from tests.field.factories import actor_of
from tests.report import factories as facts
from tests.report.test_views import text_of

NOW = dt.datetime(2017, 10, 12, 12, tzinfo=dt.UTC)
UID = "0e1c1c2e-6f5a-4b7a-9a37-6a5d9f0c1b2d"


def mark(text, scope):
    return hashlib.sha256(f"{scope}/{text}".encode()).hexdigest()


def test_a_token_of_the_wall_is_none_of_an_invitation_and_the_other_way_round():
    token = rules.token_of(UID, mark)
    assert rules.uid_of(token, mark) == UID
    assert invitation_rules.uid_of(token, mark) is None
    assert rules.uid_of(invitation_rules.token_of(UID, mark), mark) is None
    assert rules.uid_of(token[:-1], mark) is None


@pytest.mark.parametrize(
    ("life", "window", "hours"),
    [("12h", None, 12), ("24h", NOW, 24), ("window", NOW, 24), ("window", NOW - dt.timedelta(days=1), None),
     ("window", None, None), ("window", NOW + dt.timedelta(days=900), 60 * 24), ("for ever", NOW, None)],
)  # fmt: skip
def test_a_link_ends_after_some_hours_or_a_day_after_the_window_and_never_later_than_sixty_days(life, window, hours):
    assert rules.link_end(life, NOW, window) == (None if hours is None else NOW + dt.timedelta(hours=hours))


def test_a_link_works_until_its_end_its_revocation_or_the_archive():
    later = NOW + dt.timedelta(seconds=1)
    assert rules.link_works(NOW, later, False, "active") and rules.link_works(NOW, later, False, "closed")
    assert not rules.link_works(NOW, NOW, False, "active")
    assert not rules.link_works(NOW, later, True, "active")
    assert not rules.link_works(NOW, later, False, "archived")


@pytest.fixture
def operation(app):
    operation = site.an_operation("ONS-1", overlap_nil=True)
    windsor = site.a_participation(operation, site.a_service("Windsor Police"))
    fox = site.a_participation(operation, site.a_service("Fox River Police"), entry_mode=EntryMode.DAILY_TOTALS)
    facts.a_contact(windsor, {"answer": "accepted"}, {"answer": "declined"}, day=1)
    facts.a_tally(fox, "persons_met", 4, 0)
    return operation


def test_a_link_is_made_and_ended_by_who_coordinates_the_operation_alone_and_both_are_entered(operation):
    coordinator = actor_of(site.a_user(Role.OPERATION_COORDINATOR))
    with time_machine.travel(NOW, tick=False), writing():
        link = commands.make(coordinator, operation, "12h", "East wall")
        assert link.ends_at == NOW + dt.timedelta(hours=12)
        for other in (Role.COMMANDER, Role.ANALYST, Role.ADMINISTRATOR):
            with pytest.raises(NotAllowed):
                commands.make(actor_of(site.a_user(other)), operation, "12h", "")
        for life, where in (("", "life"), ("window?", "life")):
            with pytest.raises(Invalid) as refused:
                commands.make(coordinator, operation, life, "")
            assert refused.value.findings[0].where == where
        with pytest.raises(Invalid):
            commands.make(coordinator, operation, "12h", "x" * 81)
        with pytest.raises(NotFound):
            commands.end(coordinator, operation, UID)
        assert commands.end(coordinator, operation, link.uid) and not commands.end(coordinator, operation, link.uid)
    said = [entry.tag for entry in db.session.query(AuditEntry).filter(AuditEntry.tag.like("report.wall%"))]
    assert said == ["report.wall_link.make", "report.wall_link.end"]


def test_a_rehearsal_has_no_wall_and_only_so_many_links_work_at_a_time(operation):
    coordinator = actor_of(site.a_user(Role.OPERATION_COORDINATOR))
    rehearsal = site.an_operation("REH", is_rehearsal=True)
    with writing():
        with pytest.raises(Blocked):
            commands.make(coordinator, rehearsal, "12h", "")
        for _ in range(rules.MOST):
            commands.make(coordinator, operation, "12h", "")
        with pytest.raises(Blocked):
            commands.make(coordinator, operation, "12h", "")


def _send(desk, fields, path=""):
    token = token_of(desk.get("/operations/ONS-1/wall-links"))
    return desk.post(f"/operations/ONS-1/wall-links{path}", data={"csrf_token": token, **fields})


def test_the_page_of_links_makes_one_shows_its_address_once_and_ends_it(operation, signed_in, client):
    desk = signed_in(site.a_user(Role.OPERATION_COORDINATOR))
    wrong = _send(desk, {"label": "East", "life": "for ever"})
    assert wrong.status_code == 422 and 'value="East"' in wrong.text
    assert "Choose until when the link works." in wrong.text
    made = _send(desk, {"label": "=East <b>", "life": "24h"})
    assert made.headers["Cache-Control"] == "no-store"
    address = re.search(r'value="http://[^/]+(/w/[^"]+)"', made.text)[1].replace("&amp;", "&")
    assert address not in desk.get("/operations/ONS-1/wall-links").text
    assert "=East &lt;b&gt;" in made.text
    assert client.get(address).status_code == 200
    link = db.session.query(WallLink).one()
    assert link.opened_at is not None
    ended = _send(desk, {}, f"/{link.uid}/end")
    assert ended.status_code == 303
    gone = client.get(address, headers={"If-None-Match": 'W/"x"'})
    assert gone.status_code == 404 and "This link does not work." in gone.text


def _a_token(operation, by=None, **more) -> str:
    maker = by or site.a_user(Role.OPERATION_COORDINATOR)
    with writing():
        link = commands.rows.add(operation.id, maker.id, "", utc_now() + dt.timedelta(hours=12))
        for name, value in more.items():
            setattr(link, name, value)
        return commands.token_of(link)


def test_behind_the_link_are_totals_and_states_and_no_way_to_anywhere_else(operation, client):
    with time_machine.travel(facts.evening(1, 22)):
        token = _a_token(operation)
        page = client.get(f"/w/{token}?lang=en")
        words = text_of(page)
        assert page.headers["Cache-Control"] == "no-store" and "Set-Cookie" not in page.headers
        assert "6 persons met" in words and "1 accepted support" in words and "1 silent" in words
        assert "Windsor" not in page.text and "Fox" not in page.text  # services by state, none by name
        assert not re.findall(r"<a |<form|/operations/", page.text)
        same = client.get(f"/w/{token}?lang=en", headers={"If-None-Match": page.headers["ETag"]})
        assert same.status_code == 304 and not same.data
        french = client.get(f"/w/{token}?lang=fr&theme=night")
        assert '<html lang="fr" class="night">' in french.text
        assert client.get("/operations/ONS-1").status_code in (302, 303, 401)
        fox = db.session.query(site.Participation).order_by(site.Participation.id.desc()).first()
        facts.a_tally(fox, "persons_met", 3, 1)
        fresh = client.get(f"/w/{token}?lang=en", headers={"If-None-Match": page.headers["ETag"]})
        assert fresh.status_code == 200 and "9 persons met" in text_of(fresh)


def test_every_link_that_leads_nowhere_is_answered_alike_and_guesses_are_counted(operation, client):
    over = _a_token(operation, ends_at=utc_now())
    revoked = _a_token(operation, revoked_at=utc_now())
    archived = _a_token(site.an_operation("OLD", status=OperationStatus.ARCHIVED))
    answers = [client.get(f"/w/{token}") for token in (over, revoked, archived, "A" * 44)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({same_page(answer) for answer in answers}) == 1
    with pytest.raises(DeadLink):
        commands.behind("")


def _disabled(user):
    user.active = False


def _without_a_role(user):
    user.roles.clear()


def _of_another_operation(user):
    user.roles[0].operation_id = site.an_operation("ONS-2").id


@pytest.mark.parametrize("lose", [_disabled, _without_a_role, _of_another_operation])
def test_a_link_may_no_more_than_who_made_it_and_ends_for_good_when_she_may_not(operation, client, signed_in, lose):
    maker, other = site.a_user(Role.OPERATION_COORDINATOR), site.a_user(Role.OPERATION_COORDINATOR)
    address, stays = f"/w/{_a_token(operation, maker)}", f"/w/{_a_token(operation, other)}"
    page = client.get(address)
    assert page.status_code == 200
    held = db.session.merge(maker)
    with writing():
        lose(held)
    listed = signed_in(other).get("/operations/ONS-1/wall-links").text
    assert "ended: who made it may not share it any more" in listed and listed.count("End it<") == 1
    for _ in range(2):  # a screen that has the page asks again with its mark
        gone = client.get(address, headers={"If-None-Match": page.headers["ETag"]})
        assert gone.status_code == 404 and "This link does not work." in gone.text
    assert client.get(stays).status_code == 200
    (entry,) = db.session.query(AuditEntry).filter_by(tag="report.wall_link.end")
    assert (entry.outcome, entry.actor_name, entry.actor_id) == ("refused", "by wall link", None)
    assert [link.revoked_at is not None for link in db.session.query(WallLink).order_by(WallLink.id)] == [True, False]


def test_the_wall_for_who_is_signed_in_is_that_of_an_operation_she_sees(operation, signed_in):
    commander = signed_in(site.a_user(Role.COMMANDER))
    page = commander.get("/operations/ONS-1/dashboard?wall=1")
    assert (
        page.status_code == 200 and 'class="wall__clock"' in page.text and page.headers["Cache-Control"] == "no-store"
    )
    other = site.an_operation("ONS-2")
    bound = signed_in(site.a_user(Role.COMMANDER, operation=other))
    assert bound.get("/operations/ONS-1/dashboard?wall=1").status_code == 404


def test_before_the_window_opens_the_wall_says_when_it_does(app, client):
    early = site.an_operation("ONS-3", starts_at=dt.datetime(2030, 10, 10, 10, tzinfo=dt.UTC))
    page = client.get(f"/w/{_a_token(early)}?lang=en")
    assert "The window opens on 10 October 2030 at 06:00." in text_of(page)
    assert page.text.count("Not known") >= 4 and "No service takes part yet." in page.text
