"""Every route × method × account × case, generated from the map of addresses: a new route is walked by itself.

The outcome must be what the permission table says of the object in the address, and a foreign record must answer byte
for byte as one that does not exist. Each request starts from the same database; one that changed it puts it back.
"""

from __future__ import annotations

import datetime as dt
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask, g
from werkzeug.routing import Rule

from outreach.app import create_app
from outreach.auth.actors import ANYBODY, NOTHING
from outreach.auth.permissions import may, sees
from outreach.errors import NotFound, Problem
from outreach.storage import db
from outreach.storage.queries import access
from outreach.storage.tables import User
from outreach.web.guard import PACKAGE_ENDPOINTS, action_of
from tests.auth.world import (
    CASES,
    FORM,
    MIXED,
    NONEXISTENT,
    ONLY_HERE,
    OTHER_OPERATION,
    OTHER_SERVICE,
    OWN,
    PLACING,
    VALUES,
    a_world,
)
from tests.conftest import Browser, settings, token_of
from tests.factories import PASSWORD

NOW = dt.datetime(2017, 10, 12, 2, 0, tzinfo=dt.UTC)  # inside the window of both operations

ACTORS = (
    "anonymous",
    "without a role",
    "administrator",
    "operation coordinator",
    "operation coordinator of every operation",
    "operation coordinator, other operation",
    "service coordinator",
    "service coordinator, other service",
    "service coordinator, bound to the other operation",
    "field officer",
    "field officer, other service",
    "field officer without a team",
    "liaison",
    "liaison, other agency",
    "commander",
    "commander, other operation",
    "analyst",
    "analyst, other operation",
)

# Let in by the table, and yet not found: what the view is asked for is not there in this world.
NOT_THERE = {
    "admin.set_language": "an empty form names no language",
    "admin.set_theme": "an empty form names no theme",
    "admin.welcome": "no such link",
    "field.calendar_feed": "no such link",
    "admin.set_first_password": "no such link",
    "admin.send_kept": "nothing is kept",
    "ready.printed_sheets": "nothing was printed",
    "admin.style": "only in development",
    "field.app_file": "no such version",
    "static": "no such file",
    "security.static": "no such file",
}
# Accounts that work with persons of one service alone; held against every page of persons, whatever its loader says.
OWN_SERVICE = frozenset({"service coordinator", "field officer", "field officer without a team"})
NOT_OURS = frozenset({OTHER_SERVICE, OTHER_OPERATION, *MIXED})
REFUSED, HIDDEN, DOOR, ADMITTED = "not allowed", "not found", "sign-in", "let in"


@dataclass
class Site:
    """The walked site: one database, kept as it was; a cookie and a token for every account."""

    app: Flask
    world: Any
    file: Path
    kept: Path
    cookies: dict[str, str]
    tokens: dict[str, str]

    def restore(self) -> None:
        db.session.remove()
        db.engine.dispose()
        for end in ("-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        shutil.copyfile(self.kept, self.file)

    def ask(self, actor: str, method: str, address: str, form: dict[str, Any]) -> Any:
        """One request of ``actor``; whatever it changed is put back."""
        client = self.app.test_client()
        client.set_cookie("outreach", self.cookies[actor])
        data = {**form, "csrf_token": self.tokens[actor]} if method != "GET" else None
        answer = client.open(address, method=method, data=data)
        answer.get_data()
        answer.close()
        if method != "GET" and answer.status_code < 400:
            self.restore()
        return answer


@pytest.fixture(scope="module")
def site(empty_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("walk") / "instance"
    shutil.copytree(empty_site, folder)
    app = create_app(settings(folder))
    app.test_client_class = Browser
    with time_machine.travel(NOW, tick=False), app.app_context():
        world = a_world()
        cookies, tokens = {}, {}
        for name, user in world.actors.items():
            client = app.test_client()
            page = client.get("/sign-in")
            if user is not None:
                data = {"email": user.email, "password": PASSWORD, "csrf_token": token_of(page)}
                assert client.post("/sign-in", data=data).status_code in (302, 303)
                page = client.get("/account")
            cookies[name], tokens[name] = client.get_cookie("outreach").value, token_of(page)
        world.actors = {name: user.id if user else None for name, user in world.actors.items()}
        file = app.config["OUTREACH"].sqlite_file
        with db.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.session.expunge_all()
        db.session.remove()
        db.engine.dispose()
        kept = folder / "kept.sqlite3"
        shutil.copyfile(file, kept)
        yield Site(app, world, file, kept, cookies, tokens)
        db.session.remove()
        db.engine.dispose()


def test_the_walk_knows_every_account_of_its_world(app):
    assert tuple(a_world().actors) == ACTORS


def rules_of(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods)))


def test_every_argument_of_an_address_stands_in_the_table(app):
    unknown = {f"<{name}> in {rule.rule}" for rule in rules_of(app) for name in rule.arguments if name not in VALUES}
    assert not unknown, "add them to VALUES in tests/auth/world.py"


def cases_of(rule: Rule, view: Any) -> tuple[str, ...]:
    """The cases in which the address differs."""
    if not rule.arguments and getattr(view, "load", None) is None:
        return (OWN,)
    mixed = tuple(MIXED) if rule.arguments & PLACING and rule.arguments - PLACING else ()
    return CASES + mixed


def values_of(site: Site, rule: Rule, case: str) -> dict[str, Any]:
    return {
        name: VALUES[name](site.world, MIXED.get(case, case) if name not in PLACING else _placing(case), rule.rule)
        for name in rule.arguments
    }


def _placing(case: str) -> str:
    return OWN if case in MIXED else case


def form_of(site: Site, case: str) -> dict[str, Any]:
    return {name: value(site.world, MIXED.get(case, case), "") for name, value in FORM.items()}


def expected(site: Site, actor: Any, view: Any, action: str, address: str, method: str, values: Any, form: Any) -> str:
    """What the permission table says: of nothing in particular, or of the object that the loader finds."""
    if actor.user is None and not may(actor, action, NOTHING):
        return DOOR
    load = getattr(view, "load", None)
    if load is None:
        return ADMITTED if may(actor, action, NOTHING) else REFUSED
    with site.app.test_request_context(address, method=method, data=form if method != "GET" else None):
        g.actor = actor
        try:
            target = load(**values)[0]
        except NotFound:
            return HIDDEN
        except Problem as problem:
            raise AssertionError(f"the loader of {address} raised {problem!r}") from problem
    if not sees(actor, action, target):
        return HIDDEN
    return ADMITTED if may(actor, action, target) else REFUSED


def outcome(answer: Any) -> str:
    if answer.status_code == 404:
        return HIDDEN
    if answer.status_code == 403:
        return REFUSED
    if answer.status_code in (302, 303) and answer.headers["Location"].startswith("/sign-in"):
        return DOOR
    return ADMITTED


def face(answer: Any) -> tuple[Any, ...]:
    """Everything of an answer that somebody could compare."""
    headers = sorted((k, v) for k, v in answer.headers if k not in ("Date", "Set-Cookie"))
    return answer.status_code, headers, answer.get_data()


@pytest.mark.parametrize("name", ACTORS)
@pytest.mark.timeout(900)
def test_every_route_answers_as_the_table_says(site: Site, name: str) -> None:
    wrong = list(_walk(site, name))
    assert not wrong, f"{len(wrong)} of the answers to {name}:\n" + "\n".join(wrong)


def _walk(site: Site, name: str) -> Iterator[str]:
    user_id = site.world.actors[name]
    adapter = site.app.url_map.bind("localhost")
    for rule in rules_of(site.app):
        view, action = site.app.view_functions[rule.endpoint], action_of(site.app, rule.endpoint)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            faces: dict[str, Any] = {}
            asked = []
            for case in cases_of(rule, view):
                values = values_of(site, rule, case)
                address = adapter.build(rule.endpoint, values, method=method)
                form = form_of(site, case)
                actor = access.actor_of(db.session.get(User, user_id)) if user_id else ANYBODY
                want = expected(site, actor, view, action, address, method, values, form)
                db.session.remove()
                asked.append((case, values, address, form, want))
            for case, values, address, form, want in thinned(asked, name, rule, method, view):
                answer = site.ask(name, method, address, form)
                got = outcome(answer)
                where = f"  {method} {rule.rule} [{case}] ({action})"
                if answer.status_code >= 500:
                    yield f"{where}: {answer.status_code}"
                elif rule.endpoint in PACKAGE_ENDPOINTS:
                    if want == DOOR and got != DOOR:
                        yield f"{where}: {answer.status_code} without signing in"
                elif got != want and not (want == ADMITTED and _may_miss(rule, values, got, method, case)):
                    yield f"{where}: {got} ({answer.status_code}), the table says {want}"
                if name in ONLY_HERE and case == OTHER_OPERATION and "code" in rule.arguments and got != HIDDEN:
                    yield f"{where}: an account of one operation learnt of another ({answer.status_code})"
                if name in OWN_SERVICE and view_of_persons(view) and case in NOT_OURS and got != HIDDEN:
                    yield f"{where}: an account of one service learnt of another's record ({answer.status_code})"
                if got == HIDDEN:
                    faces[case] = face(answer)
            yield from _differences(rule, method, faces)


def thinned(asked: list[Any], name: str, rule: Rule, method: str, view: Any) -> list[Any]:
    """All cases where the table lets anybody in; where it lets nobody in, what is one's own, what does not exist, and
    one of the others, another for each account: the door is the same, and together the accounts try them all."""
    closed = all(want in (HIDDEN, REFUSED, DOOR) for *_, want in asked)
    if not closed or len(asked) <= 3 or (name in OWN_SERVICE and view_of_persons(view)):
        return asked
    kept = {OWN, NONEXISTENT}
    others = [case for case, *_ in asked if case not in kept]
    kept.add(others[zlib.crc32(f"{ACTORS.index(name)} {method} {rule.rule}".encode()) % len(others)])
    return [one for one in asked if one[0] in kept]


def view_of_persons(view: Any) -> bool:
    """Whether the page is about single persons; the figures' workbook leaves out whom the reader may not see."""
    return getattr(view, "person_level", False) and view.action != "workbook.export"


def _may_miss(rule: Rule, values: dict[str, Any], got: str, method: str, case: str) -> bool:
    """Admitted to the place, and yet: the record in it does not exist, or the page needs more than an empty form."""
    if got == DOOR:  # signing out everywhere, and its like
        return method == "POST" and rule.endpoint.startswith(("admin.", "security."))
    if got != HIDDEN:
        return False
    return rule.endpoint in NOT_THERE or (case != OWN and bool(rule.arguments - PLACING))


def _differences(rule: Rule, method: str, faces: dict[str, Any]) -> Iterator[str]:
    """A foreign record must not differ from one that does not exist."""
    for nothing in (NONEXISTENT, "own path, no record"):
        for case, seen in faces.items():
            if nothing in faces and seen != faces[nothing]:
                yield f"  {method} {rule.rule}: [{case}] can be told from [{nothing}]"
