// How long a section takes in the page, in Chromium:
//   node tests/bench/section.ts [IMAGE…]     the made section of 3,800×2,950, or images at 4 µm per pixel
//
// For each model: from the press of the button to the map, until its first cells, the next finer map,
// the dense one of a cell every 4 pixels where it is offered, and the longest task of the page
// meanwhile. The times are the page's own, as it shows them.
import { cpus, loadavg } from "node:os";
import { basename } from "node:path";
import type { Page } from "playwright-core";
import { sectionFile } from "../made_section.ts";
import { launch, root, serveBare, visit } from "../page/harness.ts";

const RUNS = 3;
const FOUR_PIXELS = "Finer map, a cell every 16 µm";

async function settled(page: Page): Promise<string> {
  await page.locator(".slide-head progress").waitFor({ state: "hidden", timeout: 600_000 });
  await page.locator("#slide-panel dt", { hasText: "Time" }).waitFor();
  const said = page.locator("#slide-panel dt:text-is('Time') + dd");
  return `${await page.locator(".slide-head p").innerText()}: ${await said.innerText()}`;
}

async function longestTask(page: Page): Promise<number> {
  return page.evaluate(() => {
    const tasks = (globalThis as unknown as { tasks: number[] }).tasks.splice(0);
    return Math.round(Math.max(0, ...tasks));
  });
}

async function scan(page: Page, file: string, model: string): Promise<void> {
  const press = (name: string | RegExp) => page.getByRole("button", { name }).click();
  await page.locator("#file-input").setInputFiles(file);
  await page.getByRole("button", { name: "Scan at this scale" }).waitFor({ timeout: 60_000 });
  await page.locator(".slide-room[data-drawn]").waitFor();
  await page.waitForTimeout(500); // a person looks before pressing
  await press("2.5×");
  await longestTask(page);
  await press("Scan at this scale");
  let said = await settled(page);
  const choice = page.getByRole("combobox", { name: "Read with the model" });
  const option = `Read with ${model}`;
  if ((await choice.locator("option:checked").innerText()) !== option) {
    await longestTask(page);
    await choice.selectOption(option);
    await page.locator(".slide-head progress").waitFor();
    said = await settled(page);
  }
  console.log(`  ${model}: ${said}; longest task ${await longestTask(page)} ms`);
  for (const finer of [/^Finer map/, FOUR_PIXELS]) {
    if ((await page.getByRole("button", { name: finer }).count()) === 0) break;
    await press(finer);
    await page.locator(".slide-head progress").waitFor();
    console.log(`  ${model}: ${await settled(page)}; longest task ${await longestTask(page)} ms`);
  }
  await press("Remove");
}

const files = process.argv.length > 2 ? process.argv.slice(2) : [sectionFile(root)];
const browser = await launch();
const served = await serveBare();
console.log(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}; ${browser.version()}`);
for (const file of files) {
  console.log(basename(file));
  for (let run = 0; run < RUNS; run++) {
    for (const model of ["best", "seed"]) {
      const { page, close } = await visit(browser, served.url);
      await page.evaluate(() => {
        const tasks: number[] = [];
        Object.assign(globalThis, { tasks });
        new PerformanceObserver((list) =>
          tasks.push(...list.getEntries().map(({ duration }) => duration)),
        ).observe({ type: "longtask" });
      });
      await scan(page, file, model);
      await close();
    }
  }
}
await browser.close();
await served.close();
