// Files that are cut off, lie, or mean harm: each ends in pixels or in one EngineError, soon, and within
// the limits of formats/tiff/limits.ts.
import assert from "node:assert/strict";
import { deflateSync, zstdCompressSync } from "node:zlib";
import { after, beforeEach, describe, test } from "node:test";
import { EngineError } from "../public/src/messages.ts";
import { openTiff } from "../public/src/slide/formats/tiff.ts";
import {
  MAX_BLOCK_BYTES,
  MAX_DIRECTORIES,
  MAX_FIELDS,
  MAX_FIELD_BYTES,
  MAX_REGION_PIXELS,
  MAX_SIDE,
  maxPackedBytes,
} from "../public/src/slide/formats/tiff/limits.ts";
import {
  ascii,
  blobOf,
  longs,
  makeTiff,
  INFLATE_ONLY,
  noInflate,
  packBits,
  packLzw,
  pattern,
  shorts,
  TYPE,
  type MadeFile,
  type MadeImage,
} from "./make_tiff.ts";
import { Watchdog } from "./watchdog.ts";

const plain: MadeImage = { width: 40, height: 30, samples: 3, sample: pattern };
const OWN_FIELDS = 11; // that makeTiff writes for it
const PAGE = { x: 0, y: 0, width: 1 << 20, height: 1 << 20 }; // more than any image here

// Opens the file and reads every level, at most its first megapixel.
async function readAll(blob: Blob): Promise<void> {
  const source = await openTiff(blob, "scan.tif", INFLATE_ONLY);
  for (const [level, { width, height }] of source.facts.levels.entries()) {
    const part = { x: 0, y: 0, width: Math.min(width, 1024), height: Math.min(height, 1024) };
    await source.read(level, part);
  }
  source.close();
}

const open = (images: MadeImage[], file: MadeFile = {}) =>
  openTiff(blobOf(makeTiff(images, file)), "scan.tif", INFLATE_ONLY);

const readMade = (image: Partial<MadeImage>, file: MadeFile = {}): Promise<void> =>
  readAll(blobOf(makeTiff([{ ...plain, ...image }], file)));

// Where the entries of the first directory begin, and of how many bytes each is.
function firstDirectory(bytes: Uint8Array<ArrayBuffer>): {
  at: number;
  entries: number;
  view: DataView;
} {
  const view = new DataView(bytes.buffer);
  const at = view.getUint32(4, true);
  return { at: at + 2, entries: view.getUint16(at, true), view };
}

function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const SMALL: [string, MadeImage[], MadeFile][] = [
  ["strips", [{ ...plain, rowsPerStrip: 8 }], {}],
  [
    "LZW tiles",
    [{ ...plain, tile: [16, 16], compression: "lzw", predictor: 2 }],
    { bigEndian: true },
  ],
  ["PackBits strips", [{ ...plain, rowsPerStrip: 7, compression: "packbits", planar: 2 }], {}],
  [
    "a Deflate pyramid in BigTIFF",
    [
      { ...plain, tile: [16, 16], compression: "deflate", description: "Aperio v1|MPP = 0.5|" },
      { ...plain, width: 20, height: 15, tile: [16, 16], compression: "zstd", reduced: true },
    ],
    { big: true },
  ],
  [
    "OME with images below",
    [
      {
        ...plain,
        description: '<OME><Image><Pixels SizeC="3" PhysicalSizeX="0.5"/></Image></OME>',
        below: [{ ...plain, width: 20, height: 15, reduced: true }],
      },
    ],
    {},
  ],
];

const SECONDS = 5; // for one file; most take a millisecond
const MOST_WALL_MS = 60_000; // for one file too, on a machine that has other work

const watchdog = new Watchdog(MOST_WALL_MS);
beforeEach(() => watchdog.beat());
after(() => watchdog.stop());

// What this process has computed, however busy the machine is. Milliseconds.
function computed(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function endsWell(bytes: Uint8Array<ArrayBuffer>, what: string): Promise<"read" | "refused"> {
  watchdog.beat();
  const started = computed();
  let end: "read" | "refused" = "read";
  try {
    await readAll(blobOf(bytes));
  } catch (error) {
    end = "refused";
    if (!(error instanceof EngineError)) throw new Error(what, { cause: error });
    assert.match(error.message, /^(scan\.tif|The picture) [^\n]{10,400}\.$/, what);
  }
  assert.ok(computed() - started < SECONDS * 1000, `${what} took too long`);
  return end;
}

describe("a damaged TIFF", () => {
  for (const [name, images, file] of SMALL) {
    const skip = images.some(({ compression }) => compression === "deflate") && noInflate;

    test(`${name}: cut off at any byte it ends in pixels or one error`, { skip }, async () => {
      const bytes = makeTiff(images, file);
      const step = Math.max(1, Math.floor(bytes.length / 500));
      let refused = 0;
      for (let length = 0; length < bytes.length; length += step)
        if ((await endsWell(bytes.slice(0, length), `${name} of ${length} bytes`)) === "refused")
          refused += 1;
      assert.ok(refused > 400, `only ${refused} were refused`);
      assert.equal(await endsWell(bytes, name), "read");
    });

    test(
      `${name}: with bytes changed at random it ends in pixels or one error`,
      { skip },
      async () => {
        const random = seeded(name.length);
        const good = makeTiff(images, file);
        const link = file.big === true ? 8 : 4; // where the first directory's place stands
        const directory = new DataView(good.buffer).getUint32(link, file.bigEndian !== true);
        for (let round = 0; round < 800; round += 1) {
          const bytes = good.slice();
          // every other time where the directories are: most of what can be said wrong is said there
          const from = round % 2 === 0 && directory < bytes.length ? directory : 0;
          for (let i = 0; i <= round % 4; i += 1)
            bytes[from + random(bytes.length - from)] = round % 3 === 0 ? 0xff : random(256);
          await endsWell(bytes, `${name}, round ${round}`);
        }
      },
    );
  }
});

describe("a TIFF that lies", () => {
  const rejects = (work: Promise<unknown>, code: string, message: RegExp) =>
    assert.rejects(work, { name: "EngineError", code, message });

  test("about its parts: fewer than its size needs", async () => {
    await rejects(
      readMade({ tile: [16, 16], fields: [longs(256, 4000)] }),
      "image_corrupt",
      /says where 6 of its 500 parts are/,
    );
  });

  test(
    "about its parts: beyond its end, longer than a tile can be, shorter than it has to be",
    { skip: noInflate },
    async () => {
      await rejects(
        readMade({ tile: [48, 32], fields: [longs(324, 1e9)] }),
        "image_truncated",
        /ends in the middle of one of its tiles/,
      );
      const most = maxPackedBytes(48 * 32 * 3);
      const packed = (): Uint8Array => deflateSync(Buffer.alloc(48 * 32 * 3, 1));
      const padding = {
        tag: 60000,
        type: TYPE.undefined,
        values: Array.from({ length: most + 1 }, () => 0),
      };
      const lying = (bytes: number): Promise<void> =>
        readMade({
          tile: [48, 32],
          compression: "deflate",
          packed,
          fields: [longs(325, bytes), padding],
        });
      await lying(most);
      await rejects(lying(most + 1), "image_corrupt", /says it has \d+ bytes, more than it can/);
      await rejects(
        readMade({ tile: [48, 32], fields: [longs(325, 100)] }),
        "image_corrupt",
        /shorter than its size/,
      );
    },
  );

  test(`about its size: ${MAX_SIDE} pixels are the most of a side, and none is none`, async () => {
    for (const tag of [256, 257, 322, 323])
      await rejects(
        readMade({ tile: [16, 16], fields: [longs(tag, 0)] }),
        "image_corrupt",
        /without a size/,
      );
    await rejects(
      readMade({ fields: [longs(257, MAX_SIDE + 1)] }),
      "image_too_large",
      /pixels wide or high/,
    );
    await rejects(
      readMade({ fields: [longs(257, MAX_SIDE), longs(278, MAX_SIDE)] }),
      "image_truncated",
      /in the middle of one of its strips/,
    );
  });

  test("with a piece that is larger than is unpacked at a time: what to do is said", async () => {
    const side = Math.floor(Math.sqrt(MAX_BLOCK_BYTES / 3));
    const of = (height: number) =>
      open([
        {
          ...plain,
          compression: "deflate",
          fields: [longs(256, side), longs(257, height), longs(278, height)],
        },
      ]);
    assert.equal((await of(side)).facts.levels[0]?.width, side);
    await rejects(
      of(side + 2),
      "image_too_large",
      /keeps 4729 × 4731 pixels in one piece, .* \(64 MB\).*Convert it to a tiled or pyramidal TIFF/,
    );
  });

  test(`by a directory of more than ${MAX_FIELDS} fields, or of none`, async () => {
    const fields = (count: number) =>
      Array.from({ length: count - OWN_FIELDS }, (_, i) => shorts(1000 + i, 1));
    await readMade({ fields: fields(MAX_FIELDS) });
    await rejects(readMade({ fields: fields(MAX_FIELDS + 1) }), "image_corrupt", /has 513 fields/);
    const none = makeTiff([plain]);
    none.fill(0, firstDirectory(none).at - 2);
    await rejects(readAll(blobOf(none)), "image_corrupt", /has 0 fields/);
  });

  test("by fields that would need gigabytes", async () => {
    for (let entry = 0; entry < OWN_FIELDS; entry += 1) {
      const bytes = makeTiff([plain]);
      const { at, view } = firstDirectory(bytes);
      view.setUint32(at + entry * 12 + 4, 0x7fffffff, true);
      await assert.rejects(readAll(blobOf(bytes)), { name: "EngineError" });
    }
  });

  test(`by fields that together have more than ${MAX_FIELD_BYTES} bytes`, async () => {
    const held = new Uint8Array(MAX_FIELD_BYTES);
    const of = (extra: number) => {
      const bytes = makeTiff([
        { ...plain, fields: [{ tag: 60000, type: TYPE.undefined, values: [1, 2, 3, 4, 5] }] },
      ]);
      const { at, entries, view } = firstDirectory(bytes);
      let others = 0;
      for (let i = 0; i < entries; i += 1) {
        const entry = at + i * 12;
        if (view.getUint16(entry, true) !== 60000)
          others +=
            view.getUint32(entry + 4, true) * (view.getUint16(entry + 2, true) === 3 ? 2 : 4);
        else view.setUint32(entry + 8, bytes.length, true);
      }
      view.setUint32(at + (entries - 1) * 12 + 4, MAX_FIELD_BYTES - others + extra, true);
      return new Blob([bytes, held]);
    };
    await readAll(of(0));
    await rejects(readAll(of(1)), "image_too_large", /describes its images in more bytes/);
  });

  test("by images that point in a circle, or below themselves", async () => {
    const bytes = makeTiff([plain, plain]);
    const { at, entries, view } = firstDirectory(bytes);
    const second = view.getUint32(at + entries * 12, true);
    const secondEntries = view.getUint16(second, true);
    view.setUint32(second + 2 + secondEntries * 12, at - 2, true);
    await rejects(readAll(blobOf(bytes)), "image_corrupt", /point in a circle/);

    const below = makeTiff([{ ...plain, fields: [{ tag: 330, type: TYPE.long, values: [0] }] }]);
    const own = firstDirectory(below);
    for (let i = 0; i < own.entries; i += 1)
      if (own.view.getUint16(own.at + i * 12, true) === 330)
        own.view.setUint32(own.at + i * 12 + 8, own.at - 2, true);
    await rejects(readAll(blobOf(below)), "image_corrupt", /point in a circle/);
  });

  test(`with more than ${MAX_DIRECTORIES} images`, async () => {
    const many = (count: number): MadeImage[] =>
      Array.from({ length: count }, () => ({ ...plain, width: 4, height: 4 }));
    const source = await open(many(MAX_DIRECTORIES));
    assert.deepEqual(source.facts.notes, [
      `The file holds ${MAX_DIRECTORIES} images; the first is read.`,
    ]);
    await rejects(open(many(MAX_DIRECTORIES + 1)), "image_too_large", /more than 1024 images/);
  });

  test("with a million images below one", async () => {
    const values = Array.from({ length: 1_000_000 }, () => 8);
    const started = computed();
    await assert.rejects(readMade({ fields: [{ tag: 330, type: TYPE.long, values }] }), {
      name: "EngineError",
    });
    assert.ok(computed() - started < SECONDS * 1000);
  });

  test("with tiles that unpack to a thousand times their size", { skip: noInflate }, async () => {
    const bomb = Buffer.alloc(64 * 1024 * 1024);
    const lzw = packLzw(bomb.subarray(0, 1 << 20));
    const bits = packBits(Uint8Array.of(1, ...new Uint8Array(100_000)));
    for (const [compression, packed] of [
      ["deflate", deflateSync(bomb)],
      ["zstd", zstdCompressSync(bomb)],
      ["lzw", lzw],
      ["packbits", bits],
    ] as const) {
      const started = computed();
      const before = process.memoryUsage().rss;
      const work = readMade({ tile: [64, 64], compression, packed: () => packed });
      await rejects(work, "image_corrupt", /unpack|more than it can/);
      assert.ok(computed() - started < SECONDS * 1000, compression);
      assert.ok(process.memoryUsage().rss - before < 256 * 2 ** 20, compression);
    }
  });

  test("with a description made to keep a search busy", async () => {
    for (const text of [
      "<Pixels ".repeat(1 << 19),
      "Aperio" + "|MPP =".repeat(1 << 19),
      "<OME>" + "<Pixels PhysicalSizeX=".repeat(1 << 17),
      " ".repeat(1 << 21),
    ]) {
      const file = blobOf(makeTiff([{ ...plain, fields: [ascii(270, text)] }]));
      const started = computed();
      await readAll(file);
      assert.ok(computed() - started < SECONDS * 1000, text.slice(0, 20));
    }
  });

  test(`a read of more than ${MAX_REGION_PIXELS} pixels at a time is refused`, async () => {
    const side = Math.sqrt(MAX_REGION_PIXELS);
    const source = await open([
      {
        ...plain,
        samples: 1,
        fields: [longs(256, side), longs(257, side + 1), longs(278, side + 1)],
      },
    ]);
    await rejects(source.read(0, PAGE), "image_too_large", /8192 × 8193 pixels at a time/);
    await rejects(
      source.read(0, { ...PAGE, height: side }),
      "image_truncated",
      /ends in the middle/,
    );
  });
});
