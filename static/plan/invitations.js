// Helps for inviting: copy buttons beside letters and links, and the progress of letters that are leaving. Both pages
// work without this file: texts can be selected by hand, and "Look again" loads the page anew.

for (const box of document.querySelectorAll('[data-copy]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button button--secondary button--small';
  button.textContent = box.dataset.copy;
  button.setAttribute('aria-describedby', box.id);
  button.addEventListener('click', async () => {
    box.select();
    await navigator.clipboard?.writeText(box.value);
    button.textContent = box.dataset.copied;
  });
  box.after(button);
}

async function follow() {
  const here = document.getElementById('progress');
  if (!Number(here?.dataset.waiting)) return;
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html');
    const now = page.getElementById('progress');
    if (!now || !Number(now.dataset.waiting)) {
      location.reload();
      return;
    }
    here.replaceWith(now);
  } catch {
    // No connection just now: ask again.
  }
  setTimeout(follow, 2000);
}
setTimeout(follow, 2000);
