// The place of a contact with one tap: places used before, the municipalities of the operation, and, where the operation
// allows it, the municipality that the phone is in. Where the phone is stays in one function: it is compared with the
// list, here, and forgotten; no coordinate is kept or sent. Words stand in the page (templates/field/place_parts.html).

const FARTHEST_KM = 60;
const AT_ONCE = 6; // names in sight; the others stand behind "More"
const ASKING = { enableHighAccuracy: false, maximumAge: 5 * 60_000, timeout: 15_000 };

const radians = (degrees) => (degrees * Math.PI) / 180;

/** Kilometres between two places on the globe (haversine). */
export function apart(latitude, longitude, otherLatitude, otherLongitude) {
  const up = Math.sin(radians(otherLatitude - latitude) / 2) ** 2;
  const along = Math.sin(radians(otherLongitude - longitude) / 2) ** 2;
  const part = up + Math.cos(radians(latitude)) * Math.cos(radians(otherLatitude)) * along;
  return 2 * 6371 * Math.asin(Math.min(1, Math.sqrt(part)));
}

const located = ([, latitude, longitude]) => Number.isFinite(latitude) && Number.isFinite(longitude);

/** The municipality of `[[name, latitude, longitude], …]` that is nearest, or null when none is within 60 km. */
export function nearest(municipalities, latitude, longitude) {
  let name = null;
  let best = FARTHEST_KM;
  for (const one of municipalities.filter(located)) {
    const far = apart(latitude, longitude, one[1], one[2]);
    if (far <= best) [name, best] = [one[0], far];
  }
  return name;
}

/** Whether the phone may be asked where it is: the operation says so, and has coordinates to compare with. */
export const mayAsk = (team) =>
  Boolean(team.positions) && 'geolocation' in navigator && (team.municipalities ?? []).some(located);

/** Ask the phone once; resolves to the name of a municipality, or null. Rejects when the phone does not say. */
function ask(municipalities) {
  return new Promise((resolve, reject) => {
    const take = ({ coords }) => resolve(nearest(municipalities, coords.latitude, coords.longitude));
    navigator.geolocation.getCurrentPosition(take, reject, ASKING);
  });
}

/** Places used before, the last first, each once: those of this visit, then those that the pack knows. */
function usedBefore(team, used) {
  const found = new Map();
  for (const [kind, name] of [...used, ...(team.places ?? [])]) {
    if (name && !found.has(`${kind}\n${name}`)) found.set(`${kind}\n${name}`, [kind, name]);
  }
  return [...found.values()].slice(0, 4);
}

/**
 * Offer places beside a form's own fields, which stay free to be typed in.
 * `root`: the part that `place_picker()` made; `team`: one of the pack's teams; `field`: the municipality's input;
 * `kind`: the select of the kind of place, if there is one; `used`: [[kind, municipality], …] of this visit, last first.
 */
export function offerPlaces(root, team, { field, kind = null, used = [] }) {
  const part = (name) => root.querySelector(`[data-place="${name}"]`);
  const label = (code) => Array.from(kind?.options ?? []).find((one) => one.value === code)?.textContent.trim() ?? '';
  const buttons = [];

  const mark = () => {
    for (const [button, code, name] of buttons) {
      const chosen = field.value.trim() === name && (code === null || !kind || kind.value === code);
      button.setAttribute('aria-pressed', String(chosen));
    }
  };
  const put = (name, code) => {
    field.value = name;
    if (kind && code !== null) kind.value = code;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    kind?.dispatchEvent(new Event('change', { bubbles: true }));
    mark();
  };
  const add = (into, words, name, code) => {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: words });
    button.className = 'button button--secondary place';
    button.addEventListener('click', () => { part('said').textContent = ''; put(name, code); });
    into.append(button);
    buttons.push([button, code, name]);
  };

  for (const name of ['before', 'near', 'rest']) part(name).replaceChildren();
  part('said').textContent = '';
  const names = (team.municipalities ?? []).map(([name]) => name);
  for (const [code, name] of usedBefore(team, used)) {
    if (code && label(code)) add(part('before'), `${label(code)} · ${name}`, name, code);
    else if (!names.includes(name)) add(part('before'), name, name, null); // typed once, and no name of the list
  }
  names.forEach((name, at) => add(part(at < AT_ONCE ? 'near' : 'rest'), name, name, null));
  part('more').hidden = names.length <= AT_ONCE;
  part('before').hidden = !part('before').childElementCount;
  root.hidden = buttons.length === 0;
  field.oninput = mark;
  if (kind) kind.onchange = mark;
  mark();

  const here = part('here');
  here.hidden = !mayAsk(team);
  here.onclick = async () => {
    const { asking, found, far, silent } = root.dataset;
    here.disabled = true;
    part('said').textContent = asking;
    try {
      const name = await ask(team.municipalities);
      part('said').textContent = name === null ? far : found.replace('{name}', name);
      if (name !== null) put(name, null);
    } catch {
      part('said').textContent = silent;
    } finally {
      here.disabled = false;
    }
  };
}
