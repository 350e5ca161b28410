// How long the shipped histology models take beside each other, and the gate beside each of them, in
// the page's engine:
//   node tests/bench/models.ts [FOLDER of images]
// Without a folder it reads made tissue. Prints ratios, as the median and the range over the rounds;
// in a round every model reads the same images, one right after the other, so that what else the
// machine does meets all of them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Engine } from "../../public/src/engine.ts";
import { png, tissue } from "../made_images.ts";
import { median, spreadText } from "./versus/statistics.ts";

const root = join(import.meta.dirname, "../..");
const IMAGES = 60; // a round
const ROUNDS = 9;
const MODELS = ["seed", "best"]; // the first one is what the others are compared with

function images(folder: string | undefined): Uint8Array[] {
  if (folder === undefined) {
    return Array.from({ length: IMAGES }, (_, seed) => png(tissue(50, 50, seed)));
  }
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".png"))
    .sort();
  const step = Math.max(1, Math.floor(names.length / IMAGES));
  return names
    .filter((_, index) => index % step === 0)
    .map((name) => readFileSync(join(folder, name)));
}

interface Round {
  gate: number; // medians over the images, milliseconds
  network: number;
}

function read(engine: Engine, files: Uint8Array[]): Round {
  const readings = files.map((file) => engine.classify(file, 0, true));
  return {
    gate: median(readings.map(({ gateMs }) => gateMs)),
    network: median(readings.map(({ networkMs }) => networkMs)),
  };
}

const files = images(process.argv[2]);
for (const build of ["simd", "relaxed"]) {
  const wasm = await WebAssembly.compile(
    readFileSync(join(root, `build/wasm-${build}/engine.wasm`)),
  );
  const engines: Engine[] = [];
  for (const name of MODELS)
    engines.push(await Engine.create(wasm, readFileSync(join(root, `model/${name}.onnx`))));
  for (const engine of engines) read(engine, files); // compiled by now
  const rounds = Array.from({ length: ROUNDS }, () => engines.map((engine) => read(engine, files)));
  MODELS.forEach((name, which) => {
    const of = (ratio: (own: Round, first: Round) => number) =>
      spreadText(
        rounds.flatMap((round) =>
          round[which] && round[0] ? [ratio(round[which], round[0])] : [],
        ),
      );
    const network = of((own, first) => own.network / first.network);
    const gate = of((own) => own.gate / own.network);
    console.log(
      `${build}: ${name} takes ${network} of ${MODELS[0]}'s time, the gate ${gate} of its own`,
    );
  });
}
