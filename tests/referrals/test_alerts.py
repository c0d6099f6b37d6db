"""Letters about referrals that wait: to whom, once, without a word about anybody; and the process that sends them."""

from __future__ import annotations

import datetime as dt
import os
import sys
import threading
import time
from dataclasses import replace

import pytest
import time_machine
from click.testing import CliRunner

from outreach.admin import commands as admin
from outreach.auth.actors import SYSTEM
from outreach.cli import cli
from outreach.referrals import alert_views, commands, waiting_commands
from outreach.storage import db, writing
from outreach.storage.case_keys import WAY, case_keys
from outreach.storage.queries import access, referrals
from outreach.storage.rounds import alone, held
from outreach.storage.tables import AuditEntry, ReferralAlert, SafeContact, User
from outreach.storage.types import utc_now
from outreach.vocab import Role
from tests.bench import load
from tests.factories import a_user
from tests.referrals.factories import a_referral, a_world
from tests.web.mail_server import Postbox, mail_server, text_of


@pytest.fixture
def box():
    return Postbox()


@pytest.fixture
def post_office(box):
    controller = mail_server(box)
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def with_mail(app, post_office):
    app.config["OUTREACH"] = replace(
        app.config["OUTREACH"],
        smtp_url=f"smtp://127.0.0.1:{post_office.port}",
        mail_from="Outreach <outreach@example.org>",
    )
    return app


@pytest.fixture
def world(app):
    return a_world()


def round_at(app, hours=0.0):
    with time_machine.travel(utc_now() + dt.timedelta(hours=hours), tick=False):
        done = alert_views.send_round(app)
    db.session.rollback()
    return done


def to_whom(box):
    found, box.letters = [address for address, _ in box.letters], []
    return sorted(found)


@pytest.mark.any_database
def test_liaisons_then_the_lead_then_coordinators_get_one_letter_each_however_often_it_is_tried(app, box, post_office):
    app.config["OUTREACH"] = replace(
        app.config["OUTREACH"], smtp_url=f"smtp://127.0.0.1:{post_office.port}", mail_from="outreach@example.org"
    )
    world = a_world()
    lead = a_user(Role.SERVICE_COORDINATOR, world.agency)
    coordinator = a_user(Role.OPERATION_COORDINATOR, operation=world.operation)
    a_user(Role.SERVICE_COORDINATOR, world.police)
    a_referral(world, urgent=True, hours_ago=0)
    a_referral(world, urgent=True, hours_ago=0)
    told = []
    for hours in (0, 3.9, 4.1, 4.2, 6.1, 8.1, 30):
        round_at(app, hours)
        told.append(to_whom(box))
    assert told == [[], [], [world.liaison.email], [], [lead.email], [coordinator.email], []]
    assert db.session.query(ReferralAlert).count() == 6
    assert [e.details["letters"] for e in db.session.query(AuditEntry).filter_by(tag="referrals.alerts.send")] == [
        1
    ] * 3


def test_a_letter_says_where_to_look_in_the_readers_language_and_nothing_about_anybody(with_mail, world, box):
    referral = a_referral(world, hours_ago=30)
    with writing():
        db.session.get(User, world.liaison.id).language = "fr"
    with_mail.config["OUTREACH"] = replace(with_mail.config["OUTREACH"], public_url="https://outreach.example")
    round_at(with_mail)
    ((address, message),) = box.letters
    text = text_of(message)
    assert address == world.liaison.email and message["Subject"] == "Une orientation attend"
    assert "https://outreach.example/referrals" in text
    for secret in (referral.uid, "519", world.agency.name, world.police.name, world.operation.code, "urgen"):
        assert secret not in text + str(message["Subject"])


def test_what_is_given_on_alerts_anew_and_what_somebody_took_alerts_nobody(with_mail, world, box):
    lead = a_user(Role.SERVICE_COORDINATOR, world.agency)
    coordinator = a_user(Role.OPERATION_COORDINATOR)
    referral = a_referral(world, hours_ago=25)
    round_at(with_mail)
    assert to_whom(box) == [world.liaison.email]
    with writing():
        commands.pick_up(access.actor_of(db.session.get(User, world.liaison.id)), referral)
    assert round_at(with_mail, 50).due == 0
    with writing():
        admin.disable(SYSTEM, db.session.get(User, world.liaison.id))
    second = a_user(Role.LIAISON, world.agency)
    round_at(with_mail)
    assert to_whom(box) == sorted([second.email, lead.email])
    with writing():
        waiting_commands.give_back(access.actor_of(db.session.get(User, second.id)), referral, 2, "full")
    round_at(with_mail)
    assert to_whom(box) == [coordinator.email]


def test_what_could_not_be_sent_is_due_again_and_a_rehearsal_writes_nobody(with_mail, world, box, post_office):
    a_referral(world, hours_ago=30)
    box.refuse = {world.liaison.email}
    assert round_at(with_mail).trouble == ("refused",)
    assert db.session.query(ReferralAlert).count() == 0
    box.refuse = set()
    with writing():
        world.operation.is_rehearsal = True
        db.session.merge(world.operation)
    assert round_at(with_mail).due == 0
    with writing():
        world.operation.is_rehearsal = False
        db.session.merge(world.operation)
    assert round_at(with_mail).sent == 1


def test_two_who_send_at_once_send_once(with_mail, world, box):
    a_referral(world, hours_ago=30)
    with alone("alerts") as mine:
        assert mine and alert_views.send_round(with_mail).busy
    together = threading.Barrier(4)

    def send():
        with with_mail.app_context():
            together.wait()
            alert_views.send_round(with_mail)
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert to_whom(box) == [world.liaison.email]


@pytest.mark.any_database
def test_only_one_does_the_work_of_a_round(app):
    with alone("something") as first, alone("something") as second, alone("else") as other:
        assert (first, second, other) == (True, False, True)
    with alone("something") as again:
        assert again


def test_a_round_destroys_the_key_that_a_crash_left(app, world):
    referral = a_referral(world)
    with writing():
        contact = db.session.get(SafeContact, referral.id)
        contact.way_sealed = None
    path = case_keys().folder / f"{referral.uid}.way"
    os.utime(path, (time.time() - 3600,) * 2)
    assert alert_views.send_round(app).destroyed == 1 and not case_keys().holds(referral.uid, WAY)


def test_the_command_line_says_what_it_did(with_mail, world, box):
    def alerts():
        return CliRunner().invoke(cli, ["alerts"], obj=lambda: with_mail)

    assert alerts().output == "Nobody has to be told.\n"
    a_referral(world, hours_ago=30)
    box.refuse = {world.liaison.email}
    refused = alerts()
    assert refused.exit_code == 1 and "1 did not leave (refused)" in refused.output
    box.refuse = set()
    assert alerts().output == "Sent 1 of 1 letters.\n"
    a_referral(world, hours_ago=30)
    with_mail.config["OUTREACH"] = replace(with_mail.config["OUTREACH"], smtp_url="")
    assert "no mail server is set up" in alerts().output


def test_rounds_go_on_after_one_that_failed_and_end_when_told(with_mail, world, monkeypatch):
    seen, stop = [], threading.Event()

    def a_round(_app, count):
        seen.append(True)
        if len(seen) == 3:
            stop.set()
        raise RuntimeError("the database was away")

    monkeypatch.setattr(alert_views, "send_round", a_round)
    monkeypatch.setattr(with_mail.logger, "exception", lambda *_args: None)
    alert_views.keep_sending(with_mail, 0.001, stop)
    assert len(seen) == 3


def test_a_server_sends_in_one_of_its_processes_and_the_round_dies_with_it(instance, world, box, post_office):
    a_referral(world, hours_ago=30)
    db.session.rollback()
    port = load.free_port()
    command = [sys.executable, "-m", "outreach", "serve", "--port", str(port)]
    mail = {
        "OUTREACH_INSTANCE_DIR": str(instance),
        "OUTREACH_DATABASE_URL": str(db.engine.url),
        "OUTREACH_SMTP_URL": f"smtp://127.0.0.1:{post_office.port}",
        "OUTREACH_MAIL_FROM": "outreach@example.org",
    }
    with load.running(command, port, **mail):
        for _ in range(1800):  # the letter goes first, then it is noted
            db.session.rollback()
            if db.session.query(ReferralAlert).count():
                break
            time.sleep(0.05)
        with held(instance / "alerts.lock") as free:
            assert not free
    assert [address for address, _ in box.letters] == [world.liaison.email]
    with held(instance / "alerts.lock") as free:
        assert free
    assert referrals.current(db.session.query(ReferralAlert).one().referral_id).state == "made"
