// The page's cryptography: known answers, round trips, and every way of tampering refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  base64url,
  concat,
  fromBase64,
  hex,
  utf8Bytes,
  uuidV7,
  type Bytes,
} from "../public/src/account/bytes.ts";
import type { Kdf } from "../public/src/account/api-types.ts";
import * as vault from "../public/src/account/vault.ts";
import { randomNumbers } from "./random_numbers.ts";

const KDF: Kdf = { algorithm: "argon2id", memory_kib: 65_536, passes: 3, lanes: 1 };
const ID = "01934e5a-7c00-7000-8000-000000000001";
const OTHER_ID = "01934e5a-7c00-7000-8000-000000000002";
const TAG = 16;

// In place of Argon2id where only what follows it matters.
const quickHash: vault.HashPassword = (password, salt) =>
  vault.hkdf(password, salt, utf8Bytes("a test"), 32);

const refused = (code: vault.VaultFault) => (error: unknown) =>
  error instanceof vault.VaultError && error.code === code;

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));

function noise(count: number, seed = 1): Bytes {
  const random = randomNumbers(seed);
  return Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
}

function flipped(bytes: Bytes, at: number): Bytes {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

const aKey = () => vault.usableKey(vault.newUserKey());

test("HKDF gives the keys of RFC 5869, A.1 and A.3", async () => {
  const secret = new Uint8Array(22).fill(0x0b);
  const first = await vault.hkdf(
    secret,
    bytesOf("000102030405060708090a0b0c"),
    bytesOf("f0f1f2f3f4f5f6f7f8f9"),
    42,
  );
  assert.equal(
    hex(first),
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  );
  const third = await vault.hkdf(secret, new Uint8Array(), new Uint8Array(), 42);
  assert.equal(
    hex(third),
    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  );
});

test("HKDF gives the key of RFC 5869, A.2, from long inputs", async () => {
  const run = (from: number, count: number) =>
    Uint8Array.from({ length: count }, (_, index) => from + index);
  const second = await vault.hkdf(run(0, 80), run(0x60, 80), run(0xb0, 80), 82);
  assert.equal(
    hex(second),
    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
  );
});

test("The half of a password that the server gets says nothing of the other", async () => {
  const keys = await vault.keysOfPassword(quickHash, "correct horse", new Uint8Array(16), KDF);
  const master = await quickHash(utf8Bytes("correct horse"), new Uint8Array(16), KDF);
  const auth = await vault.hkdf(master, new Uint8Array(), utf8Bytes("insitu/auth/v1"), 32);
  assert.equal(keys.authKey, base64url(auth));
  assert.equal(keys.wrappingKey.extractable, false);
  const wrapped = await vault.wrapUserKey(keys.wrappingKey, vault.newUserKey(), "a", 1);
  const proof = await vault.usableKey(auth);
  await assert.rejects(vault.unwrapUserKey(proof, wrapped, "a", 1), refused("wrong_key"));
});

test("The same letters give the same key, however a keyboard composes them", async () => {
  const salt = new Uint8Array(16);
  const [composed, decomposed] = await Promise.all(
    ["caf\u00e9 au lait au lit", "cafe\u0301 au lait au lit"].map((password) =>
      vault.keysOfPassword(quickHash, password, salt, KDF),
    ),
  );
  assert.equal(composed?.authKey, decomposed?.authKey);
});

for (const [what, kdf] of [
  ["less memory than 19 MiB", { ...KDF, memory_kib: 19_455 }],
  ["one pass", { ...KDF, passes: 1 }],
  ["more than 1 GiB", { ...KDF, memory_kib: 1024 * 1024 + 1 }],
  ["more than 16 passes", { ...KDF, passes: 17 }],
  ["no lane", { ...KDF, lanes: 0 }],
  ["half a pass", { ...KDF, passes: 2.5 }],
  ["another algorithm", { ...KDF, algorithm: "pbkdf2" as "argon2id" }],
] as const) {
  test(`A server that asks for ${what} is refused before the password is touched`, async () => {
    let hashed = 0;
    const counting: vault.HashPassword = (...given) => {
      hashed += 1;
      return quickHash(...given);
    };
    const deriving = vault.keysOfPassword(counting, "a", new Uint8Array(16), kdf);
    await assert.rejects(deriving, refused("kdf_refused"));
    assert.equal(hashed, 0);
  });
}

test("The least and the most that a server may ask for are taken", () => {
  vault.checkKdf({ ...KDF, memory_kib: 19_456, passes: 2 });
  vault.checkKdf({ ...KDF, memory_kib: 1024 * 1024, passes: 16, lanes: 16 });
});

test("A salt that is too short is refused", async () => {
  const deriving = vault.keysOfPassword(quickHash, "a", new Uint8Array(15), KDF);
  await assert.rejects(deriving, refused("kdf_refused"));
});

test("A user key is opened by its password, under its name in any case, and nowhere else", async () => {
  const userKey = vault.newUserKey();
  const key = await aKey();
  const wrapped = await vault.wrapUserKey(key, userKey, " Dr.Smith ", 3);
  const opened = await vault.unwrapUserKey(key, wrapped, "dr.smith", 3);
  assert.deepEqual(opened, userKey);
  const bytes = fromBase64(wrapped);
  assert.equal(bytes.length, 12 + 32 + TAG);
  const attempts: [CryptoKey, string, string, number][] = [
    [await aKey(), wrapped, "dr.smith", 3],
    [key, wrapped, "dr.jones", 3],
    [key, wrapped, "dr.smith", 2],
    ...Array.from(bytes, (_, at): [CryptoKey, string, string, number] => [
      key,
      base64url(flipped(bytes, at)),
      "dr.smith",
      3,
    ]),
  ];
  for (const attempt of attempts) {
    await assert.rejects(vault.unwrapUserKey(...attempt), refused("wrong_key"));
  }
});

test("The key that is used gives its bytes to nobody", async () => {
  const key = await aKey();
  await assert.rejects(crypto.subtle.exportKey("raw", key));
});

test("A recovery key opens the user key too, by a proof of its own", async () => {
  const userKey = vault.newUserKey();
  const recoveryKey = vault.newRecoveryKey();
  assert.equal(recoveryKey.length, 16);
  const credential = await vault.recoveryCredential(recoveryKey, userKey, "a", 1);
  const keys = await vault.keysOfRecoveryKey(recoveryKey);
  assert.equal(keys.authKey, credential.auth_key);
  const wrapped = credential.wrapped_user_key;
  assert.deepEqual(await vault.unwrapUserKey(keys.wrappingKey, wrapped, "a", 1), userKey);
  const other = await vault.keysOfRecoveryKey(vault.newRecoveryKey());
  await assert.rejects(
    vault.unwrapUserKey(other.wrappingKey, wrapped, "a", 1),
    refused("wrong_key"),
  );
});

test("A data key is bound to its object and its user", async () => {
  const userKey = await aKey();
  const { wrapped } = await vault.newDataKey(userKey, ID);
  await vault.openDataKey(userKey, wrapped, ID);
  await assert.rejects(vault.openDataKey(userKey, wrapped, OTHER_ID), refused("damaged"));
  await assert.rejects(vault.openDataKey(await aKey(), wrapped, ID), refused("damaged"));
});

test("A record comes back, in sizes of whole steps", async () => {
  const key = await aKey();
  for (const length of [0, 1, 4083, 4084, 4085, 10_000]) {
    const record = { n: "x".repeat(length) };
    const sealed = await vault.sealRecord(key, ID, 1, record);
    assert.equal((sealed.length - 12 - TAG) % vault.RECORD_STEP, 0);
    assert.equal(sealed.length - 12 - TAG, Math.ceil((length + 8) / 4096) * 4096);
    assert.deepEqual(await vault.openRecord(key, ID, 1, sealed), record);
  }
});

test("A record under another id or version, or with a changed byte, is refused", async () => {
  const key = await aKey();
  const sealed = await vault.sealRecord(key, ID, 2, { answer: "IDC detected" });
  await assert.rejects(vault.openRecord(key, OTHER_ID, 2, sealed), refused("damaged"));
  await assert.rejects(vault.openRecord(key, ID, 1, sealed), refused("damaged"));
  await assert.rejects(vault.openRecord(key, ID, 3, sealed), refused("damaged"));
  await assert.rejects(vault.openRecord(await aKey(), ID, 2, sealed), refused("damaged"));
  for (const at of [0, 11, 12, 100, sealed.length - 1]) {
    await assert.rejects(vault.openRecord(key, ID, 2, flipped(sealed, at)), refused("damaged"));
  }
  for (const cut of [0, 11, 12, 27, sealed.length - 1]) {
    await assert.rejects(vault.openRecord(key, ID, 2, sealed.slice(0, cut)), refused("damaged"));
  }
});

const MIB = vault.CHUNK_BYTES;

for (const length of [0, 1, 65_535, 65_536, 65_537, MIB - 1, MIB, MIB + 1, 3 * MIB + 5]) {
  test(`A body of ${length} bytes comes back, in a size of whole steps`, async () => {
    const key = await aKey();
    const plain = noise(length);
    const sealed = await vault.sealBody(key, ID, plain);
    const padded = Math.max(1, Math.ceil(length / vault.BODY_STEP)) * vault.BODY_STEP;
    assert.equal(sealed.length, padded + TAG * Math.ceil(padded / MIB));
    assert.ok(Buffer.compare(await vault.openBody(key, ID, sealed, length), plain) === 0);
  });
}

test("Two bodies of nearly the same size cannot be told apart by it", () => {
  assert.equal(vault.sealedBodyBytes(1), vault.sealedBodyBytes(65_536));
  assert.notEqual(vault.sealedBodyBytes(65_536), vault.sealedBodyBytes(65_537));
});

test("Of a body every tampering is refused", async () => {
  const key = await aKey();
  const length = 3 * MIB + 5;
  const plain = noise(length, 2);
  const sealed = await vault.sealBody(key, ID, plain);
  const step = MIB + TAG;
  const chunk = (index: number) => sealed.slice(index * step, (index + 1) * step);
  const chunks = [chunk(0), chunk(1), chunk(2), chunk(3)] as const;
  const [a, b, c, last] = chunks;
  const shortened = (await vault.sealBody(key, ID, plain.slice(0, 2 * MIB))).length;
  const cases: [string, Bytes, string, number][] = [
    ["first two chunks swapped", concat(b, a, c, last), ID, length],
    ["next two chunks swapped", concat(a, c, b, last), ID, length],
    ["a chunk repeated", concat(a, a, c, last), ID, length],
    ["last chunk cut", sealed.slice(0, -1), ID, length],
    ["last chunk gone", concat(a, b, c), ID, length],
    ["last chunk gone, the length as if", concat(a, b, c), ID, 3 * MIB],
    ["two chunks, the length as if", sealed.slice(0, shortened), ID, 2 * MIB],
    ["a chunk left out", concat(a, b, last), ID, 2 * MIB + 5],
    ["something after it", concat(sealed, new Uint8Array(1)), ID, length],
    ["under another id", sealed, OTHER_ID, length],
    ["nothing", new Uint8Array(), ID, length],
    ["with another length", sealed, ID, length + vault.BODY_STEP],
  ];
  for (const at of [0, step - 1, step, 2 * step + 7, sealed.length - 1]) {
    cases.push([`byte ${at} changed`, flipped(sealed, at), ID, length]);
  }
  for (const [what, bytes, id, size] of cases) {
    await assert.rejects(vault.openBody(key, id, bytes, size), refused("damaged"), what);
  }
  await assert.rejects(vault.openBody(await aKey(), ID, sealed, length), refused("damaged"));
  assert.ok(Buffer.compare(await vault.openBody(key, ID, sealed, length), plain) === 0);
});

test("A chunk of one object does not fit into another, even with the same key", async () => {
  const key = await aKey();
  const [first, second] = await Promise.all([
    vault.sealBody(key, ID, noise(2 * MIB, 3)),
    vault.sealBody(key, OTHER_ID, noise(2 * MIB, 4)),
  ]);
  const mixed = concat(first.slice(0, MIB + TAG), second.slice(MIB + TAG));
  await assert.rejects(vault.openBody(key, ID, mixed, 2 * MIB), refused("damaged"));
});

test("What is sent is named by its SHA-256, as RFC 9530 writes it", async () => {
  assert.equal(
    await vault.contentDigest(utf8Bytes('{"hello": "world"}\n')),
    "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
  );
});

test("Ids carry their time and differ", () => {
  const now = Date.UTC(2026, 10, 24, 18, 30);
  const ids = Array.from({ length: 100 }, () => uuidV7(now));
  assert.equal(new Set(ids).size, 100);
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(parseInt(id.slice(0, 8) + id.slice(9, 13), 16), now);
  }
});
