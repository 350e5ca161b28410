// Files that say their own scale in the page, end to end: a scanner's TIFF and a mammogram in DICOM,
// whose names stay in the file until a person asks for an export that has them.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { halved, type Plane } from "../../public/src/slide/formats/picture-levels.ts";
import { assertValid, DICOM_FOLDER, says } from "../dicom_setup.ts";
import {
  type DicomElement,
  dicomFile,
  element,
  film,
  INSTANCE_UID,
  replaced,
} from "../make_dicom.ts";
import { pngText } from "../decode_png.ts";
import { png } from "../made_images.ts";
import { section } from "../made_section.ts";
import { levelFile } from "../made_series.ts";
import { type MadeImage, makeTiff } from "../make_tiff.ts";
import { allWords, recordDrawing } from "./drawn.ts";
import { drop, type GivenFile, skip, usePages, type Visit } from "./harness.ts";
import { kept } from "./kept.ts";
import { drawScreen } from "./screens.ts";
import { breast, button, downloaded, panel, saved } from "./slide_steps.ts";

const realFilm = join(DICOM_FOLDER, "GH133.dcm");
const skipReal = existsSync(realFilm)
  ? skip
  : `SKIPPED: no ${realFilm.split("/").at(-1) ?? ""}; set INSITU_DATA`;

const WAIT = { timeout: 90_000 }; // of a machine that has other work

const scanned = (page: Page) =>
  panel(page).locator("details", { hasText: "Save the map" }).waitFor(WAIT);

const savedMap = async (page: Page, name: string) => (await saved(page, name)).bytes;
const savedJson = async (page: Page) =>
  (await downloaded(page, () => button(page, "Save JSON").click())).bytes;

type Row = Record<string, unknown>;

// The row of the one image that is there.
async function exportedRow(page: Page): Promise<Row> {
  const { images } = JSON.parse((await savedJson(page)).toString()) as { images: Row[] };
  assert.equal(images.length, 1);
  return images[0] ?? {};
}

// --- A scanner's TIFF ------------------------------------------------------------------------------

const FIELD = { width: 1_520, height: 1_180 };
const UM_PER_PIXEL = 2;
const LABEL = "case 4711";

function levelImage({ width, height, data }: Plane): MadeImage {
  return {
    width,
    height,
    samples: 3,
    sample: (x, y, channel) => data[(y * width + x) * 3 + channel] ?? 0,
    tile: [256, 256],
    compression: "deflate",
  };
}

// The section and what is coarser.
function planes(): [Plane, Plane, Plane] {
  const finest: Plane = { ...FIELD, channels: 3, data: Uint8Array.from(section(FIELD).rgb) };
  return [finest, halved(finest), halved(halved(finest))];
}

// As Aperio lays it out: the levels, and the label beside them.
function svs(): { file: Uint8Array<ArrayBuffer>; whole: Buffer } {
  const [finest, half, quarter] = planes();
  const said = `Aperio Image Library v12.0.0\r\n1520x1180|AppMag = 5|MPP = ${UM_PER_PIXEL}`;
  const label: MadeImage = {
    width: 90,
    height: 80,
    samples: 3,
    sample: () => 99,
    description: `Aperio Image Library v12.0.0\r\nlabel 90x80 ${LABEL}`,
    reduced: true,
  };
  const main = { ...levelImage(finest), description: said };
  const file = makeTiff([main, levelImage(half), levelImage(quarter), label]);
  return { file, whole: png(section(FIELD)) };
}

// As a scanner writes DICOM: each level a file, and another one of the label.
function series(): GivenFile[] {
  const levels = planes().map(({ width, height, data }, index) => ({
    name: `level-${index}`,
    bytes: levelFile({
      width,
      height,
      tile: 256,
      umPerPixel: UM_PER_PIXEL * 2 ** index,
      at: (x, y, channel) => data[(y * width + x) * 3 + channel] ?? 0,
    }),
  }));
  const label = levelFile({
    width: 90,
    height: 80,
    tile: 64,
    umPerPixel: 20,
    at: () => 99,
    flavour: "LABEL",
    also: [element(0x00400512, "LO", LABEL)], // Container Identifier
  });
  const [finest, half, quarter] = levels;
  assert.ok(finest && half && quarter);
  return [{ name: "label", bytes: label }, quarter, finest, half];
}

// --- A mammogram -----------------------------------------------------------------------------------

const NAMES = {
  patient: "ZWEIFEL^ROSALIND",
  id: "CASE-99-4711",
  referring: "QUERMANN^OTTO",
  institution: "NORDSEE KLINIK",
  comment: "SEEN IN APRIL",
};
const PATIENT: DicomElement[] = [
  element(0x00080020, "DA", "20250102"),
  element(0x00080030, "TM", "101112"),
  element(0x00080080, "LO", NAMES.institution),
  element(0x00080090, "PN", NAMES.referring),
  element(0x00100010, "PN", NAMES.patient),
  element(0x00100020, "LO", NAMES.id),
  element(0x00100030, "DA", "19600102"),
  element(0x00100040, "CS", "F"),
  element(0x00104000, "LT", NAMES.comment),
];

const FILM_SIDE = 700;
const operatingPoint = (threshold: string) =>
  new RegExp(
    `Operating point: suspicious, positive at or above ${threshold} \\(own\\), ` +
      "uncertain from 0\\.\\d+ to below 0\\.\\d+\\.",
  );
const WARNING = /which film has a finding it tells no better than chance/; // the model's own

// A breast at the left edge, of 0.2 mm a pixel where the tissue is.
function mammogram(...others: DicomElement[]): Uint8Array<ArrayBuffer> {
  const words = breast(FILM_SIDE, { air: 24, skin: 78, tissue: 550, texture: 98 });
  const made = film({ rows: FILM_SIDE, columns: FILM_SIDE, stored: 12 }, words);
  const spacing = element(0x00181164, "DS", "0.25\\0.25"); // at the detector, 1.25× the tissue
  return dicomFile(replaced([...made, ...PATIENT], spacing, ...others));
}

// How much is painted over the image, above the scale bar.
const painted = (page: Page) =>
  page.locator(".slide-overlay").evaluate((overlay: HTMLCanvasElement) => {
    const { width } = overlay;
    const height = Math.floor(overlay.height * 0.8);
    const copy = Object.assign(document.createElement("canvas"), { width, height });
    const context = copy.getContext("2d", { willReadFrequently: true });
    context?.drawImage(overlay, 0, 0);
    const data = context?.getImageData(0, 0, width, height).data ?? [];
    return data.filter((value, i) => i % 4 === 3 && value > 0).length;
  });

// Everything that the page shows, has drawn in words or holds in its document, its title and what of
// the browser it keeps things in.
const wholePage = async (page: Page) =>
  [await shownOrHeld(page), ...(await allWords(page)), await kept(page)].join("\n");

const shownOrHeld = (page: Page) =>
  page.evaluate(() =>
    [
      document.documentElement.outerHTML,
      document.title,
      ...[...document.querySelectorAll("input")].map(({ value }) => value),
      ...Object.entries<string>(localStorage).flat(),
      ...Object.entries<string>(sessionStorage).flat(),
      document.cookie,
    ].join("\n"),
  );

function assertNoNames(text: string, names: readonly string[], where: string): void {
  const found = names.filter((name) => text.includes(name));
  assert.deepEqual(found, [], `in ${where}`);
}

describe("files that say their scale", { skip, timeout: 300_000 }, () => {
  const { open } = usePages();

  // said: everything on the console
  async function onPage(act: (visit: Visit, said: string[]) => Promise<void>): Promise<void> {
    const said: string[] = [];
    const opened = await open({
      prepare: (page) => {
        page.on("console", (message) => said.push(message.text()));
        return recordDrawing(page);
      },
    });
    try {
      await act(opened, said);
      assert.deepEqual(opened.complaints, []);
    } finally {
      await opened.close();
    }
  }

  test("A scanner's TIFF is scanned at its own scale unasked, and gives what its pixels give as PNG by hand", () =>
    onPage(async ({ page }) => {
      const { file, whole } = svs();
      await drop(page, [{ name: "scan.svs", bytes: file }]);
      await scanned(page);
      const text = (await panel(page).innerText()).replaceAll(/\s+/g, " ");
      assert.match(text, /Image SVS \([^)]*\), 1520×1180 px/);
      assert.match(text, /2 µm\/px, aperio\.MPP; reduced to 1\/2 for the model's 4 µm\/px/);
      assert.equal(await button(page, "Scan at this scale").count(), 0, "never asked");
      const bySvs = await exportedRow(page);
      assert.equal(bySvs["um_per_pixel"], UM_PER_PIXEL);
      assert.equal(bySvs["scale_from"], "aperio.MPP");
      assert.doesNotMatch(await wholePage(page), new RegExp(LABEL), "the label stays unread");
      await page.locator("#remove").click();

      await drop(page, [{ name: "scan.png", bytes: whole }]);
      await button(page, /^5×/).click();
      await button(page, "Scan at this scale").click();
      await scanned(page);
      const byHand = await exportedRow(page);
      assert.equal(byHand["scale_from"], "given by hand");
      assert.ok((byHand["tissue_mm2"] as number) > 2);
      assert.ok((byHand["positive_mm2"] as number) > 0);
      const summary = ({ slide }: Row) => (slide as Row)["summary"];
      assert.deepEqual(summary(bySvs), summary(byHand));
    }));

  test("A slide in DICOM of a file a level is one image, its label unseen; what is of no series opens beside it", () =>
    onPage(async ({ page }) => {
      await drop(page, [...series(), { name: "film.dcm", bytes: mammogram() }]);
      const options = page.getByRole("option");
      await page.getByRole("option", { name: /film\.dcm/ }).waitFor(WAIT);
      assert.match((await options.allTextContents()).join(" "), /^level-0(?!.*level).*film\.dcm/);
      assert.equal(await options.count(), 2);
      await page.getByText("4 files are one slide: level-0.").waitFor(WAIT);
      await scanned(page);
      const text = (await panel(page).innerText()).replaceAll(/\s+/g, " ");
      assert.match(text, /Image DICOM \(uncompressed, 3 levels\), 1520×1180 px/);
      assert.match(text, /2 µm\/px, Pixel Spacing/);
      assert.doesNotMatch(await wholePage(page), new RegExp(LABEL));
      await drawScreen(page, "slide-dicom-series");
      await page.getByRole("option", { name: /film\.dcm/ }).click();
      await scanned(page);
      await page.locator("#remove").click();
      const byDicom = await exportedRow(page);
      await page.locator("#remove").click();

      await drop(page, [{ name: "scan.svs", bytes: svs().file }]);
      await scanned(page);
      const summary = ({ slide }: Row) => (slide as Row)["summary"];
      assert.deepEqual(summary(byDicom), summary(await exportedRow(page)));
    }));

  // What a film's names must not be in, before and after its scan.
  async function assertSilent(page: Page, said: string[], names: readonly string[]) {
    assertNoNames(await wholePage(page), names, "the page");
    assertNoNames(said.join("\n"), names, "the console");
    assertNoNames((await savedJson(page)).toString(), names, "the JSON");
    const csv = await downloaded(page, () => button(page, "Save CSV").click());
    assertNoNames(csv.bytes.toString(), names, "the CSV");
    for (const name of ["GeoJSON", "Tiles as CSV"]) {
      assertNoNames((await savedMap(page, name)).toString("latin1"), names, name);
    }
    const picture = await savedMap(page, "Map as PNG");
    assertNoNames(pngText(picture), names, "the PNG");
    const drawn = (await allWords(page)).join("\n");
    assert.match(drawn, /SHA-256 [0-9a-f]{64}/, "what is drawn on the picture is seen");
    assertNoNames(drawn, names, "what is drawn");
  }

  async function saveDicom(page: Page) {
    const report = await savedMap(page, "DICOM report (SR)");
    const capture = await savedMap(page, "Map as DICOM (SC)");
    assertValid(report);
    assertValid(capture);
    return { report, capture };
  }

  test("A mammogram in DICOM is mapped with the model's warning, silent of its names until its DICOM exports are asked for", () =>
    onPage(async ({ page }, said) => {
      await drop(page, [{ name: "film.dcm", bytes: mammogram() }]);
      await scanned(page);
      const text = (await panel(page).innerText()).replaceAll(/\s+/g, " ");
      assert.match(
        text,
        /No suspicious mark on this film Strongest mark 0\.1\d+, threshold 0\.\d+/,
      );
      assert.match(text, /Breast judged [1-9]/);
      assert.match(text, /Model mammogram \d/);
      assert.match(text, /200 µm\/px|0\.2 mm\/px/);
      assert.match(
        text,
        /Imager Pixel Spacing \(0018,1164\) by Estimated Radiographic Magnification/,
      );
      assert.match(text, WARNING);
      assert.ok(await panel(page).getByText(WARNING).isVisible());
      assert.equal(await painted(page), 0, "no mark, and nothing over the film's greys");
      const room = page.locator(".slide-room");
      assert.equal(
        await room.evaluate((element) => getComputedStyle(element).backgroundColor),
        "rgb(0, 0, 0)",
      );
      await page.getByRole("slider", { name: "Threshold" }).fill("0.1");
      const marked = panel(page).locator("h2", { hasText: /^\d suspicious marks? on this film/ });
      await marked.waitFor();
      await drawScreen(page, "slide-dicom-film");
      assert.ok((await painted(page)) > 100);
      await assertSilent(page, said, Object.values(NAMES));

      const { report, capture } = await saveDicom(page);
      for (const file of [report, capture]) {
        const told = says("dcmdump", ["-q"], file);
        assert.ok(told.includes(`(0010,0010) PN [${NAMES.patient}]`));
        assert.ok(told.includes(`(0008,1155) UI [${INSTANCE_UID}]`));
      }
      const told = says("dsrdump", ["+Pl"], report);
      assert.match(told, /Score of the film/);
      assert.match(told, /"Uncertain from probability"\)="0\.1"/, "widened to the threshold");
      assert.match(told, operatingPoint("0.1"));
      assert.match(
        says("dcmdump", ["-q", "+L", "+P", "0020,4000"], capture),
        operatingPoint("0.1"),
      );
      await page.getByRole("slider", { name: "Threshold" }).fill("0.3");
      await panel(page)
        .getByText(/Strongest mark 0\.\d+, threshold 0\.3\./)
        .waitFor();
      const later = await savedMap(page, "DICOM report (SR)");
      assert.match(says("dsrdump", ["+Pl"], later), operatingPoint("0.3"), "the one in force");
      assertNoNames(await wholePage(page), Object.values(NAMES), "the page after its exports");
    }));

  test("A real mammogram in DICOM is mapped, and its exports are valid", { skip: skipReal }, () =>
    onPage(async ({ page }, said) => {
      await page.locator("#file-input").setInputFiles(realFilm);
      await scanned(page);
      assert.ok(await panel(page).getByText(WARNING).isVisible());
      await drawScreen(page, "slide-dicom-real");
      // The gate knows scanned films alone; the file's word goes before it, and the page says so.
      const text = (await panel(page).innerText()).replaceAll(/\s+/g, " ");
      assert.match(text, /Breast judged [1-9]/);
      assert.match(text, /suspicious marks? on this film/);
      assert.match(text, /because its file says so \(DICOM modality MG\)/);
      assert.equal((await exportedRow(page))["kind_from"], "DICOM modality MG");
      await assertSilent(page, said, ["ANON-1234", "GESEN121"]);
      const { report } = await saveDicom(page);
      assert.match(says("dcmdump", ["-q"], report), /\(0010,0010\) PN \[ANON-1234/);
    }),
  );

  test("A film FOR PROCESSING is refused with the reason, and the page goes on", () =>
    onPage(async ({ page }, said) => {
      const bytes = mammogram(element(0x00080068, "CS", "FOR PROCESSING"));
      await drop(page, [{ name: "raw.dcm", bytes }]);
      await page
        .locator("#answer")
        .getByText(
          /FOR PROCESSING: it holds the detector's raw values.* open the one FOR PRESENTATION/,
        )
        .filter({ visible: true })
        .waitFor();
      await drawScreen(page, "slide-dicom-refused");
      assertNoNames(await wholePage(page), Object.values(NAMES), "the page");
      assertNoNames(said.join("\n"), Object.values(NAMES), "the console");
      await drop(page, [{ name: "film.dcm", bytes: mammogram() }]);
      await page.getByRole("option", { name: /film\.dcm/ }).click();
      await scanned(page);
    }));
});
