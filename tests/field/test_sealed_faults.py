"""Sealed records over a bad network to two real workers: the soak of ``tests/bench`` in a lean form."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.bench import offline_soak
from tests.bench.fault_proxy import AFTER, BEFORE, DOUBLED, FaultProxy, Weather
from tests.bench.hostile import HOSTILE
from tests.bench.sealed_phones import Place, a_running_site


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with a_running_site() as found:
        yield found


def missed(rows) -> list[str]:
    return [f"{row['name']} {row['value']} {row['unit']}" for row in rows if row["met"] is False]


def test_records_that_were_cut_doubled_and_out_of_order_are_stored_once_each(place):
    rows = offline_soak.stored_once(place, count=150, twins=12, officers=2)
    assert missed(rows) == []
    did = {row["name"].rpartition("_")[2]: row["value"] for row in rows}
    assert did["before"] and did["after"] and did["twice"] and did["later"], "the network was bad"


def test_what_was_tampered_with_is_rejected_and_stays_on_the_phone(place):
    assert missed(offline_soak.tampered(place, count=48)) == []


def test_what_came_while_the_key_was_away_is_opened_when_it_is_back(place):
    assert missed(offline_soak.backlog(place, count=60)) == []


def test_the_bad_network_does_the_same_again_from_the_same_seed():
    def drawn(seed: int) -> list[str]:
        proxy = FaultProxy(0, seed=seed)
        return [Weather(before=0.2, after=0.2, doubled=0.2).draw(proxy.chance) for _ in range(200)]

    assert drawn(4) == drawn(4) != drawn(5)
    assert {*BEFORE, *AFTER, *DOUBLED} < set(drawn(4))


def test_without_signal_no_request_gets_through():
    with FaultProxy(1, signal=False).running() as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as link:
        link.settimeout(5)
        try:
            link.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert link.recv(100) == b""
        except ConnectionError:
            pass
    assert proxy.asked == []


def test_there_are_fifty_hostile_answers():
    assert len(HOSTILE) >= 50
