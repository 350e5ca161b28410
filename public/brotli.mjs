// Brotli at its best quality, which is slow: what has been compressed once is kept in a folder.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

export function brotli(bytes, folder) {
  const kept = join(folder, `${createHash("sha256").update(bytes).digest("hex")}.br`);
  if (existsSync(kept)) return readFileSync(kept);
  const compressed = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  mkdirSync(folder, { recursive: true });
  // Beside its place first: whoever builds at the same time never sees half a file.
  writeFileSync(`${kept}.${process.pid}`, compressed);
  renameSync(`${kept}.${process.pid}`, kept);
  return compressed;
}
