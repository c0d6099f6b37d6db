// The dashboard asks every minute whether its figures changed and takes over only what did; filters are sent as soon as
// they are chosen; marks of charts and definitions show as tips. The page works without this file: a button sends the
// filters, Reload brings new figures, each chart has its table. A hidden tab asks nothing; old figures are kept, marked.

import { keepFresh } from '../js/live.js';

const live = document.getElementById('live');

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

if (live.dataset.url) {
  keepFresh({
    root: live,
    time: live.dataset.time,
    status: document.querySelector('[data-live-status]'),
    pause: document.querySelector('[data-live-pause]'),
    stale: live.querySelector('[data-live-stale]'),
    take,
    aged: (old) => {
      for (const tile of live.querySelectorAll('.tile')) tile.classList.toggle('tile--stale', old);
    },
  });
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
