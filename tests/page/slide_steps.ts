// What a person does with a slide on the page, and a film to do it with.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
import { pgm } from "../made_images.ts";
import { drop } from "./harness.ts";

export const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });
export const panel = (page: Page) => page.locator("#slide-panel");
export const verdict = (page: Page) => panel(page).locator("h2.verdict");

export interface Saved {
  name: string;
  bytes: Buffer;
}

// Chromium drops what a page saves beyond ten files within a second, and says nothing.
const BETWEEN_FILES_MS = 110;

export async function downloaded(page: Page, act: () => Promise<void>): Promise<Saved> {
  await page.waitForTimeout(BETWEEN_FILES_MS);
  const [download] = await Promise.all([page.waitForEvent("download"), act()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

// One of the files that a map is saved as.
export async function saved(page: Page, name: string): Promise<Saved> {
  const fold = panel(page).locator("details", { hasText: "Save the map" });
  if ((await fold.getAttribute("open")) === null) await fold.locator("summary").click();
  return downloaded(page, () => fold.getByRole("button", { name }).click());
}

// Gives the file as somebody who chooses it.
export async function choose(page: Page, path: string): Promise<void> {
  await page.locator("#file-input").setInputFiles(path);
  await button(page, "Scan at this scale").waitFor();
}

export async function scanAt(page: Page, objective: string): Promise<void> {
  await button(page, objective).click();
  await button(page, "Scan at this scale").click();
}

export const done = (page: Page) => button(page, /^Finer map/).waitFor({ timeout: 60_000 });

// Gives the file, and waits for its first map.
export async function scanned(page: Page, path: string): Promise<void> {
  await choose(page, path);
  await scanAt(page, "2.5×");
  await done(page);
}

// The finest map there is of a made section, by the faster of the models.
export async function finestMap(page: Page): Promise<void> {
  await page.getByRole("combobox", { name: "Read with the model" }).selectOption("Read with seed");
  for (const scale of ["200 µm", "24 µm", "16 µm"]) {
    if (scale !== "200 µm") await button(page, /^Finer map/).click();
    await mapOf(page, scale);
  }
}

// Waits until the map with a cell every so many µm is there.
export const mapOf = (page: Page, scale: string) =>
  page
    .locator(".slide-head p", { hasText: new RegExp(`every ${scale}$`) })
    .waitFor({ timeout: 180_000 });

// How many pictures are seen of the map while it is made, between a fifth and all of it.
export async function picturesMeanwhile(page: Page, begin: () => Promise<void>): Promise<number> {
  const pictures = page.evaluate(async () => {
    const progress = document.querySelector<HTMLProgressElement>(".slide-head progress");
    const overlay = document.querySelector<HTMLCanvasElement>(".slide-overlay");
    const seen = new Set<number>();
    // Copied before it is read, so that the browser does not take the overlay for one that is read.
    const copy = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    let began = false;
    while (progress !== null && overlay !== null && !(began && progress.hidden)) {
      began ||= !progress.hidden;
      if (!progress.hidden && progress.value >= 0.2 && progress.value < 1) {
        const { width, height } = overlay;
        Object.assign(copy?.canvas ?? {}, { width, height });
        copy?.drawImage(overlay, 0, 0);
        const { data } = copy?.getImageData(0, 0, width, height) ?? {};
        const words = new Uint32Array(data?.buffer ?? new ArrayBuffer(0));
        seen.add(words.reduce((sum, word) => (Math.imul(sum, 31) + word) | 0, 0));
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    return seen.size;
  });
  await begin();
  return pictures;
}

export type Place = readonly [u: number, v: number]; // shares of the view

// Most of the tissue: the middle of a map is made first.
export const SQUARE: readonly Place[] = [
  [0.25, 0.15],
  [0.75, 0.15],
  [0.75, 0.85],
  [0.25, 0.85],
];

async function inView(page: Page, [u, v]: Place): Promise<[x: number, y: number]> {
  const room = await page.locator(".slide-room").boundingBox();
  assert.ok(room);
  return [room.x + u * room.width, room.y + v * room.height];
}

// A star of so many corners around a place.
export function star([u, v]: Place, corners: number): Place[] {
  return Array.from({ length: corners }, (_, at): Place => {
    const angle = (at / corners) * 2 * Math.PI;
    const reach = at % 2 === 0 ? 0.12 : 0.07;
    return [u + reach * Math.cos(angle), v + 1.3 * reach * Math.sin(angle)];
  });
}

export async function drawRegion(page: Page, corners: readonly Place[]): Promise<void> {
  await page.getByRole("button", { name: "Region", exact: true }).click();
  await page.locator(".slide-room").evaluate(async (room) => {
    room.scrollIntoView({ block: "center", behavior: "instant" });
    await new Promise((resolve) => setTimeout(resolve, 300)); // the layout comes to rest
  });
  for (const corner of [...corners, ...corners.slice(0, 1)])
    await page.mouse.click(...(await inView(page, corner)));
  await panel(page).getByText("Outside the regions").waitFor();
}

// The greys of a square film with a breast at its left edge, whose own edge is soft.
export function breast(
  side: number,
  { air, skin, tissue, texture }: Record<"air" | "skin" | "tissue" | "texture", number>,
): number[] {
  return Array.from({ length: side * side }, (_, at) => {
    const [x, y] = [at % side, Math.floor(at / side)];
    const outwards = Math.hypot(x / side, y / side - 0.5) / 0.45;
    if (outwards >= 1) return air;
    const thickness = Math.sqrt(Math.min(1, (1 - outwards) / 0.5));
    const pattern = Math.sin(x / 31 + 2 * Math.sin(y / 57)) * Math.cos(y / 43);
    return Math.round(skin + (tissue + texture * pattern) * thickness);
  });
}

// Drops it as a film. Returns the answer to the question of its kind.
export async function dropFilm(page: Page): Promise<Locator> {
  const side = 1000;
  const grey = breast(side, { air: 6, skin: 20, tissue: 137, texture: 24 });
  const rgb = Uint8Array.from(
    { length: side * side * 3 },
    (_, at) => grey[Math.floor(at / 3)] ?? 0,
  );
  await drop(page, [{ name: "film.pgm", bytes: pgm({ width: side, height: side, rgb }) }]);
  const film = page.getByRole("radio", { name: "Mammogram (film)" });
  await film.waitFor();
  return film;
}
