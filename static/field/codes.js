// Person codes on the phone; the twin of the same functions in outreach/field/rules.py.

export const CODE_SIGNS = '234679ACDEFHJKMNPQRTWXY';
const CODE_LENGTH = 8;
const READ_AS = { Z: '2', G: '6', ' ': '', '-': '', '\u2010': '', '\u2011': '', '\u2013': '' };

/** A fresh person code: seven random signs and a check sign, without the hyphen. */
export function makeCode() {
  let body = '';
  while (body.length < CODE_LENGTH - 1) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    // 253 is the largest multiple of 23 in a byte: what lies above it would favour the first signs.
    if (byte < 253) body += CODE_SIGNS[byte % 23];
  }
  return body + checkSign(body);
}

/** The eighth sign: weights 8 to 2 from the left, 1 for the check sign, sum divisible by 23. */
export function checkSign(body) {
  let total = 0;
  for (let place = 0; place < body.length; place += 1) total += (CODE_LENGTH - place) * CODE_SIGNS.indexOf(body[place]);
  return CODE_SIGNS[(23 - (total % 23)) % 23];
}

/** The code meant by what was typed (any case, spaces, no hyphen); null when it cannot be one. */
export function readCode(typed) {
  const code = Array.from(typed.toUpperCase(), (sign) => READ_AS[sign] ?? sign).join('');
  if (code.length !== CODE_LENGTH || Array.from(code).some((sign) => !CODE_SIGNS.includes(sign))) return null;
  return checkSign(code.slice(0, -1)) === code.at(-1) ? code : null;
}

/** `K7QM-4R2X` as it is written on the card. */
export const shownCode = (code) => `${code.slice(0, 4)}-${code.slice(4)}`;
