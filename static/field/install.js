// Registers the worker that keeps the field app for use without signal, and tells it how this page looks. Harmless where
// a browser has no workers: then the app works with signal.

const FIELD = { scope: '/field', of: '' };
export const CASES = { scope: '/referrals', of: 'cases' };

/** The registration of the worker, or null. */
export async function install({ scope, of } = FIELD) {
  if (!navigator.serviceWorker) return null;
  const [sends, plain] = of ? [`/worker.js?of=${of}&sends=1`, `/worker.js?of=${of}`] : ['/worker.js?sends=1', '/worker.js'];
  const found = (await register(sends, scope, 'module')) ?? (await register(plain, scope, 'classic'));
  if (found) tellLook(found);
  return found;
}

// A worker that is a module can send by itself when the browser wakes it; older browsers have plain workers only, and
// say so by refusing this one.
async function register(address, scope, type) {
  try {
    return await navigator.serviceWorker.register(address, { scope, type });
  } catch {
    return null;
  }
}

function tellLook(registration) {
  const { lang, classList } = document.documentElement;
  registration.active?.postMessage({ what: 'look', lang, night: classList.contains('night') });
}

/** Whether the app's page is kept on this phone, so that it opens without signal. */
export async function isKept() {
  try {
    return Boolean(await caches.match('/field/app', { ignoreVary: true }));
  } catch {
    return false;
  }
}
