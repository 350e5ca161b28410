// What every page does that is timed from navigation to its first prediction, with the model seed.
// Rivals are given the pixels and are spared decoding; ours gets the PNG, and judges it by its gate.
declare global {
  // Of the model, put in when the page is bundled.
  const MODEL_MEAN: number[];
  const MODEL_STD: number[];
}

export interface FirstPrediction {
  ms: number; // since navigation
  probabilities: number[];
}

export const SIDE = 50;

export async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

// (height, width, 3) u8 -> what the network reads, channels last or in planes.
export function normalised(rgb: Uint8Array, order: "interleaved" | "planes"): Float32Array {
  const places = rgb.length / 3;
  return Float32Array.from(rgb, (_, i) => {
    const [place, channel] =
      order === "planes" ? [i % places, Math.floor(i / places)] : [Math.floor(i / 3), i % 3];
    const sample = (rgb[place * 3 + channel] ?? NaN) / 255;
    return (sample - (MODEL_MEAN[channel] ?? NaN)) / (MODEL_STD[channel] ?? NaN);
  });
}

export interface Predicted {
  probabilities: Iterable<number>;
  model: unknown; // what predicts: kept, or else memory would be that of a page without a model
}

export function report(predict: () => Promise<Predicted>): void {
  void predict().then(
    ({ probabilities, model }) => {
      const first = { ms: performance.now(), probabilities: [...probabilities] };
      Object.assign(globalThis, { first, model });
    },
    (error: unknown) => Object.assign(globalThis, { failed: String(error) }),
  );
}
