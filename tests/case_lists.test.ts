// The lists of cases that train, calibrate and measure the models, as they lie in the data.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");
const skip = existsSync(join(data, "idc/manifest.csv"))
  ? false
  : `SKIPPED: no idc in ${data}; set INSITU_DATA`;

const listed = (name: string) =>
  readFileSync(join(data, `idc/cases_${name}.txt`), "utf8")
    .split(/\s+/)
    .filter(Boolean);

// The cases of the folder that no published list names.
function unlisted(): string[] {
  const lines = readFileSync(join(data, "idc/manifest.csv"), "utf8").trimEnd().split(/\r?\n/);
  const rows = lines.slice(1).map((line) => line.split(","));
  return rows.filter((row) => row[5] === "unlisted").map((row) => row[1] ?? "");
}

test("No case is in two of the lists that train, measure and test", { skip }, () => {
  const lists = {
    train: listed("train"),
    val: listed("val"),
    test: listed("test"),
    unlisted: unlisted(),
  };
  const of = new Map<string, string>();
  for (const [name, cases] of Object.entries(lists)) {
    assert.ok(cases.length > 0, name);
    for (const id of cases) {
      assert.equal(of.get(id) ?? name, name, `${id} is in two lists`);
      of.set(id, name);
    }
  }
});

test("The case whose section is scanned is of the val list: it trained nothing", { skip }, () => {
  const path = join(root, "model/section.report.json");
  const { file } = JSON.parse(readFileSync(path, "utf8")) as { file: string };
  assert.equal(file, "8867.png");
  assert.ok(listed("val").includes("8867"));
  for (const [name, cases] of [
    ["train", listed("train")],
    ["unlisted", unlisted()],
  ] as const) {
    assert.ok(!cases.includes("8867"), name);
  }
});

test("The figures of the histology models are of cases of the val list alone", { skip }, () => {
  const val = listed("val").sort();
  for (const model of ["seed", "best"]) {
    const report = JSON.parse(readFileSync(join(root, `model/${model}.report.json`), "utf8")) as {
      cases: Record<string, unknown>;
    };
    assert.deepEqual(Object.keys(report.cases).sort(), val);
  }
});
