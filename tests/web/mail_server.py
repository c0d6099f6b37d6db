"""A real mail server on this machine: it takes letters, refuses some addresses, can offer TLS and ask a password."""

from __future__ import annotations

import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Postbox:
    """What arrived, by address; ``refuse``: addresses that no mailbox has; ``connections``: how many were opened."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        self.refuse: set[str] = set()
        self.refuse_sender = False
        self.hang_up_after = 0
        self.connections = 0

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> Any:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.refuse_sender:
            return "550 not you"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in self.refuse:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        for address in envelope.rcpt_tos:
            self.letters.append((address, message))
        if self.hang_up_after and len(self.letters) % self.hang_up_after == 0:
            server.transport.close()
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        return [message for one, message in self.letters if one == address]


class Door(Controller):
    """The server on a port that the system chose."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def text_of(message: EmailMessage) -> str:
    return str(message.get_content())


def mail_server(
    box: Postbox, *, context: ssl.SSLContext | None = None, password: str = "", wrapped: bool = False
) -> Controller:
    """A server on a free port of this machine; start and stop it."""

    def open_door(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        good = isinstance(given, LoginPassword) and given.password == password.encode()
        return AuthResult(success=good, handled=False)

    more: dict[str, Any] = {"ssl_context": context} if wrapped else {"tls_context": context}
    if password:
        more |= {"authenticator": open_door, "auth_require_tls": False}
    return Door(box, hostname="127.0.0.1", port=0, **more)
