// The agency to call first, on the question of how it reaches the person and on the check card. Words stand in the page.

import { agenciesOf, ranked, sameClock } from './agencies.js';
import { clone } from './screen.js';
import { word } from './words.js';

/** The agencies for person `n` of these answers as they stand now, the one to call first first. */
export function choicesFor(n, answers, team, pack, { area = '', needs = [] } = {}) {
  return ranked(agenciesOf(team, pack), new Date(), { band: answers[`age-${n}`] ?? '', needs, area });
}

const clock = (minute) => word('time', {
  hour: String(Math.floor(minute / 60)).padStart(2, '0'), minute: String(minute % 60).padStart(2, '0'),
});

function timeOf(minute, agency, zone) {
  const time = clock(minute);
  if (sameClock(agency.zone, zone, new Date())) return time;
  return word('ag_zone', { time, city: agency.zone.split('/').pop().replaceAll('_', ' ') });
}

function dayOf(day) {
  const how = { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' };
  const found = new Intl.DateTimeFormat(document.documentElement.lang, how).formatToParts(new Date(`${day}T00:00:00Z`));
  return ['weekday', 'day', 'month'].map((name) => found.find(({ type }) => type === name).value).join(' ');
}

function ages({ from, to }) {
  if (from !== null && to !== null) return word('ag_ages', { first: from, last: to });
  return from !== null ? word('ag_ages_from', { first: from }) : word('ag_ages_to', { last: to });
}

/** The sentences of a choice; `zone`: of the reader. */
const said = ({ agency, reasons }, zone) => reasons.map(([code, { minute, day, ...limits }]) => {
  if (code === 'other_age') return ages(limits);
  const time = minute === undefined ? '' : timeOf(minute, agency, zone);
  return word(`ag_${code}`, { time, day: day === undefined ? '' : dayOf(day) });
});

/** What the first of the choices is called by: to call, the first to open, or none that fits. */
function heading([first]) {
  if (first.callable) return word('ag_first', { name: first.agency.name });
  const opens = first.fits && first.agency.taking;
  return word(opens ? 'ag_opens_first' : 'ag_none', { name: first.agency.name });
}

// A number does not break over two lines.
const telephone = ({ dial, telephone: written }) => ({ dial: dial ? `tel:${dial}` : '', telephone: written.replaceAll(' ', '\u00a0') });

const about = (choices, zone, chosen) => ({
  heading: chosen ? word('ag_chosen', { name: choices[0].agency.name }) : heading(choices),
  said: said(choices[0], zone).join(' · '),
  ...telephone(choices[0].agency),
});

/** Two lines that name whom to call first, so that the answers below stay in reach; nothing when there is no agency. */
export const callBriefly = (choices, zone) => (choices.length ? [clone('p-first', about(choices, zone, false))] : []);

/** The same with what must be known before, and who else there is. `chosen`: the first is hers; `change`: the field of it. */
export function callFirst(choices, zone, { chosen, change }) {
  if (!choices.length) return [];
  const others = choices.slice(1).map((choice) =>
    clone('p-agency', { name: choice.agency.name, said: said(choice, zone).join(' · '), ...telephone(choice.agency) }));
  const more = { intake: choices[0].agency.intake, others, other: word('ag_others', { n: others.length }) };
  const copy = clone('p-call', { ...about(choices, zone, chosen), ...more, change: others.length && change });
  copy.querySelector('[data-change]')?.setAttribute('data-change', change);
  return [copy];
}

/** An agency in a list to choose from: its name, and what stands first about it. */
export const optionOf = (choice, zone) => new Option(`${choice.agency.name} · ${said(choice, zone)[0]}`, choice.agency.id);
