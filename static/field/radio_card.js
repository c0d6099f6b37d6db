// The coded card that an officer reads out by radio when the phone cannot save; the twin of
// outreach/field/radio_card_rules.py, which says what the signs mean. Made from the answers in memory: no storage, no
// network. No telephone number is ever on a card.

import { CODE_SIGNS, readCode } from './codes.js';
import { WAYS } from './flow.js';

const FORMAT = 1;
const BASE = CODE_SIGNS.length;
const WEIGHTS = [4, 3, 2];
const AGES = ['under_12', '12_13', '14_15', '16_17', '18', '19_24', '25_34', '35_44', '45_over', 'not_known'];
const GENDERS = ['woman_girl', 'man_boy', 'non_binary', 'transgender', 'self_described', 'not_known'];
const OTHER_ANSWERS = ['declined', 'undecided', 'not_offered', 'not_known'];
const REACHES = ['', 'here', 'they_call', 'safe_phone']; // another safe way is words, which no card carries
const OTHER_RESULTS = ['no_answer', 'nobody_there', 'left'];
const SLOTS = 8 * 24 * 12;
const STEP_MS = 5 * 60 * 1000;
const NOT_RECORDED = (OTHER_ANSWERS.length + REACHES.length * 2) * AGES.length * GENDERS.length * 2 ** 4;

/**
 * The lines of the card of a contact: `fields` as they would be sealed ({name: [values]}), its `uid`, and the time
 * `zone` in which `met_at` was typed. Each line is {person, label, groups, signs}: `person` is 0 for the line of the
 * contact, else the number of the person; `label` is '' or that number; `signs` is `K7QM-4R2X-9ACD`.
 */
export function cardOf(fields, uid, zone) {
  const persons = personsOf(fields);
  const slot = ((Math.floor(momentOf(first(fields, 'met_at'), zone) / STEP_MS) % SLOTS) + SLOTS) % SLOTS;
  const result = first(fields, 'result');
  const what = result === 'met' ? OTHER_RESULTS.length - 1 + persons.length : OTHER_RESULTS.indexOf(result);
  const mark = Number.parseInt(uid.slice(-6), 16);
  const digits = digitsOf(((mark * SLOTS + slot) * BASE + what) * 2 + Number(saysMore(fields, persons)), 9);
  const head = [0, 1, 2].map((group) => checked(digits.slice(group * 3, group * 3 + 3), 0, group));
  return [lineOf(0, head), ...persons.map((person, at) => lineOf(at + 1, personGroups(person, at + 1)))];
}

/** The words in which signs are spelled by radio, the same in every language; a digit is said as it is. */
export const spelled = (signs) => Array.from(signs, (sign) => WORDS[sign] ?? sign).filter((sign) => sign !== '-');

const WORDS = {
  A: 'Alfa', C: 'Charlie', D: 'Delta', E: 'Echo', F: 'Foxtrot', H: 'Hotel', J: 'Juliett', K: 'Kilo', M: 'Mike',
  N: 'November', P: 'Papa', Q: 'Quebec', R: 'Romeo', T: 'Tango', W: 'Whiskey', X: 'X-ray', Y: 'Yankee',
};

const lineOf = (person, groups) => ({ person, label: person ? String(person) : '', groups, signs: groups.join('-') });
const first = (fields, name) => (fields[name]?.[0] ?? '').trim();
const any = (fields, name) => (fields[name] ?? []).some((value) => value);

/** What the card says of each person: of one who did not agree to be recorded, nothing. */
function personsOf(fields) {
  const count = first(fields, 'result') === 'met' ? Number(first(fields, 'persons') || 1) : 0;
  return Array.from({ length: count }, (_, at) => personOf(fields, `-${at + 1}`));
}

function personOf(fields, n) {
  const agreed = fields[`agreed${n}`] ?? [];
  if (!agreed.includes('record')) return { recorded: false };
  const brought = readCode(first(fields, `met_before${n}`));
  const code = brought ?? readCode(first(fields, `code${n}`));
  if (code === null) throw new Error('a recorded person without a code');
  const reach = first(fields, `reach_by${n}`);
  return {
    recorded: true,
    code,
    claimed: brought !== null,
    age: first(fields, `age${n}`) || 'not_known',
    gender: first(fields, `gender${n}`) || 'not_known',
    answer: first(fields, `answer${n}`) || 'not_known',
    reach,
    urgent: first(fields, `urgent${n}`) === 'yes',
    refer: agreed.includes('refer'),
    share: agreed.includes('share'),
    madeSafe: first(fields, `made_safe${n}`) === 'yes',
    more: (first(fields, `age_said${n}`) || 'not_known') !== 'not_known' || agreed.includes('talk')
      || any(fields, `reason${n}`) || any(fields, `indicators${n}`) || any(fields, `needs${n}`)
      || (reach in WAYS && any(fields, `safe_way${n}`)) || agreed.includes('any'),
  };
}

/** Whether something was typed that only the phone's record brings. */
function saysMore(fields, persons) {
  const noted = first(fields, 'note') !== '' && (!persons.length || persons.some((person) => person.recorded));
  return Number(first(fields, 'kits')) > 0 || noted || persons.some((person) => person.more);
}

function personGroups(person, line) {
  if (!person.recorded) return [checked(digitsOf(NOT_RECORDED, 3), line, 0)];
  const way = person.answer === 'accepted'
    ? OTHER_ANSWERS.length + Math.max(REACHES.indexOf(person.reach), 0) * 2 + Number(person.urgent)
    : OTHER_ANSWERS.indexOf(person.answer);
  let number = (way * AGES.length + AGES.indexOf(person.age)) * GENDERS.length + GENDERS.indexOf(person.gender);
  for (const yes of [person.refer, person.share, person.madeSafe, person.claimed]) number = number * 2 + Number(yes);
  return [checked(digitsOf(number, 3), line, 0), person.code.slice(0, 4), person.code.slice(4)];
}

/** A number (below 2^53) in signs' values, the largest first. */
function digitsOf(number, count) {
  const digits = [];
  for (let left = number; digits.length < count; left = Math.floor(left / BASE)) digits.unshift(left % BASE);
  return digits;
}

/** A group with its check sign: it knows its line and its place in it. */
function checked(digits, line, group) {
  const total = digits.reduce((sum, digit, at) => sum + WEIGHTS[at] * digit, FORMAT * 11 + line * 3 + group);
  return [...digits, (BASE - (total % BASE)) % BASE].map((digit) => CODE_SIGNS[digit]).join('');
}

// --- when: as rules.read_moment reads it ---------------------------------------------------------------------------

const LOCAL = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?$/;

/** Milliseconds of a moment: ISO with Z or an offset, or local to `zone`; now, when it is neither. */
export function momentOf(text, zone) {
  const [, year, month, day, hour, minute, second] = (LOCAL.exec(text) ?? []).map(Number);
  if (!year) return Date.parse(text) || Date.now();
  const wall = Date.UTC(year, month - 1, day, hour, minute, second || 0);
  const before = offsetAt(wall - 86400000, zone);
  const after = offsetAt(wall + 86400000, zone);
  // An hour that comes twice is the first, one that never comes is an hour later: both go by the offset before.
  return offsetAt(wall - before, zone) !== before && offsetAt(wall - after, zone) === after ? wall - after : wall - before;
}

/** How far the clocks of `zone` are ahead of UTC at an instant, in milliseconds. */
function offsetAt(instant, zone) {
  const shown = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
    hour: 'numeric', minute: 'numeric', second: 'numeric',
  }).formatToParts(instant);
  const part = Object.fromEntries(shown.map(({ type, value }) => [type, Number(value)]));
  const wall = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
  return wall - Math.floor(instant / 1000) * 1000;
}
