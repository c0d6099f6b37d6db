"""Sending letters by SMTP: one connection for many, a refused recipient does not stop the rest, no header injection.

What the letters say and to whom they go is the rooms' business; here they only leave. ``OUTREACH_SMTP_URL`` is
``smtp://user:password@host:587`` (STARTTLS where the server offers it) or ``smtps://host:465``. A password never
travels unencrypted, except to this machine itself.
"""

from __future__ import annotations

import smtplib
import ssl
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from email_validator import validate_email
from flask import Flask

from outreach.config import Settings
from outreach.errors import Unavailable

TIMEOUT = 20
NOTE_TRIES = 3


@dataclass(frozen=True)
class Server:
    """Where letters go out. ``wrapped``: TLS from the first byte."""

    host: str
    port: int
    wrapped: bool
    user: str = ""
    password: str = ""

    @property
    def here(self) -> bool:
        return self.host in ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Letter:
    """One letter to one address. ``key`` comes back with what became of it."""

    key: int
    to: str
    subject: str
    text: str


@dataclass(frozen=True)
class Posted:
    """What became of a letter: ``trouble`` is '' when the server took it, else a code.

    Codes: address, refused, sender, unreachable, sign_in, tls.
    """

    key: int
    trouble: str = ""


def server_of(url: str) -> Server:
    """Raises ``ValueError`` for what is no mail server's address."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("OUTREACH_SMTP_URL must look like smtp://user:password@host:587 or smtps://host:465")
    wrapped = parts.scheme == "smtps"
    return Server(
        parts.hostname,
        parts.port or (465 if wrapped else 587),
        wrapped,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def configured(settings: Settings) -> bool:
    """Whether letters can leave by e-mail: a server and our own address are set."""
    return bool(settings.smtp_url and settings.mail_from)


# --- one letter


def one_line(text: str) -> str:
    """Text for a header: control characters and line breaks become spaces."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join("".join(kept).split())


def message_of(letter: Letter, mail_from: str) -> EmailMessage:
    """The letter as it travels. Raises ``ValueError`` for an address that is not exactly one."""
    name, sender = parseaddr(one_line(mail_from))
    to = validate_email(letter.to, check_deliverability=False).normalized
    message = EmailMessage()
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


# --- many letters


class _Refused(Exception):
    """The server cannot be used at all; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _connect(server: Server, own_name: str) -> smtplib.SMTP:
    """A connection that is ready to take letters. Raises ``_Refused``."""
    connection: smtplib.SMTP | None = None
    try:
        if server.wrapped:
            connection = smtplib.SMTP_SSL(
                server.host,
                server.port,
                local_hostname=own_name,
                timeout=TIMEOUT,
                context=ssl.create_default_context(),
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, local_hostname=own_name, timeout=TIMEOUT)
        _make_safe(connection, server)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, ssl.SSLError):
            raise _Refused("tls") from error
        if isinstance(error, smtplib.SMTPAuthenticationError):
            raise _Refused("sign_in") from error
        if isinstance(error, (OSError, smtplib.SMTPException)):
            raise _Refused("unreachable") from error
        raise
    return connection


def _make_safe(connection: smtplib.SMTP, server: Server) -> None:
    connection.ehlo()
    safe = server.wrapped
    if not safe and connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
        safe = True
    if server.user:
        if not safe and not server.here:
            raise _Refused("tls")
        connection.login(server.user, server.password)


def send(settings: Settings, letters: Iterable[Letter]) -> Iterator[Posted]:
    """Send the letters one after the other over one connection; says of each what became of it as soon as it is known.

    A connection that breaks is made anew once for the letter at hand; a server that cannot be used is not asked again.
    """
    server = server_of(settings.smtp_url)
    sender = parseaddr(one_line(settings.mail_from))[1]
    own_name = sender.rpartition("@")[2] or "localhost"
    connection: smtplib.SMTP | None = None
    broken = ""
    try:
        for letter in letters:
            try:
                message = message_of(letter, settings.mail_from)
            except ValueError:
                yield Posted(letter.key, "address")
                continue
            trouble = broken
            for attempt in (1, 2):
                if broken:
                    break
                try:
                    connection = connection or _connect(server, own_name)
                    trouble = _hand_over(connection, message, sender, letter.to)
                    break
                except _Refused as refused:
                    connection, broken = None, refused.code
                    trouble = broken
                except smtplib.SMTPServerDisconnected:
                    _close(connection)
                    connection, trouble = None, "unreachable"
                    broken = trouble if attempt == 2 else ""
                except OSError:  # it may have taken the letter: asking again could send it twice
                    _close(connection)
                    connection, trouble, broken = None, "unreachable", "unreachable"
            yield Posted(letter.key, trouble)
    finally:
        _close(connection)


def _hand_over(connection: smtplib.SMTP, message: EmailMessage, sender: str, to: str) -> str:
    """Give the server one letter; the code of what it objects to, or ''."""
    try:
        connection.send_message(message, from_addr=sender, to_addrs=[to])
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPSenderRefused:
        return "sender"
    except (smtplib.SMTPException, ValueError):
        return "refused"
    return ""


def _close(connection: smtplib.SMTP | None) -> None:
    if connection is None:
        return
    try:
        connection.quit()
    except (OSError, smtplib.SMTPException):
        connection.close()


# --- beside the request


_at_work: set[threading.Thread] = set()


def post(app: Flask, letters: list[Letter], note: Callable[[int, str], Any]) -> None:
    """Send the letters beside the request and have ``note(key, trouble)`` keep what became of each.

    The page need not stay open. Call it after the commit: what was to be sent is then on record, and a letter that
    was still waiting when the server stopped is seen as not sent.
    """
    thread = threading.Thread(target=_work, args=(app, letters, note), name="outreach-mail", daemon=True)
    _at_work.add(thread)
    thread.start()


def _work(app: Flask, letters: list[Letter], note: Callable[[int, str], Any]) -> None:
    try:
        with app.app_context():
            for posted in send(app.config["OUTREACH"], letters):
                _keep(app, posted, note)
    except Exception:
        app.logger.exception("letters could not be sent")
    finally:
        _at_work.discard(threading.current_thread())


def _keep(app: Flask, posted: Posted, note: Callable[[int, str], Any]) -> None:
    for left in range(NOTE_TRIES, 0, -1):
        try:
            note(posted.key, posted.trouble)
            return
        except Unavailable:
            if left == 1:
                app.logger.error("what became of a letter could not be saved")


def wait(seconds: float = 30) -> None:
    """Wait until every letter that is on its way has left (for tests and for stopping in good order)."""
    for thread in list(_at_work):
        thread.join(seconds)
