// Everything of an account as one file: a zip with each image as it was, the results as JSON and
// CSV, and what the server knows of the account. Made in the browser, where it can be decrypted.
import { Zip, ZipDeflate, ZipPassThrough } from "fflate";
import { resultsCsv } from "../exports.ts";
import { Judge } from "../judgement.ts";
import { NOTICE, verdict } from "../wording.ts";
import type { Exported } from "./api-types.ts";
import { utf8Bytes } from "./bytes.ts";
import { entryOf, type KeptItem } from "./history.ts";
import { judgementOf, recordJson } from "./record.ts";

export interface EverythingOptions {
  exported: Exported;
  items: readonly KeptItem[];
  open: (item: KeptItem) => Promise<Blob>;
  onProgress: (done: number) => void; // images
  signal: AbortSignal;
}

export interface Everything {
  zip: Blob;
  unopened: number; // images that could not be opened; the zip names them
}

const MAX_NAME = 120; // characters of a file's name that are kept

// A name that every file system takes, with a number that makes it the only one.
export function fileName(name: string, index: number): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  // eslint-disable-next-line no-control-regex -- those are what must go
  const plain = last.replaceAll(/[\u0000-\u001f\u007f<>:"|?*]/g, "_").slice(-MAX_NAME);
  return `images/${String(index + 1).padStart(4, "0")} ${plain}`.trimEnd();
}

function resultOf(item: KeptItem, file: string | null): object {
  const { object, record } = item;
  const kept = {
    id: object.id,
    kept: new Date(object.created_at).toISOString(),
    changed: new Date(object.updated_at).toISOString(),
  };
  if (record === null) return { ...kept, file: null, error: "It could not be opened." };
  const judgement = judgementOf(record);
  const { answer, probability } = judgement;
  return { ...kept, file, verdict: verdict(judgement), answer, probability, ...recordJson(record) };
}

function resultsOf(items: readonly KeptItem[]): string {
  const entries = items.map(entryOf).filter((entry) => entry !== null);
  return resultsCsv(new Judge(), entries); // each at the point it was kept with
}

// Collects the zip in pieces that the browser may keep on its disk.
class Archive {
  readonly #zip: Zip;
  readonly #pieces: Blob[] = [];

  constructor() {
    this.#zip = new Zip((error, piece) => {
      if (error !== null) throw error;
      this.#pieces.push(new Blob([piece]));
    });
  }

  add(name: string, bytes: Uint8Array, isText: boolean): void {
    const file = isText ? new ZipDeflate(name) : new ZipPassThrough(name);
    this.#zip.add(file);
    file.push(bytes, true);
  }

  end(): Blob {
    this.#zip.end();
    return new Blob(this.#pieces, { type: "application/zip" });
  }
}

export async function everything(options: EverythingOptions): Promise<Everything> {
  const { exported, items, open, onProgress, signal } = options;
  const archive = new Archive();
  const results: object[] = [];
  let unopened = 0;
  for (const [index, item] of items.entries()) {
    signal.throwIfAborted();
    let file: string | null = null;
    if (item.record !== null) {
      const image = await open(item).catch(() => null);
      if (image !== null) {
        file = fileName(item.record.name, index);
        archive.add(file, new Uint8Array(await image.arrayBuffer()), false);
      }
    }
    if (file === null) unopened += 1;
    results.push(resultOf(item, file));
    onProgress(index + 1);
  }
  const { objects: _, ...account } = exported;
  const text = (value: unknown) => utf8Bytes(`${JSON.stringify(value, null, 2)}\n`);
  archive.add("account.json", text(account), true);
  archive.add("results.json", text({ notice: NOTICE, images: results }), true);
  archive.add("results.csv", utf8Bytes(resultsOf(items)), true);
  return { zip: archive.end(), unopened };
}
