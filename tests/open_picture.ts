// Opens a large PNG or JPEG in a process of its own and prints what that took:
//   node tests/open_picture.ts FILE X Y SIDE
import { openAsBlob, readFileSync } from "node:fs";
import { join } from "node:path";
import { Codecs } from "../public/src/slide/codecs.ts";
import { openPicture } from "../public/src/slide/formats/picture.ts";

const [path = "", ...place] = process.argv.slice(2);
const [x = 0, y = 0, side = 0] = place.map(Number);
const wasm = readFileSync(join(import.meta.dirname, "../build/wasm-simd/codecs.wasm"));
const module = await WebAssembly.compile(wasm);
const atRest = process.memoryUsage().rss;
let most = 0;
const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
let start = performance.now();
const lap = () => {
  const ms = Math.round(performance.now() - start);
  start = performance.now();
  return ms;
};
const blob = await openAsBlob(path);
const source = await openPicture(blob, path, { codecs: () => Codecs.create(module) });
const openMs = lap();
const { levels, sequential } = source.facts;
const rectangle = { x, y, width: side, height: side };
const pixels = await source.read(0, rectangle);
const readMs = lap();
const coarse = await source.read(levels.length - 1, { x: 0, y: 0, width: side, height: side });
clearInterval(timer);
most = Math.max(most, process.memoryUsage().rss, process.resourceUsage().maxRSS * 1024);
console.log(
  JSON.stringify({
    openMs,
    readMs,
    memoryBytes: most - atRest,
    levels: levels.length,
    sequential,
    first: [...pixels.data.subarray(0, 3)],
    coarse: [coarse.width, coarse.height],
  }),
);
