// Bytes that are read piece by piece: a file on disk, or what was unpacked from one.
import { EngineError } from "../../messages.ts";

export interface ByteSource {
  readonly size: number;
  // The bytes [from, to), both within the size.
  read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
}

export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    async read(from, to) {
      try {
        return new Uint8Array(await blob.slice(from, to).arrayBuffer());
      } catch {
        throw new EngineError(
          "file_unreadable",
          "The browser could not read the file: it may have been moved or changed; choose it again.",
        );
      }
    },
  };
}

export function memorySource(bytes: Uint8Array<ArrayBuffer>): ByteSource {
  return {
    size: bytes.length,
    read: (from, to) => Promise.resolve(bytes.subarray(from, to)),
  };
}
