"""The tests themselves cannot reach another machine."""

import socket

import pytest

from tests.network import OutsideNetworkError


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org"])
def test_another_machine_cannot_be_reached(host):
    with pytest.raises(OutsideNetworkError):
        socket.create_connection((host, 80), timeout=1)


def test_a_server_on_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        pass


def test_datagrams_are_stopped_too():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, pytest.raises(OutsideNetworkError):
        sender.sendto(b"", ("192.0.2.1", 9))
