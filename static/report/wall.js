// The wall asks every minute whether its figures changed, and its clock goes by the server's. When the link has ended,
// nothing stays on the screen; when the server is silent, the last figures stay and say how old they are.

const wall = document.body;
const EVERY = 60_000;
const STALE = 3 * 60_000;
const WAIT = 20_000;
const part = (name) => wall.querySelector(`[data-${name}]`);
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// "2017-10-16T21:42:00-04:00": the clock of the operation, whatever the clock of this screen says.
const zone = /([+-])(\d\d):(\d\d)$/.exec(wall.dataset.now);
const offset = zone ? (zone[1] === '-' ? -1 : 1) * (zone[2] * 60 + Number(zone[3])) * 60_000 : 0;
let shift = Date.parse(wall.dataset.now) - Date.now();
let mark = wall.dataset.mark;
let heard = Date.now();
let gone = false;

const clock = () => new Date(Date.now() + shift + offset).toISOString().slice(11, 16);
let heardWords = clock();

function show(words) {
  part('stale').textContent = words;
  part('stale').hidden = !words;
}

function tick() {
  part('clock').textContent = clock();
  const old = Date.now() - heard;
  if (!gone && old >= STALE) show(fill(part('stale').dataset.words, { minutes: Math.floor(old / 60_000), time: heardWords }));
}

async function ask() {
  if (gone || document.hidden) return;
  try {
    const response = await fetch(location.href, {
      headers: { 'If-None-Match': `W/"${mark}"`, 'X-Unattended': '1' },
      redirect: 'manual',
      cache: 'no-store',
      signal: AbortSignal.timeout(WAIT),
    });
    if (response.type === 'opaqueredirect' || response.status === 404 || response.status === 403) {
      gone = true;
      if ('linked' in wall.dataset) {
        wall.querySelector('[data-part]')?.replaceChildren();
        show(wall.dataset.wordsGone);
      } else {
        show(fill(wall.dataset.wordsOut, { time: heardWords }));
      }
      return;
    }
    const text = await response.text();
    if (response.status !== 304) {
      if (!response.ok) return;
      const fresh = new DOMParser().parseFromString(text, 'text/html');
      const figures = fresh.querySelector('[data-part="wall"]');
      if (!figures) return;
      wall.querySelector('[data-part="wall"]').replaceWith(document.adoptNode(figures));
    }
    mark = /"([^":]+)/.exec(response.headers.get('ETag') ?? '')?.[1] ?? mark;
    const at = Date.parse(response.headers.get('Date'));
    if (!Number.isNaN(at)) shift = at - Date.now();
    heard = Date.now();
    heardWords = clock();
    show('');
    part('updated').textContent = fill(part('updated').dataset.words, { time: heardWords });
  } catch {
    // No answer: the banner says so when it has lasted.
  } finally {
    tick();
  }
}

setInterval(tick, 1000);
setInterval(ask, EVERY);
document.addEventListener('visibilitychange', () => { if (!document.hidden && Date.now() - heard >= EVERY) ask(); });
