// What the dashboard and the live board share: every minute the page asks whether anything changed and takes over only
// what did. It pauses when told to and in a hidden tab. What is old is kept and marked as old, never emptied.

const EVERY = 60_000;
const STALE = 3 * 60_000;
const WAIT = 20_000;
const LOOK = 15_000;

export const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// root: the element with data-url, data-mark and the words. time: the hour that its figures say. status, pause, stale:
// where the hour stands, the button, the notice. take(text): puts in what came; false when it is not what was asked.
// heardFrom(response): more to learn from an answer. aged(old): the figures are old, or are good again. each(): four
// times a minute.
export function keepFresh({ root, time, status, pause, stale, take, heardFrom = () => {}, aged = () => {}, each = () => {} }) {
  let { mark } = root.dataset;
  let heard = Date.now();
  let heardWords = time;
  let paused = false;
  let asking = false;
  let timer = 0;

  function say(words) {
    const place = stale.querySelector('strong');
    if (place.textContent !== words) place.textContent = words;
    stale.hidden = false;
    aged(true);
  }

  function tick() {
    each();
    const old = Date.now() - heard;
    if (old < STALE || paused || !timer) return;
    say(fill(stale.dataset.words, { minutes: Math.floor(old / 60_000), time: heardWords }));
  }

  function good(response) {
    mark = /"([^":]+)/.exec(response.headers.get('ETag') ?? '')?.[1] ?? mark;
    heard = Date.now();
    heardWords = decodeURIComponent(response.headers.get('X-Board-Time') ?? '') || heardWords;
    heardFrom(response);
    stale.hidden = true;
    aged(false);
    status.textContent = fill(root.dataset.wordsUpdated, { time: heardWords });
  }

  async function ask() {
    if (asking || paused || document.hidden) return;
    asking = true;
    try {
      const response = await fetch(root.dataset.url, {
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
      if (response.status === 304 || (response.ok && take(text))) good(response);
    } catch {
      // No answer: the notice says so when it has lasted.
    } finally {
      asking = false;
      tick();
    }
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
  }

  function start() {
    stop();
    timer = setInterval(ask, EVERY);
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
      status.textContent = fill(root.dataset.wordsPaused, { time: heardWords });
    } else {
      start();
      ask();
    }
  });
  setInterval(tick, LOOK);
  if (!document.hidden) start();
}
