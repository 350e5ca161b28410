// The built folder: what is in it, how it is named, how large it is.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import { cssSubset } from "../public/css-subset.mjs";
import { publishedFigures } from "../public/published.mjs";

const root = join(import.meta.dirname, "..");
const site = process.env["INSITU_SITE"] ?? join(root, "build/site");
const skip = existsSync(join(site, "index.html"))
  ? false
  : `SKIPPED: ${site} is not built; run make site`;

const KILOBYTE = 1024;
// Engine with every kernel, its decoders, its gate and its glue, brotli.
const MAX_ENGINE_BYTES = 64 * KILOBYTE;
const MAX_SEED_BYTES = 2_100_000; // as it is
const MAX_PAGE_BYTES = 40 * KILOBYTE; // everything else that each person fetches, brotli
const MAX_ACCOUNT_BYTES = 40 * KILOBYTE; // what is fetched for an account alone, brotli
const MAX_SLIDE_BYTES = 480 * KILOBYTE; // what is fetched for an image larger than a patch alone, brotli
const MAX_FIGURES_BYTES = 60 * KILOBYTE; // what is fetched for the pages about figures alone, brotli
const HASHED = /^[\w-]+-([0-9a-f]{10})\.\w+$/;

const names = skip === false ? readdirSync(site).sort() : [];
const NO_SERVER = "api"; // the folder of the answer that there is no server
const plain = names.filter((name) => !name.endsWith(".br") && name !== NO_SERVER);
const read = (name: string) => readFileSync(join(site, name));
const text = (name: string) => read(name).toString("utf8");
const packed = (name: string) => read(`${name}.br`).length;

function named(pattern: RegExp): string {
  const found = plain.filter((name) => pattern.test(name));
  assert.equal(found.length, 1, `one file is called ${pattern}`);
  return found[0] ?? "";
}

test("Every file but the page and its policies is named by its content", { skip }, () => {
  for (const name of plain) {
    if (name === "index.html" || name === "headers.json") continue;
    const digits = HASHED.exec(name)?.[1];
    assert.ok(digits, `${name} has a hash`);
    assert.ok(createHash("sha256").update(read(name)).digest("hex").startsWith(digits), name);
  }
});

test("Every file has its brotli form, equal and not larger", { skip }, () => {
  for (const name of plain.filter((file) => file !== "headers.json")) {
    assert.ok(brotliDecompressSync(read(`${name}.br`)).equals(read(name)), name);
    assert.ok(packed(name) <= read(name).length + 16, `${name} gained by it`);
  }
});

test("The page names only files that are there, relative to itself", { skip }, () => {
  const named = [...text("index.html").matchAll(/(?:src|href)="([^"]*)"/g)].map(
    ([, name]) => name ?? "",
  );
  assert.ok(named.length >= 4);
  for (const name of named) assert.ok(name.startsWith("#") || plain.includes(name), name);
});

test("The script names both engines, the worker and every model", { skip }, () => {
  const script = text(named(/^main-/));
  const models = readdirSync(join(root, "model")).filter((name) => name.endsWith(".onnx"));
  for (const pattern of [/^engine-simd-/, /^engine-relaxed-/, /^engine-worker-/]) {
    assert.ok(script.includes(named(pattern)), String(pattern));
  }
  assert.ok(models.length > 0);
  for (const model of models) {
    assert.ok(script.includes(named(new RegExp(`^${model.replace(".onnx", "")}-.*onnx$`))), model);
  }
});

test("No file names another origin, but for namespaces and licences", { skip }, () => {
  const allowed = /^https?:\/\/(www\.w3\.org\/|getbootstrap\.com\/|github\.com\/twbs\/)/;
  // Formats and servers that OpenSeadragon could read, and where its libraries' licences and bugs are;
  // the page's policy lets none of them be asked.
  const ofViewer =
    /^https?:\/\/(openseadragon\.github\.io|(library\.stanford\.edu|iiif\.io)\/|schemas\.microsoft\.com\/deepzoom\/|tile\.openstreetmap\.org\/|github\.com\/(geotiffjs|cornerstonejs)\/)/;
  for (const name of plain.filter((file) => /\.(html|js|css|svg|json)$/.test(file))) {
    const origins = text(name).match(/(https?:)?\/\/[\w-]+\.[\w./-]+/g) ?? [];
    assert.deepEqual(
      origins.filter(
        (origin) => !allowed.test(origin) && !(name.startsWith("slide-") && ofViewer.test(origin)),
      ),
      [],
      name,
    );
  }
});

test("The page has neither inline scripts nor inline styles nor handlers", { skip }, () => {
  const html = text("index.html");
  assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)/);
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=/);
  for (const style of [
    /^app-.*\.css$/,
    /^account-.*\.css$/,
    /^figures-.*\.css$/,
    /^slide-.*\.css$/,
  ].map(named)) {
    assert.doesNotMatch(text(style), /data:|@import|url\(/);
  }
});

test("The worker's script reaches for nothing", { skip }, () => {
  const worker = text(named(/^engine-worker-/));
  assert.doesNotMatch(
    worker,
    /\bimport\s*\(|\bfetch\s*\(|XMLHttpRequest|WebSocket|importScripts|\beval\b/,
  );
});

test("One policy, in the page and for the server", { skip }, () => {
  const policies = JSON.parse(text("headers.json")) as Record<string, unknown>;
  const policy = String(policies["csp"]);
  assert.ok(
    text("index.html").includes(`http-equiv="Content-Security-Policy" content="${policy}"`),
  );
  assert.match(policy, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*|data:/);
  assert.equal(policies["worker_csp"], "default-src 'none'");
  const workers = [
    /^engine-worker-/,
    /^argon2-worker-/,
    /^evaluation-worker-/,
    /^slide-worker-/,
  ].map(named);
  assert.deepEqual(policies["workers"], workers);
});

test("The engine with its glue does not grow beyond 64 KB of brotli", { skip }, () => {
  const glue = packed(named(/^engine-worker-/));
  for (const pattern of [/^engine-simd-/, /^engine-relaxed-/]) {
    const bytes = packed(named(pattern)) + glue;
    assert.ok(bytes <= MAX_ENGINE_BYTES, `${pattern}: ${bytes} bytes`);
  }
});

test("The seed model stays within 2.1 MB and the rest of the page within 40 KB", { skip }, () => {
  const seed = read(named(/^seed-/)).length;
  assert.ok(seed <= MAX_SEED_BYTES, `${seed} bytes`);
  const page = plain.filter((name) => /^(index\.html|(app|icon|main|theme)-)/.test(name));
  const bytes = page.reduce((sum, name) => sum + packed(name), 0);
  assert.ok(bytes <= MAX_PAGE_BYTES, `${bytes} bytes`);
});

test(
  "What an account alone needs stays within 40 KB and is named by no other file",
  { skip },
  () => {
    const [script, style] = [named(/^account-.*\.js$/), named(/^account-.*\.css$/)];
    const rest = [named(/^argon2-.*\.wasm$/), named(/^argon2-worker-/)];
    const bytes = [script, style, ...rest].reduce((sum, name) => sum + packed(name), 0);
    assert.ok(bytes <= MAX_ACCOUNT_BYTES, `${bytes} bytes`);
    assert.ok(text(named(/^main-/)).includes(script));
    for (const name of [style, ...rest]) {
      assert.ok(text(script).includes(name), name);
      assert.ok(
        !text(named(/^main-/)).includes(name),
        `${name} is fetched by the account's script`,
      );
    }
    assert.ok(!text("index.html").includes("account-"));
  },
);

test(
  "What the pages about figures need stays within 60 KB and is named by no other file",
  { skip },
  () => {
    const script = named(/^figures-.*\.js$/);
    const rest = [/^figures-.*\.css$/, /^evaluation-.*\.wasm$/, /^evaluation-worker-/].map(named);
    const bytes = [script, ...rest].reduce((sum, name) => sum + packed(name), 0);
    assert.ok(bytes <= MAX_FIGURES_BYTES, `${bytes} bytes`);
    assert.ok(text(named(/^main-/)).includes(script));
    for (const name of rest) {
      assert.ok(text(script).includes(name), name);
      assert.ok(!text(named(/^main-/)).includes(name), `${name} is fetched by the figures' script`);
    }
  },
);

test(
  "What an image larger than a patch needs stays within 480 KB and is named by no other file",
  { skip },
  () => {
    const script = named(/^slide-[0-9a-f]+\.js$/);
    const rest = [
      /^slide-.*\.css$/,
      /^slide-worker-/,
      /^codecs-.*\.wasm$/,
      /^scan-simd-/,
      /^scan-relaxed-/,
    ].map(named);
    const [, ...fetched] = [named(/^scan-simd-/), script, ...rest.slice(0, 4)]; // one kind of scan
    const bytes = fetched.reduce((sum, name) => sum + packed(name), 0);
    assert.ok(bytes <= MAX_SLIDE_BYTES, `${bytes} bytes`);
    assert.ok(text(named(/^main-/)).includes(script));
    for (const name of rest) {
      assert.ok(text(script).includes(name), name);
      assert.ok(!text(named(/^main-/)).includes(name), `${name} is fetched by the slide's script`);
    }
  },
);

test(
  "Beside each evaluated model lie its report, its card and what others published",
  { skip },
  () => {
    const main = text(named(/^main-/));
    const stems = readdirSync(join(root, "model"))
      .filter((name) => name.endsWith(".report.json"))
      .map((name) => name.replace(".report.json", ""))
      .filter((stem) => existsSync(join(root, "model", `${stem}.onnx`)));
    assert.ok(stems.includes("seed"));
    for (const stem of stems) {
      const report = named(new RegExp(`^report-${stem}-`));
      assert.ok(main.includes(report));
      assert.ok(read(report).equals(readFileSync(join(root, "model", `${stem}.report.json`))));
      assert.ok(main.includes(named(new RegExp(`^card-${stem}-`))));
    }
    const published = JSON.parse(text(named(/^published-seed-/))) as { figures: { bac: number }[] };
    assert.deepEqual(
      published.figures.map(({ bac }) => bac),
      [0.842, 0.847, 0.89],
    );
  },
);

test("Of a card's facts only what is published is read, and what it cannot read is an error", () => {
  const folder = mkdtempSync(join(tmpdir(), "insitu-facts-"));
  const put = (name: string, lines: string[]) =>
    writeFileSync(join(folder, name), lines.join("\n"));
  put("base.toml", [
    "# a comment",
    'intended = ["[[published]]"]',
    "published_notes = [",
    '  "One \\"note\\", with a comma",',
    '  "two",',
    "]",
    "[[published]]",
    'who = "Somebody 1999"',
    "bac = 0.5",
    "[claim]",
    "1 = {}",
  ]);
  put("a.card.toml", ['base = "base.toml"', "[[published]]", 'who = "Others 2000"']);
  put("none.card.toml", ['summary = "nothing"']);
  put("bad.card.toml", ["[[published]]", "bac = about a half"]);
  assert.deepEqual(publishedFigures(join(folder, "a.card.toml")), {
    figures: [{ who: "Others 2000" }], // in place of the base's
    notes: ['One "note", with a comma', "two"],
  });
  assert.deepEqual(publishedFigures(join(folder, "base.toml"))?.figures, [
    { who: "Somebody 1999", bac: 0.5 },
  ]);
  assert.equal(publishedFigures(join(folder, "none.card.toml")), null);
  assert.equal(publishedFigures(join(folder, "absent.card.toml")), null);
  assert.throws(() => publishedFigures(join(folder, "bad.card.toml")), /line 2: bac is neither/);
  rmSync(folder, { recursive: true });
});

test("On plain hosting the site says that there is no server", { skip }, () => {
  assert.equal(text("api/config").trim(), "null");
});

test("A second style sheet repeats nothing of the first", () => {
  const css = ".a { color: red } .b { top: 0 } .a .b { left: 0 } p { margin: 0 }";
  const kept = cssSubset(css, ["a b"], ["a"]).replaceAll(/\s+/g, " ").trim();
  assert.equal(kept, ".b{ top: 0 }.a .b{ left: 0 }");
});

test("Of a style sheet the used rules stay, at any depth, with their licence", () => {
  const css = `@charset "UTF-8";
/*! a licence */
/* a comment { */
:root { --a: url("data:x;}") }
.used, .unused > p, .used:not(.unused):hover { color: red }
.unused { background: url("data:y") }
@media (min-width: 1px) { .used .also { top: 0 } .unused { top: 1px } }
@media print { .unused { top: 2px } }
@keyframes spin { to { top: 3px } }
[type="x.unused"] { top: 4px }`;
  const kept = cssSubset(css, ['<p class="used also">']).replaceAll(/\s+/g, " ");
  assert.ok(kept.startsWith('@charset "UTF-8"; /*! a licence */'));
  assert.match(kept, /:root\{ --a: url\("data:x;}"\) }/);
  assert.match(kept, /\.used, \.used:not\(\.unused\):hover\{ color: red }/);
  assert.match(kept, /@media \(min-width: 1px\)\{\.used \.also\{ top: 0 }}/);
  assert.match(kept, /\[type="x\.unused"\]\{/);
  assert.doesNotMatch(kept, /data:y|print|spin|comment|\.unused > p/);
});
