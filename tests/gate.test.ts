// The gate and the maps on real images: those of the val list and of other folders, all of cases that
// took no part in the making of the gate, but for breakhis, busi and the films of mias whose woman's
// number is odd (model/gate/README.md).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const native = join(root, "build/native/insitu");
const model = join(root, "model/seed.onnx");
const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");

const built = existsSync(native) ? false : `SKIPPED: ${native} not there; run make native`;
const skipWithout = (folder: string) =>
  existsSync(join(data, folder)) ? built : `SKIPPED: no ${folder} in ${data}; set INSITU_DATA`;

function imagesIn(folder: string): string[] {
  return readdirSync(join(data, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".png"))
    .sort()
    .map((name) => join(data, folder, name));
}

function valPatches(every: number): string[] {
  const cases = readFileSync(join(data, "idc/cases_val.txt"), "utf8").split(/\s+/).filter(Boolean);
  return cases
    .filter((name) => existsSync(join(data, "idc/patches", name)))
    .flatMap((name) => imagesIn(`idc/patches/${name}`))
    .filter((_, index) => index % every === 0);
}

interface Line {
  gate: { accepted: boolean; reason: string };
}

function gatesOf(paths: string[]): Line["gate"][] {
  const words = ["predict", "--json", "--model", model, ...paths];
  const { stdout } = spawnSync(native, words, { encoding: "utf8", maxBuffer: 1 << 28 });
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, paths.length);
  return lines.map((line) => (JSON.parse(line) as Line).gate);
}

const refusedShare = (gates: Line["gate"][]) =>
  gates.filter(({ accepted }) => !accepted).length / gates.length;

test(
  "At most 5 % of patches of cases that the gate never saw are refused",
  {
    skip: skipWithout("idc/patches"),
  },
  () => {
    const share = refusedShare(gatesOf(valPatches(4)));
    assert.ok(share <= 0.05, `${share} refused`);
  },
);

for (const [folder, reasons] of [
  ["breakhis", /^(scale|blur)$/],
  ["busi", /./],
  ["mias", /^(film_not_histology|grey_not_film)$/],
] as const) {
  test(
    `A model for histology refuses the images of ${folder}`,
    {
      skip: skipWithout(folder),
    },
    () => {
      const gates = gatesOf(imagesIn(folder).filter((_, index) => index % 4 === 0));
      assert.ok(refusedShare(gates) >= 0.95);
      const named = gates.filter(({ reason }) => reasons.test(reason)).length;
      assert.ok(named / gates.length >= 0.9, `${named} of ${gates.length} for the right reason`);
    },
  );
}

test(
  "With its weights shuffled the seed model's maps are others",
  {
    skip: skipWithout("idc/patches"),
  },
  () => {
    const words = ["explain-check", "--json", "--model", model, ...valPatches(400)];
    const { status, stdout, stderr } = spawnSync(native, words, { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const report = JSON.parse(stdout) as {
      mean_correlation: number;
      shuffles: number;
      flat: number;
      images: unknown[];
    };
    const { shuffles, flat, images } = report;
    assert.ok(images.length >= 8);
    // Maps that say the same everywhere correlate with nothing, and would pass whatever the network's.
    assert.ok(flat < (images.length * shuffles) / 4, `${flat} maps are flat`);
    assert.ok(report.mean_correlation < 0.3, `mean |rank correlation| ${report.mean_correlation}`);
  },
);
