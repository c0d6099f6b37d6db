"""The production server: gunicorn with threads. Starting and stopping only; the application is made in each worker."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Callable
from typing import Any

import click
from gunicorn.app.base import BaseApplication

WORKERS, THREADS = 2, 4


class Server(BaseApplication):
    """gunicorn told by Python instead of a file."""

    def __init__(self, create_app: Callable[[], Any], options: dict[str, Any]) -> None:
        self.create_app = create_app
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self.create_app()


def is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def leave_database(app: Any) -> None:
    """Close every connection before the workers fork: SQLite's locks do not survive a shared file descriptor."""
    from outreach.storage import db

    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def run(create_app: Callable[[], Any], host: str, port: int) -> None:
    """Serve until stopped. Exits 1 with a line when it would send cookies over an open network."""
    app = create_app()
    if not is_this_machine(host) and not app.config["OUTREACH"].tls:
        click.echo(
            f"--host {host}: other machines would reach this site without TLS. Set OUTREACH_PUBLIC_URL to its https:// "
            "address and put a TLS proxy in front (docs/deploy.md).",
            err=True,
        )
        sys.exit(1)
    with app.app_context():
        from outreach.storage.schema import bring_up_to_date

        bring_up_to_date()
    leave_database(app)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    Server(
        create_app,
        {
            "bind": address,
            "workers": WORKERS,
            "threads": THREADS,
            "worker_class": "gthread",
            "timeout": 60,
            "graceful_timeout": 10,
            "accesslog": None,
            "loglevel": "warning",
            "proc_name": "outreach",
            "control_socket_disable": True,
        },
    ).run()
