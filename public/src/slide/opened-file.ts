// The worker that has a slide's file open, and sums up its map: started when something is asked of it,
// let go when nobody looks, and then its memory is free.
import { EngineError, type NetworkRequest } from "../messages.ts";
import type { DicomIdentity } from "./formats/dicom-identity.ts";
import type { CellVerdicts } from "./cell-verdicts.ts";
import type { ModelRequest, PlanRequest, Tile } from "./messages.ts";
import type { ProbabilityMap } from "./probability-map.ts";
import type { ScanPlan } from "./scan-engine.ts";
import type { ScanSummary } from "./scanner.ts";
import type { Pixels, Rectangle, SlideFacts, SlideFiles } from "./source.ts";
import { WorkerClient, type SlideWorkerLike } from "./worker-client.ts";

export interface OpenedFileOptions {
  files: SlideFiles;
  name: string;
  codecs: WebAssembly.Module;
  createWorker: () => SlideWorkerLike;
  onRequests: (requests: NetworkRequest[]) => void;
}

// What is summed up: a map by its plan and model, with what lies outside of the regions.
export interface Summed {
  map: ProbabilityMap;
  request: PlanRequest; // that the map was planned by
  model: ModelRequest;
  verdicts: CellVerdicts;
  version: number; // of the regions
  threshold: number;
}

interface Running {
  client: WorkerClient;
  facts: Promise<SlideFacts>;
  model: string; // SHA-256 of the engine's; "": there is no engine yet
  planned: string; // by which model and plan; "" by none
  told: string; // which map, in which state
  map: ProbabilityMap | null;
}

export class OpenedFile {
  readonly #options: OpenedFileOptions;
  #running: Running | null = null;
  #closed = false;

  constructor(options: OpenedFileOptions) {
    this.#options = options;
  }

  // Rejects with an EngineError, as do all.
  async facts(): Promise<SlideFacts> {
    return this.#start().facts;
  }

  async tile(
    rectangle: Rectangle,
    width: number,
    height: number,
    signal?: AbortSignal,
  ): Promise<Tile> {
    const client = await this.#client();
    return client.ask({ op: "tile", rectangle, width, height }, [], signal);
  }

  async read(level: number, rectangle: Rectangle, signal?: AbortSignal): Promise<Pixels> {
    return (await this.#client()).ask({ op: "read", level, rectangle }, [], signal);
  }

  async identity(): Promise<DicomIdentity | null> {
    return (await this.#client()).ask({ op: "identity" });
  }

  // Starts the engine of the scan, so that a plan is made at once.
  async prepare(model: ModelRequest): Promise<void> {
    const running = this.#start();
    await running.facts;
    if (running.model === model.sha256) return;
    running.model = running.planned = ""; // the worker lets the one before go
    await running.client.ask(model);
    running.model = model.sha256;
  }

  async plan(request: PlanRequest, model: ModelRequest): Promise<ScanPlan> {
    const running = this.#start();
    running.told = running.planned = "";
    await this.prepare(model);
    const plan = await running.client.ask(request);
    running.planned = planKey(request, model);
    return plan;
  }

  async summary({
    map,
    request,
    model,
    verdicts,
    version,
    threshold,
  }: Summed): Promise<ScanSummary> {
    const running = this.#start();
    if (running.planned !== planKey(request, model)) await this.plan(request, model);
    const state = `${version} ${map.done.size} ${map.failed.size}`;
    if (running.map !== map || running.told !== state) {
      const { all, inside } = verdicts;
      await running.client.ask({ op: "map", values: map.values, verdicts: all, inside });
      Object.assign(running, { map, told: state });
    }
    return running.client.ask({ op: "summary", threshold });
  }

  letGo(): void {
    this.#running?.client.end();
    this.#running = null;
  }

  close(): void {
    this.#closed = true;
    this.letGo();
  }

  async #client(): Promise<WorkerClient> {
    const { client, facts } = this.#start();
    await facts;
    return client;
  }

  #start(): Running {
    if (this.#closed) throw new EngineError("cancelled", "Not read: the image was removed.");
    if (this.#running?.client.ended === null) return this.#running;
    const { files, name, codecs, createWorker, onRequests } = this.#options;
    const client = new WorkerClient(createWorker, onRequests);
    const facts = client
      .ask({ op: "start", codecs })
      .then(() => client.ask({ op: "open", files, name }));
    facts.catch(() => undefined); // reaches who waits for it
    this.#running = { client, facts, model: "", planned: "", told: "", map: null };
    return this.#running;
  }
}

const planKey = (request: PlanRequest, { sha256 }: ModelRequest) =>
  `${sha256} ${JSON.stringify(request)}`;
