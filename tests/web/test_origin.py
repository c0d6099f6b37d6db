"""Unsafe requests that come from another site, or without this site's token, change nothing."""

import pytest
from werkzeug.routing import IntegerConverter

from outreach.vocab import Role
from tests.conftest import token_of
from tests.factories import a_user


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_request_that_says_it_comes_from_elsewhere_is_refused(app, signed_in, headers):
    client = signed_in(a_user(Role.ADMINISTRATOR))
    token = token_of(client.get("/account"))
    answer = client.post("/theme", data={"theme": "night", "csrf_token": token}, headers=headers)
    assert answer.status_code == 400
    assert 'class="night"' not in client.get("/account").text


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://localhost"}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}]
)
def test_a_request_of_this_site_is_taken(app, signed_in, headers):
    client = signed_in(a_user(Role.ADMINISTRATOR))
    token = token_of(client.get("/account"))
    assert client.post("/theme", data={"theme": "night", "csrf_token": token}, headers=headers).status_code == 303
    assert 'class="night"' in client.get("/account").text


def test_every_unsafe_route_refuses_a_missing_and_a_foreign_token(app, signed_in):
    """Generated from the map of addresses: a new route is here by itself. What carries a proof of its own (phones) is
    refused for having none."""
    client = signed_in(a_user(Role.ADMINISTRATOR))
    foreign = token_of(app.test_client().get("/sign-in"))
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        unsafe = rule.methods - {"GET", "HEAD", "OPTIONS"}
        values = {name: 1 if isinstance(conv, IntegerConverter) else "x" for name, conv in rule._converters.items()}
        refused = {400, 401, 422} if getattr(app.view_functions[rule.endpoint], "proven", False) else {400}
        for method in unsafe:
            address = adapter.build(rule.endpoint, values, method=method)
            for data in ({}, {"csrf_token": foreign}, {"csrf_token": "x"}):
                answer = client.open(address, method=method, data=data)
                assert answer.status_code in refused, f"{method} {address} took {data}"
