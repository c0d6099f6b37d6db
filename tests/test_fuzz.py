"""Hostile values in every query parameter, address and form field that the pages know: never an error of ours.

Seeded, so that a failure comes back; bounded, so that it stays quick. The parameters are read from the source, so that
a new one is tried without being told.
"""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path
from typing import Any

import pytest
import time_machine
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError

import outreach
from outreach.storage import db
from tests.auth.test_walk import NOW
from tests.auth.world import OWN, VALUES, a_world
from tests.conftest import token_of

SEED = 20171018
SOURCE = Path(outreach.__file__).parent
HOSTILE = (
    "",
    "\x00",
    "a\x00b",
    "²",
    "٣",
    "-1",
    "0",
    "00029999999999",
    "9999999999",
    "9" * 25,
    "9" * 5000,
    "1e9",
    "NaN",
    "true",
    "%",
    "_%_'",
    "' OR 1=1 --",
    '<script>alert("x")</script>',
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "=1+1",
    "//evil.example",
    "/\\evil.example",
    "http://evil.example/",
    "\r\nSet-Cookie: a=b",
    "../../etc/passwd",
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59:59-23:59",
    "2017-10-18T25:61",
    "2017-13-40",
    "24:61",
    "\ud7ff\U0010ffff\u202e\u200b",
    "e" + "\u0301" * 3000,
    "Ａ" * 300,
    "x" * 100_000,
    "[" * 50_000,
    '{"Operation": [[1e999, "\\ud800"]]}',
)
LONG = 2_000  # an address is no longer than what servers accept
NOT_TRIED = {"admin.remove_sample", "admin.sign_out_everywhere", "security.logout", "admin.disable"}


def query_names() -> list[str]:
    """Every parameter that some view takes from an address."""
    names = {"page", "next"}
    for file in SOURCE.rglob("*.py"):
        text = file.read_text()
        names |= set(re.findall(r"""request\.args(?:\.get\(|\[)["'](\w+)""", text))
    return sorted(names)


def field_names(page: str) -> set[str]:
    """Every field of a page's forms."""
    return set(re.findall(r'<(?:input|select|textarea|button)\b[^>]*?\bname="([^"]+)"', page)) - {"csrf_token"}


def pages_of(app: Any, world: Any, method: str) -> list[tuple[str, str]]:
    """``(endpoint, address)`` of every rule of the method, of things that exist."""
    adapter = app.url_map.bind("localhost")
    found = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if method in rule.methods and not rule.endpoint.endswith("static") and rule.endpoint not in NOT_TRIED:
            values = {name: VALUES[name](world, OWN, rule.rule) for name in rule.arguments}
            found.append((rule.endpoint, adapter.build(rule.endpoint, values, method=method)))
    return found


@pytest.fixture
def site(app, signed_in):
    """The world of the walk, and three accounts that together reach every page."""
    app.testing = app.config["PROPAGATE_EXCEPTIONS"] = False  # an error becomes a page, as on a server
    with time_machine.travel(NOW, tick=False):
        world = a_world()
        names = ("administrator", "operation coordinator of every operation", "service coordinator", "field officer")
        yield app, world, [signed_in(world.actors[name]) for name in (*names, "liaison")]


def answers(client: Any, method: str, address: str, **more: Any) -> Any:
    """The response; what the code below the error pages raises by itself is refused here."""
    answer = client.open(address, method=method, **more)
    answer.get_data()
    answer.close()
    return answer


def test_no_query_parameter_breaks_a_page(site):
    app, world, clients = site
    names, random_ = query_names(), random.Random(SEED)
    broken = []
    for endpoint, address in pages_of(app, world, "GET"):
        let_in = [client for client in clients if client.get(address).status_code in (200, 422)]
        # Each round gives every parameter a value of its own, so that all of them meet all in a few requests. Who else
        # may see the page does not change how an address is read: two accounts are enough.
        for client in dict.fromkeys([*let_in[:1], *let_in[-1:]]):
            given = {name: random_.choice(HOSTILE)[:LONG] for name in names}
            answer = answers(client, "GET", address, query_string=given)
            if answer.status_code >= 500 or "evil.example" in answer.headers.get("Location", ""):
                broken.append(f"{endpoint}: {answer.status_code} with {given!r}")
    assert not broken, "\n".join(broken)


@pytest.mark.any_database
def test_no_single_query_parameter_breaks_the_pages_of_one_service(site):
    _, world, clients = site
    here = "/operations/WALK-HERE"
    service = f"{here}/services/{world.corners[OWN].service}"
    administrator, _, coordinator, *_ = clients
    tried = (
        (coordinator, f"{service}/contacts", ("page", "day", "team")),
        (coordinator, f"{service}/charges", ("as_of",)),
        (coordinator, f"{here}/figures/persons_met", ("service", "day", "as_of", "page")),
        (administrator, "/journal", ("person", "operation", "page")),
        (administrator, "/people", ("q", "page")),
    )
    broken = [
        f"{address}?{name}={value!r}: {answer.status_code}"
        for client, address, names in tried
        for name, value in itertools.product(names, HOSTILE)
        if (answer := answers(client, "GET", address, query_string={name: value[:LONG]})).status_code >= 500
    ]
    assert not broken, "\n".join(broken)


def test_no_address_breaks_a_page(site):
    app, world, clients = site
    adapter, broken = app.url_map.bind("localhost"), []
    random_ = random.Random(SEED)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if not rule.arguments or "GET" not in rule.methods or rule.endpoint.endswith("static"):
            continue
        for name in sorted(rule.arguments):
            for value in random_.sample(HOSTILE, 8):
                values = {other: VALUES[other](world, OWN, rule.rule) for other in rule.arguments}
                try:
                    address = adapter.build(rule.endpoint, values).replace(f"/{values[name]}", f"/{quoted(value)}", 1)
                except (BuildError, HTTPException):
                    continue
                client = random_.choice(clients)
                if answers(client, "GET", address).status_code >= 500:
                    broken.append(f"{rule.endpoint}: {name}={value[:40]!r}")
    assert not broken, "\n".join(broken)


def quoted(value: str) -> str:
    from urllib.parse import quote

    return quote(value[:LONG], safe="")


def test_no_form_field_breaks_a_page(site):
    app, world, clients = site
    random_, broken = random.Random(SEED), []
    known = {}
    for _, address in pages_of(app, world, "GET"):
        for client in clients:
            page = answers(client, "GET", address)
            if page.status_code == 200 and page.mimetype == "text/html":
                known[address] = field_names(page.text)
                break
    everywhere = sorted(set().union(*known.values()))
    tokens = [token_of(client.get("/account")) for client in clients]
    for endpoint, address in pages_of(app, world, "POST"):
        # The fields of the page the form stands on where there is one, and some of any other page.
        own = sorted(known.get(address, set())) or everywhere
        for client, token in zip(clients, tokens, strict=True):
            chosen = random_.sample(everywhere, min(6, len(everywhere))) + own[:60]
            fields = {name: random_.choice(HOSTILE) for name in chosen}
            fields |= {"team": world.corners[OWN].team_uid, "csrf_token": token}
            answer = answers(client, "POST", address, data=fields)
            if answer.status_code >= 500 or "evil.example" in answer.headers.get("Location", ""):
                broken.append(f"{endpoint}: {answer.status_code} with { {k: v[:40] for k, v in fields.items()}!r}")
    db.session.rollback()
    assert not broken, f"{len(broken)}:\n" + "\n".join(broken[:20])


@pytest.mark.parametrize("count", ["00029999999999", "²", "٣", "9" * 5000])
def test_a_count_of_persons_with_many_digits_is_refused_and_does_not_count_for_ever(site, count):
    _, world, clients = site
    officer, page = clients[3], f"/field/log/{world.corners[OWN].draft}"
    token = token_of(officer.get("/account"))
    assert officer.post(f"{page}/what", data={"answer": "several", "csrf_token": token}).status_code == 303
    assert officer.post(f"{page}/count", data={"answer": count, "csrf_token": token}).status_code == 422
