// The committed table of the gate (make gate writes it): the aims that it is held to, and that it is
// of the gate which this program was built with.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

interface Share {
  share: number;
  interval: [number, number];
}

interface Row {
  family: string;
  variant: string;
  right: boolean;
  images: number;
  groups: number;
  refused: Share; // as shipped
  refused_held_out?: Share; // by a gate fitted without the family
  warned: number;
  reason_right?: number; // of those refused, the share with the reason that they were listed with
}

interface GateReport {
  histology: Row[];
  mammogram: Row[];
}

const root = join(import.meta.dirname, "..");
const readReport = (path: string) => JSON.parse(readFileSync(path, "utf8")) as GateReport;
const report = readReport(join(root, "model/gate.report.json"));

const total = (rows: Row[]) => rows.reduce((sum, { images }) => sum + images, 0);

test("The gate refuses 95 % of wrong images with their family held out, and 5 % of right patches at most", () => {
  const wrong = report.histology.filter(({ right }) => !right);
  const refused = wrong.reduce(
    (sum, { images, refused_held_out: held }) => sum + images * (held?.share ?? NaN),
    0,
  );
  assert.ok(total(wrong) >= 3000);
  assert.ok(new Set(wrong.map(({ family }) => family)).size >= 15);
  assert.ok(refused / total(wrong) >= 0.95, String(refused / total(wrong)));
  const patches = report.histology.find(({ variant }) => variant === "idc_patch");
  assert.ok(patches && patches.images >= 3000);
  assert.ok(patches.refused.share <= 0.05);
});

test("The gate refuses 5 % of whole films at most where the model reads films", () => {
  const films = report.mammogram.find(({ variant }) => variant === "film");
  assert.ok(films && films.images >= 100);
  assert.ok(films.refused.share <= 0.05);
});

const program = join(root, "build/native/insitu-fit-gate");
const data = process.env["INSITU_DATA"] ?? join(root, "../shared/data");
const missing = ["idc/manifest.csv", "idc/patches", "mias/labels.csv"].filter(
  (path) => !existsSync(join(data, path)),
);
const skip =
  missing.length > 0
    ? `SKIPPED: no ${missing.join(", ")} in ${data}; set INSITU_DATA`
    : existsSync(program)
      ? false
      : `SKIPPED: ${program} not there; run make test`;

// The rows of a table of commas, by their headings.
function readCsv(path: string): Record<string, string>[] {
  const [heading, ...lines] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  const names = (heading ?? "").split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ""]));
  });
}

// The images of the table that are data as they come, listed as make_images.py lists them: the IDC
// patches of the val list, and the films of women of even number.
function listImages(): string {
  const patches = readCsv(join(data, "idc/manifest.csv"))
    .filter((row) => row["list"] === "val")
    .map((row) => [`idc/patches/${row["path"]}`, "right", "idc_patch", "", row["case"]]);
  const women = new Map(
    readCsv(join(data, "mias/labels.csv")).map((row) => [row["image"], row["woman"] ?? ""]),
  );
  const films = Array.from(women)
    .filter(([, woman]) => Number(woman.replace(/\D/g, "")) % 2 === 0)
    .map(([film, woman]) => [`mias/${film}.png`, "film", "film", "grey_not_film", woman]);
  return [...patches, ...films]
    .map(([path, ...rest]) => [join(data, path ?? ""), ...rest, "test"].join("\t") + "\n")
    .join("");
}

test(
  "The gate as built refuses of the val patches and of the films exactly what the table says",
  { skip },
  () => {
    const work = mkdtempSync(join(tmpdir(), "insitu-gate-"));
    try {
      const [list, measured] = [join(work, "list.tsv"), join(work, "shipped.json")];
      writeFileSync(list, listImages());
      const words = ["--list", list, "--shipped", measured];
      const { status, stderr } = spawnSync(program, words, { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      const asShipped = ({ refused_held_out: _, ...row }: Row) => row;
      const committed = (rows: Row[], variants: string[]) =>
        rows.filter(({ variant }) => variants.includes(variant)).map(asShipped);
      assert.deepEqual(readReport(measured), {
        histology: committed(report.histology, ["idc_patch", "film"]),
        mammogram: committed(report.mammogram, ["film"]),
      });
    } finally {
      rmSync(work, { recursive: true });
    }
  },
);

// One line of the tables in gate/README.md: "share [low, high]" at three and two digits.
function assertLine(cells: string[], row: Row): void {
  const [, images, groups, heldOut, shipped, warned, reason] = cells;
  assert.deepEqual([Number(images), Number(groups)], [row.images, row.groups], row.variant);
  const near = (text: string | undefined, value: number, digits: number) =>
    assert.ok(Math.abs(Number(text) - value) <= 0.501 * 10 ** -digits, `${row.variant}: ${text}`);
  const assertShare = (text: string | undefined, { share, interval }: Share) => {
    const numbers = (text ?? "").match(/[\d.]+/g) ?? [];
    near(numbers[0], share, 3);
    interval.forEach((limit, i) => near(numbers[i + 1], limit, 2));
  };
  assertShare(shipped, row.refused);
  near(warned, row.warned, 3);
  if (row.refused_held_out) assertShare(heldOut, row.refused_held_out);
  else assert.equal(heldOut, "right");
  if (row.reason_right !== undefined) near(reason, row.reason_right, 3);
}

test("The tables that people read are the committed ones", () => {
  const lines = readFileSync(join(root, "model/gate/README.md"), "utf8")
    .split("\n")
    .filter((line) => /^\| \w+ \| \d+ \|/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const rows = [...report.histology, ...report.mammogram];
  assert.deepEqual(
    lines.map(([variant]) => variant),
    rows.map(({ variant }) => variant),
  );
  lines.forEach((cells, i) => {
    const row = rows[i];
    assert.ok(row);
    assertLine(cells, row);
  });
});
