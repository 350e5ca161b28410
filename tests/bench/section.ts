// How long a section takes in the page, in Chromium:
//   node tests/bench/section.ts [IMAGE…]     the made section of 3,800×2,950, or images at 4 µm per pixel
//
// For each model the map of tiles side by side, the next finer one, and the dense one of a cell every 4
// pixels where it is offered: from the press of the button to the frame after the first cells and to
// that after the last, with the longest task of the page meanwhile.
import { cpus, loadavg } from "node:os";
import { basename } from "node:path";
import type { Page } from "playwright-core";
import { sectionFile } from "../made_section.ts";
import { launch, root, serveBare, visit } from "../page/harness.ts";

const RUNS = 3;
const FOUR_PIXELS = "Finer map, a cell every 16 µm";

// Kept by the page itself: what Playwright takes to look is not part of them.
interface Watched {
  tasks: number[]; // ms, by the wall clock
  began: number; // the last press of a button or choice of a model
  first: number; // the frame in which some of the map was there
  last: number; // the frame in which no scan was under way any more
}

type Watching = typeof globalThis & { watched: Watched };

function watch(page: Page): Promise<void> {
  return page.evaluate(() => {
    const watched: Watched = { tasks: [], began: 0, first: 0, last: 0 };
    (globalThis as Watching).watched = watched;
    new PerformanceObserver((list) =>
      watched.tasks.push(...list.getEntries().map(({ duration }) => duration)),
    ).observe({ type: "longtask" });
    const begin = () =>
      Object.assign(watched, { tasks: [], began: performance.now(), first: 0, last: 0 });
    addEventListener("click", begin, { capture: true });
    addEventListener("change", begin, { capture: true });
    let scanning = false;
    const look = () => {
      const bar = document.querySelector<HTMLProgressElement>(".slide-head progress");
      const visible = bar !== null && !bar.hidden;
      if (visible && bar.value > 0 && watched.first === 0) watched.first = performance.now();
      if (scanning && !visible) watched.last = performance.now();
      scanning = visible;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

async function settled(page: Page): Promise<string> {
  await page.waitForFunction(() => (globalThis as Watching).watched.last > 0, null, {
    timeout: 600_000,
  });
  const watched = await page.evaluate(() => (globalThis as Watching).watched);
  const said = await page.locator(".slide-head p").innerText();
  const since = (time: number) => `${Math.round(time - watched.began)} ms`;
  const first = watched.first === 0 ? "with the last" : `after ${since(watched.first)}`;
  const longest = Math.round(Math.max(0, ...watched.tasks));
  return `${said}: ${since(watched.last)}, first cells ${first}; longest task ${longest} ms`;
}

async function scan(page: Page, file: string, model: string): Promise<void> {
  const press = (name: string | RegExp) => page.getByRole("button", { name }).click();
  await page.locator("#file-input").setInputFiles(file);
  await page.getByRole("button", { name: "Scan at this scale" }).waitFor({ timeout: 60_000 });
  await page.locator(".slide-room[data-drawn]").waitFor();
  await page.waitForTimeout(500); // a person looks before pressing
  await press("2.5×");
  await press("Scan at this scale");
  let said = await settled(page);
  const choice = page.getByRole("combobox", { name: "Read with the model" });
  const option = `Read with ${model}`;
  if ((await choice.locator("option:checked").innerText()) !== option) {
    await choice.selectOption(option);
    said = await settled(page);
  }
  console.log(`  ${model}: ${said}`);
  for (const finer of [/^Finer map/, FOUR_PIXELS]) {
    if ((await page.getByRole("button", { name: finer }).count()) === 0) break;
    await press(finer);
    console.log(`  ${model}: ${await settled(page)}`);
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
      await watch(page);
      await scan(page, file, model);
      await close();
    }
  }
}
await browser.close();
await served.close();
