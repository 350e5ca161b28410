// Beside every model lie its report and its card, and the three belong together.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";

const root = join(import.meta.dirname, "..");
const program = "build/native/insitu";
const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");
const models = readdirSync(join(root, "model"))
  .filter((name) => name.endsWith(".onnx"))
  .map((name) => `model/${name.slice(0, -".onnx".length)}`);
const skip = existsSync(join(root, program))
  ? false
  : `SKIPPED: ${program} not there; run make native`;

const work = mkdtempSync(join(tmpdir(), "insitu-card-"));
after(() => {
  rmSync(work, { recursive: true });
});

function run(...words: string[]): { code: number | null; out: string; err: string } {
  const result = spawnSync(program, words, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

const text = (path: string) => readFileSync(join(root, path), "utf8");

interface Report {
  model: { id: string; sha256: string };
  threshold: number;
  pooled: Record<string, number | Record<string, number>>;
  cases: Record<string, unknown>;
  mean_case_auc: number;
  intervals: Record<string, [number, number]>;
  curve: unknown[];
}

const reportOf = (name: string) => JSON.parse(text(`${name}.report.json`)) as Report;

for (const name of models) {
  describe(`${name}.onnx`, { skip }, () => {
    test("Its report is of this very file", () => {
      const bytes = readFileSync(join(root, `${name}.onnx`));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      assert.equal(reportOf(name).model.sha256, sha256, "run make cards");
    });

    test("Its card is what insitu card writes of model, report and facts", () => {
      const { code, out, err } = run(
        ...["card", "--model", `${name}.onnx`, "--report", `${name}.report.json`],
      );
      assert.equal(code, 0, err);
      assert.equal(text(`${name}.md`), out, "run make cards");
    });

    test("Its report says nothing of the machine it was made on", () => {
      assert.doesNotMatch(text(`${name}.report.json`), /[/\\]/);
    });

    test("Its card says that it is no medical device, and its hash", () => {
      const card = text(`${name}.md`);
      assert.match(card, /For research and education only\. Not a medical device\./);
      assert.ok(card.includes(reportOf(name).model.sha256));
    });

    test("Every item of CLAIM and TRIPOD+AI is answered, or it says why not", () => {
      const card = text(`${name}.md`);
      const rows = [...card.matchAll(/^\| (\d+[a-g]?) \| ([^|]+) \| ([^|]+) \|$/gm)].filter(
        ([line]) => !/^\| \d{3,} /.test(line), // a case
      );
      assert.equal(rows.length, 44 + 52);
      for (const [line, , , answer = ""] of rows) {
        assert.ok(answer.trim().length > 3, line);
        if (/not (answered|applicable)/i.test(answer)) assert.match(answer, /, because /, line);
      }
    });

    test("Every file and section of the card's tables exists", () => {
      const card = text(`${name}.md`);
      for (const [, path = ""] of card.matchAll(/`([\w./-]+\.(?:md|h|cc|txt|json|onnx|toml))`/g)) {
        assert.ok(existsSync(join(root, path)), path);
      }
      const headings = new Set([...card.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading));
      const expected = ["Intended use", "Excluded use", "The model", "Data", "Split", "Figures"];
      expected.push("Beside published figures", "Cases", "Calibration", "Failures");
      expected.push("What it is not", "Licences", "CLAIM", "TRIPOD+AI", "References");
      for (const heading of expected) assert.ok(headings.has(heading), heading);
      for (const [, heading = ""] of card.matchAll(/`model\/README\.md`, (\w+(?: \w+)*)/g)) {
        assert.match(text("model/README.md"), new RegExp(`^## ${heading}\\b`, "m"));
      }
    });

    const facts = text(`${name}.card.toml`);
    const words = /^evaluate = "(.*)"$/m.exec(facts)?.[1] ?? "";
    const command = /^command = "(.*)"$/m.exec(facts)?.[1] ?? "evaluate";
    const needed = words.split(" ").filter((word) => word.startsWith("../"));
    const there = needed.map((path) => path.replace("../shared/data", data));
    const skipData = there.every((path) => existsSync(join(root, path)) || existsSync(path))
      ? skip
      : `SKIPPED: ${needed.join(" and ")} not there; set INSITU_DATA`;

    test("Its report is what insitu evaluate prints", { skip: skipData }, () => {
      const flags = words.split(" ").map((word) => word.replace("../shared/data", data));
      const { code, out, err } = run(command, "--model", `${name}.onnx`, "--json", ...flags);
      assert.equal(code, 0, err);
      const printed = JSON.parse(out) as Report;
      const kept = reportOf(name);
      assert.deepEqual(Object.keys(printed), Object.keys(kept));
      assert.deepEqual(Object.keys(printed.cases), Object.keys(kept.cases));
      // Another processor's kernels round otherwise: a probability at the threshold may cross it.
      const near = (a: number, b: number, what: string) => {
        assert.ok(Math.abs(a - b) < 2e-3, `${what}: ${a}, kept ${b}`);
      };
      for (const [measure, [low, high]] of Object.entries(kept.intervals)) {
        const [printedLow, printedHigh] = printed.intervals[measure] ?? [NaN, NaN];
        near(printedLow, low, measure);
        near(printedHigh, high, measure);
        if (measure === "mean_case_auc") near(printed.mean_case_auc, kept.mean_case_auc, measure);
        else near(printed.pooled[measure] as number, kept.pooled[measure] as number, measure);
      }
    });
  });
}

// The seed's report with something changed; returns its path.
function changed(change: (report: Report) => void): string {
  const report = reportOf("model/seed");
  change(report);
  const path = join(work, "changed.report.json");
  writeFileSync(path, JSON.stringify(report));
  return path;
}

const card = (report: string, ...flags: string[]) =>
  run("card", "--model", "model/seed.onnx", "--report", report, ...flags);

test("A report of another model, or at another threshold, gets no card", { skip }, () => {
  const other = card(
    changed((report) => {
      report.model.sha256 = "0".repeat(64);
    }),
  );
  assert.equal(other.code, 1);
  assert.equal(other.out, "");
  assert.match(other.err, /is of the model with SHA-256 0{64}, but .*make cards/);
  const elsewhere = card(
    changed((report) => {
      report.threshold = 0.5;
    }),
  );
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.err, /made at the threshold 0\.500 instead of the model's/);
});

test("A figure changed in the report changes the card", { skip }, () => {
  const { code, out } = card(
    changed((report) => {
      report.pooled["auc"] = 0.1234;
    }),
  );
  assert.equal(code, 0);
  assert.match(out, /\| AUC \| 0\.123 \|/);
});

test("What is no report, lacks a key or is absent is refused in words", { skip }, () => {
  const path = join(work, "no.json");
  writeFileSync(path, "{");
  assert.match(card(path).err, /no\.json is no JSON/);
  writeFileSync(path, "{}");
  assert.match(card(path).err, /no\.json is no report of insitu evaluate --json/);
  const lacking = changed((report) => {
    report.intervals = {};
  });
  assert.match(card(lacking).err, /is no report of insitu evaluate --json/);
  assert.equal(card(join(work, "absent.json")).code, 1);
});

test("card without a flag that it needs explains its use", { skip }, () => {
  for (const words of [
    ["card"],
    ["card", "--model", "model/seed.onnx"],
    ["card", "--model", "model/seed.onnx", "--report", "model/seed.report.json", "more"],
  ]) {
    const { code, err } = run(...words);
    assert.equal(code, 2);
    assert.match(err, /usage: insitu/);
  }
});

test("Facts that leave out an item of a checklist are refused", { skip }, () => {
  const facts = join(work, "made.card.toml");
  const complete = text("model/histology.facts.toml") + text("model/seed.card.toml");
  writeFileSync(facts, complete.slice(0, complete.indexOf("[claim]")));
  const { code, err } = card("model/seed.report.json", "--facts", facts);
  assert.equal(code, 1);
  assert.match(err, /made\.card\.toml: /);
});
