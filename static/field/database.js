// The database of the phone: its schema and how a phone gets from one version of it to the next, the connection and what
// becomes of it when a browser closes it or a newer page wants it, one transaction, and news between tabs.

const NAME = 'outreach-field';

/** Limits that a test may shorten. */
export const LIMITS = { open: 8_000, blocked: 3_000, again: [0, 100, 400] };

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
    throw error;
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
 * again, at once and a moment later: nothing of a transaction that was cut off is kept, so doing it again is safe.
 */
export async function within(names, mode, work, pauses = LIMITS.again) {
  try {
    return await once(await connection(), names, mode, work);
  } catch (error) {
    const cut = error?.name === 'InvalidStateError' || error?.name === 'AbortError';
    if (!cut || pauses.length === 0) throw asTrouble(error);
    current?.close();
    current = opening = null;
    await new Promise((done) => { setTimeout(done, pauses[0]); });
    return within(names, mode, work, pauses.slice(1));
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
