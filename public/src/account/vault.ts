// All cryptography of the page: from a password or a recovery key to the user key, and from the user
// key to what is kept. Nothing here knows HTTP or DOM. The server gets what this file returns and
// can open none of it; ARCHITECTURE.md, "What the server cannot read", has the whole scheme.
import type { Kdf, RecoveryCredential } from "./api-types.ts";
import {
  base64url,
  concat,
  fromBase64,
  randomBytes,
  sha256,
  utf8Bytes,
  type Bytes,
} from "./bytes.ts";
import { RECOVERY_KEY_BYTES } from "./recovery-key.ts";

const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const CHUNK_BYTES = 1024 * 1024;
export const BODY_STEP = 64 * 1024; // sizes are rounded up to whole steps, so that they tell little
export const RECORD_STEP = 4 * 1024;

// Below, a stolen server would be worth guessing at; above, a hostile server could stall the page.
export const KDF_LEAST = { memory_kib: 19_456, passes: 2 } as const;
export const KDF_MOST = { memory_kib: 1024 * 1024, passes: 16, lanes: 16 } as const;

//   kdf_refused  the server asks for a weaker or a larger password hash than is sensible
//   wrong_key    this password or recovery key does not open it
//   damaged      bytes were changed, cut, moved to another place or put under another id
export type VaultFault = "kdf_refused" | "wrong_key" | "damaged";

export class VaultError extends Error {
  readonly code: VaultFault;

  constructor(code: VaultFault) {
    super(code);
    this.name = "VaultError";
    this.code = code;
  }
}

// Argon2id to 32 bytes; may overwrite the password.
export type HashPassword = (password: Bytes, salt: Bytes, kdf: Kdf) => Promise<Bytes>;

// What a secret gives: the half that proves it to the server, and the half that never leaves.
export interface SecretKeys {
  authKey: string; // base64url
  wrappingKey: CryptoKey;
}

export function hkdf(secret: Bytes, salt: Bytes, info: Bytes, bytes: number): Promise<Bytes> {
  return crypto.subtle
    .importKey("raw", secret, "HKDF", false, ["deriveBits"])
    .then((key) =>
      crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, 8 * bytes),
    )
    .then((bits) => new Uint8Array(bits));
}

function aesKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}

async function secretKeys(secret: Bytes, auth: string, wrapping: string): Promise<SecretKeys> {
  const part = (info: string) => hkdf(secret, new Uint8Array(), utf8Bytes(info), KEY_BYTES);
  const authKey = base64url(await part(auth));
  const raw = await part(wrapping);
  const wrappingKey = await aesKey(raw);
  raw.fill(0);
  return { authKey, wrappingKey };
}

async function seal(key: CryptoKey, plain: Bytes, place: string, nonce: Bytes): Promise<Bytes> {
  const additionalData = utf8Bytes(place);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plain));
}

async function open(
  key: CryptoKey,
  sealed: Bytes,
  place: string,
  nonce: Bytes,
  fault: VaultFault,
): Promise<Bytes> {
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: utf8Bytes(place) };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed));
  } catch {
    throw new VaultError(fault);
  }
}

// With a nonce by chance before it.
async function wrap(key: CryptoKey, plain: Bytes, place: string): Promise<Bytes> {
  const nonce = randomBytes(NONCE_BYTES);
  return concat(nonce, await seal(key, plain, place, nonce));
}

function unwrap(key: CryptoKey, wrapped: Bytes, place: string, fault: VaultFault): Promise<Bytes> {
  const nonce = wrapped.slice(0, NONCE_BYTES);
  return open(key, wrapped.slice(NONCE_BYTES), place, nonce, fault);
}

// --- Passwords and recovery keys ----------------------------------------------------------------

// As the server compares names.
export function normalName(username: string): string {
  return username.trim().replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export function checkKdf(kdf: Kdf): void {
  const within = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most;
  const sensible =
    (kdf.algorithm as string) === "argon2id" &&
    within(kdf.memory_kib, KDF_LEAST.memory_kib, KDF_MOST.memory_kib) &&
    within(kdf.passes, KDF_LEAST.passes, KDF_MOST.passes) &&
    within(kdf.lanes, 1, KDF_MOST.lanes);
  if (!sensible) throw new VaultError("kdf_refused");
}

export function newSalt(): Bytes {
  return randomBytes(SALT_BYTES);
}

export async function keysOfPassword(
  hash: HashPassword,
  password: string,
  salt: Bytes,
  kdf: Kdf,
): Promise<SecretKeys> {
  checkKdf(kdf);
  if (salt.length < SALT_BYTES) throw new VaultError("kdf_refused");
  // Keyboards differ in how they compose letters; the same letters have to give the same key.
  const master = await hash(utf8Bytes(password.normalize("NFKC")), salt, kdf);
  const keys = await secretKeys(master, "insitu/auth/v1", "insitu/kek/v1");
  master.fill(0);
  return keys;
}

export function newRecoveryKey(): Bytes {
  return randomBytes(RECOVERY_KEY_BYTES);
}

export function keysOfRecoveryKey(recoveryKey: Bytes): Promise<SecretKeys> {
  return secretKeys(recoveryKey, "insitu/recovery-auth/v1", "insitu/recovery-kek/v1");
}

// --- The user key -------------------------------------------------------------------------------

// The raw bytes exist only while it is made or wrapped anew; what is used and stored is a CryptoKey
// that gives its bytes to nobody.
export function newUserKey(): Bytes {
  return randomBytes(KEY_BYTES);
}

export function usableKey(userKey: Bytes): Promise<CryptoKey> {
  return aesKey(userKey);
}

const userKeyPlace = (username: string, version: number) =>
  `insitu/user-key/v1|${normalName(username)}|${version}`;

export async function wrapUserKey(
  wrappingKey: CryptoKey,
  userKey: Bytes,
  username: string,
  version: number,
): Promise<string> {
  return base64url(await wrap(wrappingKey, userKey, userKeyPlace(username, version)));
}

export function unwrapUserKey(
  wrappingKey: CryptoKey,
  wrapped: string,
  username: string,
  version: number,
): Promise<Bytes> {
  const place = userKeyPlace(username, version);
  return unwrap(wrappingKey, fromBase64(wrapped), place, "wrong_key");
}

export async function recoveryCredential(
  recoveryKey: Bytes,
  userKey: Bytes,
  username: string,
  version: number,
): Promise<RecoveryCredential> {
  const { authKey, wrappingKey } = await keysOfRecoveryKey(recoveryKey);
  const wrapped = await wrapUserKey(wrappingKey, userKey, username, version);
  return { auth_key: authKey, wrapped_user_key: wrapped };
}

// --- What is kept -------------------------------------------------------------------------------

export interface DataKey {
  key: CryptoKey;
  wrapped: string; // by the user key, for the server to keep
}

const dataKeyPlace = (id: string) => `insitu/data-key/v1|${id}`;
const recordPlace = (id: string, version: number) => `insitu/record/v1|${id}|${version}`;
const chunkPlace = (id: string, index: number, isLast: boolean) =>
  `insitu/chunk/v1|${id}|${index}|${isLast ? 1 : 0}`;

export async function newDataKey(userKey: CryptoKey, id: string): Promise<DataKey> {
  const raw = randomBytes(KEY_BYTES);
  const wrapped = base64url(await wrap(userKey, raw, dataKeyPlace(id)));
  const key = await aesKey(raw);
  raw.fill(0);
  return { key, wrapped };
}

export async function openDataKey(
  userKey: CryptoKey,
  wrapped: string,
  id: string,
): Promise<CryptoKey> {
  const raw = await unwrap(userKey, fromBase64(wrapped), dataKeyPlace(id), "damaged");
  const key = await aesKey(raw);
  raw.fill(0);
  return key;
}

const roundUp = (bytes: number, step: number) => Math.max(1, Math.ceil(bytes / step)) * step;

// Spaces at the end of JSON mean nothing.
export function paddedJson(value: unknown): Bytes {
  const json = utf8Bytes(JSON.stringify(value));
  const padded = new Uint8Array(roundUp(json.length, RECORD_STEP)).fill(0x20);
  padded.set(json);
  return padded;
}

export async function sealRecord(
  key: CryptoKey,
  id: string,
  version: number,
  value: unknown,
): Promise<Bytes> {
  return wrap(key, paddedJson(value), recordPlace(id, version));
}

export async function openRecord(
  key: CryptoKey,
  id: string,
  version: number,
  sealed: Bytes,
): Promise<unknown> {
  const plain = await unwrap(key, sealed, recordPlace(id, version), "damaged");
  return JSON.parse(new TextDecoder().decode(plain)) as unknown;
}

// 96 bits: zeros, the number of the chunk, whether it is the last. A key seals one body, once, so no
// nonce is used twice.
function chunkNonce(index: number, isLast: boolean): Bytes {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setUint32(NONCE_BYTES - 5, index);
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
  return nonce;
}

export function sealedBodyBytes(plainBytes: number): number {
  const padded = roundUp(plainBytes, BODY_STEP);
  return padded + TAG_BYTES * Math.ceil(padded / CHUNK_BYTES);
}

export async function sealBody(key: CryptoKey, id: string, plain: Bytes): Promise<Bytes> {
  const padded = new Uint8Array(roundUp(plain.length, BODY_STEP));
  padded.set(plain);
  const sealed = new Uint8Array(sealedBodyBytes(plain.length));
  const last = Math.ceil(padded.length / CHUNK_BYTES) - 1;
  for (let index = 0; index <= last; index++) {
    const chunk = padded.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    const place = chunkPlace(id, index, index === last);
    const bytes = await seal(key, chunk, place, chunkNonce(index, index === last));
    sealed.set(bytes, index * (CHUNK_BYTES + TAG_BYTES));
  }
  return sealed;
}

// plainBytes: the true length, which the record tells.
export async function openBody(
  key: CryptoKey,
  id: string,
  sealed: Bytes,
  plainBytes: number,
): Promise<Bytes> {
  if (sealed.length !== sealedBodyBytes(plainBytes)) throw new VaultError("damaged");
  const step = CHUNK_BYTES + TAG_BYTES;
  const last = Math.ceil(sealed.length / step) - 1;
  const plain = new Uint8Array(roundUp(plainBytes, BODY_STEP));
  for (let index = 0; index <= last; index++) {
    const chunk = sealed.slice(index * step, (index + 1) * step);
    const place = chunkPlace(id, index, index === last);
    const bytes = await open(key, chunk, place, chunkNonce(index, index === last), "damaged");
    plain.set(bytes, index * CHUNK_BYTES);
  }
  return plain.slice(0, plainBytes);
}

// RFC 9530, of the bytes that are sent.
export async function contentDigest(bytes: Bytes): Promise<string> {
  const digest = await sha256(bytes);
  return `sha-256=:${btoa(String.fromCharCode(...digest))}:`;
}
