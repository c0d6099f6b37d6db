"""An officer at the field app in a real browser: signs in, answers the questions, saves; and what she was shown.

What the page shows is told by the page itself the moment it stands there, so that it is known also of a browser that
is killed right after.
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Error, Page

from tests import factories as site
from tests.bench.fault_proxy import FaultProxy
from tests.bench.real_browser import RealBrowser

# Tells "Saved" with the contact's number the moment it stands on the page, and again, with the milliseconds since the
# tap, once it has been drawn.
TELL = """
(() => {
  let [uid, tapped, told] = ['', 0, ''];
  const look = () => {
    const now = /^#\\/log\\/([0-9a-f-]{36})/.exec(location.hash);
    if (now) { uid = now[1]; return; }
    const shown = location.hash.startsWith('#/saved') && document.querySelector('#state');
    if (!shown || !shown.getClientRects().length || told === uid) return;
    told = uid;
    console.debug(`outreach-shown ${uid}`);
    if (tapped) requestAnimationFrame(() => setTimeout(() => {
      console.debug(`outreach-drawn ${uid} ${performance.now() - tapped}`);
      tapped = 0;
    }));
  };
  addEventListener('click', (event) => { if (event.target.closest?.('#save')) tapped = event.timeStamp; }, true);
  addEventListener('hashchange', look);
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
})()
"""
SHOWN_CODE = re.compile(r"\b[234679ACDEFHJKMNPQRTWXY]{4}-[234679ACDEFHJKMNPQRTWXY]{4}\b")

# One tap each; `what` decides how long the way is.
ANSWERS = {"age": "25_34", "gender": "woman_girl", "support": "declined", "reach": "they_call", "urgent": "no"}


@dataclass
class FieldApp:
    """The app of one officer behind the proxy; survives the browser on which it runs."""

    browser: RealBrowser
    proxy: FaultProxy
    email: str
    shown: list[str] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    page: Page = None  # type: ignore[assignment]  # there is one from `open` on

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.proxy.port}"

    def start(self, *, restore: bool = False) -> None:
        """The browser on its profile, watched; nothing is open yet."""
        self.page = self.browser.start(restore=restore)
        self.page.context.add_init_script(TELL)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(f"script error: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        words = message.text.split()
        if words and words[0] == "outreach-shown":
            self.shown.append(words[1])
        elif words and words[0] == "outreach-drawn":
            self.drawn.append(float(words[2]))
        elif message.type == "error" and "Failed to load resource" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def sign_in(self) -> None:
        """Through the real page, then the app with everything that it keeps for later."""
        self.page.goto(f"{self.url}/sign-in")
        if "/sign-in" in self.page.url:  # who is signed in is led on
            self.page.fill("input[name=email]", self.email)
            self.page.fill("input[name=password]", site.PASSWORD)
            with self.page.expect_navigation():
                self.page.locator("main button[type=submit]").click()
        self.open()

    def open(self) -> None:
        """My shift in the app. With signal it may ask to sign in first."""
        self.page.goto(f"{self.url}/field/app#/")
        if "/sign-in" in self.page.url:
            self.sign_in()
        else:
            self.page.locator("#log").wait_for()

    def until(self, expression: str, arg: object = None) -> None:
        """Wait until a function of the page says yes; asked from outside, because the page may not evaluate text."""
        for _ in range(3000):
            if self.page.evaluate(expression, arg):
                return
            self.page.wait_for_timeout(20)
        raise Error(f"never came true: {expression}")

    def kept_for_later(self) -> None:
        """Wait until the worker stands between the page and the network, with everything in its cache."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.until("() => navigator.serviceWorker.controller !== null")

    # --- one contact --------------------------------------------------------------------------------------------------

    def begin(self) -> str:
        """Tap "Log a contact"; the number that the app gave it."""
        self.page.locator("#log").click()
        return self.number()

    def number(self) -> str:
        self.until("() => location.hash.startsWith('#/log/')")
        return str(self.page.evaluate("location.hash.split('/')[2]"))

    def step(self) -> str:
        return str(self.page.evaluate("location.hash.split('/')[3] ?? ''"))

    def answer(self, value: str) -> None:
        """Tap one answer and wait for the next question."""
        before = self.page.evaluate("location.hash")
        self.page.locator(f"#main button[name=answer][value='{value}']").click()
        self.until("before => location.hash !== before", before)

    def type_phone(self, number: str) -> None:
        before = self.page.evaluate("location.hash")
        self.page.locator("#main input[name=answer]").press_sequentially(number)
        self.page.locator("#main form button[type=submit]").first.click()
        self.until("before => location.hash !== before", before)

    def answer_all(self, what: str = "no_answer", **answers: str) -> None:
        """From wherever she is to the check card."""
        said = ANSWERS | answers | {"what": what}
        while (step := self.step()) != "check":
            kind = step.partition("-")[0]
            if kind == "phone":
                self.type_phone(said["phone"])
            else:
                self.answer(said[kind])
        self.page.locator("#save").wait_for()

    def save(self) -> None:
        """Tap Save and wait for "Saved"."""
        self.page.locator("#save").click()
        self.until("() => location.hash.startsWith('#/saved')")
        self.page.locator("#state").wait_for()

    def log_one(self, what: str = "no_answer", **answers: str) -> str:
        """One whole contact, from My shift to "Saved"; its number."""
        self.open()
        uid = self.begin()
        self.answer_all(what, **answers)
        self.save()
        return uid

    def go_on(self) -> bool:
        """On My shift: continue what was begun and not saved, if there is any."""
        begun = self.page.locator("#main a[href^='#/log/']")
        if not begun.count():
            return False
        begun.first.click()
        self.number()
        return True

    def open_more(self) -> None:
        """What the check card folds away."""
        self.page.evaluate("document.querySelectorAll('#main details').forEach((one) => { one.open = true; })")

    def write_note(self, text: str) -> None:
        self.open_more()
        self.page.locator("#note").fill(text)

    def codes(self) -> list[str]:
        """Person codes that stand on the page."""
        return SHOWN_CODE.findall(self.page.locator("#main").inner_text())

    # --- what the phone knows -----------------------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """What the app's own store counts."""
        found = self.page.evaluate("import('/static/field/store.js').then((store) => store.counts())")
        return {name: found[name] for name in ("waiting", "needsYou", "sent", "others")}

    def send_now(self) -> dict[str, int]:
        """What "Send now" does, to the end."""
        return dict(self.page.evaluate("import('/static/field/send.js').then((send) => send.sendNow())"))

    def send_all(self, tries: int = 40) -> int:
        """Send until nothing waits; how much still does after as many tries."""
        left = 0
        for _ in range(tries):
            self.send_now()
            found = self.counts()
            left = found["waiting"] + found["needsYou"]
            if not left:
                break
            self.page.wait_for_timeout(200)
        return left


def kill_after(browser: RealBrowser, seconds: float) -> threading.Timer:
    """SIGKILL from another thread, whatever the officer is doing then."""
    timer = threading.Timer(seconds, browser.strike)
    timer.start()
    return timer


def moments(count: int, among: int, seed: int) -> set[int]:
    """As many different places in a row, drawn."""
    return set(random.Random(seed).sample(range(among), count))
