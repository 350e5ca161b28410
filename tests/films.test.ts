// Films from the trainer to their evaluation: on made films, whose figures mean nothing, and, where
// they are, the shipped model's report against the shipped model.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeFilms, WOMEN } from "./made_films.ts";

const root = join(import.meta.dirname, "..");
const trainer = join(root, "build/train/insitu-train");
const program = join(root, "build/native/insitu");
const skip =
  existsSync(trainer) && existsSync(program)
    ? false
    : "SKIPPED: build/train/insitu-train not there; run make test";
const skipProgram = existsSync(program) ? false : `SKIPPED: ${program} not there; run make native`;

const work = mkdtempSync(join(tmpdir(), "insitu-films-"));
after(() => {
  rmSync(work, { recursive: true });
});
const films = join(work, "mias");

interface Figure {
  value?: number;
  interval?: [number, number];
}

interface Report {
  model: { id: string; sha256: string };
  threshold: number;
  data: Record<string, number | string>;
  pooled: { n: number; auc: number };
  protocol: { judged_by: string; repeats: number; called_at: string; thresholds: number[] };
  patches: { auc: Figure };
  films: {
    films: number;
    women: number;
    findings_with_place: number;
    auc: Figure;
    always_negative: Record<string, number>;
  };
  froc: {
    false_marks_a_film: number;
    on_normal_films: Figure;
    on_all_films: Figure;
    chance_on_normal_films: Figure;
  }[];
}

function run(command: string, ...words: string[]) {
  const environment = { ...process.env, OMP_WAIT_POLICY: "passive" };
  const result = spawnSync(command, words, { encoding: "utf8", env: environment });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

const metadataOf = (path: string) =>
  (
    JSON.parse(run(program, "model", path, "--json").out) as {
      metadata: Record<string, string | undefined>;
    }
  ).metadata;

// The least and the greatest threshold of the models of a list's folder.
function thresholdsIn(folder: string): number[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".onnx"));
  const all = files.map((name) => Number(metadataOf(join(folder, name))["insitu.threshold"]));
  return [Math.min(...all), Math.max(...all)];
}

const model = join(work, "made.onnx");
const folds = join(work, "folds", "models.csv");

const SETTINGS = "folds = 2, training.epochs = 2, training.steps = 20, training.average = 0.5";

function train(...more: string[]) {
  return run(
    trainer,
    ...["--config", join(root, "model/mammogram.toml"), "--films", films, "--out", model],
    ...["--fold-models", join(work, "folds"), "--set", SETTINGS, ...more],
  );
}

const evaluate = (...words: string[]) =>
  run(program, "evaluate-films", "--model", model, ...words, films);

before(() => {
  if (skip !== false) return;
  mkdirSync(films);
  makeFilms(films);
  const { code, err } = train("--repeats", "2");
  assert.equal(code, 0, err);
});

test("No woman is judged by a model that learnt from her", { skip }, () => {
  const lines = readFileSync(folds, "utf8").trim().split("\n").slice(1);
  assert.equal(lines.length, 2 * WOMEN);
  const judge = new Map(
    lines.map((line) => [line.split(",").slice(0, 2).join(), line.split(",")[2]]),
  );
  assert.equal(judge.size, 2 * WOMEN); // one model a woman and repeat
  for (const path of new Set(judge.values()))
    assert.ok(existsSync(join(work, "folds", path ?? "")));
});

test("The marks of the folds' models find what is plain to see", { skip }, () => {
  const { code, out, err } = evaluate("--folds", folds, "--json");
  assert.equal(code, 0, err);
  const report = JSON.parse(out) as Report;
  assert.equal(report.protocol.judged_by, "folds");
  assert.equal(report.protocol.repeats, 2);
  assert.equal(report.films.films, 2 * WOMEN);
  assert.equal(report.films.women, WOMEN);
  assert.equal(report.films.findings_with_place, WOMEN / 2);
  assert.equal(report.films.always_negative["accuracy"], 0.75);
  assert.ok((report.patches.auc.value ?? 0) > 0.9, out);
  assert.deepEqual(
    report.froc.map((point) => point.false_marks_a_film),
    [0.5, 1, 2, 4],
  );
  assert.equal(report.model.sha256, createHash("sha256").update(readFileSync(model)).digest("hex"));
});

test(
  "Each fold's model is calibrated by itself, and calls its films at its own threshold",
  { skip },
  () => {
    const files = readdirSync(join(work, "folds")).filter((name) => name.endsWith(".onnx"));
    assert.equal(files.length, 2 * 2);
    const intervals = files.map(
      (name) => metadataOf(join(work, "folds", name))["insitu.calibration.interval"],
    );
    assert.equal(new Set(intervals).size, files.length);
    const { protocol } = JSON.parse(evaluate("--folds", folds, "--json").out) as Report;
    assert.deepEqual(protocol.thresholds, thresholdsIn(join(work, "folds")));
    assert.match(protocol.called_at, /threshold of the model that judged its film/);
  },
);

test(
  "Films of which one woman alone has a finding are refused, with what is missing",
  { skip },
  () => {
    const few = join(work, "few");
    cpSync(films, few, { recursive: true });
    const labels = readFileSync(join(few, "labels.csv"), "utf8");
    const [first = "", ...others] = labels.split(/(?<=\r\n)/).slice(1);
    const normal = others.map((row) => row.replace("CIRC,B,100,500,30", "NORM,,,,"));
    writeFileSync(
      join(few, "labels.csv"),
      [labels.split(/(?<=\r\n)/)[0], first, ...normal].join(""),
    );
    const config = ["--config", join(root, "model/mammogram.toml"), "--set", SETTINGS];
    const { code, err } = run(trainer, ...config, "--films", few);
    assert.equal(code, 1);
    assert.match(err, /repeat-1-fold-\d learns from have no suspicious patch; give films of more/);
  },
);

test("The report is the same each time, and its text says what its JSON says", { skip }, () => {
  const first = evaluate("--folds", folds, "--json").out;
  assert.equal(evaluate("--folds", folds, "--json").out, first);
  const auc = (JSON.parse(first) as Report).patches.auc.value ?? NaN;
  assert.match(evaluate("--folds", folds).out, new RegExp(`Patches: AUC ${auc.toFixed(3)} `));
});

test("Without folds the report says that the model itself judged", { skip }, () => {
  const report = JSON.parse(evaluate("--json").out) as Report;
  assert.equal(report.protocol.judged_by, "model");
});

test(
  "Folds of another training are refused, even if it differs in a setting alone",
  { skip },
  () => {
    const other = join(work, "other.onnx");
    const settings = "folds = 2, training.epochs = 1, training.steps = 2";
    const config = ["--config", join(root, "model/mammogram.toml"), "--set", settings];
    const words = [...config, "--films", films, "--repeats", "2", "--out", other];
    assert.equal(run(trainer, ...words).code, 0);
    const { code, err } = run(program, "evaluate-films", "--model", other, "--folds", folds, films);
    assert.equal(code, 1);
    assert.match(err, /another training/);
  },
);

test("The trained model carries its warning", { skip }, () => {
  const described = JSON.parse(run(program, "model", model, "--json").out) as {
    metadata: Record<string, string>;
  };
  assert.match(described.metadata["insitu.warning"] ?? "", /old/);
  assert.equal(described.metadata["insitu.kind"], "mammogram");
});

test("A training on films with a config for something else is refused", { skip }, () => {
  const seed = join(root, "model/seed.toml");
  const { code, err } = run(trainer, "--config", seed, "--films", films);
  assert.equal(code, 1);
  assert.match(err, /mammogram/);
});

test("evaluate-films says what it needs", { skip: skipProgram }, () => {
  assert.equal(run(program, "evaluate-films").code, 2);
  assert.equal(run(program, "evaluate-films", "--model", "x.onnx").code, 2);
  const missing = run(program, "evaluate-films", "--model", join(work, "none.onnx"), work);
  assert.equal(missing.code, 1);
  const seed = join(root, "model/seed.onnx");
  assert.match(run(program, "evaluate-films", "--model", seed, work).err, /labels\.csv/);
});

test("The report beside the shipped model is of this model and of the folds beside it", () => {
  const shipped = readFileSync(join(root, "model/mammogram.onnx"));
  const report = JSON.parse(
    readFileSync(join(root, "model/mammogram.report.json"), "utf8"),
  ) as Report;
  assert.equal(report.model.sha256, createHash("sha256").update(shipped).digest("hex"));
  assert.equal(report.protocol.judged_by, "folds");
  if (skipProgram !== false) return;
  assert.deepEqual(report.protocol.thresholds, thresholdsIn(join(root, "model/mammogram.folds")));
});
