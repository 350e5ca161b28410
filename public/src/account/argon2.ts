// Argon2id over its C ABI (wasm/argon2_api.h): the only file that touches that file's pointers.
// Runs in a worker and in node; knows neither DOM nor network.
import { hostImports } from "../wasm-host.ts";
import type { Kdf } from "./api-types.ts";
import type { Bytes } from "./bytes.ts";

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  insitu_alloc(size: number): number;
  insitu_free(memory: number): void;
  insitu_argon2id(
    hash: number,
    hashSize: number,
    password: number,
    passwordSize: number,
    salt: number,
    saltSize: number,
    secret: number,
    secretSize: number,
    associatedData: number,
    associatedDataSize: number,
    memoryKib: number,
    passes: number,
    lanes: number,
  ): number;
}

const OUT_OF_MEMORY = -22; // ARGON2_MEMORY_ALLOCATION_ERROR

export interface HashRequest {
  password: Bytes;
  salt: Bytes;
  kdf: Kdf;
  secret?: Bytes;
  associatedData?: Bytes;
  hashBytes?: number;
}

export class HashError extends Error {
  readonly code: "out_of_memory" | "failed";

  constructor(code: "out_of_memory" | "failed", reason: string) {
    super(reason);
    this.name = "HashError";
    this.code = code;
  }
}

export async function argon2id(module: WebAssembly.Module, request: HashRequest): Promise<Bytes> {
  const { password, salt, kdf, secret, associatedData, hashBytes = 32 } = request;
  const instance = await WebAssembly.instantiate(module, hostImports(module));
  const wasm = instance.exports as unknown as Exports;
  wasm._initialize();
  const taken: number[] = [];
  const give = (bytes: Uint8Array): [number, number] => {
    if (bytes.length === 0) return [0, 0];
    const at = wasm.insitu_alloc(bytes.length) >>> 0;
    if (at === 0) throw new HashError("out_of_memory", "no memory for the password");
    taken.push(at);
    new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
    return [at, bytes.length];
  };
  const none = new Uint8Array();
  const [out] = give(new Uint8Array(hashBytes));
  const result = wasm.insitu_argon2id(
    out,
    hashBytes,
    ...give(password),
    ...give(salt),
    ...give(secret ?? none),
    ...give(associatedData ?? none),
    kdf.memory_kib,
    kdf.passes,
    kdf.lanes,
  );
  if (result === OUT_OF_MEMORY) throw new HashError("out_of_memory", "no memory to hash with");
  if (result !== 0) throw new HashError("failed", `libargon2 answered ${result}`);
  const hash = new Uint8Array(wasm.memory.buffer, out, hashBytes).slice();
  new Uint8Array(wasm.memory.buffer, out, hashBytes).fill(0);
  for (const at of taken) wasm.insitu_free(at);
  password.fill(0);
  return hash;
}
