// Several DICOM files given together: which are one slide, and what that slide is.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EngineError } from "../public/src/messages.ts";
import { openDicomSeries, seriesAmong } from "../public/src/slide/formats/dicom-series.ts";
import { joined } from "../public/src/slide-link.ts";
import { NO_CODECS, openBytes, refusal } from "./dicom_setup.ts";
import { dicomFile, element, film } from "./make_dicom.ts";
import { levelFile, type MadeLevel } from "./made_series.ts";

// Level 0 at 0.5 µm a pixel; each other one is reduced by its factor.
const at = (factor: number) => (x: number, y: number, channel: number) =>
  (factor * 40 + 3 * y + x + channel) & 255;
const level = (factor: number, more: Partial<MadeLevel> = {}) =>
  new Blob([
    levelFile({
      width: Math.ceil(300 / factor),
      height: Math.ceil(200 / factor),
      tile: 64,
      umPerPixel: 0.5 * factor,
      at: at(factor),
      ...more,
    }),
  ]);
const label = level(1, { width: 90, height: 80, flavour: "LABEL" });
const open = (files: readonly Blob[]) => openDicomSeries(files, NO_CODECS);

async function refused(files: readonly Blob[]): Promise<string> {
  const error = await open(files).then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof EngineError);
  return error.message;
}

describe("DICOM files that are given together", () => {
  test("are one slide where they are levels of one series, the finest first, in whatever order they come", async () => {
    assert.deepEqual(await seriesAmong([level(4), level(1), level(2)]), [[1, 2, 0]]);
  });

  test("are one slide with what lies beside its section, which is last", async () => {
    for (const flavour of ["LABEL", "OVERVIEW", "THUMBNAIL"]) {
      const beside = level(1, { width: 90, height: 80, flavour });
      assert.deepEqual(await seriesAmong([beside, level(2), level(1)]), [[2, 1, 0]]);
    }
  });

  test("are opened each by itself where they are of another series, frame, shape or extent, or no slide", async () => {
    const strangers = [
      level(2, { series: "2.25.77" }),
      level(2, { also: [element(0x00200052, "UI", "2.25.78")] }),
      level(2, { height: 150 }),
      level(2, { umPerPixel: 3 }),
      new Blob([dicomFile(film({ rows: 2, columns: 2 }, [1, 2, 3, 4]))]),
      new Blob(["no DICOM at all"]),
      new Blob([
        levelFile({ width: 64, height: 64, tile: 64, umPerPixel: 1, at: at(1) }).slice(0, 700),
      ]),
    ];
    for (const [index, stranger] of strangers.entries())
      assert.deepEqual(
        await seriesAmong([stranger, level(1), level(4)]),
        [[0], [1, 2]],
        `stranger ${index}`,
      );
  });

  test("of which none is the section are opened each by itself, which refuses them", async () => {
    assert.deepEqual(await seriesAmong([label, label]), [[0], [1]]);
    for (const flavour of ["LABEL", "OVERVIEW", "THUMBNAIL"]) {
      const bytes = new Uint8Array(await level(1, { flavour }).arrayBuffer());
      assert.match((await refusal(bytes)).message, /not its section: open the file/);
    }
  });

  test("stand in the list where the first of them stood, by the name of the finest", () => {
    const file = (name: string) => ({ name, file: new Blob([name]) });
    const [png, coarse, fine, other] = ["a.png", "coarse", "fine", "other"].map(file);
    assert.ok(png && coarse && fine && other);
    const list = joined([png, coarse, other, fine], [coarse, other, fine], [[2, 0], [1]]);
    assert.deepEqual(
      list.map(({ name, others = [] }) => [name, others.length]),
      [
        ["a.png", 0],
        ["fine", 1],
        ["other", 0],
      ],
    );
    assert.equal(list[1]?.others?.[0], coarse.file);
  });
});

describe("A slide of several DICOM files", () => {
  test("is one pyramid, each level with its own pixels", async () => {
    const source = await open([level(1), level(2), level(4), label]);
    assert.deepEqual(source.facts.levels, [
      { width: 300, height: 200 },
      { width: 150, height: 100 },
      { width: 75, height: 50 },
    ]);
    assert.equal(source.facts.format, "DICOM (uncompressed, 3 levels)");
    assert.deepEqual([source.facts.umPerPixel, source.facts.kind], [0.5, "histology"]);
    for (const [index, factor] of [1, 2, 4].entries()) {
      const part = { x: 20, y: 10, width: 55, height: 40 };
      const { data } = await source.read(index, part);
      const due = Array.from({ length: part.width * part.height * 3 }, (_, i) => {
        const pixel = Math.floor(i / 3);
        const [x, y] = [pixel % part.width, Math.floor(pixel / part.width)];
        return at(factor)(part.x + x, part.y + y, i % 3);
      });
      assert.deepEqual([...data], due);
    }
    assert.deepEqual(source.facts.notes, []);
    assert.equal(source.identity().seriesInstanceUid, "2.25.1001");
    await assert.rejects(source.read(3, { x: 0, y: 0, width: 1, height: 1 }), RangeError);
    source.close();
  });

  test("with two images of a level is read by the first in its series, and says so", async () => {
    const second = level(1, { number: 2, at: () => 7 });
    const [files = []] = await seriesAmong([second, level(2), level(1)]);
    assert.deepEqual(files, [2, 0, 1]);
    const source = await open([level(1), second, level(2)]);
    assert.equal(source.facts.levels.length, 2);
    assert.match(source.facts.notes[0] ?? "", /more than one image of a level/);
    assert.equal((await source.read(0, { x: 0, y: 0, width: 1, height: 1 })).data[0], 40);
  });

  test("of which a level lies in several files is refused with what to do", async () => {
    const part = (number: number) =>
      level(1, {
        also: [
          element(0x00209161, "UI", "2.25.9"),
          element(0x00209162, "US", [number]),
          element(0x00209163, "US", [2]),
        ],
      });
    assert.deepEqual(await seriesAmong([part(1), part(2)]), [[0, 1]]);
    const sentence =
      "This file is one part of an image that lies in several (a DICOM concatenation), which InSitu " +
      "does not put together: export the slide with one file a level.";
    assert.equal(await refused([part(1), part(2)]), sentence);
    assert.equal((await refusal(new Uint8Array(await part(1).arrayBuffer()))).message, sentence);
    // One that has only one part is whole.
    const whole = level(1, {
      also: [element(0x00209161, "UI", "2.25.9"), element(0x00209163, "US", [1])],
    });
    await openBytes(new Uint8Array(await whole.arrayBuffer()));
  });
});
