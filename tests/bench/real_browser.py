"""A Chromium of our own with a profile that stays: started, driven, killed (SIGKILL) and started again on the same.

Not the launcher's: the process is ours to kill with everything that it started, as a phone's system would.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, BrowserType, Error, Page, sync_playwright

FLAGS = [
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--window-size=390,844",
]
PHONE = {"width": 390, "height": 844}
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class RealBrowser:
    """One profile folder and, while it runs, the process on it."""

    kind: BrowserType
    profile: Path
    process: subprocess.Popen[bytes] | None = None
    context: BrowserContext | None = None

    def start(self, *, restore: bool = False) -> Page:
        """Start on the profile as it is; the page that is open. ``restore``: with the tabs and the session of before,
        as phones do."""
        for _ in range(2):
            try:
                return self._started(restore)
            except Error:  # on a machine that is very busy it may never get up
                self.kill()
        return self._started(restore)

    def _started(self, restore: bool) -> Page:
        program = next(path for path in map(shutil.which, PROGRAMS) if path)
        self.profile.mkdir(parents=True, exist_ok=True)
        for left in ("DevToolsActivePort", "SingletonLock", "SingletonSocket", "SingletonCookie"):
            (self.profile / left).unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [program, *FLAGS, *(["--restore-last-session"] if restore else []), f"--user-data-dir={self.profile}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        browser = self.kind.connect_over_cdp(self._address())
        self.context = browser.contexts[0]
        page, *others = self.context.pages or [self.context.new_page()]
        for other in others:
            other.close()
        page.set_default_timeout(60_000)
        page.set_viewport_size(PHONE)
        return page

    def _address(self) -> str:
        port_file = self.profile / "DevToolsActivePort"
        for _ in range(1200):
            if port_file.exists() and len(lines := port_file.read_text().split("\n")) > 1:
                return f"http://127.0.0.1:{lines[0]}"
            time.sleep(0.05)
        raise Error("Chromium did not start")

    def strike(self) -> None:
        """SIGKILL to the browser and everything that it started, in one moment; from any thread."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """Strike, wait until it is gone, and let go of our end of the wire."""
        if self.process is None:
            return
        self.strike()
        self.process.wait(timeout=90)
        self.process = None
        if self.context is not None:
            with suppress(Error):
                self.context.browser.close()  # type: ignore[union-attr]  # our end of the wire to what is gone
            self.context = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def quit(self) -> None:
        """Let it end as it ends when a person closes it, so that it writes what it writes then."""
        if self.context is not None:
            with suppress(Error):
                self.context.browser.new_browser_cdp_session().send("Browser.close")  # type: ignore[union-attr]
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=15)
        self.kill()


@contextmanager
def real_browser(profile: Path, kind: BrowserType | None = None) -> Iterator[RealBrowser]:
    """A browser on the profile, gone when the block ends. ``kind``: where a driver runs already, there is only one."""
    with ExitStack() as stack:
        kind = kind or stack.enter_context(sync_playwright()).chromium
        browser = RealBrowser(kind, profile)
        try:
            yield browser
        finally:
            browser.kill()


def slowed(page: Page, rate: int) -> Any:
    """Make the page's processor that many times slower; the session that holds it so."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    return session
