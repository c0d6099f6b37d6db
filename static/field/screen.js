// One screen at a time: clones a template of the page, fills it with text, moves the focus to its question. Text goes in
// as text, never as markup.

import { spokenTime, word } from './words.js';

const main = document.getElementById('main');
const back = document.querySelector('[data-back]');
const where = document.getElementById('where');

let turn = 0;

/** Ask for a screen that takes a while to be made; the answer says whether it is still the one that was asked for last. */
export function asked() {
  turn += 1;
  const mine = turn;
  return () => mine === turn;
}

/** A copy of template `id`. `said` fills data-text, data-href and data-list (nodes); data-if stays when it is something. */
export function clone(id, said = {}) {
  const copy = document.getElementById(id).content.cloneNode(true);
  for (const node of copy.querySelectorAll('[data-if]')) {
    const value = said[node.dataset.if];
    if (!value || value.length === 0) node.remove();
  }
  for (const node of copy.querySelectorAll('[data-text]')) node.textContent = said[node.dataset.text] ?? '';
  for (const node of copy.querySelectorAll('[data-href]')) node.setAttribute('href', said[node.dataset.href] ?? '#/');
  for (const node of copy.querySelectorAll('[data-list]')) node.append(...(said[node.dataset.list] ?? []));
  return copy;
}

/**
 * Show `copy` (of `clone`). `back`: [words, hash]; `team`: whose screen it is; `title`: else the question's words; `quiet`:
 * the same screen with newer facts, so that focus and place on the page stay as they are.
 */
export function show(copy, { back: way = null, team = null, title = '', quiet = false } = {}) {
  const focused = quiet && document.activeElement?.id;
  main.replaceChildren(copy);
  back.hidden = !way;
  if (way) {
    back.querySelector('[data-text]').textContent = way[0];
    back.setAttribute('href', way[1]);
  }
  where.textContent = team ? `${team.name} · ${spokenTime(new Date(), team.zone)}` : '';
  document.getElementById('rehearsal').hidden = !team?.rehearsal;
  const question = document.getElementById('question');
  document.title = title || `${question.textContent} – Outreach`;
  question.tabIndex = -1;
  if (quiet) {
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    return;
  }
  window.scrollTo(0, 0);
  question.focus({ preventScroll: true });
}

/** Say something to who does not see the screen. */
export function say(words) {
  document.getElementById('said').textContent = words;
}

/** Tell on the screen that stands, at its top and at once, what went wrong. */
export function warn(words) {
  const line = Object.assign(document.createElement('p'), { className: 'notice notice--problem', textContent: words });
  line.setAttribute('role', 'alert');
  main.querySelector('.screen > [role=alert]')?.remove();
  main.querySelector('.screen').prepend(line);
}

/** Go to `#/…`; `instead`: without leaving a step to come back to. */
export function go(hash, { instead = false } = {}) {
  if (instead) location.replace(hash);
  else location.hash = hash;
}

/**
 * What is wrong, GOV.UK's way: a focused summary at the top of the screen, the words again at each field.
 * `found`: [id of the control, words].
 */
export function showErrors(found) {
  clearErrors();
  const summary = clone('p-errors').firstElementChild;
  const list = summary.querySelector('ul');
  list.replaceChildren(...found.map(([id, words]) => lineOf(id, words)));
  main.querySelector('.screen').prepend(summary);
  for (const [id, words] of found) markField(id, words);
  document.title = `${word('problem')} ${document.title}`;
  summary.focus();
  summary.scrollIntoView({ block: 'start' });
}

function lineOf(id, words) {
  const link = Object.assign(document.createElement('a'), { href: `#${id}`, textContent: words });
  link.addEventListener('click', (event) => {
    event.preventDefault();
    const field = document.getElementById(id) ?? main.querySelector(`[data-change="${CSS.escape(id)}"]`);
    field?.closest('details')?.setAttribute('open', '');
    field?.focus();
    field?.scrollIntoView({ block: 'center' });
  });
  const item = document.createElement('li');
  item.append(link);
  return item;
}

function markField(id, words) {
  const field = document.getElementById(id);
  const group = field?.closest('.form-group');
  if (!group) return;
  const error = clone('p-error', { words }).firstElementChild;
  error.id = `${id}-error`;
  group.classList.add('form-group--error');
  (field.closest('.choices') ?? field).before(error);
  field.setAttribute('aria-invalid', 'true');
  field.dataset.described = field.getAttribute('aria-describedby') ?? '';
  field.setAttribute('aria-describedby', `${field.dataset.described} ${error.id}`.trim());
  field.closest('details')?.setAttribute('open', '');
}

function clearErrors() {
  main.querySelector('.error-summary')?.remove();
  for (const error of main.querySelectorAll('.form-group .error-message')) error.remove();
  for (const group of main.querySelectorAll('.form-group--error')) group.classList.remove('form-group--error');
  for (const field of main.querySelectorAll('[aria-invalid]')) {
    field.removeAttribute('aria-invalid');
    field.setAttribute('aria-describedby', field.dataset.described ?? '');
  }
}
