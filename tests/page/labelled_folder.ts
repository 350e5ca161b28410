// A labelled folder of made images, and what a person does to have it evaluated.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { png, tissue } from "../made_images.ts";
import type { Visit } from "./harness.ts";

// Six cases of images that a network can tell apart, and some that it cannot.
export const CASES = 6;
export const EACH = 5; // of a class in a case

export function writeLabelledFolder(under: string): string {
  const folder = join(under, "mine");
  for (let one = 0; one < CASES; one++) {
    for (const truth of [0, 1]) {
      for (let i = 0; i < EACH; i++) {
        const x = 50 * i + 1;
        const name = `90${one}_idx5_x${x}_y1_class${truth}.png`;
        const path = join(folder, `90${one}`, String(truth), name);
        const crowding = truth === 1 ? 0.4 + 0.12 * i : 0.02 + 0.13 * i;
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, png(tissue(50, 50, 1000 * one + 100 * truth + i, crowding)));
      }
    }
  }
  writeFileSync(join(folder, "notes.txt"), "no image");
  writeFileSync(join(folder, "900/1/900_idx5_x999_y1_class1.png"), "no image either");
  return folder;
}

export async function dropFolder({ page, context }: Visit, folder: string): Promise<void> {
  // Only the browser itself can make a dropped folder.
  const session = await context.newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, x: 180, y: 300, data });
  }
}

export async function toEvaluation(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Evaluate on my own images" }).click();
  await page.getByRole("button", { name: "Choose a folder" }).waitFor();
}

// On the page of the evaluation; waits for its figures.
export async function evaluateFolder(opened: Visit, folder: string): Promise<void> {
  await dropFolder(opened, folder);
  await opened.page.getByRole("heading", { name: "Measures" }).waitFor({ timeout: 60_000 });
}
