// Follows what the server does beside the request: looks again every second and a half until nothing waits. Pages work
// without this file: they load themselves anew, and "Look again" does.

export async function fresh(address) {
  const answer = await fetch(address, { headers: { 'X-Unattended': '1' } });
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null;
}

export async function follow() {
  const here = document.getElementById('progress');
  if (!Number(here?.dataset.waiting)) return;
  try {
    const page = await fresh(location.href);
    const now = page?.getElementById('progress');
    if (page && !Number(now?.dataset.waiting)) {
      location.reload();
      return;
    }
    if (now) here.replaceWith(now);
    const rows = page?.getElementById('dropped');
    if (rows) document.getElementById('dropped')?.replaceWith(rows);
  } catch {
    // No connection just now: ask again.
  }
  setTimeout(follow, 1500);
}
if (document.getElementById('progress')) setTimeout(follow, 1500);
