// The page's Argon2id, in the file that the site ships.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { argon2id, HashError } from "../public/src/account/argon2.ts";
import type { Kdf } from "../public/src/account/api-types.ts";
import { hex, utf8Bytes } from "../public/src/account/bytes.ts";

const path = join(import.meta.dirname, "../build/wasm-simd/argon2.wasm");
const skip = existsSync(path) ? false : `SKIPPED: ${path} is not built; run make wasm`;
const module = skip === false ? new WebAssembly.Module(readFileSync(path)) : null;

const kdf = (memory_kib: number, passes: number, lanes: number): Kdf => ({
  algorithm: "argon2id",
  memory_kib,
  passes,
  lanes,
});

const filled = (count: number, value: number) => new Uint8Array(count).fill(value);

function hashed(request: Parameters<typeof argon2id>[1]): Promise<string> {
  assert.ok(module);
  return argon2id(module, request).then(hex);
}

test("Argon2id gives the tag of RFC 9106, section 5.3", { skip }, async () => {
  const tag = await hashed({
    password: filled(32, 1),
    salt: filled(16, 2),
    secret: filled(8, 3),
    associatedData: filled(12, 4),
    kdf: kdf(32, 3, 4),
  });
  assert.equal(tag, "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
});

// What the server's own library prints for the same:
//   printf 'correct horse battery' | argon2 'sixteen bytes!!!' -id -m 16 -t 3 -p 1 -l 32 -r
test("Argon2id with 64 MiB gives what libargon2 gives natively", { skip }, async () => {
  const tag = await hashed({
    password: utf8Bytes("correct horse battery"),
    salt: utf8Bytes("sixteen bytes!!!"),
    kdf: kdf(65_536, 3, 1),
  });
  assert.equal(tag, "d233503649c6bd3126dfb14a535eed3485728d2b483d51cb8641dcc8929d369c");
});

test("The password's bytes are wiped afterwards", { skip }, async () => {
  const password = utf8Bytes("correct horse battery");
  await hashed({ password, salt: filled(16, 2), kdf: kdf(32, 1, 1) });
  assert.ok(password.every((byte) => byte === 0));
});

test("Every part of the input counts", { skip }, async () => {
  const base = { password: utf8Bytes("a"), salt: filled(16, 2), kdf: kdf(64, 2, 1) };
  const variants = [
    base,
    { ...base, password: utf8Bytes("b") },
    { ...base, salt: filled(16, 3) },
    { ...base, kdf: kdf(72, 2, 1) },
    { ...base, kdf: kdf(64, 3, 1) },
    { ...base, kdf: kdf(64, 2, 2) },
    { ...base, secret: filled(1, 1) },
    { ...base, associatedData: filled(1, 1) },
  ];
  const tags = new Set<string>();
  for (const variant of variants) {
    tags.add(await hashed({ ...variant, password: variant.password.slice() }));
  }
  assert.equal(tags.size, variants.length);
});

test("More memory than there may be is refused as such", { skip }, async () => {
  const request = { password: utf8Bytes("a"), salt: filled(16, 2), kdf: kdf(2 ** 21, 1, 1) };
  await assert.rejects(
    hashed(request),
    (error) => error instanceof HashError && error.code === "out_of_memory",
  );
});
