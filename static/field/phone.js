// On this phone (F3): what needs the officer, what is not sent, what is sent. Number and time only: the rest is sealed.

import { asked, clone, say, show } from './screen.js';
import { sendNow } from './send.js';
import * as store from './store.js';
import { spokenMoment, spokenTime, word } from './words.js';

const HALF_A_DAY = 12 * 3_600_000;
let result = ''; // what the last "Send now" came to

/** `21:40` for what is from today, the day with it for what is older. */
function when(at, zone) {
  return Date.now() - Date.parse(at) < HALF_A_DAY ? spokenTime(at, zone) : spokenMoment(at, zone);
}

/** uid → "Contact 8": in the order in which they were saved, those of today that are no longer here counted in. */
function names(pack, unsent, sent) {
  const contacts = store.contactsOf([...unsent, ...sent].sort((a, b) => a.saved_at.localeCompare(b.saved_at)));
  const before = Math.max(0, store.sentToday(pack, sent) - store.contactsOf(sent).length);
  const found = new Map(contacts.map((uid, at) => [uid, word('contact', { number: before + at + 1 })]));
  return (row) => (row.kind === 'contact' ? found.get(row.uid) : word(row.kind));
}

/** The group "Needs you" in words: what the site said, else what is known. */
function needing(row) {
  return { message: row.message || word('needs_message'), fix: row.fix || word('needs_fix') };
}

function stateOf(row, zone) {
  const time = when(row.received_at, zone);
  if (row.state === 'held') return word('held_at', { time });
  return row.state === 'left_out' ? word('left_out_at', { time }) : word('received_at', { time });
}

/** Show the screen. `state`: as `onChange` of send.js tells it; `team`: whose time is shown. */
export async function phone({ pack, team, state }, { again = false } = {}) {
  const still = asked();
  const [unsent, sent] = [await store.waiting(), await store.sentList()];
  if (!still()) return;
  const zone = team?.zone ?? 'UTC';
  const name = names(pack, unsent, sent);
  const needs = unsent.filter((row) => row.state === 'needs_you');
  const waiting = unsent.filter((row) => row.state !== 'needs_you').reverse();
  const item = (id, row, more) => {
    const copy = clone(id, { name: name(row), time: when(row.saved_at, zone), ...more });
    copy.querySelector('a')?.setAttribute('id', `open-${row.uid}`); // so that the focus finds it again
    return copy;
  };
  const open = (row) => (row.kind === 'contact' && row.state === 'stored' ? `/field/contacts/${row.uid}` : '');
  const here = result;
  const copy = clone('s-phone', {
    about: about(unsent, state, zone),
    said: here,
    others: state?.others ? word('others', { n: state.others }) : '',
    old: state?.old ? word('old') : '',
    needs: needs.map((row) => item('p-needs', row, needing(row))),
    needs_count: needs.length,
    waiting: waiting.map((row) => item('p-waiting', row, { state: word(state?.signIn ? 'sign_in_needed' : 'waiting') })),
    waiting_count: waiting.length,
    nothing: !unsent.length,
    sent: sent.map((row) => item('p-sent', row, { state: stateOf(row, zone), url: open(row) })),
    sent_count: sent.length,
    unsent: unsent.length && !state?.signIn,
    sign_in: unsent.length && state?.signIn,
  });
  copy.querySelector('#send')?.addEventListener('click', send);
  show(copy, { back: [word('my_shift'), '#/'], team, quiet: again });
}

function about(unsent, state, zone) {
  if (!unsent.length) return word('about_sent');
  if (state?.signIn) return word('about_sign_in');
  return word('about_oldest', { time: when(unsent[0].saved_at, zone) });
}

async function send({ currentTarget: button }) {
  button.disabled = true;
  result = word('sending');
  say(result);
  document.getElementById('sending').textContent = result;
  const { sent, left } = await sendNow().catch(() => ({ sent: 0, left: 1 }));
  result = sent ? word(sent === 1 ? 'one_sent' : 'sent_now', { n: sent }) : left ? word('no_signal') : '';
  say(result);
  window.dispatchEvent(new Event('hashchange')); // the lists again
}

/** Forget what "Send now" said. */
export const leave = () => { result = ''; };
