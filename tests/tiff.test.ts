import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openSlide } from "../public/src/slide/formats/open.ts";
import { openTiff } from "../public/src/slide/formats/tiff.ts";
import type { Pixels, Rectangle, SlideSource } from "../public/src/slide/source.ts";
import {
  ascii,
  blobOf,
  longs,
  makeTiff,
  INFLATE_ONLY,
  noInflate,
  pattern,
  shorts,
  TYPE,
  type MadeFile,
  type MadeImage,
} from "./make_tiff.ts";

const open = (images: MadeImage[], file: MadeFile = {}): Promise<SlideSource> =>
  openTiff(blobOf(makeTiff(images, file)), "scan.tif", INFLATE_ONLY);

const whole = (source: SlideSource, level = 0): Rectangle => {
  const { width = 0, height = 0 } = source.facts.levels[level] ?? {};
  return { x: 0, y: 0, width, height };
};

type Expected = (x: number, y: number, channel: number) => number;

function assertPixels(pixels: Pixels, expected: Expected, at = { x: 0, y: 0 }): void {
  const { width, height, channels, data } = pixels;
  assert.equal(data.length, width * height * channels);
  for (let i = 0; i < data.length; i += 1) {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    const due = expected(x + at.x, y + at.y, i % channels);
    if (data[i] !== due)
      assert.fail(`${data[i]} for ${due} at ${x}, ${y}, channel ${i % channels}`);
  }
}

// 100 × 70 pixels, larger than a block and no multiple of one
const plain: MadeImage = { width: 100, height: 70, samples: 3, sample: pattern };
const grey: MadeImage = { ...plain, samples: 1 };

describe("a TIFF's pixels", () => {
  for (const big of [false, true]) {
    for (const bigEndian of [false, true]) {
      const kind = `${big ? "BigTIFF" : "TIFF"}, ${bigEndian ? "big" : "little"}-endian`;
      test(
        `${kind}: every compression and layout gives the pixels that were written`,
        { skip: noInflate },
        async () => {
          for (const compression of ["none", "packbits", "lzw", "deflate", "zstd"] as const)
            for (const layout of [{ rowsPerStrip: 16 }, { tile: [32, 16] as [number, number] }])
              for (const planar of [{}, { planar: 2 as const }])
                for (const bits of [8, 16] as const)
                  for (const samples of [1, 3])
                    for (const predictor of [{}, { predictor: 2 as const }])
                      await check({
                        compression,
                        bits,
                        samples,
                        ...layout,
                        ...planar,
                        ...predictor,
                      });

          async function check(form: Partial<MadeImage>): Promise<void> {
            const sample: Expected =
              form.bits === 16 ? (x, y, c) => pattern(x, y, c) * 256 + pattern(y, x, c) : pattern;
            const source = await open([{ ...plain, sample, ...form }], { big, bigEndian });
            assertPixels(await source.read(0, whole(source)), pattern);
            const part = { x: 29, y: 13, width: 41, height: 22 };
            assertPixels(await source.read(0, part), pattern, part);
          }
        },
      );
    }
  }

  test("a rectangle that lies beyond the image gives the part within, or none", async () => {
    const source = await open([plain]);
    const part = await source.read(0, { x: -10, y: 60, width: 30, height: 50 });
    assert.deepEqual([part.width, part.height], [20, 10]);
    assertPixels(part, pattern, { x: 0, y: 60 });
    const none = await source.read(0, { x: 200, y: 0, width: 10, height: 10 });
    assert.deepEqual([none.width, none.data.length], [0, 0]);
  });

  test("16 bits are scaled by the range that the file states", async () => {
    const sample: Expected = (x) => 100 + x * 9;
    const fields = [shorts(280, 100), shorts(281, 1003)];
    const source = await open([{ ...grey, bits: 16, sample, fields }]);
    const pixels = await source.read(0, whole(source));
    assertPixels(pixels, (x) => Math.min(255, Math.round((x * 9 * 255) / 903)));
    assert.deepEqual(source.facts.notes, []);
  });

  test("16 bits without a stated range lose their lower half, and the file's notes say so", async () => {
    const source = await open([{ ...grey, bits: 16, sample: (x) => x * 300 }]);
    assertPixels(await source.read(0, whole(source)), (x) => (x * 300) >> 8);
    assert.match(source.facts.notes[0] ?? "", /does not say their range/);
  });

  test("alpha is laid over white, multiplied into the colours or not", async () => {
    const sample: Expected = (_x, _y, c) => (c === 3 ? 100 : 50 + c);
    for (const [kind, due] of [
      [2, (c: number) => Math.round(((50 + c) * 100) / 255) + 155],
      [1, (c: number) => 50 + c + 155],
      [0, (c: number) => 50 + c],
    ] as const) {
      for (const planar of [{}, { planar: 2 as const }]) {
        const image = { ...plain, samples: 4, sample, fields: [shorts(338, kind)], ...planar };
        const source = await open([image]);
        assertPixels(await source.read(0, whole(source)), (_x, _y, c) => due(c));
      }
    }
  });

  test("a file whose zero is white is turned about", async () => {
    const source = await open([{ ...grey, photometric: 0 }]);
    assert.equal(source.facts.channels, 1);
    assertPixels(await source.read(0, whole(source)), (x, y) => 255 - pattern(x, y, 0));
  });

  test("a palette's colours are looked up, also where they were written as 8 bits", async () => {
    for (const unit of [257, 1]) {
      const map = Array.from({ length: 768 }, (_, i) => (255 - ((i * 3) & 255)) * unit);
      const source = await open([{ ...grey, photometric: 3, fields: [shorts(320, ...map)] }], {
        bigEndian: true,
      });
      assert.equal(source.facts.channels, 3);
      const due: Expected = (x, y, c) => 255 - (((c * 256 + pattern(x, y, 0)) * 3) & 255);
      assertPixels(await source.read(0, whole(source)), due);
    }
  });

  for (const [h, v] of [
    [1, 1],
    [2, 1],
    [2, 2],
    [4, 2],
  ] as const) {
    test(`YCbCr thinned out ${h} × ${v} becomes RGB by BT.601`, async () => {
      const y = (column: number, row: number): number => 40 + ((column * 3 + row) % 180);
      const chroma = (column: number, row: number): [number, number] => [
        100 + (Math.floor(column / h) % 50),
        150 - (Math.floor(row / v) % 50),
      ];
      const packed = (): Uint8Array => {
        const out: number[] = [];
        for (let top = 0; top < 70; top += v)
          for (let left = 0; left < 100; left += h) {
            for (let i = 0; i < h * v; i += 1) out.push(y(left + (i % h), top + Math.floor(i / h)));
            out.push(...chroma(left, top));
          }
        return Uint8Array.from(out);
      };
      const source = await open([
        { ...plain, photometric: 6, packed, fields: [shorts(530, h, v)] },
      ]);
      assertPixels(await source.read(0, whole(source)), (column, row, channel) => {
        const [cb, cr] = chroma(column, row);
        const blueRed = [
          1.402 * (cr - 128),
          -0.344136 * (cb - 128) - 0.714136 * (cr - 128),
          1.772 * (cb - 128),
        ];
        return Math.max(0, Math.min(255, Math.round(y(column, row) + (blueRed[channel] ?? 0))));
      });
    });
  }

  test("each of the eight orientations is read upright", async () => {
    const seen: Record<number, (x: number, y: number) => [number, number]> = {
      1: (x, y) => [x, y],
      2: (x, y) => [99 - x, y],
      3: (x, y) => [99 - x, 69 - y],
      4: (x, y) => [x, 69 - y],
      5: (x, y) => [y, x],
      6: (x, y) => [y, 69 - x],
      7: (x, y) => [99 - y, 69 - x],
      8: (x, y) => [99 - y, x],
    };
    for (const [orientation, stored] of Object.entries(seen)) {
      const source = await open([{ ...plain, fields: [shorts(274, Number(orientation))] }]);
      const due: Expected = (x, y, c) => pattern(...stored(x, y), c);
      assertPixels(await source.read(0, whole(source)), due);
      const part = { x: 11, y: 23, width: 40, height: 31 };
      assertPixels(await source.read(0, part), due, part);
    }
  });

  test("a tile that the file leaves out is white", async () => {
    const packed = (bytes: Uint8Array, index: number): Uint8Array =>
      index === 1 ? new Uint8Array(0) : bytes;
    const source = await open([{ ...plain, tile: [64, 80], packed }]);
    const due: Expected = (x, y, c) => (x < 64 ? pattern(x, y, c) : 255);
    assertPixels(await source.read(0, whole(source)), due);
  });

  test("lengths of tiles are read as 16, 32 and 64 bits, in both byte orders", async () => {
    const bytes = 32 * 16 * 3;
    const count = Math.ceil(100 / 32) * Math.ceil(70 / 16);
    for (const type of [TYPE.short, TYPE.long, TYPE.long8])
      for (const bigEndian of [false, true]) {
        const fields = [{ tag: 325, type, values: Array<number>(count).fill(bytes) }];
        const big = type === TYPE.long8;
        const source = await open([{ ...plain, tile: [32, 16], fields }], { big, bigEndian });
        assertPixels(await source.read(0, whole(source)), pattern);
      }
  });

  test("a last strip that was filled up is read", { skip: noInflate }, async () => {
    for (const compression of ["packbits", "lzw", "deflate", "zstd"] as const) {
      const source = await open([{ ...plain, rowsPerStrip: 16, compression, fullStrips: true }]);
      assertPixels(await source.read(0, whole(source)), pattern);
    }
  });

  test("of several channels the first is read, and the notes say so", async () => {
    const source = await open([{ ...plain, samples: 5, photometric: 1 }]);
    assertPixels(await source.read(0, whole(source)), pattern);
    assert.deepEqual(source.facts.notes, ["The file has 5 channels; the first is read."]);
  });

  test("reading stops when the signal says so, with its reason", async () => {
    const source = await open([{ ...plain, tile: [16, 16] }]);
    const stop = new AbortController();
    const reading = source.read(0, whole(source), stop.signal);
    const reason = new Error("enough");
    stop.abort(reason);
    await assert.rejects(reading, reason);
  });
});

// A level of a pyramid: every factor-th pixel of the pattern.
function level(factor: number, more: Partial<MadeImage> = {}): MadeImage {
  return {
    ...plain,
    width: Math.floor(400 / factor),
    height: Math.floor(300 / factor),
    tile: [64, 64],
    sample: (x, y, c) => pattern(x * factor, y * factor, c),
    ...more,
  };
}

async function assertLevels(source: SlideSource, factors: number[]): Promise<void> {
  const sizes = factors.map((factor) => {
    return { width: Math.floor(400 / factor), height: Math.floor(300 / factor) };
  });
  assert.deepEqual(source.facts.levels, sizes);
  for (const [i, factor] of factors.entries())
    assertPixels(await source.read(i, whole(source, i)), (x, y, c) =>
      pattern(x * factor, y * factor, c),
    );
}

const APERIO =
  "Aperio Image Library v12.0.15\r\n400x300 [0,0 400x300] (64x64) J2K|AppMag = 20|MPP = 0.4990|Date = 01/02/03";
const SECRET = 77; // the only value of a label's pixels

describe("a TIFF's pyramid", () => {
  test("reduced images are its levels, the finest first, in whatever order they lie", async () => {
    const images = [level(1), level(4, { reduced: true }), level(2, { reduced: true })];
    await assertLevels(await open(images), [1, 2, 4]);
    await assertLevels(await open(images.slice(1).concat(images.slice(0, 1))), [1, 2, 4]);
  });

  test("tiled images of the same shape are levels even where they are not called reduced", async () => {
    await assertLevels(await open([level(1), level(2), level(4)], { big: true }), [1, 2, 4]);
  });

  test("pages, masks and images of another shape are no levels, and pages are told of", async () => {
    const mask = { ...level(2), fields: [longs(254, 4)] };
    const source = await open([
      level(1),
      mask,
      { ...plain, width: 90 },
      level(2, { reduced: true }),
    ]);
    await assertLevels(source, [1, 2]);
    assert.deepEqual(source.facts.notes, ["The file holds 2 images; the first is read."]);
  });

  test("images below the first are its levels", async () => {
    const below = [level(2, { reduced: true }), level(4, { reduced: true })];
    for (const bigEndian of [false, true])
      await assertLevels(await open([level(1, { below })], { bigEndian }), [1, 2, 4]);
  });

  test("an SVS gives its tiled images, its scale, and never its label", async () => {
    const beside = (text: string): MadeImage => {
      const description = `Aperio Image Library v12.0.15\r\n${text}`;
      return { ...plain, sample: () => SECRET, description };
    };
    const source = await open([
      level(1, { description: APERIO }),
      { ...beside("400x300 -> 100x75 - |AppMag = 20"), height: 75 },
      level(4, { description: APERIO }),
      beside("label 100x70"),
      { ...beside("macro 200x150"), tile: [64, 64], width: 200, height: 150, reduced: true },
    ]);
    await assertLevels(source, [1, 4]);
    const { format, umPerPixel, scaleFrom, kind, notes } = source.facts;
    assert.deepEqual(
      { format, umPerPixel, scaleFrom, kind, notes },
      {
        format: "SVS (uncompressed tiles, scanned at 20×)",
        umPerPixel: 0.499,
        scaleFrom: "aperio.MPP",
        kind: "histology",
        notes: [],
      },
    );
  });

  test("an OME-TIFF gives its first plane with the levels below it, and tells of the others", async () => {
    const xml =
      '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">' +
      '<Pixels ID="Pixels:0" SizeX="400" SizeY="300" SizeC="3" SizeZ="4" SizeT="1" PhysicalSizeX="250" ' +
      'PhysicalSizeXUnit="nm" PhysicalSizeY="0.25" PhysicalSizeYUnit="µm"/></Image></OME>';
    const below = [level(2, { reduced: true })];
    const source = await open([level(1, { description: xml, below }), level(1), level(1)]);
    await assertLevels(source, [1, 2]);
    const { format, umPerPixel, scaleFrom, notes } = source.facts;
    assert.equal(format, "OME-TIFF (uncompressed tiles)");
    assert.deepEqual([umPerPixel, scaleFrom], [0.25, "OME PhysicalSizeX"]);
    assert.deepEqual(notes, ["The file holds 4 planes; the first is read."]);
  });
});

describe("a file that is not read", () => {
  const refused = async (image: Partial<MadeImage>, sentence: RegExp, code = "image_unsupported") =>
    assert.rejects(open([{ ...plain, ...image }]), {
      name: "EngineError",
      code,
      message: sentence,
    });

  test("colours and numbers of another kind are refused by their name", async () => {
    await refused(
      { photometric: 5, samples: 4 },
      /^scan\.tif has colours .* \(CMYK\)\. Convert it/,
    );
    await refused({ photometric: 8 }, /CIE Lab/);
    await refused({ fields: [shorts(258, 32, 32, 32)] }, /has 32, 32, 32 bits per sample/);
    await refused({ samples: 1, fields: [shorts(258, 1)] }, /has 1 bits per sample/);
    await refused({ fields: [shorts(339, 3, 3, 3)] }, /floating-point/);
    await refused({ compression: "lzw", fields: [shorts(317, 3)] }, /predicts/);
    await refused({ photometric: 6, samples: 4 }, /luminance and colour/);
    await refused({ fields: [shorts(259, 50001)] }, /WebP/);
    await refused({ fields: [shorts(259, 4711)] }, /number 4711/);
    await refused({ fields: [shorts(266, 2), shorts(259, 5)] }, /reverse order/);
    await refused({ fields: [shorts(274, 9)] }, /turned in a way/, "image_corrupt");
    await refused({ fields: [shorts(65420, 1)] }, /NDPI/);
    await refused({ photometric: 6, planar: 2 }, /luminance and colour/);
    await refused({ photometric: 6, bits: 16 }, /luminance and colour/);
  });

  test("other formats of scanners are named, with what to do", async () => {
    const tiff = blobOf(makeTiff([plain]));
    for (const [name, format] of [
      ["a.ndpi", "Hamamatsu NDPI"],
      ["a.vsi", "Olympus VSI"],
      ["a.MRXS", "3DHISTECH MRXS"],
      ["a.bif", "Ventana BIF"],
      ["a.scn", "Leica SCN"],
    ] as const)
      await assert.rejects(openSlide(tiff, name, INFLATE_ONLY), {
        code: "image_unsupported",
        message: `${name} is a ${format}, which InSitu does not read. Convert it to a pyramidal TIFF, SVS or OME-TIFF, for instance with QuPath or bfconvert.`,
      });
    await assert.rejects(openSlide(new Blob(["ZISRAWFILE"]), "a", INFLATE_ONLY), /Zeiss CZI/);
  });

  test("an empty file and one of no known format are refused", async () => {
    await assert.rejects(openSlide(new Blob([]), "a.tif", INFLATE_ONLY), { code: "image_empty" });
    await assert.rejects(openSlide(new Blob(["hello"]), "a.tif", INFLATE_ONLY), {
      code: "image_unknown",
    });
  });

  test("a TIFF is known by its first bytes, whatever its name", async () => {
    const source = await openSlide(blobOf(makeTiff([grey], { big: true })), "a.jpg", INFLATE_ONLY);
    assert.equal(source.facts.format, "BigTIFF (uncompressed strips)");
  });

  test("a description that says nothing is no matter", async () => {
    const source = await open([
      { ...plain, fields: [ascii(270, ""), { tag: 700, type: TYPE.undefined, values: [1, 2] }] },
    ]);
    assert.equal(source.facts.umPerPixel, null);
  });
});
