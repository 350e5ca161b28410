// Deflate without zlib's frame, with a limit on what comes out.
import { Inflate } from "fflate";
import { corrupt, tooLarge } from "./dicom-errors.ts";

const INPUT_STEP = 16 * 1024; // expands to at most 16 MB before the limit is looked at

// what: what it is, for the sentence.
export function inflateWithin(
  deflated: Uint8Array,
  limit: number,
  what: string,
): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  const done = { size: 0, ended: false };
  const inflate = new Inflate((piece, final) => {
    done.size += piece.length;
    if (done.size > limit) throw tooLarge(`${what} unpacks to more than ${limit >> 20} MB.`);
    // Its own buffer: the library goes on with the piece's.
    pieces.push(piece.slice());
    done.ended ||= final;
  });
  try {
    for (let from = 0; from < deflated.length && !done.ended; from += INPUT_STEP) {
      const to = Math.min(from + INPUT_STEP, deflated.length);
      inflate.push(deflated.subarray(from, to), to === deflated.length);
    }
  } catch (error) {
    if (done.size > limit) throw error;
    throw corrupt(`${what} cannot be unpacked`);
  }
  const bytes = new Uint8Array(done.size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
