// Builds the site: node public/build.mjs [--out build/site] [--engines build] [--models model]
//                              [--uncompressed]
//
// Every file but index.html has the hash of its content in its name, so that it may be cached for
// ever; every one has its brotli form beside it. All names are relative: the folder works on any
// static file server, at any path. headers.json, for our own server, holds the policies that a
// header can say better than a page.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { parseArgs } from "node:util";
import { build, transform } from "esbuild";
import { brotli } from "./brotli.mjs";
import { cssSubset } from "./css-subset.mjs";
import { withoutGeotiffDecoders } from "./geotiff-parts.mjs";
import { onnxMetadata } from "./onnx-metadata.mjs";
import { publishedFigures } from "./published.mjs";

const root = join(import.meta.dirname, "..");
const page = import.meta.dirname;

const PAGE_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
  "img-src 'self' blob:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'";
const WORKER_POLICY = "default-src 'none'";

const UNCOMPRESSED = new Set(["headers.json", "api/config"]);
const HASH_DIGITS = 10; // as the server expects (HasContentHash)
const FIRST_MODELS = ["best.onnx", "seed.onnx"]; // in this order, then the others by name
const TARGET = "es2022";

const { values: options } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "build/site") },
    engines: { type: "string", default: join(root, "build") },
    models: { type: "string", default: join(root, "model") },
    uncompressed: { type: "boolean", default: false },
  },
});
const cache = join(root, "build/brotli");

function fail(sentence) {
  console.error(`public/build.mjs: ${sentence}`);
  process.exit(1);
}

const digest = (bytes, encoding) => createHash("sha256").update(bytes).digest(encoding);

// Files of the site by name, until all are written at once.
const files = new Map();

// Returns the name with its hash.
function add(name, content) {
  const bytes = Buffer.from(content);
  const extension = extname(name);
  const hashed = `${basename(name, extension)}-${digest(bytes, "hex").slice(0, HASH_DIGITS)}${extension}`;
  files.set(hashed, bytes);
  return { file: hashed, integrity: `sha256-${digest(bytes, "base64")}` };
}

// The sources of what is fetched only for an account, and for the pages about figures.
const isOfAccount = (name) => name.startsWith("account/");
const isOfFigures = (name) => name.startsWith("figures/");
const isOfSlides = (name) => name.startsWith("slide/");
const isOfPart = (name) => isOfAccount(name) || isOfFigures(name) || isOfSlides(name);

async function bundle(entry, format, define = {}) {
  const { outputFiles } = await build({
    entryPoints: [join(page, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    format,
    target: TARGET,
    charset: "utf8",
    define,
    plugins: [withoutGeotiffDecoders],
  });
  return outputFiles[0].contents;
}

// wanted: which scripts of public/src, by their names there
function sourceTexts(wanted) {
  const scripts = readdirSync(join(page, "src"), { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .filter(wanted);
  return scripts.map((name) => readFileSync(join(page, "src", name), "utf8"));
}

const bootstrap = () =>
  readFileSync(join(root, "node_modules/bootstrap/dist/css/bootstrap.css"), "utf8");
const own = (name) => readFileSync(join(page, name), "utf8");

function pageSources() {
  return [own("index.html"), ...sourceTexts((name) => !isOfPart(name))];
}

function pageStyle() {
  return style(`${cssSubset(bootstrap(), pageSources())}\n${own("app.css")}`);
}

// What the page's style sheet does not have already.
function partStyle(isOfThis, css) {
  const sources = [...pageSources(), ...sourceTexts(isOfThis)];
  return style(`${cssSubset(bootstrap(), sources, pageSources())}\n${own(css)}`);
}

async function style(css) {
  const { code } = await transform(css, {
    loader: "css",
    minify: true,
    legalComments: "inline",
    target: TARGET,
  });
  if (code.includes("data:"))
    fail("the style sheet uses a data: image, which the page's policy forbids.");
  return code;
}

// A file of what was built of wasm/.
function wasm(name) {
  const path = join(options.engines, name);
  if (!existsSync(path)) fail(`${path} is not there. Run make wasm first.`);
  return readFileSync(path);
}

function engines() {
  const entries = ["simd", "relaxed"].map((kind) => {
    return [kind, add(`engine-${kind}.wasm`, wasm(`wasm-${kind}/engine.wasm`))];
  });
  return Object.fromEntries(entries);
}

function models() {
  const names = readdirSync(options.models)
    .filter((name) => name.endsWith(".onnx"))
    .sort();
  if (names.length === 0) fail(`${options.models} holds no model. Run make train.`);
  const place = (name) =>
    FIRST_MODELS.includes(name) ? FIRST_MODELS.indexOf(name) : FIRST_MODELS.length;
  names.sort((a, b) => place(a) - place(b));
  return names.map((name) => {
    const bytes = readFileSync(join(options.models, name));
    const about = onnxMetadata(bytes);
    const [id, kind] = [about.get("insitu.id"), about.get("insitu.kind")];
    if (id === undefined || kind === undefined) fail(`${name} does not say its id and its kind.`);
    const { file } = add(name, bytes);
    return { name, id, kind, file, bytes: bytes.length, sha256: digest(bytes, "hex") };
  });
}

async function account() {
  const worker = add("argon2-worker.js", await bundle("account/argon2-worker.ts", "iife"));
  const module = add("argon2.wasm", wasm("wasm-simd/argon2.wasm"));
  const catalog = {
    style: add("account.css", await partStyle(isOfAccount, "account.css")),
    hasher: { module, worker },
  };
  const define = { ACCOUNT_CATALOG: JSON.stringify(catalog) };
  const script = add("account.js", await bundle("account/main.ts", "esm", define));
  return { script: script.file, worker: worker.file };
}

async function slide() {
  const worker = add("slide-worker.js", await bundle("slide/slide-worker.ts", "iife"));
  const scan = (kind) => add(`scan-${kind}.wasm`, wasm(`wasm-${kind}/scan.wasm`));
  const catalog = {
    style: add("slide.css", await partStyle(isOfSlides, "slide.css")),
    worker,
    codecs: add("codecs.wasm", wasm("wasm-simd/codecs.wasm")),
    scan: { simd: scan("simd"), relaxed: scan("relaxed") },
  };
  const define = { SLIDE_CATALOG: JSON.stringify(catalog) };
  const script = add("slide.js", await bundle("slide/main.ts", "esm", define));
  return { script: script.file, worker: worker.file };
}

// What lies beside the models: NAME.report.json, what insitu evaluate printed of it; NAME.md, its card;
// NAME.card.toml with what others published; and section.report.json, of the model that it names.
function reports(models) {
  const section = sectionReport(models);
  return models.flatMap(({ name, sha256 }) => {
    const stem = basename(name, ".onnx");
    const beside = (ending) => join(options.models, `${stem}.${ending}`);
    if (!existsSync(beside("report.json"))) return [];
    const report = readFileSync(beside("report.json"));
    if (JSON.parse(report).model.sha256 !== sha256)
      fail(`${beside("report.json")} is of another model than ${name}. Run make cards.`);
    const published = publishedFigures(beside("card.toml"));
    const card = existsSync(beside("md")) ? readFileSync(beside("md")) : null;
    return [
      {
        model: sha256,
        report: add(`report-${stem}.json`, report),
        card: card && add(`card-${stem}.txt`, card),
        section: section?.model === sha256 ? section.file : null,
        facts: published && add(`published-${stem}.json`, JSON.stringify(published)),
      },
    ];
  });
}

function sectionReport(models) {
  const path = join(options.models, "section.report.json");
  if (!existsSync(path)) return null;
  const report = readFileSync(path);
  const model = JSON.parse(report).model.sha256;
  if (!models.some(({ sha256 }) => sha256 === model))
    fail(`${path} is of another model than those beside it. Run make section.`);
  return { model, file: add("report-section.json", report) };
}

async function figures(models) {
  const worker = add("evaluation-worker.js", await bundle("figures/evaluation-worker.ts", "iife"));
  const gate = join(options.models, "gate.report.json");
  const catalog = {
    style: add("figures.css", await partStyle(isOfFigures, "figures.css")),
    module: add("evaluation.wasm", wasm("wasm-simd/evaluation.wasm")),
    worker,
    gate: existsSync(gate) ? add("report-gate.json", readFileSync(gate)) : null,
  };
  const define = { FIGURES_CATALOG: JSON.stringify(catalog) };
  const script = add("figures.js", await bundle("figures/main.ts", "esm", define));
  return { catalog: { script: script.file, reports: reports(models) }, worker: worker.file };
}

async function compose() {
  const worker = add("engine-worker.js", await bundle("engine-worker.ts", "iife"));
  const { script, worker: hashWorker } = await account();
  const networks = models();
  const { catalog: pages, worker: evaluationWorker } = await figures(networks);
  const { script: slides, worker: slideWorker } = await slide();
  const catalog = {
    worker,
    engines: engines(),
    account: script,
    slide: slides,
    figures: pages,
    models: networks.map(({ id, kind, file, bytes, sha256 }) => ({
      id,
      kind,
      file,
      bytes,
      sha256,
    })),
  };
  const names = {
    CSP: PAGE_POLICY,
    ICON: add("icon.svg", readFileSync(join(page, "icon.svg"))).file,
    STYLE: add("app.css", await pageStyle()).file,
    THEME: add("theme.js", await bundle("theme-early.ts", "iife")).file,
    MODEL: networks[0].file, // fetched beside the script that asks for it
    MAIN: add("main.js", await bundle("main.ts", "esm", { SITE_CATALOG: JSON.stringify(catalog) }))
      .file,
  };
  const html = readFileSync(join(page, "index.html"), "utf8");
  const filled = html.replace(
    /%([A-Z]+)%/g,
    (_, name) => names[name] ?? fail(`index.html asks for %${name}%.`),
  );
  files.set("index.html", Buffer.from(filled));
  const policies = {
    csp: PAGE_POLICY,
    worker_csp: WORKER_POLICY,
    workers: [worker.file, hashWorker, evaluationWorker, slideWorker],
  };
  // Says to the page that there is no server behind it; a server answers this address itself.
  files.set("api/config", Buffer.from("null\n"));
  files.set("headers.json", Buffer.from(`${JSON.stringify(policies, null, 2)}\n`));
}

// Beside its place first: whoever serves the folder never sees half a site.
function write() {
  const next = `${options.out}.${process.pid}`;
  mkdirSync(next, { recursive: true });
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(next, name)), { recursive: true });
    writeFileSync(join(next, name), bytes);
    if (!UNCOMPRESSED.has(name) && !options.uncompressed)
      writeFileSync(join(next, `${name}.br`), brotli(bytes, cache));
  }
  rmSync(options.out, { recursive: true, force: true });
  mkdirSync(dirname(options.out), { recursive: true });
  renameSync(next, options.out);
}

await compose();
write();
for (const name of [...files.keys()].sort()) {
  const compressed = join(options.out, `${name}.br`);
  const size = (path) => String(statSync(path).size).padStart(9);
  const packed = existsSync(compressed) ? size(compressed) : " ".repeat(9);
  console.log(`${size(join(options.out, name))} ${packed}  ${name}`);
}
