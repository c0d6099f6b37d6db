// Signing out, or ending the shift, while something on this phone is not sent: stops and says what, then does as she says.
// The session on the phone ends before the site hears of it, so that nothing readable is left if the signal goes.

import { clone } from './screen.js';
import { sendNow } from './send.js';
import * as store from './store.js';
import { spokenMoment, word } from './words.js';

/** Watch the forms of the page that end something. `own`: where they go. */
export function watchLeaving(own) {
  for (const form of document.forms) {
    const path = new URL(form.action).pathname;
    if (path === own.signOut || path === own.everywhere) form.addEventListener('submit', (event) => stop(event, 'out'));
    if (path === own.checkIn) form.addEventListener('submit', (event) => event.submitter?.value === 'end' && stop(event, 'end'));
  }
}

async function stop(event, how) {
  const form = event.currentTarget;
  if (form.dataset.sure) return;
  const { submitter } = event;
  event.preventDefault();
  const found = await held();
  if (found.unsent || found.drafts) explain({ form, submitter, how }, found);
  else await leave({ form, submitter });
}

/** What would be left behind; nothing where the phone has no store. */
async function held() {
  try {
    const { waiting, needsYou, oldest } = await store.counts();
    const zone = (await store.latestPack())?.teams[0]?.zone ?? 'UTC';
    return { unsent: waiting + needsYou, oldest, zone, drafts: (await store.drafts()).length };
  } catch {
    return { unsent: 0, drafts: 0 };
  }
}

async function leave({ form, submitter }) {
  await store.endSession().catch(() => null);
  form.dataset.sure = 'yes';
  form.requestSubmit(submitter);
}

const many = (name, n, values) => {
  const one = new Intl.PluralRules(document.documentElement.lang).select(n) === 'one';
  return word(`${name}_${one ? 'one' : 'many'}`, { n, ...values });
};

function explain(what, { unsent, oldest, zone, drafts }, said = '') {
  const { form, how } = what;
  const left = drafts ? 'title_drafts' : 'title_sent';
  const notice = clone('own-leave', {
    title: unsent ? many('title', unsent, { time: spokenMoment(oldest, zone) }) : word(left),
    unsent: unsent ? word(`stay_${how}`) : '',
    drafts: drafts ? many('drafts', drafts) : '',
    said,
    send: unsent,
    go: word(unsent || drafts ? `go_${how}` : `now_${how}`),
  }).firstElementChild;
  notice.querySelector('#leave-go').addEventListener('click', () => leave(what));
  notice.querySelector('#leave-send')?.addEventListener('click', (event) => send(event, what));
  document.getElementById('leave')?.remove();
  (form.closest('section, .page-head') ?? form).before(notice);
  notice.focus();
}

async function send({ currentTarget: button }, what) {
  button.disabled = true;
  button.textContent = word('sending');
  const { left } = await sendNow().catch(() => ({ left: 1 }));
  explain(what, await held(), left ? word('not_gone') : '');
}
