// Many returns at once: each file is sent by itself, so that the bar tells the truth and one that fails holds up no
// other; the list below fills meanwhile. The form works without this file, and so does choosing files instead of
// dropping them.

import { fresh } from './follow.js';

const form = document.querySelector('[data-drop]');
const input = form?.querySelector('input[type=file]');
const sending = document.getElementById('sending');
const live = document.getElementById('live');
let busy = false;

function said(done, total, failed) {
  const words = document.createElement('p');
  words.textContent = form.dataset.sending.replace('{done}', done).replace('{total}', total);
  const bar = document.createElement('progress');
  bar.max = total;
  bar.value = done;
  bar.setAttribute('aria-label', words.textContent);
  const box = document.createElement('div');
  box.className = failed.length ? 'notice notice--over' : 'notice notice--know';
  box.append(words, bar);
  for (const name of failed) {
    const line = document.createElement('p');
    line.textContent = `${name}: ${form.dataset.failed}. ${form.dataset.again}`;
    box.append(line);
  }
  sending.replaceChildren(box);
}

function show(page) {
  const parts = ['progress', 'dropped'].map((id) => page?.getElementById(id)).filter(Boolean);
  if (parts.length) live.replaceChildren(...parts);
}

async function sendOne(file) {
  const body = new FormData();
  for (const field of form.querySelectorAll('input[type=hidden]')) body.append(field.name, field.value);
  body.append('workbooks', file, file.name);
  const answer = await fetch(form.action, { method: 'POST', body, redirect: 'follow' });
  if (!answer.ok) throw new Error(String(answer.status));
  return { url: answer.url, page: new DOMParser().parseFromString(await answer.text(), 'text/html') };
}

async function sendAll(files) {
  if (busy || !files.length) return;
  busy = true;
  form.hidden = true;
  document.getElementById('earlier')?.remove();
  const failed = [];
  let done = 0;
  let there = '';
  said(0, files.length, failed);
  for (const file of files) {
    try {
      const { url, page } = await sendOne(file);
      there = url;
      show(page);
      done += 1;
    } catch {
      failed.push(file.name);
    }
    said(done, files.length, failed);
  }
  busy = false;
  if (there && !failed.length) location.assign(there);
  else if (there) show(await fresh(there));
  else form.hidden = false;
  if (failed.length) {
    form.hidden = false;
    input.value = '';
  }
}

form?.addEventListener('submit', (event) => {
  if (!input.files.length) return; // the server says what is missing
  event.preventDefault();
  sendAll([...input.files]);
});

if (form) {
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    sendAll([...event.dataTransfer.files]);
  });
}
