// How things are made ready for the server to keep, and opened again: sealed with the person's own
// key, or as they are where the operator's server encrypts. An object says itself which it is.
import type { KeptObject, ObjectFacts } from "./api-types.ts";
import { base64url, fromBase64, sha256, hex, type Bytes } from "./bytes.ts";
import { parseRecord, recordJson, type KeptRecord } from "./record.ts";
import * as vault from "./vault.ts";

export const MAX_RECORD_BYTES = 64 * 1024;

// The key to one object; null where the server encrypts.
export type ObjectKey = { key: CryptoKey; wrapped: string } | null;

export function newObjectKey(userKey: CryptoKey | null, id: string): Promise<ObjectKey> {
  return userKey === null ? Promise.resolve(null) : vault.newDataKey(userKey, id);
}

export async function openObjectKey(
  userKey: CryptoKey | null,
  { id, wrapped_key: wrapped }: KeptObject,
): Promise<ObjectKey> {
  if (wrapped === null) return null;
  if (userKey === null) throw new vault.VaultError("wrong_key");
  return { key: await vault.openDataKey(userKey, wrapped, id), wrapped };
}

// null: the record has grown beyond what the server takes.
export async function sealedFacts(
  objectKey: ObjectKey,
  id: string,
  version: number,
  record: KeptRecord,
): Promise<ObjectFacts | null> {
  const json = recordJson(record);
  const bytes =
    objectKey === null
      ? vault.paddedJson(json)
      : await vault.sealRecord(objectKey.key, id, version, json);
  if (bytes.length > MAX_RECORD_BYTES) return null;
  const wrapped = objectKey?.wrapped ?? null;
  return { wrapped_key: wrapped, record: base64url(bytes), record_version: version };
}

// Throws VaultError where it is not what was kept under this id and version.
export async function openedRecord(
  objectKey: ObjectKey,
  { id, record, record_version: version }: KeptObject,
): Promise<KeptRecord> {
  const bytes = fromBase64(record);
  const value =
    objectKey === null
      ? (JSON.parse(new TextDecoder().decode(bytes)) as unknown)
      : await vault.openRecord(objectKey.key, id, version, bytes);
  const parsed = parseRecord(value);
  if (parsed === null) throw new vault.VaultError("damaged");
  return parsed;
}

export async function sealedBody(objectKey: ObjectKey, id: string, file: Bytes): Promise<Bytes> {
  return objectKey === null ? file : vault.sealBody(objectKey.key, id, file);
}

export async function openedBody(
  objectKey: ObjectKey,
  id: string,
  body: Bytes,
  record: KeptRecord,
): Promise<Bytes> {
  const file =
    objectKey === null ? body : await vault.openBody(objectKey.key, id, body, record.bytes);
  if (hex(await sha256(file)) !== record.sha256) throw new vault.VaultError("damaged");
  return file;
}
