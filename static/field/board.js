// The live board asks every minute whether anything changed, and takes over only what did. The page works without this
// file, by Reload. Focus, scroll and the filter stay; a hidden tab asks nothing; old figures are kept and marked as old.

const board = document.getElementById('board');
const EVERY = 60_000;
const STALE = 3 * 60_000;
const WAIT = 20_000;

const part = (root, name) => root.querySelector(`[data-part="${name}"]`);
const status = document.querySelector('[data-board-status]');
const pause = document.querySelector('[data-board-pause]');
const stale = board.querySelector('[data-board-stale]');
const said = board.querySelector('[data-board-said]');

let mark = board.dataset.mark;
let shift = Date.parse(board.dataset.now) - Date.now(); // the server's clock counts
let heard = Date.now();
let heardWords = part(board, 'head').dataset.time;
let paused = false;
let asking = false;
let timer = 0;

const now = () => Date.now() + shift;
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// As board_rules.said_minutes says it.
function saidMinutes(number) {
  return number < 60 ? `${number} min` : `${Math.floor(number / 60)} h ${String(number % 60).padStart(2, '0')} min`;
}

function tick() {
  for (const cell of board.querySelectorAll('[data-since]')) {
    cell.textContent = saidMinutes(Math.max(0, Math.floor((now() - Date.parse(cell.dataset.since)) / 60_000)));
  }
  const old = Date.now() - heard;
  if (old < STALE || paused) return;
  show(fill(stale.dataset.words, { minutes: Math.floor(old / 60_000), time: heardWords }));
}

function show(words) {
  const place = stale.querySelector('strong');
  if (place.textContent !== words) place.textContent = words;
  stale.hidden = false;
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
  heardWords = part(fresh, 'head').dataset.time;
  if (summary !== part(board, 'head').dataset.said) said.textContent = summary;
  part(board, 'head').replaceWith(part(fresh, 'head'));
  if (part(board, 'rows')) {
    part(board, 'rows').replaceWith(part(fresh, 'rows'));
    document.getElementById('teams-filter')?.dispatchEvent(new Event('input'));
    refocus(place);
  }
  return true;
}

function timeOf(response) {
  const at = Date.parse(response.headers.get('Date'));
  if (!Number.isNaN(at)) shift = at - Date.now();
  return response.headers.get('X-Board-Time') ? decodeURIComponent(response.headers.get('X-Board-Time')) : heardWords;
}

async function ask() {
  if (asking || paused || document.hidden) return;
  asking = true;
  try {
    const response = await fetch(board.dataset.url, {
      headers: { 'If-None-Match': `W/"${mark}"`, 'X-Unattended': '1' },
      redirect: 'manual',
      signal: AbortSignal.timeout(WAIT),
    });
    if (response.type === 'opaqueredirect' || response.status === 404) {
      show(fill(stale.dataset.wordsOut, { time: heardWords }));
      stop();
      return;
    }
    const text = await response.text();
    if (response.status === 304 || (response.ok && take(text))) {
      mark = /"([^":]+)/.exec(response.headers.get('ETag') ?? '')?.[1] ?? mark;
      heard = Date.now();
      heardWords = timeOf(response);
      stale.hidden = true;
      status.textContent = fill(board.dataset.wordsUpdated, { time: heardWords });
    }
  } catch {
    // No answer: the banner says so when it has lasted.
  } finally {
    asking = false;
    tick();
  }
}

function start() {
  stop();
  timer = setInterval(ask, EVERY);
}

function stop() {
  clearInterval(timer);
  timer = 0;
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    stop();
  } else if (!paused) {
    start();
    if (Date.now() - heard >= EVERY) ask();
  }
});

pause.hidden = false;
pause.addEventListener('click', () => {
  paused = !paused;
  pause.textContent = paused ? pause.dataset.wordsGo : pause.dataset.wordsPause;
  if (paused) {
    stop();
    status.textContent = fill(board.dataset.wordsPaused, { time: heardWords });
  } else {
    start();
    ask();
  }
});

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

setInterval(tick, 15_000);
if (!document.hidden) start();
