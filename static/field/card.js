// The check card on the phone: what was answered, what is taken over from the last contact and from where, More, Save.

import { callFirst, choicesFor, optionOf as agencyOption } from './call_first.js';
import { readCode, shownCode } from './codes.js';
import { agreed, countOf, findings, hiddenOf, LENT, nextStep, saysTooMuch } from './flow.js';
import { forget, inMemory, keep, label, settled, throwAway, warnUnkept, wayBack } from './log.js';
import { save, Trouble } from './outbox.js';
import { offerPlaces } from './places.js';
import { cardOf, spelled } from './radio_card.js';
import { asked, clone, go, say, show, showErrors, warn } from './screen.js';
import * as store from './store.js';
import { localText, spokenMoment, spokenText, spokenTime, word } from './words.js';

const PAUSE = 400;

/** What was saved last in this page: {uid, codes, next}. Only here: it cannot be read from the phone any more. */
export let saved = null;

let shown = null; // {uid, answers, pack, team, lent, form, warned}
let saving = false;
let timer = 0;

/** Show the card of `uid`. */
export async function check(uid, answers, pack) {
  if (nextStep(answers) !== 'check') {
    go(`#/log/${uid}/${nextStep(answers)}`, { instead: true });
    return;
  }
  const mine = answers.more?.team?.[0] || answers.team;
  const team = pack.teams.find((one) => one.uid === mine) ?? null;
  const still = asked();
  const lending = pack.over || inMemory() ? {} : await lentTo(team);
  if (!still()) return;
  shown = { uid, answers, pack, team, lent: team?.last ?? null, used: [], ...lending, warned: '' };
  const copy = clone('s-check', { persons: persons(), more_persons: morePersons(), teams: teams().length > 1 || !team });
  shown.form = copy.querySelector('#contact');
  fill();
  listen(copy);
  const { municipality, place_kind: kind } = shown.form.elements;
  const picker = copy.querySelector('[data-place-picker]');
  if (team) offerPlaces(picker, team, { field: municipality, kind, used: shown.used });
  if (!municipality.value) copy.querySelector('[data-list="last"]').after(picker); // no last place: in sight, one tap
  if (inMemory()) {
    copy.querySelector('#question').textContent = word('unkept_check');
    copy.querySelector('#save').textContent = word('unkept_finish');
  }
  show(copy, { back: wayBack(uid, answers, 'check'), team });
  if (inMemory()) warn(word('unkept_warns'));
  else if (answers.unkept) warnUnkept();
}

// --- what stands in it --------------------------------------------------------------------------------------------------

const teams = () => shown.pack.teams.filter((one) => !shown.team || one.code === shown.team.code);

/** What the last contact lends, of the site's or of this phone, whichever is later; and the places used on this phone. */
async function lentTo(team) {
  const { last: here = null, used = [] } = (await store.draft(store.LENT).catch(() => null))?.[team?.code] ?? {};
  const there = team?.last ?? null;
  const later = here && there ? Date.parse(here.met_at) >= Date.parse(there.met_at) : here;
  return { lent: later ? here : there, used };
}

/** The values of the fields, and where those come from that nobody typed. */
function valuesNow() {
  const { uid, answers, team, lent } = shown;
  const more = answers.more ?? {};
  const zone = team?.zone ?? 'UTC';
  const values = { ...hiddenOf(uid, answers), met_at: [localText(answers.begun, zone)], team: [team?.uid ?? ''] };
  const origin = { met_at: word('begun') };
  for (const name of lent ? LENT : []) {
    values[name] = [lent[name] ?? ''];
    if (lent[name]) origin[name] = word('lent', { time: spokenTime(lent.met_at, zone) });
  }
  for (const [name, kept] of Object.entries(more)) {
    if (values[name]?.[0] !== kept[0]) delete origin[name];
    values[name] = kept;
  }
  for (let n = 1; n <= countOf(answers); n += 1) values[`agreed-${n}`] = agreed(n, answers, more);
  return { values, origin };
}

const optionOf = (name, value) => shown.form.elements[name]?.querySelector(`option[value="${CSS.escape(value ?? '')}"]`)?.textContent ?? '';

function row(key, value, change, note = '') {
  const line = clone('p-row', { key, value, change, note });
  line.querySelector('[data-change]')?.setAttribute('data-change', change);
  return line;
}

function firstRow() {
  const { answers } = shown;
  const count = countOf(answers);
  const said = answers.what === 'several' ? word('persons', { n: count }) : answers.what === 'met' ? word('one_person') : label('what', answers.what);
  return row(word(count ? 'met' : 'what_happened'), said, 'what');
}

function personRows(n, number = inMemory() ? 'safe_lost' : 'safe_kept') {
  const { answers } = shown;
  const given = (kind) => answers[`${kind}-${n}`];
  const rows = ['age', 'gender', 'support'].map((kind) => row(word(kind), label(kind, given(kind)), `${kind}-${n}`));
  if (given('support') !== 'accepted') return rows;
  rows.push(row(word('reach'), label('reach', given('reach')), `reach-${n}`));
  if (given('reach') === 'safe_phone') rows.push(row(word('safe_number'), word(number), `phone-${n}`));
  if (given('reach') === 'other_way') rows.push(row(word('safe_way'), word(number), `way-${n}`));
  return [...rows, row(word('urgent'), word(given('urgent') === 'yes' ? 'yes' : 'no'), `urgent-${n}`)];
}

function lastRows() {
  const { values, origin } = valuesNow();
  const { answers, team } = shown;
  const at = values.met_at[0];
  const said = at === localText(answers.begun, team?.zone ?? 'UTC') ? spokenMoment(answers.begun, team?.zone ?? 'UTC') : spokenText(at);
  const place = [values.place_kind?.[0] && optionOf('place_kind', values.place_kind[0]), values.municipality?.[0]].filter(Boolean).join(', ');
  const how = values.approach?.[0] && optionOf('approach', values.approach[0]);
  return [
    row(word('when'), said, 'met_at', origin.met_at),
    row(word('place'), place || word('not_said'), 'place_kind', origin.place_kind ?? origin.municipality),
    row(word('through'), how || word('not_said'), 'approach', origin.approach),
    row(word('team'), team?.name ?? word('not_known'), teams().length > 1 || !team ? 'team' : ''),
  ];
}

// A part for person `n`, made from the one for person 1.
function numbered(id, n, said) {
  const copy = clone(id, said);
  for (const node of copy.querySelectorAll('[id],[name],[for],[aria-describedby]')) {
    for (const name of ['id', 'name', 'for', 'aria-describedby']) {
      const value = node.getAttribute(name);
      if (value) node.setAttribute(name, value.replace(/\b([a-z_]+)-1(?=-|\b)/g, `$1-${n}`));
    }
  }
  return copy;
}

function eachPerson(make) {
  const { answers } = shown;
  const count = countOf(answers);
  return Array.from({ length: count }, (_, at) => {
    const n = at + 1;
    const support = answers[`support-${n}`];
    return make(n, { title: count > 1 ? word('person', { number: n }) : '', accepted: support === 'accepted', support });
  });
}

function persons() {
  const { answers } = shown;
  if (!countOf(answers)) return [];
  return eachPerson((n, { title, accepted }) => {
    const rows = [...(n === 1 ? [firstRow()] : []), ...personRows(n)];
    const copy = numbered('p-person', n, { title, code: true, rows, record: true, refer: accepted, share: accepted, any: accepted });
    copy.querySelector('.ticket__code').textContent = shownCode(answers[`code-${n}`]);
    copy.querySelector('[data-call]').dataset.call = n;
    return copy;
  });
}

function morePersons() {
  const agencies = shown.team?.agencies ?? [];
  return eachPerson((n, { title, accepted, support }) => {
    const said = { title, accepted, agencies, no_agency: !agencies.length, reason: !accepted && support, talk: true };
    const copy = numbered('p-more', n, said);
    return copy;
  });
}

function fill() {
  const { form } = shown;
  form.elements.team?.replaceChildren(...[...(shown.team ? [] : [null]), ...teams()].map((one) => new Option(one?.name ?? '', one?.uid ?? '')));
  const { values } = valuesNow();
  for (const control of form.elements) {
    if (!control.name || control.type === 'hidden') continue;
    const value = values[control.name];
    if (control.type === 'checkbox') control.checked = Boolean(value?.includes(control.value));
    else if (value !== undefined) control.value = value[0] ?? '';
  }
  refresh();
}

// The agencies of each person, the one to call first first and chosen, until she is given another one here.
function offerAgencies() {
  const { form, answers, team, pack } = shown;
  const said = typed();
  for (let n = 1; n <= countOf(answers); n += 1) {
    const select = form.elements[`agency-${n}`];
    if (!select) continue;
    const found = choicesFor(n, answers, team, pack, { area: said.municipality?.[0], needs: said[`needs-${n}`] });
    select.replaceChildren(...found.map((one) => agencyOption(one, team?.zone ?? 'UTC')));
    const own = found.findIndex(({ agency }) => String(agency.id) === answers.agency?.[n]);
    const about = { chosen: own >= 0, change: `agency-${n}` };
    if (own > 0) found.unshift(...found.splice(own, 1));
    select.value = found[0]?.agency.id ?? '';
    form.querySelector(`[data-call="${n}"]`).replaceChildren(...callFirst(found, team?.zone ?? 'UTC', about));
  }
}

function refresh() {
  const list = shown.form.querySelector('[data-list="last"]');
  const first = countOf(shown.answers) ? [] : [firstRow()];
  list.replaceChildren(...first, ...lastRows());
  offerAgencies();
}

// --- what is done with it -----------------------------------------------------------------------------------------------

/** What is typed on the card, as the form would post it. */
function typed() {
  const fields = {};
  for (const [name, value] of new FormData(shown.form)) (fields[name] ??= []).push(value);
  return fields;
}

function keepTyped(tap = false) {
  clearTimeout(timer);
  if (!shown) return settled(); // saved meanwhile: its draft must stay away
  shown.answers.more = typed();
  return keep(shown.uid, shown.answers, { tap });
}

function listen(copy) {
  const { form, uid, answers } = shown;
  const team = () => form.elements.team;
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(keepTyped, PAUSE);
  });
  form.addEventListener('change', ({ target }) => {
    if (!shown) return;
    if (/^agency-\d+$/.test(target?.name)) answers.agency = { ...answers.agency, [target.name.slice(7)]: target.value };
    if (team()?.value) shown.team = shown.pack.teams.find((one) => one.uid === team().value) ?? shown.team;
    keepTyped();
    refresh();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    finish();
  });
  copy.querySelector('[data-throw]').addEventListener('click', async () => {
    clearTimeout(timer);
    await throwAway(uid);
    go('#/', { instead: true });
  });
  form.addEventListener('click', async (event) => {
    const what = event.target.closest('[data-change]')?.dataset.change;
    if (!what) return;
    if ((what.includes('-') && !what.startsWith('agency-')) || what === 'what') {
      await keepTyped(true);
      go(`#/log/${uid}/${what}`);
    } else {
      answers.taps += 1;
      open(what);
    }
  });
}

function open(name) {
  const field = shown.form.elements[name];
  field.closest('details').open = true;
  field.focus();
  field.closest('.form-group').scrollIntoView({ block: 'center' });
}

/** The fields as they are sealed; `met_at` as the instant itself unless a person typed another. */
function fieldsNow() {
  const { uid, answers, team } = shown;
  const all = { ...hiddenOf(uid, answers), ...typed() };
  if (team && !all.team?.[0]) all.team = [team.uid];
  const byClock = all.met_at[0].trim() === localText(answers.begun, team?.zone ?? 'UTC');
  if (byClock) all.met_at = [`${new Date(answers.begun).toISOString().slice(0, 16)}:00Z`];
  const told = Object.entries(all).filter(([name, values]) => !name.startsWith('asked-') && values.some((value) => value.trim()));
  return { fields: Object.fromEntries(told.map(([name, values]) => [name, values.filter((value) => value.trim())])), byClock };
}

// What is wrong with an answer is put right at its question.
const controlOf = (name, words) => name.replace('safe_way-', words === 'wrong_way' ? 'way-' : 'phone-').replace('reach_by-', 'reach-').replace(/^persons$/, 'met_before-1');

function wrongIn(fields) {
  const found = findings(fields, { agencies: shown.team?.agencies ?? [] }).map(([name, words]) => [controlOf(name, words), word(words)]);
  if (!shown.team) found.unshift(['team', word('wrong_team')]);
  const note = fields.note?.[0] ?? '';
  if (saysTooMuch(note) && shown.warned !== note) {
    shown.warned = note; // it warns once: pressing Save again says that it is none of these
    found.push(['note', word('note_warns')]);
  }
  return found;
}

async function finish() {
  if (saving || !shown) return;
  const { uid, answers, team } = shown;
  const { fields, byClock } = fieldsNow();
  const wrong = wrongIn(fields);
  if (wrong.length) {
    showErrors(wrong);
    return;
  }
  saving = true;
  const button = document.querySelector('#save, #again');
  button.disabled = true;
  clearTimeout(timer);
  await settled();
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(answers.begun)) / 1000));
  const content = { fields, by_clock: byClock, taps: answers.taps + 1, seconds: Math.min(seconds, 999_999) };
  try {
    if (inMemory() && inMemory() !== 'full') throw new Trouble(inMemory()); // there may be room again
    await save(content, { kind: 'contact', uid, team: team.uid });
    saved = { uid, team, codes: codesIn(fields), next: nextOf(fields) };
    forget(uid);
    shown = null; // until the next screen is there a second press must find nothing to save
    go('#/saved', { instead: true });
    say(word('said_saved'));
    lend(team, fields, answers.begun);
  } catch (error) {
    await unsaved(error.why ?? 'other', fields);
  } finally {
    saving = false;
    button.disabled = false;
  }
}

const persons_of = (fields) => (fields.result[0] === 'met' ? Array.from({ length: Number(fields.persons[0]) }, (_, at) => at + 1) : []);
const consents = (fields, n, what) => (fields[`agreed-${n}`] ?? []).includes(what);

function codesIn(fields) {
  return persons_of(fields)
    .filter((n) => consents(fields, n, 'record'))
    .map((n) => shownCode(readCode(fields[`met_before-${n}`]?.[0] ?? '') ?? fields[`code-${n}`][0]));
}

function nextOf(fields) {
  const accepted = persons_of(fields).filter((n) => fields[`answer-${n}`][0] === 'accepted');
  if (accepted.some((n) => consents(fields, n, 'record') && consents(fields, n, 'refer'))) return 'next_agency';
  if (accepted.length) return 'next_no_referral';
  return persons_of(fields).length ? 'next_person' : 'next_nobody';
}

async function lend(team, fields, metAt) {
  const all = (await store.draft(store.LENT).catch(() => null)) ?? {};
  const last = { met_at: metAt, ...Object.fromEntries(LENT.map((name) => [name, fields[name]?.[0] ?? ''])) };
  const before = (all[team.code]?.used ?? []).filter(([kind, name]) => kind !== last.place_kind || name !== last.municipality);
  const used = last.municipality ? [[last.place_kind, last.municipality], ...before].slice(0, 4) : before;
  all[team.code] = { last, used };
  await store.keepDraft(store.LENT, all).catch(() => null); // only a help for the next contact
}

// --- when it cannot be saved --------------------------------------------------------------------------------------------

/** What an officer reads out by radio, and a coordinator enters. */
function coded(fields, uid, zone) {
  try {
    return cardOf(fields, uid, zone).map(({ label: number, signs }) => clone('p-card', {
      label: number ? word('person', { number }) : word('card_first'), signs, spelled: spelled(signs).join(' '),
    }));
  } catch {
    return []; // then the answers below are read out
  }
}

async function unsaved(why, fields) {
  const { uid, answers, team } = shown;
  const known = ['full', 'refused', 'no_key'].includes(why) ? why : 'other';
  const rows = eachPerson((n, { title }) => [...(title ? [row(title, '', '')] : []), ...personRows(n, 'safe_lost')]).flat();
  const retry = !inMemory() || inMemory() === 'full';
  const said = { retry, again: word(retry ? 'again' : 'unkept_done'), why: word(`why_${known}`), card: coded(fields, uid, team?.zone ?? 'UTC'), codes: codesIn(fields).map(ticket), rows: [firstRow(), ...rows, ...lastRows()] };
  const copy = clone('s-unsaved', said);
  for (const button of copy.querySelectorAll('[data-change]')) button.closest('dd').remove();
  const done = async () => {
    await throwAway(uid);
    go('#/', { instead: true });
  };
  copy.querySelector('#again').addEventListener('click', retry ? finish : done);
  copy.querySelector('[data-throw]')?.addEventListener('click', done);
  show(copy, { back: [word('back'), `#/log/${uid}/check`], team });
  say(word(`why_${known}`));
  if (answers.unkept) warnUnkept();
}

/** A code as it is written on the card they keep. */
export function ticket(code) {
  const copy = clone('p-code');
  copy.querySelector('.ticket__code').textContent = code;
  return copy;
}
