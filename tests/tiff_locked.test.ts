import assert from "node:assert/strict";
import { before, test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { withoutGeotiffDecoders } from "../public/geotiff-parts.mjs";
import type { SlideSource } from "../public/src/slide/source.ts";
import type { Tools } from "../public/src/slide/formats/tools.ts";
import {
  blobOf,
  INFLATE_ONLY,
  makeTiff,
  noInflate,
  pattern,
  type Compression,
} from "./make_tiff.ts";

// As a worker of the page runs it: one classic script, then the network and all else is taken away.
const ENTRY = `
  import { lockNetwork } from "./public/src/network-lock.ts";
  import { openSlide } from "./public/src/slide/formats/open.ts";
  lockNetwork(globalThis);
  globalThis.openSlide = openSlide;
`;

type OpenSlide = (blob: Blob, name: string, tools: Tools) => Promise<SlideSource>;

let script = "";
before(async () => {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    plugins: [withoutGeotiffDecoders],
  });
  script = outputFiles[0]?.text ?? "";
});

function locked(): { openSlide: OpenSlide; calls: string[]; scope: object } {
  const calls: string[] = [];
  const forbidden = ["fetch", "Worker", "XMLHttpRequest", "importScripts", "WebSocket"];
  const traps = forbidden.map((name) => [name, () => calls.push(name)] as const);
  const scope = createContext(
    { ...Object.fromEntries(traps), TextDecoder, TextEncoder, console },
    { codeGeneration: { strings: false, wasm: true } }, // as the page's policy: no eval
  );
  runInContext(script, scope);
  return { openSlide: (scope as { openSlide: OpenSlide }).openSlide, calls, scope };
}

test(
  "a worker without network, eval and DOM reads every compression and asks for none of them",
  { skip: noInflate },
  async () => {
    const { openSlide, calls, scope } = locked();
    for (const compression of ["none", "packbits", "lzw", "deflate", "zstd"] as Compression[]) {
      const image = { width: 90, height: 50, samples: 3, sample: pattern, compression };
      for (const bigEndian of [false, true]) {
        const file = blobOf(makeTiff([{ ...image, tile: [32, 32] }], { bigEndian }));
        const source = await openSlide(file, "a.tif", INFLATE_ONLY);
        const { data } = await source.read(0, { x: 40, y: 20, width: 2, height: 1 });
        const due = [40, 41].flatMap((x) => [0, 1, 2].map((channel) => pattern(x, 20, channel)));
        assert.deepEqual(Array.from(data), due, compression);
      }
    }
    assert.deepEqual(calls, []);
    assert.equal("Buffer" in scope, false); // lent to the ZSTD decoder while it starts, and taken back
  },
);

test("the script has no import() left and makes no code out of text", () => {
  assert.doesNotMatch(
    script,
    /\bimport\s*\(|\bnew Function\b|\beval\s*\(|XMLHttpRequest|new Worker/,
  );
});
