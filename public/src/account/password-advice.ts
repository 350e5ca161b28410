// Which passwords are taken, and why not. The server never sees an end-to-end encrypted account's
// password, so this is where it is judged (NIST SP 800-63B-4: length and no well-known ones; no rule
// about kinds of characters).
import { utf8Bytes } from "./bytes.ts";
import type { Config } from "./api-types.ts";

const FEW_DIFFERENT = 5; // characters; fewer are a pattern, whatever the length
const RUNS = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890123456789",
  "98765432109876543210",
  "qwertyuiopasdfghjklzxcvbnm",
  "qwertzuiopasdfghjklyxcvbnm",
  "azertyuiopqsdfghjklmwxcvbn",
];
// What is left of a password without these has to be long enough to be one.
const WELL_KNOWN = ["password", "passwort", "letmein", "welcome", "iloveyou", "administrator"];
const OUR_WORDS = ["insitu", "breast", "mammogram", "histology", "pathology", "radiology"];
const LEAST_LEFT = 8;

export function passwordFault(
  password: string,
  username: string,
  { min, max_bytes: most }: Config["password"],
): string | null {
  const text = password.normalize("NFKC");
  // eslint-disable-next-line @typescript-eslint/no-misused-spread -- code points, as NIST counts
  const characters = [...text];
  if (characters.length < min) {
    const missing = min - characters.length;
    return `Use at least ${min} characters: ${missing} more. Length is what makes it hard to guess.`;
  }
  if (utf8Bytes(text).length > most) {
    return `That is longer than the ${most} bytes that a password may have. Use a shorter one.`;
  }
  const lower = text.toLowerCase();
  if (new Set(lower).size < FEW_DIFFERENT) {
    return "That repeats a few characters, which is tried first. Use words that do not repeat.";
  }
  const without = (words: string[]) =>
    words.reduce((left, word) => (word.length < 3 ? left : left.replaceAll(word, "")), lower);
  if (RUNS.some((run) => stretch(lower, run) > characters.length / 2)) {
    return "That is mostly a row of the alphabet, of digits or of the keyboard, which is tried first. Use words.";
  }
  if (without([username.trim().toLowerCase()]).length < LEAST_LEFT) {
    return "That is mostly your user name. Use words that have nothing to do with you.";
  }
  if (without([...WELL_KNOWN, ...OUR_WORDS]).length < LEAST_LEFT) {
    return "That is mostly a word that is tried first here. Use words that have nothing to do with this.";
  }
  return null;
}

// The longest part of the run that the text has.
function stretch(text: string, run: string): number {
  let longest = 0;
  for (let at = 0; at < text.length; at++) {
    let length = 1;
    while (at + length <= text.length && run.includes(text.slice(at, at + length))) length += 1;
    longest = Math.max(longest, length - 1);
  }
  return longest;
}
