// The field app: shows the screen that the address says, keeps the strip true, sends in the background. What stands in
// each screen is in its own file; what is kept, sealed and sent is in store.js, outbox.js and send.js.

import { hide, unhide } from './hide.js';
import { install } from './install.js';
import { siteNow } from './outbox.js';
import { asked, clone, go, say, show, warn } from './screen.js';
import { borrowPack, onChange, refreshPack, startSending } from './send.js';
import * as store from './store.js';
import { spokenMoment, spokenTime, word } from './words.js';

const SHELL = '/field/app';
const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const HOUR = 3_600_000;
const TRUSTED = /^#\/(ready|team|$)/; // screens that show what the pack says

const app = { pack: null, state: null, stopped: '', evicted: false, chosen: '', asked: '', ahead: 0 };
let shown = ''; // the address that is on the screen

// What the first screen does not need comes right after it, so that the first load is light; the worker keeps all of it.
let late = null; // {card, log, phone, ready} once they are here
let coming = null;

function rest() {
  coming ??= Promise.all([import('./card.js'), import('./log.js'), import('./phone.js'), import('./ready.js')]).then(
    ([card, log, phone, ready]) => { late = { card, log, phone, ready }; return late; },
    (error) => { // the signal went in the middle of the first visit: asked for again at the next tap
      coming = null;
      throw Object.assign(error, { why: 'missing' });
    },
  );
  return coming;
}

const soon = () => rest().catch(() => null);

/** What a tap does with the parts that come late; what stands in its way is said. */
const tapped = (work) => () => rest().then(work).catch(trouble);
const begin = (team) => tapped(({ log }) => log.begin(team));

// --- what stands in the way ---------------------------------------------------------------------------------------------

// The storage may stop working while the app is open: then that is said, and nothing that looks as if it worked.
function trouble(error) {
  if (!error.why) throw error;
  return error.why === 'missing' ? lacking() : stop(error.why);
}

// What works stays on the screen: only what was tapped says that it is not here yet.
async function lacking() {
  if (shown !== '#/') {
    history.replaceState(null, '', '#/');
    shown = '#/';
    await home();
  }
  warn(word('missing'));
}

async function stop(why) {
  const still = asked();
  const { others = 0 } = (why !== 'refused' && (await store.counts().catch(() => null))) || {};
  if (!still()) return;
  const team = ['full', 'refused', 'other'].includes(why) ? teamNow() : null;
  const log = team && !waits(team);
  const said = ['full', 'refused', 'old', 'other'].includes(why)
    ? { title: word('stop_title'), text: word(why === 'other' ? 'stop_refused' : `stop_${why}`), log, more: word(log ? 'stop_log' : 'stop_card'), go: word('stop_go') }
    : { title: word('none_title'), text: word('none_text'), go: word('opening') };
  const copy = clone('s-stop', { ...said, phone: app.pack?.device, others: others && word('others', { n: others }) });
  if (log) {
    copy.querySelector('.bar a').addEventListener('click', leave);
    copy.querySelector('#unkept').addEventListener('click', tapped((parts) => {
      parts.log.keepNothing(why === 'full' ? why : 'refused');
      return parts.log.begin(team);
    }));
    document.getElementById('strip').replaceChildren(clone('p-unkept'));
  }
  show(copy);
}

// The pack is in this page alone: without signal there is no way back to it.
async function leave(event) {
  event.preventDefault();
  const { href } = event.currentTarget;
  if (await borrowPack()) location.assign(href);
  else warn(word('unkept_away'));
}

/** Whether this phone can keep what is typed, and for whom. The pack is asked for when this phone has none. */
async function prepare() {
  const found = await store.ready();
  app.stopped = found.ok || found.why === 'none' ? '' : found.why;
  app.evicted = found.evicted === true;
  if (!['refused', 'old'].includes(app.stopped)) app.pack = await store.pack(); // else nothing can be read either
  if (!app.pack && !app.stopped) {
    const { pack = null, why } = await refreshPack();
    app.pack = pack;
    if (['full', 'refused', 'other'].includes(why)) app.stopped = why;
  }
  if (!app.pack && app.stopped && app.stopped !== 'old') app.pack = await borrowPack();
  await tellTime();
}

// How far the site's clock is ahead, and what there is to do when her sign-in ends by it.
async function tellTime() {
  if (!app.pack?.device) return;
  app.ahead = (await siteNow()) - Date.now();
  clearTimeout(ending);
  const left = Date.parse(app.pack.session_ends_at) - Date.now() - app.ahead;
  if (left > 0) ending = setTimeout(() => TRUSTED.test(shown) && route(), Math.min(left + 1, 2 ** 31 - 1));
}

let ending = 0;

// --- my shift -----------------------------------------------------------------------------------------------------------

/** The team that is on now, or next, or was chosen. */
function teamNow() {
  const teams = app.pack?.teams ?? [];
  const now = Date.now();
  const on = (one) => Date.parse(one.shift?.starts_at ?? one.starts_at) <= now && now < Date.parse(one.shift?.ends_at ?? one.ends_at);
  return teams.find((one) => one.uid === app.chosen) ?? teams.find(on) ?? teams[0] ?? null;
}

// An operation that has not begun takes nothing yet; the phone may have lost the signal before it began.
const waits = (team) => team.status === 'planned' && Date.parse(team.opens_at) > Date.now();

function about(team) {
  if (!team) return word('no_team_fix');
  if (waits(team)) return word('opens', { time: spokenMoment(team.opens_at, team.zone) });
  const ends = team.shift?.ends_at ?? team.ends_at;
  return [team.shift?.place ?? team.area, ends && word('until', { time: spokenTime(ends, team.zone) }), team.code].filter(Boolean).join(' · ');
}

const isOver = () => Date.parse(app.pack.session_ends_at) <= Date.now() + app.ahead;

/** What screens may show. Once her sign-in has ended, by the clock alone: what it takes to go on logging, no more. */
function told() {
  const team = teamNow();
  if (!isOver()) return { ...app, team };
  const bare = (one) => one && { ...one, area: '', shift: null, numbers: [], places: [], last: null };
  return { ...app, team: bare(team), pack: { ...app.pack, over: true, teams: app.pack.teams.map(bare) } };
}

const signedOut = (team) =>
  (isOver() ? word('signed_out', { time: spokenTime(app.pack.session_ends_at, team?.zone ?? 'UTC') }) : word('signed_out_now'));

// After the end of her sign-in only what was being typed within the hour.
async function draftsOpen() {
  const kept = await store.drafts().catch(() => []);
  return isOver() ? kept.filter(({ at }) => Math.abs(Date.now() - Date.parse(at)) < HOUR) : kept;
}

async function draftsNow() {
  return (await draftsOpen()).map(({ uid, answers }) => {
    const zone = app.pack.teams.find((one) => one.uid === answers.team)?.zone ?? 'UTC';
    const time = spokenTime(answers.begun, zone);
    const copy = clone('p-draft', { next: `#/log/${uid}/next`, continue: word('continue', { time }), time });
    copy.querySelector('[data-throw]').addEventListener('click', tapped(async ({ log }) => {
      await log.throwAway(uid);
      await home();
    }));
    return copy;
  });
}

async function home({ again = false } = {}) {
  if (app.stopped) return stop(app.stopped);
  const still = asked();
  const drafts = await draftsNow();
  if (!still()) return null;
  const team = teamNow();
  const others = app.pack.teams.filter((one) => one !== team);
  const ended = app.state?.signIn || isOver();
  const copy = clone('s-home', {
    team: team?.name ?? word('no_team'),
    about: isOver() ? word('over_hides') : about(team),
    asked: app.asked,
    evicted: app.evicted,
    signed_out: ended && signedOut(team),
    drafts,
    others: others.map((one) => clone('p-team', { url: `#/team/${one.uid}`, team: `${one.name} · ${one.code}` })),
    log: team && !waits(team),
  });
  copy.querySelector('#log')?.addEventListener('click', begin(team));
  copy.querySelector('#evicted-seen')?.addEventListener('click', async () => {
    await store.evictionSeen();
    app.evicted = false;
    await home();
  });
  return show(copy, { team, quiet: again, title: `${word('my_shift')} – Outreach` }); // the browser keeps titles: no team in them
}

// --- after saving -------------------------------------------------------------------------------------------------------

async function sentState({ saved }) {
  const row = (await store.sentList()).find((one) => one.uid === saved.uid);
  if (row) return word('sent_at', { time: spokenTime(row.received_at, saved.team.zone) });
  const waiting = (await store.waiting()).find((one) => one.uid === saved.uid);
  return word(waiting?.state === 'needs_you' ? 'not_taken' : 'not_sent');
}

async function savedScreen() {
  const { saved, ticket } = (await rest()).card;
  if (!saved) return go('#/', { instead: true });
  const copy = clone('s-saved', { state: word('not_sent'), codes: saved.codes.map(ticket), next: word(saved.next), sealed: word('sealed') });
  copy.querySelector('#log').addEventListener('click', begin(saved.team));
  return show(copy, { back: [word('my_shift'), '#/'], team: saved.team });
}

async function tellSent() {
  const place = document.getElementById('state');
  if (!place || !late) return;
  const words = await sentState(late.card);
  if (place.textContent === words) return;
  place.textContent = words;
  say(words);
}

// --- the strip ----------------------------------------------------------------------------------------------------------

async function strip() {
  const { state } = app;
  if (!state || app.stopped) return;
  const unsent = (state.waiting ?? 0) + (state.needsYou ?? 0);
  const place = document.getElementById('strip');
  const stuck = state.needsYou > 0 || state.old || (state.signIn && unsent > 0);
  const what = state.signIn && unsent ? 'stuck_sign_in' : 'stuck';
  if (stuck) return void place.replaceChildren(clone('p-stuck', { words: word(unsent === 1 ? `${what}_one` : what, { n: unsent }) }));
  const copy = clone('p-strip');
  const [here, sent] = copy.querySelectorAll('b');
  here.textContent = unsent;
  sent.textContent = store.sentToday(app.pack, await store.sentList());
  return void place.replaceChildren(copy);
}

// --- which screen -------------------------------------------------------------------------------------------------------

async function question(uid, step) {
  const still = asked();
  const parts = await rest();
  const open = parts.log.isOpen(uid) || !isOver() || (await draftsOpen()).some((one) => one.uid === uid);
  const answers = open && (await parts.log.answersOf(uid));
  if (!still()) return null;
  if (!answers) return go('#/', { instead: true });
  const { pack } = told();
  return step === 'check' ? parts.card.check(uid, answers, pack) : parts.log.ask(uid, step, answers, pack);
}

const route = () => chosen().catch(trouble);

async function chosen() {
  const hash = location.hash || '#/';
  if (!hash.startsWith('#/')) { // "Skip to main content", or a link to a field
    document.getElementById(hash.slice(1))?.focus();
    return history.replaceState(null, '', shown || '#/');
  }
  const again = hash === shown;
  const from = shown;
  shown = hash;
  asked(); // whatever was still being made is not wanted any more
  if (hash !== '#/hidden') unhide();
  if (hash !== '#/') app.asked = '';
  if (hash !== '#/phone') late?.phone.leave();
  const [, screen, first, second] = hash.split('/');
  if (!app.pack && screen !== 'hidden') return stop(app.stopped || 'none');
  if (screen === 'hidden') return hide(from);
  if (screen === 'log' && UID.test(first)) return question(first, second ?? 'next');
  if (screen === 'saved') { await savedScreen(); return tellSent(); }
  if (screen === 'phone') return (await rest()).phone.phone(told(), { again });
  if (screen === 'ready') return (await rest()).ready.ready(told(), { again });
  if (screen === 'team') app.chosen = first;
  return home({ again });
}

async function changed(state) {
  const before = app.state;
  app.state = state;
  await tellTime();
  if (JSON.stringify(state) === JSON.stringify(before)) return;
  await strip();
  await tellSent();
  if (shown === '#/phone') await late?.phone.phone(told(), { again: true });
  if (shown === '#/' && Boolean(before?.signIn) !== Boolean(state.signIn)) await home({ again: true });
}

// What one person typed or saved must not stay in the memory of a page that another one uses.
function afresh() {
  history.replaceState(null, '', `${SHELL}#/`);
  location.reload();
}

async function newPack() {
  const before = app.pack;
  app.pack = await store.pack();
  if (before && before.owner !== app.pack?.owner) return afresh();
  if (!before) return run();
  const facts = (pack) => JSON.stringify([pack.teams, pack.session_ends_at]);
  await tellTime();
  return TRUSTED.test(shown) && facts(before) !== facts(app.pack) ? route() : null;
}

let running = false;

async function run() {
  await route();
  if (running || !app.pack) return;
  running = true;
  soon();
  addEventListener('online', soon);
  if (!app.pack.device) return; // nothing is kept here, so nothing is sent
  onChange(changed);
  startSending().catch(() => null);
  install();
}

async function news(what) {
  if (what === 'session') await newPack();
  else if (what === 'ended') afresh();
  else if (what === 'old') {
    app.stopped = 'old';
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
