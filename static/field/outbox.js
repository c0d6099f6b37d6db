// Saving: what was answered is sealed to the operation's key, and one transaction puts it into the outbox and takes the
// draft away. Only then does anybody say "Saved". From then on nobody can read it on this phone.

import { asTrouble, spread, Trouble } from './database.js';
import { publicKey, seal } from './seal.js';
import { fact, pack, replaceDraft, session } from './store.js';

export { Trouble };

const HOUR = 3_600_000;
const saving = new Map();

/**
 * Seal and keep `content` ({fields, taps, seconds, by_clock}, or {…, contact, base, reason}); `team`, `saved_at` and
 * `offset_ms` are put in here; `part`: whose pack has the key. Resolves with {uid, hash, saved_at} when it is on the disk; throws `Trouble` otherwise,
 * and then the draft is still there. Pressing twice saves once.
 */
export function save(content, { kind, uid, team, part = '' }) {
  const what = JSON.stringify([kind, uid, team, content]);
  if (!saving.has(what)) {
    const done = () => saving.delete(what);
    const under = keep(content, kind, uid, team, part).catch((error) => { throw asTrouble(error); });
    saving.set(what, under);
    under.then(done, done);
  }
  return saving.get(what);
}

async function keep(content, kind, uid, team, part) {
  const [now, known] = [await session(), await pack(part)];
  const place = known?.teams.find((one) => one.uid === team);
  if (!now || !place || known.owner !== now.owner) throw new Trouble('no_key');
  const saved_at = new Date().toISOString();
  const whole = { ...content, team, saved_at, offset_ms: await offset() };
  const head = { kind, uid, key: place.key.id, device: known.device, owner: now.owner };
  const sealed = await seal(whole, head, await publicKey(place.key.spki));
  const record = { ...sealed, team, ticket: place.ticket, phoneKey: now.phoneKey, saved_at, until: until(place), state: 'waiting' };
  await replaceDraft(now.owner, uid, record);
  spread('saved');
  return { uid, hash: sealed.hash, saved_at };
}

// When the line "sent" may leave the phone: at the end of the shift, or a while after a contact that was typed later.
function until(place) {
  const ends = place.shift?.ends_at ?? place.ends_at;
  const end = ends ? Date.parse(ends) : Date.now() + 24 * HOUR;
  return new Date(Math.max(end, Date.now() + 2 * HOUR)).toISOString();
}

/** Server clock minus phone clock in milliseconds as last heard; null when unknown, or when the clock was put back since. */
export async function offset() {
  const clock = await fact('clock').catch(() => null);
  return clock && Date.parse(clock.at) <= Date.now() ? clock.offset_ms : null;
}

/** Now by the site's clock, as far as this phone can tell: never before it last heard from the site (Date.now() alike). */
export async function siteNow() {
  const clock = await fact('clock').catch(() => null);
  return clock ? Math.max(Date.now(), Date.parse(clock.at)) + clock.offset_ms : Date.now();
}

/** Learn the clock from a moment that the site named in answer to a request sent at `from` (Date.now()). */
export async function hear(serverAt, from) {
  const now = Date.now();
  const server = Date.parse(serverAt);
  if (Number.isNaN(server)) return;
  const offset_ms = Math.round(server - (from + now) / 2);
  await fact('clock', { offset_ms, at: new Date(now).toISOString() }).catch(() => null);
}
