// Frames that were decoded last, as they are shown: of one file, or of all levels of a slide together.
import { CACHED_FRAME_BYTES } from "./dicom-limits.ts";

type Frame = Uint8Array<ArrayBuffer>;

export class FrameCache {
  readonly #most: number;
  readonly #frames = new Map<string, { size: number; frame: Promise<Frame> }>(); // oldest first
  #bytes = 0;

  constructor(most = CACHED_FRAME_BYTES) {
    this.#most = most;
  }

  // size: bytes of the frame as shown. The one asked for last is kept whatever its size.
  async get(key: string, size: number, decode: () => Promise<Frame>): Promise<Frame> {
    const kept = this.#frames.get(key);
    const frame = kept?.frame ?? decode();
    this.#forget(key);
    this.#frames.set(key, { size, frame });
    this.#bytes += size;
    for (const oldest of this.#frames.keys()) {
      if (this.#bytes <= this.#most || oldest === key) break;
      this.#forget(oldest);
    }
    try {
      return await frame;
    } catch (error) {
      if (this.#frames.get(key)?.frame === frame) this.#forget(key);
      throw error;
    }
  }

  clear(): void {
    this.#frames.clear();
    this.#bytes = 0;
  }

  #forget(key: string): void {
    this.#bytes -= this.#frames.get(key)?.size ?? 0;
    this.#frames.delete(key);
  }
}
