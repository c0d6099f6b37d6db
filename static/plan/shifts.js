// Keys in the grid of shifts: arrows, copy, paste, cancel, undo. Every one of them is a form or a link of the page too;
// nothing is kept here but what was copied and which changes can be taken back.

const wide = window.matchMedia('(min-width: 640px)');
const region = document.createElement('p');
region.setAttribute('role', 'status');
region.className = 'visually-hidden';
document.body.append(region);

const $ = (id) => document.getElementById(id);
const kept = `outreach-undo ${location.pathname}`;
let copied = null;
let busy = false;

function say(words) {
  region.textContent = '';
  setTimeout(() => { region.textContent = words; }, 100);
}

const words = (code) => document.querySelector(`[data-say="${code}"]`)?.textContent ?? '';
const links = (within) => [...within.querySelectorAll('a')];
const number = (link) => (/\/shifts\/\d+$/.test(link.pathname) ? link.pathname.split('/').pop() : null);

function undos() {
  try { return JSON.parse(sessionStorage.getItem(kept)) ?? []; } catch { return []; }
}

// --- moving -----------------------------------------------------------------------------------------------------------

function enter(link) {
  for (const other of $('shifts').querySelectorAll('a[tabindex="0"]')) other.tabIndex = -1;
  link.tabIndex = 0;
  link.focus();
}

// The link above or below in the same column; cells in which nothing can be done are passed over.
function beside(link, step) {
  const column = link.closest('th, td').cellIndex;
  const rows = [...$('shifts').tBodies[0].rows];
  for (let at = rows.indexOf(link.closest('tr')) + step; at >= 0 && at < rows.length; at += step) {
    const found = links(rows[at].cells[column]);
    if (found.length) return step > 0 ? found[0] : found.at(-1);
  }
  return null;
}

function going(event, link) {
  const here = links(link.closest('td, th'));
  const row = links(link.closest('tr'));
  const every = links($('shifts').tBodies[0]);
  switch (event.key) {
    case 'ArrowRight': return row[row.indexOf(link) + 1];
    case 'ArrowLeft': return row[row.indexOf(link) - 1];
    case 'ArrowDown': return here[here.indexOf(link) + 1] ?? beside(link, 1);
    case 'ArrowUp': return here[here.indexOf(link) - 1] ?? beside(link, -1);
    case 'Home': return event.ctrlKey ? every[0] : row[0];
    case 'End': return event.ctrlKey ? every.at(-1) : row.at(-1);
    default: return undefined;
  }
}

// --- changing ---------------------------------------------------------------------------------------------------------

async function send(path, fields, place, undoing = false) {
  if (busy) return;
  busy = true;
  const body = new URLSearchParams({
    ...fields,
    next: location.pathname + location.search,
    csrf_token: $('keys-form').elements.csrf_token.value,
  });
  try {
    const answer = await fetch(path, { method: 'POST', body });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!page.getElementById('shifts')) {
      if (answer.ok) location.assign(answer.url); // signed out meanwhile
      else say(page.querySelector('main')?.textContent.trim().replace(/\s+/g, ' ') ?? words('failed'));
      return;
    }
    document.querySelector('main').replaceWith(document.adoptNode(page.querySelector('main')));
    prepare();
    const at = document.querySelector('.notice input[name=at]')?.value;
    if (at && !undoing) sessionStorage.setItem(kept, JSON.stringify([...undos(), at].slice(-50)));
    const cell = $(place.row)?.cells[place.column];
    const found = cell ? links(cell) : [];
    if (found.length) enter(found[Math.min(place.nth, found.length - 1)]);
    say(document.querySelector('.notice p')?.textContent ?? '');
  } catch {
    say(words('failed'));
  } finally {
    busy = false;
  }
}

function place(link, last = false) {
  const cell = link.closest('td, th');
  return { row: link.closest('tr').id, column: cell.cellIndex, nth: last ? 99 : links(cell).indexOf(link) };
}

const base = () => $('shifts').dataset.base;

function copy(link) {
  if (!number(link)) return say(words('nothing'));
  copied = number(link);
  return say(`${words('copied')} ${link.textContent}`);
}

function paste(link) {
  const day = $('shifts').tHead.rows[0].cells[link.closest('td, th').cellIndex].dataset.day;
  if (!copied || !day) return say(words('empty'));
  const team = link.closest('tr').id.slice(1);
  return send(`${base()}teams/${team}/shifts/copy`, { shift: copied, day }, place(link, true));
}

function cancel(link) {
  if (!number(link)) return say(words('nothing'));
  return send(`${base()}shifts/${number(link)}/cancel`, {}, place(link));
}

function undo(link) {
  const left = undos();
  const at = left.pop() ?? document.querySelector('.notice input[name=at]')?.value;
  if (!at) return say(words('no_undo'));
  sessionStorage.setItem(kept, JSON.stringify(left));
  return send(`${base()}shifts/undo`, { at }, place(link), true);
}

// --- the keyboard -----------------------------------------------------------------------------------------------------

document.addEventListener('keydown', (event) => {
  if (event.altKey || event.target.closest('input, textarea, select, dialog')) return;
  const control = event.ctrlKey || event.metaKey;
  if (event.key === '?' && !control && $('keys-list')) return void $('keys-list').showModal();
  const link = event.target.closest('#shifts tbody a');
  if (!link) return;
  const next = going(event, link);
  const key = event.key.toLowerCase();
  let done = true;
  if (next) enter(next);
  else if (control && key === 'c' && !String(getSelection())) copy(link);
  else if (control && key === 'v') paste(link);
  else if (control && key === 'z' && !event.shiftKey) undo(link);
  else if (key === 'delete' && !control) cancel(link);
  else done = false;
  if (done) event.preventDefault();
});

document.addEventListener('focusin', (event) => {
  const link = event.target.closest?.('#shifts tbody a');
  if (link && link.tabIndex < 0) enter(link);
});

document.addEventListener('click', (event) => {
  if (event.target.closest('#keys-open')) $('keys-list').showModal();
});

// One stop of the Tab key for the whole grid, as grids have it; on a phone, where rows are cards, it stays a list.
function prepare() {
  const table = $('shifts');
  if (!table) return;
  $('keys').hidden = !wide.matches;
  if (!wide.matches) return;
  table.setAttribute('role', 'grid');
  for (const cell of table.querySelectorAll('td')) cell.setAttribute('role', 'gridcell');
  links(table.tBodies[0]).forEach((link, at) => { link.tabIndex = at ? -1 : 0; });
}

prepare();
// A page that was opened by a change made without these keys: Ctrl+Z takes that one back too.
const fresh = document.querySelector('.notice input[name=at]')?.value;
if (fresh && !undos().includes(fresh)) sessionStorage.setItem(kept, JSON.stringify([...undos(), fresh].slice(-50)));
