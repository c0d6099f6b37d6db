// The live board asks every minute whether anything changed, and takes over only what did. The page works without this
// file, by Reload. Focus, scroll and the filter stay; a hidden tab asks nothing; old figures are kept and marked as old.

import { keepFresh } from '../js/live.js';

const board = document.getElementById('board');
const part = (root, name) => root.querySelector(`[data-part="${name}"]`);
const said = board.querySelector('[data-board-said]');

let shift = Date.parse(board.dataset.now) - Date.now(); // the server's clock counts

const now = () => Date.now() + shift;

// As board_rules.said_minutes says it.
function saidMinutes(number) {
  return number < 60 ? `${number} min` : `${Math.floor(number / 60)} h ${String(number % 60).padStart(2, '0')} min`;
}

function count() {
  for (const cell of board.querySelectorAll('[data-since]')) {
    cell.textContent = saidMinutes(Math.max(0, Math.floor((now() - Date.parse(cell.dataset.since)) / 60_000)));
  }
}

// What has the focus, said in a way that still holds when the rows are new.
function focused() {
  const row = document.activeElement?.closest?.('[data-part="rows"] tr');
  if (!row) return null;
  const within = [...row.querySelectorAll('a, button')].indexOf(document.activeElement);
  return { id: row.id, within };
}

function refocus(place) {
  const row = place && document.getElementById(place.id);
  if (!row) return;
  const controls = row.querySelectorAll('a, button');
  (controls[Math.min(place.within, controls.length - 1)] ?? row).focus({ preventScroll: true });
}

function take(text) {
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  if (!part(fresh, 'head')) return false;
  if (!part(fresh, 'rows') !== !part(board, 'rows')) {
    location.reload(); // the table comes or goes with its filter
    return true;
  }
  const place = focused();
  const summary = part(fresh, 'head').dataset.said;
  if (summary !== part(board, 'head').dataset.said) said.textContent = summary;
  part(board, 'head').replaceWith(part(fresh, 'head'));
  if (part(board, 'rows')) {
    part(board, 'rows').replaceWith(part(fresh, 'rows'));
    document.getElementById('teams-filter')?.dispatchEvent(new Event('input'));
    refocus(place);
  }
  return true;
}

function heardFrom(response) {
  const at = Date.parse(response.headers.get('Date'));
  if (!Number.isNaN(at)) shift = at - Date.now();
}

document.addEventListener('keydown', (event) => {
  if ((event.key !== 'j' && event.key !== 'k') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest('input, textarea, select, [contenteditable]')) return;
  const rows = [...(part(board, 'rows')?.rows ?? [])].filter((row) => !row.hidden);
  const here = rows.indexOf(document.activeElement.closest('tr'));
  const next = rows[event.key === 'j' ? here + 1 : Math.max(0, here - 1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

keepFresh({
  root: board,
  time: part(board, 'head').dataset.time,
  status: document.querySelector('[data-board-status]'),
  pause: document.querySelector('[data-board-pause]'),
  stale: board.querySelector('[data-board-stale]'),
  take,
  heardFrom,
  each: count,
});
