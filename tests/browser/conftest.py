"""A real server process on the sample, a real Chromium that can reach nothing else, and what every page must hold."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright
from pysqlite3 import dbapi2 as sqlite

from outreach.app import create_app
from outreach.cli import cli
from outreach.storage import db
from tests.conftest import settings
from tests.network import close_outside_network

close_outside_network()

# How long a test waits for what is to come, in milliseconds. A machine that does other work too may take long over it,
# and waiting costs nothing where it comes: nothing waits for less.
PATIENCE = 90_000
MINUTE = 61_000
"""As much as lets what happens once a minute happen."""
expect.set_options(timeout=PATIENCE)

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
SCREENS = Path(__file__).resolve().parents[2] / "build" / "screens"  # test-results/ is emptied by the plugin
PLANNER = ("planner@example.org", "a plan for forty-six services")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@dataclass(frozen=True)
class Site:
    """The running site: its address, its folder, the sign-ins of the sample by their first word."""

    url: str
    instance: Path
    people: dict[str, tuple[str, str]]

    def command(self, *words: str, stdin: str = "") -> str:
        """What the command line prints for the same site."""
        done = subprocess.run(
            [sys.executable, "-m", "outreach", *words],
            env={**os.environ, "OUTREACH_INSTANCE_DIR": str(self.instance)},
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def figures(self, code: str) -> dict[str, int | None]:
        """The value of each measure, as the command line gives it; in this process, which has pandas already."""
        app = create_app(settings(self.instance))
        done = CliRunner().invoke(cli, ["figures", code, "--format", "json"], obj=lambda: app)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert found["operation"] == code
        return {figure["measure"]: figure["value"] for figure in found["figures"]}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`outreach serve` on a fresh instance with the sample and a coordinator of her own."""
    instance = tmp_path_factory.mktemp("browser-site")
    port = _free_port()
    found = Site(f"http://127.0.0.1:{port}", instance, {})
    found.command("sample")
    for person in json.loads((instance / "sample-sign-ins.json").read_text()):
        found.people[person["email"].split("@")[0]] = (person["email"], person["password"])
    email, password = PLANNER
    add = ("user", "add", email, "--name", "Pat Planner", "--role", "operation_coordinator", "--password-stdin")
    found.command(*add, stdin=password + "\n")
    found.people["planner"] = PLANNER
    log = (instance / "server.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.patient", "serve", "--port", str(port)],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "OUTREACH_INSTANCE_DIR": str(instance)},
        stdout=log,
        stderr=log,
    )
    for _ in range(PATIENCE // 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert server.poll() is None, "the server ended"
        time.sleep(0.1)
    yield found
    server.terminate()
    server.wait(timeout=PATIENCE // 1000)
    log.close()
    assert "Traceback" not in (instance / "server.log").read_text()


@pytest.fixture(scope="module", autouse=True)
def everybody_reads_english_by_day(site: Site) -> None:
    """Accounts remember how they were read last: no file of tests begins in what another one left."""
    with contextlib.closing(sqlite.connect(site.instance / "outreach.sqlite3", timeout=PATIENCE // 1000)) as database:
        database.execute("UPDATE user SET language = 'en', theme = 'day'")
        database.commit()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next(p for p in ("chromium", "chromium-browser", "google-chrome") if shutil.which(p))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(path), args=FLAGS, timeout=PATIENCE)
        _with_patience(browser)
        yield browser
        browser.close()


def _with_patience(browser: Browser) -> None:
    """Let every context of the browser, and so its pages, wait as long as PATIENCE."""
    make = browser.new_context

    def new_context(**how: Any) -> BrowserContext:
        context = make(**how)
        context.set_default_timeout(PATIENCE)
        return context

    browser.new_context = new_context  # type: ignore[method-assign]  # one place instead of one a test


@dataclass
class Watch:
    """What a page did that no page may do: script errors, policy violations, failures, requests elsewhere."""

    wrong: list[str]

    def note(self, message: ConsoleMessage) -> None:
        # A refusal with its page (404, 409, 422) is logged by the browser as a failed load; it is what we sent.
        if message.type == "error" and "status of 4" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def over(self, page: Page, origin: str) -> None:
        page.on("pageerror", lambda error: self.wrong.append(f"script error: {error}"))
        page.on("console", self.note)
        page.on("request", lambda r: None if r.url.startswith((origin, "data:")) else self.wrong.append(r.url))
        page.on("response", lambda r: self.wrong.append(f"{r.status} {r.url}") if r.status >= 500 else None)


@pytest.fixture
def open_page(site: Site, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """``open_page("officer", PHONE)``: a page of a signed-in person in a browser of her own; watched until the end."""
    contexts: list[BrowserContext] = []
    watch = Watch([])

    def start(
        who: str, size: dict[str, int] = DESK, *, script: bool = True, lang: str = "en", theme: str = "day"
    ) -> Page:
        context = chromium.new_context(viewport=size, java_script_enabled=script, locale="en-CA", accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        watch.over(page, site.url)
        page.goto(site.url + "/sign-in")
        email, password = site.people[who]
        page.fill("input[name=email]", email)
        page.fill("input[name=password]", password)
        follow(page, page.locator("main button[type=submit]"))
        choose(page, lang, theme)
        return page

    yield start
    for context in contexts:
        context.close()
    assert watch.wrong == []


def follow(page: Page, button: Locator) -> None:
    """Press what leads to another page, and wait until that page is read: asked at once, it has no title yet."""
    with page.expect_navigation():
        button.click()


def another_minute(page: Page, there: Callable[[], bool]) -> None:
    """Let a minute pass for the page until ``there``: while it takes in an answer it asks for no other."""
    for _ in range(PATIENCE // 3000):
        page.clock.fast_forward(MINUTE)
        for _ in range(60):
            page.wait_for_timeout(50)
            if there():
                return
    raise AssertionError("nothing happened")


def choose(page: Page, lang: str, theme: str) -> None:
    """Press the header's switches until the page is in that language and theme."""
    html = page.locator("html")
    if html.get_attribute("lang") != lang:
        follow(page, page.locator('form[action$="/language"] button').first)
    if ("night" in (html.get_attribute("class") or "")) != (theme == "night"):
        follow(page, page.locator('form[action$="/theme"] button').first)
    assert html.get_attribute("lang") == lang


def axe_findings(page: Page) -> list[str]:
    """What axe-core finds on the page, a line a finding."""
    found: dict[str, Any] = Axe().run(page).response
    return [f"{v['id']}: {v['help']} ({n['target']})" for v in found["violations"] for n in v["nodes"]]


def picture(page: Page, name: str, *, full: bool = False) -> Path:
    """Keep a picture of the page among the test's artefacts."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    path = SCREENS / f"{name}.png"
    page.screenshot(path=path, full_page=full)
    return path
