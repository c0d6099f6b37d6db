// Sending: one record a request, oldest first, until a receipt that proves itself has come for every one of them. What
// any other answer says, the record stays. Works in a page and in a service worker (Background Sync).

import { ask, onNews, spread, within } from './database.js';
import { hear } from './outbox.js';
import { beat, envelope, isOver, isReceipt } from './seal.js';
import { begin, counts, endSession, fact, latestPack, pack, ready, session } from './store.js';

const MINUTE = 60_000;
export const SYNC_TAG = 'outreach-send';

/**
 * Limits that a test may shorten. `failures`: in a row, after which there is no signal worth trying with. `pauses`: short
 * for more than a minute after each look at the app, because no browser notices a network that only hangs.
 */
const PAUSES = [...Array(3).fill(0.1), ...Array(6).fill(0.15), 0.5, 1, 2, 5, 10];
export const TIMES = { answer: 20_000, pauses: PAUSES.map((m) => m * MINUTE), beat: MINUTE, lock: MINUTE, failures: 3 };
const MOST = { receipt: 64 * 1024, pack: 8 * 1024 * 1024 };

// --- asking the site ----------------------------------------------------------------------------------------------------

const NOTES = new Set(['entry', 'goal']); // what a liaison's phone seals
const PACKS = { '': '/field/app/pack', cases: '/referrals/app/pack' };
const addressOf = ({ kind }) => (NOTES.has(kind) ? '/referrals/sealed' : '/field/sealed');

// What a phone says and asks by itself is no sign that somebody is there, and keeps no session alive; a record is one.
const by = (path) => (path.endsWith('/sealed') ? {} : { 'X-Unattended': '1' });

/** The answer as {status, said}: `said` is JSON or null. Null when no answer came, or one that is not the site's. */
async function request(path, most, body) {
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), TIMES.answer);
  try {
    const answer = await fetch(path, {
      method: body === undefined ? 'GET' : 'POST',
      body,
      headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...by(path) },
      credentials: 'same-origin',
      redirect: 'error',
      cache: 'no-store',
      signal: cut.signal,
    });
    if (!/^application\/json\b/i.test(answer.headers.get('Content-Type') ?? '')) {
      await answer.body?.cancel();
      return { status: answer.status, said: null };
    }
    return { status: answer.status, said: JSON.parse(await bounded(answer, most)) };
  } catch {
    return null; // no signal, a redirect, cut off, too long, not JSON
  } finally {
    clearTimeout(timer);
  }
}

async function bounded(answer, most) {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let [out, size] = ['', 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return out + decoder.decode();
    size += value.length;
    if (size > most) {
      await reader.cancel();
      throw new RangeError('too long');
    }
    out += decoder.decode(value, { stream: true });
  }
}

// --- one record ---------------------------------------------------------------------------------------------------------

const word = (value) => (typeof value === 'string' && /^[a-z][a-z_]{0,39}$/.test(value) ? value : undefined);
const line = (value) => (typeof value === 'string' ? value.slice(0, 300) : undefined);
const named = (said, record) => said?.uid === record.uid && said?.hash === record.hash;

/** Send one record; what became of it: sent, needs_you, sign_in, not_yet (the site answered), failed (nobody did). */
async function sendOne(record, owner) {
  const from = Date.now();
  const answer = await request(addressOf(record), MOST.receipt, await envelope(record, record.phoneKey));
  if (answer === null) return 'failed';
  const { status, said } = answer;
  if (status === 200 && (await isReceipt(said, record, record.phoneKey))) {
    await arrived(record, said, owner);
    await hear(said.received_at, from);
    return 'sent';
  }
  if (status === 401 && said?.code === 'sign_in_needed') return 'sign_in';
  const unread = status === 422 && said?.state === 'rejected' && !said.uid && !said.hash; // it could not even be named
  const rejected = status === 422 && said?.state === 'rejected' && named(said, record);
  if (!(status === 413 || unread || rejected)) return said === null ? 'failed' : 'not_yet';
  if (record.owner === owner) await note(record, said ?? {}, status);
  return 'needs_you';
}

async function arrived(record, said, owner) {
  const { uid, hash, kind, team, saved_at, until } = record;
  const row = { uid, hash, kind, team, saved_at, until, state: said.state, reason: word(said.reason), received_at: said.received_at };
  await within(['outbox', 'sent', 'session'], 'strict', async (tx) => {
    const mine = await ask(tx.objectStore('session').get(record.owner));
    await ask(tx.objectStore('outbox').delete([uid, hash]));
    if (mine && record.owner === owner) await ask(tx.objectStore('sent').put(row)); // of another person no line is left
  });
  spread('sent');
}

async function note(record, said, status) {
  const code = word(said.code) ?? (status === 413 ? 'too_large' : 'rejected');
  await within(['outbox'], 'strict', async (tx) => {
    const outbox = tx.objectStore('outbox');
    const stands = await ask(outbox.get([record.uid, record.hash]));
    if (!stands) return; // another tab had its receipt meanwhile
    await ask(outbox.put({ ...stands, state: 'needs_you', code, message: line(said.message), fix: line(said.fix) }));
  });
  spread('noted');
}

// --- rounds -------------------------------------------------------------------------------------------------------------

const failures = new Map(); // by hash: what failed most often comes last, so that nothing blocks the rest
let othersTried = false;
let signIn = false;
let busy = null;
let opened = false; // whether this page has said once that it is here

async function candidates(owner, byHand) {
  const rows = await within(['outbox'], 'readonly', (tx) => ask(tx.objectStore('outbox').index('saved_at').getAll()));
  const mine = rows.filter((row) => row.owner === owner && (byHand || row.state === 'waiting'));
  const others = othersTried ? [] : rows.filter((row) => row.owner !== owner);
  const tried = (row) => failures.get(row.hash) ?? 0;
  return [...mine, ...others].sort((a, b) => (a.owner === owner ? 0 : 1) - (b.owner === owner ? 0 : 1) || tried(a) - tried(b));
}

async function pass(byHand) {
  const owner = (await session())?.owner ?? null;
  let [sent, inARow, left, turnedAway] = [0, 0, 0, false];
  for (const record of await candidates(owner, byHand)) {
    const mine = record.owner === owner;
    if (mine && turnedAway) { left += 1; continue; } // she has to sign in first: the others may still arrive
    const outcome = await sendOne(record, owner);
    if (mine && outcome !== 'failed') signIn = turnedAway = outcome === 'sign_in';
    if (!mine && outcome !== 'failed') othersTried = true;
    inARow = outcome === 'failed' ? inARow + 1 : 0;
    if (outcome === 'sent') { sent += 1; failures.delete(record.hash); continue; }
    left += 1;
    failures.set(record.hash, (failures.get(record.hash) ?? 0) + 1);
    if (inARow >= TIMES.failures) break;
  }
  return { sent, left, turnedAway };
}

async function passes(byHand) {
  let [sent, tried] = [0, false];
  for (let first = true; ; first = false) {
    const done = await pass(byHand && first);
    sent += done.sent;
    tried ||= done.sent + done.left > 0;
    if (done.sent === 0 || done.left === 0 || done.turnedAway) return { sent, tried }; // as long as it gets on, it goes on
  }
}

// One tab at a time where the browser can tell. Two at once are harmless, the site takes each record once: so a tab that
// was put to sleep while it sent holds nobody up for long.
async function alone(work) {
  if (!globalThis.navigator?.locks) return work();
  const wait = new AbortController();
  const timer = setTimeout(() => wait.abort(), TIMES.lock);
  let begun = false;
  const held = () => {
    begun = true;
    clearTimeout(timer);
    return work();
  };
  try {
    return await navigator.locks.request(SYNC_TAG, { signal: wait.signal }, held);
  } catch (error) {
    clearTimeout(timer);
    if (begun) throw error;
    return work();
  }
}

async function round(byHand) {
  const { sent, tried } = await alone(() => passes(byHand));
  if (tried || byHand || !opened) await heartbeat().catch(() => null); // with nothing to send, once a minute is enough
  opened = true;
  const { waiting, needsYou } = await counts();
  return { sent, left: byHand ? waiting + needsYou : waiting };
}

/**
 * Send what waits, now: {sent, left}. What needs the officer is tried again too, and counted, unless it is a worker that
 * asks (`byHand: false`): waking it once more would change nothing there.
 */
export async function sendNow({ byHand = true } = {}) {
  tries = 0;
  if (byHand) othersTried = false;
  while (busy) await busy.catch(() => null);
  return start(byHand);
}

function start(byHand) {
  busy = round(byHand).finally(() => {
    busy = null;
    tell();
    if (again) setTimeout(attempt); // something was saved while this was going on
    again = false;
  });
  tell();
  return busy;
}

// --- the pack and the heartbeat -----------------------------------------------------------------------------------------

const isPack = (said, device) =>
  said?.format === 1 && said.device === device && typeof said.owner === 'string' && said.owner.length > 0 &&
  typeof said.phone_key === 'string' && Array.isArray(said.teams) && !Number.isNaN(Date.parse(said.server_at));

/** Fetch the pack and keep it: {ok: true, pack} or {ok: false, why}: offline, sign_in, or as `ready()` says. */
export async function refreshPack(part = '') {
  const found = await ready(part);
  if (!found.device) return { ok: false, why: found.why };
  const [from, was] = [Date.now(), (await session())?.id];
  const answer = await request(`${PACKS[part]}?device=${found.device}`, MOST.pack);
  if (answer?.status === 401) return needSignIn();
  if (answer?.status !== 200 || !isPack(answer.said, found.device)) return { ok: false, why: 'offline' };
  try {
    await begin(answer.said, was);
  } catch (error) {
    if (error.why === 'ended') return needSignIn();
    return { ok: false, why: error.why ?? 'refused' };
  }
  signIn = false;
  await hear(answer.said.server_at, from);
  tell();
  return { ok: true, pack: await pack(part) };
}

/** The pack for a page that can keep nothing: as long as it is open, and with nothing to seal with. Null without signal. */
export async function borrowPack() {
  const answer = await request('/field/app/pack?device=none', MOST.pack);
  return answer?.status === 200 && answer.said?.format === 1 && Array.isArray(answer.said.teams) ? answer.said : null;
}

function needSignIn() {
  signIn = true;
  tell();
  return { ok: false, why: 'sign_in' };
}

/** Say whether the phone is ready (the five ticks), for the coordinator; kept until the session ends. */
export const tellReady = (isReady) => fact('ready', { is: isReady === true });

/**
 * Tell the site how much waits here: numbers and times, no content. Failing is silent: the next one says it all again.
 * Also for who is signed out while records of hers lie here: each record brings the key that proves it.
 */
export async function heartbeat() {
  const [now, known, latest] = [await session(), await pack(), await latestPack()];
  const rows = await within(['outbox'], 'readonly', (tx) => ask(tx.objectStore('outbox').index('saved_at').getAll()));
  const isReady = (await fact('ready'))?.is === true;
  const owners = new Map();
  const of = (owner, key, device) => {
    if (!owners.has(owner)) owners.set(owner, { key, device, isReady: owner === now?.owner && isReady, tickets: new Map(), rows: [] });
    return owners.get(owner);
  };
  for (const row of rows.filter((one) => !NOTES.has(one.kind))) { // also of a team that she is no longer in
    const said = of(row.owner, row.phoneKey, row.device);
    said.tickets.set(row.team, row.ticket);
    said.rows.push(row);
  }
  if (now && latest) {
    const said = of(now.owner, now.phoneKey, latest.device);
    said.mark = latest.session;
    for (const team of known?.teams ?? []) said.tickets.set(team.uid, team.ticket);
  }
  for (const said of owners.values()) await sayBeat(said);
}

async function sayBeat({ key, device, isReady, tickets, rows, mark }) {
  if (!mark && tickets.size === 0) return;
  const teams = [...tickets].map(([team, ticket]) => {
    const mine = rows.filter((row) => row.team === team); // the oldest first
    const needs_you = mine.filter((row) => row.state === 'needs_you').length;
    return { ticket, unsent: mine.length, needs_you, oldest_at: mine[0]?.saved_at ?? null, ready: isReady };
  });
  const from = Date.now();
  const body = await beat({ device, sent_at: new Date(from).toISOString(), teams, ...(mark ? { session: mark } : {}) }, key);
  const answer = await request('/field/heartbeat', MOST.receipt, body);
  if (answer?.status !== 200) return;
  if (typeof answer.said?.server_at === 'string') await hear(answer.said.server_at, from);
  // Revoked elsewhere, or over for half a day: what can be read here goes, what is sealed stays and is sent later.
  if (mark && (await isOver(answer.said, body, key))) await endSession(mark);
}

// --- by itself ----------------------------------------------------------------------------------------------------------

const watchers = new Set();
let [timer, tries, started, again, hearing] = [0, 0, false, false, false];

/** Call `fn({...counts(), signIn, sending})` now and whenever something changes; gives back how to stop it. */
export function onChange(fn) {
  if (!hearing) onNews(tell);
  hearing = true;
  watchers.add(fn);
  tell();
  return () => watchers.delete(fn);
}

let telling = null; // what happens while one thing is being told is told together

function tell() {
  if (watchers.size === 0) return;
  telling ??= Promise.resolve().then(async () => {
    const now = await counts().catch(() => null);
    telling = null;
    watchers.forEach((fn) => fn({ ...now, signIn, sending: busy !== null }));
  });
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(attempt, TIMES.pauses[Math.min(Math.max(tries - 1, 0), TIMES.pauses.length - 1)]); // 6 s first
}

async function attempt() {
  clearTimeout(timer);
  if (busy) {
    again = true;
    return;
  }
  const { sent, left } = await start(false).catch(() => ({ sent: 0, left: 1 }));
  tries = sent > 0 || left === 0 ? 0 : tries + 1;
  if (left > 0) await askForSync();
  later();
}

const afresh = () => {
  tries = 0;
  attempt();
};

// A browser that can sends even when this page is gone. It is a bonus: iOS has none.
async function askForSync() {
  try {
    const workers = globalThis.navigator?.serviceWorker;
    const worker = (await workers?.getRegistration('/field')) ?? (await workers?.getRegistration('/referrals'));
    if (worker?.active) await worker.sync?.register(SYNC_TAG);
  } catch { /* the officer, or the browser, does not want it */ }
}

/** From now on this page sends by itself: at once, on focus, when signal returns, and in growing pauses. */
export async function startSending(part = '') {
  if (started) return;
  started = true;
  onNews((what) => { if (what === 'saved') setTimeout(afresh); });
  globalThis.addEventListener('online', afresh);
  globalThis.addEventListener('focus', afresh);
  globalThis.document?.addEventListener('visibilitychange', () => { if (!document.hidden) afresh(); });
  setInterval(() => { if (!globalThis.document?.hidden) heartbeat().catch(() => null); }, TIMES.beat);
  await attempt();
  if ((await refreshPack(part)).ok) afresh();
}
