// A section of 3,800×2,950 pixels, made as tests make all images: a disc of tissue on glass, with a crowd
// of nuclei in its middle. Made once, and kept in build/.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { png, tissue, type Pixels } from "./made_images.ts";

export const SECTION = { width: 3_800, height: 2_950 };

const GLASS = 243;
const TILE = { width: 950, height: 590 }; // of texture, repeated

// Whether a place is tissue: a wavy disc around the middle.
function inTissue(u: number, v: number): boolean {
  const angle = Math.atan2(v - 0.5, u - 0.5);
  const edge = 0.4 + 0.03 * Math.sin(5 * angle) + 0.02 * Math.sin(11 * angle + 1);
  return Math.hypot(u - 0.5, v - 0.5) < edge;
}

const isCrowded = (u: number, v: number) => Math.hypot(u - 0.42, v - 0.45) < 0.12;

export function section({ width, height } = SECTION): Pixels {
  const sparse = tissue(TILE.width, TILE.height, 1, 0.05);
  const crowded = tissue(TILE.width, TILE.height, 2, 1);
  const rgb = new Uint8Array(width * height * 3).fill(GLASS);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height];
      if (!inTissue(u, v)) continue;
      const from = ((y % TILE.height) * TILE.width + (x % TILE.width)) * 3;
      const texture = (isCrowded(u, v) ? crowded : sparse).rgb;
      const to = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) rgb[to + c] = texture[from + c] ?? 0;
    }
  }
  return { width, height, rgb };
}

// The path of it as a PNG.
export function sectionFile(root: string): string {
  const folder = join(root, "build/made");
  const path = join(folder, `section-${SECTION.width}x${SECTION.height}.png`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, png(section()));
  return path;
}
