// On the site's own pages, for who logs contacts: keeps the app ready on this phone, shows what waits here, sends it, and
// turns "Log a contact" into the app once this phone can keep what is typed. Without it every page works as it stands.

import { install } from './install.js';
import { watchLeaving } from './leave.js';
import { clone } from './screen.js';
import { onChange, refreshPack, startSending } from './send.js';
import * as store from './store.js';
import { spokenTime, word } from './words.js';

const own = document.getElementById('own').dataset;
const place = document.querySelector('[data-strip]');
const sentHere = Number(place?.querySelector('.strip__part:last-child b')?.textContent ?? 0);
let before = new Set(); // what had gone when the page was opened: the site has counted it

// --- the strip ----------------------------------------------------------------------------------------------------------

const sentContacts = async () => (await store.sentList()).filter((row) => row.kind === 'contact').map((row) => row.hash);

// The site counted what had arrived when it made the page; what went since is added.
async function strip(state) {
  if (!place) return;
  const unsent = (state.waiting ?? 0) + (state.needsYou ?? 0);
  const stuck = state.needsYou > 0 || state.old;
  const copy = clone(stuck ? 'own-stuck' : 'own-strip', { words: word(unsent === 1 ? 'stuck_one' : 'stuck', { n: unsent }) }).firstElementChild;
  if (!stuck) {
    const since = (await sentContacts()).filter((hash) => !before.has(hash));
    const [here, sent] = copy.querySelectorAll('b');
    here.textContent = unsent;
    sent.textContent = sentHere + since.length;
  }
  place.classList.toggle('strip--stuck', stuck);
  if (place.textContent !== copy.textContent || !place.querySelector('a')) place.replaceChildren(...copy.childNodes);
}

// --- logging in the app ---------------------------------------------------------------------------------------------------

const isOurs = async () => (await store.session())?.owner === own.owner;

function turnForms() {
  for (const form of document.querySelectorAll(`form[action="${CSS.escape(own.log)}"]`)) form.addEventListener('submit', begin);
}

async function begin(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const uid = crypto.randomUUID();
  try {
    if (!(await isOurs())) throw new Error('another session');
    await store.keepDraft(uid, { team: new FormData(form).get('team'), begun: new Date().toISOString(), taps: 1 });
  } catch {
    form.submit(); // the site's own questions: nothing is typed that the phone cannot keep
    return;
  }
  location.assign(`${own.app}#/log/${uid}/what`);
}

async function showDrafts() {
  const list = document.querySelector('[data-own-drafts]');
  if (!list) return;
  const teams = (await store.pack())?.teams ?? [];
  const notices = (await store.drafts()).map(({ uid, answers }) => {
    const zone = teams.find((one) => one.uid === answers.team)?.zone ?? 'UTC';
    const words = word('continue', { time: spokenTime(answers.begun, zone) });
    return clone('own-draft', { next: `${own.app}#/log/${uid}/next`, continue: words });
  });
  list.replaceChildren(...notices);
}

// A browser may throw away what a site keeps. She is told before she types anything more here.
function tellEvicted() {
  const list = document.querySelector('[data-own-drafts]');
  if (!list) return;
  const notice = clone('own-evicted').firstElementChild;
  notice.querySelector('button').addEventListener('click', async () => {
    await store.evictionSeen();
    notice.remove();
  });
  list.before(notice);
}

// --- begin --------------------------------------------------------------------------------------------------------------

async function start() {
  watchLeaving(own);
  if (!document.body.classList.contains('phone')) return; // a desk: only signing out is of interest there
  install();
  for (const links of document.querySelectorAll('[data-own-links]')) links.hidden = false;
  const found = await store.ready();
  if (!found.ok && found.why !== 'none') {
    document.querySelector('[data-own-drafts]')?.append(clone('own-stop'));
    return;
  }
  if (found.evicted) tellEvicted();
  // Somebody else may have been signed in here: nothing is typed before the phone knows whose it is now.
  if (!(await isOurs())) await refreshPack();
  if (await isOurs()) {
    turnForms();
    await showDrafts();
  }
  before = new Set(await sentContacts());
  onChange(strip);
  await startSending();
}

start();
