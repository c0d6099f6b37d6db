// A liaison's page without signal: what is due, one referral to prepare for, and what she writes down of it. What is
// kept, sealed and sent is in store.js, outbox.js and send.js, as for contacts; this is the pack's part "cases". How a
// person is reached safely is never on the phone.

import { hide, unhide } from './hide.js';
import { CASES, install } from './install.js';
import { save, siteNow } from './outbox.js';
import { phone } from './phone.js';
import { asked, clone, go, say, show, showErrors, warn } from './screen.js';
import { onChange, refreshPack, startSending } from './send.js';
import * as store from './store.js';
import { localText, spokenTime, word } from './words.js';

const SHELL = '/referrals/app';
const PART = 'cases';
const NAMES = ['overdue', 'today', 'week', 'undated', 'later'];
const LISTS = /^#\/(case|phone|$)/; // screens without anything typed

const app = { pack: null, state: null, stopped: '', evicted: false, asked: '', saved: null, changed: {}, ahead: 0 };
let shown = '';

const isOver = () => Date.parse(app.pack.session_ends_at) <= Date.now() + app.ahead;
const caseOf = (uid) => app.pack.cases.find((one) => one.uid === uid);
const today = (zone) => localText(new Date(Date.now() + app.ahead), zone).slice(0, 10);
const after = (day, days) => new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

// --- what stands in the way ---------------------------------------------------------------------------------------------

async function stop(why) {
  const still = asked();
  const { others = 0 } = (why !== 'refused' && (await store.counts().catch(() => null))) || {};
  if (!still()) return;
  const known = ['full', 'refused', 'old', 'other'].includes(why);
  const said = known
    ? { title: word('stop_title'), text: word(why === 'other' ? 'stop_refused' : `stop_${why}`), go: word('stop_go') }
    : { title: word('none_title'), text: word('none_text'), go: word('sign_in') };
  show(clone('s-stop', { ...said, others: others && word('others', { n: others }) }));
}

async function prepare() {
  const found = await store.ready(PART);
  app.stopped = found.ok || found.why === 'none' ? '' : found.why;
  app.evicted = found.evicted === true;
  if (!app.stopped || app.stopped === 'full') app.pack = await store.pack(PART);
  if (!app.pack && !app.stopped) {
    const { pack = null, why } = await refreshPack(PART);
    app.pack = pack;
    if (['full', 'refused', 'other'].includes(why)) app.stopped = why;
  }
  await look();
}

/** How far the site's clock is ahead, and which goals were changed here since. */
async function look() {
  app.ahead = (await siteNow()) - Date.now();
  app.changed = (await store.draft(store.CHANGED).catch(() => null)) ?? {};
}

// --- what is due --------------------------------------------------------------------------------------------------------

function groupOf(on, day) {
  if (!on) return 'undated';
  if (on <= day) return on < day ? 'overdue' : 'today';
  return on <= after(day, 7) ? 'week' : 'later';
}

function lines() {
  const found = Object.fromEntries(NAMES.map((name) => [name, []]));
  for (const one of app.pack.cases) {
    const day = today(one.zone);
    for (const { what, on } of one.due) found[groupOf(on, day)].push({ one, what, on });
  }
  for (const list of Object.values(found)) list.sort((a, b) => (a.on ?? '').localeCompare(b.on ?? ''));
  return found;
}

const line = ({ one, what, on }) => clone('p-line', { url: `#/case/${one.uid}`, code: one.code, what, on: on ?? '', urgent: one.urgent });
const bare = (one) => clone('p-line', { url: `#/case/${one.uid}`, code: one.code });

// Once her sign-in has ended, by the clock alone: codes, so that she can go on writing, and nothing else.
function home({ again = false } = {}) {
  const found = isOver() ? {} : lines();
  const said = Object.fromEntries(NAMES.map((name) => [name, (found[name] ?? []).map(line)]));
  const ended = app.state?.signIn || isOver();
  const copy = clone('s-home', {
    ...said,
    about: isOver() ? word('over_hides') : word('taken', { time: spokenTime(app.pack.server_at, app.pack.teams[0]?.zone ?? 'UTC') }),
    asked: app.asked,
    evicted: app.evicted,
    signed_out: ended,
    codes: isOver() ? app.pack.cases.map(bare) : [],
    nothing: app.pack.cases.length === 0,
  });
  copy.querySelector('#evicted-seen')?.addEventListener('click', async () => {
    await store.evictionSeen();
    app.evicted = false;
    home();
  });
  show(copy, { quiet: again, title: word('title') });
}

// --- one referral -------------------------------------------------------------------------------------------------------

const waits = (item) => app.changed[item.uid] === item.version;

function goalLine(one, item) {
  const said = [item.due_on, item.state_words].filter(Boolean).join(' · ');
  return clone('p-goal', {
    ...item,
    said,
    rivals: item.rivals ? word('rivals') : '',
    waits: waits(item) ? word('goal_waits') : '',
    url: item.rivals || item.unreadable || waits(item) ? '' : `#/goal/${one.uid}/${item.uid}`,
  });
}

function caseScreen(one, { again = false } = {}) {
  const over = isOver();
  const copy = clone('s-case', {
    code: one.code,
    about: over ? word('over_hides') : [one.state, one.urgent && word('urgent')].filter(Boolean).join(' · '),
    due: over ? [] : one.due.map(({ what, on }) => clone('p-due', { what, on: on ?? '' })),
    plan: over ? [] : one.plan.map((item) => goalLine(one, item)),
    record: `#/record/${one.uid}`,
    site: `/referrals/${one.uid}`,
  });
  show(copy, { back: [word('due'), '#/'], quiet: again, title: word('title') });
}

// --- writing ------------------------------------------------------------------------------------------------------------

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const isDay = (text) => DAY.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
const answers = (form) => Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));

// As outreach/referrals/case_rules.py has it: what the site would not take is said before it is sealed.
function wrongEntry(said, day) {
  const found = [];
  if (!said.way) found.push(['way-0', word('wrong_way')]);
  if (!said.result) found.push(['result-0', word('wrong_result')]);
  else if (said.result === 'spoke' && !['yes', 'no'].includes(said.safe)) found.push(['safe-0', word('wrong_safe')]);
  else if (said.result === 'unsafe' && said.safe === 'yes') found.push(['safe-0', word('wrong_unsafe')]);
  if (said.note.length > 4000) found.push(['note', word('too_long', { most: 4000 })]);
  if (said.next_on && !isDay(said.next_on)) found.push(['next_on', word('wrong_day')]);
  else if (said.next_on && (said.next_on < day || said.next_on > after(day, 730))) found.push(['next_on', word('wrong_next')]);
  return found;
}

function wrongGoal(said) {
  const found = [];
  if (!said.goal && said.state !== 'not_wanted') found.push(['goal', word('wrong_goal')]);
  for (const name of ['goal', 'step']) if (said[name].length > 300) found.push([name, word('too_long', { most: 300 })]);
  if (said.due_on && !(isDay(said.due_on) && said.due_on.startsWith('20'))) found.push(['due_on', word('wrong_day')]);
  return found;
}

async function keep(one, kind, uid, fields, more = {}) {
  const many = Object.fromEntries(Object.entries({ referral: one.uid, ...fields }).map(([name, value]) => [name, [value]]));
  try {
    await save({ fields: many, by_clock: true, ...more }, { kind, uid, team: one.place, part: PART });
  } catch (error) {
    if (!error.why) throw error;
    warn(word('not_saved'));
    return false;
  }
  app.saved = { uid, zone: one.zone };
  return true;
}

/** Listen to the form on the screen: `check(said)` names what is wrong, `done(said)` keeps it. */
function listen(copy, check, done) {
  copy.querySelector('form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const button = event.submitter ?? form.querySelector('button');
    const said = answers(form);
    const wrong = check(said);
    if (wrong.length) return showErrors(wrong);
    button.disabled = true;
    const kept = await done(said);
    button.disabled = false;
    return kept && go('#/saved', { instead: true });
  });
}

function record(one) {
  const uid = crypto.randomUUID(); // of this form: pressed twice it is saved once
  const copy = clone('s-record', { code: one.code });
  listen(copy, (said) => wrongEntry(said, today(one.zone)), (said) => keep(one, 'entry', uid, said));
  show(copy, { back: [one.code, `#/case/${one.uid}`], title: word('title') });
}

function goal(one, item) {
  const uid = crypto.randomUUID();
  const copy = clone('s-goal', { code: one.code, area: item.area_words });
  const form = copy.querySelector('form');
  for (const name of ['goal', 'step', 'due_on']) form.elements[name].value = item[name];
  form.elements.state.value = item.state;
  listen(copy, wrongGoal, async (said) => {
    if (!(await keep(one, 'goal', uid, { ...said, item: item.uid, area: item.area }, { base: item.version }))) return false;
    app.changed = { ...app.changed, [item.uid]: item.version };
    await store.keepDraft(store.CHANGED, app.changed).catch(() => null);
    return true;
  });
  show(copy, { back: [one.code, `#/case/${one.uid}`], title: word('title') });
}

async function sentState({ uid, zone }) {
  const row = (await store.sentList()).find((each) => each.uid === uid);
  if (row) return word(row.state === 'held' ? 'held_at' : 'sent_at', { time: spokenTime(row.received_at, zone) });
  const waiting = (await store.waiting()).find((each) => each.uid === uid);
  return word(waiting?.state === 'needs_you' ? 'not_taken' : 'not_sent');
}

async function savedScreen() {
  if (!app.saved) return go('#/', { instead: true });
  show(clone('s-saved', { state: word('not_sent') }), { back: [word('due'), '#/'], title: word('title') });
  return tellSent();
}

async function tellSent() {
  const place = document.getElementById('state');
  if (!place || !app.saved) return;
  const words = await sentState(app.saved);
  if (place.textContent === words) return;
  place.textContent = words;
  say(words);
}

// --- the strip ----------------------------------------------------------------------------------------------------------

async function strip() {
  const { state } = app;
  const unsent = (state.waiting ?? 0) + (state.needsYou ?? 0);
  const place = document.getElementById('strip');
  if (state.needsYou > 0 || state.old || (state.signIn && unsent > 0)) {
    const words = word(state.signIn ? 'stuck_sign_in' : 'stuck', { n: unsent });
    return void place.replaceChildren(clone('p-stuck', { words }));
  }
  const copy = clone('p-strip');
  const [here, sent] = copy.querySelectorAll('b');
  here.textContent = unsent;
  sent.textContent = (await store.sentList()).length;
  return void place.replaceChildren(copy);
}

// --- which screen -------------------------------------------------------------------------------------------------------

async function route() {
  const hash = location.hash || '#/';
  if (!hash.startsWith('#/')) {
    document.getElementById(hash.slice(1))?.focus();
    return history.replaceState(null, '', shown || '#/');
  }
  const again = hash === shown;
  const from = shown;
  shown = hash;
  asked();
  if (hash !== '#/hidden') unhide();
  if (hash !== '#/') app.asked = '';
  const [, screen, first, second] = hash.split('/');
  if (screen === 'hidden') return hide(from);
  if (!app.pack) return stop(app.stopped || 'none');
  if (screen === 'phone') return phone({ pack: app.pack, team: { zone: 'UTC', ...app.pack.teams[0], name: word('due') }, state: app.state }, { again });
  if (screen === 'saved') return savedScreen();
  const one = caseOf(first);
  const item = one?.plan.find((each) => each.uid === second);
  if (screen === 'case' && one) return caseScreen(one, { again });
  if (screen === 'record' && one) return again ? null : record(one);
  if (screen === 'goal' && item && !isOver() && !waits(item)) return again ? null : goal(one, item);
  if (screen) return go('#/', { instead: true });
  return home({ again });
}

async function changed(state) {
  const before = app.state;
  app.state = state;
  await look();
  if (JSON.stringify(state) === JSON.stringify(before)) return;
  await strip();
  await tellSent();
  if (LISTS.test(shown)) await route();
  // What arrived has changed what is due.
  if (before?.waiting > 0 && state.waiting === 0 && !state.signIn) refreshPack(PART).catch(() => null);
}

function afresh() {
  history.replaceState(null, '', `${SHELL}#/`);
  location.reload();
}

async function newPack() {
  const before = app.pack;
  app.pack = await store.pack(PART);
  if (before && before.owner !== app.pack?.owner) return afresh();
  await look();
  return LISTS.test(shown) || !before ? run() : null;
}

let running = false;

async function run() {
  await route();
  if (running || !app.pack) return;
  running = true;
  onChange(changed);
  startSending(PART).catch(() => null);
  install(CASES);
}

async function news(what) {
  if (what === 'session') await newPack();
  else if (what === 'ended') afresh();
  else if (what === 'old') {
    app.stopped = 'old';
    app.pack = null;
    await stop('old');
  }
}

async function start() {
  if (location.pathname !== SHELL) { // the worker shows this page where another one has no signal
    app.asked = location.pathname;
    history.replaceState(null, '', `${SHELL}${location.hash || '#/'}`);
  }
  await prepare();
  store.onNews(news);
  addEventListener('hashchange', route);
  addEventListener('online', () => { if (app.stopped && !app.pack) location.reload(); });
  await run();
}

start();
