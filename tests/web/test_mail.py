"""Letters leave through a real mail server on this machine, and each says what became of it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from outreach.web import mail
from outreach.web.mail import Letter, Posted
from tests.conftest import settings
from tests.web.mail_server import Postbox, mail_server, text_of


@pytest.fixture
def box():
    return Postbox()


@pytest.fixture
def server(box):
    controller = mail_server(box)
    controller.start()
    yield controller
    controller.stop()


def site(tmp_path, controller, scheme="smtp", user=""):
    url = f"{scheme}://{user}127.0.0.1:{controller.port}"
    return settings(tmp_path, smtp_url=url, mail_from="Outreach <outreach@example.org>")


def letter(key, to, subject="Invitation", text="Bonjour à vous"):
    return Letter(key, to, subject, text)


def test_many_letters_leave_over_one_connection(tmp_path, server, box):
    letters = [letter(n, f"desk{n}@example.org") for n in range(5)]
    assert list(mail.send(site(tmp_path, server), letters)) == [Posted(n) for n in range(5)]
    assert box.connections == 1 and len(box.letters) == 5
    message = box.to("desk3@example.org")[0]
    assert message["To"] == "desk3@example.org" and message["From"] == "Outreach <outreach@example.org>"
    assert message["Subject"] == "Invitation" and text_of(message).strip() == "Bonjour à vous"
    assert message["Message-ID"].endswith("@example.org>") and message["Date"]


def test_a_refused_recipient_does_not_stop_the_rest(tmp_path, server, box):
    box.refuse = {"gone@example.org"}
    letters = [letter(1, "a@example.org"), letter(2, "gone@example.org"), letter(3, "b@example.org")]
    assert list(mail.send(site(tmp_path, server), letters)) == [Posted(1), Posted(2, "refused"), Posted(3)]
    assert [address for address, _ in box.letters] == ["a@example.org", "b@example.org"]


def test_a_server_that_refuses_us_is_said_so(tmp_path, server, box):
    box.refuse_sender = True
    assert list(mail.send(site(tmp_path, server), [letter(1, "a@example.org")])) == [Posted(1, "sender")]


def test_a_server_that_is_down_is_asked_once(tmp_path, box):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    down = settings(tmp_path, smtp_url=f"smtp://127.0.0.1:{port}", mail_from="outreach@example.org")
    found = list(mail.send(down, [letter(1, "a@example.org"), letter(2, "b@example.org")]))
    assert found == [Posted(1, "unreachable"), Posted(2, "unreachable")]


def test_a_connection_that_breaks_is_made_anew(tmp_path, server, box):
    box.hang_up_after = 2
    letters = [letter(n, f"desk{n}@example.org") for n in range(4)]
    found = list(mail.send(site(tmp_path, server), letters))
    assert [one.key for one in found] == [0, 1, 2, 3]
    assert {address for address, _ in box.letters} == {f"desk{n}@example.org" for n in range(4)}
    assert box.connections > 1


@pytest.mark.parametrize(
    "to", ["", "no address", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org", "a@example.org\x00"]
)
def test_what_is_not_exactly_one_address_never_leaves(tmp_path, server, box, to):
    assert list(mail.send(site(tmp_path, server), [letter(1, to)])) == [Posted(1, "address")]
    assert box.letters == []


def test_a_subject_cannot_add_a_header(tmp_path, server, box):
    subject = "Op\r\nBcc: everybody@example.org\u2028X\x0b: y"
    assert list(mail.send(site(tmp_path, server), [letter(1, "a@example.org", subject)])) == [Posted(1)]
    [(_, message)] = box.letters
    assert message["Bcc"] is None and message["Subject"] == "Op Bcc: everybody@example.org X : y"


def test_a_line_of_the_text_cannot_end_the_letter(tmp_path, server, box):
    assert list(
        mail.send(site(tmp_path, server), [letter(1, "a@example.org", text="one\r\n.\r\nMAIL FROM:<x@y>")])
    ) == [Posted(1)]
    assert len(box.letters) == 1 and "MAIL FROM" in text_of(box.letters[0][1])


def test_with_a_password_the_door_opens_and_with_a_wrong_one_not(tmp_path, box):
    controller = mail_server(box, password="open sesame")
    controller.start()
    try:
        good = site(tmp_path, controller, user="desk:open%20sesame@")
        assert list(mail.send(good, [letter(1, "a@example.org")])) == [Posted(1)]
        bad = site(tmp_path, controller, user="desk:wrong@")
        assert list(mail.send(bad, [letter(1, "a@example.org"), letter(2, "b@example.org")])) == [
            Posted(1, "sign_in"),
            Posted(2, "sign_in"),
        ]
    finally:
        controller.stop()


def certificate(folder):
    """A server's certificate that signs itself, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(("scheme", "wrapped"), [("smtp", False), ("smtps", True)])
def test_tls_is_used_where_it_is_offered_and_a_stranger_is_not_believed(tmp_path, box, monkeypatch, scheme, wrapped):
    controller = mail_server(box, context=certificate(tmp_path), wrapped=wrapped)
    controller.start()
    try:
        found = list(mail.send(site(tmp_path, controller, scheme), [letter(1, "a@example.org")]))
        assert found == [Posted(1, "tls")] and box.letters == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        found = list(mail.send(site(tmp_path, controller, scheme), [letter(1, "a@example.org")]))
        assert found == [Posted(1)] and len(box.letters) == 1
    finally:
        controller.stop()


def test_a_password_never_travels_unencrypted_to_another_machine():
    class Plain:
        def ehlo(self):
            pass

        def has_extn(self, name):
            return False

        def login(self, user, password):
            raise AssertionError("the password left")

    with pytest.raises(mail._Refused) as refused:
        mail._make_safe(Plain(), mail.Server("mail.example.org", 587, False, "desk", "secret"))
    assert refused.value.code == "tls"


@pytest.mark.parametrize("url", ["", "http://mail.example.org", "smtp://", "mail.example.org:25"])
def test_what_is_no_mail_server_is_refused(url):
    with pytest.raises(ValueError, match="OUTREACH_SMTP_URL"):
        mail.server_of(url)


def test_ports_and_passwords_of_an_address():
    assert mail.server_of("smtp://mail.example.org").port == 587
    assert mail.server_of("smtps://u%40x:p%3Aw@mail.example.org") == mail.Server(
        "mail.example.org", 465, True, "u@x", "p:w"
    )


def test_letters_leave_beside_the_request_and_what_became_of_them_is_kept(app, tmp_path, server, box):
    import dataclasses

    app.config["OUTREACH"] = dataclasses.replace(
        app.config["OUTREACH"], smtp_url=site(tmp_path, server).smtp_url, mail_from="outreach@example.org"
    )
    kept = []
    mail.post(app, [letter(1, "a@example.org"), letter(2, "")], lambda key, trouble: kept.append((key, trouble)))
    mail.wait()
    assert kept == [(1, ""), (2, "address")]
