// The wire format of a sealed record, and the proofs of phone and site; the twin of outreach/field/sealed_rules.py.
// Native WebCrypto only. Nothing here stores or sends anything, and no private key ever comes to the phone.

const FORMAT = 1;
const text = new TextEncoder();

export const base64 = (bytes) => {
  const view = new Uint8Array(bytes);
  let out = '';
  for (let at = 0; at < view.length; at += 8192) out += String.fromCharCode(...view.subarray(at, at + 8192));
  return btoa(out);
};
export const unbase64 = (words) => Uint8Array.from(atob(words), (c) => c.charCodeAt(0));
const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join('');
const joined = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
};

/** The public half of an operation's key pair, from Base64 DER. */
export const publicKey = (spki) =>
  crypto.subtle.importKey('spki', unbase64(spki), { name: 'RSA-OAEP', hash: 'SHA-256' }, false, ['encrypt']);

/** The key that this phone and the site share; it can be used here, and not be read out again. */
export const phoneKey = (raw) =>
  crypto.subtle.importKey('raw', unbase64(raw), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);

const about = ({ kind, uid, key, device, owner }) =>
  text.encode([`outreach-sealed-${FORMAT}`, kind, uid, key, device, owner].join('\n'));

/** Seal `content` (anything JSON) under `head` = {kind, uid, key, device, owner}: {...head, wrapped, nonce, sealed, hash}. */
export async function seal(content, head, publicHalf) {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt']);
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = about(head);
  const plain = text.encode(JSON.stringify(content));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData }, key, plain));
  const raw = await crypto.subtle.exportKey('raw', key);
  const wrapped = new Uint8Array(await crypto.subtle.encrypt({ name: 'RSA-OAEP' }, publicHalf, raw));
  const named = joined(additionalData, text.encode('\n'), wrapped, nonce, sealed);
  const hash = hex(await crypto.subtle.digest('SHA-256', named));
  return { ...head, wrapped: base64(wrapped), nonce: base64(nonce), sealed: base64(sealed), hash };
}

/** The body of the request that sends a sealed record: `record` as `seal` made it, with its `ticket`. */
export async function envelope(record, key, sentAt = new Date().toISOString()) {
  const said = text.encode([`outreach-send-${FORMAT}`, record.hash, sentAt].join('\n'));
  const proof = base64(await crypto.subtle.sign('HMAC', key, said));
  const { kind, uid, device, owner, ticket, wrapped, nonce, sealed } = record;
  return JSON.stringify({
    format: FORMAT, kind, uid, key: record.key, device, owner, ticket, wrapped, nonce, sealed, sent_at: sentAt, proof,
  });
}

/** The body of a heartbeat: `content` (numbers and times only) with this phone's proof. */
export async function beat(content, key) {
  const said = JSON.stringify(content);
  const proof = base64(await crypto.subtle.sign('HMAC', key, text.encode(`outreach-beat-${FORMAT}\n${said}`)));
  return JSON.stringify({ said, proof });
}

const ARRIVED = new Set(['stored', 'held', 'taken', 'left_out']);

/** Whether `said` is the site's own receipt for exactly these bytes. Nothing else ever removes a record. */
export async function isReceipt(said, record, key) {
  if (typeof said !== 'object' || said === null || said.uid !== record.uid || said.hash !== record.hash) return false;
  if (!ARRIVED.has(said.state) || typeof said.received_at !== 'string') return false;
  return isProven(key, said.proof, [`outreach-receipt-${FORMAT}`, said.uid, said.hash, said.state, said.received_at]);
}

async function isProven(key, proof, parts) {
  try {
    return typeof proof === 'string' && (await crypto.subtle.verify('HMAC', key, unbase64(proof), text.encode(parts.join('\n'))));
  } catch {
    return false;
  }
}

/** Whether `said` is the site's own word, in answer to the heartbeat `body`, that the session it named is over. */
export async function isOver(said, body, key) {
  if (said?.session !== 'revoked' && said?.session !== 'ended') return false;
  return isProven(key, said.proof, [`outreach-session-${FORMAT}`, said.session, JSON.parse(body).proof]);
}
