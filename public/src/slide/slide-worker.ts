// One worker of the slide part. It is given the file, the compiled codecs and scan, and the model; it
// fetches nothing and could not (network-lock.ts).
import { EngineError } from "../messages.ts";
import { lockNetwork } from "../network-lock.ts";
import { Codecs } from "./codecs.ts";
import { seriesAmong } from "./formats/dicom-series.ts";
import { openFiles } from "./formats/open.ts";
import type { ModelRequest } from "./messages.ts";
import { pictureEncoder } from "./picture-encoder.ts";
import type { ScanEngine, ScanPlan } from "./scan-engine.ts";
import { Scanner, type ScanGate, type ScanImage, type ScanSummary } from "./scanner.ts";
import { serveSlides, type SlideScope } from "./slide-service.ts";

class WasmScan implements ScanEngine {
  readonly #scanner: Scanner;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  get memoryBytes(): number {
    return this.#scanner.memoryBytes;
  }

  plan(image: ScanImage, stride: number, gate: ScanGate): ScanPlan {
    const { patchWidth, denseStrides } = this.#scanner.model;
    const plan = this.#scanner.plan(image, stride, gate);
    return { ...plan, patch: patchWidth, strides: denseStrides };
  }

  run(block: number, pixels: Uint8Array) {
    return this.#scanner.run(block, pixels);
  }

  summary(values: Float32Array, verdicts: Uint8Array, threshold: number): ScanSummary {
    return this.#scanner.summary(values, verdicts, threshold);
  }
}

async function createEngine({ scan, model, sha256 }: ModelRequest): Promise<ScanEngine> {
  const scanner = await Scanner.create(scan, new Uint8Array(model));
  if (scanner.model.sha256 !== sha256)
    throw new EngineError(
      "model_corrupt",
      "The model is not the one this site was built with. Reload the page; nothing is read with it.",
    );
  return new WasmScan(scanner);
}

// Of this worker, made when a file first needs them.
let codecs: Codecs | null = null;

async function codecsOf(module: WebAssembly.Module): Promise<Codecs> {
  codecs ??= await Codecs.create(module);
  return codecs;
}

// From this worker to itself; made before the lock takes the means of making another.
const { port1, port2 } = new MessageChannel();
const breathing: (() => void)[] = [];
port1.onmessage = () => breathing.shift()?.();

function breathe(): Promise<void> {
  return new Promise((resolve) => {
    breathing.push(resolve);
    port2.postMessage(null);
  });
}

const encodePng = pictureEncoder(globalThis); // before the lock takes the means of drawing

const scope: unknown = globalThis; // a worker's
lockNetwork(globalThis);
serveSlides(scope as SlideScope, {
  series: seriesAmong,
  open: (files, name, module, cacheBytes) =>
    openFiles(files, name, { codecs: () => codecsOf(module), cacheBytes }),
  createEngine,
  encodePng,
  breathe,
  memoryBytes: () => codecs?.memoryBytes ?? 0,
});
