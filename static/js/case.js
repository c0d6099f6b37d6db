// Ctrl+Enter (Cmd+Enter) in a field saves the form it stands in, as its button does. Every page works without it.

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest('form');
  const save = form?.querySelector('#save');
  if (!save) return;
  event.preventDefault();
  form.requestSubmit(save);
});
