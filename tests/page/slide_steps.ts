// What a person does with a slide on the page, and a film to do it with.
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

export const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });
export const panel = (page: Page) => page.locator("#slide-panel");

export interface Saved {
  name: string;
  bytes: Buffer;
}

export async function downloaded(page: Page, act: () => Promise<void>): Promise<Saved> {
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

// Waits until the map with a cell every so many µm is there.
export const mapOf = (page: Page, scale: string) =>
  page
    .locator(".slide-head p", { hasText: new RegExp(`every ${scale}$`) })
    .waitFor({ timeout: 180_000 });

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
