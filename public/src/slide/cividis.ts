// cividis (Nuñez, Anderton & Renslow 2018), the same to eyes that do and do not tell red from green; as
// the polynomial that d3-scale-chromatic publishes. No DOM.

export const COLOURS = 256;

const clamp = (value: number) => Math.max(0, Math.min(255, Math.round(value)));

// share: 0..1
export function cividis(share: number): [red: number, green: number, blue: number] {
  const t = Math.max(0, Math.min(1, share));
  return [
    clamp(-4.54 - t * (35.34 - t * (2381.73 - t * (6402.7 - t * (7024.72 - t * 2710.57))))),
    clamp(32.49 + t * (170.73 + t * (52.82 - t * (131.46 - t * (176.58 - t * 67.37))))),
    clamp(81.24 + t * (442.36 - t * (2482.43 - t * (6167.24 - t * (6614.94 - t * 2475.67))))),
  ];
}

// What is below the threshold stays readable, and steps back.
const BELOW_ALPHA = 110; // of 255

// RGBA of a probability by its 256th, as the words that an ImageData of this machine holds. A value is
// at or above the threshold exactly where the number is, whatever its colour (see colourOf).
export interface Palette {
  above: Uint32Array;
  below: Uint32Array;
}

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function word(red: number, green: number, blue: number, alpha: number): number {
  const [a, b, c, d] = isLittleEndian ? [alpha, blue, green, red] : [red, green, blue, alpha];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function table(alpha: number): Uint32Array {
  return Uint32Array.from({ length: COLOURS }, (_, index) =>
    word(...cividis(index / (COLOURS - 1)), alpha),
  );
}

export const PALETTE: Palette = { above: table(255), below: table(BELOW_ALPHA) };

// value: a probability, or NaN, which has no colour.
export function colourOf(value: number, threshold: number): number {
  if (Number.isNaN(value)) return 0;
  const index = Math.max(0, Math.min(COLOURS - 1, Math.round(value * (COLOURS - 1))));
  return (value >= threshold ? PALETTE.above : PALETTE.below)[index] ?? 0;
}
