// `insitu evaluate` and `insitu evaluate-films` killed half way: what they read is kept, and the
// report of the run that goes on is byte for byte that of one that was not interrupted.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { png, tissue } from "./made_images.ts";
import { makeFilms } from "./made_films.ts";

const root = join(import.meta.dirname, "..");
const program = join(root, "build/native/insitu");
const seed = join(root, "model/seed.onnx");
const mammogram = join(root, "model/mammogram.onnx");
const skip = existsSync(program) ? false : `SKIPPED: ${program} not there; run make native`;

const work = mkdtempSync(join(tmpdir(), "insitu-checkpoint-"));
after(() => {
  rmSync(work, { recursive: true });
});

function run(command: string, ...words: string[]) {
  const result = spawnSync(command, words, { encoding: "utf8", maxBuffer: 64 << 20 });
  return { code: result.status, signal: result.signal, out: result.stdout, err: result.stderr };
}

// The kernel ends the program by a signal at the byte of the checkpoint that would be one too many.
const killedAt = (bytes: number, words: string[]) =>
  run("prlimit", "--core=0", `--fsize=${bytes}`, program, ...words);

const PATCHES = 40;

// Four cases of ten patches, and an image that cannot be read.
function madePatches(name: string): string {
  const folder = join(work, name);
  for (let i = 0; i < PATCHES; i++) {
    const [id, truth] = [900 + (i % 4), i % 2];
    const path = join(folder, `${id}/${truth}/${id}_x${i}_class${truth}.png`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, png(tissue(50, 50, i, (i % 7) / 7)));
  }
  writeFileSync(join(folder, "901/1/901_x99_class1.png"), "no image");
  return folder;
}

function madeFilms(name: string): string {
  const folder = join(work, name);
  mkdirSync(folder);
  makeFilms(folder);
  return folder;
}

const wholeLines = (bytes: Buffer) => bytes.toString().split("\n").length - 1;

// Killed at several places of the checkpoint, ends as if it had not been.
function checkGoesOn(words: string[], name: string): void {
  const checkpoint = join(work, name);
  const uninterrupted = run(program, ...words);
  assert.notEqual(uninterrupted.out, "", uninterrupted.err);
  const kept = run(program, ...words, "--checkpoint", checkpoint);
  assert.equal(kept.out, uninterrupted.out);
  const whole = readFileSync(checkpoint);
  for (const share of [0.005, 0.3, 0.5, 0.9]) {
    rmSync(checkpoint);
    const limit = Math.round(share * whole.length);
    const killed = killedAt(limit, [...words, "--checkpoint", checkpoint]);
    assert.equal(killed.signal, "SIGXFSZ", killed.err);
    assert.equal(killed.out, "");
    assert.deepEqual(readFileSync(checkpoint), whole.subarray(0, limit));

    const { code, out, err } = run(program, ...words, "--checkpoint", checkpoint);
    assert.equal(code, uninterrupted.code, err);
    assert.equal(out, uninterrupted.out);
    assert.deepEqual(readFileSync(checkpoint), whole);
    const answers = Math.max(wholeLines(whole.subarray(0, limit)) - 1, 0);
    assert.equal(/: goes on after (\d+) of/.exec(err)?.[1] ?? "0", String(answers), err);
  }
}

test("An evaluation that was killed goes on where it stopped, to the same report", { skip }, () => {
  const folder = madePatches("killed");
  checkGoesOn(["evaluate", "--model", seed, folder, "--json"], "patches.checkpoint");
  const lines = readFileSync(join(work, "patches.checkpoint"), "utf8").trimEnd().split("\n");
  assert.equal(lines.length, 1 + PATCHES); // what cannot be read is tried again
  assert.match(lines[1] ?? "", /"file":"900\/0\/900_x0_class0\.png".*"answer":0\.\d+\}$/);
});

test("An evaluation of films does so too", { skip }, () => {
  const folder = madeFilms("killed-films");
  checkGoesOn(["evaluate-films", "--model", mammogram, folder, "--json"], "films.checkpoint");
});

test("One checkpoint serves any threshold, and the data wherever they lie", { skip }, () => {
  const folder = madePatches("before");
  const keep = ["--checkpoint", join(work, "moved.checkpoint"), "--json"];
  run(program, "evaluate", "--model", seed, folder, ...keep);
  const elsewhere = join(work, "else", "where", "before");
  cpSync(folder, elsewhere, { recursive: true });
  rmSync(folder, { recursive: true });
  const words = ["evaluate", "--model", seed, `${elsewhere}/`, "--threshold", "0.3"];
  const { out, err } = run(program, ...words, ...keep);
  assert.match(err, /goes on after 40 of 41/);
  assert.equal(out, run(program, ...words, "--json").out);
});

// Refused with a sentence, and without a report.
function checkRefused(words: string[], message: RegExp): void {
  const { code, out, err } = run(program, ...words);
  assert.deepEqual([code, out], [1, ""], err);
  assert.match(err.trimEnd().split("\n").at(-1) ?? "", message);
}

test("A checkpoint of another model, of other patches or damaged is refused", { skip }, () => {
  const folder = madePatches("refused");
  const checkpoint = join(work, "refused.checkpoint");
  const words = (model: string) =>
    ["evaluate", "--model", model, folder, "--checkpoint", checkpoint] as const;
  run(program, ...words(seed));
  checkRefused([...words(join(root, "model/best.onnx"))], /another SHA-256 .*give the model that/);

  const more = join(folder, "900/0/900_x88_class0.png");
  writeFileSync(more, png(tissue(50, 50, 88)));
  checkRefused([...words(seed)], /other images, labels or folds; give those, or another file/);
  rmSync(more);

  const bytes = readFileSync(checkpoint, "utf8");
  const damaged = bytes.replace(/"answer":0\.(\d)/, (_, digit: string) => {
    return `"answer":0.${(Number(digit) + 1) % 10}`;
  });
  writeFileSync(checkpoint, damaged);
  checkRefused([...words(seed)], /refused\.checkpoint: Line 2 is damaged; remove the file/);
  writeFileSync(checkpoint, bytes);

  writeFileSync(join(folder, "900/0/900_x0_class0.png"), png(tissue(50, 50, 88)));
  checkRefused([...words(seed)], /900\/0\/900_x0_class0\.png has changed since it was read/);
});

test(
  "A checkpoint of films labelled otherwise or judged by other folds is refused",
  { skip },
  () => {
    const folder = madeFilms("relabelled");
    const words = ["evaluate-films", "--model", mammogram, folder];
    words.push("--checkpoint", join(work, "relabelled.checkpoint"));
    assert.equal(run(program, ...words).code, 0);

    const labels = readFileSync(join(folder, "labels.csv"), "utf8");
    const women = new Set(Array.from(labels.matchAll(/pair\d/g), ([woman]) => woman));
    const judges = [1, 2].flatMap((repeat) =>
      Array.from(women, (woman) => `${repeat},${woman},${mammogram}`),
    );
    const folds = join(work, "twice.csv");
    writeFileSync(folds, ["repeat,woman,model", ...judges, ""].join("\n"));
    checkRefused([...words, "--folds", folds], /other images, labels or folds/);

    writeFileSync(join(folder, "labels.csv"), labels.replace("100,500,30", "100,500,31"));
    checkRefused(words, /other images, labels or folds/);
  },
);

test("evaluate and evaluate-films say that --checkpoint needs a file", { skip }, () => {
  for (const command of ["evaluate", "evaluate-films"]) {
    const { code, err } = run(program, command, "--model", seed, work, "--checkpoint=");
    assert.equal(code, 2);
    assert.match(err, /The flag --checkpoint needs a value/);
  }
});
