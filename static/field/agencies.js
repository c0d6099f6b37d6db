// Whether a support agency is open, whom it serves, and which one to call first: worked out on the phone, without signal.
// Pure; the twin of outreach/plan/agency_rules.py. A test in a browser compares both ends.

const DAY = 24 * 60;
const LOOKS_AHEAD = 14;
const LAST = [9999, 0];
// Youngest age in the band, first age above it.
const EDGES = {
  under_12: [0, 12], '12_13': [12, 14], '14_15': [14, 16], '16_17': [16, 18], 18: [18, 19],
  '19_24': [19, 25], '25_34': [25, 35], '35_44': [35, 45], '45_over': [45, null],
};
const UNKNOWN = {
  zone: 'UTC', always: false, hours: [], closed: [], needs: [], areas: [], languages: [],
  from: null, to: null, taking: true, room: null, order: 100, telephone: '', dial: '', intake: '',
};

/** The agencies of a team as the rules take them: `[[id, name], …]` with what the pack knows of each. */
export const agenciesOf = (team, pack) =>
  (team?.agencies ?? []).map(([id, name]) => readable({ ...UNKNOWN, ...pack.agencies?.[id], id, name }));

// An old phone may not know the zone: then the hours are not known on it, and everything else goes on.
function readable(agency) {
  try {
    wall(new Date(), agency.zone);
    return agency;
  } catch {
    return { ...agency, zone: 'UTC', always: false, hours: [] };
  }
}

// --- open or not --------------------------------------------------------------------------------------------------------

const walls = new Map();
const PARTS = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

/** What calendar and clock on a wall show: {day: '2017-10-18', minute}. */
export function wall(at, zone) {
  if (!walls.has(zone)) walls.set(zone, new Intl.DateTimeFormat('en-CA', { ...PARTS, timeZone: zone }));
  const part = Object.fromEntries(walls.get(zone).formatToParts(at).map(({ type, value }) => [type, value]));
  return { day: `${part.year}-${part.month}-${part.day}`, minute: Number(part.hour) * 60 + Number(part.minute) };
}

const later = (day, days) => new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY * 60_000).toISOString().slice(0, 10);
const weekday = (day) => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7; // Monday is 0
const endOf = ([, start, end]) => (end > start ? end : end + DAY);

// Minutes from today's midnight at which the spans end that hold this minute.
function spansOn(agency, { day, minute }) {
  const before = later(day, -1);
  const of = (one) => agency.hours.filter(([on]) => on === weekday(one));
  const found = of(day).filter((span) => span[1] <= minute && minute < endOf(span)).map(endOf);
  if (agency.closed.includes(before)) return found;
  return [...found, ...of(before).map((span) => endOf(span) - DAY).filter((end) => minute < end)];
}

const isOpen = (agency, now) => !agency.closed.includes(now.day) && (agency.always || spansOn(agency, now).length > 0);

/** open, closed, or not_said. */
export function stateOf(agency, at) {
  if (!agency.always && !agency.hours.length) return 'not_said';
  return isOpen(agency, wall(at, agency.zone)) ? 'open' : 'closed';
}

/** When a closed agency opens, by its own clock: {day, minute}; null when it is not in the coming two weeks. */
export function nextOpening(agency, at) {
  const now = wall(at, agency.zone);
  for (let ahead = 0; ahead <= LOOKS_AHEAD; ahead += 1) {
    const day = later(now.day, ahead);
    if (agency.closed.includes(day)) continue;
    const starts = agency.always ? [0] : agency.hours.filter(([on]) => on === weekday(day)).map(([, start]) => start);
    const found = starts.filter((minute) => ahead || minute > now.minute);
    if (found.length) return { day, minute: Math.min(...found) };
  }
  return null;
}

// --- whom it serves -----------------------------------------------------------------------------------------------------

export function servesAge(agency, band) {
  const [youngest, below] = EDGES[band] ?? [null, null];
  if (agency.from !== null && below !== null && below <= agency.from) return false;
  return !(agency.to !== null && youngest !== null && youngest > agency.to);
}

const lacking = (agency, needs) => (agency.needs.length ? new Set(needs.filter((one) => !agency.needs.includes(one))).size : 0);
const placeKey = (name) => name.toLowerCase().normalize('NFKD').replace(/[^\p{L}\p{N}]/gu, '');
const isNear = (agency, area) => placeKey(area) !== '' && agency.areas.some((one) => placeKey(one) === placeKey(area));
const servesArea = (agency, area) => !agency.areas.length || placeKey(area) === '' || isNear(agency, area);

// --- who to call first --------------------------------------------------------------------------------------------------

const compare = (one, other) => {
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return one[at] - other[at];
  return 0;
};

/**
 * Every agency, the one to call first first: {agency, state, fits, reasons: [[code, values], …], callable}. `about`: {band,
 * needs, area, language} of the person, each '' or empty when it is not known.
 */
export function ranked(agencies, at, about = {}) {
  const asked = { band: '', needs: [], area: '', language: '', ...about };
  const found = agencies.map((agency) => ({ rank: rank(agency, at, asked), choice: choice(agency, at, asked) }));
  return found.sort((one, other) => compare(one.rank, other.rank)).map((one) => one.choice);
}

function rank(agency, at, { band, needs, area, language }) {
  const state = stateOf(agency, at);
  const opens = state === 'closed' ? nextOpening(agency, at) : null;
  const days = opens && Math.round((Date.parse(opens.day) - Date.parse(wall(at, agency.zone).day)) / (DAY * 60_000));
  return [
    !agency.taking,
    !servesAge(agency, band),
    lacking(agency, needs),
    !servesArea(agency, area),
    ['open', 'not_said', 'closed'].indexOf(state),
    agency.room === false,
    !isNear(agency, area),
    language !== '' && !agency.languages.includes(language),
    agency.order,
    ...(opens ? [days, opens.minute] : LAST),
  ].map(Number);
}

function choice(agency, at, { band, needs, area }) {
  const state = stateOf(agency, at);
  const against = [];
  if (!agency.taking) against.push(['not_taking', {}]);
  if (!servesAge(agency, band)) against.push(['other_age', { from: agency.from, to: agency.to }]);
  if (lacking(agency, needs)) against.push(['lacks_need', { count: lacking(agency, needs) }]);
  if (!servesArea(agency, area)) against.push(['other_area', {}]);
  const reasons = [...against, hoursSaid(agency, at, state)];
  if (isNear(agency, area)) reasons.push(['names_place', {}]);
  if (agency.room === false) reasons.push(['full', {}]);
  const fits = against.every(([code]) => code === 'not_taking');
  return { agency, state, fits, reasons, callable: fits && state !== 'closed' && agency.taking };
}

function hoursSaid(agency, at, state) {
  const now = wall(at, agency.zone);
  if (state === 'not_said') return ['hours_not_said', {}];
  if (state === 'open') {
    return agency.always ? ['always_open', {}] : ['open_until', { minute: Math.max(...spansOn(agency, now)) % DAY }];
  }
  const opens = nextOpening(agency, at);
  if (!opens) return ['closed_long', {}];
  return opens.day === now.day ? ['opens_today', { minute: opens.minute }] : ['opens_on', opens];
}

/** Whether clocks of two zones show the same, so that a time needs no zone beside it. */
export function sameClock(one, other, at) {
  const [here, there] = [wall(at, one), wall(at, other)];
  return here.day === there.day && here.minute === there.minute;
}
