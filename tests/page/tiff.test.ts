// TIFFs and a DICOM file in Debian's Chromium as the page's worker reads them: started from the closed
// frame, the network taken away, a File of the disk by ranges, unpacked by the page's own codecs.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { withoutGeotiffDecoders } from "../../public/geotiff-parts.mjs";
import type { SlideFacts } from "../../public/src/slide/source.ts";
import { FAR_TILES, TILE, writeFarTiff } from "../large_tiff.ts";
import { encoded, encoderIsMissing } from "../made_pictures.ts";
import { dicomFile, element, encapsulated, imageElements } from "../make_dicom.ts";
import { makeTiff, pattern, shorts, type Compression, type MadeImage } from "../make_tiff.ts";
import { launch, root, serveBare, skip, visit, type Served, type Visit } from "./harness.ts";

const WORKER = `
  import { lockNetwork } from "./public/src/network-lock.ts";
  import { Codecs } from "./public/src/slide/codecs.ts";
  import { openSlide } from "./public/src/slide/formats/open.ts";
  lockNetwork(globalThis);
  addEventListener("message", async ({ data: { file, part, codecs } }) => {
    try {
      const source = await openSlide(file, file.name, { codecs: () => Codecs.create(codecs) });
      const { data } = await source.read(0, part);
      postMessage({ facts: source.facts, data });
    } catch (error) {
      postMessage({ error: String(error) });
    }
  });
`;
const PAGE = `
  import { closedWorkerFactory } from "./public/src/closed-worker.ts";
  globalThis.read = async (part) => {
    const start = await closedWorkerFactory(await (await fetch("worker.js")).text());
    const worker = start();
    const file = document.querySelector("input").files[0];
    const reply = new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => resolve({ error: message });
    });
    const codecs = await WebAssembly.compile(await (await fetch("codecs.wasm")).arrayBuffer());
    worker.postMessage({ file, part, codecs });
    const { data, ...rest } = await reply;
    worker.terminate();
    return { ...rest, data: Array.from(data ?? []) };
  };
`;
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src blob:; img-src data:";
const HTML =
  `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}">` +
  '<link rel="icon" href="data:,"><input type="file"><script src="page.js"></script>';

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    plugins: [withoutGeotiffDecoders],
  });
  return outputFiles[0]?.text ?? "";
}

const JPEG_LS = "1.2.840.10008.1.2.4.80";
const SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7";

const tileOf = (data: Uint8Array) => ({ width: TILE, height: TILE, channels: 3, bits: 8, data });

interface Reply {
  facts?: SlideFacts;
  data: number[];
  error?: string;
}

describe("TIFFs and DICOM in the browser", { skip, timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "insitu-tiff-"));
  let browser: Browser;
  let served: Served;
  let visited: Visit;

  before(async () => {
    writeFileSync(join(folder, "index.html"), HTML);
    writeFileSync(join(folder, "page.js"), await bundle(PAGE));
    writeFileSync(join(folder, "worker.js"), await bundle(WORKER));
    copyFileSync(join(root, "build/wasm-simd/codecs.wasm"), join(folder, "codecs.wasm"));
    browser = await launch();
    served = await serveBare("/", folder);
    visited = await visit(browser, served.url, { ready: false });
  });
  after(async () => {
    await browser.close();
    await served.close();
    rmSync(folder, { recursive: true });
  });

  const part = { x: 200, y: 200, width: 120, height: 100 }; // of four tiles

  async function read(path: string): Promise<Reply> {
    await visited.page.setInputFiles("input", path);
    return visited.page.evaluate(
      (rectangle) =>
        (globalThis as unknown as { read: (part: unknown) => Promise<Reply> }).read(rectangle),
      part,
    );
  }

  // most: how far a value may be off.
  function assertPixels({ data, error }: Reply, due: MadeImage["sample"], most: number): void {
    assert.equal(error, undefined);
    assert.equal(data.length, part.width * part.height * 3);
    for (const [i, value] of data.entries()) {
      const pixel = Math.floor(i / 3);
      const [x, y] = [pixel % part.width, Math.floor(pixel / part.width)];
      const expected = due(x + part.x, y + part.y, i % 3);
      if (Math.abs(value - expected) > most)
        assert.fail(`${value} at ${x}, ${y} of channel ${i % 3}, not ${expected}`);
    }
  }

  const assertPattern = (reply: Reply) => assertPixels(reply, pattern, 0);

  test("a BigTIFF of 9 GB is read beyond 4 GB", async () => {
    const path = join(folder, "far.tif");
    writeFarTiff(path);
    const reply = await read(path);
    assertPattern(reply);
    assert.deepEqual(reply.facts?.levels, [{ width: FAR_TILES * TILE, height: FAR_TILES * TILE }]);
  });

  const SIDE = 400;

  // Seamless, so that a tile in another's place is seen.
  const smooth = (x: number, y: number, channel: number): number =>
    Math.round(128 + 70 * Math.sin(x / 29 + channel) + 45 * Math.cos(y / 23 - channel));

  for (const [name, compression, photometric, pack, format, most] of [
    [
      "JPEG",
      7,
      6, // YCbCr
      (data: Uint8Array) => encoded("jpeg", tileOf(data), { quality: 95 }),
      "TIFF (JPEG tiles)",
      4,
    ],
    [
      "JPEG 2000",
      33005,
      2, // RGB
      (data: Uint8Array) => encoded("jpeg2000", tileOf(data)),
      "TIFF (JPEG 2000 tiles)",
      0,
    ],
  ] as const)
    test(`tiles of ${name} are unpacked`, { skip: encoderIsMissing }, async () => {
      const path = join(folder, `${compression}.tif`);
      const image: MadeImage = {
        width: SIDE,
        height: SIDE,
        samples: 3,
        sample: smooth,
        tile: [TILE, TILE],
        photometric,
        packed: pack,
        fields: [shorts(259, compression)],
      };
      writeFileSync(path, makeTiff([image]));
      const reply = await read(path);
      assertPixels(reply, smooth, most);
      assert.deepEqual(reply.facts?.levels, [{ width: SIDE, height: SIDE }]);
      assert.equal(reply.facts.format, format);
    });

  test("a DICOM file of JPEG-LS is unpacked", { skip: encoderIsMissing }, async () => {
    const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return pattern(pixel % SIDE, Math.floor(pixel / SIDE), i % 3);
    });
    const frame = encoded("jpegls", { width: SIDE, height: SIDE, channels: 3, bits: 8, data });
    const pixels = { samples: 3, photometric: "RGB", allocated: 8 };
    const elements = [
      element(0x00080016, "UI", SECONDARY_CAPTURE),
      element(0x00080018, "UI", "2.25.5"),
      ...imageElements({ rows: SIDE, columns: SIDE, ...pixels }),
      encapsulated([[frame]], true),
    ];
    const path = join(folder, "jpegls.dcm");
    writeFileSync(path, dicomFile(elements, { syntax: JPEG_LS }));
    const reply = await read(path);
    assertPattern(reply);
    assert.deepEqual(reply.facts?.levels, [{ width: SIDE, height: SIDE }]);
    assert.match(reply.facts.format, /^DICOM \(JPEG-LS/);
  });

  test("every compression is unpacked, and nothing is asked of the network", async () => {
    const image = { width: 400, height: 400, samples: 3, sample: pattern };
    for (const compression of ["none", "packbits", "lzw", "deflate", "zstd"] as Compression[]) {
      const path = join(folder, `${compression}.tif`);
      writeFileSync(path, makeTiff([{ ...image, compression, tile: [TILE, TILE] }]));
      assertPattern(await read(path));
    }
    const fetched = visited.requests.filter((url) => !/\/(worker\.js|codecs\.wasm)$/.test(url));
    assert.deepEqual(fetched, [served.url, `${served.url}page.js`]);
    assert.deepEqual(visited.complaints, []);
  });
});
