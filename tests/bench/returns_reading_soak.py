"""Bent returns by the hundred, and every hostile workbook through the processes with limits, beside a running site."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from outreach.app import create_app
from outreach.errors import Unreadable
from outreach.returns import workbook_file, workbook_looker, workbook_reader
from outreach.storage import db
from outreach.storage.schema import bring_up_to_date
from tests.bench.load import site_server
from tests.bench.returns_bench import PEAK
from tests.conftest import settings
from tests.returns.hostile_books import HOSTILE, READ
from tests.returns.mutations import judge, mutated
from tests.returns.sent_back import TODAY, asked, mark

COUNT = 500
PAGE = "/sign-in"


def rows() -> list[dict[str, Any]]:
    outcomes = Counter(judge(mutated(seed))[0] for seed in range(COUNT))
    return [
        _row("returns.bent_files", COUNT, "files"),
        _row("returns.bent_read_exactly", outcomes["exact"], "files"),
        _row("returns.bent_refused_at_the_cell", outcomes["refused"], "files"),
        _row("returns.bent_misread", outcomes["misread"], "files", 0),
        *hostile(),
    ]


def hostile() -> list[dict[str, Any]]:
    """Each hostile file in turn; somebody opens a page of the site all the while."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder)))
        with app.app_context():
            bring_up_to_date()
            db.session.remove()
            db.engine.dispose()
        with site_server(Path(folder)) as port, Visitor(port) as visitor:
            judged = [_judge(name, Path(folder) / "file") for name in HOSTILE]
    wrong = [name for name, right, _, _ in judged if not right]
    if wrong:
        print("not as expected:", ", ".join(wrong), file=sys.stderr)
    return [
        _row("returns.hostile_files", len(judged), "files"),
        _row("returns.hostile_not_as_expected", len(wrong), "files", 0),
        _row("returns.hostile_slowest", max(seconds for *_, seconds, _ in judged), "s", 10),
        _row("returns.hostile_most_memory", max(memory for *_, memory in judged), "MiB", 256),
        _row("returns.page_median_meanwhile", statistics.median(visitor.seconds), "s"),
        _row("returns.page_slowest_meanwhile", max(visitor.seconds), "s"),
        _row("returns.page_failed_meanwhile", visitor.failed, "answers", 0),
    ]


def _row(name: str, value: float, unit: str, goal: float | None = None) -> dict[str, Any]:
    met = None if goal is None else value <= goal
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "met": met}


def _judge(name: str, path: Path) -> tuple[str, bool, float, float]:
    """Whether the answer is one that fits, its seconds, and the most memory that a reader had."""
    make, codes = HOSTILE[name]
    content = make()
    begun = time.perf_counter()
    try:
        workbook_file.read_return(content, mark, asked(), today=TODAY)
        code = READ
    except Unreadable as refused:
        code = refused.code
    seconds = time.perf_counter() - begun
    path.write_bytes(content)
    scripts = () if len(content) > workbook_file.LARGEST_FILE else (workbook_reader, workbook_looker)
    return name, code in codes, seconds, max((_peak(one.__file__, path) for one in scripts), default=0.0)


def _peak(script: str, path: Path) -> float:
    command = [sys.executable, "-c", PEAK, script, str(path)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


class Visitor:
    """Opens one page again and again until the block ends."""

    def __init__(self, port: int) -> None:
        self.port, self.seconds, self.failed = port, [0.0], 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._visit)

    def __enter__(self) -> Visitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _visit(self) -> None:
        while not self._over.wait(0.1):
            begun = time.perf_counter()
            link = HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                link.request("GET", PAGE)
                self.failed += link.getresponse().status != 200
            except OSError:
                self.failed += 1
            finally:
                link.close()
            self.seconds.append(time.perf_counter() - begun)
