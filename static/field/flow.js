// The order of the questions, what the answers come to as fields of the form, and what is wrong with them. Pure: the
// twin of steps, next_step … of outreach/field/rules.py, of hidden_of and _agreed of card_views.py, of _wrong_answer
// of views.py and, for what the check card can hold, of read_entry. A test in a browser compares both ends.

import { readCode } from './codes.js';

export const MOST_PERSONS = 20;
export const MOST_KITS = 500;
export const LONGEST_NOTE = 4000;
const LONGEST_PLACE = 80;
const UNDER_18 = new Set(['under_12', '12_13', '14_15', '16_17']);
// What the last contact lends to the next one.
export const LENT = ['place_kind', 'municipality', 'approach'];

// Where a way to reach somebody is typed: the question of each.
export const WAYS = { safe_phone: 'phone', other_way: 'way' };
const LONGEST_WAY = 300;

/** How many persons the answers are about. */
export function countOf(answers) {
  if (answers.what === 'met') return 1;
  const count = answers.what === 'several' ? String(answers.count ?? '') : '';
  const number = /^\d{1,4}$/.test(count) ? Number(count) : 0;
  return number <= MOST_PERSONS ? number : 0;
}

/** The questions that these answers lead to, in order: `what`, `age-1` …, `check`. */
export function steps(answers) {
  const path = ['what'];
  if (answers.what === 'several') path.push('count');
  for (let n = 1; n <= countOf(answers); n += 1) {
    path.push(`age-${n}`);
    if (UNDER_18.has(answers[`age-${n}`])) path.push(`duty-${n}`);
    path.push(`gender-${n}`, `support-${n}`);
    if (answers[`support-${n}`] !== 'accepted') continue;
    path.push(`reach-${n}`);
    if (answers[`reach-${n}`] in WAYS) path.push(`${WAYS[answers[`reach-${n}`]]}-${n}`);
    path.push(`urgent-${n}`);
  }
  path.push('check');
  return path;
}

/** The first question without an answer; `check` when all are answered. */
export const nextStep = (answers) => steps(answers).find((step) => step === 'check' || !(step in answers));

/** The question before `step` on this path; null before the first. */
export function stepBefore(answers, step) {
  const path = steps(answers);
  const place = path.includes(step) ? path.indexOf(step) : path.length - 1;
  return place ? path[place - 1] : null;
}

/** The contact's result behind the first answer. */
export const resultOf = (what) => (what === 'several' ? 'met' : what);

const digits = (text) => (text.match(/\p{Nd}/gu) ?? []).length;

/** The name of the words for what is wrong with an answer, '' when nothing is. `offered`: the answers of a question. */
export function wrongAnswer(step, given, offered) {
  const kind = step.split('-')[0];
  if (kind === 'count') return /^\d{1,3}$/.test(given) && given >= 2 && given <= MOST_PERSONS ? '' : 'wrong_count';
  if (kind === 'phone') return wrongWay('safe_phone', given);
  if (kind === 'way') return wrongWay('other_way', given);
  if (kind === 'duty') return given === 'read' ? '' : 'wrong_duty';
  return offered.includes(given) ? '' : 'wrong_choice';
}

/** What is wrong with a way to reach somebody: a number has digits, another way is any words. */
function wrongWay(reach, given) {
  if (reach === 'safe_phone') return long(given) <= 60 && digits(given) >= 7 ? '' : 'wrong_phone';
  return given && long(given) <= LONGEST_WAY ? '' : 'wrong_way';
}

/** The answers as the fields of `rules.read_entry`: {name: [values]}. */
export function hiddenOf(uid, answers) {
  const count = countOf(answers);
  const values = { uid, team: String(answers.team), result: resultOf(String(answers.what ?? '')), persons: String(count) };
  for (let n = 1; n <= count; n += 1) {
    const accepted = answers[`support-${n}`] === 'accepted';
    const reach = accepted ? answers[`reach-${n}`] ?? '' : '';
    values[`code-${n}`] = answers[`code-${n}`] ?? '';
    values[`age-${n}`] = answers[`age-${n}`] ?? 'not_known';
    values[`gender-${n}`] = answers[`gender-${n}`] ?? 'not_known';
    values[`answer-${n}`] = answers[`support-${n}`] ?? 'not_known';
    values[`reach_by-${n}`] = reach === 'not_known' ? '' : reach;
    values[`safe_way-${n}`] = reach in WAYS ? answers[`${WAYS[reach]}-${n}`] ?? '' : '';
    values[`urgent-${n}`] = accepted && answers[`urgent-${n}`] === 'yes' ? 'yes' : '';
  }
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [String(value)]]));
}

/** What is ticked of a person's agreements: as the card states it the first time, then as it was left. */
export function agreed(number, answers, more) {
  const asked = more[`asked-${number}`] ?? [];
  const left = more[`agreed-${number}`] ?? [];
  const stated = ['record', 'refer'].filter((what) => {
    if (what === 'refer' && answers[`support-${number}`] !== 'accepted') return false;
    return !asked.includes(what) || left.includes(what);
  });
  return [...stated, ...left.filter((what) => ['talk', 'share', 'any'].includes(what))];
}

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(:\d\d)?$/;

/** Whether a typed moment is one: a day that exists, an hour that a clock shows. The site reads it in its zone. */
export function isMoment(text) {
  const [, year, month, day, hour, minute] = (MOMENT.exec(text.trim()) ?? []).map(Number);
  if (!year || hour > 23 || minute > 59) return false;
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
}

const long = (text) => Array.from(text.normalize('NFC').replaceAll('\r\n', '\n')).length;
const first = (fields, name) => (fields[name]?.[0] ?? '').trim();

/** What the site would refuse in a card, as [field, name of the words]: nobody can ask back later. */
export function findings(fields, { agencies = [] } = {}) {
  const found = [];
  const kits = first(fields, 'kits') || '0';
  const met = first(fields, 'met_at');
  if (!isMoment(met) && !/^\d{4}-.*Z$/.test(met)) found.push(['met_at', 'wrong_moment']);
  if (long(first(fields, 'municipality')) > LONGEST_PLACE) found.push(['municipality', 'wrong_place_length']);
  if (!/^\d{1,9}$/.test(kits) || Number(kits) > MOST_KITS) found.push(['kits', 'wrong_kits']);
  const codes = [];
  for (let n = 1; n <= Number(first(fields, 'persons')) && first(fields, 'result') === 'met'; n += 1) {
    const brought = first(fields, `met_before-${n}`);
    if (brought && !readCode(brought)) found.push([`met_before-${n}`, 'wrong_code']);
    const code = brought ? readCode(brought) : first(fields, `code-${n}`);
    if (code) codes.push(code);
    found.push(...unreachable(fields, n, agencies));
  }
  if (new Set(codes).size < codes.length) found.push(['persons', 'wrong_codes']);
  if (long(first(fields, 'note')) > LONGEST_NOTE) found.push(['note', 'wrong_note']);
  return found;
}

/** A safe number that is too short, a way that is not said, or that no agency could open: see `_with_agencies` of commands.py. */
function unreachable(fields, n, agencies) {
  const reach = first(fields, `reach_by-${n}`);
  if (!(reach in WAYS)) return [];
  const wrong = wrongWay(reach, first(fields, `safe_way-${n}`));
  if (wrong) return [[`safe_way-${n}`, wrong]];
  const consents = fields[`agreed-${n}`] ?? [];
  const referred = first(fields, `answer-${n}`) === 'accepted' && ['record', 'refer'].every((c) => consents.includes(c));
  return referred && !agencies.length ? [[`reach_by-${n}`, 'wrong_agency']] : [];
}

const MAIL = /[^\s@]+@[^\s@]+\.[^\s@]/;
const LONG_NUMBER = /(?:\d[\s().-]{0,2}){9,}/; // a telephone number with its area code, or a social insurance number
const SHORT_NUMBER = /\b\d{3}[\s.-]\d{4}\b/;

const DAY = /\b\d{4}-\d\d-\d\d\b/g; // a date is none of them

/** Whether a note seems to hold a telephone number, an address of e-mail or an insurance number. */
export function saysTooMuch(note) {
  const rest = note.replace(DAY, '');
  return MAIL.test(rest) || LONG_NUMBER.test(rest) || SHORT_NUMBER.test(rest);
}
