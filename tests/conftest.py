"""Fixtures for every test: a real, migrated database a test, the application on it, and clients that are signed in.

The migrated database is made once a process and copied, so that each test starts from a true empty site. Tests
marked ``any_database`` run a second time on a real PostgreSQL.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from outreach.app import create_app
from outreach.config import Settings
from outreach.storage import db, phone_keys, writing
from outreach.storage.schema import bring_up_to_date
from tests.factories import PASSWORD
from tests.network import close_outside_network
from tests.patient import wait_for_turns
from tests.postgres import Server, start
from tests.quick import compile_once, leave_modules_alone, work_in_memory

close_outside_network()
compile_once()
work_in_memory()
wait_for_turns()

# The same examples at each run, however long a busy machine takes over one: a run that fails is repeated by running it
# again. New examples are looked for by `--hypothesis-profile=default`.
hypothesis.settings.register_profile(
    "house", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")

_cheap_hash = {"argon2_time_cost": 1, "argon2_memory_kib": 8}


def settings(folder: Path, url: str | None = None, **more: Any) -> Settings:
    return Settings(
        instance_dir=folder,
        database_url=url or f"sqlite:///{folder / 'outreach.sqlite3'}",
        public_url="",
        development=False,
        testing=True,
        **{**_cheap_hash, **more},
    )


@pytest.fixture(scope="session")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with keys and a migrated, empty database, to be copied."""
    folder = tmp_path_factory.mktemp("empty-site")
    app = create_app(settings(folder))
    with app.app_context():
        bring_up_to_date()
        db.session.remove()
        db.engine.dispose()
    return folder


class Browser(FlaskClient):
    """A client whose requests start as clean as on a server, although the test holds an application context."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        for name in list(g):
            g.pop(name)
        db.session.rollback()
        answer = super().open(*args, **kwargs)
        db.session.rollback()
        return answer


@pytest.fixture(scope="session", autouse=True)
def key_pairs_are_made_once() -> Iterator[None]:
    """Real key pairs of full length, six a process in turn: making one takes longer than the test that needs it."""
    make, made, asked = phone_keys.rsa.generate_private_key, [], itertools.count()

    def next_pair(public_exponent: int, key_size: int) -> Any:
        number = next(asked)
        if number < 6:
            made.append(make(public_exponent=public_exponent, key_size=key_size))
        return made[number % 6]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phone_keys.rsa, "generate_private_key", next_pair)
        yield


@pytest.fixture
def instance(empty_site: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "instance"
    shutil.copytree(empty_site, folder)
    return folder


def pytest_collection_finish() -> None:
    leave_modules_alone()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server from a wheel that requirements-dev.lock names."""
    server = start()
    yield server
    server.close()


@pytest.fixture
def app(request: pytest.FixtureRequest, instance: Path) -> Iterator[Flask]:
    """The application on its own database; parametrised by ``any_database``."""
    with ExitStack() as stack:
        url = None
        if getattr(request, "param", "sqlite") == "postgresql":
            server = request.getfixturevalue("postgres")
            url = server.url(stack.enter_context(server.database(server.migrated(settings, instance))))
        app = create_app(settings(instance, url))
        app.test_client_class = Browser
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("any_database"):
        metafunc.parametrize("app", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def signed_in(app: Flask) -> Callable[..., FlaskClient]:
    """``signed_in(user)``: a client of its own that went through the real sign-in page."""

    def sign_in(user: Any) -> FlaskClient:
        client = app.test_client()
        email = user if isinstance(user, str) else user.email
        answer = client.post(
            "/sign-in", data={"email": email, "password": PASSWORD, "csrf_token": token_of(client.get("/sign-in"))}
        )
        assert answer.status_code in (302, 303), answer.text
        return client

    return sign_in


def token_of(response: Any) -> str:
    """The CSRF token of a page, as a browser would send it back."""
    import re

    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', response.text)
    assert found, f"no token on the page:\n{response.text[:500]}"
    return found.group(1)


def same_page(response: Any) -> bytes:
    """The bytes of a page without the signature in its CSRF tokens, which holds the second in which it was made."""
    import re

    return re.sub(rb'(name="csrf_token"[^>]*value=")[^"]+"', rb'\1"', response.data)


@pytest.fixture
def post(app: Flask) -> Callable[..., Any]:
    """``post(client, url, page=…, **fields)``: fetch the page for its token, then post as a browser does."""

    def send(client: FlaskClient, url: str, data: dict[str, Any] | None = None, *, page: str | None = None) -> Any:
        token = token_of(client.get(page or "/account"))
        return client.post(url, data={**(data or {}), "csrf_token": token})

    return send


__all__ = ["db", "same_page", "token_of", "writing"]
