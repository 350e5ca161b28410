// A screen as every test of them judges it: axe finds nothing, nothing is too wide, and it is drawn
// to be looked at.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { root } from "./harness.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screenshots = join(root, "build/screenshots");

interface Violation {
  id: string;
  nodes: { html: string; failureSummary?: string }[];
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: Violation[] }> };
    };
    return (await checker.run()).violations;
  });
  return found.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary ?? ""}`).join("; ")}`,
  );
}

export async function drawScreen(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

export async function checkScreen(page: Page, screen: string, variant: string): Promise<void> {
  await drawScreen(page, `${screen}-${variant}`);
  assert.deepEqual(await violations(page), [], screen);
  const overflow = await page.evaluate(() => {
    const wide = [document.documentElement, ...document.querySelectorAll("dialog[open]")];
    return Math.max(...wide.map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
  });
  assert.ok(overflow <= 0, `${screen} is ${overflow} px too wide`);
}
