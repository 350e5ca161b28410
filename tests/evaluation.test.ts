// Evaluating in the page against `insitu evaluate`: the same folder, the same report.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { after, test } from "node:test";
import { Engine } from "../public/src/engine.ts";
import {
  finishReport,
  imagesCsv,
  readAll,
  reportJson,
  requestOf,
  type Outcome,
  type ReadImage,
} from "../public/src/figures/evaluating.ts";
import {
  BOOTSTRAP,
  evaluateJson,
  type EvaluationRequest,
} from "../public/src/figures/evaluation.ts";
import { labelFolder, withoutCopies, type LabelledFolder } from "../public/src/figures/labelled.ts";
import { asReport, casesByAuc, type Report } from "../public/src/figures/report.ts";
import type { IncomingFile } from "../public/src/session.ts";
import { png, tissue } from "./made_images.ts";
import { randomNumbers } from "./random_numbers.ts";

const root = join(import.meta.dirname, "..");
const model = join(root, "model/seed.onnx");
const program = join(root, "build/native/insitu");
const engineFile = join(root, "build/wasm-simd/engine.wasm");
const evaluationFile = join(root, "build/wasm-simd/evaluation.wasm");
const missing = [model, program, engineFile, evaluationFile].filter((path) => !existsSync(path));
const skip =
  missing.length > 0
    ? `SKIPPED: ${missing.join(", ")} not there; run make native and make wasm`
    : false;
const data = join(process.env["INSITU_DATA"] ?? join(root, "../shared/data"), "idc");
const skipReal = existsSync(join(data, "patches"))
  ? skip
  : `SKIPPED: no patches in ${data}; set INSITU_DATA`;

// Kernels of the two builds sum in another order: as in engine.test.ts.
const ENGINES_DIFFER = 1e-5;
// The logarithm of one C library and another's.
const LOGARITHMS_DIFFER = 1e-12;

const work = mkdtempSync(join(tmpdir(), "insitu-evaluation-"));
after(() => {
  rmSync(work, { recursive: true });
});

const evaluation = () => WebAssembly.compile(readFileSync(evaluationFile));

function native(...words: string[]): string {
  const options = { encoding: "utf8", maxBuffer: 256 << 20 } as const;
  const { stdout, stderr } = spawnSync(program, words, options);
  assert.notEqual(stdout, "", stderr);
  return stdout;
}

// What a browser hands over of a dropped folder.
function dropped(folder: string, cases?: ReadonlySet<string>): IncomingFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => cases?.has(basename(path).split("_")[0] ?? "") ?? true)
    .map((path) => ({
      name: join(basename(folder), relative(folder, path)),
      file: new Blob([readFileSync(path)]),
    }));
}

const readerOf =
  (engine: Engine): ReadImage =>
  async (file, { judgeAnyway = false }) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return { ...engine.classify(bytes, 0, judgeAnyway), sha256: null };
  };

interface Made {
  report: Report;
  folder: LabelledFolder;
  outcomes: Outcome[];
  request: EvaluationRequest;
  engine: Engine;
}

// As the page does it.
async function inPage(files: IncomingFile[]): Promise<Made> {
  const engine = await Engine.create(
    await WebAssembly.compile(readFileSync(engineFile)),
    readFileSync(model),
  );
  const folder = await withoutCopies(labelFolder(files, 0, engine.model));
  const read = readerOf(engine);
  const { signal } = new AbortController();
  const outcomes = await readAll(folder.files, read, signal, () => undefined);
  const request = requestOf(engine.model, folder, outcomes);
  const json = await evaluateJson(await evaluation(), request);
  return {
    report: finishReport(json, engine.model, folder, outcomes),
    folder,
    outcomes,
    request,
    engine,
  };
}

// Every number and text of a report at its path, as in "pooled.auc" or "curve.3.threshold".
function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, one]) => leaves(one, path && `${path}.${key}`));
}

function assertSame(actual: unknown, expected: unknown, tolerance: (path: string) => number): void {
  const [ours, theirs] = [actual, expected].map((one) =>
    leaves(one, "report").sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  assert.deepEqual(
    ours?.map(([path]) => path),
    theirs?.map(([path]) => path),
  );
  theirs?.forEach(([path, wanted], index) => {
    const found = ours?.[index]?.[1];
    if (typeof wanted !== "number" || typeof found !== "number") assert.equal(found, wanted, path);
    else {
      const off = Math.abs(found - wanted);
      assert.ok(off <= tolerance(path), `${path}: ${found} is not ${wanted}`);
    }
  });
}

// Cases that the seed model finds easy, hard and one-sided; a copy, a broken image, a contradiction.
function madeFolder(): string {
  const folder = join(work, "mine");
  const put = (path: string, bytes: Uint8Array | string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  for (let one = 0; one < 7; one++) {
    for (const truth of one === 6 ? [0] : [0, 1]) {
      for (let i = 0; i < 9; i++) {
        const crowding = 0.07 * i + (one % 3) * 0.1 * truth;
        const image = png(tissue(50, 50, 100 * one + 10 * truth + i, crowding));
        put(`${800 + one}/${truth}/${800 + one}_x${i}_class${truth}.png`, image);
      }
    }
  }
  const again = readFileSync(join(folder, "800/1/800_x1_class1.png"));
  put("copy/1/800_x1_class1.png", again);
  put("801/1/801_x77_class1.png", "no image");
  put("801/1/801_x78_class0.png", again);
  put("801/readme.txt", "a text");
  return folder;
}

// The curve's thresholds separate two scores by the fewest digits, which can be others where the
// engines differ in the seventh: it is compared where both are given the same probabilities.
const withoutCurve = ({ curve, ...rest }: Report) => ({ ...rest, curve: curve.length > 2 });

// The page's report of what the native engine answers to the same images.
async function ofNativeProbabilities(
  { request, outcomes, engine, folder }: Made,
  pathOf: (name: string) => string,
): Promise<Report> {
  const read = outcomes.filter(({ error }) => error === null);
  const paths = read.map(({ of }) => pathOf(of.name));
  const lines = native("predict", "--model", model, "--json", "--judge-anyway", ...paths)
    .trimEnd()
    .split("\n");
  const probabilities = lines.map(
    (line) => (JSON.parse(line) as { probability: number }).probability,
  );
  let next = 0;
  const cases = request.cases.map(({ id, images }) => ({
    id,
    images: images.map(({ truth }) => ({ truth, probability: probabilities[next++] ?? NaN })),
  }));
  const json = await evaluateJson(await evaluation(), { ...request, cases });
  return finishReport(json, engine.model, folder, outcomes);
}

const exactButLogarithms = (path: string) => (path.endsWith("nll") ? LOGARITHMS_DIFFER : 0);

test(
  "The page's report of a made folder is the program's, to what the two engines differ by",
  { skip },
  async () => {
    const folder = madeFolder();
    const { report } = await inPage(dropped(folder));
    const program = JSON.parse(native("evaluate", "--model", model, folder, "--json")) as Report;
    assert.equal(program.data.patches, 117);
    assert.equal(program.duplicates, 1);
    assert.equal(program.errors.length, 2);
    assertSame(withoutCurve(report), withoutCurve(program), () => ENGINES_DIFFER);
  },
);

test(
  "Of the same probabilities it is the same to the last digit, the logarithm's excepted",
  { skip },
  async () => {
    const folder = join(work, "mine");
    const page = await ofNativeProbabilities(await inPage(dropped(folder)), (name) =>
      join(work, name),
    );
    const program = asReport(JSON.parse(native("evaluate", "--model", model, folder, "--json")));
    assert.equal(program.errors.length, 2);
    assertSame({ ...page, errors: [] }, { ...program, errors: [] }, exactButLogarithms);
  },
);

test("Of real cases the page's report is the program's", { skip: skipReal }, async () => {
  const CASES = 6;
  const list = readFileSync(join(data, "cases_val.txt"), "utf8")
    .trim()
    .split(/\s+/)
    .slice(0, CASES);
  const listed = join(work, "some.txt");
  writeFileSync(listed, list.join("\n"));
  const patches = join(data, "patches");
  const words = ["evaluate", "--model", model, patches, "--cases", listed, "--json"];
  const program = asReport(JSON.parse(native(...words)));
  const made = await inPage(dropped(patches, new Set(list)));
  // The page is not given a list, nor the files beside the folders of the classes.
  const alike = (report: Report) => ({
    ...report,
    data: { ...report.data, name: "" },
    ignored_files: 0,
  });
  const pathOf = (name: string) => join(data, name);
  const exact = await ofNativeProbabilities(made, pathOf);
  assert.equal(exact.data.cases, CASES);
  assertSame(alike(exact), alike(program), exactButLogarithms);
  assertSame(made.report.pooled, program.pooled, () => ENGINES_DIFFER);
});

function request(more: Partial<EvaluationRequest> = {}): EvaluationRequest {
  const random = randomNumbers(5);
  const images = () =>
    Array.from({ length: 12 }, (_, i) => ({ probability: random(), truth: i % 2 === 0 }));
  return {
    model: { id: "a “model”", sha256: "ab".repeat(32) },
    positiveClass: "IDC",
    threshold: 0.5,
    points: [],
    dataName: "mine",
    duplicates: 2,
    ignored: 3,
    cases: ["anna", "Bjørn"].map((id) => ({ id, images: images() })),
    ...BOOTSTRAP,
    ...more,
  };
}

const evaluated = async (more: Partial<EvaluationRequest> = {}) =>
  asReport(JSON.parse(await evaluateJson(await evaluation(), request(more))));

test(
  "The curve has the thresholds that are asked for, the one in force among them",
  { skip },
  async () => {
    const { curve } = await evaluated({ threshold: 0.512_345, points: [0.25, 0.75] });
    for (const wanted of [0.25, 0.512_345, 0.75]) {
      assert.equal(curve.filter(({ threshold }) => threshold === wanted).length, 1, String(wanted));
    }
  },
);

test("Texts, counts and an uncertain band arrive as they were given", { skip }, async () => {
  const report = await evaluated({ uncertain: { low: 0.4, high: 0.6, coverage: 0.9 } });
  assert.equal(report.model.id, "a “model”");
  assert.deepEqual(Object.keys(report.cases), ["anna", "Bjørn"]);
  assert.deepEqual([report.duplicates, report.ignored_files], [2, 3]);
  assert.equal(report.uncertain?.coverage_stated, 0.9);
  assert.ok((report.uncertain.share_abstained ?? 0) > 0);
  assert.equal((await evaluated()).uncertain, undefined);
});

test("One case has figures without intervals, one class no AUC", { skip }, async () => {
  const images = [0.2, 0.7, 0.9].map((probability) => ({ probability, truth: true }));
  const report = await evaluated({ cases: [{ id: "only", images }] });
  assert.equal(report.pooled.auc, null);
  assert.equal(report.intervals.sensitivity, null);
  assert.equal(report.pooled.sensitivity, 2 / 3);
});

test("As many draws as there is memory for are made, more are refused", { skip }, async () => {
  const cases = Array.from({ length: 20_001 }, (_, i) => ({
    id: String(i),
    images: [{ probability: i / 20_001, truth: i % 3 === 0 }],
  }));
  const most = { cases: cases.slice(1), samples: 50 };
  assert.equal((await evaluated(most)).data.cases, 20_000);
  await assert.rejects(evaluated({ cases, samples: 2_000 }), /too many cases/);
});

test("A number that is no probability is refused", { skip }, async () => {
  for (const probability of [-0.1, 1.1, Number.NaN]) {
    const cases = [{ id: "a", images: [{ probability, truth: true }] }];
    await assert.rejects(evaluated({ cases }), /is no probability/);
  }
});

test("The exports hold every image, the case rule and the notice", { skip }, async () => {
  const { report, folder, outcomes, engine } = await inPage(dropped(join(work, "mine")));
  const json = reportJson(report, folder, new Date(0));
  const { notice, case_rule, program, written, ...rest } = JSON.parse(json) as Report &
    Record<"notice" | "program" | "written", string> & { case_rule: { name: string } };
  assert.deepEqual(rest, report);
  assert.deepEqual(
    [program, case_rule.name, written],
    ["InSitu", "name", "1970-01-01T00:00:00.000Z"],
  );
  assert.match(notice, /Not a medical device/);
  assert.ok(json.split("\n").length > 100, "a line a case and a point of the curve");
  const lines = imagesCsv(engine.model, folder, outcomes).trimEnd().split("\r\n");
  assert.equal(lines.length, 1 + 117 + 2, "a heading, the images, the two that failed");
  assert.match(
    lines[1] ?? "",
    /^mine\/800\/0\/800_x0_class0\.png,,800,0,0\.\d+,[01],(positive|negative|uncertain),[01],1,,,seed,/,
  );
});

test("An aborted reading evaluates nothing", { skip }, async () => {
  const stop = new AbortController();
  const files = ["1", "0"].flatMap((truth) =>
    [1, 2].map((i) => ({
      name: `d/${truth}/${i}.png`,
      caseId: "a",
      truth: truth === "1",
      file: new Blob([]),
    })),
  );
  const read: ReadImage = () => Promise.reject(new Error("never"));
  await assert.rejects(
    readAll(files, read, stop.signal, () => stop.abort()),
    { name: "AbortError" },
  );
});

test(
  "The hardest case is first, one without AUC and balanced accuracy last",
  { skip },
  async () => {
    const report = await evaluated();
    const [anna] = Object.values(report.cases);
    assert.ok(anna);
    report.cases = {
      good: { ...anna, auc: 0.9 },
      none: { ...anna, auc: null, balanced_accuracy: null },
      poor: { ...anna, auc: 0.4 },
    };
    assert.deepEqual(
      casesByAuc(report).map(({ id }) => id),
      ["poor", "good", "none"],
    );
  },
);
