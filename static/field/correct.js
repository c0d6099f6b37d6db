// Changing and withdrawing a contact where there may be no signal. With signal the form is posted as it stands; without,
// it is sealed into the outbox, with the version that it was based on. Works on the pages of contacts and on My shift;
// without this file they are forms like any other. Words stand in the page (templates/field/correct_parts.html).

import { findings } from './flow.js';
import { save } from './outbox.js';
import { onChange, startSending } from './send.js';
import { onNews, pack, ready, sentList } from './store.js';

const WAIT = 10_000; // with a bar of signal a request can hang: then it counts as none
const REASON = 500;
const words = document.getElementById('correct-words');

const copy = (name) => words.content.querySelector(`[data-correct-words="${name}"]`).cloneNode(true);
const told = (form) => form.closest('[data-correct]');

// --- with signal --------------------------------------------------------------------------------------------------------

/**
 * Post the form. {go: address} when it was done; {page: Document} when the site shows the form again (both texts, or
 * what is wrong); {problem: {message, fix}} when it refuses; null when no answer of the site came.
 */
async function post(form) {
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), WAIT);
  try {
    const answer = await fetch(form.action, {
      method: 'POST',
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: 'application/json' },
      credentials: 'same-origin',
      redirect: 'error', // the site answers without one; a portal, or the sign-in page, does not take the change
      cache: 'no-store',
      signal: cut.signal,
    });
    return answer.headers.get('Content-Type')?.startsWith('application/json')
      ? await asSaid(answer)
      : await asPage(answer, told(form).dataset.contact);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

async function asSaid(answer) {
  const said = await answer.json();
  if (answer.status === 200 && typeof said.go === 'string' && said.go.startsWith('/')) return { go: said.go };
  // Signed out, an old page's token, a server in trouble: sealed, a change needs none of them to be kept.
  const passing = answer.status === 401 || said.code === 'forged' || answer.status < 400 || answer.status >= 500;
  return passing || typeof said.message !== 'string' ? null : { problem: said };
}

async function asPage(answer, contact) {
  if (answer.status !== 409 && answer.status !== 422) return null;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  return page.querySelector(`[data-correct][data-contact="${CSS.escape(contact)}"]`) ? { page } : null;
}

/** Show what the site answered in place of this page: its own page, with its own forms. */
function showPage(page) {
  document.title = page.title;
  document.body.replaceWith(document.adoptNode(page.body));
  const summary = document.getElementById('error-summary') ?? document.querySelector('main');
  summary.focus();
  window.scrollTo(0, 0);
}

// --- without ------------------------------------------------------------------------------------------------------------

/** Why this phone could not keep a change of this form; '' when it can. */
async function hindrance(form) {
  const { owner, team } = told(form).dataset;
  const found = await ready();
  if (!found.ok) return found.why;
  const known = await pack();
  if (!known || known.owner !== owner) return 'none';
  return known.teams.some((one) => one.uid === team) ? '' : 'none';
}

/** What is sealed: the fields as the site reads them, and what they are based on. */
function contentOf(form) {
  const { correct, contact } = told(form).dataset;
  const fields = {};
  for (const [name, value] of new FormData(form)) (fields[name] ??= []).push(String(value));
  const { csrf_token, version, reason = [''], from, ...rest } = fields;
  const about = { contact, base: Number(version?.[0] ?? 0), reason: reason[0].slice(0, REASON), by_clock: false };
  return correct === 'correction' ? { ...about, fields: { ...rest, uid: [contact] } } : { ...about, fields: {} };
}

async function seal(form) {
  const why = await hindrance(form);
  if (why) return why;
  const { correct, team } = told(form).dataset;
  try {
    const { uid, hash } = await save(contentOf(form), { kind: correct, uid: crypto.randomUUID(), team });
    settle(form, uid, hash);
    return '';
  } catch (error) {
    return error.why ?? 'other';
  }
}

/** Sealed: nobody can read it here any more, so it leaves the page too. */
function settle(form, uid, hash) {
  const place = told(form);
  const notice = copy(place.dataset.correct);
  place.setAttribute('role', 'status'); // what becomes of it is told too
  place.replaceChildren(notice);
  show(notice);
  const stop = [
    onNews(async (what) => {
      if (what !== 'sent') return;
      const row = (await sentList()).find((one) => one.uid === uid && one.hash === hash);
      if (!row) return;
      stop.forEach((end) => end());
      place.replaceChildren(copy(row.state === 'stored' ? 'sent' : 'held'));
    }),
    onChange(({ signIn }) => { if (signIn && place.contains(notice)) place.replaceChildren(notice, copy('sign_in')); }),
  ];
  startSending();
}

/** Say it at the form, typed text kept. */
function refuse(form, name, said = {}) {
  const place = told(form);
  place.querySelector('[data-correct-words]')?.remove();
  const notice = copy(name);
  for (const [part, text] of Object.entries(said)) {
    for (const one of notice.querySelectorAll(`[data-text="${part}"]`)) one.textContent = text;
  }
  place.prepend(notice);
  show(notice);
}

/** What the site would refuse, as [field's name, words]: sealed, nobody could ask back for long. */
function wrongIn(form) {
  const { correct, needsReason } = told(form).dataset;
  const { fields, reason } = contentOf(form);
  const found = correct === 'correction' ? findings(fields, { agencies: [true] }) : []; // codes are not on this page
  if (needsReason !== undefined && !reason.trim()) found.push(['reason', 'wrong_reason']);
  return found.map(([name, key]) => [name, words.dataset[key]]).filter(([, said]) => said);
}

/** The errors as the site shows them: a focused summary that leads to the fields. */
function showErrors(form, found) {
  const place = told(form);
  place.querySelector('[data-correct-words]')?.remove();
  const summary = copy('wrong');
  const lines = found.map(([name, said]) => {
    const field = form.elements.namedItem(name);
    const link = Object.assign(document.createElement('a'), { href: `#${field.id}`, textContent: said });
    link.addEventListener('click', () => { field.closest('details')?.setAttribute('open', ''); field.focus(); });
    const line = document.createElement('li');
    line.append(link);
    return line;
  });
  summary.querySelector('ul').replaceChildren(...lines);
  for (const field of form.elements) field.removeAttribute('aria-invalid');
  for (const [name] of found) form.elements.namedItem(name).setAttribute('aria-invalid', 'true');
  place.prepend(summary);
  show(summary);
}

function show(notice) {
  notice.tabIndex = -1;
  notice.focus({ preventScroll: true });
  notice.scrollIntoView({ block: 'center' });
}

// --- the forms ----------------------------------------------------------------------------------------------------------

let busy = false;

async function submit(form) {
  const answer = navigator.onLine ? await post(form) : null;
  if (answer?.go) return new Promise(() => location.assign(answer.go)); // nothing more can be pressed here
  if (answer?.page) return showPage(answer.page);
  if (answer?.problem) return refuse(form, 'refused', answer.problem);
  const wrong = wrongIn(form);
  if (wrong.length) return showErrors(form, wrong);
  const why = await seal(form);
  return why ? refuse(form, 'unsaved', { why: words.dataset[why] ?? words.dataset.other }) : undefined;
}

document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (!told(form)) return;
  event.preventDefault();
  if (busy) return; // pressing twice saves once
  busy = true;
  const button = event.submitter;
  if (button) button.disabled = true;
  try {
    await submit(form);
  } finally {
    busy = false;
    if (button) button.disabled = false;
  }
});

// Who has no signal and a phone that keeps nothing is told before she types.
async function warn() {
  const form = document.querySelector('[data-correct] form:has(textarea)');
  if (navigator.onLine || !form || form.closest('[data-correct]').querySelector('[data-correct-words]')) return;
  const why = await hindrance(form);
  if (why) refuse(form, 'before', { why: words.dataset[why] ?? words.dataset.other });
}

window.addEventListener('offline', warn);
warn();
