"""Closes the outside network for this process: only this machine and Unix sockets can be reached while tests run.

An audit hook cannot be taken out again and sees every connection that Python makes, whichever library makes it. What
other programs do (Chromium) is closed where they are started.
"""

import ipaddress
import sys


class OutsideNetworkError(RuntimeError):
    """A test tried to reach another machine."""


def is_this_machine(host: object) -> bool:
    """Whether `host`, a name or an address as the socket module gets it, stays on this machine."""
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse_outside(event: str, arguments: tuple) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        if not isinstance(address, tuple):  # a Unix socket's path
            return
        host = address[0]
    else:
        return
    if not is_this_machine(host):
        raise OutsideNetworkError(f"tests must not reach {host!r}")


def close_outside_network() -> None:
    """From here on, reaching another machine raises OutsideNetworkError. Cannot be undone in this process."""
    sys.addaudithook(_refuse_outside)
