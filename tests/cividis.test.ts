import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cividis, COLOURS } from "../public/src/slide/cividis.ts";

// How far a channel of the polynomial may lie from the published table.
const TOLERANCE = 6;

// As eyes without one kind of cone see it, in linear light (Machado, Oliveira & Fernandes 2009, severity 1).
const SIGHTS: Record<string, readonly (readonly number[])[]> = {
  "all cones": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  "no red cones": [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  "no green cones": [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

const linear = (value: number) => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};

// CIE 1976 L* of an sRGB colour as that sight has it.
function lightness(colour: readonly number[], sight: readonly (readonly number[])[]): number {
  const light = colour.map(linear);
  const seen = sight.map((row) =>
    Math.max(
      0,
      row.reduce((sum, factor, c) => sum + factor * (light[c] ?? 0), 0),
    ),
  );
  const [red = 0, green = 0, blue = 0] = seen;
  const y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return y > 216 / 24389 ? 116 * Math.cbrt(y) - 16 : (24389 / 27) * y;
}

const all = Array.from({ length: COLOURS }, (_, index) => cividis(index / (COLOURS - 1)));

describe("the map's colours", () => {
  test("They are cividis: its published ends and its middle", () => {
    for (const [share, published] of [
      [0, [0x00, 0x20, 0x4d]],
      [0.5, [0x7c, 0x7b, 0x78]],
      [1, [0xff, 0xea, 0x46]],
    ] as const) {
      for (const [c, value] of cividis(share).entries())
        assert.ok(Math.abs(value - (published[c] ?? NaN)) <= TOLERANCE, `channel ${c} at ${share}`);
    }
  });

  for (const [name, sight] of Object.entries(SIGHTS)) {
    test(`A higher probability is lighter, evenly, to eyes with ${name}`, () => {
      const light = all.map((colour) => lightness(colour, sight));
      const steps = Array.from({ length: 16 }, (_, i) => {
        const [from = 0, to = 0] = [light[i * 16], light[Math.min(255, i * 16 + 16)]];
        return to - from;
      });
      const mean = ((light.at(-1) ?? 0) - (light[0] ?? 0)) / steps.length;
      assert.ok(mean > 4, `${mean} of L* in a sixteenth`);
      for (const step of steps) assert.ok(step > mean / 2 && step < mean * 2, `${step}`);
    });
  }
});
