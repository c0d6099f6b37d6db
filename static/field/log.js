// The questions of a contact: one a screen, each answer sealed on the phone before the next screen shows.

import { callBriefly, choicesFor } from './call_first.js';
import { makeCode } from './codes.js';
import { countOf, nextStep, stepBefore, steps, wrongAnswer } from './flow.js';
import { clone, go, show, showErrors, warn } from './screen.js';
import * as store from './store.js';
import { word } from './words.js';

let current = null; // the contact that is being typed: {uid, answers}; what the phone could not keep is only here
let queue = Promise.resolve();
let busy = false;
let memory = ''; // why this phone can keep nothing: then what is answered is in this page alone, and read out at the end

/** Why nothing of what is typed is kept; '' when it is. */
export const inMemory = () => memory;

/** From now on answers stay in this page alone. */
export function keepNothing(why) {
  if (!memory) addEventListener('beforeunload', (event) => { if (current) event.preventDefault(); });
  memory = why;
}

/** Begin a contact for a team of the pack. Its UUID is made here, the codes when they are needed. */
export async function begin(team) {
  if (busy) return;
  busy = true;
  const uid = crypto.randomUUID();
  await keep(uid, { team: team.uid, begun: new Date().toISOString(), taps: 0 });
  busy = false;
  go(`#/log/${uid}/what`);
}

/** The answers of `uid`, or null when there is no such draft on this phone. */
export async function answersOf(uid) {
  if (current?.uid !== uid && !memory) {
    const answers = await store.draft(uid);
    current = answers && { uid, answers };
  }
  return current?.uid === uid ? current.answers : null;
}

/** Whether `uid` is what is being typed in this page. */
export const isOpen = (uid) => current?.uid === uid;

/** Seal the answers into the draft, one after the other. Each person gets her code as soon as it is known that there is one. */
export function keep(uid, answers, { tap = true } = {}) {
  for (let n = 1; n <= countOf(answers); n += 1) answers[`code-${n}`] ??= makeCode();
  if (tap) answers.taps += 1;
  const { unkept, ...kept } = answers;
  current = { uid, answers };
  if (memory) return queue;
  queue = queue.then(() => store.keepDraft(uid, kept)).then(() => { delete answers.unkept; }, () => { answers.unkept = true; });
  return queue;
}

/** Wait until what is being kept is kept: a draft must not come back after its contact was saved. */
export const settled = () => queue;

/** The draft is gone: saved, or thrown away. */
export function forget(uid) {
  if (current?.uid === uid) current = null;
}

export async function throwAway(uid) {
  await settled();
  forget(uid);
  if (!memory) await store.dropDraft(uid).catch(() => null);
}

/** The words of an answer's button. */
export const label = (kind, code) =>
  document.querySelector(`#q-${kind}`).content.querySelector(`[value="${CSS.escape(code ?? '')}"] .answer__label`)?.textContent
  ?? word('not_known');

/** The answers of the person who is being asked about, in the words of the buttons. */
export function soFar(answers, step) {
  const [kind, number] = step.split('-');
  const said = answers.what && kind !== 'what' ? [label('what', answers.what)] : [];
  if (number && countOf(answers) > 1) said.splice(0, 1, word('person_of', { number, count: countOf(answers) }));
  for (const name of ['age', 'gender', 'support']) {
    if (name === kind || !number) break;
    const given = answers[`${name}-${number}`];
    if (given !== undefined) said.push(label(name, given));
  }
  return said.join(' · ');
}

/** Where Back leads from `step`. */
export function wayBack(uid, answers, step) {
  const before = stepBefore(answers, step);
  return before ? [word('back'), `#/log/${uid}/${before}`] : [word('my_shift'), '#/'];
}

const duty = (team) => (team?.duty || word('duty_none')).split('\n').filter((line) => line.trim())
  .map((line) => Object.assign(document.createElement('p'), { textContent: line }));

// Whom to call first for the person that the question is about: the place is the one of the last contact until it is said.
function whomToCall(answers, step, team, pack) {
  const n = step.split('-')[1];
  const area = answers.more?.municipality?.[0] || team?.last?.municipality || '';
  return callBriefly(choicesFor(n, answers, team, pack, { area, needs: answers.more?.[`needs-${n}`] }), team?.zone ?? 'UTC');
}

/** Show a question; false when these answers do not lead to it (then the address changes to the one that is next). */
export function ask(uid, step, answers, pack) {
  if (!steps(answers).includes(step)) {
    go(`#/log/${uid}/${nextStep(answers)}`, { instead: true });
    return;
  }
  const kind = step.split('-')[0];
  const team = pack.teams.find((one) => one.uid === answers.team);
  const call = kind === 'reach' ? whomToCall(answers, step, team, pack) : [];
  const copy = clone(`q-${kind}`, { so_far: soFar(answers, step), duty: kind === 'duty' ? duty(team) : [], call });
  const offered = Array.from(copy.querySelectorAll('button[name="answer"]'), (button) => button.value);
  mark(copy, kind, answers[step]);
  for (const form of copy.querySelectorAll('form')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const given = event.submitter?.name === 'answer' ? event.submitter.value : form.elements.answer.value;
      take(uid, step, answers, given.trim(), offered);
    });
  }
  show(copy, { back: wayBack(uid, answers, step), team });
  if (answers.unkept) warnUnkept();
}

/** Tell that the last answer is only in this page. */
export const warnUnkept = () => warn(word('kept_not'));

// What was answered before shows as pressed, or stands in the box.
function mark(copy, kind, given) {
  if (given === undefined) return;
  const box = copy.querySelector('input[name="answer"], textarea[name="answer"]');
  const buttons = [...copy.querySelectorAll('button[name="answer"]')];
  if (kind !== 'duty') for (const one of buttons) one.setAttribute('aria-pressed', String(one.value === given));
  if (!box || buttons.some((one) => one.value === given)) return;
  box.value = given;
  box.closest('details')?.setAttribute('open', '');
}

async function take(uid, step, answers, given, offered) {
  if (busy) return;
  const wrong = wrongAnswer(step, given, offered);
  if (wrong) {
    showErrors([['answer', word(wrong)]]);
    return;
  }
  busy = true;
  try {
    answers[step] = given;
    await keep(uid, answers);
  } finally {
    busy = false;
  }
  go(`#/log/${uid}/${nextStep(answers)}`);
}
