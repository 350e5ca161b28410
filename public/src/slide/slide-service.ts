// One worker of the slide part: exactly one reply to each request, whatever happens; one request at a
// time, those for the screen first. It fetches nothing and could not (network-lock.ts).
import { EngineError, type NetworkRequest } from "../messages.ts";
import { verdictsIn } from "./cell-verdicts.ts";
import type {
  CellsRequest,
  ModelRequest,
  OpenRequest,
  Picture,
  PlanRequest,
  RunRequest,
  SlideAnswers,
  SlideMessage,
  SlideReply,
  SlideRequest,
  SummaryRequest,
} from "./messages.ts";
import type { DicomSource } from "./formats/dicom.ts";
import { ProbabilityMap, type Point } from "./probability-map.ts";
import type { ScanEngine, ScanPlan } from "./scan-engine.ts";
import type { ScanSummary } from "./scanner.ts";
import type { Pixels, SlideFacts, SlideFiles, SlideSource } from "./source.ts";
import { drawTile } from "./tile.ts";
import { VERDICT } from "./verdicts.ts";

export interface SlideScope {
  addEventListener(type: string, listener: (event: { data: unknown }) => void): void;
  postMessage(message: SlideReply, transfer: ArrayBuffer[]): void;
}

// How files are opened and scanned; slide-worker.ts gives the real ones.
export interface SlideTools {
  series(files: readonly Blob[]): Promise<number[][]>;
  open(
    files: SlideFiles,
    name: string,
    codecs: WebAssembly.Module,
    cacheBytes?: number,
  ): Promise<SlideSource>;
  createEngine(request: ModelRequest): Promise<ScanEngine>;
  encodePng(picture: Picture): Promise<Blob>;
  memoryBytes(): number; // of the decoders
  breathe(): Promise<void>; // resolves after the messages that have arrived were taken in
}

type Answer = SlideAnswers[keyof SlideAnswers];
type Request = SlideRequest & { id: number };

const notStarted = () =>
  new EngineError("engine_start", "The scan has not been started. Reload the page.");

// Lower ones first.
const URGENCY: Partial<Record<SlideRequest["op"], number>> = { tile: 0, cells: 1, summary: 1 };
const urgency = ({ op }: SlideRequest) => URGENCY[op] ?? 2;

// What was not read counts as outside.
function summedVerdicts(map: ProbabilityMap, regions: Point[][]): Uint8Array {
  const cells = verdictsIn(map, regions);
  return map.verdicts.map((_, index) => {
    const verdict = cells.at(index);
    return verdict === VERDICT.notYet || verdict === VERDICT.unread ? VERDICT.outside : verdict;
  });
}

class SlideService {
  readonly #tools: SlideTools;
  #codecs: WebAssembly.Module | null = null;
  #source: SlideSource | null = null;
  #engine: ScanEngine | null = null;
  #level = 0;
  #plan: ScanPlan | null = null;
  #map: ProbabilityMap | null = null; // as it is planned

  constructor(tools: SlideTools) {
    this.#tools = tools;
  }

  get memoryBytes(): number {
    return this.#tools.memoryBytes() + (this.#engine?.memoryBytes ?? 0);
  }

  async handle(request: SlideRequest, signal: AbortSignal): Promise<Answer> {
    switch (request.op) {
      case "identity": {
        const source = this.#opened();
        return "identity" in source ? (source as DicomSource).identity() : null;
      }
      case "series":
        return this.#tools.series(request.files);
      case "start":
        this.#codecs = request.codecs;
        return null;
      case "open":
        return this.#open(request);
      case "model":
        this.#engine = this.#plan = this.#map = null; // so that its memory can go first
        this.#engine = await this.#tools.createEngine(request);
        return null;
      case "plan":
        return this.#makePlan(request);
      case "tile": {
        const { rectangle, width, height } = request;
        return drawTile(this.#opened(), rectangle, width, height, signal);
      }
      case "read":
        return this.#opened().read(request.level, request.rectangle, signal);
      case "run":
        return this.#run(request, signal);
      case "cells":
        return this.#keepCells(request);
      case "summary":
        return this.#sumUp(request);
      case "png":
        return this.#tools.encodePng(request.picture);
    }
  }

  async #open({ files, name, cacheBytes }: OpenRequest): Promise<SlideFacts> {
    if (this.#codecs === null) throw notStarted();
    this.#source = await this.#tools.open(files, name, this.#codecs, cacheBytes);
    return this.#source.facts;
  }

  #opened(): SlideSource {
    if (this.#source === null) throw notStarted();
    return this.#source;
  }

  #makePlan(request: PlanRequest): ScanPlan {
    const { level, width, height, channels, umPerPixel, stride, gate } = request;
    if (this.#engine === null) throw notStarted();
    this.#plan = this.#engine.plan({ width, height, channels, umPerPixel }, stride, gate);
    this.#level = level;
    this.#map = null;
    return this.#plan;
  }

  #keepCells({ from, values, verdicts }: CellsRequest): null {
    const [finest] = this.#opened().facts.levels;
    if (this.#plan === null || finest === undefined) throw notStarted();
    this.#map ??= new ProbabilityMap(this.#plan, finest);
    this.#map.values.set(values, from);
    this.#map.verdicts.set(verdicts, from);
    return null;
  }

  #sumUp({ threshold, regions }: SummaryRequest): ScanSummary {
    const [engine, map] = [this.#engine, this.#map];
    if (engine === null || map === null) throw notStarted();
    return engine.summary(map.values, summedVerdicts(map, regions), threshold);
  }

  async #readBlock(index: number, signal: AbortSignal): Promise<Pixels> {
    const block = this.#plan?.blocks[index];
    if (block === undefined) throw notStarted();
    const { x, y, width, height } = block;
    return this.#opened().read(this.#level, { x, y, width, height }, signal);
  }

  async #run({ block, pixels }: RunRequest, signal: AbortSignal): Promise<Answer> {
    const read = pixels ?? (await this.#readBlock(block, signal));
    if (this.#engine === null) throw notStarted();
    return this.#engine.run(block, read.data);
  }
}

function failureOf(error: unknown): { code: string; message: string; fatal: boolean } {
  if (error instanceof EngineError) {
    const { code, message } = error;
    return { code, message, fatal: code === "engine_trap" };
  }
  return { code: "engine_trap", message: `Reading broke off: ${String(error)}.`, fatal: true };
}

function transferable(answer: Answer): ArrayBuffer[] {
  if (answer === null) return [];
  if ("rgba" in answer) return [answer.rgba.buffer];
  if ("verdicts" in answer) return [answer.values.buffer, answer.verdicts.buffer];
  return "data" in answer ? [answer.data.buffer] : [];
}

function ownRequests(): NetworkRequest[] {
  const requests = performance.getEntriesByType("resource").map((entry) => ({
    url: entry.name,
    receivedBytes: (entry as PerformanceResourceTiming).transferSize,
  }));
  performance.clearResourceTimings(); // each is told once
  return requests;
}

export function serveSlides(scope: SlideScope, tools: SlideTools): void {
  const service = new SlideService(tools);
  const waiting: Request[] = [];
  const stops = new Map<number, AbortController>();
  let busy = false;

  const answer = async (request: Request, signal: AbortSignal) => {
    let outcome:
      { ok: true; value: Answer } | { ok: false; code: string; message: string; fatal: boolean };
    try {
      signal.throwIfAborted();
      outcome = { ok: true, value: await service.handle(request, signal) };
    } catch (error) {
      outcome = signal.aborted
        ? { ok: false, code: "cancelled", message: "No longer wanted.", fatal: false }
        : { ok: false, ...failureOf(error) };
    }
    const { memoryBytes } = service;
    const reply = { id: request.id, memoryBytes, requests: ownRequests(), ...outcome };
    scope.postMessage(reply, outcome.ok ? transferable(outcome.value) : []);
  };
  const work = async () => {
    if (busy) return;
    busy = true;
    for (;;) {
      const least = Math.min(...waiting.map(urgency));
      const next = waiting.find((request) => urgency(request) === least);
      if (next === undefined) break;
      waiting.splice(waiting.indexOf(next), 1);
      const stop = stops.get(next.id) ?? new AbortController();
      await answer(next, stop.signal);
      stops.delete(next.id);
      await tools.breathe(); // what came in meanwhile may be more urgent
    }
    busy = false;
  };
  scope.addEventListener("message", ({ data }) => {
    const message = data as SlideMessage;
    if (message.op === "forget") {
      stops.get(message.id)?.abort();
      return;
    }
    stops.set(message.id, new AbortController());
    waiting.push(message);
    void work();
  });
  scope.addEventListener("messageerror", () => {
    throw new Error("a request could not be read"); // reaches the page as the worker's error event
  });
}
