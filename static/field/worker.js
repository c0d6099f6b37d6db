// The worker of the field app: it keeps the app's page and the files that the page loads, so that the app opens without
// signal. It never answers a POST, never keeps a page about persons, and holds nothing of anybody. The server puts before
// this file what is to be kept: TOLD = {version, shell, under, prefix, modules, files: [[address, integrity]]}; see
// worker_views.py. As a module it is given `self.sendNow` too, and sends what waits when the browser wakes it.

const PREFIX = TOLD.prefix;
const CACHE = PREFIX + TOLD.version;
const WAIT = 3_000; // longer than this nobody stands in front of an empty page
const FRESH = 3_600_000;
const LISTED = new Map(TOLD.files);
// What these addresses show without signal is the app itself; the app says of any other that it needs signal.
const APP = new Set([TOLD.shell, TOLD.under]);

// --- keeping --------------------------------------------------------------------------------------------------------------

// All or nothing: the worker before this one, with what it keeps, stays in charge until everything here is whole.
async function install() {
  const known = await caches.has(CACHE);
  try {
    await Promise.all([...LISTED].map(([address, integrity]) => keepFile(address, integrity)));
    await keepShell();
  } catch (error) {
    if (!known) await caches.delete(CACHE);
    throw error;
  }
  await self.skipWaiting();
}

async function keepFile(address, integrity) {
  const cache = await caches.open(CACHE);
  if (await cache.match(address)) return;
  const answer = await fetch(address, { integrity, redirect: 'error' });
  if (!answer.ok) throw new Error(`${answer.status} ${address}`);
  await cache.put(address, answer);
}

// The page is the reader's own in language and theme alone; the session's cookie says which.
async function keepShell() {
  const answer = await fetch(TOLD.shell, { credentials: 'same-origin', redirect: 'error', headers: { Accept: 'text/html' } });
  if (!(await takeShell(answer))) throw new Error('not the page of this version');
}

// A page that begins other modules than those kept here would be broken without signal.
async function takeShell(answer) {
  const isPage = answer.status === 200 && !answer.redirected && /^text\/html/.test(answer.headers.get('Content-Type') ?? '');
  if (!isPage || !(await answer.clone().text()).includes(TOLD.modules)) return false;
  await (await caches.open(CACHE)).put(TOLD.shell, answer);
  return true;
}

const shell = async () => (await caches.open(CACHE)).match(TOLD.shell, { ignoreVary: true });

// Whoever changed language or theme wants that without signal too; once in a while the words may be new.
async function refresh({ lang, night }) {
  const kept = await shell();
  const head = /<html[^>]*>/.exec((await kept?.clone().text()) ?? '')?.[0] ?? '';
  const same = head.includes(`lang="${lang}"`) && /class="[^"]*\bnight\b/.test(head) === night;
  if (same && Date.now() - Date.parse(kept.headers.get('Date')) < FRESH) return;
  await keepShell().catch(() => null); // signed out, or no signal: what is kept still opens
}

// A page of the version before may still be open and may load a module of its own late: that version goes with the next.
async function activate() {
  const before = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(before.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
}

// --- answering ------------------------------------------------------------------------------------------------------------

function within(promise, time) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('too slow')), time);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

// The site first, as it is: redirects to the sign-in page too, and they are never kept.
async function page(event, path) {
  const asked = fetch(event.request);
  if (path === TOLD.shell) event.waitUntil(asked.then((answer) => takeShell(answer.clone()), () => null).catch(() => null));
  try {
    const answer = await within(asked, WAIT);
    const down = answer.status >= 502 && answer.status <= 504;
    return (down && APP.has(path) && (await shell())) || answer;
  } catch {
    return (await shell()) ?? asked; // nothing kept: then as long as it takes
  }
}

async function file(request) {
  const kept = await caches.match(request, { ignoreVary: true });
  return kept ?? fetch(request);
}

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (pathname === TOLD.under || pathname.startsWith(`${TOLD.under}/`)) event.respondWith(page(event, pathname));
    return;
  }
  // Only addresses that name the content: the same address is the same file for ever.
  if (LISTED.has(pathname + search) || pathname.startsWith('/field/app/files/')) event.respondWith(file(request));
});

self.addEventListener('message', (event) => {
  if (event.data?.what === 'look') event.waitUntil(refresh(event.data));
});

// The browser wakes the worker when there is signal again, with the app closed. What is left is asked for again later.
self.addEventListener('sync', (event) => {
  if (event.tag !== 'outreach-send' || !self.sendNow) return;
  event.waitUntil(self.sendNow({ byHand: false }).then(({ left }) => {
    if (left > 0) throw new Error('not all is sent');
  }));
});
