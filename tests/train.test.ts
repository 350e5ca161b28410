// The trainer on a tiny made set: that it runs, is reproducible, and writes a model that the engine
// accepts. Its figures mean nothing here.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Engine } from "../public/src/engine.ts";
import { movedImage, movesOf, ppm as toPpm } from "./made_images.ts";

const root = join(import.meta.dirname, "..");
const trainer = join(root, "build/train/insitu-train");
const program = join(root, "build/native/insitu");
const skip = existsSync(trainer)
  ? false
  : "SKIPPED: build/train/insitu-train not there; run make test";

const work = mkdtempSync(join(tmpdir(), "insitu-train-"));
after(() => {
  rmSync(work, { recursive: true });
});
const folder = join(work, "patches");
const list = join(work, "cases.txt");

interface Patch {
  caseId: string;
  label: number;
  name: string;
  image: Buffer; // PPM
}

function ppm(width: number, height: number, pixel: (at: number) => number): Buffer {
  const pixels = Buffer.alloc(width * height * 3);
  for (let k = 0; k < pixels.length; k++) pixels[k] = pixel(k);
  return Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), pixels]);
}

function write(target: string, patches: Patch[]): void {
  for (const { caseId, label, name, image } of patches) {
    mkdirSync(join(target, caseId, String(label)), { recursive: true });
    writeFileSync(join(target, caseId, String(label), name), image);
  }
}

// Four cases, dark patches of class 1 and pale ones of class 0, some of them smaller than 50x50 as
// at the edges of the full release; the list names a fifth case that has none.
function makeSet(): void {
  for (const [n, caseId] of ["101", "102", "103", "104"].entries()) {
    for (const label of [0, 1]) {
      for (let i = 0; i < 8; i++) {
        const level = label === 1 ? 120 : 220;
        const image = ppm(50, i === 0 ? 34 : 50, (k) => level + ((k * 31 + i * 7 + n) % 30));
        const name = `${caseId}_idx5_x${i}_y${label}_class${label}.ppm`;
        write(folder, [{ caseId, label, name, image }]);
      }
    }
  }
  writeFileSync(list, "101\n102\n103\n104\n999\n");
}

const shuffled = { data: join(work, "shuffled"), cases: join(work, "shuffled.txt") };

// Eight cases whose labels are drawn by chance, apart from how the patches look.
function makeShuffledSet(): void {
  let state = 7;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  const cases = Array.from({ length: 8 }, (_, n) => String(200 + n));
  for (const [n, caseId] of cases.entries()) {
    for (let i = 0; i < 96; i++) {
      const level = i % 2 === 0 ? 120 : 200;
      const label = next() >> 7;
      const image = ppm(50, 50, (k) => level + ((k * 31 + i * 7 + n) % 30));
      const name = `${caseId}_idx5_x${i}_y0_class${label}.ppm`;
      write(shuffled.data, [{ caseId, label, name, image }]);
    }
  }
  writeFileSync(shuffled.cases, cases.join("\n"));
}

// Threads that wait by spinning stop each other where others use the machine too.
const environment = { ...process.env, OMP_WAIT_POLICY: "passive" };
const shortest = {
  "training.epochs": 1,
  "training.steps": 2,
  folds: 2,
  "training.threads": 1,
  "distillation.epochs": 1,
};

type Settings = Record<string, number | string>;

// flags: beside those that are always needed, or instead of them; settings: beside those of the
// shortest training, or instead of them.
function words(flags: Record<string, string>, settings: Settings = {}): string[] {
  const set = Object.entries({ ...shortest, ...settings })
    .map(([key, value]) => `${key} = ${value}`)
    .join(", ");
  const all = { config: join(root, "model/seed.toml"), data: folder, cases: list, set, ...flags };
  return Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
}

function run(flags: Record<string, string>, settings: Settings = {}) {
  const result = spawnSync(trainer, words(flags, settings), {
    encoding: "utf8",
    env: environment,
    cwd: work,
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

function train(out: string, settings: Settings = {}, flags: Record<string, string> = {}) {
  return run({ out: join(work, out), ...flags }, settings);
}

const bytes = (name: string) => readFileSync(join(work, name));

interface Description {
  usable: boolean;
  reason?: string; // why not
  metadata: Record<string, string>;
}

before(makeSet);
before(makeShuffledSet);

test("A seed gives the same file twice with two threads", { skip }, () => {
  assert.equal(train("one.onnx", { "training.threads": 2 }).code, 0);
  assert.equal(train("two.onnx", { "training.threads": 2 }).code, 0);
  assert.ok(bytes("one.onnx").equals(bytes("two.onnx")));
});

test("A seed gives the same file twice and another seed another one", { skip }, () => {
  const first = train("first.onnx");
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /4 of the 5 listed cases are there, with 64 patches/);
  assert.match(first.out, /Case 999 has no patches/);
  assert.equal(train("second.onnx").code, 0);
  assert.equal(train("third.onnx", { seed: 2 }).code, 0);
  assert.ok(bytes("first.onnx").equals(bytes("second.onnx")));
  assert.ok(!bytes("first.onnx").equals(bytes("third.onnx")));
  assert.ok(bytes("first.onnx").length <= 2_100_000);
});

test("What is as plain as dark and pale is learnt", { skip }, () => {
  const result = train("learnt.onnx", { "training.steps": 30 });
  assert.equal(result.code, 0, result.err);
  const auc = Number(/Mean of the folds: AUC ([\d.]+)/.exec(result.out)?.[1]);
  assert.ok(auc > 0.95, result.out);
});

// 768 patches: an AUC by chance is between .4 and .6 all but once in a million draws.
test("Labels that are shuffled are learnt by heart and held out by chance", { skip }, () => {
  const result = run(shuffled, { "training.steps": 30 });
  assert.equal(result.code, 0, result.err);
  const auc = Number(/AUC of all these together ([\d.]+)/.exec(result.out)?.[1]);
  assert.ok(auc > 0.4 && auc < 0.6, result.out);
});

test("A training that was killed goes on to the file it would have written", { skip }, async () => {
  const settings = { "training.epochs": 6, "training.steps": 4 };
  assert.equal(train("whole.onnx", settings).code, 0);
  const flags = { out: join(work, "killed.onnx"), checkpoint: join(work, "kept") };
  const killed = spawn(trainer, words(flags, settings), { env: environment, stdio: "ignore" });
  const exit = once(killed, "exit");
  while (!existsSync(join(work, "kept/hold-out-2.checkpoint")) && killed.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  killed.kill("SIGKILL");
  await exit;
  const resumed = run(flags, settings);
  assert.equal(resumed.code, 0, resumed.err);
  assert.match(resumed.err, /hold-out-1: goes on after epoch 6 of 6/);
  assert.ok(bytes("killed.onnx").equals(bytes("whole.onnx")));
});

test("Fits that ran one by one make the file that all together make", { skip }, () => {
  assert.equal(train("together.onnx").code, 0);
  const checkpoint = join(work, "parts");
  for (const only of ["0", "2", "1"]) assert.equal(run({ checkpoint, only }).code, 0);
  const result = train("parts.onnx", {}, { checkpoint });
  assert.equal(result.code, 0, result.err);
  assert.equal(result.err.match(/goes on after epoch 1 of 1/g)?.length, 3);
  assert.ok(bytes("parts.onnx").equals(bytes("together.onnx")));
});

test("Another setting does not go on from the checkpoint", { skip }, () => {
  const checkpoint = join(work, "other");
  assert.equal(run({ checkpoint, only: "1" }).code, 0);
  const result = run({ checkpoint, only: "1" }, { "training.learning_rate": 0.002 });
  assert.equal(result.code, 0);
  assert.doesNotMatch(result.err, /goes on/);
});

test("A case in both lists is refused", { skip }, () => {
  const more = join(work, "more.txt");
  writeFileSync(more, "102\n");
  const result = run({ more });
  assert.equal(result.code, 1);
  assert.match(result.err, /Case 102 is in both lists/);
});

test("Cases of the second list are learnt from and never held out", { skip }, () => {
  const cases = join(work, "two.txt");
  const more = join(work, "rest.txt");
  writeFileSync(cases, "101\n103\n");
  writeFileSync(more, "102\n104\n");
  const result = run({ cases, more });
  assert.equal(result.code, 0, result.err);
  for (const fold of [1, 2]) assert.match(result.out, new RegExp(`Hold-out ${fold}: 16 patches`));
});

test("A pupil is taught by networks that each left a part of the cases out", { skip }, () => {
  const config = join(work, "taught.toml");
  const settings = "[distillation]\nparts = 2\nweight = 0.5\nepochs = 1\n";
  writeFileSync(config, readFileSync(join(root, "model/seed.toml"), "utf8") + settings);
  const checkpoint = join(work, "taught");
  const result = train("taught.onnx", {}, { config, checkpoint });
  assert.equal(result.code, 0, result.err);
  for (const fit of ["hold-out-1", "hold-out-1-part-2", "final", "final-part-1", "final-part-2"])
    assert.ok(existsSync(join(checkpoint, `${fit}.checkpoint`)), fit);
  const untaught = train("untaught.onnx", {});
  assert.equal(untaught.code, 0, untaught.err);
  assert.ok(!bytes("taught.onnx").equals(bytes("untaught.onnx")));
});

test("Teachers that would see one label only are refused", { skip }, () => {
  const data = join(work, "lopsided");
  for (const [caseId, labels] of Object.entries({ 301: [0, 1], 302: [0], 303: [0, 1], 304: [0] }))
    for (const label of labels) {
      const image = ppm(50, 50, (k) => 100 + 60 * label + (k % 30));
      write(data, [{ caseId, label, name: `${caseId}_idx5_x1_y1_class${label}.ppm`, image }]);
    }
  const cases = join(work, "lopsided.txt");
  writeFileSync(cases, "301\n302\n303\n304\n");
  const result = run({ data, cases }, { "distillation.parts": 2 });
  assert.notEqual(result.code, 0);
  assert.match(result.err, /one label is missing; set distillation\.parts to less/);
  assert.equal(run({ data, cases }).code, 0);
});

test("The configs of the models that are shipped are read", { skip }, () => {
  for (const name of ["seed", "best"]) {
    const config = join(root, `model/${name}.toml`);
    const result = run({ config }, {});
    assert.equal(result.code, 0, result.err);
  }
});

test("The engine accepts the file and its known answer", { skip }, () => {
  assert.equal(train("engine.onnx", {}, { commit: "abc123" }).code, 0);
  const described = spawnSync(program, ["model", join(work, "engine.onnx"), "--json"], {
    encoding: "utf8",
  });
  assert.equal(described.status, 0, described.stderr);
  const model = JSON.parse(described.stdout) as Description;
  assert.equal(model.usable, true, model.reason);
  assert.equal(model.metadata["insitu.training.commit"], "abc123");
  assert.match(model.metadata["insitu.training.data"] ?? "", /4 cases, 64 patches/);
  assert.match(model.metadata["insitu.operating_points"] ?? "", /^screen:.*,balanced:.*,confirm:/);
  assert.equal(model.metadata["insitu.calibration.interval"]?.split(",").length, 21);
  assert.match(model.metadata["insitu.uncertain"] ?? "", /^[\d.]+,[\d.]+,0\.9$/);
});

// The image of shared/known_answer.cc, as binary PPM.
function knownAnswerImage(side: number): Buffer {
  const stride = side * 3;
  const pixels = Buffer.alloc(stride * side);
  let state = 1;
  for (let i = 0; i < pixels.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const left = i % stride >= 3 ? (pixels[i - 3] ?? 0) : 128;
    const above = i >= stride ? (pixels[i - stride] ?? 0) : 128;
    pixels[i] = (left + above + 2 * (state >>> 24) + 2) >> 2;
  }
  return Buffer.concat([Buffer.from(`P6 ${side} ${side} 255\n`), pixels]);
}

test("The engine gives the known answer that libtorch gave, within 1e-5", { skip }, () => {
  assert.equal(train("known.onnx").code, 0);
  const model = join(work, "known.onnx");
  const image = join(work, "known.ppm");
  writeFileSync(image, knownAnswerImage(50));
  const read = (...words: string[]): unknown =>
    JSON.parse(spawnSync(program, words, { encoding: "utf8" }).stdout);
  const description = read("model", model, "--json") as Description;
  const known = description.metadata["insitu.known_answer"] ?? "";
  const [negative = NaN, positive = NaN] = known.split(",").map(Number);
  const answer = read("predict", "--judge-anyway", "--model", model, "--json", image) as {
    probabilities: { "no IDC": number; IDC: number };
  };
  const differences = [
    answer.probabilities["no IDC"] - negative,
    answer.probabilities.IDC - positive,
  ].map(Math.abs);
  assert.ok(Math.max(...differences) <= 1e-5, `differ by ${differences.join(" and ")}`);
});

// The greatest difference that each makes to the model's answer.
function differences(model: string): { byTurns: number; byMirrors: number } {
  // No two of its turns are alike.
  const rgb = Uint8Array.from({ length: 7500 }, (_, k) => {
    const [x, y] = [Math.floor(k / 3) % 50, Math.floor(k / 150)];
    return 120 + ((k * 31) % 30) + (x < 12 || (y < 10 && x < 30) ? 80 : 0) + 2 * (x > y ? y : 0);
  });
  const image = { width: 50, height: 50, rgb };
  const images = {
    "as-it-is": image,
    ...Object.fromEntries(
      Object.entries(movesOf(50)).map(([name, moved]) => [name, movedImage(image, moved)]),
    ),
  };
  const files = Object.entries(images).map(([name, pixels]) => {
    const path = join(work, `${name}.ppm`);
    writeFileSync(path, toPpm(pixels));
    return path;
  });
  const words = ["predict", "--judge-anyway", "--model", model, "--json", ...files];
  const result = spawnSync(program, words, { encoding: "utf8" });
  assert.equal(result.status, 0, result.stderr);
  const [first = NaN, ...others] = result.stdout
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { probabilities: { IDC: number } }).probabilities.IDC);
  assert.equal(others.length, 4);
  const most = (answers: number[]) =>
    Math.max(...answers.map((answer) => Math.abs(answer - first)));
  return { byTurns: most(others.slice(0, 2)), byMirrors: most(others.slice(2)) };
}

for (const config of ["seed", "best"]) {
  test(`The answer of a ${config} with turns is the same for all of them`, { skip }, () => {
    const most: Record<number, ReturnType<typeof differences>> = {};
    for (const turns of [1, 4, 8]) {
      const name = `${config}-${turns}.onnx`;
      const flags = { ...shuffled, config: join(root, `model/${config}.toml`) };
      const result = train(name, { turns, "training.steps": 10 }, flags);
      assert.equal(result.code, 0, result.err);
      most[turns] = differences(join(work, name));
    }
    const same = 1e-6;
    const different = 2e-5;
    assert.ok((most[1]?.byTurns ?? 0) > different, "without turns it is another one");
    assert.ok((most[4]?.byTurns ?? 1) <= same);
    assert.ok((most[4]?.byMirrors ?? 0) > different);
    assert.ok((most[8]?.byTurns ?? 1) <= same);
    assert.ok((most[8]?.byMirrors ?? 1) <= same);
  });
}

// [file, log-odds] as libtorch computes them for the network that is written.
function answersOf(config: string): [string, number][] {
  const answers = join(work, `${config}.csv`);
  const flags = { ...shuffled, config: join(root, `model/${config}.toml`), answers };
  const result = train(`${config}.onnx`, { "training.steps": 10, "training.batch": 16 }, flags);
  assert.equal(result.code, 0, result.err);
  const lines = readFileSync(answers, "utf8").trimEnd().split("\n");
  assert.equal(lines.length, 256);
  return lines.map((line) => {
    const comma = line.lastIndexOf(",");
    return [line.slice(0, comma), Number(line.slice(comma + 1))];
  });
}

const MAX_LOGIT_DIFFERENCE = 1e-4;

// The softmax of two logits keeps their difference; that it is rounded to float32 does not matter
// where neither probability is all but 0.
function compare(answers: [string, number][], probabilities: (file: string) => number[]): void {
  let compared = 0;
  for (const [file, expected] of answers) {
    if (Math.abs(expected) > 7) continue;
    const [negative = NaN, positive = NaN] = probabilities(file);
    const difference = Math.abs(Math.log(positive / negative) - expected);
    assert.ok(difference <= MAX_LOGIT_DIFFERENCE, `${file} differs by ${difference}`);
    compared++;
  }
  assert.ok(compared >= 32, `only ${compared} of the answers are not all but certain`);
}

for (const config of ["seed", "best"]) {
  test(`The native engine's logits of ${config} are libtorch's within 1e-4`, { skip }, () => {
    const answers = answersOf(config);
    const files = answers.map(([file]) => file);
    const model = join(work, `${config}.onnx`);
    const result = spawnSync(
      program,
      ["predict", "--judge-anyway", "--model", model, "--json", ...files],
      { encoding: "utf8" },
    );
    assert.equal(result.status, 0, result.stderr);
    const read = new Map<string, number[]>();
    for (const line of result.stdout.trimEnd().split("\n")) {
      const answer = JSON.parse(line) as { file: string; probabilities: Record<string, number> };
      read.set(answer.file, Object.values(answer.probabilities));
    }
    compare(answers, (file) => read.get(file) ?? []);
  });

  for (const build of ["wasm-simd", "wasm-relaxed"]) {
    const wasm = join(root, `build/${build}/engine.wasm`);
    const without = existsSync(wasm) ? skip : `SKIPPED: ${wasm} not there; run make wasm`;
    test(`The ${build} engine's logits of ${config} too`, { skip: without }, async () => {
      const answers = answersOf(config);
      const module = await WebAssembly.compile(readFileSync(wasm));
      const engine = await Engine.create(module, readFileSync(join(work, `${config}.onnx`)));
      compare(answers, (file) => engine.classify(readFileSync(file), 0, true).probabilities);
    });
  }
}

test("Without --out the hold-out is measured and nothing is written", { skip }, () => {
  const result = run({});
  assert.equal(result.code, 0, result.err);
  assert.match(result.out, /Mean of the folds: AUC /);
  assert.match(result.out, /Threshold [\d.]+ \(balanced\): BAC /);
  assert.doesNotMatch(result.err, /final/);
});

test("An unreadable patch stops the training and is named", { skip }, () => {
  const bad = join(folder, "101/0/101_idx5_x77_y0_class0.png");
  writeFileSync(bad, "no image");
  const result = train("bad.onnx");
  rmSync(bad);
  assert.equal(result.code, 1);
  assert.match(result.err, /101_idx5_x77_y0_class0\.png/);
  assert.ok(!existsSync(join(work, "bad.onnx")));
});

test("Unknown flags, settings and missing ones are refused with the usage", { skip }, () => {
  for (const list of [
    ["--epoch", "3"],
    [],
    ["--data", folder],
    words({ set: "epochs = 3" }),
    words({ config: join(work, "none.toml") }),
  ]) {
    const result = spawnSync(trainer, list, { encoding: "utf8" });
    assert.equal(result.status, 2);
    assert.match(result.stderr, /usage: insitu-train/);
  }
});
