// The command line program as scripts use it: build/native/insitu with model/seed.onnx.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { png, tissue } from "./made_images.ts";

const root = join(import.meta.dirname, "..");
const program = join(root, "build/native/insitu");
const model = join(root, "model/seed.onnx");
const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");
const testdata = join(root, "build/sources/libonnx-testdata");
const onnxTests = join(testdata, "usr/share/libonnx-testdata/data/node");
const missing = [program, model].filter((path) => !existsSync(path));
const skip =
  missing.length > 0 ? `SKIPPED: ${missing.join(" and ")} not there; run make native` : false;

const work = mkdtempSync(join(tmpdir(), "insitu-cli-"));
after(() => {
  rmSync(work, { recursive: true });
});

function run(...words: string[]): { code: number | null; out: string; err: string } {
  const result = spawnSync(program, words, { encoding: "utf8", maxBuffer: 64 << 20 });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

// What the program prints with --json; every fact that a test reads is checked there.
interface Failure {
  file: string;
  error: { code: string; message: string };
}

interface Answer {
  file: string;
  model: { id: string; sha256: string };
  probabilities: Record<string, number>;
  threshold: number;
  positive: boolean;
  label: string;
  answer: string;
  verdict: string;
  interval: [number, number] | null;
  operating_point: { name: string; threshold: number; sensitivity: number; specificity: number };
  image: { width: number; height: number };
  region: { left: number; top: number; width: number; height: number };
  scale: number;
  ms: Record<string, number>;
}

interface Measures {
  n: number;
  accuracy: number;
  balanced_accuracy: number;
  sensitivity: number | null;
  specificity: number | null;
  precision: number | null;
  f1: number | null;
  auc: number | null;
  confusion: { tn: number; fp: number; fn: number; tp: number };
  brier: number;
  nll: number;
  ece: number;
}

interface CurvePoint {
  threshold: number;
  sensitivity: number | null;
  specificity: number | null;
}

interface Report {
  pooled: Measures;
  cases: Record<string, Measures>;
  mean_case_auc: number;
  data: { name: string; cases: number; patches: number; positives: number };
  threshold: number;
  intervals: Record<string, [number, number] | null>;
  bootstrap: { samples: number; seed: number };
  at_prevalence?: { prevalence: number; ppv: number };
  reliability: { n: number }[];
  curve: CurvePoint[];
  missing_cases: string[];
  duplicates: number;
  errors: { file: string }[];
}

interface Description {
  usable: boolean;
  inputs: { shape: number[] }[];
  multiply_adds: number;
  parameters: number;
  metadata: Record<string, string>;
}

// A 50x50 image of one colour with some texture, as binary PPM.
function patch(path: string, rgb: [number, number, number], side = 50): string {
  const full = join(work, path);
  mkdirSync(dirname(full), { recursive: true });
  const pixels = Buffer.alloc(side * side * 3);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = Math.max(0, Math.min(255, (rgb[i % 3] ?? 0) + ((i * 7919) % 41) - 20));
  }
  writeFileSync(full, Buffer.concat([Buffer.from(`P6 ${side} ${side} 255\n`), pixels]));
  return full;
}

const stained: [number, number, number] = [130, 70, 150];
const pale: [number, number, number] = [240, 225, 235];

test(
  "Without a command, with an unknown one or an unknown flag the exit code is 2",
  { skip },
  () => {
    for (const words of [
      [],
      ["classify"],
      ["predict", "--modle", model, "a.png"],
      ["predict", "a.png"],
      ["predict", "--model", model],
      ["evaluate", "--model", model],
      ["explain", "--model", model],
      ["explain", "--model", model, "a.png", "b.png"],
      ["model"],
      ["onnx-test"],
    ]) {
      const { code, out, err } = run(...words);
      assert.equal(code, 2, words.join(" "));
      assert.equal(out, "");
      assert.match(err, /usage: insitu/);
    }
  },
);

test("--help prints the usage and succeeds", { skip }, () => {
  const { code, out } = run("--help");
  assert.equal(code, 0);
  assert.match(out, /Not a medical device/);
});

test("predict --json prints one line an image and an error object for a bad one", { skip }, () => {
  const good = patch("good.ppm", stained);
  const text = join(work, "text.png");
  writeFileSync(text, "this is no image");
  const absent = join(work, "absent.png");
  const { code, out } = run(
    "predict",
    "--judge-anyway",
    "--model",
    model,
    "--json",
    text,
    good,
    absent,
  );
  assert.equal(code, 1);
  const lines = out.trimEnd().split("\n");
  assert.equal(lines.length, 3);
  const [unknown, answer, missing] = lines.map((line) => JSON.parse(line) as unknown) as [
    Failure,
    Answer,
    Failure,
  ];
  assert.equal(unknown.file, text);
  assert.equal(unknown.error.code, "image_unknown");
  assert.equal(missing.file, absent);
  assert.ok(missing.error.message.length > 10);
  assert.equal(answer.file, good);
  assert.match(answer.model.sha256, /^[0-9a-f]{64}$/);
  assert.equal(answer.model.id, "seed");
  assert.deepEqual(Object.keys(answer.probabilities), ["no IDC", "IDC"]);
  const [negative = NaN, positive = NaN] = Object.values(answer.probabilities);
  assert.ok(Math.abs(negative + positive - 1) < 1e-6);
  assert.equal(answer.positive, positive >= answer.threshold);
  assert.equal(answer.label, answer.positive ? "IDC" : "no IDC");
  const [low, high] = answer.interval ?? [NaN, NaN];
  assert.ok(low >= 0 && low <= high && high <= 1);
  const { name, threshold, sensitivity, specificity } = answer.operating_point;
  assert.equal(name, "balanced");
  assert.equal(threshold, answer.threshold);
  for (const share of [sensitivity, specificity]) assert.ok(share > 0.5 && share < 1);
  assert.deepEqual(answer.image, { width: 50, height: 50 });
  assert.deepEqual(answer.region, { left: 0, top: 0, width: 50, height: 50 });
  assert.equal(answer.scale, 1);
  for (const stage of ["decode", "preprocess", "network"]) {
    assert.ok((answer.ms[stage] ?? NaN) >= 0);
  }
});

// The seed network with this uncertain band: low, high, coverage.
function banded(name: string, band: string): string {
  const bytes = readFileSync(model);
  const entry = Buffer.from("insitu.uncertain");
  const at = bytes.indexOf(entry) + entry.length;
  // The value's field: its tag, its length, its text.
  const length = bytes[at + 1] ?? 0;
  assert.equal(bytes[at], 0x12);
  assert.ok(band.length <= length);
  bytes.write(band.padEnd(length, "0"), at + 2, "latin1");
  const path = join(work, name);
  writeFileSync(path, sealed(bytes));
  return path;
}

// With the hash of its own that a model carries.
function sealed(bytes: Buffer): Buffer {
  const at = bytes.indexOf("insitu.self_sha256") + "insitu.self_sha256".length + 2;
  bytes.fill("0", at, at + 64, "latin1");
  bytes.write(createHash("sha256").update(bytes).digest("hex"), at, "latin1");
  return bytes;
}

test(
  "predict gives no verdict in the model's uncertain band, one on either side of it",
  { skip },
  () => {
    const file = patch("banded.ppm", pale);
    const predict = (path: string) =>
      JSON.parse(run("predict", "--judge-anyway", "--model", path, "--json", file).out) as Answer;
    const plain = predict(model);
    const within = predict(banded("within.onnx", "0,1,0.9"));
    assert.equal(within.answer, "uncertain");
    assert.equal(within.verdict, "uncertain: have it read");
    assert.equal(within.positive, plain.positive, "what the threshold alone says is there too");
    // A band on the other side of the threshold reaches to it and no further.
    const beyond = predict(banded("beyond.onnx", plain.positive ? "0,0.01,0.9" : "0.99,1,0.9"));
    assert.equal(beyond.answer, plain.positive ? "positive" : "negative");
    assert.equal(beyond.verdict, plain.positive ? "IDC detected" : "no IDC detected in this patch");
  },
);

test("predict succeeds when every image is read, and says it in one line each", { skip }, () => {
  const { code, out, err } = run(
    "predict",
    "--judge-anyway",
    "--model",
    model,
    patch("a.ppm", pale),
    patch("large.ppm", stained, 100),
  );
  assert.equal(code, 0);
  assert.equal(err, "");
  const lines = out.trimEnd().split("\n");
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? "", /(IDC detected|have it read).* \[0\.\d+ to .*threshold.*50x50 px/);
  assert.match(lines[1] ?? "", /100x100 px scaled by 0\.500/);
});

interface Gated {
  probability?: number;
  error?: { code: string };
  gate: { kind: string; accepted: boolean; reason: string; score: number; judged_anyway: boolean };
}

test(
  "predict refuses what the model cannot judge, with the reason, unless told to",
  { skip },
  () => {
    const tissuePath = join(work, "tissue.png");
    writeFileSync(tissuePath, png(tissue(50, 50, 1)));
    const flat = patch("flat.ppm", pale);
    const predict = (...words: string[]) => run("predict", "--model", model, ...words);
    const gated = (line: string) => JSON.parse(line) as Gated;

    const both = predict("--json", tissuePath, flat);
    assert.equal(both.code, 1);
    const [accepted, refused] = both.out.trimEnd().split("\n").map(gated);
    assert.ok(accepted && refused);
    assert.deepEqual(
      { ...accepted.gate, score: 0 },
      { kind: "histology", accepted: true, reason: "", score: 0, judged_anyway: false },
    );
    assert.ok(accepted.gate.score >= 0.5);
    assert.equal(refused.probability, undefined);
    assert.equal(refused.error?.code, "image_refused");
    assert.equal(refused.gate.accepted, false);
    assert.notEqual(refused.gate.reason, "");
    assert.match(predict(flat).err, new RegExp(`cannot judge .*\\(${refused.gate.reason}\\)`));

    const anyway = predict("--judge-anyway", "--json", flat);
    assert.equal(anyway.code, 0);
    const judged = gated(anyway.out);
    assert.equal(typeof judged.probability, "number");
    assert.equal(judged.gate.judged_anyway, true);
    assert.equal(judged.gate.accepted, false);
    assert.match(predict("--judge-anyway", flat).out, /refused by the gate and judged anyway/);
  },
);

interface MapReport {
  probability: number;
  rows: number;
  columns: number;
  values: number[][];
}

test("explain --json gives a map of the probability that predict tells", { skip }, () => {
  const path = join(work, "explained.png");
  writeFileSync(path, png(tissue(50, 50, 2)));
  const { code, out, err } = run("explain", "--model", model, "--json", path);
  assert.equal(code, 0, err);
  const map = JSON.parse(out) as MapReport;
  const predicted = JSON.parse(run("predict", "--model", model, "--json", path).out) as Gated;
  assert.equal(map.probability, predicted.probability);
  assert.deepEqual([map.rows, map.columns], [13, 13]);
  assert.deepEqual(
    map.values.map((row) => row.length),
    Array(13).fill(13),
  );
  assert.ok(map.values.flat().some((value) => value !== 0));
  const table = run("explain", "--model", model, path).out.trimEnd().split("\n");
  assert.equal(table.length, 14);
  const refused = run("explain", "--model", model, patch("plain.ppm", pale));
  assert.equal(refused.code, 1);
  assert.match(refused.err, /cannot judge/);
});

test("A model with one byte changed is refused in words", { skip }, () => {
  const bytes = readFileSync(model);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  const damaged = join(work, "damaged.onnx");
  writeFileSync(damaged, bytes);
  const { code, out, err } = run("predict", "--model", damaged, patch("b.ppm", pale));
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.match(err, /damaged\.onnx: .*checksum/);
});

// Two cases; the second has one class only. Returns the folder.
function labelledFolder(name: string): string {
  for (let i = 0; i < 6; i++) {
    patch(`${name}/11/0/11_idx5_x${i}_y1_class0.ppm`, i % 2 ? pale : stained);
    patch(`${name}/11/1/11_idx5_x${i}_y51_class1.ppm`, i % 3 ? stained : pale);
    patch(`${name}/22/0/22_idx5_x${i}_y1_class0.ppm`, i % 4 ? pale : stained);
  }
  return join(work, name);
}

test("evaluate --json has the agreed shape and agrees with predict", { skip }, () => {
  const folder = labelledFolder("evaluated");
  const { code, out } = run("evaluate", "--model", model, folder, "--json");
  assert.equal(code, 0);
  const report = JSON.parse(out) as Report;
  const measures = [
    "n",
    "accuracy",
    "balanced_accuracy",
    "sensitivity",
    "specificity",
    "precision",
    "f1",
    "auc",
    "confusion",
    "brier",
    "nll",
    "ece",
  ];
  assert.deepEqual(Object.keys(report.pooled), measures);
  assert.deepEqual(Object.keys(report.cases), ["11", "22"]);
  const [first, second] = Object.values(report.cases);
  assert.ok(first && second);
  assert.deepEqual(Object.keys(first), measures);
  assert.equal(report.pooled.n, 18);
  assert.equal(second.auc, null);
  assert.equal(second.sensitivity, null);
  assert.equal(report.mean_case_auc, first.auc);
  assert.deepEqual(report.errors, []);

  const counts = { tn: 0, fp: 0, fn: 0, tp: 0 };
  for (const [id, label, y] of [
    ["11", 0, 1],
    ["11", 1, 51],
    ["22", 0, 1],
  ] as const) {
    for (let i = 0; i < 6; i++) {
      const file = join(folder, `${id}/${label}/${id}_idx5_x${i}_y${y}_class${label}.ppm`);
      const { out: line } = run("predict", "--judge-anyway", "--model", model, "--json", file);
      const answer = JSON.parse(line) as Answer;
      counts[label === 1 ? (answer.positive ? "tp" : "fn") : answer.positive ? "fp" : "tn"]++;
    }
  }
  assert.deepEqual(report.pooled.confusion, counts);
});

test("evaluate keeps to the listed cases and names those without patches", { skip }, () => {
  const folder = labelledFolder("listed");
  const list = join(work, "cases.txt");
  writeFileSync(list, "22\n33\n");
  const { code, out, err } = run("evaluate", "--model", model, folder, "--cases", list, "--json");
  assert.equal(code, 0);
  const report = JSON.parse(out) as Report;
  assert.deepEqual(Object.keys(report.cases), ["22"]);
  assert.deepEqual(report.missing_cases, ["33"]);
  assert.match(err, /Case 33 has no patches/);
});

test("evaluate counts a patch once that is stored twice", { skip }, () => {
  const folder = labelledFolder("twice");
  for (let i = 0; i < 6; i++) {
    patch(`twice/IDC_regular_ps50_idx5/22/0/22_idx5_x${i}_y1_class0.ppm`, i % 4 ? pale : stained);
  }
  const report = JSON.parse(run("evaluate", "--model", model, folder, "--json").out) as Report;
  assert.equal(report.pooled.n, 18);
  assert.equal(report.duplicates, 6);
});

test("evaluate reports unreadable and contradictory patches and fails", { skip }, () => {
  const folder = labelledFolder("broken");
  patch("broken/11/0/11_idx5_x99_y1_class1.ppm", pale);
  writeFileSync(join(folder, "11/0/11_idx5_x98_y1_class0.png"), "no image");
  const { code, out, err } = run("evaluate", "--model", model, folder, "--json");
  assert.equal(code, 1);
  const report = JSON.parse(out) as Report;
  assert.equal(report.pooled.n, 18);
  assert.deepEqual(report.errors.map(({ file }) => file).sort(), [
    "11/0/11_idx5_x98_y1_class0.png",
    "11/0/11_idx5_x99_y1_class1.ppm",
  ]);
  assert.match(
    err,
    /x99_y1_class1\.ppm: It lies in the folder of class 0 but its name says class 1/,
  );
  assert.match(err, /x98_y1_class0\.png/);
});

test("evaluate --json says what it measured and how sure it is", { skip }, () => {
  const folder = labelledFolder("intervals");
  const words = ["evaluate", "--model", model, folder, "--json", "--samples", "50", "--seed", "3"];
  const { code, out } = run(...words);
  assert.equal(code, 0);
  assert.ok(!out.includes(work), "a report says nothing of where the data lie");
  const report = JSON.parse(out) as Report;
  assert.deepEqual(report.data, { name: "intervals", cases: 2, patches: 18, positives: 6 });
  assert.deepEqual(report.bootstrap, { samples: 50, seed: 3 });
  assert.deepEqual(Object.keys(report.intervals), [
    "accuracy",
    "balanced_accuracy",
    "sensitivity",
    "specificity",
    "precision",
    "f1",
    "auc",
    "brier",
    "nll",
    "ece",
    "mean_case_auc",
  ]);
  const [low, high] = report.intervals["accuracy"] ?? [NaN, NaN];
  assert.ok(low <= report.pooled.accuracy && report.pooled.accuracy <= high);
  assert.equal(report.intervals["auc"], null); // a quarter of the samples are of case 22 alone
  assert.equal(report.at_prevalence, undefined);
  assert.equal(
    report.reliability.reduce((sum, bin) => sum + bin.n, 0),
    18,
  );
  const inForce = report.curve.find(({ threshold }) => threshold === report.threshold);
  assert.ok(Math.abs((inForce?.sensitivity ?? NaN) - (report.pooled.sensitivity ?? NaN)) < 1e-6);
  assert.ok(Math.abs((inForce?.specificity ?? NaN) - (report.pooled.specificity ?? NaN)) < 1e-6);
  assert.equal(run(...words).out, out);
});

test("evaluate --threshold and --prevalence change what they name", { skip }, () => {
  const folder = labelledFolder("points");
  const evaluate = (...flags: string[]) =>
    JSON.parse(run("evaluate", "--model", model, folder, "--json", ...flags).out) as Report;
  const all = evaluate("--threshold", "0", "--prevalence", "0.25");
  assert.equal(all.threshold, 0);
  assert.equal(all.pooled.sensitivity, 1);
  assert.equal(all.pooled.specificity, 0);
  assert.equal(all.at_prevalence?.prevalence, 0.25);
  assert.equal(all.at_prevalence.ppv, 0.25);
  assert.equal(all.pooled.auc, evaluate().pooled.auc);
  assert.equal(evaluate("--threshold", "1").pooled.sensitivity, 0);
});

test("evaluate refuses values out of range and says which are in it", { skip }, () => {
  for (const [flag, value] of [
    ["threshold", "1.01"],
    ["threshold", "-0.1"],
    ["prevalence", "0"],
    ["prevalence", "1"],
    ["samples", "0"],
    ["samples", "100001"],
    ["seed", "-1"],
  ] as const) {
    const { code, err } = run("evaluate", "--model", model, work, `--${flag}`, value);
    assert.equal(code, 2, `${flag} ${value}`);
    assert.match(err, new RegExp(`The value of --${flag} must be a .*number from`));
  }
});

test("evaluate prints the same numbers as text", { skip }, () => {
  const folder = labelledFolder("text");
  const { code, out } = run("evaluate", "--model", model, folder);
  assert.equal(code, 0);
  const report = JSON.parse(run("evaluate", "--model", model, folder, "--json").out) as Report;
  const row = out.split("\n").find((line) => line.startsWith("all ")) ?? "";
  const cells = row.trim().split(/\s+/);
  const { pooled } = report;
  const measures = [
    pooled.accuracy,
    pooled.balanced_accuracy,
    pooled.sensitivity,
    pooled.specificity,
    pooled.precision,
    pooled.f1,
    pooled.auc,
  ];
  const { tn, fp, fn, tp } = pooled.confusion;
  assert.deepEqual(cells, [
    "all",
    "18",
    ...measures.map((value) => (value ?? NaN).toFixed(4)),
    ...[tn, fp, fn, tp].map(String),
  ]);
  const oneClass = out.split("\n").find((line) => line.startsWith("22 ")) ?? "";
  assert.equal(oneClass.trim().split(/\s+/)[8], "-"); // a case of one class has no AUC
});

test("model names layers, sizes, multiply-adds and metadata", { skip }, () => {
  const { code, out } = run("model", model, "--json");
  assert.equal(code, 0);
  const described = JSON.parse(out) as Description;
  assert.equal(described.usable, true);
  assert.deepEqual(described.inputs[0]?.shape, [1, 3, 50, 50]);
  const multiplyAdds = 48 * 48 * 32 * 27 + 14 * 14 * 64 * 288 + 3136 * 128 + 128 * 2;
  assert.equal(described.multiply_adds, multiplyAdds);
  assert.equal(described.parameters, 896 + 18_496 + 401_536 + 258);
  assert.equal(described.metadata["insitu.id"], "seed");
  assert.match(run("model", model).out, /insitu\.threshold = /);
});

const skipOnnx = existsSync(onnxTests) ? skip : `SKIPPED: ${onnxTests} not there; run make setup`;

test("onnx-test passes, fails and says what is unsupported", { skip: skipOnnx }, () => {
  const passed = run(
    "onnx-test",
    join(onnxTests, "test_relu"),
    join(onnxTests, "test_unique_sorted_with_axis"),
  );
  assert.equal(passed.code, 0);
  assert.match(passed.out, /^pass test_relu, maximum error 0$/m);
  assert.match(passed.out, /^unsupported test_unique_sorted_with_axis: .*Unique/m);
  assert.match(passed.out, /^1 pass, 0 fail, 1 unsupported$/m);

  const wrong = join(work, "test_wrong");
  mkdirSync(join(wrong, "test_data_set_0"), { recursive: true });
  const copy = (from: string, to: string) => {
    writeFileSync(join(wrong, to), readFileSync(join(onnxTests, "test_relu", from)));
  };
  copy("model.onnx", "model.onnx");
  copy("test_data_set_0/input_0.pb", "test_data_set_0/input_0.pb");
  copy("test_data_set_0/input_0.pb", "test_data_set_0/output_0.pb");
  const failed = run("onnx-test", wrong, join(work, "nothing-here"));
  assert.equal(failed.code, 1);
  assert.match(failed.out, /^fail test_wrong, maximum error \d/m);
  assert.match(failed.out, /^fail nothing-here: /m);
});

const valList = join(data, "idc/cases_val.txt");
const skipData = existsSync(valList) ? skip : `SKIPPED: ${valList} not there; set INSITU_DATA`;

test(
  "On cases it was not trained on the model is right far more often than chance",
  { skip: skipData },
  () => {
    const { code, out } = run(
      "evaluate",
      "--model",
      model,
      join(data, "idc/patches"),
      "--cases",
      valList,
      "--json",
    );
    assert.equal(code, 0);
    const { pooled, cases } = JSON.parse(out) as Report;
    assert.equal(Object.keys(cases).length, 29);
    assert.ok(pooled.balanced_accuracy > 0.8, `BAC ${pooled.balanced_accuracy}`);
    assert.ok((pooled.auc ?? NaN) > 0.88, `AUC ${pooled.auc}`);
  },
);

test(
  "shrink rounds a model's weights: as long as before, smaller when compressed, and it answers",
  { skip },
  () => {
    const small = join(work, "small.onnx");
    const mammogram = join(root, "model/mammogram.onnx");
    const { code, out, err } = run("shrink", mammogram, small, "--bits", "6");
    assert.equal(code, 0, err);
    assert.equal(out, `${small}: weights rounded to 6 bits\n`);
    const [before, after] = [readFileSync(mammogram), readFileSync(small)];
    assert.equal(after.length, before.length);
    assert.ok(brotliCompressSync(after).length < 0.75 * brotliCompressSync(before).length);
    assert.match(run("model", small).out, /known answer are right/);
    for (const words of [
      [mammogram],
      [mammogram, small, "--bits", "3"],
      [mammogram, small, "--bits", "11"],
    ]) {
      assert.equal(run("shrink", ...words).code, 2);
    }
    assert.match(run("shrink", join(work, "none.onnx"), small).err, /none\.onnx/);
  },
);
