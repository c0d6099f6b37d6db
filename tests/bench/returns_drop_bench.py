"""46 returns of 200 rows dropped at once onto the running server, read and taken; what a reading child costs at most.

The files are made by the site itself and filled in as a spreadsheet program would. Everything goes over HTTP as a
browser without script sends it.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import openpyxl

from outreach.app import create_app
from outreach.returns import return_rules, template_commands
from outreach.storage import db
from outreach.storage.queries import access
from outreach.storage.schema import bring_up_to_date
from outreach.vocab import EntryMode, Role
from tests import factories as site
from tests.bench.load import SignedIn, site_server
from tests.conftest import settings
from tests.factories import PASSWORD

SERVICES, ROWS = 46, 200
OPERATION = "DROP-46"


def rows() -> list[dict[str, Any]]:
    """Rows of the bench table."""
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        files, email = _prepare(instance)
        peak = _peak(instance, files[0][1])
        with site_server(instance) as port:
            browser = SignedIn(port, email, PASSWORD)
            begun = time.perf_counter()
            drop = _post(port, browser, f"/operations/{OPERATION}/returns", files)
            stored = time.perf_counter() - begun
            slowest = _until_done(browser, drop)
            read = time.perf_counter() - begun
            _press(port, browser, drop + "/take")
            _until_done(browser, drop)
            taken = time.perf_counter() - begun
            page = browser.get(drop)
        assert len(re.findall(r"tag--signed", page)) == SERVICES, page
    return [
        _row("returns.drop_46_stored", stored, "s"),
        _row("returns.drop_46_read", read, "s", 120),
        _row("returns.drop_46_read_and_taken", taken, "s"),
        _row("returns.drop_page_slowest_meanwhile", slowest, "s"),
        _row("returns.reading_child_peak", peak, "MiB", 256),
    ]


def _row(name: str, value: float, unit: str, goal: float | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "goal": goal,
        "met": None if goal is None else value <= goal,
    }


def _prepare(instance: Path) -> tuple[list[tuple[str, bytes]], str]:
    """A site with 46 services, half of them logging contacts; each with its filled-in workbook."""
    app = create_app(settings(instance))
    with app.app_context():
        bring_up_to_date()
        operation = site.an_operation(OPERATION)
        steering = site.a_user(Role.OPERATION_COORDINATOR)
        for number in range(SERVICES):
            service = site.a_service(f"Town {number:02} Police")
            site.a_participation(operation, service, entry_mode=EntryMode.CONTACTS)
        made = template_commands.issues(access.actor_of(steering), operation, "en")
        files = [(name, _filled(template_commands.content_of(asked))) for name, asked in template_commands.named(made)]
        email = steering.email
        db.session.remove()
        db.engine.dispose()
    return files, email


def _filled(content: bytes) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book[return_rules.TITLES[return_rules.CONTACTS]]
    columns = {sheet.cell(return_rules.CODES_ROW, n).value: n for n in range(1, sheet.max_column + 1)}
    for number in range(ROWS):
        said = {
            "day": f"2017-10-{10 + number % 7}",
            "time": f"{18 + number % 5}:{number % 60:02}",
            "result": "Met",
            "agreed": "Yes",
            "age": "19 to 24",
            "answer": ("Accepted", "Declined", "Undecided")[number % 3],
        }
        for code, text in said.items():
            sheet.cell(return_rules.FIRST_ROW + number, columns[code]).value = text
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _post(port: int, browser: SignedIn, path: str, files: list[tuple[str, bytes]]) -> str:
    """Send every file in one form; where the answer leads."""
    edge = uuid.uuid4().hex
    parts = [_field(edge, "csrf_token", browser.token), _field(edge, "drop", str(uuid.uuid4()))]
    for name, content in files:
        head = f'--{edge}\r\nContent-Disposition: form-data; name="workbooks"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    body = b"".join([*parts, f"--{edge}--\r\n".encode()])
    return _send(port, browser, path, body, f"multipart/form-data; boundary={edge}")


def _field(edge: str, name: str, value: str) -> bytes:
    return f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def _press(port: int, browser: SignedIn, path: str) -> None:
    _send(port, browser, path, f"csrf_token={browser.token}".encode(), "application/x-www-form-urlencoded")


def _send(port: int, browser: SignedIn, path: str, body: bytes, kind: str) -> str:
    with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request("POST", path, body, {"Cookie": browser.cookie, "Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 303:
            raise RuntimeError(f"{path} answered {answer.status}: {text[:500]!r}")
        return answer.getheader("Location") or ""


def _until_done(browser: SignedIn, drop: str) -> float:
    """Look at the page until nothing waits; the slowest look."""
    slowest = 0.0
    for _ in range(600):
        begun = time.perf_counter()
        page = browser.get(drop)
        slowest = max(slowest, time.perf_counter() - begun)
        if 'data-waiting="0"' in page:
            return slowest
        time.sleep(0.5)
    raise RuntimeError("the drop was never done")


PEAK = """
import resource, sys
from outreach.plan import capped
from outreach.returns import workbook_reader
content = open(sys.argv[1], "rb").read()
answer = capped.ask(workbook_reader.__file__, content, seconds=60, most=workbook_reader.ANSWER, burst="burst")
assert "sheets" in answer, answer
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def _peak(folder: Path, content: bytes) -> float:
    """Largest memory of a reading child, in MiB, as a small process sees it: a child begins with its parent's peak."""
    file = folder / "one.xlsx"
    file.write_bytes(content)
    done = subprocess.run([sys.executable, "-c", PEAK, str(file)], capture_output=True, text=True, check=True)
    return float(done.stdout)
