// Ready check (F4): five ticks, each cross with its fix; a practice contact that goes the whole way; numbers to call.

import { isKept } from './install.js';
import { offset, save } from './outbox.js';
import { asked, clone, say, show } from './screen.js';
import { sendNow, tellReady } from './send.js';
import * as store from './store.js';
import { spokenMoment, spokenTime, word } from './words.js';

const TOLERANCE = 5 * 60_000;
let practice = ''; // what became of the practice contact, until the page is closed

const onHomeScreen = () => matchMedia('(display-mode: standalone)').matches || navigator.standalone === true;

async function clock() {
  const off = await offset();
  if (off === null) return ['clock', false, 'clock_unknown', {}];
  const minutes = Math.round(Math.abs(off) / 60_000);
  return ['clock', Math.abs(off) <= TOLERANCE, '', { minutes }];
}

/** The five facts: [name, whether it is so, the words of its cross where they differ, what fills them]. */
export async function facts({ pack, team, state }) {
  const ends = pack?.session_ends_at;
  const time = ends ? spokenMoment(ends, team?.zone ?? 'UTC') : '';
  const found = await store.ready();
  return [
    ['signed_in', Boolean(ends) && !pack.over && !state?.signIn, '', { time }],
    ['home', onHomeScreen(), '', {}],
    ['kept', found.persisted === true, '', {}],
    ['pages', await isKept(), '', {}],
    await clock(),
  ];
}

function tick([name, so, other, values]) {
  if (so) return clone('p-yes', { words: word(`tick_${name}`, values) });
  const cross = other || `no_${name}`;
  return clone('p-no', { words: word(cross, values), fix: word(`fix_${other || name}`) });
}

const paragraph = (text) => Object.assign(document.createElement('p'), { textContent: text });

// A telephone number in a line can be touched to call it.
const NUMBER = /\+?\d[\d\s().-]{5,}\d|\b(?:911|988|211)\b/g;

function line(text) {
  const [made, found] = [paragraph(''), [...text.matchAll(NUMBER)]];
  let at = 0;
  for (const { 0: number, index } of found) {
    const link = Object.assign(document.createElement('a'), { href: `tel:${number.replace(/[^\d+]/g, '')}`, textContent: number.replaceAll(' ', '\u00a0') });
    made.append(text.slice(at, index), link);
    at = index + number.length;
  }
  made.append(text.slice(at));
  return made;
}

function section({ title, text }) {
  const made = document.createElement('section');
  const head = Object.assign(document.createElement('h3'), { textContent: title });
  made.append(head, ...text.split('\n').filter((one) => one.trim()).map(line));
  return made;
}

/** Show the screen. */
export async function ready({ pack, team, state }, { again = false } = {}) {
  const still = asked();
  const found = await facts({ pack, team, state });
  if (!still()) return;
  const all = found.every(([, so]) => so);
  tellReady(all).catch(() => null);
  const copy = clone('s-ready', {
    about: pack?.over ? word('over_hides') : team ? `${team.name} · ${team.code}` : word('no_team_call'),
    verdict: word(all ? 'ready' : 'not_ready'),
    ticks: found.map(tick),
    practice,
    briefing: (team?.numbers ?? []).map(section),
    team,
  });
  copy.querySelector('[data-tag]').classList.add(all ? 'tag--new' : 'tag--waiting');
  copy.querySelector('#practise')?.addEventListener('click', ({ currentTarget }) => practise(currentTarget, team));
  show(copy, { back: [word('my_shift'), '#/'], team, quiet: again });
}

/** Seal, keep and send a contact that says nothing and counts nowhere: the way that a real one goes. */
async function practise(button, team) {
  button.disabled = true;
  const uid = crypto.randomUUID();
  try {
    await save({ fields: {}, by_clock: true, taps: 0, seconds: 0 }, { kind: 'practice', uid, team: team.uid });
    tellPractice(word('practice_saved'));
    await sendNow().catch(() => null);
    const row = (await store.sentList()).find((one) => one.uid === uid);
    if (row) tellPractice(word('practice_sent', { time: spokenTime(row.received_at, team.zone) }));
    else if ((await store.waiting()).find((one) => one.uid === uid)?.state === 'needs_you') tellPractice(word('practice_failed'));
  } catch {
    tellPractice(word('practice_failed'));
  }
  window.dispatchEvent(new Event('hashchange'));
}

function tellPractice(words) {
  practice = words;
  say(words);
  const place = document.getElementById('practice');
  if (place) place.textContent = words;
}
