// The pages of the bench in build/bench/site, and the server that gives them to Chromium.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { build } from "esbuild";
import { TYPES, type Served } from "../../page/harness.ts";

export const ENGINES = ["insitu", "tfjs", "onnxruntime", "litert"] as const;
export type EngineName = (typeof ENGINES)[number];
export const RIVALS = ENGINES.filter((name) => name !== "insitu");
export const TITLES: Record<EngineName, string> = {
  insitu: "InSitu",
  tfjs: "TensorFlow.js",
  onnxruntime: "ONNX Runtime Web",
  litert: "LiteRT.js",
};

export interface Paths {
  root: string;
  bench: string; // build/bench
  rivals: string; // build/rivals, with its node_modules
}

// Where an address of the server is found.
function folders({ root, bench, rivals }: Paths): [prefix: string, folder: string][] {
  return [
    ["/networks/", join(bench, "networks")],
    ["/engine/", join(bench, "engine")], // network_bench.wasm of both builds
    ["/shipped/", join(root, "build/wasm-relaxed")],
    ["/given/", join(bench, "given")],
    ["/rivals/tfjs/", join(rivals, "node_modules/@tensorflow/tfjs-backend-wasm/wasm-out")],
    ["/rivals/litert/", join(rivals, "node_modules/@litertjs/core/wasm")],
    ["/rivals/onnxruntime/", join(root, "node_modules/onnxruntime-web/dist")],
    ["/", join(bench, "site")],
  ];
}

const MIME: Record<string, string> = {
  ...TYPES,
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

// What a page's HTML names beside the image, so that it is fetched with the script that asks for it: of
// InSitu the model, as in its own page; of the others all that they ask for.
const PRELOADED: Record<string, string[]> = {
  first_insitu: ["/networks/seed.onnx", "/given/patch.png"],
  first_tfjs: [
    "/networks/seed.half.bin",
    "/networks/seed.json",
    "/rivals/tfjs/tfjs-backend-wasm-simd.wasm",
    "/given/patch.rgb",
  ],
  first_onnxruntime: [
    "/networks/seed.onnx",
    "/rivals/onnxruntime/ort-wasm-simd-threaded.mjs",
    "/rivals/onnxruntime/ort-wasm-simd-threaded.wasm",
    "/given/patch.rgb",
  ],
  first_litert: [
    "/networks/seed.half.tflite",
    "/rivals/litert/litert_wasm_internal.js",
    "/rivals/litert/litert_wasm_internal.wasm",
    "/given/patch.rgb",
  ],
};

function preloads(script: string): string {
  const as = (path: string) => {
    if (path.endsWith(".mjs")) return 'rel="modulepreload"';
    return path.endsWith(".js")
      ? 'rel="preload" as="script" crossorigin'
      : 'rel="preload" as="fetch" crossorigin';
  };
  const link = (path: string) => `<link ${as(path)} href="${path}">`;
  return (PRELOADED[script] ?? []).map(link).join("");
}

// scripts: sources of tests/bench/pages, each a page of its own name. define: names that they use, with
// their values as JSON.
export async function bundlePages(
  { root, bench, rivals }: Paths,
  scripts: string[],
  define: Record<string, string>,
): Promise<void> {
  const site = join(bench, "site");
  mkdirSync(site, { recursive: true });
  const pages = join(root, "tests/bench/pages");
  const workers = scripts.filter((name) => name.endsWith("_worker"));
  const bundle = (names: string[], format: "iife" | "esm") =>
    build({
      entryPoints: names.map((name) => join(pages, `${name}.ts`)),
      outdir: site,
      bundle: true,
      minify: true,
      format,
      target: "es2022",
      conditions: ["onnxruntime-web-use-extern-wasm"],
      define,
      nodePaths: [join(rivals, "node_modules")],

      logLevel: "error",
    });
  await bundle(
    scripts.filter((name) => !workers.includes(name)),
    "esm",
  );
  await bundle(workers, "iife");
  for (const name of scripts) {
    const html = `<!doctype html><meta charset="utf-8"><title>${name}</title>${preloads(name)}<script type="module" src="/${name}.js"></script>`;
    writeFileSync(join(site, `${name}.html`), html);
  }
  writeFileSync(
    join(site, "empty.html"),
    '<!doctype html><meta charset="utf-8"><title>empty</title>',
  );
}

export interface BenchServer extends Served {
  // Bytes of each answer's body as sent, by path, since the last call.
  sent(): Map<string, number>;
}

// Pages are isolated, so that engines may have threads; what has a brotli form beside it (in `packed`)
// is sent so; all but pages may be cached for ever.
export async function serveBench(
  paths: Paths,
  packed: (path: string) => Buffer | null = () => null,
): Promise<BenchServer> {
  const places = folders(paths);
  const requests: string[] = [];
  let sent = new Map<string, number>();
  const answer = (path: string, response: ServerResponse) => {
    const [prefix, folder] = places.find(([start]) => path.startsWith(start)) ?? ["/", ""];
    const file = join(folder, normalize(`/${path.slice(prefix.length)}`));
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    const compressed = packed(file);
    const body = compressed ?? readFileSync(file);
    sent.set(path, body.length);
    const isPage = path.endsWith(".html");
    response.writeHead(200, {
      "content-type": MIME[extname(file)] ?? "application/octet-stream",
      "content-length": body.length,
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cache-control": isPage ? "no-cache" : "public, max-age=31536000, immutable",
      ...(compressed === null ? {} : { "content-encoding": "br" }),
    });
    response.end(body);
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "/").split("?")[0] ?? "/");
    requests.push(path);
    answer(path, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    sent() {
      const all = sent;
      sent = new Map();
      return all;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
