// Words and times on the phone. The words stand in the page (templates/field/app_words.html), in its language.

const words = {};
for (const one of document.getElementById('words').content.children) words[one.dataset.word] = one.textContent;

/** The words under `name`, with {…} filled in. */
export const word = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? '');

const clocks = new Map();
const PARTS = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

function local(at, zone) {
  if (!clocks.has(zone)) clocks.set(zone, new Intl.DateTimeFormat('en-CA', { ...PARTS, timeZone: zone }));
  return Object.fromEntries(clocks.get(zone).formatToParts(at).map(({ type, value }) => [type, value]));
}

const instant = (at) => (at instanceof Date ? at : new Date(at));

/** `21:42` / `21 h 42` in `zone`. */
export function spokenTime(at, zone) {
  const { hour, minute } = local(instant(at), zone);
  return word('time', { hour, minute });
}

/** `2017-10-18 21:42` in `zone`, as it is typed. */
export function localText(at, zone) {
  const { year, month, day, hour, minute } = local(instant(at), zone);
  return `${year}-${month}-${day} ${hour}:${minute}`;
}

/** `Mon 16 Oct, 21:42` / `lun. 16 oct., 21 h 42` in `zone`. */
export function spokenMoment(at, zone) {
  const how = { weekday: 'short', day: 'numeric', month: 'short', timeZone: zone };
  const found = new Intl.DateTimeFormat(document.documentElement.lang, how).formatToParts(instant(at));
  const part = (name) => found.find(({ type }) => type === name).value;
  return `${part('weekday')} ${part('day')} ${part('month')}, ${spokenTime(at, zone)}`;
}

/** What was typed as `2017-10-18 21:42`, spoken; as it is when it is no moment. */
export function spokenText(text) {
  const at = new Date(`${text.trim().replace(' ', 'T')}Z`);
  return Number.isNaN(at.getTime()) ? text : spokenMoment(at, 'UTC');
}
