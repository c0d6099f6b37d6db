"""The field app in a real Chromium: both ends agree on the questions, a contact logged without signal equals one of the
server's pages, nothing is lost on the way, and every screen is fit to be used."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from outreach.app import create_app
from outreach.errors import Invalid
from outreach.field import card_views, rules
from outreach.field.forms import QUESTIONS
from outreach.storage import db
from outreach.storage.queries import contacts
from outreach.storage.tables import Contact
from tests.conftest import settings

from .conftest import PHONE, Site, axe_findings, choose, follow, picture

pytestmark = pytest.mark.browser

ACCEPTED = ("met", "25_34", "woman_girl", "accepted", "they_call", "no")
UID = "00000000-0000-4000-8000-000000000001"
NO_WORKER = {"service_workers": "block"}


@pytest.fixture(scope="module")
def signed_in(site: Site, chromium: Browser) -> Any:
    """What a browser keeps of an officer who has signed in."""
    context = chromium.new_context(locale="en-CA")
    page = context.new_page()
    page.goto(site.url + "/sign-in")
    email, password = site.people["officer"]
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    follow(page, page.locator("main button[type=submit]"))
    state = {"cookies": context.cookies(), "origins": []}
    context.close()
    return state


@pytest.fixture
def phone(site: Site, chromium: Browser, signed_in: Any) -> Iterator[Callable[..., Page]]:
    """``phone()``: the app on a phone of her own; what the browser says of a lost network is no fault of the page.

    Who answers in place of the site says ``**NO_WORKER``: what a worker sends by itself goes past ``page.route``.
    """
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(script: str = "", **more: Any) -> Page:
        context = chromium.new_context(**({"viewport": PHONE, "locale": "en-CA", "storage_state": signed_in} | more))
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        if script:
            page.add_init_script(script)
        page.goto(site.url + "/field/app")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def press(page: Page, answer: str) -> None:
    """One tap on an answer, and wait until the question is gone: the address changes a moment before the screen does,
    and the next question may offer the same answer."""
    button = page.locator(f'main button[name=answer][value="{answer}"]').element_handle()
    button.click()
    button.wait_for_element_state("hidden")


def log(page: Page, *answers: str) -> None:
    page.click("#log")
    page.wait_for_url(re.compile("/what$"))
    for answer in answers:
        press(page, answer)


def asks(page: Page, words: str) -> None:
    expect(page.locator("#question")).to_have_text(words)


def to(page: Page, address: str) -> None:
    """Go to a screen as a link does."""
    page.evaluate("hash => { location.hash = hash }", address)


def away(page: Page) -> None:
    """The signal goes, after everything for it was kept on the phone."""
    page.wait_for_function("() => navigator.serviceWorker.controller && caches.match('/field/app').then(Boolean)")
    page.context.set_offline(True)


# --- both ends --------------------------------------------------------------------------------------------------------


def some_answers(dice: random.Random) -> dict[str, Any]:
    """Answers as a phone could hold them: whole, cut off anywhere, changed since, or nonsense."""
    answers: dict[str, Any] = {"team": "a-team"}
    if dice.random() < 0.97:
        answers["what"] = dice.choice([*QUESTIONS["what"][2], "several", "several", "nonsense"])
    if dice.random() < 0.8:
        answers["count"] = dice.choice(["2", "3", "9", "20", "21", "0", "", "02", "99999", "x", "-1", "２"])
    for n in range(1, dice.choice([1, 2, 3, 21])):
        for kind, key in (("age", "age"), ("gender", "gender"), ("support", "support"), ("reach", "reach")):
            if dice.random() < 0.85:
                answers[f"{key}-{n}"] = dice.choice(list(QUESTIONS[kind][2]))
        if dice.random() < 0.5:
            answers[f"support-{n}"] = "accepted"
        answers |= {f"code-{n}": "K7QM4R2X"} if dice.random() < 0.9 else {}
        answers |= {f"duty-{n}": "read"} if dice.random() < 0.5 else {}
        answers |= {f"phone-{n}": "519 555 0199"} if dice.random() < 0.5 else {}
        answers |= {f"way-{n}": "only my sister, after eight"} if dice.random() < 0.5 else {}
        answers |= {f"urgent-{n}": dice.choice(["yes", "no"])} if dice.random() < 0.7 else {}
    return answers


def some_more(dice: random.Random) -> dict[str, list[str]]:
    """What was left on the check card before a question was asked again."""
    consents = [what for what in ("talk", "record", "refer", "share", "any") if dice.random() < 0.5]
    asked = [what for what in ("record", "refer") if dice.random() < 0.6]
    return {"agreed-1": consents, "asked-1": asked} if dice.random() < 0.7 else {}


def ours(answers: dict[str, Any], more: dict[str, list[str]]) -> dict[str, Any]:
    path = list(rules.steps(answers))
    return {
        "steps": path,
        "next": rules.next_step(answers),
        "before": [rules.step_before(answers, step) for step in [*path, "urgent-1", "nonsense"]],
        "count": rules.count_of(answers),
        "result": rules.result_of(str(answers.get("what", ""))),
        "fields": card_views.hidden_of(UID, answers),
        "agreed": card_views._agreed(1, answers, more),
    }


THEIRS = """async ([uid, cases]) => {
  const flow = await import('/static/field/flow.js');
  return cases.map(([answers, more]) => ({
    steps: flow.steps(answers),
    next: flow.nextStep(answers),
    before: [...flow.steps(answers), 'urgent-1', 'nonsense'].map((step) => flow.stepBefore(answers, step)),
    count: flow.countOf(answers),
    result: flow.resultOf(String(answers.what ?? '')),
    fields: flow.hiddenOf(uid, answers),
    agreed: flow.agreed(1, answers, more),
  }));
}"""


def test_phone_and_site_ask_the_same_and_make_the_same_of_four_hundred_sets_of_answers(site, chromium):
    dice = random.Random(4)
    cases = [(some_answers(dice), some_more(dice)) for _ in range(400)]
    page = chromium.new_page()
    page.goto(site.url + "/sign-in")
    theirs = page.evaluate(THEIRS, [UID, cases])
    for (answers, more), found in zip(cases, theirs, strict=True):
        assert found == ours(answers, more), answers
    page.close()


MOMENTS = [
    "2017-10-16 21:38",
    "2017-02-29 10:00",
    "2016-02-29 10:00",
    "2017-13-01 10:00",
    "2017-10-16 24:00",
    "now",
    "",
]
KITS = ["", "0", "500", "501", "-1", "2.5", "many", "３"]
CODE = "ACDEFHJ" + rules.check_sign("ACDEFHJ")
BROUGHT = ["", f"{CODE[:4]}-{CODE[4:]}", CODE.lower(), "K7QM-4R2Y", "x"]
PHONES = ["519 555 0199", "12 34", "1234567, evenings", "", "x" * 61, "x" * 300, "x" * 301]


def some_fields(dice: random.Random) -> dict[str, list[str]]:
    """A card as it may be posted: good, or wrong in several places at once."""
    count = dice.choice([1, 1, 2, 3])
    fields = {
        "uid": [UID],
        "result": ["met"],
        "persons": [str(count)],
        "met_at": [dice.choice(MOMENTS)],
        "kits": [dice.choice(KITS)],
        "municipality": [dice.choice(["", "Tecumseh", "é" * 80, "é" * 81])],
        "note": [dice.choice(["", "quiet", "x" * 4000, "e\u0301" * 4000, "x" * 4001])],
    }
    for n in range(1, count + 1):
        fields[f"code-{n}"] = [dice.choice([CODE, rules.make_code(), rules.make_code()])]
        fields[f"met_before-{n}"] = [dice.choice(BROUGHT)]
        if dice.random() < 0.5:
            reach = dice.choice(["safe_phone", "other_way"])
            fields |= {f"reach_by-{n}": [reach], f"safe_way-{n}": [dice.choice(PHONES)]}
    return fields


def refused_at(fields: dict[str, list[str]]) -> set[str]:
    try:
        rules.read_entry(fields, "America/Toronto", lambda _list, _code: True)
    except Invalid as problem:
        return {finding.where for finding in problem.findings}
    return set()


def test_the_card_on_the_phone_refuses_where_the_site_would(site, chromium):
    dice = random.Random(5)
    cases = [some_fields(dice) for _ in range(300)]
    page = chromium.new_page()
    page.goto(site.url + "/sign-in")
    found = page.evaluate(
        "async (cases) => { const { findings } = await import('/static/field/flow.js');"
        " return cases.map((fields) => findings(fields, { agencies: [[1, 'One']] }).map(([where]) => where)); }",
        cases,
    )
    for fields, theirs in zip(cases, found, strict=True):
        assert set(theirs) == refused_at(fields), fields
    page.close()


TYPED = [
    "k7qm-4r2x",
    "K7QM 4R2X",
    "K7QM4R2Y",
    "",
    "K7QM-4R2",
    "Z7GM-4R2X",
    "K7QM‑4R2X",
    "O0IL-5S8B",
    "é" * 8,
    "K7QM-4R2X ",
]


def test_codes_of_the_phone_are_codes_of_ours_and_read_the_same(site, chromium):
    page = chromium.new_page()
    page.goto(site.url + "/sign-in")
    typed = [*TYPED, *(rules.make_code().lower() for _ in range(50))]
    made, read = page.evaluate(
        "async (typed) => { const codes = await import('/static/field/codes.js');"
        " return [Array.from({ length: 2000 }, codes.makeCode), typed.map(codes.readCode)]; }",
        typed,
    )
    assert read == [rules.read_code(text) for text in typed]
    assert all(rules.read_code(code) == code for code in made)
    # Of 14,000 signs each of the 23 is one in 23: a sign that the bytes favoured would stand out by six deviations.
    signs = "".join(code[:-1] for code in made)
    assert all(abs(signs.count(sign) - len(signs) / 23) < 150 for sign in rules.CODE_SIGNS)
    page.close()


# --- logging ----------------------------------------------------------------------------------------------------------


def sent(page: Page) -> str:
    """Which contact the phone sent last. (The site's last one may be another phone's.)"""
    uid: str = page.evaluate(f"async () => (await (await ({OURS})('store.js')).sentList())[0].uid")
    return uid


def stored(site: Site, *uids: str) -> list[dict[str, Any]]:
    """Contacts as the site's database has them: what they say, the codes and times apart."""
    with create_app(settings(site.instance)).app_context():
        found = []
        for uid in uids:
            contact = db.session.query(Contact).filter_by(uid=uid).one()
            record = contacts.contact_record(uid)
            said = {name: getattr(record.version, name) for name in SAID}
            meetings = [{name: getattr(m, name) for name in MET} for m, _ in record.meetings]
            consents = [{name: getattr(m, name) is not None for name in CONSENTS} for m, _ in record.meetings]
            referred = [bool(contacts.referral_of(contact.id, person.id)) for _, person in record.meetings]
            met_at = record.version.met_at
            found.append(
                {"said": said, "met_at": met_at, "meetings": meetings, "consents": consents, "referred": referred}
            )
        db.session.remove()
        db.engine.dispose()
        return found


SAID = ("version", "result", "approach", "place_kind", "municipality", "kits", "withdrawn", "timing")
MET = (
    "position",
    "age_believed",
    "age_said",
    "gender_believed",
    "answer",
    "no_referral_reason",
    "made_safe",
    "indicators",
)
CONSENTS = ("agreed_talk_at", "agreed_record_at", "agreed_refer_at", "agreed_share_at")


def test_eight_taps_without_signal_make_what_the_servers_pages_make(phone, site):
    page = phone()
    taps: list[str] = []
    page.expose_function("tapped", lambda: taps.append("tap"))
    page.wait_for_selector("#log")
    page.evaluate("addEventListener('click', () => tapped(), true)")
    away(page)
    log(page, *ACCEPTED)
    asks(page, "Check, then save")
    code = page.locator(".ticket__code").inner_text()
    page.click("#save")
    asks(page, "Saved on this phone")
    expect(page.locator("#state")).to_have_text("Not sent yet: it goes by itself when there is signal.")
    expect(page.locator("[data-strip]")).to_have_text(re.compile("Saved on this phone 1"))
    assert len(taps) == 8
    assert page.locator(".ticket__code").inner_text() == code, "the code to write on the card"
    page.context.set_offline(False)
    expect(page.locator("#state")).to_have_text(re.compile(r"^Sent \d\d:\d\d\.$"))

    server = phone(java_script_enabled=False)
    server.goto(site.url + "/field")
    for press_next in ("main .bar button", *(f'button[name=answer][value="{one}"]' for one in ACCEPTED), "#save"):
        follow(server, server.locator(press_next))
    by_server, by_phone = stored(site, server.url.split("/")[-2], sent(page))
    assert by_server.pop("met_at") >= by_phone.pop("met_at")
    assert by_phone == by_server
    assert by_phone["referred"] == [True] and by_phone["meetings"][0]["age_believed"] == "25_34"


def test_a_reload_resumes_the_same_question_and_back_keeps_the_answers(phone):
    page = phone()
    log(page, "met", "16_17")
    asks(page, "Under 18: your duty to report")
    press(page, "read")
    asks(page, "What is their gender?")
    page.reload()
    asks(page, "What is their gender?")
    expect(page.locator(".so-far")).to_have_text("Met one person · 16–17")
    page.go_back()
    page.go_back()
    asks(page, "How old is the person?")
    expect(page.locator('[aria-pressed="true"]')).to_have_text("16–17")
    to(page, "#/")
    page.get_by_text("Continue the contact you began").click()
    asks(page, "What is their gender?")
    to(page, "#/")
    page.get_by_role("button", name="Throw it away").click()
    expect(page.get_by_text("Continue the contact")).to_have_count(0)


def test_two_quick_taps_answer_one_question_and_save_one_contact(phone):
    page = phone()
    page.click("#log")
    asks(page, "What happened?")
    page.evaluate("for (const _ of [1, 2]) document.querySelector('[value=no_answer]').click()")
    asks(page, "Check, then save")
    page.evaluate("for (const _ of [1, 2]) document.querySelector('#save').click()")
    asks(page, "Saved on this phone")
    rows = "async () => { const s = await import('/static/field/store.js');"
    assert page.evaluate(rows + "return (await s.waiting()).length + (await s.sentList()).length }") == 1


def test_the_card_refuses_what_the_site_would_refuse_and_nobody_could_ask_back(phone, site):
    page = phone()
    log(page, "met", "35_44", "man_boy", "accepted", "safe_phone")
    page.fill("#answer", "12 34")
    page.click("text=Continue")
    expect(page.locator(".error-summary")).to_contain_text("at least 7 digits")
    assert page.title().startswith("Error: ")
    expect(page.locator("#answer")).to_have_value("12 34")
    page.fill("#answer", "519 555 0123")
    page.keyboard.press("Enter")
    press(page, "yes")
    page.click("#more > summary")
    page.fill("#kits", "many")
    page.fill("#met_before-1", "K7QM-4R2Y")
    page.fill("#met_at", "yesterday")
    page.fill("#note", "call 519-555-0100")
    page.click("#save")
    expect(page.locator(".error-summary li")).to_have_count(4)
    expect(page.locator(".error-summary")).to_be_focused()
    assert axe_findings(page) == []
    picture(page, "app-errors", full=True)
    page.get_by_role("link", name=re.compile("how many kits")).click()
    expect(page.locator("#kits")).to_be_focused()
    page.fill("#kits", "2")
    page.fill("#met_before-1", "")
    page.fill("#met_at", "2017-10-16 21:38")
    page.click("#save")  # the note was warned of once: that it is no number is hers to say
    asks(page, "Saved on this phone")
    expect(page.locator("#state")).to_have_text(re.compile("^Sent"))
    (kept,) = stored(site, sent(page))
    assert kept["said"]["kits"] == 2 and kept["met_at"] == dt.datetime(2017, 10, 17, 1, 38, tzinfo=dt.UTC)


def test_change_leads_back_to_the_card_and_the_next_contact_borrows_the_place(phone):
    page = phone()
    log(page, "several", "2", "25_34", "woman_girl", "declined", "19_24", "not_known", "undecided")
    expect(page.locator(".ticket__code")).to_have_count(2)
    page.click('[data-change="support-2"]')
    press(page, "declined")
    asks(page, "Check, then save")
    page.click('[data-change="place_kind"]')
    expect(page.locator("#place_kind")).to_be_focused()
    page.select_option("#place_kind", "hotel")
    page.fill("#municipality", "Tecumseh")
    page.uncheck("#agreed-2-record")
    page.click("#save")
    asks(page, "Saved on this phone")
    expect(page.locator(".ticket__code")).to_have_count(1)  # who did not agree to be recorded has no code
    log(page, "nobody_there")
    expect(page.locator("main")).to_contain_text("Hotel, Tecumseh")
    expect(page.locator("main")).to_contain_text(re.compile(r"from your \d\d:\d\d contact"))


# --- when the phone cannot keep it ------------------------------------------------------------------------------------

NO_STORE = "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError'); } })"
FULL = """const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...given) {
  if (window.full?.includes(this.name)) throw new DOMException('full', 'QuotaExceededError');
  return put.apply(this, given);
};"""


def test_a_browser_that_refuses_to_keep_anything_says_so_before_anybody_types(phone):
    page = phone(NO_STORE)
    asks(page, "This phone cannot keep contacts")
    expect(page.locator("#log")).to_have_count(0)
    expect(page.locator("main .bar a")).to_have_attribute("href", "/field")
    assert axe_findings(page) == []


NO_WORDS_OF_SAVING = re.compile(r"Saved|on this phone \d|Sent \d")


def test_where_nothing_can_be_kept_the_same_questions_end_in_a_code_to_read_out_without_signal(phone):
    page = phone(NO_STORE, **NO_WORKER)
    expect(page.locator("main")).to_contain_text("Nothing of it is kept")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.get_by_role("link", name="Go on with signal").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no signal. Stay on this page")
    page.click("#unkept")
    page.wait_for_url(re.compile("/what$"))
    for answer in ACCEPTED:
        expect(page.locator("[data-strip]")).to_have_text("Nothing is kept on this phone: leave this page open")
        press(page, answer)
    asks(page, "Check, then read it out")
    expect(page.get_by_role("alert")).to_contain_text("Nothing of this is kept on the phone.")
    expect(page.locator("body")).not_to_contain_text(NO_WORDS_OF_SAVING)
    picture(page, "app-unkept-check", full=True)
    code = page.locator(".ticket__code").inner_text()
    page.click("#save")
    asks(page, "Not saved. Read this out")
    expect(page.locator("main")).to_contain_text("The browser did not let this phone keep the contact.")
    expect(page.locator(".ticket__code--long")).to_have_count(2)
    expect(page.locator(".ticket__code:not(.ticket__code--long)")).to_have_text(code)
    expect(page.locator("body")).not_to_contain_text(NO_WORDS_OF_SAVING)
    assert axe_findings(page) == []
    picture(page, "app-unkept-code", full=True)
    page.get_by_role("button", name="It was written down: go on").click()
    asks(page, "This phone cannot keep contacts")
    page.click("#unkept")
    asks(page, "What happened?")


def test_where_nothing_can_be_kept_and_no_pack_came_it_says_whom_to_tell(phone):
    page = phone(NO_STORE, **NO_WORKER)
    page.route("**/field/app/pack*", lambda route: route.abort())
    page.reload()
    expect(page.locator("main")).to_contain_text("Without it, tell your coordinator by radio.")
    expect(page.locator("#unkept")).to_have_count(0)


def test_a_full_phone_goes_on_in_memory_and_saves_when_there_is_room_at_the_end(phone):
    page = phone(FULL)
    page.wait_for_selector("#log")
    page.add_init_script("window.full = ['phone', 'drafts', 'outbox']")
    page.reload()
    asks(page, "This phone cannot keep contacts")
    page.click("#unkept")
    page.wait_for_url(re.compile("/what$"))
    press(page, "no_answer")
    page.click("#save")
    asks(page, "Not saved. Read this out")
    expect(page.locator(".ticket__code--long")).to_have_count(1)
    page.evaluate("window.full = []")
    page.get_by_role("button", name="Try to save again").click()
    asks(page, "Saved on this phone")


def test_what_cannot_be_saved_is_read_out_and_saved_when_there_is_room_again(phone):
    page = phone(FULL)
    log(page, *ACCEPTED)
    code = page.locator(".ticket__code").inner_text()
    page.evaluate("window.full = ['outbox']")
    page.click("#save")
    asks(page, "Not saved. Read this out")
    lines = page.locator(".ticket__code--long")
    expect(lines).to_have_count(2)  # of the contact, and of the person
    expect(page.locator("main")).to_contain_text("25–34")
    expect(page.locator(".ticket__code:not(.ticket__code--long)")).to_have_text(code)
    assert axe_findings(page) == []
    picture(page, "app-unsaved", full=True)
    page.evaluate("window.full = []")
    page.click("#again")
    asks(page, "Saved on this phone")


def test_an_answer_that_the_phone_could_not_keep_is_told_at_once_and_still_saved(phone):
    page = phone(FULL)
    log(page, "met")
    page.evaluate("window.full = ['drafts']")
    press(page, "25_34")
    expect(page.locator("[role=alert]")).to_contain_text("could not keep your last answer")
    press(page, "woman_girl")
    press(page, "declined")
    expect(page.locator("[role=alert]")).to_contain_text("do not close this page")
    page.click("#save")
    asks(page, "Saved on this phone")


# --- on this phone, ready check ---------------------------------------------------------------------------------------


def test_a_practice_contact_goes_the_whole_way_and_says_so(phone):
    page = phone()
    page.wait_for_selector("#log")
    to(page, "#/ready")
    expect(page.locator("main")).to_contain_text("Signed in until")
    page.click("#practise")
    expect(page.locator("#practice")).to_have_text(re.compile("^The practice contact went all the way"))
    to(page, "#/phone")
    expect(page.locator("main")).to_contain_text("Everything is sent.")
    expect(page.locator(".sent-list__item")).to_contain_text("Practice contact")


def test_what_waits_shows_number_and_time_and_goes_by_hand(phone):
    page = phone()
    page.wait_for_selector("#log")
    away(page)
    log(page, "no_answer")
    page.click("#save")
    asks(page, "Saved on this phone")
    to(page, "#/phone")
    item = page.locator(".sent-list__item")
    expect(item).to_have_text(re.compile(r"^Contact \d+ \d\d:\d\dWaiting for signal$"))
    page.click("#send")
    expect(page.locator("#sending")).to_have_text(re.compile("^It did not go"))
    page.context.set_offline(False)
    expect(page.locator("main")).to_contain_text("Everything is sent.")


def test_my_shift_follows_the_pack_that_the_site_sent_last(phone):
    page = phone(**NO_WORKER)
    page.wait_for_selector("#log")

    def told(**team: Any) -> None:
        def answer(route: Route) -> None:
            said = route.fetch().json()
            said["teams"] = [said["teams"][0] | team] if team else []
            route.fulfill(json=said)

        page.unroute("**/field/app/pack*")
        page.route("**/field/app/pack*", answer)
        page.reload()

    told(shift={"starts_at": "2017-10-16T22:00:00Z", "ends_at": "2099-10-17T06:00:00Z", "place": "Walker Road"})
    expect(page.locator("main")).to_contain_text("Walker Road · until 02:00 · ONS-2017-WEC")
    told(status="planned", opens_at="2099-10-16T22:00:00Z")
    expect(page.locator("main")).to_contain_text("Entries open on Fri 16 Oct, 18:00.")
    expect(page.locator("#log")).to_have_count(0)
    told()
    asks(page, "No shift assigned")
    expect(page.locator("main")).to_contain_text("Call your coordinator")


REFUSAL = {"state": "rejected", "code": "tampered", "message": "It was altered on its way.", "fix": "Send it again."}


def test_a_refusal_stands_under_needs_you_with_its_fix_and_the_record_stays(phone):
    page = phone(**NO_WORKER)
    page.wait_for_selector("#log")
    page.route("**/field/sealed", lambda route: route.fulfill(status=422, json=REFUSAL))
    log(page, "no_answer")
    page.click("#save")
    expect(page.locator("#state")).to_have_text("The site did not take it: look under On this phone.")
    expect(page.locator("[data-strip]")).to_have_text("1 not sent: open where there is signal")
    page.click("[data-strip] a")
    expect(page.locator(".sent-list__item")).to_contain_text("It was altered on its way.")
    expect(page.locator(".sent-list__item")).to_contain_text("Send it again.")
    assert axe_findings(page) == []
    picture(page, "app-needs-you")
    page.unroute("**/field/sealed")
    page.click("#send")
    expect(page.locator("main")).to_contain_text("Everything is sent.")


def test_a_session_that_ended_keeps_what_waits_and_says_where_to_sign_in(phone):
    page = phone(**NO_WORKER)
    page.wait_for_selector("#log")
    for address in ("**/field/sealed", "**/field/app/pack*"):
        page.route(address, lambda route: route.fulfill(status=401, json={"code": "sign_in_needed"}))
    log(page, "no_answer")
    page.click("#save")
    asks(page, "Saved on this phone")
    to(page, "#/phone")
    expect(page.locator("main .bar a")).to_have_text("Sign in")
    to(page, "#/")
    expect(page.locator("main")).to_contain_text("Your sign-in has ended.")
    expect(page.locator("#log")).to_be_visible()


def test_my_shift_says_at_once_that_the_session_ended_and_where_to_sign_in(phone):
    page = phone()
    away(page)
    log(page, "no_answer")
    page.click("#save")
    asks(page, "Saved on this phone")
    to(page, "#/")
    page.context.clear_cookies()
    page.context.set_offline(False)
    expect(page.locator("#strip")).to_contain_text("1 not sent: sign in again")
    expect(page.locator("main .notice a")).to_have_text("Sign in")


def test_a_contact_saved_in_two_tabs_is_one_in_the_list_and_in_the_count(phone, site):
    page = phone()
    log(page, "no_answer")
    other = page.context.new_page()
    other.goto(page.url)
    for tab in (other, page):
        tab.bring_to_front()
        tab.click("#save")
        asks(tab, "Saved on this phone")
    to(page, "#/phone")
    expect(page.locator("main")).to_contain_text("Everything is sent.")
    names = page.locator(".sent-list b").all_inner_texts()
    assert len(names) == 2 and len(set(names)) == 1


# The app's own modules, which a phone has without signal.
OURS = """(name) => import(new URL(name, document.querySelector('script[src*="/app/files/"]').src))"""
AHEAD = f"""async (hours) => {{
  const {{ ask, within }} = await ({OURS})('database.js');
  const clock = {{ name: 'clock', offset_ms: hours * 3600000, at: new Date().toISOString() }};
  await within(['phone'], 'readwrite', (tx) => ask(tx.objectStore('phone').put(clock)));
}}"""
BEGUN = f"""async (hours) => {{
  const store = await ({OURS})('store.js');
  const [RealDate, then] = [Date, Date.now() - hours * 3600000];
  globalThis.Date = class extends RealDate {{ constructor(...given) {{ super(...(given.length ? given : [then])); }} }};
  const [uid, {{ teams }}] = [crypto.randomUUID(), await store.pack()];
  await store.keepDraft(uid, {{ team: teams[0].uid, begun: new Date().toISOString(), taps: 1, what: 'met' }});
  globalThis.Date = RealDate;
  return uid;
}}"""


def test_past_the_end_of_her_sign_in_she_logs_on_and_what_the_phone_knows_is_not_shown(phone):
    page = phone()
    page.wait_for_selector("#log")
    expect(page.locator("main")).to_contain_text("ONS-2017-WEC")
    away(page)
    old, fresh = page.evaluate(BEGUN, 2), page.evaluate(BEGUN, 0)
    page.evaluate(AHEAD, 12.5)
    page.reload()
    expect(page.locator("main")).to_contain_text("Your sign-in ended at")
    expect(page.locator("main")).not_to_contain_text("ONS-2017-WEC")
    expect(page.get_by_text("Continue the contact you began")).to_have_count(1)
    assert fresh in page.get_by_text("Continue the contact you began").get_attribute("href")
    picture(page, "app-signed-out", full=True)
    to(page, "#/ready")
    expect(page.locator("main")).to_contain_text("show again when you have signed in")
    to(page, f"#/log/{old}/next")
    expect(page.locator("#log")).to_be_visible()
    log(page, "no_answer")
    page.click("#save")
    asks(page, "Saved on this phone")
    page.context.set_offline(False)
    expect(page.locator("#state")).to_have_text(re.compile("^Sent"))
    to(page, "#/")
    expect(page.locator("main")).to_contain_text("ONS-2017-WEC")
    expect(page.get_by_text("Continue the contact you began")).to_have_count(2)


def test_whoever_signs_out_in_another_tab_leaves_nothing_on_the_screen(phone):
    page = phone(**NO_WORKER)
    log(page, "met", "25_34")
    page.route("**/field/app/pack*", lambda route: route.fulfill(status=401, json={"code": "sign_in_needed"}))
    other = page.context.new_page()
    other.goto(page.url.partition("/field")[0] + "/static/icons/mark.svg")
    other.evaluate("import('/static/field/store.js').then((store) => store.endSession())")
    asks(page, "Open this phone with signal first")
    assert page.url.endswith("/field/app#/")


def test_hide_shows_nothing_and_a_touch_goes_back(phone):
    page = phone()
    log(page, "met")
    page.click("[data-hide]")
    expect(page).to_have_title("–")
    assert "night" in page.locator("html").get_attribute("class")
    page.mouse.click(200, 400)
    asks(page, "How old is the person?")
    assert "night" not in (page.locator("html").get_attribute("class") or "")


# --- every screen -----------------------------------------------------------------------------------------------------

AXE_BY_DAY = {"home", "support-1", "check", "ready"}
LOOKED_AT = {"what", "count", "age-1", "duty-1", "gender-1", "support-1"}
WALK = ("several", "2", "16_17", "read", "woman_girl", "accepted", "safe_phone")


# Words within a sentence are touched where they stand, a tick box by its words, Hide and the strip also beside theirs.
SMALL = """[...document.querySelectorAll('main :is(button, a, input, select, summary), [data-back]')].filter((one) =>
  one.checkVisibility() && !one.closest('.briefing__text, .error-summary, .visually-hidden') && one.type !== 'checkbox'
  && one.getBoundingClientRect().height < 43.5).map((one) => one.outerHTML.slice(0, 90))"""


def looked_at(page: Page, name: str, wrong: list[str], *, axe: bool) -> None:
    wrong += [f"{name}: {line}" for line in (axe_findings(page) if axe else ())]
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 844})
        if name.startswith("phone") and page.evaluate("document.documentElement.scrollHeight") > 844:
            wrong.append(f"{name}: scrolls with nothing below at {width}")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{name}: scrolls sideways at {width}")
    wrong += [f"{name}: small: {one}" for one in page.evaluate(SMALL)]
    picture(page, f"app-{name}", full=True)


@pytest.mark.parametrize(("lang", "theme"), [("en", "day"), ("fr", "night")])
def test_every_screen_is_fit_for_a_phone_in_both_languages_and_themes(phone, site, lang, theme):
    page, wrong = phone(), []
    page.goto(site.url + "/field/roster")
    choose(page, lang, theme)
    page.goto(site.url + "/field/app")
    page.wait_for_selector("#log")

    def look(name: str) -> None:
        looked_at(page, f"{name}-{lang}-{theme}", wrong, axe=theme == "night" or name in AXE_BY_DAY)

    look("home")
    page.click("#log")
    page.wait_for_url(re.compile("/what$"))
    for answer in WALK:
        expect(page.locator("#question")).to_be_focused()
        if page.url.rpartition("/")[2] in LOOKED_AT:
            look(page.url.rpartition("/")[2])
        press(page, answer)
    look("safe-phone")
    page.fill("#answer", "519 555 0199")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/urgent-1$"))
    for answer in ("yes", "not_known", "not_known", "declined"):
        press(page, answer)
    page.click("#more > summary")
    look("check")
    page.click("#save")
    page.wait_for_url(re.compile("#/saved$"))
    look("saved")
    for name in ("phone", "ready", "hidden"):
        to(page, f"#/{name}")
        expect(page.locator("#question")).to_be_focused()
        look(name)
    assert wrong == []
