// What the phone keeps: an IndexedDB that holds sealed bytes, identifiers, times and states, and nothing readable.
// The pack and the drafts are sealed with the session's key and die with it; the outbox outlives every session and can
// not be opened on the phone at all. Works in a page and in a service worker. Why so: docs/decisions/0014.

import { base64, phoneKey, unbase64 } from './seal.js';

const NAME = 'outreach-field';
const MARK = 'outreach-field'; // in localStorage: this phone had a store once
const DAY = 24 * 3_600_000;
const SPARE = 1_000_000; // with less room than this nobody should begin to type

/** Limits that a test may shorten. */
export const LIMITS = { open: 8_000, blocked: 3_000 };

/** One step for each version of the schema. A step is never changed once a phone has it; append the next. */
export const STEPS = [
  (db) => {
    db.createObjectStore('phone', { keyPath: 'name' }); // device, clock, ready
    db.createObjectStore('session', { keyPath: 'owner' });
    db.createObjectStore('pack', { keyPath: 'owner' });
    db.createObjectStore('drafts', { keyPath: ['owner', 'uid'] });
    db.createObjectStore('outbox', { keyPath: ['uid', 'hash'] });
    db.createObjectStore('sent', { keyPath: ['uid', 'hash'] });
  },
  // Sending goes by age, counting by owner: neither should read every record first.
  (db, tx) => {
    tx.objectStore('outbox').createIndex('saved_at', 'saved_at');
    tx.objectStore('outbox').createIndex('owner', 'owner');
  },
];

/** What went wrong, for a person: `why` is full, refused, old, no_key or other. */
export class Trouble extends Error {
  constructor(why, cause) {
    super(`${why}: ${cause?.name ?? ''} ${cause?.message ?? ''}`, { cause });
    this.name = 'Trouble';
    this.why = why;
  }
}

const REFUSED = new Set(['SecurityError', 'InvalidStateError', 'NotAllowedError', 'DataCloneError', 'UnknownError', 'NotSupportedError']);

/** Any error as `Trouble`. */
export function asTrouble(error) {
  if (error instanceof Trouble) return error;
  const full = error?.name === 'UnknownError' && /quota|disk|space|full/i.test(error.message); // as Firefox and Safari say it
  if (full || error?.name === 'QuotaExceededError') return new Trouble('full', error);
  if (error?.name === 'VersionError') return new Trouble('old', error);
  return new Trouble(REFUSED.has(error?.name) ? 'refused' : 'other', error);
}

// --- the connection -----------------------------------------------------------------------------------------------------

let opening = null;

function connection() {
  opening ??= connect().catch((error) => {
    opening = null;
    throw asTrouble(error);
  });
  return opening;
}

function connect() {
  return new Promise((resolve, reject) => {
    let timer = setTimeout(() => reject(new Trouble('refused')), LIMITS.open); // some browsers never answer
    const request = indexedDB.open(NAME, STEPS.length); // throws where a browser forbids storage
    request.onupgradeneeded = ({ oldVersion }) => {
      for (const step of STEPS.slice(oldVersion)) step(request.result, request.transaction);
    };
    request.onblocked = () => {
      clearTimeout(timer); // another tab has the older store open and is not letting go
      timer = setTimeout(() => reject(new Trouble('old')), LIMITS.blocked);
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      clearTimeout(timer);
      const db = request.result;
      const forget = () => { if (current === db) current = opening = null; };
      db.onversionchange = () => { // a newer page wants the store: get out of its way, whatever this one was doing
        db.close();
        forget();
        spread('old', false);
      };
      db.onclose = forget; // the browser closed it: cleared data, or a phone that ran short of memory
      current = db;
      opening = Promise.resolve(db); // also when it came too late for who asked first
      resolve(db);
    };
  });
}

let current = null;

/** The answer of one request. */
export const ask = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/**
 * Run `work(tx)` in one transaction and resolve with what it gave once that is committed. `work` may await `ask()` only.
 * `mode`: readonly, readwrite, or strict (committed means on the disk). A connection that the browser closed is opened
 * once more: nothing of a transaction that was cut off is kept, so doing it again is safe.
 */
export async function within(names, mode, work, again = true) {
  try {
    return await once(await connection(), names, mode, work);
  } catch (error) {
    const cut = error?.name === 'InvalidStateError' || error?.name === 'AbortError';
    if (!cut || !again) throw asTrouble(error);
    current?.close();
    current = opening = null;
    return within(names, mode, work, false);
  }
}

function once(db, names, mode, work) {
  const tx = mode === 'strict' ? db.transaction(names, 'readwrite', { durability: 'strict' }) : db.transaction(names, mode);
  return new Promise((resolve, reject) => {
    let given;
    let wrong = null;
    tx.oncomplete = () => resolve(given);
    tx.onabort = () => reject(wrong ?? tx.error ?? new DOMException('cut off', 'AbortError'));
    work(tx).then((value) => { given = value; }, (error) => {
      wrong = tx.error ?? error;
      try { tx.abort(); } catch { reject(wrong); } // it was over already
    });
  });
}

const one = (name, key) => within([name], 'readonly', (tx) => ask(tx.objectStore(name).get(key)));
const all = (name) => within([name], 'readonly', (tx) => ask(tx.objectStore(name).getAll()));

// --- news between tabs --------------------------------------------------------------------------------------------------

const listeners = new Set();
let channel = null;

function tabs() {
  if (!channel && typeof BroadcastChannel === 'function') {
    channel = new BroadcastChannel(NAME);
    channel.onmessage = ({ data }) => listeners.forEach((fn) => fn(data));
  }
  return channel;
}

/** Call `fn(what)` at every change of what the phone keeps, by whichever tab: saved, noted, sent, session, ended, old. */
export function onNews(fn) {
  listeners.add(fn);
  tabs();
  return () => listeners.delete(fn);
}

/** Tell this tab, and the others, what changed. Words only: nothing of a record is in it. */
export function spread(what, others = true) {
  listeners.forEach((fn) => fn(what));
  if (others) tabs()?.postMessage(what);
}

// --- the phone ----------------------------------------------------------------------------------------------------------

const local = () => {
  try { return globalThis.localStorage ?? null; } catch { return null; } // none in a worker, none where it is forbidden
};

async function device() {
  const fresh = crypto.randomUUID();
  const row = await within(['phone'], 'strict', async (tx) => {
    const phone = tx.objectStore('phone');
    const found = await ask(phone.get('device'));
    // Written at every opening: a store that can be read and not be written is found before anybody types.
    const next = { ...(found ?? { name: 'device', value: fresh }), opened_at: new Date().toISOString() };
    await ask(phone.put(next));
    return { value: next.value, isNew: !found };
  });
  const mark = local()?.getItem(MARK);
  if (row.isNew && mark) await fact('evicted', { at: new Date().toISOString() });
  try { local()?.setItem(MARK, '1'); } catch { /* full or forbidden: the mark is only a help */ }
  return row.value;
}

/** A small fact about this phone: clock, ready, evicted. */
export async function fact(name, value) {
  if (value === undefined) return (await one('phone', name)) ?? null;
  return within(['phone'], 'readwrite', (tx) => ask(tx.objectStore('phone').put({ ...value, name })));
}

/** The officer has read that the browser threw away what was kept here. */
export const evictionSeen = () => within(['phone'], 'readwrite', (tx) => ask(tx.objectStore('phone').delete('evicted')));

// The line "sent" leaves the phone after the shift.
async function sweep() {
  const gone = (await all('sent')).filter((row) => Date.parse(row.until) <= Date.now());
  if (gone.length === 0) return;
  await within(['sent'], 'readwrite', async (tx) => {
    for (const { uid, hash } of gone) await ask(tx.objectStore('sent').delete([uid, hash]));
  });
}

async function persisted() {
  const storage = globalThis.navigator?.storage;
  if (!storage?.persisted) return false;
  if (await storage.persisted()) return true;
  return storage.persist ? storage.persist() : false; // no such question in a worker
}

async function isFull() {
  const { quota, usage } = (await globalThis.navigator?.storage?.estimate?.().catch(() => null)) ?? {};
  return quota !== undefined && quota - usage < SPARE;
}

/**
 * Whether this phone can keep what is typed: {ok: true, device, persisted, evicted}, or {ok: false, why}: refused (a
 * private window, no storage, no crypto), full, old (another version of this page has the store open: reload), none (it
 * works, and nobody's session is on it: then with device, persisted, evicted). `evicted`: the browser threw everything away.
 */
export async function ready() {
  try {
    if (!globalThis.crypto?.subtle) return { ok: false, why: 'refused' };
    const found = await device();
    await sweep();
    if (await isFull()) return { ok: false, why: 'full', device: found };
    const facts = { device: found, persisted: await persisted().catch(() => false), evicted: (await fact('evicted')) !== null };
    return (await session()) ? { ok: true, ...facts } : { ok: false, why: 'none', ...facts };
  } catch (error) {
    const { why } = asTrouble(error);
    return { ok: false, why: why === 'other' ? 'refused' : why };
  }
}

// --- the session: pack and drafts ---------------------------------------------------------------------------------------

const text = new TextEncoder();

async function close(key, about, content) {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: 'AES-GCM', iv: nonce, additionalData: text.encode(about) };
  const sealed = await crypto.subtle.encrypt(how, key, text.encode(JSON.stringify(content)));
  return { nonce: base64(nonce), sealed: base64(sealed) };
}

async function reopen(key, about, { nonce, sealed }) {
  const how = { name: 'AES-GCM', iv: unbase64(nonce), additionalData: text.encode(about) };
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(how, key, unbase64(sealed))));
}

const aboutPack = (owner) => `outreach-pack-1\n${owner}`;
const aboutDraft = (owner, uid) => `outreach-draft-1\n${owner}\n${uid}`;

/** Whose session this phone has: {owner, id, key, phoneKey, pack_at}, or null. */
export const session = async () => (await all('session'))[0] ?? null;

/** Keep `fresh` (the site's pack) for its owner. Another owner's drafts and pack end; her outbox stays. */
export async function begin(fresh, again = true) {
  const { phone_key: raw, ...kept } = fresh;
  const { owner } = fresh;
  const before = await session();
  const mine = before?.owner === owner ? before : null;
  const made = {
    owner,
    id: mine?.id ?? crypto.randomUUID(),
    key: mine?.key ?? (await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])),
    phoneKey: await phoneKey(raw),
    pack_at: new Date().toISOString(),
  };
  const sealed = await close(made.key, aboutPack(owner), kept);
  const done = await within(['session', 'pack', 'drafts', 'sent', 'outbox'], 'strict', async (tx) => {
    const stands = (await ask(tx.objectStore('session').getAll()))[0];
    if (stands?.id !== before?.id) return false; // another tab was quicker, with a key of its own
    if (!mine) for (const name of ['session', 'pack', 'drafts', 'sent']) await ask(tx.objectStore(name).clear());
    await ask(tx.objectStore('session').put(made));
    await ask(tx.objectStore('pack').put({ owner, ...sealed }));
    await renew(tx.objectStore('outbox'), fresh, made.phoneKey);
    return true;
  });
  if (!done && again) return begin(fresh, false);
  if (!done) throw new Trouble('other');
  opened = { id: made.id, at: made.pack_at, pack: kept };
  spread('session');
}

// What was turned away because of who was signed in, or with which ticket, is tried again now that she is back.
async function renew(outbox, { owner, teams }, key) {
  for (const record of await ask(outbox.index('owner').getAll(owner))) {
    if (record.state !== 'needs_you' || !['unknown_ticket', 'wrong_person'].includes(record.code)) continue;
    const ticket = teams.find((team) => team.uid === record.team)?.ticket ?? record.ticket;
    const { code, message, fix, ...rest } = record;
    await ask(outbox.put({ ...rest, ticket, phoneKey: key, state: 'waiting' }));
  }
}

let opened = null; // the pack as it was opened last; good as long as the session and its pack are these

/** The pack of the session that this phone has, without its key; null without a session. */
export async function pack() {
  const now = await session();
  if (!now) return null;
  if (opened?.id === now.id && opened.at === now.pack_at) return opened.pack;
  const row = await one('pack', now.owner);
  if (!row) return null;
  const found = await reopen(now.key, aboutPack(now.owner), row).catch(() => null);
  if (found) opened = { id: now.id, at: now.pack_at, pack: found };
  return found;
}

async function sessionOrTrouble() {
  const now = await session();
  if (!now) throw new Trouble('no_key');
  return now;
}

/** Keep what is answered so far, sealed to the session. */
export async function keepDraft(uid, answers) {
  const now = await sessionOrTrouble();
  const at = new Date().toISOString();
  const sealed = await close(now.key, aboutDraft(now.owner, uid), { answers, at });
  await within(['session', 'drafts'], 'readwrite', async (tx) => {
    const stands = await ask(tx.objectStore('session').get(now.owner));
    if (stands?.id !== now.id) throw new Trouble('no_key'); // signed out in another tab meanwhile
    await ask(tx.objectStore('drafts').put({ owner: now.owner, uid, at, ...sealed }));
  });
}

const openDraft = (now, row) => reopen(now.key, aboutDraft(now.owner, row.uid), row).then(
  (said) => ({ uid: row.uid, at: said.at, answers: said.answers }),
  () => null,
);

/** The answers kept for `uid`, or null. */
export async function draft(uid) {
  const now = await session();
  const row = now && (await one('drafts', [now.owner, uid]));
  return row ? ((await openDraft(now, row))?.answers ?? null) : null;
}

/** Every draft: {uid, at, answers}, the newest first. */
export async function drafts() {
  const now = await session();
  if (!now) return [];
  const mine = (await all('drafts')).filter((row) => row.owner === now.owner);
  const read = await Promise.all(mine.map((row) => openDraft(now, row)));
  return read.filter(Boolean).sort((a, b) => b.at.localeCompare(a.at));
}

export async function dropDraft(uid) {
  const now = await session();
  if (now) await within(['drafts'], 'readwrite', (tx) => ask(tx.objectStore('drafts').delete([now.owner, uid])));
}

/** Signed out: the session's key, the pack, the drafts and the list of what was sent go. The outbox never does. */
export async function endSession() {
  await within(['session', 'pack', 'drafts', 'sent', 'phone'], 'strict', async (tx) => {
    for (const name of ['session', 'pack', 'drafts', 'sent']) await ask(tx.objectStore(name).clear());
    await ask(tx.objectStore('phone').delete('ready'));
  });
  opened = null;
  spread('ended');
}

// --- lists and counts ---------------------------------------------------------------------------------------------------

const shown = ({ uid, hash, kind, team, saved_at, state, code, message, fix }) => (
  { uid, hash, kind, team, saved_at, state, code, message, fix }
);
const byAge = (a, b) => a.saved_at.localeCompare(b.saved_at);

/** What the session's owner has not sent yet, the oldest first: {uid, hash, kind, team, saved_at, state, code…}. */
export async function waiting() {
  const now = await session();
  return now ? (await all('outbox')).filter((r) => r.owner === now.owner).sort(byAge).map(shown) : [];
}

/** What was sent in this session, the newest first: {uid, hash, kind, state, reason, saved_at, received_at}. */
export async function sentList() {
  const rows = (await all('sent')).filter((row) => Date.parse(row.until) > Date.now());
  return rows.sort((a, b) => byAge(b, a));
}

/** {waiting, needsYou, sent, others, oldest, old}: `others` belongs to nobody signed in here; `old`: older than a day. */
export async function counts() {
  const now = await session();
  const [mine, whole] = await within(['outbox'], 'readonly', async (tx) => {
    const outbox = tx.objectStore('outbox');
    return [now ? (await ask(outbox.index('owner').getAll(now.owner))).sort(byAge) : [], await ask(outbox.count())];
  });
  const needsYou = mine.filter((row) => row.state === 'needs_you').length;
  return {
    waiting: mine.length - needsYou,
    needsYou,
    sent: (await sentList()).length,
    others: whole - mine.length,
    oldest: mine[0]?.saved_at ?? null,
    old: mine.length > 0 && Date.now() - Date.parse(mine[0].saved_at) > DAY,
  };
}
