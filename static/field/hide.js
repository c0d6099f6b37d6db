// Hide: a dark, empty screen with nothing to press but the way back.

import { clone, show } from './screen.js';

const around = () => document.querySelectorAll('body > :not(#main)');
const daytime = !document.documentElement.classList.contains('night');

export function hide(from) {
  document.documentElement.classList.add('night', 'is-hidden');
  for (const one of around()) one.inert = true;
  show(clone('s-hidden', { back: from || '#/' }), { title: '–' });
}

export function unhide() {
  document.documentElement.classList.remove('is-hidden');
  for (const one of around()) one.inert = false;
  if (daytime) document.documentElement.classList.remove('night');
}
