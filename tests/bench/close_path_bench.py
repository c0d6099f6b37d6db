"""From the end of the window to the signed summary: 40 services signed online, six workbooks, three of them faulty.

The coordinator's whole path over HTTP against the running server, as a browser without script sends it. Every action of
hers is counted and given the time that it takes a person (reading a page, pressing, typing, mailing a file back); what
the site takes is measured. What services do meanwhile is their work, not hers.
"""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outreach.app import create_app
from outreach.auth.actors import SYSTEM
from outreach.returns import commands, sign_commands, template_commands
from outreach.returns.return_rules import Asked
from outreach.storage import db, writing
from outreach.storage.queries import access, operations
from outreach.storage.schema import bring_up_to_date
from outreach.vocab import EntryMode, Role
from tests import factories as site
from tests.bench.load import SignedIn, site_server
from tests.bench.returns_drop_bench import _post, _send, _until_done
from tests.conftest import settings
from tests.factories import PASSWORD
from tests.returns.books import Book

CODE = "CLOSE-46"
ONLINE, EXCEL, FAULTY = 40, 6, 3
CLOSE = f"/operations/{CODE}/close-out"

# Seconds of a person at a desk: reading a page, one press or choice, a letter typed, a file mailed back.
READ, PRESS, LETTER, MAIL = 15.0, 2.5, 0.3, 60.0
GOAL = 15 * 60


@dataclass
class Coordinator:
    """What she does, how long that takes a person, and how long the site takes."""

    browser: SignedIn
    port: int
    actions: int = 0
    human: float = 0.0
    machine: float = 0.0
    steps: list[str] = field(default_factory=list)

    def does(self, step: str, seconds: float, count: int = 1) -> None:
        self.steps.append(step)
        self.actions += count
        self.human += seconds

    def reads(self, path: str) -> str:
        self.does(f"read {path}", PRESS + READ)
        begun = time.perf_counter()
        page = self.browser.get(path)
        self.machine += time.perf_counter() - begun
        return page

    def presses(self, path: str, fields: list[tuple[str, str]], choices: int = 0, letters: int = 0) -> str:
        self.does(f"press {path}", PRESS * (1 + choices) + LETTER * letters, 1 + choices)
        begun = time.perf_counter()
        body = "&".join(f"{name}={value}" for name, value in [("csrf_token", self.browser.token), *fields])
        place = _send(self.port, self.browser, path, body.encode(), "application/x-www-form-urlencoded")
        self.machine += time.perf_counter() - begun
        return place

    def drops(self, files: list[tuple[str, bytes]]) -> str:
        """Choose the files, send them, wait until they are read, have the ready ones taken."""
        self.reads(f"/operations/{CODE}/returns")
        self.does("choose the files and send them", PRESS * 3, 3)
        begun = time.perf_counter()
        drop = _post(self.port, self.browser, f"/operations/{CODE}/returns", files)
        _until_done(self.browser, drop)
        self.machine += time.perf_counter() - begun
        self.reads(drop)
        self.presses(drop + "/take", [])
        begun = time.perf_counter()
        _until_done(self.browser, drop)
        self.machine += time.perf_counter() - begun
        return self.reads(drop)


def rows() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        files, email = _prepare(instance)
        with site_server(instance) as port:
            she = Coordinator(SignedIn(port, email, PASSWORD), port)
            version = _path(she, files)
        assert "Signed" in version and f"{ONLINE + EXCEL} of {ONLINE + EXCEL} signed" in version, version[:3000]
    total = she.human + she.machine
    return [
        _row("returns.close_path_actions", she.actions, "actions"),
        _row("returns.close_path_machine", she.machine, "s"),
        _row("returns.close_path_human", she.human, "s", GOAL),
        _row("returns.close_path_both", total, "s", GOAL),
    ]


def _path(she: Coordinator, files: list[tuple[str, bytes, bytes]]) -> str:
    page = she.reads(CLOSE)
    assert f"of {ONLINE + EXCEL} signed" in page
    missing = re.findall(r'name="service" value="(\d+)"', page)[:EXCEL]  # the worst stand first
    she.presses(CLOSE + "/reminded", [("service", number) for number in missing], choices=len(missing))
    page = she.drops([(name, first) for name, first, _ in files])
    faulty = list(dict.fromkeys(re.findall(rf'href="(/operations/{CODE}/returns/files/[\w-]+)"', page)))[:FAULTY]
    assert len(faulty) == FAULTY, page
    for file in faulty:
        she.reads(file)
        she.does("mail the marked file back", PRESS + MAIL, 2)
    she.drops([(name, fixed) for name, _, fixed in files[:FAULTY]])
    page = she.reads(CLOSE)
    assert "Make signed summary" in page, re.sub(r"<[^>]+>", " ", page)[:4000]
    she.reads(f"/operations/{CODE}/lock")
    version = she.presses(f"/operations/{CODE}/lock", [("kind", "signed"), ("after", "0"), ("reason", "")])
    return she.reads(version)


def _prepare(instance: Path) -> tuple[list[tuple[str, bytes, bytes]], str]:
    """40 signed services and six with their workbooks: as they come first, and as they come once they are fixed."""
    app = create_app(settings(instance))
    with app.app_context():
        bring_up_to_date()
        operation = site.an_operation(CODE)
        steering = site.a_user(Role.OPERATION_COORDINATOR)
        for number in range(ONLINE + EXCEL):
            mode = EntryMode.CONTACTS if number < ONLINE else EntryMode.DAILY_TOTALS
            site.a_participation(operation, site.a_service(f"Town {number:02} Police"), entry_mode=mode)
        for participation, version, _service in operations.participations_of(operation.id):
            if version.entry_mode == EntryMode.CONTACTS:
                _signs(operation, participation)
        made = [
            one
            for one in template_commands.issues(access.actor_of(steering), operation, "en")
            if one.mode == EntryMode.DAILY_TOTALS
        ]
        files = []
        for number, (name, asked) in enumerate(template_commands.named(made)):
            content = template_commands.content_of(asked)
            first = _filled(content, asked, faulty=number < FAULTY)
            files.append((name, first, _filled(content, asked, faulty=False)))
        email = steering.email
        db.session.remove()
        db.engine.dispose()
    return files, email


def _signs(operation: Any, participation: Any) -> None:
    """The work of one service online: zero where nothing was, then the signature."""
    with writing():
        asked = commands.sheet_of(operation, participation)
        typed = {slot.name: "0" for slot in asked.slots() if slot.accepts != "nothing"}
        commands.save_totals(SYSTEM, operation, participation, typed, seen=asked.mark)
    with writing():
        sign_commands.sign(SYSTEM, operation, participation, typed_name="Robin Example")


def _filled(content: bytes, asked: Asked, *, faulty: bool) -> bytes:
    """Zero in every cell, signed; ``faulty``: a number in words."""
    book = Book(content)
    for line in (*asked.totals, *asked.referrals):
        for code, cell in line.cells.items():
            if cell and line.day is not None:
                book.total(code, line.day, 0)
            elif cell:
                _, measure, *part = line.row_id.split("-")
                book.once(measure, 0, *part)
    if faulty:
        book.total("persons_met", asked.days[2], "four or five")
    book.sign("Robin Example")
    return book.saved()


def _row(name: str, value: float, unit: str, goal: float | None = None) -> dict[str, Any]:
    met = None if goal is None else value <= goal
    return {"name": name, "value": round(value, 1), "unit": unit, "goal": goal, "met": met}
