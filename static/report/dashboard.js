// The dashboard asks every minute whether its figures changed and takes over only what did; filters are sent as soon as
// they are chosen; marks of charts and definitions show as tips. The page works without this file: a button sends the
// filters, Reload brings new figures, each chart has its table. A hidden tab asks nothing; old figures are kept, marked.

const live = document.getElementById('live');
const EVERY = 60_000;
const STALE = 3 * 60_000;
const WAIT = 20_000;

const status = document.querySelector('[data-live-status]');
const pause = document.querySelector('[data-live-pause]');
const stale = live.querySelector('[data-live-stale]');
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

let { mark, time: heardWords } = live.dataset;
let heard = Date.now();
let paused = false;
let asking = false;
let timer = 0;

// --- new figures

function say(words) {
  stale.querySelector('strong').textContent = words;
  stale.hidden = false;
  for (const tile of live.querySelectorAll('.tile')) tile.classList.add('tile--stale');
}

function take(text) {
  const fresh = new DOMParser().parseFromString(text, 'text/html').querySelector('[data-part="figures"]');
  if (!fresh) return false;
  const old = live.querySelector('[data-part="figures"]');
  for (const open of old.querySelectorAll('details[open][id]')) {
    const same = fresh.querySelector(`#${CSS.escape(open.id)}`);
    if (same) same.open = true;
  }
  const place = old.contains(document.activeElement) && document.activeElement.getAttribute('href');
  old.replaceWith(document.adoptNode(fresh));
  tips(fresh);
  if (place) fresh.querySelector(`[href="${CSS.escape(place)}"]`)?.focus({ preventScroll: true });
  return true;
}

async function ask() {
  if (asking || paused || document.hidden) return;
  asking = true;
  try {
    const response = await fetch(live.dataset.url, {
      headers: { 'If-None-Match': `W/"${mark}"`, 'X-Unattended': '1' },
      redirect: 'manual',
      signal: AbortSignal.timeout(WAIT),
    });
    if (response.type === 'opaqueredirect' || response.status === 404) {
      say(fill(stale.dataset.wordsOut, { time: heardWords }));
      stop();
      return;
    }
    const text = await response.text();
    if (response.status === 304 || (response.ok && take(text))) {
      mark = /"([^":]+)/.exec(response.headers.get('ETag') ?? '')?.[1] ?? mark;
      heard = Date.now();
      heardWords = decodeURIComponent(response.headers.get('X-Board-Time') ?? '') || heardWords;
      stale.hidden = true;
      for (const tile of live.querySelectorAll('.tile--stale')) tile.classList.remove('tile--stale');
      status.textContent = fill(live.dataset.wordsUpdated, { time: heardWords });
    }
  } catch {
    // No answer: the banner says so when it has lasted.
  } finally {
    asking = false;
    tick();
  }
}

function tick() {
  const old = Date.now() - heard;
  if (old >= STALE && !paused && timer) say(fill(stale.dataset.words, { minutes: Math.floor(old / 60_000), time: heardWords }));
}

function start() {
  stop();
  timer = setInterval(ask, EVERY);
}

function stop() {
  clearInterval(timer);
  timer = 0;
}

if (live.dataset.url) {
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
      status.textContent = fill(live.dataset.wordsPaused, { time: heardWords });
    } else {
      start();
      ask();
    }
  });
  setInterval(tick, 15_000);
  if (!document.hidden) start();
}

// --- filters

const filters = document.querySelector('[data-filters]');
if (filters) {
  filters.querySelector('[data-apply]').hidden = true;
  filters.addEventListener('change', () => filters.requestSubmit());
  filters.addEventListener('formdata', ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  });
}

// --- tips: what a mark says, where the pointer is; the words are those that are read out

const tip = Object.assign(document.createElement('div'), { className: 'tip', hidden: true });
tip.setAttribute('aria-hidden', 'true');
document.body.append(tip);

function tips(root) {
  for (const title of root.querySelectorAll('svg title')) {
    title.parentElement.dataset.tip = title.textContent;
    title.remove();
  }
  for (const named of root.querySelectorAll('a.defined[title]')) {
    named.dataset.tip = named.title;
    named.setAttribute('aria-description', named.title);
    named.removeAttribute('title');
  }
}

function point(event) {
  const marked = event.target.closest?.('[data-tip]');
  tip.hidden = !marked;
  if (!marked) return;
  tip.textContent = marked.dataset.tip;
  const box = marked.getBoundingClientRect();
  const within = Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8));
  const below = box.bottom + 6 + tip.offsetHeight < innerHeight;
  tip.style.left = `${within}px`;
  tip.style.top = `${below ? box.bottom + 6 : box.top - tip.offsetHeight - 6}px`;
}

tips(live);
document.addEventListener('pointerover', point);
document.addEventListener('focusin', point);
document.addEventListener('scroll', () => { tip.hidden = true; }, { passive: true });
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') tip.hidden = true; });
