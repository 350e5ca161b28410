// The recovery key as it is written down.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecoveryKey, recoveryKeyText } from "../public/src/account/recovery-key.ts";
import { newRecoveryKey } from "../public/src/account/vault.ts";

const KNOWN = Uint8Array.from({ length: 16 }, (_, index) => index * 17);

test("A key is written in seven groups and read back", () => {
  assert.match(
    recoveryKeyText(KNOWN),
    /^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-Z]{2}[0-9A-Z*~$=]$/,
  );
  for (let i = 0; i < 200; i++) {
    const key = newRecoveryKey();
    assert.deepEqual(parseRecoveryKey(recoveryKeyText(key)), key);
  }
});

test("The smallest and the largest key are written and read", () => {
  for (const value of [0, 255]) {
    const key = new Uint8Array(16).fill(value);
    assert.deepEqual(parseRecoveryKey(recoveryKeyText(key)), key);
  }
  assert.equal(recoveryKeyText(new Uint8Array(16)), "0000-0000-0000-0000-0000-0000-000");
});

test("It is read as people write it: small letters, spaces, other dashes, O for 0, I and L for 1", () => {
  const text = recoveryKeyText(KNOWN);
  const written = [
    text.toLowerCase(),
    text.replaceAll("-", " "),
    text.replaceAll("-", ""),
    text.replaceAll("-", "–"),
    ` ${text}\n`,
    text.replaceAll("0", "o").replaceAll("1", "l"),
    text.replaceAll("0", "O").replaceAll("1", "I"),
  ];
  for (const typed of written) assert.deepEqual(parseRecoveryKey(typed), KNOWN, typed);
});

test("One wrong character, or two neighbours swapped, are noticed", () => {
  const text = recoveryKeyText(KNOWN).replaceAll("-", "");
  for (let at = 0; at < text.length; at++) {
    for (const other of "0123456789ABCDEFGHJKMNPQRSTVWXYZ") {
      if (other === text.charAt(at)) continue;
      const typed = text.slice(0, at) + other + text.slice(at + 1);
      assert.equal(typeof parseRecoveryKey(typed), "string", typed);
    }
    const pair = text.slice(at, at + 2);
    if (pair.charAt(0) === pair.charAt(1) || pair.length < 2) continue;
    const swapped = text.slice(0, at) + pair.charAt(1) + pair.charAt(0) + text.slice(at + 2);
    assert.equal(typeof parseRecoveryKey(swapped), "string", swapped);
  }
});

test("What is wrong with it is told apart", () => {
  const text = recoveryKeyText(KNOWN).replaceAll("-", "");
  assert.equal(parseRecoveryKey(text.slice(1)), "length");
  assert.equal(parseRecoveryKey(`${text}0`), "length");
  assert.equal(parseRecoveryKey(""), "length");
  assert.equal(parseRecoveryKey(`U${text.slice(1)}`), "character");
  assert.equal(parseRecoveryKey(`Z${text.slice(1)}`), "check");
});
