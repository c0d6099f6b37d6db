"""What the phone keeps and sends, in a real Chromium: nothing readable, nothing lost, whatever the network answers."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

from outreach.field import sealed_rules
from outreach.field.sealed_rules import Envelope, read_envelope

from .conftest import PATIENCE, Site, follow
from .hostile import CUT, a_wire, careless, cut, forged, honest, said

pytestmark = pytest.mark.browser

# A page of the site that starts nothing by itself: what is tested is the modules, not who uses them.
EMPTY = "/static/icons/mark.svg"
SEALED, BEAT = "**/field/sealed", "**/field/heartbeat"
WORDS = ("Ottoline", "Riverside Motor Inn", "met at the back door")
OTHER = "o" * 22
LOAD = """async () => {
  const names = ['database', 'store', 'outbox', 'send', 'seal'];
  const found = await Promise.all(names.map((name) => import(`/static/field/${name}.js`)));
  window.m = Object.assign({}, ...found);
}"""
# Everything that the phone keeps, as text; keys as what they may be used for.
EVERYTHING = """async () => {
  const said = async (value) => {
    if (value instanceof CryptoKey) return `key ${value.algorithm.name} ${value.extractable}`;
    if (value === null || typeof value !== 'object') return value;
    const parts = await Promise.all(Object.entries(value).map(async ([name, one]) => [name, await said(one)]));
    return Object.fromEntries(parts);
  };
  const names = ['phone', 'session', 'pack', 'drafts', 'outbox', 'sent'];
  const kept = {};
  await m.within(names, 'readonly', async (tx) => {
    for (const name of names) kept[name] = await m.ask(tx.objectStore(name).getAll());
  });
  for (const name of names) kept[name] = Object.values(await said(kept[name]));
  const cached = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const one of await cache.keys()) cached.push([one.url, await (await cache.match(one)).text()]);
  }
  return { ...kept, cached, local: { ...localStorage }, tab: { ...sessionStorage }, url: location.href };
}"""
OUTBOX = """m.within(['outbox'], 'readonly', (tx) => m.ask(tx.objectStore('outbox').getAll()))
  .then((rows) => rows.map(({ phoneKey, ...row }) => row))"""
SAVE = """([uid, note]) => m.pack().then((pack) => m.save(
  { fields: { uid: [uid], note: [note] }, taps: 8, seconds: 20, by_clock: true },
  { kind: 'contact', uid, team: pack.teams[0].uid },
))"""
WHY = ".then(() => 'saved', (error) => error.why)"


@pytest.fixture(scope="module")
def officer(site: Site, chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(service_workers="block")
    page = context.new_page()
    page.goto(site.url + "/sign-in")
    email, password = site.people["officer"]
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    follow(page, page.locator("main button[type=submit]"))
    page.close()
    yield context
    context.close()


@dataclass
class Phone:
    """A page with the modules in ``m``, and what its site knows."""

    page: Page
    site: Site

    def do(self, script: str, given: Any = None) -> Any:
        return self.page.evaluate(script, given)

    def begin(self) -> None:
        assert self.do("m.refreshPack()")["ok"] is True

    def again(self) -> None:
        """Load the page anew: nothing that it had in memory is left."""
        self.page.reload()
        self.page.evaluate(LOAD)

    def save(self, note: str = "") -> dict[str, Any]:
        uid = self.do("crypto.randomUUID()")
        saved: dict[str, Any] = self.do(SAVE, [uid, note])
        return saved

    @property
    def key(self) -> bytes:
        """The key that phone and site share: the phone itself cannot tell it."""
        device = self.do("m.ready()")["device"]
        pack = self.page.context.request.get(f"{self.site.url}/field/app/pack?device={device}").json()
        return base64.b64decode(pack["phone_key"])

    def answer(self, how: Callable[[Envelope], Any]) -> list[Envelope]:
        """Answer every record that is sent by ``how``; gives the list of what is sent."""
        sent: list[Envelope] = []

        def reply(route: Route, request: Request) -> None:
            sent.append(read_envelope(request.post_data_buffer or b""))
            route.fulfill(**how(sent[-1]))

        self.page.unroute(SEALED)
        self.page.route(SEALED, reply)
        return sent

    def take_everything(self, key: bytes, **more: Any) -> list[Envelope]:
        return self.answer(lambda envelope: said(honest(key, envelope, **more)))

    def until(self, script: str) -> None:
        """Wait until ``script`` is true. (The page's policy allows no waiting by the browser's own means.)"""
        for _ in range(PATIENCE // 20):
            if self.do(script):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(script)

    def outbox(self) -> list[dict[str, Any]]:
        kept: list[dict[str, Any]] = self.do(OUTBOX)
        return kept


@pytest.fixture(scope="module")
def tabs() -> list[Page]:
    """Tabs that tests have used and the next one may use again: opening one costs more than loading it anew."""
    return []


@pytest.fixture
def phones(site: Site, officer: BrowserContext, tabs: list[Page]) -> Iterator[Callable[..., Phone]]:
    """``phones()``: a tab of one and the same phone, which is new for each test."""
    plain: list[Page] = []
    scripted: list[Page] = []

    def open_(script: str = "") -> Phone:
        page = tabs.pop() if tabs and not script else officer.new_page()
        (scripted if script else plain).append(page)
        if script:
            page.add_init_script(script)
        page.goto(site.url + EMPTY)
        page.evaluate(LOAD)
        return Phone(page, site)

    yield open_
    for page in scripted:
        page.close()
    for page in plain:
        page.unroute_all()
        page.goto("about:blank")
    tabs += plain
    clean = tabs[-1] if tabs else officer.new_page()
    clean.goto(site.url + EMPTY)
    clean.evaluate("""async () => {
      localStorage.clear();
      for (const name of await caches.keys()) await caches.delete(name);
      await new Promise((done) => { indexedDB.deleteDatabase('outreach-field').onsuccess = done; });
    }""")


@pytest.fixture
def phone(phones: Callable[..., Phone]) -> Phone:
    found = phones()
    found.begin()
    return found


# --- nothing readable -------------------------------------------------------------------------------------------------


def test_nothing_that_was_typed_and_no_name_can_be_read_on_the_phone_at_any_moment(phone: Phone) -> None:
    uid, pack = phone.do("crypto.randomUUID()"), phone.do("m.pack()")
    team = pack["teams"][0]
    secrets = (*WORDS, team["name"], team["ticket"][:20], team["duty"][:40] or WORDS[0])

    def readable() -> list[str]:
        return [word for word in secrets if word in json.dumps(phone.do(EVERYTHING), ensure_ascii=False)]

    phone.do("([uid, words]) => m.keepDraft(uid, { words })", [uid, WORDS])
    assert phone.do("uid => m.draft(uid)", uid) == {"words": list(WORDS)} and readable() == []
    saved = phone.do(SAVE, [uid, " ".join(WORDS)])
    assert saved["uid"] == uid and [row["uid"] for row in phone.outbox()] == [uid]
    assert phone.do("uid => m.draft(uid)", uid) is None
    # The ticket of the record stands beside it: a signed number, no name.
    assert readable() == [team["ticket"][:20]]
    phone.do("m.endSession()")
    kept = phone.do(EVERYTHING)
    assert readable() == [team["ticket"][:20]]
    assert kept["session"] == kept["pack"] == kept["drafts"] == kept["sent"] == kept["cached"] == []
    assert [row["hash"] for row in kept["outbox"]] == [saved["hash"]]


def test_no_key_on_the_phone_can_be_taken_out_of_it(phone: Phone) -> None:
    phone.save()
    kept = json.dumps(phone.do(EVERYTHING))
    assert kept.count('"key HMAC false"') == 3  # the session's two, and the record's own
    assert " true" not in kept.replace('": true', "") and "phone_key" not in kept


def test_a_draft_needs_its_second_half_which_goes_with_it(phone: Phone) -> None:
    phone.do("m.keepDraft('a', { first: 1 }).then(() => m.keepDraft('b', { second: 2 }))")
    assert len(phone.do(EVERYTHING)["cached"]) == 3  # pack, a, b
    phone.do("m.dropDraft('a')")
    assert len(phone.do(EVERYTHING)["cached"]) == 2
    phone.again()
    assert [one["answers"] for one in phone.do("m.drafts()")] == [{"second": 2}]
    phone.do("caches.delete('outreach-halves')")
    phone.again()
    # Not readable any more, and no reason to stop: typing goes on under a new half.
    assert phone.do("m.drafts()") == [] and phone.do("m.ready()")["why"] == "none"
    assert phone.do("m.keepDraft('b', { third: 3 }).then(() => m.draft('b'))") == {"third": 3}


# --- nothing lost -----------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(phone: Phone) -> tuple[Phone, bytes, Envelope, Envelope]:
    """A phone with one record, its key, the record as it is sent, and another one that it sent before."""
    key = phone.key
    sent = phone.take_everything(key)
    phone.save()
    assert phone.do("m.sendNow()") == {"sent": 1, "left": 0}
    phone.page.route(BEAT, lambda route: route.fulfill(status=404))
    phone.save()
    sent += phone.answer(lambda _: {"status": 503})
    seen = phone.answer(lambda _: {"status": 503})
    phone.do("m.sendNow()")
    return phone, key, seen[0], sent[0]


def _still_there(phone: Phone, mine: Envelope) -> dict[str, Any]:
    [row] = phone.outbox()
    assert (row["uid"], row["hash"]) == (mine.uid, mine.hashed)
    assert base64.b64decode(row["sealed"]) == mine.sealed and base64.b64decode(row["wrapped"]) == mine.wrapped
    return row


def test_no_answer_of_a_portal_a_proxy_or_a_forger_takes_a_record_away(
    waiting: tuple[Phone, bytes, Envelope, Envelope],
) -> None:
    phone, key, mine, other = waiting
    answers = forged(key, mine, other) | careless(mine, other)
    assert len(answers) > 60
    lost, states = [], {}
    for name, answer in answers.items():
        phone.answer(lambda _, answer=answer: answer)
        if phone.do("m.sendNow()") != {"sent": 0, "left": 1}:
            lost.append(name)
        row = _still_there(phone, mine)
        if row["state"] != "waiting":
            states[name] = row["code"]
            phone.do("""m.within(['outbox'], 'readwrite', async (tx) => {
              const [row] = await m.ask(tx.objectStore('outbox').getAll());
              await m.ask(tx.objectStore('outbox').put({ ...row, state: 'waiting' }));
            })""")
    assert lost == []
    assert states == {"too large": "too_large", "refused": "tampered", "refused without a name": "tampered"}
    phone.take_everything(key)
    assert phone.do("m.sendNow()") == {"sent": 1, "left": 0} and phone.outbox() == []


def _broken(error: str) -> Callable[[Route], None]:
    return lambda route: route.abort(error)


def test_no_broken_wire_takes_a_record_away(waiting: tuple[Phone, bytes, Envelope, Envelope]) -> None:
    phone, key, mine, _other = waiting
    with a_wire() as wire:
        phone.page.unroute(SEALED)
        phone.page.route(SEALED, lambda route: route.continue_(url=wire.url))
        for name, answer in cut(key, mine).items():
            assert isinstance(answer, bytes)
            wire.answer = answer
            phone.do("most => { m.TIMES.answer = most; }", 150 if answer.endswith(CUT) else 10_000)
            assert phone.do("m.sendNow()") == {"sent": 0, "left": 1}, name
            _still_there(phone, mine)
    phone.do("() => { m.TIMES.answer = 10_000; }")
    for error in ("aborted", "connectionreset", "internetdisconnected", "namenotresolved", "timedout", "failed"):
        phone.page.unroute(SEALED)
        phone.page.route(SEALED, _broken(error))
        assert phone.do("m.sendNow()") == {"sent": 0, "left": 1}, error
        _still_there(phone, mine)
    phone.page.unroute(SEALED)
    assert phone.do("m.sendNow()") == {"sent": 1, "left": 0} and phone.outbox() == []


@pytest.mark.parametrize("state", sorted(sealed_rules.ARRIVED))
def test_a_receipt_that_proves_itself_moves_the_record_to_what_was_sent(
    waiting: tuple[Phone, bytes, Envelope, Envelope], state: str
) -> None:
    phone, key, mine, _other = waiting
    phone.take_everything(key, state=state, reason="clock_off", message=WORDS[2])
    assert phone.do("m.sendNow()") == {"sent": 1, "left": 0} and phone.outbox() == []
    [newest] = [row for row in phone.do("m.sentList()") if row["uid"] == mine.uid]
    assert (newest["state"], newest["reason"]) == (state, "clock_off")
    assert WORDS[2] not in json.dumps(phone.do(EVERYTHING))


def test_what_the_real_site_takes_is_sent_and_leaves_the_list_after_the_shift(phone: Phone) -> None:
    phone.save(WORDS[2])
    assert phone.do("m.sendNow()") == {"sent": 1, "left": 0}
    [row] = phone.do("m.sentList()")
    assert row["state"] in sealed_rules.ARRIVED and phone.do("m.counts()")["sent"] == 1
    phone.do("""m.within(['sent'], 'readwrite', async (tx) => {
      const [row] = await m.ask(tx.objectStore('sent').getAll());
      await m.ask(tx.objectStore('sent').put({ ...row, until: new Date(0).toISOString() }));
    })""")
    assert phone.do("m.sentList()") == [] and phone.do("m.ready()")["ok"]
    assert phone.do(EVERYTHING)["sent"] == []


def test_what_is_refused_is_kept_said_and_sent_again_by_hand_only(phone: Phone) -> None:
    phone.save()

    def refuse(envelope: Envelope) -> Any:
        words = {"code": "unknown_key", "message": "No such key.", "fix": "Tell your coordinator."}
        return said({"uid": envelope.uid, "hash": envelope.hashed, "state": "rejected"} | words, 422)

    sent = phone.answer(refuse)
    assert phone.do("m.sendNow({ byHand: false })") == {"sent": 0, "left": 0}
    counts = phone.do("m.counts()")
    assert (counts["waiting"], counts["needsYou"]) == (0, 1)
    [row] = phone.do("m.waiting()")
    assert (row["state"], row["code"], row["message"]) == ("needs_you", "unknown_key", "No such key.")
    phone.do("m.sendNow({ byHand: false })")
    assert len(sent) == 1
    phone.page.unroute(SEALED)
    assert phone.do("m.sendNow()") == {"sent": 1, "left": 0}


def test_one_record_that_never_arrives_does_not_hold_up_the_others(phone: Phone) -> None:
    first, key = phone.save(), phone.key
    for _ in range(5):
        phone.save()
    phone.answer(lambda e: said("", 502) if e.uid == first["uid"] else said(honest(key, e)))
    assert phone.do("m.sendNow()") == {"sent": 5, "left": 1}
    assert [row["uid"] for row in phone.outbox()] == [first["uid"]]


def test_without_signal_a_round_stops_after_a_few_records(phone: Phone) -> None:
    for _ in range(6):
        phone.save()
    tried = phone.answer(lambda _: said("", 502))
    assert phone.do("m.sendNow()") == {"sent": 0, "left": 6}
    assert len(tried) == 3


# --- exactly once -----------------------------------------------------------------------------------------------------


def test_two_tabs_that_save_one_contact_with_other_words_keep_both(phones: Callable[..., Phone]) -> None:
    one, two = phones(), phones()
    one.begin()
    uid = one.do("crypto.randomUUID()")
    first, second = one.do(SAVE, [uid, "one"]), two.do(SAVE, [uid, "two"])
    assert first["hash"] != second["hash"]
    assert {row["hash"] for row in one.outbox()} == {first["hash"], second["hash"]}


def test_pressing_save_twice_saves_once(phone: Phone) -> None:
    uid = phone.do("crypto.randomUUID()")
    twice = f"given => Promise.all([({SAVE})(given), ({SAVE})(given)])"
    first, second = phone.do(twice, [uid, "once"])
    assert first == second and len(phone.outbox()) == 1


@pytest.mark.parametrize(
    "without", ["", "Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })"]
)
def test_two_tabs_that_send_at_once_lose_and_double_nothing(phones: Callable[..., Phone], without: str) -> None:
    one, two = phones(without), phones(without)
    one.begin()
    for _ in range(4):
        one.save()
    posted: list[str] = []
    for tab in (one, two):
        tab.page.on("request", lambda r: posted.append(r.url) if r.url.endswith("/field/sealed") else None)
    one.do("() => { window.sending = m.sendNow(); }")
    other = two.do("m.sendNow()")
    mine = one.do("window.sending")
    assert one.outbox() == [] and other["left"] == mine["left"] == 0
    assert len(one.do("m.sentList()")) == 4
    assert without or len(posted) == 4


def test_a_tab_that_sleeps_while_it_sends_holds_the_others_up_for_a_while_only(phones: Callable[..., Phone]) -> None:
    asleep, awake = phones(), phones()
    awake.begin()
    awake.save()
    asleep.do("() => { navigator.locks.request(m.SYNC_TAG, () => new Promise(() => {})); }")
    awake.do("() => { m.TIMES.lock = 50; }")
    assert awake.do("m.sendNow()") == {"sent": 1, "left": 0}


# --- persons ----------------------------------------------------------------------------------------------------------


def test_another_person_ends_the_formers_drafts_and_neither_reads_nor_sends_her_records(phone: Phone) -> None:
    key, pack = phone.key, phone.do("m.pack()")
    phone.save(WORDS[0])
    phone.do("m.keepDraft('d', { half: 'typed' })")
    foreign = base64.b64encode(b"k" * 32).decode()
    phone.do("pack => m.begin(pack)", pack | {"owner": OTHER, "phone_key": foreign})
    assert phone.do("m.drafts()") == [] and phone.do("m.pack()")["owner"] == OTHER
    assert phone.do("m.waiting()") == [] and phone.do("m.counts()")["others"] == 1
    assert len(phone.do(EVERYTHING)["cached"]) == 1  # the halves of the former are gone

    def not_hers(e: Envelope) -> Any:
        return said({"uid": e.uid, "hash": e.hashed, "state": "rejected", "code": "wrong_person"}, 422)

    tried = phone.answer(not_hers)
    for _ in range(3):
        assert phone.do("m.sendNow({ byHand: false })")["sent"] == 0
    assert len(tried) == 1  # once an opening
    [row] = phone.outbox()
    assert row["state"] == "waiting"
    # The first person again.
    phone.do("pack => m.begin(pack)", pack | {"phone_key": base64.b64encode(key).decode()})
    assert phone.do("m.counts()")["waiting"] == 1
    phone.page.unroute(SEALED)
    assert phone.do("m.sendNow()") == {"sent": 1, "left": 0}


def test_a_record_of_an_account_that_has_ended_arrives_and_leaves_no_line(phone: Phone) -> None:
    key, pack = phone.key, phone.do("m.pack()")
    phone.save()
    phone.do("pack => m.begin(pack)", pack | {"owner": OTHER, "phone_key": base64.b64encode(b"k" * 32).decode()})
    phone.take_everything(key, state="held", reason="account_ended")
    assert phone.do("m.sendNow()")["sent"] == 1
    assert phone.outbox() == [] and phone.do("m.sentList()") == []


def test_a_record_refused_for_who_was_signed_in_waits_again_once_its_person_is_back(phone: Phone) -> None:
    phone.save()
    phone.answer(lambda e: said({"uid": e.uid, "hash": e.hashed, "state": "rejected", "code": "wrong_person"}, 422))
    phone.do("m.sendNow()")
    assert phone.do("m.counts()")["needsYou"] == 1
    phone.begin()
    assert phone.do("m.counts()")["waiting"] == 1


def test_signed_out_nothing_can_be_typed_or_saved_and_what_waits_stays(
    phone: Phone, phones: Callable[..., Phone]
) -> None:
    pack = phone.do("m.pack()")
    phone.save()
    phone.do("m.keepDraft('d', {})")
    tab = phones()
    heard = "m.onNews((what) => { (window.heard ??= []).push(what); })"
    tab.do(f"() => {{ {heard} }}")
    phone.do("m.endSession()")
    tab.until("!!window.heard?.includes('ended')")
    assert tab.do(f"m.keepDraft('e', {{}}){WHY}") == "no_key"
    team = pack["teams"][0]["uid"]
    assert tab.do(f"team => m.save({{ fields: {{}} }}, {{ kind: 'contact', uid: 'u', team }}){WHY}", team) == "no_key"
    assert tab.do("m.ready()")["why"] == "none" and tab.do("m.pack()") is None
    assert tab.do("m.counts()")["others"] == 1


def test_only_the_sites_proven_word_ends_the_session_on_the_phone_and_never_the_outbox(phone: Phone) -> None:
    key, before = phone.key, ""
    phone.save()
    phone.do("m.keepDraft('d', { half: 'typed' })")

    def proof(beat: str, state: str = "revoked", of: bytes = key) -> dict[str, Any]:
        return {"session": state, "proof": sealed_rules.session_proof(of, beat, state)}

    answers: dict[str, Callable[[str], Any]] = {
        "signed out": lambda _: said({"code": "sign_in_needed"}, 401),
        "without a proof": lambda _: said({"session": "revoked"}),
        "a proof that is no Base64": lambda _: said({"session": "revoked", "proof": "*"}),
        "a proof that is a list": lambda beat: said(proof(beat) | {"proof": [proof(beat)["proof"]]}),
        "of another phone": lambda beat: said(proof(beat, of=b"x" * 32)),
        "for another heartbeat": lambda _: said(proof(before)),
        "for another word": lambda beat: said(proof(beat, "stands") | {"session": "revoked"}),
        "with an error": lambda beat: said(proof(beat), 500),
        "as a page": lambda beat: said(proof(beat), kind="text/html"),
        "a word that nobody knows": lambda beat: said(proof(beat, "gone")),
        "that it stands": lambda beat: said(proof(beat, "stands")),
    }

    def heard(answer: Callable[[str], Any]) -> str:
        beats: list[str] = []

        def reply(route: Route, request: Request) -> None:
            beats.append(json.loads(request.post_data or "")["proof"])
            route.fulfill(**answer(beats[-1]))

        phone.page.unroute(BEAT)
        phone.page.route(BEAT, reply)
        phone.do("m.heartbeat()")
        return beats[0]

    for name, answer in answers.items():
        before = heard(answer)
        assert phone.do("m.pack()") and len(phone.do("m.drafts()")) == 1, name
    phone.do("m.endSession('the mark of a session that she has replaced')")
    assert phone.do("m.pack()")
    heard(lambda beat: said(proof(beat)))
    kept = phone.do(EVERYTHING)
    assert kept["session"] == kept["pack"] == kept["drafts"] == kept["sent"] == kept["cached"] == []
    assert len(phone.outbox()) == 1
    phone.page.unroute(BEAT)
    phone.begin()
    assert phone.do("m.sendNow()") == {"sent": 1, "left": 0}


def test_a_pack_that_was_on_its_way_when_the_session_ended_does_not_begin_it_again(phone: Phone) -> None:
    held: list[Route] = []
    phone.page.route("**/field/app/pack*", lambda route: held.append(route))
    phone.do("() => { window.coming = m.refreshPack(); }")
    for _ in range(PATIENCE // 20):
        phone.page.wait_for_timeout(20)
        if held:
            break
    answer = held[0].fetch()
    phone.do("m.endSession()")
    held[0].fulfill(response=answer)
    assert phone.do("window.coming") == {"ok": False, "why": "sign_in"}
    kept = phone.do(EVERYTHING)
    assert kept["session"] == kept["pack"] == kept["cached"] == []
    phone.page.unroute("**/field/app/pack*")
    phone.begin()


def test_an_expired_session_keeps_everything_and_says_that_she_must_sign_in(phone: Phone) -> None:
    phone.save()
    phone.answer(lambda _: said({"code": "sign_in_needed"}, 401))
    phone.page.route("**/field/app/pack*", lambda route: route.fulfill(status=401, json={"code": "sign_in_needed"}))
    phone.do("() => { window.sent = []; m.onChange((said) => { window.said = said; sent.push(said.sending); }); }")
    phone.do("m.sendNow()")
    phone.until("window.said.signIn === true && window.said.waiting === 1 && !window.said.sending")
    assert phone.do("sent").count(True) > 0
    assert phone.do("m.refreshPack()") == {"ok": False, "why": "sign_in"}
    phone.page.unroute(SEALED)
    phone.page.unroute("**/field/app/pack*")
    phone.begin()
    assert phone.do("m.sendNow()") == {"sent": 1, "left": 0}
    phone.until("window.said.signIn === false && window.said.waiting === 0")


# --- storage trouble --------------------------------------------------------------------------------------------------


def test_a_full_phone_says_so_at_saving_and_before_typing_and_keeps_what_it_has(
    site: Site, chromium: Browser, officer: BrowserContext
) -> None:
    context = chromium.new_context(storage_state=officer.storage_state(), service_workers="block")
    phone = Phone(context.new_page(), site)
    # Before anything is stored: the browser asks itself only now and then how much room there is.
    room = context.new_cdp_session(phone.page)
    phone.page.goto(site.url + EMPTY)
    room.send("Storage.overrideQuotaForOrigin", {"origin": site.url, "quotaSize": 400_000})
    phone.again()
    phone.begin()
    uids = [phone.do("crypto.randomUUID()") for _ in range(30)]
    saved = 0
    for uid in uids:
        phone.do("uid => m.keepDraft(uid, { kept: uid })", uid)
        why = phone.do(f"given => ({SAVE})(given){WHY}", [uid, "x" * 20_000])
        if why != "saved":
            break
        saved += 1
    assert why == "full" and len(phone.outbox()) == saved > 1
    assert phone.do("uid => m.draft(uid)", uid) == {"kept": uid}
    # In a second tab: a browser tidies up when the last one lets go, and there is room for a moment.
    second = Phone(context.new_page(), site)
    second.page.goto(site.url + EMPTY)
    second.again()
    assert second.do("m.ready()")["why"] == "full"
    room.send("Storage.overrideQuotaForOrigin", {"origin": site.url})
    assert second.do("m.ready()")["ok"] and phone.do(f"given => ({SAVE})(given){WHY}", [uid, "x"]) == "saved"
    assert len(phone.outbox()) == saved + 1
    context.close()


@pytest.mark.parametrize(
    "script",
    [
        "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }",
        "IDBFactory.prototype.open = () => { throw new DOMException('private', 'InvalidStateError'); }",
        "Object.defineProperty(window, 'indexedDB', { get: () => undefined })",
        "IDBFactory.prototype.open = () => ({})",
        "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })",
        "IDBObjectStore.prototype.put = () => { throw new DOMException('read-only', 'NotAllowedError'); }",
    ],
    ids=["forbidden", "private window", "none", "never answers", "no crypto", "cannot be written"],
)
def test_a_phone_that_cannot_keep_anything_is_told_before_typing(phones: Callable[..., Phone], script: str) -> None:
    phone = phones(script)
    phone.do("() => { m.LIMITS.open = 50; }")
    found = phone.do("m.ready()")
    assert (found["ok"], found["why"]) == (False, "refused")


def test_a_browser_that_keeps_no_keys_is_told_before_typing(phones: Callable[..., Phone]) -> None:
    phone = phones("""{ const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (value) {
        if (value.phoneKey) throw new DOMException('The object can not be cloned.', 'DataCloneError');
        return put.call(this, value);
      }; }""")
    assert phone.do("m.refreshPack()") == {"ok": False, "why": "refused"}
    assert phone.do("m.ready()")["why"] == "none"


def test_a_connection_that_the_browser_closed_is_opened_again(phones: Callable[..., Phone]) -> None:
    phone = phones("""{ const open = IDBFactory.prototype.open; window.opened = [];
      IDBFactory.prototype.open = function (...given) {
        const request = open.apply(this, given);
        request.addEventListener('success', () => window.opened.push(request.result));
        return request;
      }; }""")
    phone.begin()
    phone.do("() => { window.opened.at(-1).close(); }")
    assert phone.save() and phone.do("window.opened.length") == 2
    phone.do("() => { window.opened.at(-1).close(); }")
    assert phone.do("m.counts()")["waiting"] == 1


def test_storage_that_the_browser_threw_away_is_noticed_and_said_until_it_was_read(phone: Phone) -> None:
    assert phone.do("m.ready()")["evicted"] is False
    phone.save()
    session = phone.page.context.new_cdp_session(phone.page)
    session.send("Storage.clearDataForOrigin", {"origin": phone.site.url, "storageTypes": "indexeddb,cache_storage"})
    for _ in range(2):
        found = phone.do("m.ready()")
        assert (found["ok"], found["why"], found["evicted"]) == (False, "none", True)
    phone.do("m.evictionSeen()")
    phone.begin()
    assert phone.do("m.ready()")["evicted"] is False and phone.save()


# The store as the first version wrote it. Never change this: there are phones that have it.
VERSION_1 = """async (rows) => {
  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open('outreach-field', 1);
    request.onerror = () => reject(request.error);
    request.onupgradeneeded = () => {
      const { result } = request;
      result.createObjectStore('phone', { keyPath: 'name' });
      result.createObjectStore('session', { keyPath: 'owner' });
      result.createObjectStore('pack', { keyPath: 'owner' });
      result.createObjectStore('drafts', { keyPath: ['owner', 'uid'] });
      result.createObjectStore('outbox', { keyPath: ['uid', 'hash'] });
      result.createObjectStore('sent', { keyPath: ['uid', 'hash'] });
    };
    request.onsuccess = () => resolve(request.result);
  });
  const tx = db.transaction(Object.keys(rows), 'readwrite');
  for (const [name, many] of Object.entries(rows)) for (const row of many) tx.objectStore(name).put(row);
  await new Promise((done) => { tx.oncomplete = done; });
  db.close();
}"""


def test_a_store_of_the_first_version_is_taken_over_with_all_that_waits_in_it(phones: Callable[..., Phone]) -> None:
    first = phones()
    first.begin()
    for _ in range(3):
        first.save()
    first.do("m.keepDraft('d', { typed: true })")
    first.do(f"""async () => {{
      const names = ['phone', 'session', 'pack', 'drafts', 'outbox', 'sent'];
      const rows = {{}};
      await m.within(names, 'readonly', async (tx) => {{
        for (const name of names) rows[name] = await m.ask(tx.objectStore(name).getAll());
      }});
      await new Promise((done) => {{ indexedDB.deleteDatabase('outreach-field').onsuccess = done; }});
      await ({VERSION_1})(rows);
    }}""")
    second = phones()
    assert second.do("m.ready()")["ok"] and second.do("m.counts()")["waiting"] == 3
    assert second.do("m.draft('d')") == {"typed": True}
    assert second.do("m.sendNow()") == {"sent": 3, "left": 0}


def test_a_newer_page_takes_the_store_over_and_the_older_one_says_that_it_is_old(phones: Callable[..., Phone]) -> None:
    older, newer = phones(), phones()
    older.begin()
    older.save()
    older.do("() => { m.onNews((what) => { (window.heard ??= []).push(what); }); }")
    newer.do("() => { m.STEPS.push((db) => { db.createObjectStore('more'); }); }")
    assert newer.do("m.counts()")["waiting"] == 1 and newer.do("m.ready()")["ok"]
    assert older.do("m.ready()") == {"ok": False, "why": "old"} and "old" in older.do("window.heard")
    assert older.do(f"m.keepDraft('d', {{}}){WHY}") == "old"
    assert newer.do("m.sendNow()") == {"sent": 1, "left": 0}


def test_an_upgrade_that_another_tab_holds_up_says_so_and_goes_on_afterwards(phones: Callable[..., Phone]) -> None:
    holder, newer = phones(), phones()
    holder.begin()
    holder.save()
    holder.do("""async () => {
      window.held = await new Promise((done) => {
        const request = indexedDB.open('outreach-field');
        request.onsuccess = () => done(request.result);
      });
    }""")
    newer.do("() => { m.STEPS.push((db) => { db.createObjectStore('more'); }); m.LIMITS.blocked = 50; }")
    assert newer.do("m.ready()") == {"ok": False, "why": "old"}
    holder.do("() => { window.held.close(); }")
    assert newer.do("m.ready()")["ok"] and newer.do("m.counts()")["waiting"] == 1


# --- by itself --------------------------------------------------------------------------------------------------------


def test_it_sends_by_itself_at_once_after_a_save_on_focus_when_signal_returns_and_in_pauses(phone: Phone) -> None:
    tried = phone.answer(lambda _: said("", 502))
    phone.page.route("**/field/app/pack*", lambda route: route.abort())
    phone.do("() => { m.TIMES.pauses = [3600000]; }")
    phone.save()

    def after(script: str) -> None:
        before = len(tried)
        phone.do(script)
        for _ in range(PATIENCE // 20):
            phone.page.wait_for_timeout(20)
            if len(tried) > before:
                return
        raise AssertionError(script)

    after("() => { m.startSending(); }")
    after("() => { dispatchEvent(new Event('online')); }")
    after("() => { dispatchEvent(new Event('focus')); }")
    after("() => { document.dispatchEvent(new Event('visibilitychange')); }")
    after(f"() => ({SAVE})([crypto.randomUUID(), ''])")
    phone.do("() => { m.TIMES.pauses = [1, 2]; }")
    after("() => { dispatchEvent(new Event('focus')); }")
    after("1")
    after("1")
    phone.page.unroute(SEALED)
    phone.until("m.counts().then(({ waiting }) => waiting === 0)")


def test_a_heartbeat_says_numbers_and_times_and_proves_itself(phone: Phone) -> None:
    key = phone.key
    beats: list[dict[str, Any]] = []

    def hear(route: Route, request: Request) -> None:
        beats.append(json.loads(request.post_data or ""))
        assert request.headers["x-unattended"] == "1", "it keeps no session alive"
        route.fulfill(json={"server_at": (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat()})

    phone.page.route(BEAT, hear)
    phone.answer(lambda _: said("", 502))
    first = phone.save(WORDS[0])
    phone.save(WORDS[1])
    phone.do("m.tellReady(true)")
    phone.do("m.sendNow()")
    beat = beats[-1]
    assert base64.b64decode(beat["proof"]) == sealed_rules.beat_proof(key, beat["said"])
    told = json.loads(beat["said"])
    [team] = [team for team in told["teams"] if team["unsent"]]
    assert team["unsent"] == 2 and team["needs_you"] == 0 and team["ready"] is True
    assert team["oldest_at"] == first["saved_at"]
    assert set(told) == {"device", "sent_at", "teams", "session"}
    assert set(team) == {"ticket", "unsent", "needs_you", "oldest_at", "ready"}
    # And the clock is known from its answer: an hour, give or take the journey.
    assert abs(phone.do("m.offset()") - 3_600_000) < 60_000
    phone.do("m.fact('clock', { offset_ms: 1, at: new Date(Date.now() + 3600000).toISOString() })")
    assert phone.do("m.offset()") is None  # the clock was put back since


def test_the_real_site_hears_the_heartbeat_also_when_she_is_signed_out(phone: Phone) -> None:
    phone.answer(lambda _: said("", 502))
    phone.save()
    phone.do("m.within(['phone'], 'readwrite', (tx) => m.ask(tx.objectStore('phone').delete('clock')))")
    for signed in (True, False):
        if not signed:
            phone.do("m.endSession()")
        with phone.page.expect_response(BEAT) as heard:
            phone.do("m.sendNow()")
        assert heard.value.status == 200
        told = json.loads(json.loads(heard.value.request.post_data or "")["said"])
        assert sum(team["unsent"] for team in told["teams"]) == 1
    assert abs(phone.do("m.offset()")) < 60_000


def test_records_older_than_a_day_are_told(phone: Phone) -> None:
    saved = phone.save()
    assert phone.do("m.counts()")["old"] is False
    phone.do("""m.within(['outbox'], 'readwrite', async (tx) => {
      const [row] = await m.ask(tx.objectStore('outbox').getAll());
      await m.ask(tx.objectStore('outbox').put({ ...row, saved_at: '2020-10-17T01:38:00.000Z' }));
    })""")
    counts = phone.do("m.counts()")
    assert counts["old"] is True and counts["oldest"].startswith("2020") and saved["saved_at"] > counts["oldest"]


def test_it_sends_from_a_worker_that_has_no_window(phone: Phone) -> None:
    phone.save()
    source = """import { sendNow } from '/static/field/send.js';
    sendNow({ byHand: false }).then(postMessage, (error) => postMessage(String(error)));"""
    phone.page.route("**/a-worker.js", lambda route: route.fulfill(content_type="text/javascript", body=source))
    done = phone.do("""() => new Promise((resolve) => {
      new Worker('/a-worker.js', { type: 'module' }).onmessage = ({ data }) => resolve(data);
    })""")
    assert done == {"sent": 1, "left": 0} and phone.outbox() == []
