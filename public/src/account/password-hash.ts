// Fetches what hashes a password, and runs it: the WebAssembly file and its worker's script, both
// checked against the hashes that the site was built with.
import { closedWorkerFactory } from "../closed-worker.ts";
import type { HashJob, HashReply } from "./argon2-worker.ts";
import type { Bytes } from "./bytes.ts";
import type { HashPassword } from "./vault.ts";

export interface HasherFiles {
  module: SiteFile;
  worker: SiteFile;
}

//   download       a file did not arrive whole and unchanged
//   out_of_memory  the browser has too little memory left for it
//   failed         anything else
export class HasherError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "HasherError";
    this.code = code;
  }
}

async function fetchFile(base: string, { file, integrity }: SiteFile): Promise<Response> {
  const response = await fetch(new URL(file, base), { integrity }).catch(() => null);
  if (response?.ok !== true) throw new HasherError("download", file);
  return response;
}

interface Loaded {
  module: WebAssembly.Module;
  createWorker: () => Worker;
}

async function load(files: HasherFiles, base: string): Promise<Loaded> {
  const [wasm, source] = await Promise.all([
    fetchFile(base, files.module).then((response) => response.arrayBuffer()),
    fetchFile(base, files.worker).then((response) => response.text()),
  ]);
  const [module, createWorker] = await Promise.all([
    WebAssembly.compile(wasm),
    closedWorkerFactory(source),
  ]);
  return { module, createWorker };
}

function hashOn(worker: Worker, job: HashJob): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<HashReply>) => {
      if (data.ok) resolve(data.hash);
      else reject(new HasherError(data.code, data.message));
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault(); // told to the person
      reject(new HasherError("failed", event.message));
    });
    worker.postMessage(job, [job.password.buffer]);
  });
}

// The worker is ended after each hash, and its memory, which held the password, with it.
export function passwordHasher(files: HasherFiles, base: string): HashPassword {
  let loading: Promise<Loaded> | null = null;
  return async (password, salt, kdf) => {
    loading ??= load(files, base);
    const loaded = await loading.catch((error: unknown) => {
      loading = null; // the next attempt fetches again
      throw error;
    });
    const worker = loaded.createWorker();
    try {
      return await hashOn(worker, { module: loaded.module, password, salt, kdf });
    } finally {
      worker.terminate();
    }
  };
}
