"""The production server: gunicorn with threads. Starting and stopping only; the application is made in each worker."""

from __future__ import annotations

import gc
import ipaddress
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.sharedctypes import RawArray
from typing import Any

import click
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

WORKERS, THREADS = 2, 4
MOST_WORKERS = 64
LEAVE_IT = 0.001  # seconds


class EvenWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn comes without types
    """A worker with threads that leaves a new connection, for a moment, to a worker that has fewer.

    Browsers and proxies keep their connections. Whoever wakes first takes several of those that come together, and
    one worker then does most of the work while the other has little.
    """

    held = RawArray("i", MOST_WORKERS)  # connections of each worker, in memory that all of them share
    place = 0

    def accept(self, listener: Any) -> None:
        if has_more(self.nr_conns, self.held[: self.cfg.workers]):
            time.sleep(LEAVE_IT)
        super().accept(listener)
        self.held[self.place] = self.nr_conns

    def notify(self) -> None:
        super().notify()
        self.held[self.place] = self.nr_conns


def has_more(mine: int, held: Sequence[int]) -> bool:
    """Whether some worker holds fewer connections."""
    return mine > min(held)


def _place_worker(arbiter: Any, worker: Any) -> None:
    """Give a worker that is about to be forked the first free place in the shared memory."""
    taken = {other.place for other in arbiter.WORKERS.values()}
    worker.place = next(place for place in range(MOST_WORKERS) if place not in taken)
    EvenWorker.held[worker.place] = 0


def _ready(worker: Any) -> None:
    """What a worker does once it has forked and made its application: nothing of it is shared with another process."""
    _leave_the_application_alone()
    if "sqlalchemy" in worker.wsgi.extensions:
        from outreach.referrals.alert_views import begin

        begin(worker.wsgi)


def _leave_the_application_alone() -> None:
    """Stop looking for garbage in what was made at the start, and look less often: 3 % of a request went there."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


class Server(BaseApplication):
    """gunicorn told by Python instead of a file."""

    def __init__(self, create_app: Callable[[], Any], options: dict[str, Any]) -> None:
        self.create_app = create_app
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        own = {"pre_fork": _place_worker, "post_worker_init": _ready}
        for name, value in {"worker_class": EvenWorker, **own, **self.options}.items():
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
            "timeout": 60,
            "graceful_timeout": 10,
            "accesslog": None,
            "loglevel": "warning",
            "proc_name": "outreach",
            "control_socket_disable": True,
        },
    ).run()
