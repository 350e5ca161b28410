// How long the gate takes beside the network, in the page's engine:
//   node tests/bench/gate.ts [FOLDER of images]
// Without a folder it reads made tissue. Medians, so that other work on the machine counts little.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Engine } from "../../public/src/engine.ts";
import { png, tissue } from "../made_images.ts";

const root = join(import.meta.dirname, "../..");
const IMAGES = 400;

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

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const files = images(process.argv[2]);
for (const build of ["simd", "relaxed"]) {
  const wasm = readFileSync(join(root, `build/wasm-${build}/engine.wasm`));
  const engine = await Engine.create(
    await WebAssembly.compile(wasm),
    readFileSync(join(root, "model/seed.onnx")),
  );
  for (const file of files) engine.classify(file, 0, true); // compiled by now
  const read = files.map((file) => engine.classify(file, 0, true));
  const gate = median(read.map(({ gateMs }) => gateMs));
  const network = median(read.map(({ networkMs }) => networkMs));
  console.log(
    `${build}: gate ${gate.toFixed(3)} ms, network ${network.toFixed(3)} ms, ` +
      `ratio ${(gate / network).toFixed(3)} (median of ${files.length} images)`,
  );
}
