// The recovery key as a person writes it down: 128 bits in Crockford's base 32, 26 characters and a
// check character (the number modulo 37), in groups of four. Letters that look like digits are read
// as those digits; a slip of one character, or two that were swapped, is noticed.
import { hex, type Bytes } from "./bytes.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK_ALPHABET = `${ALPHABET}*~$=U`;
const CHECK_MODULUS = 37n;
const CHARACTERS = 26;
const GROUP = 4;

export const RECOVERY_KEY_BYTES = 16;

export type RecoveryKeySlip = "length" | "character" | "check";

export function recoveryKeyText(key: Bytes): string {
  const value = BigInt(`0x${hex(key)}`);
  let text = CHECK_ALPHABET.charAt(Number(value % CHECK_MODULUS));
  for (let i = 0, rest = value; i < CHARACTERS; i++, rest >>= 5n) {
    text = ALPHABET.charAt(Number(rest & 31n)) + text;
  }
  return text.match(new RegExp(`.{1,${GROUP}}`, "g"))?.join("-") ?? text;
}

// What is wrong with it, or the key.
export function parseRecoveryKey(typed: string): Bytes | RecoveryKeySlip {
  const text = typed
    .toUpperCase()
    .replaceAll(/[\s\-–—]/g, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  if (text.length !== CHARACTERS + 1) return "length";
  let value = 0n;
  for (const character of text.slice(0, CHARACTERS)) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return "character";
    value = value * 32n + BigInt(digit);
  }
  if (value >> 128n !== 0n) return "check";
  if (CHECK_ALPHABET.charAt(Number(value % CHECK_MODULUS)) !== text.charAt(CHARACTERS)) {
    return "check";
  }
  const digits = value.toString(16).padStart(2 * RECOVERY_KEY_BYTES, "0");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
