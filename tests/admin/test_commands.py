"""Commands of accounts and lists: refused, done, audited; on both databases."""

import pytest

from outreach.admin import commands, list_commands
from outreach.admin.rules import Wording
from outreach.auth.actors import SYSTEM
from outreach.errors import DeadLink, Invalid, NotAllowed
from outreach.storage import db, writing
from outreach.storage.queries import access, accounts
from outreach.storage.queries import admin as rows
from outreach.storage.tables import AuditEntry, SignInFailure, User
from outreach.vocab import Role
from outreach.web import throttle
from tests.factories import a_user

pytestmark = pytest.mark.any_database

NEW = "violet kettle orbit sandwich"


def actor(user):
    return access.actor_of(db.session.get(User, user.id))


def tags():
    return [tag for (tag,) in db.session.query(AuditEntry.tag).order_by(AuditEntry.id)]


def invited(email="nadia@example.org"):
    with writing():
        return commands.invite(SYSTEM, email=email, name="Nadia", role=Role.ANALYST, service=None, operation=None)


def test_only_an_administrator_changes_people_and_nothing_is_left_of_the_attempt(app):
    coordinator, user = actor(a_user(Role.OPERATION_COORDINATOR)), a_user(Role.ANALYST)
    attempts = [
        lambda: commands.add_user(coordinator, email="x@y.org", name="X", password_hash=None, role=Role.ANALYST),
        lambda: commands.make_link(coordinator, user),
        lambda: commands.disable(coordinator, user),
        lambda: commands.sign_out_everywhere(coordinator, user),
        lambda: commands.add_grant(coordinator, user, Role.ADMINISTRATOR, None, None),
        lambda: commands.remove_grant(coordinator, user, user.roles[0].id),
        lambda: commands.change_password(coordinator, user, NEW, str),
        lambda: commands.rename(coordinator, user, "Other"),
        lambda: list_commands.add_item(coordinator, "needs", Wording("A", "B"), Wording("", ""), ""),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed), writing():
            attempt()
    assert tags() == []


def test_a_link_is_spent_once(app):
    user, token = invited()
    with writing():
        commands.redeem(SYSTEM, token, NEW, lambda text: f"hash of {text}")
    assert db.session.get(User, user.id).password == f"hash of {NEW}"
    with pytest.raises(DeadLink), writing():
        commands.redeem(SYSTEM, token, NEW, str)
    assert tags()[-2:] == ["account.link.use", "account.password.set"]


def test_a_refused_password_leaves_the_link(app):
    _user, token = invited()
    with pytest.raises(Invalid), writing():
        commands.redeem(SYSTEM, token, "passwordpassword", str)
    assert accounts.working_link(token) is not None


def test_a_role_is_added_once_however_often(app):
    user = a_user()
    for _ in range(2):
        with writing():
            commands.add_grant(SYSTEM, accounts.by_id(user.id), Role.ANALYST, None, None)
    assert tags() == ["admin.grant.add"]


def test_disabling_ends_sessions_and_links(app):
    user, token = invited()
    with writing():
        commands.disable(SYSTEM, accounts.by_id(user.id))
    assert accounts.working_link(token) is None
    with pytest.raises(Invalid), writing():
        commands.make_link(SYSTEM, accounts.by_id(user.id))


def test_a_list_item_without_french_is_refused_and_one_of_the_same_name_too(app):
    for label in (Wording("Pets", ""), Wording("Health", "Santé")):
        with pytest.raises(Invalid), writing():
            list_commands.add_item(SYSTEM, "needs", label, Wording("", ""), "")
    assert tags() == []


def test_an_item_changed_to_the_same_words_is_no_change(app):
    item = rows.items("needs")[0]
    with writing():
        list_commands.change_item(
            SYSTEM,
            item,
            item.version,
            Wording(item.label_en, item.label_fr),
            Wording(item.definition_en, item.definition_fr),
            item.source,
        )
    assert tags() == [] and item.version == 1


def test_attempts_are_counted_in_the_database(app):
    with app.test_request_context("/sign-in", environ_base={"REMOTE_ADDR": "192.0.2.1"}):
        attempts = [throttle.begin("nadia@example.org") for _ in range(7)]
        assert [attempt.wait is None for attempt in attempts] == [True] * 5 + [False] * 2
        assert attempts[-1].minutes == 15
        throttle.succeeded(attempts[0])
    assert db.session.query(SignInFailure).count() == 4, "the failures of the address but this one"


def test_the_sample_may_be_removed_by_one_of_its_own_accounts(app):
    from outreach import sample

    with writing():
        sample.load(lambda password: password, app.config["OUTREACH"].instance_dir)
    admin = db.session.query(User).filter_by(email="admin@sample.example.org").one()
    with writing():
        assert commands.remove_the_sample(actor(admin)) == 4
    assert db.session.query(User).filter_by(is_sample=True).count() == 0
    entry = db.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
    assert (entry.tag, entry.actor_id) == ("admin.sample.remove", None)
