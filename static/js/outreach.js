// Small helps for the desk. Every page works without this file: it focuses the error summary, filters rows that are
// already on the page, selects all, and lets "/" reach the search box. Saving without signal is not here.

const summary = document.getElementById('error-summary');
if (summary?.autofocus) summary.focus();

// A link to a radio or a field moves the view to its label, as GOV.UK's summary does.
summary?.addEventListener('click', (event) => {
  const target = event.target.closest('a')?.hash && document.getElementById(event.target.closest('a').hash.slice(1));
  if (!target) return;
  event.preventDefault();
  (target.closest('fieldset') ?? document.querySelector(`label[for="${CSS.escape(target.id)}"]`) ?? target).scrollIntoView();
  target.focus({ preventScroll: true });
});

const plain = (text) => text.normalize('NFD').replace(/[\u0300-\u036f-]/g, '').toLowerCase();

for (const box of document.querySelectorAll('[data-filter-for]')) {
  const table = document.getElementById(box.dataset.filterFor);
  const input = box.querySelector('input');
  const count = box.querySelector('[data-filter-count]');
  if (!table || !input) continue;
  box.hidden = false;
  input.addEventListener('input', () => {
    const wanted = plain(input.value.trim());
    let shown = 0;
    const rows = table.tBodies[0].rows;
    for (const row of rows) {
      row.hidden = wanted !== '' && !plain(row.textContent).includes(wanted);
      if (!row.hidden) shown += 1;
    }
    if (count) count.textContent = wanted ? `${shown} / ${rows.length}` : '';
  });
}

for (const all of document.querySelectorAll('[data-select-all]')) {
  all.hidden = false;
  all.addEventListener('change', () => {
    for (const one of document.getElementsByName(all.dataset.selectAll)) one.checked = all.checked;
  });
}

document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest('input, textarea, select, [contenteditable]')) return;
  const search = document.querySelector('[data-search]');
  if (!search || search.closest('[hidden]')) return;
  event.preventDefault();
  search.focus();
});
