// What the bench has its rivals compute, in Chromium: the same as the loops that define the layers.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { layersOf } from "./bench/graph/layers.ts";
import { readOnnx } from "./bench/graph/onnx_file.ts";
import { inputOf } from "./bench/pages/page.ts";
import type { BenchPage } from "./bench/pages/protocol.ts";
import { NETWORKS, writeNetwork } from "./bench/versus/networks.ts";
import { bundlePages, RIVALS, serveBench, TITLES, type BenchServer } from "./bench/versus/site.ts";
import { maxDifference } from "./bench/versus/statistics.ts";
import { runNaively } from "./naive_network.ts";
import { launch, root } from "./page/harness.ts";

const MAX_DIFFERENCE = 1e-6;
const BATCH = 2;
const rivals = join(root, "build/rivals");
const installed = existsSync(join(rivals, "node_modules/@litertjs/core"));
const skip = installed ? false : "SKIPPED: TensorFlow.js and LiteRT.js not there; run make bench";

describe("rivals of the bench", { skip }, () => {
  const bench = mkdtempSync(join(tmpdir(), "insitu-bench-"));
  const paths = { root, bench, rivals };
  let browser: Browser;
  let server: BenchServer;

  before(async () => {
    await bundlePages(paths, [...RIVALS], {});
    server = await serveBench(paths);
    browser = await launch();
  });

  after(async () => {
    await browser.close();
    await server.close();
    rmSync(bench, { recursive: true });
  });

  for (const name of ["seed", "best", "mammogram"]) {
    const network = NETWORKS.find((one) => one.name === name);
    assert.ok(network, `the bench has a network ${name}`);
    for (const engine of RIVALS) {
      test(`${TITLES[engine]} computes ${network.title} as the loops do`, async () => {
        const batches = [BATCH];
        const packages = join(rivals, "package.json");
        const folder = join(bench, "networks");
        writeNetwork({ ...network, batches }, { root, folder, packages });
        const layered = layersOf(readOnnx(network.onnx(root)));
        const item = (layered.shapes.get(layered.input) ?? []).reduce((a, b) => a * b, 1);
        const input = inputOf(BATCH * item);
        const expected = [0, 1].flatMap((index) => [
          ...runNaively(layered, input.slice(index * item, (index + 1) * item)),
        ]);
        const page = await browser.newPage();
        await page.goto(`${server.url}${engine}.html`);
        const request = {
          network: network.name,
          batch: BATCH,
          threads: 1,
          build: "relaxed" as const,
        };
        const output = await page.evaluate(async (asked) => {
          const { bench } = globalThis as typeof globalThis & { bench: BenchPage };
          await bench.load(asked);
          return bench.output();
        }, request);
        await page.close();
        const labels = expected.length / BATCH;
        assert.ok(Number.isInteger(labels) && labels >= 2, `${expected.length} probabilities`);
        for (let from = 0; from < expected.length; from += labels) {
          const sum = expected.slice(from, from + labels).reduce((a, b) => a + b, 0);
          assert.ok(Math.abs(sum - 1) < 1e-5, `probabilities add up to ${sum}`);
        }
        const difference = maxDifference(expected, output);
        assert.ok(difference <= MAX_DIFFERENCE, `differs by ${difference}`);
      });
    }
  }
});
