// What the phone keeps: an IndexedDB that holds sealed bytes, identifiers, times and states, and nothing readable.
// The pack and the drafts are sealed with the session's key and die with it; the outbox outlives every session and can
// not be opened on the phone at all. Works in a page and in a service worker. Why so: docs/decisions/0014.

import { ask, asTrouble, spread, Trouble, within } from './database.js';
import { base64, phoneKey, unbase64 } from './seal.js';

export { onNews, Trouble } from './database.js';

const MARK = 'outreach-field'; // in localStorage: this phone had a store once
const DAY = 24 * 3_600_000;
const LARGEST = 60_000; // bytes of a record

const one = (name, key) => within([name], 'readonly', (tx) => ask(tx.objectStore(name).get(key)));
const all = (name) => within([name], 'readonly', (tx) => ask(tx.objectStore(name).getAll()));

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

// Browsers do not tell how much room there is (Chromium always names ten gigabytes): only writing shows it. Once a page.
let roomy = false;

async function tryRoom() {
  if (roomy) return;
  const bytes = crypto.getRandomValues(new Uint8Array(LARGEST)); // random: nothing makes it smaller on the disk
  await fact('room', { bytes });
  await within(['phone'], 'readwrite', (tx) => ask(tx.objectStore('phone').delete('room')));
  roomy = true;
}

/**
 * Whether this phone can keep what is typed: {ok: true, device, persisted, evicted}, or {ok: false, why}: refused (a
 * private window, no storage, no crypto), full, old (another version of this page has the store open: reload), none (it
 * works, and nobody's session is on it: then with device, persisted, evicted). `evicted`: the browser threw everything away.
 */
export async function ready(part = '') {
  try {
    if (!globalThis.crypto?.subtle) return { ok: false, why: 'refused' };
    const found = await device();
    await sweep();
    await tryRoom();
    const facts = { device: found, persisted: await persisted().catch(() => false), evicted: (await fact('evicted')) !== null };
    if (await pack(part)) return { ok: true, ...facts };
    if (!(await session())) await dropHalves(); // of a sign-out that was cut off
    return { ok: false, why: 'none', ...facts };
  } catch (error) {
    const { why } = asTrouble(error);
    return { ok: false, why: why === 'other' ? 'refused' : why };
  }
}

// --- the session's keys -------------------------------------------------------------------------------------------------
// A database forgets, its files do not: what was deleted stands in a browser's log for weeks, raw keys of "non-extractable"
// CryptoKeys too. So what is sealed here needs two halves: one in the database (the session's share), one in a file of
// its own, which the Cache API gives and which is gone when its entry is deleted. See docs/decisions/0014.

const HALVES = 'outreach-halves';
const text = new TextEncoder();
const keys = new Map(); // by the name of the half, as derived

const address = (name) => `/field/half/${name}`;
const files = async () => (globalThis.caches ? caches.open(HALVES).catch(() => null) : null);

/** A new second half: its name, or '' in a browser that gives no such file (then the share alone has to do). */
async function newHalf() {
  const cache = await files();
  if (!cache) return '';
  const name = crypto.randomUUID();
  const half = base64(crypto.getRandomValues(new Uint8Array(32)));
  return cache.put(address(name), new Response(half)).then(() => name, () => '');
}

// A half that could not be deleted must not keep anybody from saving or signing out.
async function dropHalf(name) {
  keys.delete(name);
  if (name) await (await files())?.delete(address(name)).catch(() => null);
}

async function dropHalves() {
  keys.clear();
  const cache = await files();
  // One by one: a cache that is deleted whole keeps its files as long as anybody holds it.
  for (const one of (await cache?.keys().catch(() => [])) ?? []) await cache.delete(one).catch(() => null);
}

async function keyOf(share, name) {
  const known = keys.get(name);
  if (known?.share === share.id) return known.key;
  const file = name && (await (await files())?.match(address(name)));
  if (name && !file) throw new Trouble('no_key');
  const bits = await crypto.subtle.sign('HMAC', share.share, text.encode(`outreach-half-1\n${name ? await file.text() : ''}`));
  const key = await crypto.subtle.importKey('raw', bits, 'AES-GCM', false, ['encrypt', 'decrypt']);
  keys.set(name, { share: share.id, key });
  return key;
}

async function close(now, half, about, content) {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: 'AES-GCM', iv: nonce, additionalData: text.encode(about) };
  const sealed = await crypto.subtle.encrypt(how, await keyOf(now, half), text.encode(JSON.stringify(content)));
  return { half, nonce: base64(nonce), sealed: base64(sealed) };
}

async function reopen(now, about, { half, nonce, sealed }) {
  const how = { name: 'AES-GCM', iv: unbase64(nonce), additionalData: text.encode(about) };
  const plain = await crypto.subtle.decrypt(how, await keyOf(now, half), unbase64(sealed));
  return JSON.parse(new TextDecoder().decode(plain));
}

// --- the session: pack and drafts ---------------------------------------------------------------------------------------

const aboutPack = (owner) => `outreach-pack-1\n${owner}`;
const aboutDraft = (owner, uid) => `outreach-draft-1\n${owner}\n${uid}`;

// One pack for each part of the site that works without signal: '' the field, 'cases' a liaison's. `session.part` is the
// one that came last, whose mark the site is asked about.
const packOf = (owner, part) => (part ? `${owner}/${part}` : owner);

/** Whose session this phone has: {owner, id, share, phoneKey, pack_at, part}, or null. */
export const session = async () => (await all('session'))[0] ?? null;

/**
 * Keep `fresh` (the site's pack) for its owner. Another owner's drafts and pack end; her outbox stays. `was`: the session
 * (its id) that stood when the pack was asked for: one that ended meanwhile is not begun again by an answer of before.
 */
export async function begin(fresh, was = '', again = true) {
  const { phone_key: raw, ...kept } = fresh;
  const { owner, part = '' } = fresh;
  const name = packOf(owner, part);
  const before = await session();
  if (was && !before) throw new Trouble('ended');
  const mine = before?.owner === owner ? before : null;
  if (before && !mine) await dropHalves();
  const now = {
    owner,
    id: mine?.id ?? crypto.randomUUID(),
    share: mine?.share ?? (await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])),
    phoneKey: await phoneKey(raw),
    pack_at: new Date().toISOString(),
    part,
  };
  const sealed = await close(now, await newHalf(), aboutPack(name), kept);
  let former = '';
  const done = await within(['session', 'pack', 'drafts', 'sent', 'outbox'], 'strict', async (tx) => {
    const stands = (await ask(tx.objectStore('session').getAll()))[0];
    if (stands?.id !== before?.id) return false; // another tab was quicker, with a share of its own
    former = (await ask(tx.objectStore('pack').get(name)))?.half ?? '';
    if (!mine) for (const each of ['session', 'pack', 'drafts', 'sent']) await ask(tx.objectStore(each).clear());
    await ask(tx.objectStore('session').put(now));
    await ask(tx.objectStore('pack').put({ owner: name, ...sealed }));
    await renew(tx.objectStore('outbox'), fresh, now.phoneKey);
    return true;
  });
  await dropHalf(done ? former : sealed.half);
  if (!done && again) return begin(fresh, was, false);
  if (!done) throw new Trouble('other');
  opened.set(part, { id: now.id, at: now.pack_at, pack: kept });
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

const opened = new Map(); // by part, as opened last; good as long as the session and its latest pack are these

/** The pack of the session that this phone has, without its key; null without a session. */
export async function pack(part = '') {
  const now = await session();
  if (!now) return null;
  const known = opened.get(part);
  if (known?.id === now.id && known.at === now.pack_at) return known.pack;
  const name = packOf(now.owner, part);
  const row = await one('pack', name);
  const found = row && (await reopen(now, aboutPack(name), row).catch(() => null));
  if (found) opened.set(part, { id: now.id, at: now.pack_at, pack: found });
  return found ?? null;
}

/** The pack that came last, of whichever part. */
export const latestPack = async () => pack((await session())?.part);

/** Keep what is answered so far, sealed to the session. */
export async function keepDraft(uid, answers) {
  const now = await session();
  if (!now) throw new Trouble('no_key');
  const before = await one('drafts', [now.owner, uid]);
  const at = new Date().toISOString();
  const half = before && (await keyOf(now, before.half).then(() => true, () => false)) ? before.half : await newHalf();
  const sealed = await close(now, half, aboutDraft(now.owner, uid), { answers, at });
  await within(['session', 'drafts'], 'readwrite', async (tx) => {
    const stands = await ask(tx.objectStore('session').get(now.owner));
    if (stands?.id !== now.id) throw new Trouble('no_key'); // signed out in another tab meanwhile
    await ask(tx.objectStore('drafts').put({ owner: now.owner, uid, at, ...sealed }));
  });
}

const openDraft = (now, row) => reopen(now, aboutDraft(now.owner, row.uid), row).then(
  (said) => ({ uid: row.uid, at: said.at, answers: said.answers }),
  () => null,
);

/** The answers kept for `uid`, or null. */
export async function draft(uid) {
  const now = await session();
  const row = now && (await one('drafts', [now.owner, uid]));
  return row ? ((await openDraft(now, row))?.answers ?? null) : null;
}

/** Under this name the places of the last contacts are kept, as a draft is: sealed, and gone with the session. */
export const LENT = 'lent';

/** Under this name: which goals were changed here, and from which version. */
export const CHANGED = 'changed';

/** Every draft of a contact: {uid, at, answers}, the newest first. */
export async function drafts() {
  const now = await session();
  if (!now) return [];
  const mine = (await all('drafts')).filter((row) => row.owner === now.owner && row.uid !== LENT && row.uid !== CHANGED);
  const read = await Promise.all(mine.map((row) => openDraft(now, row)));
  return read.filter(Boolean).sort((a, b) => b.at.localeCompare(a.at));
}

export async function dropDraft(uid) {
  const now = await session();
  if (now) await replaceDraft(now.owner, uid, null);
}

/** Delete a draft, and put `record` into the outbox in the same transaction, on the disk before this resolves. */
export async function replaceDraft(owner, uid, record) {
  const half = await within(['outbox', 'drafts'], 'strict', async (tx) => {
    const row = await ask(tx.objectStore('drafts').get([owner, uid]));
    if (record) await ask(tx.objectStore('outbox').put(record));
    await ask(tx.objectStore('drafts').delete([owner, uid]));
    return row?.half ?? '';
  });
  await dropHalf(half);
}

/**
 * Signed out: the session's key, the pack, the drafts and the list of what was sent go. The outbox never does.
 * `mark`: only while the pack is of that session of the site's, and not of one that she has begun since.
 */
export async function endSession(mark = null) {
  const [now, known] = mark ? [await session(), await latestPack()] : [];
  if (mark && known?.session !== mark) return;
  const done = await within(['session', 'pack', 'drafts', 'sent', 'phone'], 'strict', async (tx) => {
    if (mark && (await ask(tx.objectStore('session').get(now.owner)))?.pack_at !== now.pack_at) return false;
    for (const name of ['session', 'pack', 'drafts', 'sent']) await ask(tx.objectStore(name).clear());
    await ask(tx.objectStore('phone').delete('ready'));
    return true;
  });
  if (!done) return;
  opened.clear();
  await dropHalves();
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

// A contact that was saved in two windows is two records and one contact.
export const contactsOf = (rows) => [...new Set(rows.filter((row) => row.kind === 'contact').map((row) => row.uid))];

/** How many contacts count as sent today: those the site counted when the pack came, and those that went since. */
export function sentToday(pack, sent) {
  const since = Date.parse(pack?.server_at ?? 0);
  const later = contactsOf(sent.filter((row) => Date.parse(row.received_at) > since)).length;
  return Math.max((pack?.sent_today ?? 0) + later, contactsOf(sent).length);
}
