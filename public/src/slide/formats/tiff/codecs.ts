// What tiles and strips are packed by, but for JPEG and JPEG 2000: each unpacks so many bytes as the
// tile must have, and stops there, whatever the packed bytes would go on to.
import { ZSTDDecoder } from "zstddec";
import { EngineError } from "../../../messages.ts";
import type { TileCodecs } from "../tools.ts";

// In English for a person, after "its tile …"; made a sentence by who knows the tile.
export class UnpackError extends Error {}

const TOO_LONG = "unpacks to more than its size";
const TOO_SHORT = "unpacks to less than its size";
const DAMAGED = "cannot be unpacked";
const OLD_LZW = "is packed by the LZW of the first TIFFs, which is not read";

export function unpackBits(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let [from, to] = [0, 0];
  while (to < size) {
    const head = packed[from];
    if (head === undefined) throw new UnpackError(TOO_SHORT);
    from += 1;
    if (head === 128) continue; // says nothing
    const count = head < 128 ? head + 1 : 257 - head;
    if (to + count > size) throw new UnpackError(TOO_LONG);
    if (head < 128) {
      if (from + count > packed.length) throw new UnpackError(TOO_SHORT);
      out.set(packed.subarray(from, from + count), to);
      from += count;
    } else {
      const value = packed[from];
      if (value === undefined) throw new UnpackError(TOO_SHORT);
      out.fill(value, to, to + count);
      from += 1;
    }
    to += count;
  }
  return out;
}

const CLEAR = 256;
const END = 257;
const FIRST = 258; // code that a table grows from
const MAX_CODES = 4096;

// TIFF 6.0, section 13: codes of 9 to 12 bits, the highest first, growing one code early.
export function unpackLzw(packed: Uint8Array, size: number): Uint8Array {
  // Those kept the lowest bit first, so that the code that clears the table begins otherwise.
  if (packed[0] === 0 && ((packed[1] ?? 0) & 1) === 1) throw new UnpackError(OLD_LZW);
  const out = new Uint8Array(size);
  const starts = new Int32Array(MAX_CODES); // where in out the text of a code stands
  const lengths = new Int32Array(MAX_CODES);
  let [next, width, to, from] = [FIRST, 9, 0, 0];
  let [bits, held] = [0, 0];
  let [lastStart, lastLength] = [0, 0]; // of the text before; no length: the table is new
  while (to < size) {
    while (held < width) {
      if (from >= packed.length) throw new UnpackError(TOO_SHORT);
      bits = ((bits << 8) | (packed[from] ?? 0)) & 0xffffff;
      from += 1;
      held += 8;
    }
    held -= width;
    const code = (bits >>> held) & ((1 << width) - 1);
    if (code === END) throw new UnpackError(TOO_SHORT);
    if (code === CLEAR) {
      [next, width, lastLength] = [FIRST, 9, 0];
      continue;
    }
    const start = to;
    if (code < CLEAR) {
      out[to] = code;
      to += 1;
    } else {
      const isNew = code === next; // the text before and its first byte again
      if ((code >= next && !isNew) || lastLength === 0) throw new UnpackError(DAMAGED);
      const length = isNew ? lastLength + 1 : (lengths[code] ?? 0);
      if (to + length > size) throw new UnpackError(TOO_LONG);
      let source = isNew ? lastStart : (starts[code] ?? 0);
      for (const end = to + length; to < end; to += 1, source += 1) out[to] = out[source] ?? 0;
    }
    if (lastLength > 0 && next < MAX_CODES) {
      starts[next] = lastStart;
      lengths[next] = lastLength + 1; // what follows the text before is this text's first byte
      next += 1;
      if (next + 1 >= 1 << width && width < 12) width += 1;
    }
    lastStart = start;
    lastLength = to - start;
  }
  return out;
}

const DEFLATE_PROBLEMS: Readonly<Record<string, string>> = {
  image_too_large: TOO_LONG,
  image_truncated: TOO_SHORT,
  image_corrupt: DAMAGED,
};

export function unpackDeflate(
  packed: Uint8Array,
  size: number,
  codecs: Pick<TileCodecs, "inflate">,
): Uint8Array {
  try {
    return codecs.inflate(packed, size);
  } catch (error) {
    const problem = error instanceof EngineError ? DEFLATE_PROBLEMS[error.code] : undefined;
    throw problem === undefined ? error : new UnpackError(problem);
  }
}

let zstd: Promise<ZSTDDecoder> | null = null;

// zstddec takes its own WebAssembly out of its text by fetch() or by node's Buffer. A worker without
// network has neither, so it finds a Buffer with the one method it asks for while it starts.
async function startZstd(): Promise<ZSTDDecoder> {
  const decoder = new ZSTDDecoder();
  const scope = globalThis as { Buffer?: unknown; fetch?: unknown };
  const isLent = scope.Buffer === undefined && scope.fetch === undefined;
  if (isLent) scope.Buffer = { from: bytesOfBase64 };
  const started = decoder.init();
  if (isLent) delete scope.Buffer;
  await started;
  return decoder;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let [bits, held, to] = [0, 0, 0];
  for (const digit of digits) {
    bits = ((bits << 6) | BASE64.indexOf(digit)) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[to] = bits >>> held;
      to += 1;
    }
  }
  return bytes;
}

export async function unpackZstd(packed: Uint8Array, size: number): Promise<Uint8Array> {
  zstd ??= startZstd();
  const decoder = await zstd;
  let unpacked: Uint8Array;
  try {
    // Nothing is written beyond size; what fails comes back as another number of bytes.
    unpacked = decoder.decode(packed, size);
  } catch {
    throw new UnpackError(DAMAGED);
  }
  if (unpacked.length !== size) throw new UnpackError(DAMAGED);
  return unpacked;
}
