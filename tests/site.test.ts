// The built folder: what is in it, how it is named, how large it is.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import { cssSubset } from "../public/css-subset.mjs";

const root = join(import.meta.dirname, "..");
const site = process.env["INSITU_SITE"] ?? join(root, "build/site");
const skip = existsSync(join(site, "index.html"))
  ? false
  : `SKIPPED: ${site} is not built; run make site`;

const KILOBYTE = 1024;
// Engine, its decoders and its glue, brotli.
const MAX_ENGINE_BYTES = 60 * KILOBYTE;
const MAX_SEED_BYTES = 2_100_000; // as it is
const MAX_PAGE_BYTES = 40 * KILOBYTE; // everything else, brotli
const HASHED = /^[\w-]+-([0-9a-f]{10})\.\w+$/;

const names = skip === false ? readdirSync(site).sort() : [];
const plain = names.filter((name) => !name.endsWith(".br"));
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
  for (const name of named) assert.ok(plain.includes(name), name);
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
  for (const name of plain.filter((file) => /\.(html|js|css|svg|json)$/.test(file))) {
    const origins = text(name).match(/(https?:)?\/\/[\w-]+\.[\w./-]+/g) ?? [];
    assert.deepEqual(
      origins.filter((origin) => !allowed.test(origin)),
      [],
      name,
    );
  }
});

test("The page has neither inline scripts nor inline styles nor handlers", { skip }, () => {
  const html = text("index.html");
  assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)/);
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=/);
  assert.doesNotMatch(text(named(/\.css$/)), /data:|@import|url\(/);
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
  assert.deepEqual(policies["workers"], [named(/^engine-worker-/)]);
});

test("The engine with its glue does not grow beyond 78 KB of brotli", { skip }, () => {
  const glue = packed(named(/^engine-worker-/));
  for (const pattern of [/^engine-simd-/, /^engine-relaxed-/]) {
    const bytes = packed(named(pattern)) + glue;
    assert.ok(bytes <= MAX_ENGINE_BYTES, `${pattern}: ${bytes} bytes`);
  }
});

test("The seed model stays within 2.1 MB and the rest of the page within 40 KB", { skip }, () => {
  const seed = read(named(/^seed-/)).length;
  assert.ok(seed <= MAX_SEED_BYTES, `${seed} bytes`);
  const page = plain.filter((name) => /\.(html|css|svg)$|^(main|theme)-/.test(name));
  const bytes = page.reduce((sum, name) => sum + packed(name), 0);
  assert.ok(bytes <= MAX_PAGE_BYTES, `${bytes} bytes`);
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
